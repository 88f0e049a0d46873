//! Functions that publish and that no message calls: which of them are units, and where.

use expect_test::expect;

use crate::harness::{check, lowered, places};

const CLIENTS: &str = "use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord};\n";

#[test]
fn a_wrapper_of_which_nothing_is_known_gives_what_it_holds() {
    check(
        &format!(
            r#"{CLIENTS}
struct App {{ pool: PgPool, producer: FutureProducer }}
impl App {{
    async fn announce(&self, order: &Order) -> Result<()> {{
        let record = FutureRecord::<(), _>::to("orders").payload(&order.id);
        self.producer.send(record, Duration::from_secs(5)).await.map_err(|(error, _)| error)?;
        Ok(())
    }}
}}
async fn create(app: framework::web::Data<App>, order: Order) -> Result<()> {{
    let mut tx = app.pool.begin().await?;
    sqlx::query("INSERT INTO orders (id) VALUES ($1)").bind(&order.id).execute(&mut *tx).await?;
    app.announce(&order).await?;
    tx.commit().await?;
    Ok(())
}}
"#
        ),
        expect![[r#"
            == main::App::announce
            source call caller never
            effect e0 kafka:orders unknown publish resent
            n0: effect e0 ok=n1 err=n2
            n1: exit ok
            n2: exit err
            == main::create
            source call caller never
            effect e0 postgres:orders plain
            effect e1 kafka:orders unknown publish resent
            tx t0 postgres
            n0: begin t0 ok=n1 err=n5
            n1: effect e0 in t0 ok=n2 err=n6
            n2: effect e1 ok=n3 err=n6
            n3: commit t0 ok=n4 err=n5
            n4: exit ok
            n5: exit err
            n6: rollback t0 then=n5
        "#]],
    );
}

#[test]
fn who_waits_for_what_another_function_sent_is_the_unit() {
    check(
        &format!(
            r#"{CLIENTS}
struct Sink {{ producer: FutureProducer }}
impl Sink {{
    async fn enqueue(&self, order: Order) -> Result<DeliveryFuture> {{
        self.producer.send_result(FutureRecord::<(), _>::to("orders").payload(&order.id)).map_err(|(error, _)| error.into())
    }}
    async fn confirmed(delivery: DeliveryFuture) -> Result<()> {{
        match delivery.await {{
            Err(_) => bail!("cancelled"),
            Ok(Err((error, _))) => Err(error.into()),
            Ok(Ok(_)) => Ok(()),
        }}
    }}
    async fn send_all(&self, orders: Vec<Order>) -> Result<()> {{
        let mut set = JoinSet::new();
        for order in orders {{
            let delivery = self.enqueue(order).await?;
            set.spawn(Self::confirmed(delivery));
        }}
        while let Some(done) = set.join_next().await {{
            done??;
        }}
        Ok(())
    }}
}}
"#
        ),
        expect![[r#"
            source call caller never
            effect e0 kafka:orders unknown publish resent
            cond c0 fixed # orders
            cond c1 free # sending fails
            cond c2 free failing=2 # delivery.await
            task s0
            n0: branch c0 0=n1 1=n8
            n1: branch c1 0=n2 1=n9
            n2: spawn s0 child=n3 then=n7
            n3: effect e0 ok=n4 err=n6
            n4: branch c2 0=n5 1=n6
            n5: end ok
            n6: end err
            n7: join s0 ok=n8 err=n9
            n8: exit ok
            n9: exit err
        "#]],
    );
}

#[test]
fn what_is_tried_until_it_succeeds_is_no_round() {
    check(
        &format!(
            r#"{CLIENTS}
async fn connected() -> PgPool {{
    loop {{
        match PgPool::connect("postgres://db").await {{
            Ok(pool) => return pool,
            Err(_) => sleep(Duration::from_secs(1)).await,
        }}
    }}
}}
async fn watch(producer: FutureProducer) {{
    let pool = connected().await;
    loop {{
        let order: Order = sqlx::query_as("SELECT id, total, kind FROM orders LIMIT 1").fetch_one(&pool).await.unwrap();
        producer.send(FutureRecord::<(), _>::to("orders").payload(&order.id), Duration::from_secs(5)).await.unwrap();
        sleep(Duration::from_secs(60)).await;
    }}
}}
"#
        ),
        expect![[r#"
            source call caller never
            effect e0 kafka:orders unknown publish resent
            retry r0 unbounded
            n0: read sqlx retry=r0 ok=n1 err=n9
            n1: pass retry=r0 then=n2
            n2: read postgres:orders ok=n3 err=n9
            n3: effect e0 ok=n4 err=n9
            n4: sleep 60000 then=n8
            n5: exit panic
            n6: exit panic
            n7: sleep 1000 retry=r0 then=n0
            n8: exit ok
            n9: exit err
        "#]],
    );
}

#[test]
fn a_unit_is_where_it_publishes_if_that_is_a_task_or_a_loop_without_end() {
    let source = r#"use rdkafka::producer::{FutureProducer, FutureRecord};
use std::time::Duration;
async fn tell(producer: &FutureProducer, what: &str) -> anyhow::Result<()> {
    producer.send(FutureRecord::<(), _>::to("changes").payload(what), Duration::from_secs(5)).await.map_err(|(error, _)| error)?;
    Ok(())
}
async fn in_a_task(producer: FutureProducer) {
    tokio::spawn(async move {
        if let Err(error) = tell(&producer, "started").await {
            tracing::error!("{error}");
        }
    });
}
async fn in_rounds(producer: FutureProducer) {
    loop {
        let alive = FutureRecord::<(), _>::to("changes").payload("alive");
        if let Err((error, _)) = producer.send(alive, Duration::from_secs(5)).await {
            tracing::error!("{error}");
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}
async fn at_once(producer: FutureProducer) -> anyhow::Result<()> {
    let sent = producer.send(FutureRecord::<(), _>::to("changes").payload("now"), Duration::from_secs(5)).await;
    sent.map_err(|(error, _)| error)?;
    Ok(())
}
"#;
    expect![[r#"
        main::tell:3
        main::in_a_task:9
        main::in_rounds:17
        main::at_once:23
    "#]]
    .assert_eq(&places(&[("main.rs", source)]));
}

#[test]
fn what_is_too_long_to_follow_is_a_unit_all_the_same() {
    let requests = "http.post(\"https://pay.example\").send().await?;\n".repeat(4200);
    let source = format!(
        r#"use rdkafka::producer::{{FutureProducer, FutureRecord}};
async fn publish(producer: FutureProducer, http: reqwest::Client) -> anyhow::Result<()> {{
    producer.send(FutureRecord::<(), _>::to("flags").payload("now"), std::time::Duration::from_secs(5)).await.map_err(|(error, _)| error)?;
    {requests}
    Ok(())
}}
"#
    );
    expect![[r#"
        main::publish:2 # the unit has too many paths to follow
    "#]]
    .assert_eq(&places(&[("main.rs", &source)]));
}

#[test]
fn what_a_slice_has_itself_is_not_asked_of_an_extension_trait() {
    check(
        &format!(
            r#"{CLIENTS}
trait RangeExt<T> {{ fn is_empty(&self) -> bool {{ false }} }}
impl<T: PartialOrd, R: RangeBounds<T>> RangeExt<T> for R {{}}
fn topic_of<'s>(path: &[usize], row: &'s str) -> Option<&'s str> {{
    if path.is_empty() {{ Some(row) }} else {{ None }}
}}
async fn write(producer: &FutureProducer, path: Vec<usize>, row: Row) -> Result<()> {{
    let Some(topic) = topic_of(&path, &row.name) else {{ return Ok(()) }};
    let record = FutureRecord::<(), _>::to(topic).payload(&row.data);
    producer.send(record, Duration::from_secs(5)).await.map_err(|(error, _)| error)?;
    Ok(())
}}
"#
        ),
        expect![[r#"
            source call caller never
            effect e0 kafka unknown publish resent
            cond c0 fixed # path.is_empty()
            n0: branch c0 0=n1 1=n4
            n1: effect e0 ok=n2 err=n3
            n2: exit ok
            n3: exit err
            n4: pass then=n2
        "#]],
    );
}

#[test]
fn a_clients_own_method_comes_before_a_traits_of_the_same_name() {
    check(
        &format!(
            r#"{CLIENTS}
trait Publisher {{ async fn send(&self, topic: &str, body: Vec<u8>) -> Result<()>; }}
impl Publisher for FutureProducer {{
    async fn send(&self, topic: &str, body: Vec<u8>) -> Result<()> {{
        self.send(FutureRecord::<(), _>::to(topic).payload(&body), Duration::from_secs(5)).await.map_err(|(error, _)| error)?;
        Ok(())
    }}
}}
struct Flush {{ client: Arc<dyn Publisher>, pool: PgPool }}
impl Flush {{
    async fn flush(&self, order: Order) -> Result<()> {{
        sqlx::query("INSERT INTO flushed (id) VALUES ($1)").bind(&order.id).execute(&self.pool).await?;
        self.client.send("orders", order.id.into_bytes()).await
    }}
}}
"#
        ),
        expect![[r#"
            == main::FutureProducer::send
            source call caller never
            effect e0 kafka:orders unknown publish resent
            n0: effect e0 ok=n1 err=n2
            n1: exit ok
            n2: exit err
            == main::Flush::flush
            source call caller never
            effect e0 postgres:flushed plain
            effect e1 kafka:orders unknown publish resent
            n0: effect e0 ok=n1 err=n3
            n1: effect e1 ok=n2 err=n3
            n2: exit ok
            n3: exit err
        "#]],
    );
}

#[test]
fn a_failure_that_is_sent_to_who_waits_for_it_is_told() {
    let flush = |told: &str| {
        lowered(&format!(
            r#"{CLIENTS}
use tokio::sync::oneshot;
struct Request {{ body: Vec<u8>, sender: oneshot::Sender<Result<()>> }}
async fn produce(producer: &FutureProducer, body: &[u8]) -> Result<()> {{
    producer.send(FutureRecord::<(), _>::to("orders").payload(body), Duration::from_secs(5)).await.map_err(|(error, _)| error)?;
    Ok(())
}}
async fn flush(producer: FutureProducer, Request {{ body, sender }}: Request) {{
    let result = produce(&producer, &body).await;
    if result.is_ok() {{
        println!("flushed");
    }}
    {told}
}}
"#
        ))
    };
    expect![[r#"
        source call caller never
        effect e0 kafka:orders unknown publish resent
        n0: effect e0 ok=n1 err=n2
        n1: exit ok
        n2: exit err
    "#]]
    .assert_eq(&flush("if sender.send(result).is_err() { println!(\"gone\"); }"));
    expect![[r#"
        == main::produce
        source call caller never
        effect e0 kafka:orders unknown publish resent
        n0: effect e0 ok=n1 err=n2
        n1: exit ok
        n2: exit err
        == main::flush
        source call caller never
        effect e0 kafka:orders unknown publish resent
        n0: effect e0 ok=n1 err=n1
        n1: exit ok
    "#]]
    .assert_eq(&flush("if sender.send(Ok(())).is_err() { println!(\"gone\"); }"));
}

#[test]
fn what_is_taken_out_of_a_struct_has_its_fields_type() {
    let effects = |take: &str| {
        let text = lowered(&format!(
            r#"{CLIENTS}
struct Job {{ out: (FutureProducer, Order), tries: u8 }}
struct Note {{ out: (Vec<u8>, Order), tries: u8 }}
async fn publish(job: Job, note: Note) -> Result<()> {{
    {take}
    producer.send(FutureRecord::<(), _>::to("orders").payload(&order.id), Duration::from_secs(5)).await.map_err(|(error, _)| error)?;
    Ok(())
}}
"#
        ));
        text.lines().filter(|line| line.starts_with("effect")).count()
    };
    for take in [
        "let Job { out: (producer, order), .. } = job;",
        "let (producer, order) = match job { Job { out, tries: 0 } | Job { out, .. } => out };",
        "let take = |Job { out, .. }| out;\n    let (producer, order) = take(job);",
    ] {
        assert_eq!(effects(take), 1, "{take}");
        assert_eq!(
            effects(&take.replace("Job", "Note").replace("job", "note")),
            0,
            "{take}"
        );
    }
}

#[test]
fn a_failure_that_another_crate_wraps_stays_one() {
    let text = lowered(&format!(
        r#"{CLIENTS}
use miette::IntoDiagnostic;
async fn announce(producer: FutureProducer, order: Order) -> miette::Result<()> {{
    let record = FutureRecord::<(), _>::to("orders").payload(&order.id);
    match producer.send(record, Duration::from_secs(5)).await {{
        Ok(_) => Ok(()),
        Err((error, _)) => Err(error).into_diagnostic(),
    }}
}}
"#
    ));
    assert!(
        text.contains("n0: effect e0 ok=n1 err=n2\nn1: exit ok\nn2: exit err"),
        "{text}"
    );
}
