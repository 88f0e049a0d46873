//! Imports, renames, globs, re-exports, the prelude.

use super::{index_lib, index_of, manifest};
use crate::resolve::{Def, names::Space};

#[test]
fn imports_lead_to_the_path_in_the_other_crate() {
    let source = "
        use rdkafka::consumer::StreamConsumer as KafkaStream;
        use queue::{Channel, options};
        use tokio::time;
        fn renamed() { KafkaStream::from_config() }
        fn renamed_crate() { Channel::open() }
        fn module() { options::BasicAckOptions::default() }
        fn without_import() { sqlx::query() }
        fn of_no_dependency() { time::sleep() }
        fn global() { ::lapin::Connection::connect() }
    ";
    index_lib(source, |tree| {
        assert_eq!(
            tree.means("app::renamed"),
            "rdkafka::consumer::StreamConsumer::from_config"
        );
        assert_eq!(tree.means("app::renamed_crate"), "lapin::Channel::open");
        assert_eq!(tree.means("app::module"), "lapin::options::BasicAckOptions::default");
        assert_eq!(tree.means("app::without_import"), "sqlx::query");
        assert_eq!(tree.means("app::of_no_dependency"), "tokio::time::sleep");
        assert_eq!(tree.means("app::global"), "lapin::Connection::connect");
    });
}

#[test]
fn a_module_and_a_function_share_a_name() {
    let source = "
        mod run { pub fn run() {} pub struct Record; }
        pub use run::{Record, run};
        fn value() { run() }
        fn module() { run::Record }
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.means("app::value"), "fn app::run::run");
        assert_eq!(tree.means("app::module"), "type app::run::Record");
    });
}

#[test]
fn a_macro_named_like_its_crate_leaves_the_crate_reachable() {
    let source = "use anyhow::{anyhow, Result}; fn f() { anyhow::Error::msg() } fn g() -> Result<u8> { anyhow!(1) }";
    index_lib(source, |tree| {
        assert_eq!(tree.means("app::f"), "anyhow::Error::msg");
        assert_eq!(tree.ty("app::g"), "std::result::Result<u8, anyhow::Error>");
    });
}

#[test]
fn globs_follow_re_exports_and_end_in_cycles() {
    let source = "
        mod a { pub use super::b::*; pub fn in_a() {} }
        mod b { pub use super::a::*; pub fn in_b() {} use super::hidden; }
        fn hidden() {}
        mod c { use super::a::*; fn x() { in_b() } fn y() { in_a() } fn z() { missing() } fn w() { hidden() } }
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.means("app::c::x"), "fn app::b::in_b");
        assert_eq!(tree.means("app::c::y"), "fn app::a::in_a");
        assert_eq!(tree.means("app::c::z"), "?");
        assert_eq!(tree.means("app::c::w"), "?", "a private import is not passed on");
    });
}

#[test]
fn long_chains_of_re_exports_are_linked_whatever_their_order() {
    let source = "
        pub use d::last as first;
        mod d { pub use super::c::last; }
        mod c { pub use super::b::last; }
        mod b { pub use super::a::start as last; }
        mod a { pub fn start() {} }
        fn f() { first() }
    ";
    index_lib(source, |tree| assert_eq!(tree.means("app::f"), "fn app::a::start"));
}

#[test]
fn what_is_known_decides_between_globs_of_other_crates() {
    let source = "
        use lapin::{options::*, types::FieldTable, *};
        fn f() { BasicAckOptions::default() }
        fn g() { Channel::open() }
        fn h() { Neither::open() }
        mod one { use lapin::message::*; fn f() { Delivery::ack() } fn g() { Some(1) } }
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.means("app::f"), "lapin::options::BasicAckOptions::default");
        assert_eq!(tree.means("app::g"), "lapin::Channel::open");
        assert_eq!(tree.means("app::h"), "?");
        assert_eq!(tree.means("app::one::f"), "lapin::message::Delivery::ack");
        assert_eq!(tree.means("app::one::g"), "std::option::Option::Some");
    });
}

#[test]
fn relative_paths_start_where_they_say() {
    let source = "
        pub fn top() {}
        mod a { pub fn here() {} fn f() { self::here() } mod b { fn g() { super::super::top() } fn h() { crate::a::here() } } }
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.means("app::a::f"), "fn app::a::here");
        assert_eq!(tree.means("app::a::b::g"), "fn app::top");
        assert_eq!(tree.means("app::a::b::h"), "fn app::a::here");
    });
}

#[test]
fn items_of_a_body_are_found_there() {
    let source = "
        const TOPIC: &str = \"outer\";
        fn f() {
            use lapin::Channel as Ch;
            const TOPIC: &str = \"inner\";
            struct Local { ch: Ch }
            fn helper() { self::outside() }
            enum Kind { A }
            use Kind::*;
            { TOPIC }
        }
        fn topic() { TOPIC }
        fn outside() {}
    ";
    index_lib(source, |tree| {
        let scope = tree.scope("app::f");
        let found = |name: &str| {
            tree.index
                .prefix(scope.module, &[name], false, Space::Values)
                .map(|prefix| prefix.def)
        };
        assert_eq!(tree.index.show_def(&found("TOPIC").unwrap()), "const app::f::TOPIC");
        assert_eq!(tree.index.show_def(&found("helper").unwrap()), "fn app::f::helper");
        assert_eq!(tree.index.show_def(&found("outside").unwrap()), "fn app::outside");
        assert_eq!(tree.index.show_def(&found("A").unwrap()), "variant app::f::Kind::A");
        assert_eq!(tree.means("app::f::helper"), "fn app::outside");
        assert_eq!(tree.means("app::topic"), "const app::TOPIC");
    });
}

#[test]
fn variants_are_found_by_import_path_and_self() {
    let source = "
        pub enum Kind { A, B(u8) }
        use Kind::B;
        type Other = Kind;
        impl Kind { fn new() { Self::B(1) } }
        fn by_path() { Kind::A }
        fn by_import() { B(1) }
        fn by_alias() { Other::A }
        fn of_std() { Err(1) }
        fn ordering() { std::cmp::Ordering::Less }
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.means("app::Kind::new"), "variant app::Kind::B");
        assert_eq!(tree.means("app::by_path"), "variant app::Kind::A");
        assert_eq!(tree.means("app::by_import"), "variant app::Kind::B");
        assert_eq!(tree.means("app::by_alias"), "variant app::Kind::A");
        assert_eq!(tree.means("app::of_std"), "std::result::Result::Err");
        assert_eq!(tree.means("app::ordering"), "std::cmp::Ordering::Less");
    });
}

#[test]
fn macros_have_paths_too() {
    let source = "
        use sqlx::query;
        fn info() {}
        use tracing::info;
        fn f() {}
    ";
    index_lib(source, |tree| {
        let at = tree.scope("app::f").module;
        let path = |text: &str| {
            let segments = text.split("::").map(|name| crate::source::hir::Segment {
                name: name.into(),
                args: Vec::new(),
                bindings: Vec::new(),
            });
            crate::source::hir::Path {
                segments: segments.collect(),
                qself: None,
                global: false,
            }
        };
        let of = |text: &str| tree.index.show_def(&tree.index.resolve_macro(at, &path(text)));
        assert_eq!(of("query"), "sqlx::query");
        assert_eq!(of("sqlx::query_as"), "sqlx::query_as");
        assert_eq!(of("info"), "tracing::info");
        assert_eq!(of("println"), "std::println");
        assert_eq!(of("mine"), "?");
    });
}

#[test]
fn crates_of_the_workspace_are_entered() {
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"shared\", \"app\"]\n"),
        ("shared/Cargo.toml", &manifest("shared-kit", "lapin = \"4\"")),
        (
            "shared/src/lib.rs",
            "mod client; pub use client::{connect, Client}; pub use lapin::Channel; pub mod prelude { pub use crate::client::*; }",
        ),
        (
            "shared/src/client.rs",
            "pub struct Client; impl Client { pub fn send(&self) {} } pub fn connect() -> Client { Client }",
        ),
        (
            "app/Cargo.toml",
            &manifest("app", "kit = { path = \"../shared\", package = \"shared-kit\" }"),
        ),
        (
            "app/src/main.rs",
            "use kit::prelude::*; use kit::Channel as Ch; fn main() { connect() } fn f() -> kit::Client { todo!() } fn g() -> Ch { todo!() }",
        ),
    ];
    index_of(&files, |tree| {
        assert_eq!(tree.means("app::main"), "fn shared_kit::client::connect");
        assert_eq!(tree.ty("app::f"), "shared_kit::client::Client");
        assert_eq!(tree.ty("app::g"), "lapin::Channel");
        assert_eq!(tree.methods("app::f", "send"), ["shared_kit::client::Client::send"]);
        assert!(matches!(tree.def("app::main"), Def::Fn(_)));
        let krate = tree.index.function(tree.f("app::main")).krate;
        assert!(tree.index.crate_depends(krate, "shared-kit") && !tree.index.crate_depends(krate, "lapin"));
    });
}

#[test]
fn a_file_without_a_manifest_depends_on_what_it_names() {
    let source = "use rdkafka::consumer::StreamConsumer; fn f() -> StreamConsumer { sqlx::query() }";
    index_of(&[("feed.rs", source)], |tree| {
        assert_eq!(tree.ty("feed::f"), "rdkafka::consumer::StreamConsumer");
        assert_eq!(tree.means("feed::f"), "sqlx::query");
        let krate = tree.index.function(tree.f("feed::f")).krate;
        let depends = |package| tree.index.crate_depends(krate, package);
        assert!(depends("rdkafka") && depends("sqlx") && !depends("lapin"));
    });
}

#[test]
fn what_a_derive_macro_makes_stands_beside_the_type() {
    let source = "pub mod parcel { #[derive(Clone, DeriveEntityModel)] pub struct Model; } \
                  pub mod plain { #[derive(Clone)] pub struct Model; } \
                  use parcel::ActiveModel as Row; fn f() -> Row { parcel::Entity::find() } fn g() -> plain::ActiveModel { todo!() }";
    index_lib(source, |tree| {
        assert_eq!(tree.ty("app::f"), "sea_orm::ActiveModelTrait");
        assert_eq!(tree.means("app::f"), "sea_orm::EntityTrait::find");
        assert_eq!(tree.ty("app::g"), "?");
    });
}
