//! What stores are told and what they answer.

use expect_test::expect;

use crate::harness::{check, check_each};

#[test]
fn a_count_says_whether_a_row_is_there() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client, pool: PgPool) -> Result<()> {
    while let Some(Ok(delivery)) = consumer.next().await {
        let order = decode(&delivery.data)?;
        let mut tx = pool.begin().await?;
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM paid WHERE id = $1").bind(&order.id).fetch_one(&mut *tx).await?;
        if seen == 0 {
            sqlx::query("INSERT INTO paid (id) VALUES ($1)").bind(&order.id).execute(&mut *tx).await?;
            sqlx::query("UPDATE sums SET total = total + $1").bind(order.total).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:sums plain
            key k0 postgres:paid
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n10 end=n10
            n1: branch c0 0=n2 1=n8
            n2: begin t0 ok=n3 err=n8
            n3: check k0 in t0 absent=n4 found=n6 err=n9
            n4: mark k0 in t0 ok=n5 err=n9
            n5: effect e0 in t0 ok=n6 err=n9
            n6: commit t0 ok=n7 err=n8
            n7: ack ok=n0 err=n8
            n8: exit err
            n9: rollback t0 then=n8
            n10: exit ok
        "#]],
    );
}

#[test]
fn the_values_of_an_array_are_told_apart() {
    check(
        r#"use tokio_postgres::Client as Db;
async fn record(db: &Db, order: &Order) -> Result<u64> {
    Ok(db.execute("INSERT INTO paid (row, id) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING", &[&uuid::Uuid::new_v4(), &order.id]).await?)
}
async fn run(mut consumer: Consumer, http: Client, pool: PgPool, db: Db) -> Result<()> {
    while let Some(Ok(delivery)) = consumer.next().await {
        let order = decode(&delivery.data)?;
        if record(&db, &order).await? == 1 {
            pay(&http, &delivery.data).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            key k0 postgres:paid unique
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: mark k0 if-absent fresh=n3 dup=n4 err=n5
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: exit ok
        "#]],
    );
}

#[test]
fn a_published_id_that_is_new_on_each_attempt() {
    check(
        r#"use lapin::{BasicProperties, Channel};
async fn run(mut consumer: Consumer, http: Client, pool: PgPool, channel: Channel) -> Result<()> {
    while let Some(Ok(delivery)) = consumer.next().await {
        let properties = BasicProperties::default().with_message_id(uuid::Uuid::new_v4().to_string().into());
        channel.basic_publish("".into(), "paid".into(), BasicPublishOptions::default(), &delivery.data, properties).await?.await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 amqp:paid plain publish unstable
            cond c0 free # sending fails
            n0: receive next=n1 err=n5 end=n5
            n1: branch c0 0=n2 1=n4
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

/// Where a number is expected, a member that is not there is a failure; that is none of the system.
#[test]
fn a_typed_read_of_what_is_not_there() {
    check_each(
        r#"
use redis::AsyncCommands;
async fn seen(redis: &mut redis::aio::MultiplexedConnection, id: &str) -> Result<bool> {
    let score: Option<f64> = redis.zscore("seen", id).await.ok();
    Ok(score.is_some())
}
"#,
        r#"
        let order = decode(&delivery.data)?;
        let mut redis = redis::Client::open("redis://cache").unwrap().get_multiplexed_async_connection().await?;
        if let Ok(true) = seen(&mut redis, &order.id).await {
            delivery.ack(BasicAckOptions::default()).await?;
            continue;
        }
        pay(&http, &delivery.data).await?;
        let _: () = redis.zadd("seen", &order.id, 1).await?;
        delivery.ack(BasicAckOptions::default()).await?;
"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            key k0 redis:seen cache
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n10 end=n10
            n1: branch c0 0=n2 1=n7
            n2: read redis ok=n3 err=n7
            n3: check k0 absent=n4 found=n8 err=n4
            n4: effect e0 ok=n5 err=n7
            n5: mark k0 ok=n6 err=n7
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: ack ok=n9 err=n7
            n9: pass then=n0
            n10: exit ok
        "#]],
    );
}

#[test]
fn a_conditional_write_that_is_refused_is_told_from_one_that_fails() {
    check_each(
        r#"
use aws_sdk_dynamodb::{Client as Dynamo, types::AttributeValue};
async fn put(dynamo: &Dynamo, order: &Order) -> Result<()> {
    let put = dynamo.put_item().table_name("orders").item("id", AttributeValue::S(order.id.clone()))
        .condition_expression("attribute_not_exists(id)").send().await.map_err(|err| err.into_service_error());
    match put {
        Ok(_) => Ok(()),
        Err(err) if err.is_conditional_check_failed_exception() => Ok(()),
        Err(err) => Err(err.into()),
    }
}
"#,
        r#"
        let order = decode(&delivery.data)?;
        let dynamo = Dynamo::new(&aws_config::load_from_env().await);
        put(&dynamo, &order).await?;
        delivery.ack(BasicAckOptions::default()).await?;
"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 dynamodb:orders idem
            key k0 dynamodb:orders unique
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n5 end=n5
            n1: branch c0 0=n2 1=n4
            n2: mark k0 if-absent with e0 fresh=n3 dup=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn a_conditional_write_whose_refusal_nobody_tells_just_fails() {
    check_each(
        r#"
use aws_sdk_dynamodb::{Client as Dynamo, types::AttributeValue};
"#,
        r#"
        let order = decode(&delivery.data)?;
        let dynamo = Dynamo::new(&aws_config::load_from_env().await);
        let put = dynamo.put_item().table_name("orders").item("id", AttributeValue::S(order.id.clone()))
            .condition_expression("attribute_not_exists(id)").send().await;
        if let Err(err) = put {
            tracing::error!("ConditionalCheckFailed or not: {err}");
        }
        delivery.ack(BasicAckOptions::default()).await?;
"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 dynamodb:orders idem
            key k0 dynamodb:orders unique
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n5 end=n5
            n1: branch c0 0=n2 1=n4
            n2: mark k0 unique with e0 ok=n3 err=n3
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn messages_of_the_other_receive_are_no_concern_of_this_one() {
    check(
        r#"
use redis::{AsyncCommands, aio::MultiplexedConnection, streams::*};
async fn run(mut redis: MultiplexedConnection) -> Result<()> {
    loop {
        let fresh: Option<StreamReadReply> = redis.xread_options(&["s"], &[">"], &StreamReadOptions::default().group("g", "me")).await?;
        for entry in fresh.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids) {
            let _: () = redis.sadd("fresh", entry.get::<String>("card")).await?;
            let _: usize = redis.xack("s", "g", &[&entry.id]).await?;
        }
        let stale: StreamAutoClaimReply = redis.xautoclaim_options("s", "g", "me", 1000, "0-0", StreamAutoClaimOptions::default()).await?;
        for entry in stale.claimed {
            let _: () = redis.sadd("stale", entry.get::<String>("card")).await?;
            let _: usize = redis.xack("s", "g", &[&entry.id]).await?;
        }
    }
}
"#,
        expect![[r#"
            == main::run
            source redis queue manual # s
            effect e0 redis:fresh idem cache
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            == main::run
            source redis queue manual lease=1000 # s
            effect e0 redis:stale idem cache
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
        "#]],
    );
}

#[test]
fn a_refused_answer_has_failed() {
    check_each(
        r#"
async fn call(http: &Client, body: &[u8]) -> Result<(), Option<reqwest::StatusCode>> {
    let response = http.put("https://pay.example").body(body.to_vec()).send().await.map_err(|_| None)?;
    let status = response.status();
    if status.is_client_error() {
        return Err(Some(status));
    }
    response.error_for_status().map_err(|_| None)?;
    Ok(())
}
"#,
        r#"
        match call(&http, &delivery.data).await {
            Ok(()) | Err(Some(_)) => delivery.ack(BasicAckOptions::default()).await?,
            Err(None) => continue,
        }
"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:PUT idem http
            cond c0 store # status.is_client_error()
            cond c1 store failing=2 # http.put("https://pay.example").body(body.to_vec()).send()
            n0: receive next=n1 err=n7 end=n7
            n1: effect e0 ok=n2 err=n6
            n2: branch c0 0=n3 1=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: branch c1 0=n3 1=n6
            n6: pass then=n0
            n7: exit ok
        "#]],
    );
}

/// The effects of a flow, and its marks.
fn told(items: &str, body: &str) -> Vec<String> {
    let text = crate::harness::lowered_each(items, body);
    let about = |line: &&str| {
        line.contains("effect e") && !line.contains("ok=") || line.contains(": mark ") || line.contains(": check ")
    };
    let lines = text.lines().filter(about);
    lines
        .map(|line| {
            line.trim_start_matches(|c: char| c != 'e' && c != 'm' && c != 'c')
                .to_owned()
        })
        .collect()
}

/// What MULTI queues takes effect together; what is asked under WATCH belongs to it.
#[test]
fn commands_that_are_queued() {
    let body = r#"
        let id = String::from_utf8_lossy(&delivery.data).into_owned();
        let mut redis: redis::aio::MultiplexedConnection = connected();
        let known: bool = redis.exists(&id).await?;
        if !known {
            redis::pipe().KIND.incr("sum", 1).set_ex(&id, 1, 60).query_async::<()>(&mut redis).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;
"#;
    let items = "use redis::AsyncCommands;";
    let together = crate::harness::lowered_each(items, &body.replace("KIND", "atomic()"));
    let apart = crate::harness::lowered_each(items, &body.replace(".KIND", ""));
    assert!(
        together.contains("mark k0 in t0") && together.contains("effect e0 in t0"),
        "{together}"
    );
    assert!(apart.contains("mark k0 ok") && !apart.contains("in t0"), "{apart}");
}

/// The operators of an update, and what its filter excludes.
#[test]
fn documents() {
    let items = "use mongodb::{Collection, bson::{Document, doc}};";
    let change = |filter: &str, update: &str| {
        let body = format!(
            "let id = String::from_utf8_lossy(&delivery.data).into_owned(); \
             let all: Collection<Document> = collection(); \
             all.update_one(doc! {{ {filter} }}, doc! {{ {update} }}).await?; \
             delivery.ack(BasicAckOptions::default()).await?;"
        );
        told(items, &body).join("; ")
    };
    assert_eq!(
        change(r#""_id": &id"#, r#""$set": { "read": true }"#),
        "effect e0 mongodb idem"
    );
    assert_eq!(
        change(r#""_id": &id"#, r#""$inc": { "read": 1 }"#),
        "effect e0 mongodb plain"
    );
    assert_eq!(
        change(
            r#""_id": 1, "state": "new""#,
            r#""$set": { "state": "old" }, "$inc": { "n": 1 }"#
        ),
        "effect e0 mongodb idem"
    );
    assert_eq!(
        change(r#""_id": 1, "n": { "$gte": 1 }"#, r#""$inc": { "n": -1 }"#),
        "effect e0 mongodb plain"
    );
    assert_eq!(
        change(
            r#""_id": 1, "ids": { "$ne": &id }"#,
            r#""$push": { "ids": &id }, "$inc": { "n": 1 }"#
        ),
        "effect e0 mongodb idem"
    );
}

/// Statements that diesel builds are read as written ones are.
#[test]
fn statements_that_are_built() {
    let items = "use diesel::prelude::*;
        diesel::table! { sums (id) { id -> Text, total -> BigInt, state -> Text, } }";
    let statement = |built: &str| {
        let body = format!(
            "let id = String::from_utf8_lossy(&delivery.data).into_owned(); let mut connection: PgConnection = connected(); \
             {built}; delivery.ack(BasicAckOptions::default()).await?;"
        );
        told(items, &body).join("; ")
    };
    let update = |set: &str| {
        format!("diesel::update(sums::table.filter(sums::id.eq(&id))).set({set}).execute(&mut connection)?")
    };
    assert_eq!(
        statement(&update("sums::total.eq(sums::total + 1)")),
        "effect e0 postgres:sums plain"
    );
    assert_eq!(
        statement(&update("(sums::total.eq(1), sums::state.eq(\"done\"))")),
        "effect e0 postgres:sums idem"
    );
    let guarded = "diesel::update(sums::table.filter(sums::state.eq(\"new\"))).set((sums::state.eq(\"done\"), sums::total.eq(sums::total + 1)))";
    assert_eq!(
        statement(&format!("{guarded}.execute(&mut connection)?")),
        "effect e0 postgres:sums idem"
    );
    let first = "let known = sums::table.filter(sums::id.eq(&id)).first::<(String, i64, String)>(&mut connection).optional()?; \
                 if known.is_none() { diesel::insert_into(sums::table).values((sums::id.eq(&id), sums::total.eq(1))).execute(&mut connection)?; }";
    assert!(statement(first).contains("check k0 absent"), "{}", statement(first));
}

/// The fields of an entry, all at once, are what the message says; one that says nothing of it replaces nothing.
#[test]
fn fields_written_at_once() {
    let written = |fields: &str| {
        let body = format!(
            r#"let order = decode(&delivery.data)?;
        let mut redis = redis::Client::open("redis://cache").unwrap().get_multiplexed_async_connection().await?;
        let fields = [("state", {fields})];
        let () = redis.hset_multiple(format!("order:{{}}", order.id), &fields).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#
        );
        told("use redis::AsyncCommands;", &body).join("\n")
    };
    let (told, constant) = (written("order.total.to_string()"), written("\"seen\".to_owned()"));
    assert!(told.contains("redis:order:{} idem cache overwrites"), "{told}");
    assert!(
        constant.contains("cache") && !constant.contains("overwrites"),
        "{constant}"
    );
}
