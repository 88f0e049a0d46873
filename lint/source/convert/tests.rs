//! Source in, [`hir`](crate::source::hir) out.

mod attributes;
mod expressions;
mod items;
mod macros;
mod print;

use crate::{
    source::{SourceFile, Sources, hir},
    workspace::Workspace,
};

/// The only file, from its text.
pub(super) fn source(text: &str) -> SourceFile {
    let workspace = Workspace::in_memory(&[("main.rs", text)]);
    Sources::parse(&workspace, false).files.remove(0)
}

/// The only file, which must be without problems.
fn clean(text: &str) -> SourceFile {
    let file = source(text);
    assert_eq!(file.problems, [], "{text}");
    file
}

/// The first function.
fn function(text: &str) -> hir::Function {
    let items = clean(text).module.items;
    let function = items.into_iter().find_map(|item| {
        if let hir::Item::Fn(function) = item {
            Some(function)
        } else {
            None
        }
    });
    *function.expect("a function")
}

/// A function's body, from and to text.
fn body(text: &str) -> String {
    let function = function(&format!("async fn f() {{ {text} }}"));
    let printed = print::block(&function.body.expect("a body"));
    printed
        .strip_prefix("{ ")
        .and_then(|rest| rest.strip_suffix(" }"))
        .unwrap_or("")
        .to_owned()
}

/// An expression, from and to text.
fn expr(text: &str) -> String {
    body(text)
}
