//! Which file is which module.

use super::{index_of, manifest};

#[test]
fn files_are_found_by_the_rules_of_mod() {
    let manifest = manifest("app", "");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        (
            "src/main.rs",
            "mod a; mod b; mod inline { pub mod deep; #[path = \"odd.rs\"] pub mod by_path; } #[path = \"other/place.rs\"] mod moved;",
        ),
        ("src/a.rs", "pub mod child; pub fn f() { child::f() }"),
        ("src/a/child.rs", "pub fn f() { super::f() }"),
        ("src/b/mod.rs", "mod child; fn f() { child::f() }"),
        ("src/b/child.rs", "pub fn f() {}"),
        ("src/inline/deep.rs", "pub fn f() {}"),
        ("src/inline/odd.rs", "pub fn f() {}"),
        ("src/other/place.rs", "mod beside; fn f() { beside::f() }"),
        ("src/other/beside.rs", "pub fn f() {}"),
    ];
    index_of(&files, |tree| {
        assert_eq!(tree.means("app::a::f"), "fn app::a::child::f");
        assert_eq!(tree.means("app::a::child::f"), "fn app::a::f");
        assert_eq!(tree.means("app::b::f"), "fn app::b::child::f");
        assert_eq!(tree.all("app::inline::deep::f").len(), 1);
        assert_eq!(tree.all("app::inline::by_path::f").len(), 1);
        assert_eq!(tree.means("app::moved::f"), "fn app::moved::beside::f");
        assert_eq!(tree.index.functions().count(), 8);
    });
}

#[test]
fn a_binary_sees_its_library_and_shares_its_files() {
    let manifest = manifest("two-faced", "");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        ("src/lib.rs", "pub mod shared; pub fn of_lib() {}"),
        (
            "src/main.rs",
            "mod shared; fn f() { shared::g() } fn h() { two_faced::of_lib() }",
        ),
        ("src/shared.rs", "pub fn g() { crate::of_lib() }"),
    ];
    index_of(&files, |tree| {
        assert_eq!(tree.means("two_faced::f"), "fn two_faced::shared::g");
        assert_eq!(tree.means("two_faced::h"), "fn two_faced::of_lib");
        assert_eq!(tree.means("two_faced::shared::g"), "fn two_faced::of_lib");
        assert_eq!(tree.all("two_faced::shared::g").len(), 1);
    });
}

#[test]
fn modules_under_several_cfgs_are_all_kept() {
    let manifest = manifest("app", "");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        (
            "src/lib.rs",
            "#[cfg(unix)] #[path = \"unix.rs\"] mod imp; #[cfg(windows)] #[path = \"windows.rs\"] mod imp; fn f() { imp::both() } fn g() { imp::only() }",
        ),
        ("src/unix.rs", "pub fn both() {}"),
        ("src/windows.rs", "pub fn both() {} pub fn only() {}"),
    ];
    index_of(&files, |tree| {
        assert_eq!(tree.all("app::imp::both").len(), 2);
        assert_eq!(tree.means("app::f"), "fn app::imp::both");
        assert_eq!(tree.means("app::g"), "fn app::imp::only");
    });
}

#[test]
fn a_file_that_no_item_declares_is_a_module_by_its_path() {
    let manifest = manifest("app", "");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        (
            "src/lib.rs",
            "automod::dir!(\"src\"); fn f() { crate::jobs::nightly::run() }",
        ),
        ("src/jobs/nightly.rs", "pub fn run() { super::super::f() }"),
    ];
    index_of(&files, |tree| {
        assert_eq!(tree.means("app::f"), "fn app::jobs::nightly::run");
        assert_eq!(tree.means("app::jobs::nightly::run"), "fn app::f");
    });
}

#[test]
fn a_missing_module_is_unknown_and_no_crate() {
    let manifest = manifest("app", "");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        (
            "src/lib.rs",
            "mod generated; use generated::Thing; fn f() { generated::go() } fn g() -> Thing { todo!() }",
        ),
    ];
    index_of(&files, |tree| {
        assert_eq!(tree.means("app::f"), "?");
        assert_eq!(tree.ty("app::g"), "?");
    });
}

#[test]
fn a_module_may_be_named_like_the_crate_that_it_uses() {
    let manifest = manifest("app", "pulsar = \"6\"");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        (
            "src/main.rs",
            "mod pulsar; use ::pulsar::Pulsar; fn f() -> Pulsar { todo!() } fn g() { pulsar::own() }",
        ),
        (
            "src/pulsar.rs",
            "use pulsar::Producer; pub fn own() -> Producer { todo!() }",
        ),
    ];
    index_of(&files, |tree| {
        assert_eq!(tree.ty("app::f"), "pulsar::Pulsar");
        assert_eq!(tree.means("app::g"), "fn app::pulsar::own");
        assert_eq!(tree.ty("app::pulsar::own"), "pulsar::Producer");
    });
}
