//! Macro calls.

use super::{body, expr};
use crate::{source::Sources, workspace::Workspace};

#[test]
fn select_of_tokio_futures_and_crossbeam() {
    assert_eq!(
        expr(
            "tokio::select! { biased; Some(m) = rx.recv(), if open => { f(m).await } _ = stop.cancelled() => break, else => return }"
        ),
        "SELECT { Some(m) = rx.recv() if open => { f(m).await }, _ = stop.cancelled() => break, else => return }"
    );
    assert_eq!(
        expr("futures::select! { a = x.fuse() => a?, () = y => (), complete => break, default => {} }"),
        "SELECT { a = x.fuse() => a?, (,) = y => (,), else => {} }"
    );
    assert_eq!(
        expr("select_biased! { recv(rx) -> m => f(m), send(tx, 1) -> r => g(r), default(d) => {} }"),
        "SELECT { m = rx.recv() => f(m), r = tx.send(1) => g(r), else => {} }"
    );
}

#[test]
fn joins() {
    assert_eq!(expr("tokio::join!(a(), b)"), "JOIN(a(), b)");
    assert_eq!(expr("futures::try_join!(biased; a(), b,)?"), "TRY_JOIN(a(), b)?");
}

#[test]
fn texts() {
    assert_eq!(
        expr("format!(\"{a} {b:?} {} {0} {{c}} {:w$} {n}\", x, n = y)"),
        "FORMAT(\"{a} {b:?} {} {0} {{c}} {:w$} {n}\"; x, y, a, b, w)"
    );
    assert_eq!(expr("println!()"), "println!()");
    assert_eq!(expr("format!(concat!(\"a\", \"b\"), x)"), "FORMAT(\"ab\"; x)");
    assert_eq!(expr("write!(f, \"{}\", x)?"), "write!(f, FORMAT(\"{}\"; x)) \"{}\"?");
}

#[test]
fn control_flow() {
    assert_eq!(expr("bail!(\"no {x}\")"), "bail!(FORMAT(\"no {x}\"; x)) \"no {x}\"");
    assert_eq!(expr("anyhow::bail!(error)"), "anyhow::bail!(error)");
    assert_eq!(
        expr("ensure!(a > b, \"no {}\", c)"),
        "ensure!((a > b), FORMAT(\"no {}\"; c)) \"no {}\""
    );
    assert_eq!(
        expr("ensure!(ok, Error::Bad { a })"),
        "ensure!(ok, Error::Bad { a: a })"
    );
    assert_eq!(expr("assert_eq!(a, b)"), "assert_eq!(a, b)");
    assert_eq!(expr("panic!()"), "panic!()");
    assert_eq!(expr("unreachable!(\"x\")"), "unreachable!(FORMAT(\"x\"; )) \"x\"");
}

#[test]
fn logs() {
    assert_eq!(
        expr("tracing::warn!(target: \"t\", parent: &span, id = %m.id, ?error, a.b = 1, \"failed {x} {}\", y)"),
        "tracing::warn!(\"t\", &span, m.id, error, 1, FORMAT(\"failed {x} {}\"; y, x)) \"t\""
    );
    assert_eq!(expr("info!(\"x\")"), "info!(FORMAT(\"x\"; )) \"x\"");
    assert_eq!(
        expr("error!({ field = 1 }, \"x\")"),
        "error!({ field = 1 }, FORMAT(\"x\"; )) \"x\""
    );
}

#[test]
fn queries() {
    assert_eq!(
        expr("sqlx::query_as!(Row, \"SELECT 1 \" + \"WHERE x = $1\", id as _).fetch_one(&mut *tx)"),
        "sqlx::query_as!(Row, (\"SELECT 1 \" + \"WHERE x = $1\"), id as _) \"SELECT 1 WHERE x = $1\".fetch_one(&mut *tx)"
    );
    assert_eq!(
        expr("query!(r#\"INSERT \"a\"\"#)"),
        "query!(\"INSERT \\\"a\\\"\") \"INSERT \\\"a\\\"\""
    );
}

#[test]
fn values() {
    assert_eq!(expr("vec![a, b]"), "[a, b]");
    assert_eq!(expr("vec![f(); n]"), "[f()]");
    assert_eq!(
        expr("matches!(x, Some(y) | Ok(y) if y > 1)"),
        "match x { Some(y) | Ok(y) if (y > 1) => true, _ => false }"
    );
    assert_eq!(expr("dbg!(x)"), "x");
    assert_eq!(expr("std::pin::pin!(f())"), "f()");
    assert_eq!(expr("concat!(\"a\", 1, 'c')"), "\"a1c\"");
    assert_eq!(
        expr("json!({ \"id\": m.id, \"tags\": [a, { \"b\": f(c) }], \"n\": null, \"t\": \"x\" })"),
        "json!(m.id, a, f(c), null, \"x\")"
    );
}

#[test]
fn declared_by_pin() {
    assert_eq!(
        body("tokio::pin! { let s = f(); } tokio::pin!(t); s.next()"),
        "let s = f(); t; s.next()"
    );
}

#[test]
fn generators() {
    assert_eq!(
        expr("async_stream::try_stream! { for await m in s { yield m?; } g().await }"),
        "async_stream::try_stream!({ for m in s { yield!(m?); }; g().await; })"
    );
}

#[test]
fn unknown_macros_keep_what_parses() {
    assert_eq!(
        expr("retry!(times = 3, every: d, f(x).await)"),
        "retry!(3, d, f(x).await)"
    );
    assert_eq!(
        expr("with_tx! { let a = f(); g(a).await }"),
        "with_tx!({ let a = f(); g(a).await })"
    );
    assert_eq!(expr("odd!(a => b \"text\")"), "odd!(?) \"text\"");
}

#[test]
fn included_files_are_literals() {
    let workspace = Workspace::in_memory(&[
        (
            "src/main.rs",
            "fn f() { g(include_str!(\"../sql/a.sql\"), include_str!(\"b.sql\")) }",
        ),
        ("sql/a.sql", "SELECT 1"),
    ]);
    let sources = Sources::parse(&workspace, false);
    let text = format!("{:?}", sources.files[0].module);
    assert!(text.contains("Str(\"SELECT 1\")"));
    assert!(text.contains("text: Some(\"b.sql\")"));
}
