//! Light types of signatures.

use super::index_lib;

#[test]
fn pointers_are_transparent_and_std_has_one_spelling() {
    let source = "
        use std::sync::{Arc, Mutex};
        struct Repo;
        fn a() -> &'static mut Arc<Box<Repo>> { x }
        fn b() -> Arc<Mutex<Vec<u8>>> { x }
        fn c() -> core::option::Option<alloc::string::String> { x }
        fn d() -> std::borrow::Cow<'static, str> { x }
        fn e() -> (u8, [Repo; 4]) { x }
        fn f() {}
        fn g() -> std::collections::hash_map::HashMap<String, ()> { x }
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.ty("app::a"), "app::Repo");
        assert_eq!(tree.ty("app::b"), "std::sync::Mutex<std::vec::Vec<u8>>");
        assert_eq!(
            tree.index.show(&tree.index.peel(&tree.returned("app::b"))),
            "std::vec::Vec<u8>"
        );
        assert_eq!(tree.ty("app::c"), "std::option::Option<std::string::String>");
        assert_eq!(tree.ty("app::d"), "str");
        assert_eq!(tree.ty("app::e"), "(u8, [app::Repo])");
        assert_eq!(tree.ty("app::f"), "()");
        assert_eq!(tree.ty("app::g"), "std::collections::HashMap<std::string::String, ()>");
    });
}

#[test]
fn aliases_are_expanded() {
    let source = "
        pub enum Error { Bad }
        pub type Result<T> = std::result::Result<T, Error>;
        pub type Either<A, B = u8> = std::result::Result<B, A>;
        type Mailer = lettre::AsyncSmtpTransport<lettre::Tokio1Executor>;
        type Loop = Loop;
        fn own() -> Result<u8> { x }
        fn two() -> Either<u8, u16> { x }
        fn defaulted() -> Either<u16> { x }
        fn mailer() -> Mailer { x }
        fn endless() -> Loop { x }
        fn io() -> std::io::Result<()> { x }
        fn sqlx() -> sqlx::Result<bool> { x }
        fn redis() -> redis::RedisResult<u8> { x }
        fn kafka() -> rdkafka::error::KafkaResult<u8> { x }
        fn queue() -> queue::Result<u8> { x }
        fn fmt() -> std::fmt::Result { x }
        fn both() -> anyhow::Result<u8, String> { x }
    ";
    index_lib(source, |tree| {
        let result = |args: &str| format!("std::result::Result<{args}>");
        assert_eq!(tree.ty("app::own"), result("u8, app::Error"));
        assert_eq!(tree.ty("app::two"), result("u16, u8"));
        assert_eq!(tree.ty("app::defaulted"), result("u8, u16"));
        assert_eq!(
            tree.ty("app::mailer"),
            "lettre::AsyncSmtpTransport<lettre::Tokio1Executor>"
        );
        assert_eq!(tree.ty("app::endless"), "?");
        assert_eq!(tree.ty("app::io"), result("(), std::io::Error"));
        assert_eq!(tree.ty("app::sqlx"), result("bool, sqlx::Error"));
        assert_eq!(tree.ty("app::redis"), result("u8, redis::RedisError"));
        assert_eq!(tree.ty("app::kafka"), result("u8, rdkafka::error::KafkaError"));
        assert_eq!(tree.ty("app::queue"), result("u8, lapin::Error"));
        assert_eq!(tree.ty("app::fmt"), result("(), std::fmt::Error"));
        assert_eq!(tree.ty("app::both"), result("u8, std::string::String"));
    });
}

#[test]
fn parameters_carry_their_bounds() {
    let source = "
        pub trait Handler { type Event; fn handle(&self, event: Self::Event); }
        fn run<T, F, Fut, H: Handler>(f: F, h: H) -> F where F: Fn(T) -> Fut, Fut: std::future::Future<Output = Result<T, ()>> { x }
        fn out<Fut: Future<Output = u8>>() -> Fut::Output { x }
        fn dynamic() -> Box<dyn Handler<Event = u8> + Send> { x }
        fn function() -> impl Fn(u8) -> futures::future::BoxFuture<'static, u16> { x }
        fn endless<T: Into<T> + Handler>() -> T { x }
    ";
    index_lib(source, |tree| {
        let fut = "Fut: std::future::Future<Output = std::result::Result<T, ()>>";
        assert_eq!(tree.ty("app::run"), format!("F: Fn(T) -> {fut}"));
        assert_eq!(
            tree.index.show(&tree.index.params(tree.f("app::run"))[1]),
            "H: app::Handler"
        );
        assert_eq!(tree.ty("app::out"), "u8");
        assert_eq!(
            tree.ty("app::dynamic"),
            "dyn app::Handler<Event = u8> + std::marker::Send"
        );
        assert_eq!(
            tree.ty("app::function"),
            "dyn Fn(u8) -> dyn std::future::Future<Output = u16>"
        );
        assert_eq!(tree.ty("app::endless"), "T: std::convert::Into<T> + app::Handler");
    });
}

#[test]
fn self_and_associated_types_go_through_impls() {
    let source = "
        pub struct Placed; pub struct Orders<R> { repo: R }
        pub trait Handler { type Event; fn event(&self) -> Self::Event; fn again(&self) -> Self { x } }
        impl<R> Handler for Orders<R> { type Event = Placed; fn event(&self) -> Self::Event { x } }
        impl<R> Orders<R> { fn new() -> Self { x } fn repo() -> R { x } }
        fn project() -> <Orders<u8> as Handler>::Event { x }
        fn generic<H: Handler>() -> H::Event { x }
        fn method_of_trait(h: &dyn Handler) {}
    ";
    index_lib(source, |tree| {
        assert_eq!(tree.ty("app::Orders::event"), "app::Placed");
        assert_eq!(tree.ty("app::Orders::new"), "app::Orders<R>");
        assert_eq!(tree.ty("app::project"), "app::Placed");
        assert_eq!(tree.ty("app::generic"), "app::Placed", "there is only one implementor");
        assert_eq!(tree.ty("app::Handler::again"), "Self: app::Handler");
    });
}

#[test]
fn of_several_impls_the_one_around_or_the_named_one_counts() {
    let source = "
        pub trait On<E> { type Reply; fn on(&self, event: E) -> Self::Reply; }
        pub trait Other { type Reply; }
        pub struct H; pub struct A; pub struct B;
        impl On<A> for H { type Reply = u8; fn on(&self, event: A) -> Self::Reply { x } }
        impl On<B> for H { type Reply = u16; fn on(&self, event: B) -> Self::Reply { x } }
        impl Other for H { type Reply = u32; }
        fn any() -> H::Reply { x }
        fn other() -> <H as Other>::Reply { x }
        fn on_b() -> <H as On<B>>::Reply { x }
    ";
    index_lib(source, |tree| {
        let replies: Vec<String> = tree
            .all("app::H::on")
            .into_iter()
            .map(|f| tree.index.show(&tree.index.returned(f)))
            .collect();
        assert_eq!(replies, ["u8", "u16"]);
        assert_eq!(tree.ty("app::any"), "?");
        assert_eq!(tree.ty("app::other"), "u32");
        assert_eq!(tree.ty("app::on_b"), "u16");
    });
}

#[test]
fn a_scope_for_a_receiver_binds_the_impls_parameters() {
    let source = "
        pub struct Orders<R> { repo: R }
        impl<R> Orders<R> { fn repo(&self) -> R { x } fn me(&self) -> Self { x } }
        pub trait Named { fn me(&self) -> Self { x } }
        fn orders() -> Orders<u8> { x }
    ";
    index_lib(source, |tree| {
        let ret = |f: &str| {
            let f = tree.f(f);
            let scope = tree.index.scope_for(f, &tree.returned("app::orders"));
            tree.index
                .show(&tree.index.ty(&scope, tree.index.function(f).hir.ret.as_ref().unwrap()))
        };
        assert_eq!(ret("app::Orders::repo"), "u8");
        assert_eq!(ret("app::Orders::me"), "app::Orders<u8>");
        assert_eq!(ret("app::Named::me"), "app::Orders<u8>");
    });
}

#[test]
fn unification_learns_what_parameters_are() {
    let source = "
        pub struct Record<T> { value: T }
        fn pattern<T, F: Fn(Record<T>) -> u8>(a: Record<T>, b: Vec<T>, f: F) {}
        fn actual(a: Record<u16>, b: Vec<u16>, c: Vec<u8>, f: fn(Record<u32>) -> u8) {}
    ";
    index_lib(source, |tree| {
        let (patterns, actuals) = (
            tree.index.params(tree.f("app::pattern")),
            tree.index.params(tree.f("app::actual")),
        );
        let mut found = Vec::new();
        assert!(patterns[0].unify(&actuals[0], &mut found));
        assert_eq!(tree.index.show(&found[0].1), "u16");
        assert!(patterns[1].unify(&actuals[1], &mut found));
        assert!(!patterns[1].unify(&actuals[2], &mut found), "T is u16 already");
        let mut found = Vec::new();
        assert!(patterns[2].unify(&actuals[3], &mut found));
        assert!(
            found
                .iter()
                .any(|(name, ty)| name == "T" && tree.index.show(ty) == "u32")
        );
    });
}

#[test]
fn enums_have_parameters_and_parameters_have_defaults() {
    let source = "
        pub enum Step<T> { Done(Vec<T>), Later { at: T } }
        pub struct Client<S = Tls> { stream: S } pub struct Tls;
        fn step() -> Step<u8> { x }
        fn client() -> Client { x }
    ";
    index_lib(source, |tree| {
        let done = tree.index.variant(&tree.returned("app::step"), "Done").unwrap();
        assert_eq!(tree.index.show(&done.fields[0].1), "std::vec::Vec<u8>");
        assert_eq!(tree.ty("app::client"), "app::Client<app::Tls>");
        assert_eq!(
            tree.index
                .show(&tree.index.field(&tree.returned("app::client"), "stream").unwrap()),
            "app::Tls"
        );
    });
}

#[test]
fn projections_through_layers_of_services_end() {
    let layers: String = (0..30)
        .map(|n| format!("pub struct L{n}<S>(S); impl<S: Service> Service for L{n}<S> {{ type Response = S::Response; type Error = S::Error; }}"))
        .collect();
    let source = format!(
        "pub trait Service {{ type Response; }} {layers} fn f<S: Service>() -> S::Response {{ x }} fn g() -> <L1<L2<Leaf>> as Service>::Response {{ x }} pub struct Leaf; impl Service for Leaf {{ type Response = u8; }}"
    );
    index_lib(&source, |tree| {
        assert_eq!(tree.ty("app::f"), "?");
        assert_eq!(tree.ty("app::g"), "u8");
    });
}
