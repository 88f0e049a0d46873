//! Methods, associated items, fields, conversions, callers.

use super::index_lib;
use crate::resolve::Conversion;

#[test]
fn inherent_methods_come_before_those_of_traits() {
    let source = "
        pub struct A; pub struct B; pub struct Other;
        pub trait Go { fn go(&self) {} fn stay(&self) {} fn named(&self); }
        impl A { pub fn go(&self) {} pub fn create() -> A { x } }
        impl Go for A { fn go(&self) {} fn named(&self) {} }
        impl Go for B { fn named(&self) {} }
        fn a() -> A { x } fn b() -> B { x } fn other() -> Other { x }
    ";
    index_lib(source, |tree| {
        let inherent = tree.index.methods(&tree.returned("app::a"), "go");
        assert_eq!(tree.names(&inherent), ["app::A::go"]);
        assert!(tree.index.function(inherent[0]).of_trait.is_none());
        assert_eq!(tree.methods("app::a", "stay"), ["app::Go::stay"]);
        assert_eq!(tree.methods("app::b", "go"), ["app::Go::go"]);
        assert_eq!(tree.methods("app::b", "named"), ["app::B::named"]);
        assert!(tree.methods("app::other", "go").is_empty());
        assert!(tree.methods("app::a", "create").is_empty(), "it has no receiver");
    });
}

#[test]
fn calls_on_traits_fan_out_to_implementors() {
    let source = "
        use std::sync::Arc;
        pub trait Handler: Named { fn handle(&self); fn done(&self) {} }
        pub trait Named { fn name(&self); }
        pub trait Alone { fn only(&self); }
        pub struct A; pub struct B; pub struct C;
        impl Handler for A { fn handle(&self) {} }
        impl Handler for B { fn handle(&self) {} fn done(&self) {} }
        impl<T: Handler + ?Sized> Handler for Arc<T> { fn handle(&self) {} }
        impl Named for A { fn name(&self) {} }
        impl Named for C { fn name(&self) {} }
        fn object() -> Arc<dyn Handler> { x }
        fn param<H: Handler>() -> H { x }
        fn alone() -> impl Alone { x }
    ";
    index_lib(source, |tree| {
        for f in ["app::object", "app::param"] {
            assert_eq!(tree.methods(f, "handle"), ["app::A::handle", "app::B::handle"]);
            assert_eq!(tree.methods(f, "done"), ["app::Handler::done", "app::B::done"]);
            assert_eq!(tree.methods(f, "name"), ["app::A::name"], "C is no Handler");
        }
        assert_eq!(tree.methods("app::alone", "only"), ["app::Alone::only"]);
        let declared = tree.f("app::Handler::handle");
        assert_eq!(
            tree.names(&tree.index.implementations(declared)),
            ["app::A::handle", "app::B::handle"]
        );
        assert_eq!(tree.index.declaration(tree.f("app::A::handle")), Some(declared));
    });
}

#[test]
fn arguments_of_traits_and_types_tell_impls_apart() {
    let source = "
        pub trait On<E> { fn on(&self, event: E); }
        pub struct Placed; pub struct Paid; pub struct Svc<B> { b: B } pub struct Kafka; pub struct Rabbit;
        pub struct H;
        impl On<Placed> for H { fn on(&self, event: Placed) {} }
        pub struct G;
        impl On<Paid> for G { fn on(&self, event: Paid) {} }
        impl Svc<Kafka> { fn publish(&self) {} }
        impl Svc<Rabbit> { fn publish(&self) { rabbit() } }
        impl<T: Source> Pump for T { fn pump(&self) {} }
        pub trait Pump { fn pump(&self); } pub trait Source {}
        impl Source for Kafka {}
        fn placed() -> Box<dyn On<Placed>> { x }
        fn svc() -> Svc<Rabbit> { x }
        fn any<T>() -> Svc<T> { x }
        fn kafka() -> Kafka { x } fn rabbit() -> Rabbit { x }
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.methods("app::placed", "on"), ["app::H::on"]);
        let publish = tree.index.methods(&tree.returned("app::svc"), "publish");
        assert_eq!(publish, tree.all("app::Svc::publish")[1..]);
        assert_eq!(tree.methods("app::any", "publish").len(), 2);
        assert_eq!(tree.methods("app::kafka", "pump"), ["app::T::pump"]);
        assert!(tree.methods("app::rabbit", "pump").is_empty());
    });
}

#[test]
fn extension_traits_and_deref_are_seen() {
    let source = "
        use rdkafka::consumer::StreamConsumer;
        pub trait Ext { fn settle(&self); }
        impl Ext for StreamConsumer { fn settle(&self) {} }
        pub struct Inner { field: u8 } impl Inner { fn inner(&self) {} }
        pub struct Outer(Inner);
        impl std::ops::Deref for Outer { type Target = Inner; fn deref(&self) -> &Inner { &self.0 } }
        fn consumer() -> StreamConsumer { x }
        fn outer() -> Outer { x }
        fn guard() -> std::sync::MutexGuard<'static, Outer> { x }
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.methods("app::consumer", "settle"), ["app::StreamConsumer::settle"]);
        assert_eq!(tree.methods("app::outer", "inner"), ["app::Inner::inner"]);
        assert_eq!(tree.methods("app::guard", "inner"), ["app::Inner::inner"]);
        let field = tree.index.field(&tree.returned("app::guard"), "field").unwrap();
        assert_eq!(tree.index.show(&field), "u8");
        assert_eq!(tree.index.impls_external("std::ops::Deref").len(), 1);
    });
}

#[test]
fn associated_items_resolve_as_paths() {
    let source = "
        pub trait Handler { const TOPIC: &'static str; const GROUP: &'static str = \"g\"; fn make() -> Self; fn run(&self) { Self::make() } }
        pub struct A; pub struct B;
        impl Handler for A { const TOPIC: &'static str = \"a\"; fn make() -> Self { Self::helper() } }
        impl A { const LIMIT: u8 = 1; fn helper() -> Self { x } fn limit() { Self::LIMIT } }
        fn one() { A::TOPIC } fn default() { A::GROUP } fn qualified() { <A as Handler>::make() }
        fn param<H: Handler>() { H::TOPIC }
        fn by_trait() { Handler::run() }
        fn derived() { B::default() }
        fn foreign() { <u8 as std::str::FromStr>::from_str() }
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.means("app::one"), "const app::A::TOPIC");
        assert_eq!(tree.means("app::default"), "const app::Handler::GROUP");
        assert_eq!(tree.means("app::qualified"), "fn app::A::make");
        assert_eq!(tree.means("app::A::make"), "fn app::A::helper");
        assert_eq!(tree.means("app::A::limit"), "const app::A::LIMIT");
        assert_eq!(
            tree.means("app::param"),
            "const app::A::TOPIC",
            "of the only implementor"
        );
        assert_eq!(tree.means("app::by_trait"), "fn app::Handler::run");
        assert_eq!(tree.means("app::derived"), "<app::B>::default");
        assert_eq!(tree.means("app::foreign"), "std::str::FromStr::from_str");
        assert_eq!(tree.means("app::Handler::run"), "fn app::A::make");
    });
}

#[test]
fn constants_of_several_implementors_fan_out() {
    let source = "
        pub trait Named { const NAME: &'static str; }
        pub struct A; pub struct B;
        impl Named for A { const NAME: &'static str = \"a\"; }
        impl Named for B { const NAME: &'static str = \"b\"; }
        fn f<N: Named>() { N::NAME }
        fn p<N: Named>() -> N { x }
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.means("app::f"), "<N: app::Named>::NAME");
        let found = tree.index.assoc_const(&tree.returned("app::p"), "NAME");
        let paths: Vec<_> = found.iter().map(|c| tree.index.constant(*c).path.as_str()).collect();
        assert_eq!(paths, ["app::A::NAME", "app::B::NAME"]);
    });
}

#[test]
fn fields_and_variants_have_types() {
    let source = "
        pub struct Pair<T>(T, Vec<T>);
        pub struct Job { repo: std::sync::Arc<Repo>, pair: Pair<u8> } pub struct Repo;
        pub enum Outcome { Done { at: Job }, Failed(#[from] std::io::Error) }
        fn job() -> Job { x } fn outcome() -> Outcome { x }
    ";
    index_lib(source, |tree| {
        let (index, job) = (&tree.index, tree.returned("app::job"));
        assert_eq!(index.show(&index.field(&job, "repo").unwrap()), "app::Repo");
        let pair = index.field(&job, "pair").unwrap();
        assert_eq!(index.show(&index.field(&pair, "1").unwrap()), "std::vec::Vec<u8>");
        assert_eq!(index.field(&job, "none"), None);
        assert_eq!(index.fields(&job).len(), 2);
        let done = index.variant(&tree.returned("app::outcome"), "Done").unwrap();
        assert_eq!(done.fields, [("at".into(), job)]);
        assert!(!done.from);
        assert!(index.variant(&tree.returned("app::outcome"), "Failed").unwrap().from);
    });
}

#[test]
fn conversions_are_found_by_both_ends() {
    let source = "
        pub enum Error { Sql(#[from] sqlx::Error), Other(String) }
        impl From<serde_json::Error> for Error { fn from(e: serde_json::Error) -> Self { x } }
        impl<T> From<Vec<T>> for Error { fn from(e: Vec<T>) -> Self { x } }
        pub struct Envelope;
        impl Into<Envelope> for Error { fn into(self) -> Envelope { x } }
        fn sql() -> sqlx::Error { x } fn json() -> serde_json::Error { x } fn error() -> Error { x }
        fn vec() -> Vec<u8> { x } fn io() -> std::io::Error { x } fn envelope() -> Envelope { x }
    ";
    index_lib(source, |tree| {
        let way = |from: &str, to: &str| tree.index.conversion(&tree.returned(from), &tree.returned(to));
        let Some(Conversion::Variant(_, name)) = way("app::sql", "app::error") else {
            panic!("no variant")
        };
        assert_eq!(name, "Sql");
        let froms = tree.all("app::Error::from");
        assert_eq!(way("app::json", "app::error"), Some(Conversion::Fn(froms[0])));
        assert_eq!(way("app::vec", "app::error"), Some(Conversion::Fn(froms[1])));
        assert_eq!(way("app::io", "app::error"), None);
        assert_eq!(
            way("app::error", "app::envelope"),
            Some(Conversion::Fn(tree.f("app::Error::into")))
        );
    });
}

#[test]
fn callers_are_those_that_can_mean_it() {
    let source = "
        mod a { pub fn go() {} pub fn near() { go() } }
        mod b { pub fn go() {} fn near() { go() } }
        use a::go as start;
        fn renamed() { start() }
        fn by_name() { spawn(a::go) }
        fn inside() { tokio::spawn(async move { loop { a::go().await } }); }
        fn other() { b::go() }
        fn nothing() {}
        mod c { pub fn pool() {} fn uses() { let pool = pool(); take(pool) } fn shadows(pool: u8) { take(pool) } }
        struct S; impl S { fn step(&self) { Self::helper() } fn helper() {} }
        fn method(s: S) { s.step() }
        fn as_path() { map(S::step) }
        trait T { fn run(); } impl T for S { fn run() {} }
        fn generic<X: T>() { X::run() }
    ";
    index_lib(source, |tree| {
        assert_eq!(
            tree.callers("app::a::go"),
            ["app::a::near", "app::renamed", "app::by_name", "app::inside"]
        );
        assert_eq!(tree.callers("app::b::go"), ["app::b::near", "app::other"]);
        assert_eq!(tree.callers("app::S::step"), ["app::method", "app::as_path"]);
        assert_eq!(tree.callers("app::S::helper"), ["app::S::step"]);
        assert_eq!(tree.callers("app::S::run"), ["app::generic"]);
        assert_eq!(tree.callers("app::c::pool"), ["app::c::uses"]);
        assert!(tree.callers("app::nothing").is_empty());
        assert_eq!(
            tree.names(&tree.index.mentions("spawn", |_| true).into_iter().collect::<Vec<_>>()),
            ["app::by_name", "app::inside"]
        );
    });
}

#[test]
fn deep_bodies_and_endless_definitions_end() {
    let chain = ".b()".repeat(3_000);
    let source = format!(
        "fn deep() {{ a{chain} }} type A = B; type B = A; fn f() -> A {{ x }} trait P: Q {{}} trait Q: P {{}} fn g<T: P>() -> T {{ x }}
         pub struct S; impl std::ops::Deref for S {{ type Target = S; }} fn s() -> S {{ x }} use self::u::V; mod u {{ pub use super::V; }}
         trait X {{}} trait Y {{}} impl<T: X> Y for T {{}} impl<T: Y> X for T {{}} trait Z {{ fn z(&self) {{}} }} impl<T: X> Z for T {{}}
         fn h<T: Iterator<Item = T> + Into<U>, U: Into<T>>() -> T::Item {{ x }}"
    );
    let on_large_stack = std::thread::Builder::new().stack_size(crate::source::STACK_BYTES);
    let ask = move || {
        index_lib(&source, |tree| {
            assert_eq!(tree.index.mentions("b", |_| true).len(), 1);
            assert_eq!(tree.ty("app::f"), "?");
            assert!(tree.methods("app::g", "any").is_empty());
            assert!(tree.methods("app::s", "any").is_empty());
            assert!(tree.methods("app::s", "z").is_empty());
            assert_eq!(tree.ty("app::h"), "T");
        });
    };
    on_large_stack.spawn(ask).unwrap().join().unwrap();
}
