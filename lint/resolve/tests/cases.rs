//! Trees shaped like real services: several files, several crates, traits and wrappers between.

use super::{index_of, manifest};

const ORDER_INTAKE: &[(&str, &str)] = &[
        (
            "src/main.rs",
            "mod envelope; mod error; mod handlers; mod infra; mod runner;
             use anyhow::Result; use crate::handlers::PlacedOrders; use crate::infra::OrdersRepo;
             async fn main() -> Result<()> {
                 let channel = infra::open_channel(&url, 32).await?;
                 let handler = PlacedOrders::new(OrdersRepo::new(pool));
                 runner::run(&channel, &queue, handler).await
             }",
        ),
        (
            "src/envelope.rs",
            "use queue::Acker; use queue::message::Delivery;
             pub struct Envelope { pub body: Vec<u8>, pub acker: Acker }
             impl From<Delivery> for Envelope { fn from(delivery: Delivery) -> Self { x } }
             fn delivery() -> Delivery { x }",
        ),
        (
            "src/error.rs",
            "pub enum HandlerError { Rejected(String), Unavailable(#[source] sqlx::Error) }
             impl From<sqlx::Error> for HandlerError { fn from(err: sqlx::Error) -> Self { Self::Unavailable(err) } }",
        ),
        (
            "src/handlers/mod.rs",
            "mod placed_orders; pub use placed_orders::{OrderPlaced, PlacedOrders}; use crate::error::HandlerError;
             pub trait Handler: Send + Sync {
                 const NAME: &'static str; type Event;
                 async fn handle(&self, event: Self::Event) -> Result<(), HandlerError>;
             }",
        ),
        (
            "src/handlers/placed_orders.rs",
            "use super::Handler; use crate::error::HandlerError; use crate::infra::OrdersRepo;
             pub struct OrderPlaced { pub order_id: i64 }
             pub struct PlacedOrders { orders: OrdersRepo }
             impl PlacedOrders { pub fn new(orders: OrdersRepo) -> Self { Self { orders } } }
             impl Handler for PlacedOrders {
                 const NAME: &'static str = \"order-intake\"; type Event = OrderPlaced;
                 async fn handle(&self, order: OrderPlaced) -> Result<(), HandlerError> { self.orders.store(&order).await?; Ok(()) }
             }",
        ),
        (
            "src/infra/mod.rs",
            "mod orders_repo; use anyhow::Result; use queue::Channel; pub use orders_repo::OrdersRepo;
             pub async fn open_channel(url: &str, prefetch: u16) -> Result<Channel> { x }",
        ),
        (
            "src/infra/orders_repo.rs",
            "use sqlx::PgPool; use crate::handlers::OrderPlaced;
             const STORE: &str = \"INSERT INTO orders\";
             pub struct OrdersRepo { pool: PgPool }
             impl OrdersRepo {
                 pub fn new(pool: PgPool) -> Self { Self { pool } }
                 pub async fn store(&self, order: &OrderPlaced) -> sqlx::Result<()> { sqlx::query(STORE).execute(&self.pool).await }
             }",
        ),
        (
            "src/runner.rs",
            "use anyhow::Result; use queue::Channel; use crate::envelope::Envelope; use crate::error::HandlerError; use crate::handlers::Handler;
             pub async fn run<H: Handler>(channel: &Channel, source: &str, handler: H) -> Result<()> {
                 consume(H::NAME); let envelope = Envelope::from(delivery?); dispatch(&handler, &envelope).await
             }
             async fn dispatch<H: Handler>(handler: &H, envelope: &Envelope) -> Result<(), HandlerError> { handler.handle(event).await }
             fn name<H: Handler>() { H::NAME }
             fn event<H: Handler>() -> H::Event { x }",
        ),
];

#[test]
fn a_consumer_with_a_handler_trait_and_a_renamed_client() {
    let manifest = manifest(
        "order-intake",
        "anyhow = \"1\"\nqueue = { package = \"lapin\", version = \"4\" }\nsqlx = \"0.9\"",
    );
    let manifests = [("Cargo.toml", manifest.as_str())];
    index_of(&[&manifests[..], ORDER_INTAKE].concat(), |tree| {
        let index = &tree.index;
        assert_eq!(tree.means("order_intake::main"), "fn order_intake::runner::run");
        assert_eq!(
            tree.ty("order_intake::infra::open_channel"),
            "std::result::Result<lapin::Channel, anyhow::Error>"
        );
        assert_eq!(
            tree.ty("order_intake::infra::orders_repo::OrdersRepo::store"),
            "std::result::Result<(), sqlx::Error>"
        );
        let handler = &index.params(tree.f("order_intake::runner::dispatch"))[0];
        assert_eq!(
            tree.names(&index.methods(handler, "handle")),
            ["order_intake::handlers::placed_orders::PlacedOrders::handle"]
        );
        assert_eq!(
            tree.means("order_intake::runner::name"),
            "const order_intake::handlers::placed_orders::PlacedOrders::NAME"
        );
        assert_eq!(
            tree.ty("order_intake::runner::event"),
            "order_intake::handlers::placed_orders::OrderPlaced"
        );
        let orders = tree.returned("order_intake::handlers::placed_orders::PlacedOrders::new");
        assert_eq!(
            index.show(&index.field(&orders, "orders").unwrap()),
            "order_intake::infra::orders_repo::OrdersRepo"
        );
        let envelope = tree.returned("order_intake::envelope::Envelope::from");
        assert_eq!(index.show(&index.field(&envelope, "acker").unwrap()), "lapin::Acker");
        assert!(
            index
                .conversion(&tree.returned("order_intake::envelope::delivery"), &envelope)
                .is_some()
        );
        assert_eq!(
            tree.callers("order_intake::runner::dispatch"),
            ["order_intake::runner::run"]
        );
        assert_eq!(
            tree.callers("order_intake::handlers::placed_orders::PlacedOrders::handle"),
            ["order_intake::runner::dispatch"]
        );
        let krate = index.function(tree.f("order_intake::main")).krate;
        assert!(index.crate_depends(krate, "lapin") && index.package(krate) == "order-intake");
    });
}

const FREIGHT: &[(&str, &str)] = &[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"crates/intake\", \"freightd\"]\n[workspace.dependencies]\nintake = { path = \"crates/intake\" }\nrdkafka = \"0.39\"\nanyhow = \"1\"\n",
        ),
        ("crates/intake/src/lib.rs", "mod client; mod run; pub use client::{Options, connect}; pub use run::{Record, run};"),
        (
            "crates/intake/src/client.rs",
            "use rdkafka::consumer::StreamConsumer; use rdkafka::error::KafkaResult;
             pub struct Options<'a> { pub topics: &'a [&'a str] }
             pub fn connect(options: &Options<'_>) -> KafkaResult<StreamConsumer> { x }",
        ),
        (
            "crates/intake/src/run.rs",
            "use anyhow::Result; use rdkafka::consumer::StreamConsumer; use std::future::Future;
             pub struct Record<T> { pub offset: i64, pub value: T }
             pub async fn run<T, F, Fut>(consumer: &StreamConsumer, on_record: F) -> Result<()>
             where F: Fn(Record<T>) -> Fut, Fut: Future<Output = Result<()>> { on_record(record).await }",
        ),
        ("freightd/src/main.rs", "mod berths; use intake::Options; fn options<'a>() -> Options<'a> { Options { topics } } async fn main() { berths::follow() }"),
        (
            "freightd/src/berths.rs",
            "use anyhow::Result; use intake::{Record, connect, run};
             struct BerthAssigned { vessel: String }
             pub async fn follow() -> Result<()> { let consumer = connect(&crate::options())?; run(&consumer, |record| assign(record)).await }
             async fn assign(record: Record<BerthAssigned>) -> Result<()> { record }",
        ),
];

#[test]
fn a_consumer_loop_in_another_crate_of_the_workspace() {
    let intake = manifest(
        "intake",
        "rdkafka = { workspace = true }\nanyhow = { workspace = true }",
    );
    let freightd = manifest(
        "freightd",
        "intake = { workspace = true }\nanyhow = { workspace = true }",
    );
    let manifests = [
        ("crates/intake/Cargo.toml", intake.as_str()),
        ("freightd/Cargo.toml", freightd.as_str()),
    ];
    index_of(&[&manifests[..], FREIGHT].concat(), |tree| {
        assert_eq!(tree.means("freightd::main"), "fn freightd::berths::follow");
        assert_eq!(tree.means("freightd::options"), "type intake::client::Options");
        assert_eq!(tree.callers("intake::client::connect"), ["freightd::berths::follow"]);
        assert_eq!(tree.callers("intake::run::run"), ["freightd::berths::follow"]);
        assert_eq!(tree.callers("freightd::berths::assign"), ["freightd::berths::follow"]);
        let kafka = "std::result::Result<rdkafka::consumer::StreamConsumer, rdkafka::error::KafkaError>";
        assert_eq!(tree.ty("intake::client::connect"), kafka);
        let record = &tree.index.params(tree.f("freightd::berths::assign"))[0];
        let value = tree.index.field(record, "value").unwrap();
        assert_eq!(tree.index.show(&value), "freightd::berths::BerthAssigned");
        let mut found = Vec::new();
        let on_record = &tree.index.params(tree.f("intake::run::run"))[1];
        let assign = crate::resolve::Ty::Fn {
            params: vec![record.clone()].into(),
            ret: std::sync::Arc::new(crate::resolve::Ty::UNIT),
        };
        assert!(on_record.unify(&assign, &mut found));
        let of_t = found.iter().find(|(name, _)| name == "T").map(|(_, ty)| ty);
        assert_eq!(of_t, Some(&value));
    });
}

const POINTS_LEDGER: &[(&str, &str)] = &[
    ("src/main.rs", "mod handler; mod store; fn main() {}"),
    (
        "src/store/mod.rs",
        "pub mod sql; mod unit_of_work; pub use self::unit_of_work::UnitOfWork;",
    ),
    ("src/store/sql.rs", "pub const CLAIM: &str = \"INSERT\";"),
    (
        "src/store/unit_of_work.rs",
        "use sqlx::{PgPool, Postgres, Transaction}; use super::sql;
             pub struct UnitOfWork { tx: Transaction<'static, Postgres> }
             impl UnitOfWork {
                 pub async fn begin(pool: &PgPool) -> sqlx::Result<Self> { x }
                 pub async fn claim(&mut self) -> sqlx::Result<bool> { sql::CLAIM }
             }",
    ),
    (
        "src/handler.rs",
        "use crate::store::UnitOfWork;
             async fn open() { let unit = UnitOfWork::begin(&pool).await?; unit.claim().await?; UnitOfWork::begin() }",
    ),
];

#[test]
fn a_unit_of_work_behind_re_exports() {
    let manifest = manifest("points-ledger", "sqlx = \"0.9\"");
    let manifests = [("Cargo.toml", manifest.as_str())];
    index_of(&[&manifests[..], POINTS_LEDGER].concat(), |tree| {
        let unit = "points_ledger::store::unit_of_work::UnitOfWork";
        assert_eq!(tree.means("points_ledger::handler::open"), format!("fn {unit}::begin"));
        assert_eq!(
            tree.means(&format!("{unit}::claim")),
            "const points_ledger::store::sql::CLAIM"
        );
        assert_eq!(
            tree.ty(&format!("{unit}::begin")),
            format!("std::result::Result<{unit}, sqlx::Error>")
        );
        assert_eq!(
            tree.callers(&format!("{unit}::claim")),
            ["points_ledger::handler::open"]
        );
    });
}

const FANOUT: &[(&str, &str)] = &[
        ("src/main.rs", "mod consumer; mod handlers; fn main() { tokio::spawn(consumer::run(deliveries, handler)); consumer::run() }"),
        (
            "src/consumer.rs",
            "use std::sync::Arc; use lapin::Consumer; use crate::handlers::MessageHandler;
             pub async fn run(mut deliveries: Consumer, handler: Arc<dyn MessageHandler>) { handler.handle(&data).await }",
        ),
        (
            "src/handlers/mod.rs",
            "mod post_published; pub use post_published::PostPublishedHandler;
             pub trait MessageHandler: Send + Sync { fn queue(&self) -> &'static str; async fn handle(&self, body: &[u8]) -> anyhow::Result<()>; }",
        ),
        (
            "src/handlers/post_published.rs",
            "use super::MessageHandler; pub struct PostPublishedHandler;
             impl MessageHandler for PostPublishedHandler {
                 fn queue(&self) -> &'static str { \"posts\" }
                 async fn handle(&self, body: &[u8]) -> anyhow::Result<()> { Ok(()) }
             }",
        ),
];

#[test]
fn a_handler_behind_an_arc_of_a_trait_object() {
    let manifest = manifest("notification-fanout", "lapin = \"4\"");
    let manifests = [("Cargo.toml", manifest.as_str())];
    index_of(&[&manifests[..], FANOUT].concat(), |tree| {
        let run = tree.f("notification_fanout::consumer::run");
        let handler = &tree.index.params(run)[1];
        let handle = "notification_fanout::handlers::post_published::PostPublishedHandler::handle";
        assert_eq!(tree.names(&tree.index.methods(handler, "handle")), [handle]);
        assert_eq!(tree.callers(handle), ["notification_fanout::consumer::run"]);
        assert_eq!(
            tree.callers("notification_fanout::consumer::run"),
            ["notification_fanout::main"]
        );
    });
}
