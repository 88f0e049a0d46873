//! Tables as queues: taking rows, claiming them, and what becomes of them.

use expect_test::expect;

use crate::harness::{check, check_each, check_files, lowered};

#[test]
fn claimed_for_good() {
    check(
        r#"async fn run(pool: PgPool, http: Client) -> Result<()> {
    loop {
        let next: Option<(i64, String)> = sqlx::query_as(
            "UPDATE jobs SET status = 'running' WHERE id = (SELECT id FROM jobs WHERE status = 'queued' LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, body",
        ).fetch_optional(&pool).await?;
        let Some((id, body)) = next else { continue };
        match http.put("https://jobs.example").body(body).send().await {
            Ok(_) => sqlx::query("UPDATE jobs SET status = 'done' WHERE id = $1").bind(id).execute(&pool).await?,
            Err(_) => sqlx::query("UPDATE jobs SET status = $2 WHERE id = $1").bind(id).bind("queued").execute(&pool).await?,
        };
    }
}"#,
        expect![[r#"
            source postgres queue manual dlq # jobs
            effect e0 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n4 end=n0
            n1: claim ok=n2
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: nack ok=n0 err=n4
        "#]],
    );
}

#[test]
fn claimed_in_a_transaction_of_its_own() {
    check(
        r#"async fn run(pool: PgPool, http: Client) -> Result<()> {
    loop {
        let mut tx = pool.begin().await?;
        let next: Option<(i64, String)> = sqlx::query_as("SELECT id, body FROM jobs WHERE locked_by IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED")
            .fetch_optional(&mut *tx).await?;
        let Some((id, body)) = next else { continue };
        sqlx::query("UPDATE jobs SET locked_by = 'me', locked_at = now() WHERE id = $1").bind(id).execute(&mut *tx).await?;
        tx.commit().await?;
        http.put("https://jobs.example").body(body).send().await?;
        sqlx::query("UPDATE jobs SET attempts = attempts + 1 WHERE id = $1").bind(id).execute(&pool).await?;
        sqlx::query("DELETE FROM jobs WHERE id = $1").bind(id).execute(&pool).await?;
    }
}"#,
        expect![[r#"
            source postgres queue manual dlq # jobs
            effect e0 http:PUT idem http unconfirmed
            effect e1 postgres:jobs idem
            tx t0 postgres
            n0: receive next=n1 err=n7 end=n0
            n1: begin t0 ok=n2
            n2: claim in t0 ok=n3 err=n8
            n3: commit t0 ok=n4 err=n7
            n4: effect e0 ok=n5 err=n7
            n5: effect e1 ok=n6 err=n7
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: rollback t0 then=n7
        "#]],
    );
}

#[test]
fn taken_back_by_a_sweeper() {
    check(
        r#"const NEXT: &str = "UPDATE jobs SET status = 'running', started_at = now() WHERE id = (SELECT id FROM jobs WHERE status = 'queued' LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, body";
const SWEEP: &str = "UPDATE jobs SET status = 'queued' WHERE status = 'running' AND started_at < now() - interval '5 minutes'";
async fn sweep(pool: PgPool) -> Result<()> {
    sqlx::query(SWEEP).execute(&pool).await?;
    Ok(())
}
async fn run(pool: PgPool, http: Client) -> Result<()> {
    loop {
        let next: Option<(i64, String)> = sqlx::query_as(NEXT).fetch_optional(&pool).await?;
        let Some((id, body)) = next else { continue };
        http.put("https://jobs.example").body(body).send().await?;
        sqlx::query("UPDATE jobs SET status = 'done' WHERE id = $1").bind(id).execute(&pool).await?;
    }
}"#,
        expect![[r#"
            source postgres queue manual dlq # jobs
            effect e0 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n3 end=n0
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
        "#]],
    );
}

/// Rows that are published and then removed are the messages, although reading them takes them from nobody.
#[test]
fn relayed() {
    check(
        r#"
use rdkafka::producer::{FutureProducer, FutureRecord};
async fn relay(pool: PgPool, producer: FutureProducer) -> Result<()> {
    let rows = sqlx::query!("SELECT id, topic, body FROM outbox ORDER BY id LIMIT 50").fetch_all(&pool).await?;
    for row in rows {
        producer.send(FutureRecord::<(), _>::to(&row.topic).payload(&row.body), Duration::from_secs(5)).await.map_err(|(e, _)| e)?;
        sqlx::query!("DELETE FROM outbox WHERE id = $1", row.id).execute(&pool).await?;
    }
    Ok(())
}
"#,
        expect![[r#"
            source postgres queue manual dlq # outbox
            effect e0 kafka unknown publish resent
            cond c0 fixed # rows
            n0: receive next=n1 err=n5
            n1: branch c0 0=n2 1=n4
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n4 err=n5
            n4: exit ok
            n5: exit err
        "#]],
    );
}

/// A row that the caller asks for is not a message: whoever calls sees the failure.
#[test]
fn published_by_request() {
    check(
        r#"
use rdkafka::producer::{FutureProducer, FutureRecord};
async fn announce(pool: PgPool, producer: FutureProducer, id: i64) -> Result<()> {
    let order = sqlx::query!("SELECT body FROM orders WHERE id = $1", id).fetch_one(&pool).await?;
    producer.send(FutureRecord::<(), _>::to("orders").payload(&order.body), Duration::from_secs(5)).await.map_err(|(e, _)| e)?;
    sqlx::query!("UPDATE orders SET announced = true WHERE id = $1", id).execute(&pool).await?;
    Ok(())
}
"#,
        expect![[r#"
            source call caller never
            effect e0 kafka:orders unknown publish resent
            effect e1 postgres:orders idem
            n0: read postgres:orders ok=n1 err=n4
            n1: effect e0 ok=n2 err=n4
            n2: effect e1 ok=n3 err=n4
            n3: exit ok
            n4: exit err
        "#]],
    );
}

/// Rows of a statement that a client builds, held by the transaction that a closure runs in.
#[test]
fn relayed_by_a_builder() {
    check_files(
        &[
            (
                "migrations/1/up.sql",
                "CREATE TABLE outbox (id BIGINT PRIMARY KEY, topic TEXT NOT NULL, body BYTEA NOT NULL);",
            ),
            (
                "main.rs",
                r#"
use diesel::{Connection, PgConnection, QueryDsl, RunQueryDsl, result::Error};
use kafka::producer::{Producer, Record};
mod schema {
    diesel::table! { outbox (id) { id -> Int8, topic -> Text, body -> Binary, } }
}
fn next(kafka: &mut Producer, conn: &mut PgConnection) -> anyhow::Result<bool> {
    use schema::outbox::dsl::*;
    conn.transaction(|conn| {
        let row = match outbox.order(id.asc()).for_update().skip_locked().first::<Row>(conn) {
            Ok(row) => row,
            Err(Error::NotFound) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        kafka.send(&Record::from_value(&row.topic, row.body))?;
        diesel::delete(outbox.filter(id.eq(row.id))).execute(conn)?;
        Ok(true)
    })
}
"#,
            ),
        ],
        expect![[r#"
            source postgres queue manual dlq # outbox
            effect e0 kafka unknown publish
            tx t0 postgres
            cond c0 fixed # outbox.order(id.asc()).for_update().skip_locked().first::<R…
            n0: receive next=n1 err=n8
            n1: begin t0 ok=n2
            n2: effect e0 ok=n3 err=n7
            n3: ack in t0 ok=n4 err=n7
            n4: commit t0 ok=n5 err=n6
            n5: exit ok
            n6: exit err
            n7: rollback t0 then=n6
            n8: branch c0 0=n5 1=n6
        "#]],
    );
}

/// A statement that is put together piece by piece, in a cell that is filled once.
#[test]
fn taken_by_a_statement_in_pieces() {
    check(
        r#"
static TAKE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
async fn take(tx: &mut Transaction<'_, Postgres>, table: &str, urgent: bool) -> Result<Option<(i64, String)>> {
    let text = TAKE.get_or_init(|| {
        let mut text = String::from("SELECT id, body FROM jobs WHERE state = $1 ");
        if urgent {
            text.push_str("AND (urgent OR ");
            text.push_str(&table.to_uppercase());
            text.push(')');
        }
        text.push_str("LIMIT 1 FOR UPDATE SKIP LOCKED");
        text
    });
    Ok(sqlx::query_as(text).bind("queued").fetch_optional(&mut **tx).await?)
}
async fn run(pool: PgPool, http: Client) -> Result<()> {
    let mut tx = pool.begin().await?;
    let Some((id, body)) = take(&mut tx, "jobs", true).await? else { return Ok(()) };
    sqlx::query("UPDATE jobs SET state = $1 WHERE id = $2").bind("running").bind(id).execute(&mut *tx).await?;
    tx.commit().await?;
    pay(&http, body.as_bytes()).await?;
    sqlx::query("UPDATE jobs SET state = $1 WHERE id = $2").bind("completed").bind(id).execute(&pool).await?;
    Ok(())
}
"#,
        expect![[r#"
            source postgres queue manual dlq # jobs
            effect e0 http:POST plain http unconfirmed
            tx t0 postgres
            n0: receive next=n1 err=n7 end=n6
            n1: begin t0 ok=n2
            n2: claim in t0 ok=n3 err=n8
            n3: commit t0 ok=n4 err=n7
            n4: effect e0 ok=n5 err=n7
            n5: ack ok=n6 err=n7
            n6: exit ok
            n7: exit err
            n8: rollback t0 then=n7
        "#]],
    );
}

/// Rounds that go on until the process ends: what a failed read keeps from being published is published in the next.
#[test]
fn published_in_rounds() {
    check(
        r#"
use rdkafka::producer::{FutureProducer, FutureRecord};
async fn watch(producer: FutureProducer, http: Client) -> Result<()> {
    loop {
        if let Ok(answer) = http.get("https://prices.example").send().await {
            producer.send(FutureRecord::<(), _>::to("prices").payload(&answer.text().await?), Duration::from_secs(5)).await.map_err(|(e, _)| e)?;
        }
        sleep(Duration::from_secs(60)).await;
    }
}
"#,
        expect![[r#"
            source call caller never
            effect e0 kafka:prices unknown publish resent
            n0: read reqwest ok=n1 err=n6
            n1: read reqwest ok=n2 err=n6
            n2: effect e0 ok=n3 err=n6
            n3: sleep 60000 then=n5
            n4: exit err
            n5: exit ok
            n6: exit err
        "#]],
    );
}

/// Rows that are published side by side by a service behind a trait, and settled together by a statement in pieces: those of which that
/// failed stay where they are, unless everything is settled.
#[test]
fn relayed_side_by_side() {
    let relay = |settled: &str| {
        format!(
            r#"
use futures::stream::FuturesUnordered;
use rdkafka::producer::{{FutureProducer, FutureRecord}};
#[async_trait::async_trait]
trait Tasks: Send + Sync {{
    async fn retries(&self) -> Result<Vec<Task>>;
    async fn complete(&self, ids: Vec<i64>) -> Result<u64>;
}}
struct Task {{ id: i64, body: Vec<u8> }}
struct Stored {{ pool: PgPool }}
#[async_trait::async_trait]
impl Tasks for Stored {{
    async fn retries(&self) -> Result<Vec<Task>> {{
        Ok(sqlx::query_as("SELECT id, body FROM tasks WHERE status = 'retry'").fetch_all(&self.pool).await?)
    }}
    async fn complete(&self, ids: Vec<i64>) -> Result<u64> {{
        let mut statement = sqlx::QueryBuilder::new("UPDATE tasks ");
        statement.push("SET status = ").push_bind("complete").push(" WHERE id IN (");
        let mut list = statement.separated(", ");
        for id in ids {{
            list.push_bind(id);
        }}
        list.push_unseparated(")");
        Ok(statement.build().execute(&self.pool).await?.rows_affected())
    }}
}}
async fn upkeep(tasks: Arc<dyn Tasks>, producer: Arc<FutureProducer>) {{
    let Ok(retries) = tasks.retries().await else {{ return }};
    let sent = retries
        .into_iter()
        .map(|task| {{
            let producer = producer.clone();
            async move {{
                let record = FutureRecord::<(), Vec<u8>>::to("retries").payload(&task.body);
                let sent = producer.send(record, Duration::from_secs(1)).await;
                {settled}
            }}
        }})
        .collect::<FuturesUnordered<_>>();
    let ids = sent.collect::<Vec<_>>().await.into_iter().filter_map(Result::ok).collect();
    if let Err(error) = tasks.complete(ids).await {{
        tracing::error!("{{error}}");
    }}
}}
"#
        )
    };
    check(
        &relay("match sent { Ok(_) => Ok(task.id), Err((error, _)) => Err(error) }"),
        expect![[r#"
            source postgres queue manual dlq # tasks
            effect e0 kafka:retries unknown publish resent
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n3 err=n3
            n3: exit ok
        "#]],
    );
    check(
        &relay("if let Err((error, _)) = sent { tracing::error!(\"{error}\") } Ok::<i64, ()>(task.id)"),
        expect![[r#"
            source postgres queue manual dlq # tasks
            effect e0 kafka:retries unknown publish resent
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n2
            n2: ack ok=n3 err=n3
            n3: exit ok
        "#]],
    );
}

#[test]
fn a_row_that_is_taken_where_futures_are_blocked_on_and_worked_on_by_what_the_caller_chose() {
    let next = |handle: &str| {
        lowered(&format!(
            r#"
struct Job {{ id: i64 }}
fn next(runtime: tokio::runtime::Handle, pool: PgPool, handle: {handle}) -> Result<bool> {{
    let mut tx = runtime.block_on(pool.begin())?;
    let taken = sqlx::query_as!(Job, "SELECT id FROM jobs ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED").fetch_optional(&mut *tx);
    let Some(job) = runtime.block_on(taken)? else {{ return Ok(false) }};
    handle(&job)?;
    tokio::runtime::Handle::block_on(&runtime, sqlx::query!("DELETE FROM jobs WHERE id = $1", job.id).execute(&mut *tx))?;
    runtime.block_on(tx.commit())?;
    Ok(true)
}}"#
        ))
    };
    expect![[r#"
        source postgres queue manual dlq # jobs
        effect e0 handle(&job) opaque
        tx t0 postgres
        n0: receive next=n1 err=n6 end=n5
        n1: begin t0 ok=n2
        n2: opaque e0 ok=n3 err=n7
        n3: ack in t0 ok=n4 err=n7
        n4: commit t0 ok=n5 err=n6
        n5: exit ok
        n6: exit err
        n7: rollback t0 then=n6
    "#]]
    .assert_eq(&next("impl FnOnce(&Job) -> Result<()>"));
    // What gives no result is asked for something.
    expect![[r#"
        source postgres queue manual dlq # jobs
        tx t0 postgres
        cond c0 malformed failing=2 # handle(&job)
        unknown nothing is seen that is done with a message
        n0: receive next=n1 err=n6 end=n5
        n1: begin t0 ok=n2
        n2: branch c0 0=n3 1=n7
        n3: ack in t0 ok=n4 err=n7
        n4: commit t0 ok=n5 err=n6
        n5: exit ok
        n6: exit err
        n7: rollback t0 then=n6
    "#]]
    .assert_eq(&next("impl Fn(&Job) -> Option<u8>"));
}

#[test]
fn what_the_caller_chose_only_looks_where_something_else_is_done() {
    check_each(
        "fn valid(check: impl Fn(&[u8]) -> Result<()>, body: &[u8]) -> bool { check(body).is_ok() }",
        "if valid(strict(), &delivery.data) { pay(&http, &delivery.data).await?; }\n        delivery.ack(BasicAckOptions::default()).await?;",
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # check(body)
            n0: receive next=n1 err=n5 end=n5
            n1: branch c0 0=n2 1=n3
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

/// A row that is leased by the statement that takes it, and what may take longer than that.
#[test]
fn a_lease_and_how_long_a_request_may_take() {
    check(
        r#"
#[derive(sqlx::FromRow)]
struct Pickup { id: i64 }
async fn run(pool: PgPool) -> Result<()> {
    let http = Client::builder().timeout(Duration::from_secs(90)).build()?;
    loop {
        let taken: Option<Pickup> = sqlx::query_as("UPDATE pickups SET leased_until = now() + interval '30 seconds' WHERE id = (SELECT id FROM pickups WHERE ordered_at IS NULL AND (leased_until IS NULL OR leased_until < now()) LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id")
            .fetch_optional(&pool).await?;
        let Some(pickup) = taken else {
            sleep(Duration::from_secs(1)).await;
            continue;
        };
        http.put("https://carrier.example").json(&pickup.id).send().await?.error_for_status()?;
        sqlx::query("UPDATE pickups SET ordered_at = now() WHERE id = $1").bind(pickup.id).execute(&pool).await?;
    }
}"#,
        expect![[r#"
            source postgres queue manual dlq lease=30000 # pickups
            effect e0 http:PUT idem http limit=90000
            n0: receive next=n1 err=n3 end=n0
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
        "#]],
    );
}
