//! The versions in use decide what the calls of a client do: those of `Cargo.lock`, or else what the manifest asks for.

use super::*;

/// Where a version is known from.
#[derive(Clone, Copy)]
enum From {
    Lock,
    Manifest,
}

/// What is said of the handlers of a workspace that depends on this version of a client: `inferred verdict`.
fn judged(client: &str, version: &str, from: From, source: &str) -> String {
    let lock = format!("version = 4\n[[package]]\nname = \"{client}\"\nversion = \"{version}\"\n");
    let others = ["anyhow", "futures", "lapin", "sqlx"]
        .into_iter()
        .filter(|other| *other != client);
    let dependencies: String = others.map(|other| format!("{other} = \"*\"\n")).collect();
    let asked = match from {
        From::Lock => "*",
        From::Manifest => version,
    };
    let manifest = format!(
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [dependencies]\n{dependencies}{client} = \"{asked}\"\n"
    );
    let mut files = vec![("Cargo.toml", manifest.as_str()), ("src/lib.rs", source)];
    if matches!(from, From::Lock) {
        files.push(("Cargo.lock", &lock));
    }
    let temp = project(&files);
    let output = run(temp.path(), &["list", "--format", "json"]);
    let units: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("a list of integrations");
    let said = units.iter().map(|unit| {
        let text = |key: &str| unit[key].as_str().unwrap_or("nothing").to_owned();
        format!("{} {}", text("inferred"), text("verdict"))
    });
    said.collect::<Vec<_>>().join(", ")
}

/// One source under several locks.
fn assert_judged(client: &str, source: &str, expected: &[(&str, &str)]) {
    for (version, said) in expected {
        assert_eq!(judged(client, version, From::Lock, source), *said, "{client} {version}");
    }
}

/// A handler of messages from RabbitMQ around these lines.
fn handler(head: &str, argument: &str, body: &str) -> String {
    format!(
        "{head}\nuse futures::StreamExt;\nuse lapin::options::BasicAckOptions;\n\
         #[delivery::effectively_once(integration = \"shop.orders\")]\n\
         pub async fn orders(mut consumer: lapin::Consumer, {argument}) -> anyhow::Result<()> {{\n\
         while let Some(delivery) = consumer.next().await {{\nlet delivery = delivery?;\n\
         let id = String::from_utf8_lossy(&delivery.data).into_owned();\n\
         {body}\ndelivery.ack(BasicAckOptions::default()).await?;\n}}\nOk(())\n}}\n"
    )
}

const ONCE: &str = "effectively_once verified";
const TWICE: &str = "at_least_once refuted";
/// A call is there that nobody can see into.
const ASKED: &str = "at_least_once conditional";
/// Nothing is seen that is done with a message.
const UNSEEN: &str = "nothing unknown";

const REDIS: &str =
    "let mut redis = client.get_async_connection().await?;\nlet _: i64 = redis.incr(\"orders\", 1).await?;";

#[test]
fn redis_had_another_connection() {
    let source = handler("use redis::AsyncCommands;", "client: redis::Client", REDIS);
    assert_judged(
        "redis",
        &source,
        &[("0.23.5", TWICE), ("0.29.5", TWICE), ("1.8.1", UNSEEN)],
    );
}

#[test]
fn without_a_lock_file_the_manifest_says_the_version() {
    let source = handler("use redis::AsyncCommands;", "client: redis::Client", REDIS);
    assert_eq!(judged("redis", "0.25", From::Manifest, &source), TWICE);
    assert_eq!(judged("redis", "1", From::Manifest, &source), UNSEEN);
}

/// Mark and sum in one transaction, as 2 and as 3 write it.
const MILES: [&str; 2] = [
    "let mut session = client.start_session(None).await?;
    session.start_transaction(None).await?;
    if seen.find_one_with_session(doc! { \"_id\": &id }, None, &mut session).await?.is_none() {
        seen.insert_one_with_session(doc! { \"_id\": &id }, None, &mut session).await?;
        cards.update_one_with_session(doc! { \"card\": \"gold\" }, doc! { \"$inc\": { \"miles\": 5 } }, None, &mut session).await?;
    }
    session.commit_transaction().await?;",
    "let mut session = client.start_session().await?;
    session.start_transaction().await?;
    if seen.find_one(doc! { \"_id\": &id }).session(&mut session).await?.is_none() {
        seen.insert_one(doc! { \"_id\": &id }).session(&mut session).await?;
        cards.update_one(doc! { \"card\": \"gold\" }, doc! { \"$inc\": { \"miles\": 5 } }).session(&mut session).await?;
    }
    session.commit_transaction().await?;",
];

#[test]
fn mongodb_took_sessions_otherwise() {
    let air = |body: &str| {
        let collections = "let seen = client.database(\"air\").collection::<Document>(\"seen\");\n\
                           let cards = client.database(\"air\").collection::<Document>(\"cards\");";
        let head = "use mongodb::bson::{Document, doc};";
        handler(head, "client: mongodb::Client", &format!("{collections}\n{body}"))
    };
    let [two, three] = MILES.map(air);
    assert_judged("mongodb", &two, &[("2.8.2", ONCE), ("3.9.1", ASKED)]);
    assert_judged("mongodb", &three, &[("2.8.2", ASKED), ("3.9.1", ONCE)]);
    // The sum outside of the session.
    let outside = two
        .replace("update_one_with_session", "update_one")
        .replace(", None, &mut session).await?;\n    }", ", None).await?;\n    }");
    assert_judged("mongodb", &outside, &[("2.8.2", TWICE)]);
}

#[test]
fn objects_of_stripe_were_created_with_the_client() {
    let create =
        "stripe::PaymentIntent::create(&client, stripe::CreatePaymentIntent::new(100, stripe::Currency::EUR)).await?;";
    let source = handler("", "client: stripe::Client", create);
    assert_judged("async-stripe", &source, &[("0.41.0", TWICE), ("1.0.0-rc.10", UNSEEN)]);
}

#[test]
fn ureq_set_headers_otherwise() {
    let keyed = "ureq::post(\"https://shop.example/captures\").set(\"Idempotency-Key\", &id).send_string(&id)?;";
    assert_judged("ureq", &handler("", "", keyed), &[("2.12.1", ONCE), ("3.5.2", UNSEEN)]);
    let bare = "ureq::post(\"https://shop.example/captures\").send_string(&id)?;";
    assert_judged("ureq", &handler("", "", bare), &[("2.12.1", TWICE), ("3.5.2", UNSEEN)]);
}

#[test]
fn sqlx_means_the_same_in_all_versions() {
    let once = "let mut tx = pool.begin().await?;
        let new = sqlx::query(\"INSERT INTO seen (id) VALUES ($1) ON CONFLICT DO NOTHING\").bind(&id).execute(&mut *tx).await?;
        if new.rows_affected() == 1 {
            sqlx::query(\"UPDATE cards SET miles = miles + 500\").execute(&mut *tx).await?;
        }
        tx.commit().await?;";
    let source = handler("", "pool: sqlx::PgPool", once);
    assert_judged("sqlx", &source, &[("0.7.4", ONCE), ("0.8.6", ONCE), ("0.9.0", ONCE)]);
    let outside = source.replace("miles + 500\").execute(&mut *tx)", "miles + 500\").execute(&pool)");
    assert_judged(
        "sqlx",
        &outside,
        &[("0.7.4", TWICE), ("0.8.6", TWICE), ("0.9.0", TWICE)],
    );
    // What 0.9 asks for, and 0.8 does not have.
    let safe = source.replace(
        "sqlx::query(\"UPDATE cards SET miles = miles + 500\")",
        "sqlx::query(sqlx::AssertSqlSafe(\"UPDATE cards SET miles = miles + 500\"))",
    );
    assert_judged("sqlx", &safe, &[("0.9.0", ONCE)]);
}

#[test]
fn confirmations_of_lapin_had_another_path() {
    let publishing = |path: &str, confirmed: &str| {
        format!(
            "use futures::StreamExt;\nuse lapin::options::{{BasicAckOptions, BasicPublishOptions, ConfirmSelectOptions}};\n\
             use {path}::{{Confirmation, PublisherConfirm}};\n\
             #[delivery::at_least_once(integration = \"shop.orders\")]\n\
             pub async fn orders(mut consumer: lapin::Consumer, channel: lapin::Channel) -> anyhow::Result<()> {{\n\
             channel.confirm_select(ConfirmSelectOptions::default()).await?;\n\
             while let Some(delivery) = consumer.next().await {{\nlet delivery = delivery?;\n\
             let sent = send(&channel, &delivery.data).await?;\n{confirmed}\n\
             delivery.acker.ack(BasicAckOptions::default()).await?;\n}}\nOk(())\n}}\n\
             async fn send(channel: &lapin::Channel, body: &[u8]) -> lapin::Result<PublisherConfirm> {{\n\
             channel.basic_publish(\"\".into(), \"invoices\".into(), BasicPublishOptions::default(), body, Default::default()).await\n}}\n"
        )
    };
    let waits = "let confirmed: Confirmation = sent.await?;\nif confirmed.is_nack() { anyhow::bail!(\"refused\") }";
    let (verified, refuted) = ("at_least_once verified", "best_effort refuted");
    for version in ["2.5.5", "3.7.2"] {
        let old = "lapin::publisher_confirm";
        assert_judged("lapin", &publishing(old, waits), &[(version, verified)]);
        assert_judged("lapin", &publishing(old, "drop(sent);"), &[(version, refuted)]);
    }
    assert_judged("lapin", &publishing("lapin", waits), &[("4.12.3", verified)]);
    assert_judged("lapin", &publishing("lapin", "drop(sent);"), &[("4.12.3", refuted)]);
}

#[test]
fn google_cloud_pubsub_was_another_client() {
    let source = |argument: &str, body: &str| {
        format!(
            "use futures::StreamExt;\n#[delivery::at_least_once(integration = \"shop.orders\")]\n\
             pub async fn orders({argument}, pool: sqlx::PgPool) -> anyhow::Result<()> {{\n{body}\nOk(())\n}}\n"
        )
    };
    const STORE: &str = "sqlx::query(\"UPDATE cards SET miles = miles + 5\").execute(&pool).await?;";
    let old = |steps: &str| {
        let body = format!(
            "let mut stream = client.subscription(\"orders\").subscribe(None).await?;\n\
             while let Some(message) = stream.next().await {{\n{steps}\n}}"
        );
        source("client: google_cloud_pubsub::client::Client", &body)
    };
    let new = |steps: &str| {
        let body = format!(
            "let mut stream = client.subscribe(\"orders\").build();\n\
             while let Some((message, handler)) = stream.next().await.transpose()? {{\n{steps}\n}}"
        );
        source("client: google_cloud_pubsub::client::Subscriber", &body)
    };
    let right = |ack: &str| format!("{STORE}\n{ack}");
    let wrong = |ack: &str| format!("{ack}\n{STORE}");
    let judged = |source: &str, version: &str, said: &str| {
        assert_judged("google-cloud-pubsub", source, &[(version, said)]);
    };
    let verified = "at_least_once verified";
    judged(&old(&right("message.ack().await?;")), "0.30.0", verified);
    judged(&new(&right("handler.ack();")), "1.7.0", verified);
    judged(&old(&wrong("message.ack().await?;")), "0.30.0", "at_most_once refuted");
    // Its ack cannot tell that it was lost: the message may come again all the same.
    judged(&new(&wrong("handler.ack();")), "1.7.0", "best_effort refuted");
}

#[test]
fn workers_of_apalis_were_built_otherwise() {
    let source = |build: &str, end: &str| {
        format!(
            "use apalis::prelude::*;\n#[delivery::at_least_once(integration = \"shop.orders\")]\n\
             async fn order(order: Order, pool: Data<sqlx::PgPool>) -> Result<(), Error> {{\n\
             sqlx::query(\"UPDATE cards SET miles = miles + 5\").execute(&*pool).await{end};\nOk(())\n}}\n\
             pub async fn run(pool: sqlx::PgPool, orders: MemoryStorage<Order>) -> anyhow::Result<()> {{\n\
             let worker = WorkerBuilder::new(\"orders\").data(pool).backend(orders).{build};\n\
             Monitor::new().register(worker).run().await?;\nOk(())\n}}\n"
        )
    };
    let (verified, refuted) = ("at_least_once verified", "best_effort refuted");
    for build in [
        "build_fn(order)",
        "concurrency(4).build_fn(order)",
        "build(service_fn(order))",
    ] {
        assert_judged("apalis", &source(build, ".map_err(failed)?"), &[("0.7.4", verified)]);
        assert_judged("apalis", &source(build, ".ok()"), &[("0.7.4", refuted)]);
    }
    assert_judged(
        "apalis",
        &source("build(order)", ".map_err(failed)?"),
        &[("1.0.0", verified)],
    );
    assert_judged("apalis", &source("build(order)", ".ok()"), &[("1.0.0", refuted)]);
}
