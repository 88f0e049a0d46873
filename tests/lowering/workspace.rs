//! Several files, several crates.

use expect_test::expect;

use crate::harness::{check, check_files};

#[test]
fn modules_and_reexports() {
    check_files(
        &[
            (
                "Cargo.toml",
                r#"
[package]
name = "shop"
version = "0.1.0"
edition = "2024"
[dependencies]
lapin = "3"
rdkafka = "0.38"
reqwest = "0.12"
futures = "0.3"
anyhow = "1""#,
            ),
            (
                "src/main.rs",
                r#"
mod billing;
mod queue;
use billing::charge;
fn main() {}
async fn run(mut consumer: lapin::Consumer, http: reqwest::Client) -> anyhow::Result<()> {
    while let Some(delivery) = queue::next(&mut consumer).await {
        charge(&http, &delivery.data).await?;
        queue::done(delivery).await?;
    }
    Ok(())
}"#,
            ),
            (
                "src/queue.rs",
                r#"
use futures::StreamExt;
use lapin::{Consumer, message::Delivery, options::BasicAckOptions};
pub async fn next(consumer: &mut Consumer) -> Option<Delivery> {
    consumer.next().await?.ok()
}
pub async fn done(delivery: Delivery) -> anyhow::Result<()> {
    delivery.ack(BasicAckOptions::default()).await?;
    Ok(())
}"#,
            ),
            (
                "src/billing/mod.rs",
                r#"
mod client;
pub use client::charge;"#,
            ),
            (
                "src/billing/client.rs",
                r#"
pub async fn charge(http: &reqwest::Client, body: &[u8]) -> anyhow::Result<()> {
    http.post("https://pay.example").body(body.to_vec()).send().await?;
    Ok(())
}"#,
            ),
        ],
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn two_crates() {
    check_files(
        &[
            (
                "Cargo.toml",
                r#"
[workspace]
members = ["service", "common"]"#,
            ),
            (
                "common/Cargo.toml",
                r#"
[package]
name = "shop-common"
version = "0.1.0"
edition = "2024"
[dependencies]
rdkafka = "0.38""#,
            ),
            (
                "common/src/lib.rs",
                r#"
use rdkafka::{ClientConfig, consumer::{Consumer, StreamConsumer}};
pub const TOPIC: &str = "orders.v1";
pub struct Settings { pub brokers: String, pub auto_commit: bool }
pub fn consumer(settings: &Settings, topic: &str) -> StreamConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.brokers);
    config.set("group.id", "shop");
    config.set("enable.auto.commit", "false");
    let consumer: StreamConsumer = config.create().expect("a consumer");
    consumer.subscribe(&[topic]).expect("a subscription");
    consumer
}"#,
            ),
            (
                "service/Cargo.toml",
                r#"
[package]
name = "shop-service"
version = "0.1.0"
edition = "2024"
[dependencies]
shop-common = { path = "../common" }
rdkafka = "0.38"
reqwest = "0.12""#,
            ),
            (
                "service/src/main.rs",
                r#"
use rdkafka::{Message, consumer::{CommitMode, Consumer}};
use shop_common::{Settings, TOPIC, consumer};
fn main() {}
async fn run(settings: Settings, http: reqwest::Client) {
    let consumer = consumer(&settings, TOPIC);
    loop {
        let Ok(message) = consumer.recv().await else { continue };
        let body = message.payload().unwrap_or_default().to_vec();
        if http.post("https://pay.example").body(body).send().await.is_ok() {
            consumer.commit_message(&message, CommitMode::Sync).ok();
        }
    }
}"#,
            ),
        ],
        expect![[r#"
            source kafka log manual # orders.v1
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n0
            n1: effect e0 ok=n2 err=n0
            n2: ack up-to ok=n0 err=n0
        "#]],
    );
}

#[test]
fn settings_in_constants() {
    check_files(
        &[(
            "main.rs",
            r#"
use rdkafka::{ClientConfig, Message, consumer::{CommitMode, Consumer, StreamConsumer}};
const TOPICS: [&str; 1] = ["payments"];
const AUTO_COMMIT: &str = "false";
async fn run(http: reqwest::Client) -> anyhow::Result<()> {
    let consumer: StreamConsumer = ClientConfig::new().set("enable.auto.commit", AUTO_COMMIT).create()?;
    consumer.subscribe(&TOPICS)?;
    loop {
        let message = consumer.recv().await?;
        http.put("https://mail.example").body(message.payload().unwrap_or_default().to_vec()).send().await?;
        consumer.commit_message(&message, CommitMode::Async)?;
    }
}"#,
        )],
        expect![[r#"
            source kafka log manual # payments
            effect e0 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n3
            n2: ack up-to unawaited ok=n0 err=n3
            n3: exit err
        "#]],
    );
}

#[test]
fn a_config_struct() {
    check_files(
        &[(
            "main.rs",
            r#"
use rdkafka::{ClientConfig, Message, consumer::{CommitMode, Consumer, StreamConsumer}};
struct Config { topic: String, auto_commit: bool }
impl Default for Config {
    fn default() -> Self { Config { topic: "payments".to_string(), auto_commit: false } }
}
async fn run(http: reqwest::Client) -> anyhow::Result<()> {
    let config = Config::default();
    let consumer: StreamConsumer =
        ClientConfig::new().set("enable.auto.commit", config.auto_commit.to_string()).create()?;
    consumer.subscribe(&[config.topic.as_str()])?;
    loop {
        let message = consumer.recv().await?;
        http.put("https://mail.example").body(message.payload().unwrap_or_default().to_vec()).send().await?;
        consumer.commit_message(&message, CommitMode::Async)?;
    }
}"#,
        )],
        expect![[r#"
            source kafka log manual # payments
            effect e0 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n3
            n2: ack up-to unawaited ok=n0 err=n3
            n3: exit err
        "#]],
    );
}

#[test]
fn a_consumer_in_a_field() {
    check_files(
        &[(
            "main.rs",
            r#"
use rdkafka::{ClientConfig, Message, consumer::{CommitMode, Consumer, StreamConsumer}};
struct Worker { consumer: StreamConsumer, http: reqwest::Client }
impl Worker {
    fn new(http: reqwest::Client) -> Self {
        let consumer: StreamConsumer = ClientConfig::new().set("enable.auto.commit", "false").create().unwrap();
        consumer.subscribe(&["payments"]).unwrap();
        Self { consumer, http }
    }
    async fn run(&self) -> anyhow::Result<()> {
        loop {
            let message = self.consumer.recv().await?;
            self.http.put("https://mail.example").body(message.payload().unwrap_or_default().to_vec()).send().await?;
            self.consumer.commit_message(&message, CommitMode::Async)?;
        }
    }
}
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let worker = Worker::new(reqwest::Client::new());
    worker.run().await
}"#,
        )],
        expect![[r#"
            source kafka log manual # payments
            effect e0 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n3
            n2: ack up-to unawaited ok=n0 err=n3
            n3: exit err
        "#]],
    );
}

#[test]
fn a_sync_consumer() {
    check_files(
        &[(
            "main.rs",
            r#"
use rdkafka::{Message, consumer::{BaseConsumer, CommitMode, Consumer}};
fn run(consumer: BaseConsumer, http: reqwest::blocking::Client) {
    for message in consumer.iter() {
        let Ok(message) = message else { continue };
        if http.post("https://pay.example").body(message.payload().unwrap_or_default().to_vec()).send().is_ok() {
            consumer.commit_message(&message, CommitMode::Sync).ok();
        }
    }
}
fn poll(consumer: BaseConsumer, http: reqwest::blocking::Client) {
    loop {
        match consumer.poll(std::time::Duration::from_millis(100)) {
            Some(Ok(message)) => {
                if http.post("https://pay.example").body(message.payload().unwrap_or_default().to_vec()).send().is_ok() {
                    consumer.commit_message(&message, CommitMode::Sync).ok();
                }
            }
            Some(Err(error)) => eprintln!("{error}"),
            None => {}
        }
    }
}"#,
        )],
        expect![[r#"
            == main::run
            source kafka log manual
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n0 end=n3
            n1: effect e0 ok=n2 err=n0
            n2: ack up-to ok=n0 err=n0
            n3: exit ok
            == main::poll
            source kafka log manual
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n0 end=n0
            n1: effect e0 ok=n2 err=n0
            n2: ack up-to ok=n0 err=n0
        "#]],
    );
}

/// `Self { .. }` is a builder of anything; the function that gives it says of what.
#[test]
fn a_function_tells_of_what_its_type_is() {
    check(
        r#"
trait Backend {
    async fn take(consumer: &mut Consumer, http: &Client) -> Result<()>;
}
struct Paying;
struct Idle;
impl Backend for Paying {
    async fn take(consumer: &mut Consumer, http: &Client) -> Result<()> {
        while let Some(Ok(delivery)) = consumer.next().await {
            pay(http, &delivery.data).await?;
            delivery.ack(BasicAckOptions::default()).await?;
        }
        Ok(())
    }
}
impl Backend for Idle {
    async fn take(_: &mut Consumer, _: &Client) -> Result<()> {
        panic!("nothing is taken here")
    }
}
struct Worker<B: Backend> {
    of: std::marker::PhantomData<B>,
}
impl<B: Backend> Worker<B> {
    fn new() -> Self {
        Self { of: std::marker::PhantomData }
    }
    async fn work(self, consumer: &mut Consumer, http: &Client) -> Result<()> {
        B::take(consumer, http).await
    }
}
impl Paying {
    fn worker() -> Worker<Self> {
        Worker::new()
    }
}
#[delivery::at_least_once(integration = "a")]
async fn run(mut consumer: Consumer, http: Client) -> Result<()> {
    Paying::worker().work(&mut consumer, &http).await
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}
