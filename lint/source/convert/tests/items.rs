//! Items.

use super::{clean, function, print};
use crate::source::{
    Sources,
    hir::{Item, Receiver, Use},
};
use crate::workspace::{Options, Workspace};

fn items(text: &str) -> Vec<Item> {
    clean(text).module.items
}

#[test]
fn a_function_has_its_places() {
    let file = clean("#[instrument(skip_all)]\npub async fn f<T: Into<u8>>(x: u8) -> u8\n{ x.g(1).await? }\n");
    let Item::Fn(function) = &file.module.items[0] else {
        panic!()
    };
    assert_eq!(
        file.text_at(function.signature),
        "pub async fn f<T: Into<u8>>(x: u8) -> u8"
    );
    assert_eq!(file.text_at(function.name_span), "f");
    assert_eq!(
        (function.attrs[0].path.as_str(), function.attrs[0].tokens.as_str()),
        ("instrument", "skip_all")
    );
    assert!(function.is_async);
}

#[test]
fn bounds_come_from_both_places() {
    let function = function(
        "fn f<A: Send, F, const N: usize>(f: F) where F: Fn(A) -> u8 + Sync, A: ?Sized + Sync, Vec<A>: Clone {}",
    );
    let generics: Vec<String> = function
        .generics
        .iter()
        .map(|generic| format!("{}: {}", generic.name, print::bounds(&generic.bounds)))
        .collect();
    assert_eq!(generics, ["A: Send + Sync", "F: Fn(A) -> u8 + Sync"]);
}

#[test]
fn impls_and_traits() {
    let text = "impl<T> Handler<T> for A<T> { type Out = u8; const N: u8 = 1; fn a(self) {} fn b(&self) {} fn c(&mut self, x: u8); fn d(self: Pin<&mut Self>) {} }\n\
                trait Handler<T>: Send { const N: u8; fn a(self); fn b(&self) { 1 } }";
    let items = items(&text.replace("fn c(&mut self, x: u8);", "fn c(&mut self, x: u8) {}"));
    let Item::Impl(block) = &items[0] else { panic!() };
    let receivers: Vec<_> = block.functions.iter().map(|function| function.receiver).collect();
    assert_eq!(
        receivers,
        [
            Some(Receiver::Value),
            Some(Receiver::Ref),
            Some(Receiver::RefMut),
            Some(Receiver::RefMut)
        ]
    );
    assert_eq!(print::path(block.of_trait.as_ref().expect("a trait")), "Handler<T>");
    assert_eq!(
        (block.functions[2].params.len(), block.types.len(), block.consts.len()),
        (1, 1, 1)
    );
    let Item::Trait(item) = &items[1] else { panic!() };
    assert_eq!(
        (item.functions[0].body.is_none(), item.functions[1].body.is_none()),
        (true, false)
    );
    assert_eq!(
        (print::bounds(&item.bounds), item.consts[0].value.is_none()),
        ("Send".into(), true)
    );
}

#[test]
fn use_trees_become_leaves() {
    let items =
        items("pub(crate) use a::{self, b as c, d::*, e::{f, self as g}};\nuse ::x::Y as _;\nextern crate z as w;");
    let leaf = |item: &Item| match item {
        Item::Use(Use {
            path,
            global,
            name,
            glob,
            public,
        }) => {
            let name = name.as_deref().unwrap_or("-");
            format!(
                "{}{} {name}{}{}",
                if *global { "::" } else { "" },
                path.join("::"),
                if *glob { " *" } else { "" },
                if *public { " pub" } else { "" }
            )
        }
        other => panic!("{other:?}"),
    };
    let leaves: Vec<String> = items.iter().map(leaf).collect();
    assert_eq!(
        leaves,
        [
            "a a pub",
            "a::b c pub",
            "a::d - * pub",
            "a::e::f f pub",
            "a::e g pub",
            "::x::Y -",
            "::z w"
        ]
    );
}

#[test]
fn data_types() {
    let items = items(
        "#[derive(Clone, serde::Serialize)] pub struct A<T>(T, u8);\nenum E { A, #[error(transparent)] B(#[from] io::Error), C { x: u8 } }\nunion U { a: u8 }\ntype T = u8;\nstatic S: u8 = 1;",
    );
    let Item::Struct(item) = &items[0] else { panic!() };
    assert_eq!(item.derives, ["Clone", "Serialize"]);
    assert_eq!(
        item.fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["0", "1"]
    );
    let Item::Enum(item) = &items[1] else { panic!() };
    assert_eq!(
        item.variants.iter().map(|variant| variant.from).collect::<Vec<_>>(),
        [false, true, false]
    );
    assert!(matches!(
        &items[2..],
        [Item::Struct(_), Item::Alias { .. }, Item::Const(_)]
    ));
}

#[test]
fn modules_and_item_macros() {
    let items = items(
        "mod a { fn f() {} }\n#[path = \"x/b.rs\"] mod b;\n#[cfg_attr(unix, path = \"unix.rs\")] mod c;\ndiesel::table! { users (id) { id -> Int4, } }\nmacro_rules! m { () => {} }",
    );
    let Item::Mod {
        content: Some(content), ..
    } = &items[0]
    else {
        panic!()
    };
    assert_eq!(content.len(), 1);
    let paths: Vec<_> = items
        .iter()
        .filter_map(|item| {
            if let Item::Mod { path, .. } = item {
                path.as_deref()
            } else {
                None
            }
        })
        .collect();
    assert_eq!(paths, ["x/b.rs", "unix.rs"]);
    let Item::Macro(call) = &items[3] else { panic!() };
    assert_eq!(
        (print::path(&call.path).as_str(), call.tokens.trim()),
        ("diesel::table", "users (id) { id -> Int4, }")
    );
    assert_eq!(items.len(), 4);
}

#[test]
fn tests_are_left_out_but_remembered() {
    let text = "fn f() {}\n#[cfg(all(test, unix))] mod tests { mod inner { #[tokio::test] async fn a() {} } #[test] fn b() {} }\n#[cfg(any(test, feature = \"x\"))] fn g() {}\n#[cfg(not(test))] fn h() {}\nimpl A { #[cfg(test)] fn i() {} }";
    let file = clean(text);
    assert_eq!(file.tests, ["tests::inner::a", "tests::b"]);
    assert_eq!(file.module.items.len(), 4);
    let Item::Impl(block) = &file.module.items[3] else {
        panic!()
    };
    assert_eq!(block.functions, []);
    let options = Options {
        all_targets: true,
        ..Options::default()
    };
    let workspace = Workspace::in_memory_with(&[("main.rs", text)], &options);
    assert_eq!(Sources::parse(&workspace, true).files[0].module.items.len(), 5);
}

#[test]
fn the_file_of_a_test_module_is_empty() {
    let workspace = Workspace::in_memory(&[
        ("Cargo.toml", "[package]\nname = \"a\"\n"),
        ("src/lib.rs", "mod a; #[cfg(test)] mod tests;"),
        ("src/a.rs", "pub mod b; #[cfg(test)] mod c;"),
        ("src/a/b.rs", "fn f() {}"),
        ("src/a/c.rs", "fn f() {}"),
        ("src/tests/mod.rs", "mod deep; fn f() {}"),
        ("src/tests/deep.rs", "fn f() {"),
    ]);
    let sources = Sources::parse(&workspace, false);
    let full: Vec<&str> = sources
        .files
        .iter()
        .filter(|file| !file.module.items.is_empty())
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(full, ["src/a.rs", "src/a/b.rs", "src/lib.rs"]);
    assert_eq!(sources.problems().count(), 0);
}

#[test]
fn items_behind_a_condition_or_in_a_projection_are_items() {
    let names = |text: &str| {
        let named = items(text).into_iter().map(|item| match item {
            Item::Fn(function) => function.name,
            Item::Struct(item) => item.name,
            Item::Mod { name, .. } => name,
            other => panic!("{other:?}"),
        });
        named.collect::<Vec<_>>().join(" ")
    };
    let either = "cfg_if::cfg_if! { if #[cfg(unix)] { fn a() {} mod b; } else if #[cfg(test)] { fn t() {} } else { fn c() {} } }";
    assert_eq!(names(either), "a b c");
    let selected =
        "cfg_select! { feature = \"full\" => { #![allow(dead_code)] fn a() {} } test => { fn t() {} } _ => {} }";
    assert_eq!(names(selected), "a");
    assert_eq!(names("cfg_rt! { fn a() {} struct B; }"), "a B");
    assert_eq!(names("pin_project! { struct A { #[pin] b: u8 } }"), "A");
}

#[test]
fn a_macro_of_another_name_or_shape_stays_one() {
    for text in [
        "hidden! { fn a() {} }",
        "cfg_if! { fn a() {} }",
        "cfg_select! { _ => 1 }",
        "cfg_rt! { a => b }",
    ] {
        assert!(matches!(&items(text)[..], [Item::Macro(_)]), "{text}");
    }
}
