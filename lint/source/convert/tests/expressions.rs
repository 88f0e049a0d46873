//! Expressions, patterns, statements.

use super::{body, clean, expr, function, print};
use crate::source::hir::{Expr, ExprKind, Item, Stmt};

/// What is printed as it was written.
#[track_caller]
fn same(text: &str) {
    assert_eq!(expr(text), text);
}

#[test]
fn calls_and_operators() {
    same("consumer.recv().await?.payload::<str>(1, &mut x)[0].0");
    same("(a + (b * -c))");
    same("(!a && (*b <= 1.5))");
    same("x += 1");
    same("x = y");
    same("_ = a.send(1)");
    same("a..b");
    same("x as u8");
    same("f(\"a\", 'c', b\"\", true)");
    assert_eq!(expr("a::b::<u8>(1)"), "a::b<u8>(1)");
}

#[test]
fn aggregates() {
    same("(a, b,)");
    same("S { a: 1, b: b, ..rest }");
    same("|a, b: u8| (a + b)");
    same("async |a| a.await");
    assert_eq!(expr("[0; 4]"), "[0]");
    assert_eq!(expr("S { a, 0: b }"), "S { a: a, 0: b }");
    assert_eq!(expr("<T as Default>::default()"), "<T as Default::default>()");
    assert_eq!(expr("|_| async move { 1 }"), "|_| async { 1 }");
}

#[test]
fn control_flow() {
    same("if a { 1 } else if let Some(b) = c { 2 } else { 3 }");
    same("'outer: loop { break 'outer 1; }");
    same("while let Some(x) = s.next().await { continue; }");
    same("for (a, b,) in c { return; }");
    assert_eq!(
        expr("match x { Some(y) if y > 1 => {} None => return }"),
        "match x { Some(y) if (y > 1) => {}, =None => return }"
    );
    same("'a: { break 'a; }");
    assert_eq!(expr("unsafe { f() }"), "{ f() }");
    assert_eq!(expr("(a, (b))"), "(a, b,)");
}

#[test]
fn patterns() {
    let pat = |text: &str| {
        expr(&format!("match x {{ {text} => 1 }}"))
            .replace("match x { ", "")
            .replace(" => 1 }", "")
    };
    assert_eq!(pat("a"), "a");
    assert_eq!(pat("ref mut a"), "a");
    assert_eq!(pat("None"), "=None");
    assert_eq!(pat("MAX"), "=MAX");
    assert_eq!(pat("Kind::A | Kind::B"), "=Kind::A | =Kind::B");
    assert_eq!(pat("a @ Some(_)"), "a @ Some(_)");
    assert_eq!(pat("&(a, ..)"), "(a, _,)");
    assert_eq!(pat("S { a, b: Some(c), .. }"), "S { a: a, b: Some(c) }");
    assert_eq!(pat("[a, rest @ ..]"), "[a, rest @ _]");
    assert_eq!(pat("1..=9"), "OPAQUE");
    assert_eq!(pat("-1"), "-1");
    assert_eq!(pat("\"a\""), "\"a\"");
}

#[test]
fn statements() {
    assert_eq!(
        body("let a: u8 = 1; let Some(b) = c else { return }; f(); ; g()"),
        "let a: u8 = 1; let Some(b) = c else { return }; f(); g()"
    );
    assert_eq!(body("if a { } b; match c { }"), "if a {}; b; match c {  }");
    assert_eq!(
        body("fn inner() {} const A: u8 = 1; #[cfg(test)] g(); #[cfg(test)] let a = 1;"),
        "ITEM ITEM"
    );
    assert_eq!(body("match a { #[cfg(test)] 1 => b, _ => c }"), "match a { _ => c }");
}

#[test]
fn types() {
    let of = |text: &str| print::ty(&function(&format!("fn f() -> {text} {{}}")).ret.expect("a type"));
    for same in [
        "Vec<Option<u8>>",
        "&mut [u8]",
        "(A, B)",
        "fn(A) -> B",
        "!",
        "Box<impl A + B>",
        "Stream<Item = u8>",
        "impl AsyncFn(A) -> B",
    ] {
        assert_eq!(of(same), same);
    }
    assert_eq!(
        of("Pin<Box<dyn Future<Output = Result<(), E>> + Send + 'static>>"),
        "Pin<Box<impl Future<Output = Result<(), E>> + Send>>"
    );
    assert_eq!(of("[u8; 4]"), "[u8]");
    assert_eq!(of("&'a str"), "&str");
    assert_eq!(of("*const T"), "&T");
}

#[test]
fn every_expression_has_its_place() {
    let text = "fn f() {\n    let x = a.b(1)\n        .await?;\n    (c + é.d).e();\n}\n";
    let file = clean(text);
    let Item::Fn(function) = &file.module.items[0] else {
        panic!()
    };
    let block = function.body.as_ref().expect("a body");
    let at = |expr: &Expr| file.lines.slice(expr.start, expr.end).to_owned();
    let Stmt::Let { init: Some(init), .. } = &block.statements[0] else {
        panic!()
    };
    assert_eq!(at(init), "a.b(1)\n        .await?");
    let Stmt::Expr(call) = &block.statements[1] else {
        panic!()
    };
    let ExprKind::MethodCall { recv, name_at, .. } = &call.kind else {
        panic!()
    };
    assert_eq!((at(call), at(recv)), ("(c + é.d).e()".into(), "(c + é.d)".into()));
    assert_eq!((name_at.line, name_at.column), (4, 15));
}
