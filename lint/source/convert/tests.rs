//! Source in, [`hir`](crate::source::hir) out.

use crate::{
    source::{SourceFile, Sources, hir},
    workspace::Workspace,
};

/// The only file, from its text.
pub(super) fn source(text: &str) -> SourceFile {
    let workspace = Workspace::in_memory(&[("main.rs", text)]);
    Sources::parse(&workspace, false).files.remove(0)
}

#[test]
fn a_function_has_its_places() {
    let file = source("#[instrument(skip_all)]\npub async fn f<T: Into<u8>>(&self, x: u8) -> u8\n{ x.g(1).await? }\n");
    let hir::Item::Fn(function) = &file.module.items[0] else {
        panic!("{:?}", file.problems)
    };
    assert_eq!(
        file.text_at(function.signature),
        "pub async fn f<T: Into<u8>>(&self, x: u8) -> u8"
    );
    assert_eq!(file.text_at(function.name_span), "f");
    assert_eq!(file.callees, ["g"]);
}
