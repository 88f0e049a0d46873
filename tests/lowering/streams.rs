//! Streams with adapters, and batches that are worked off with iterators.

use expect_test::expect;

use crate::harness::check;

#[test]
fn adapters_before_the_end_of_a_stream() {
    check(
        r#"
async fn accept(delivery: Delivery) -> Result<Order> {
    delivery.ack(BasicAckOptions::default()).await?;
    decode(&delivery.data)
}
async fn store(pool: &PgPool, order: Order) -> Result<()> {
    sqlx::query("INSERT INTO orders (id) VALUES ($1) ON CONFLICT DO NOTHING").bind(order.id).execute(pool).await?;
    Ok(())
}
async fn run(consumer: Consumer, pool: &PgPool) -> Result<()> {
    consumer
        .map_err(anyhow::Error::from)
        .and_then(accept)
        .try_for_each(|order| store(pool, order))
        .await
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n4 end=n5
            n1: ack ok=n2 err=n4
            n2: branch c0 0=n3 1=n4
            n3: effect e0 ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn what_a_filter_drops_is_never_seen_again() {
    check(
        r#"
async fn run(consumer: Consumer, http: Client) -> Result<()> {
    let mut wanted = consumer.filter_map(|delivery| async move {
        let delivery = delivery.ok()?;
        (delivery.data.len() > 2).then_some(delivery)
    });
    tokio::pin!(wanted);
    while let Some(delivery) = wanted.next().await {
        pay(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 fixed # (delivery.data.len() > 2).then_some(delivery)
            n0: receive next=n1 err=n0 end=n5
            n1: branch c0 0=n2 1=n0
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn futures_in_a_stream_are_awaited_where_it_is_buffered() {
    check(
        r#"
async fn run(consumer: Consumer, http: Client) -> Result<()> {
    let mut done = consumer
        .map(|delivery| async {
            let delivery = delivery?;
            pay(&http, &delivery.data).await?;
            anyhow::Ok(delivery)
        })
        .buffered(8);
    while let Some(delivery) = done.try_next().await? {
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n3 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn outcomes_go_with_their_messages() {
    check(
        r#"
async fn drain(sqs: aws_sdk_sqs::Client, http: Client) -> Result<()> {
    loop {
        let received = sqs.receive_message().queue_url("q").send().await?.messages.unwrap_or_default();
        if received.is_empty() {
            continue;
        }
        let outcomes = join_all(received.iter().map(|m| pay(&http, m.body().unwrap_or_default().as_bytes()))).await;
        let mut done = Vec::new();
        for (message, outcome) in received.iter().zip(outcomes) {
            if outcome.is_ok() {
                done.push(message.receipt_handle().unwrap_or_default());
            }
        }
        for handle in done {
            sqs.delete_message().queue_url("q").receipt_handle(handle).send().await?;
        }
    }
}"#,
        expect![[r#"
            source sqs queue manual # q
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n0
            n2: ack ok=n0 err=n3
            n3: exit err
        "#]],
    );
}

#[test]
fn results_are_collected_into_one() {
    check(
        r#"
struct Taken { body: String, handle: String }
async fn take(sqs: &aws_sdk_sqs::Client) -> Result<Vec<Taken>> {
    let output = sqs.receive_message().queue_url("q").send().await?;
    output
        .messages
        .unwrap_or_default()
        .into_iter()
        .map(|message| Ok(Taken { body: message.body.unwrap_or_default(), handle: message.receipt_handle.context("no handle")? }))
        .collect()
}
async fn run(sqs: aws_sdk_sqs::Client, http: Client) -> Result<()> {
    loop {
        for taken in take(&sqs).await? {
            pay(&http, taken.body.as_bytes()).await?;
            sqs.delete_message().queue_url("q").receipt_handle(taken.handle).send().await?;
        }
    }
}"#,
        expect![[r#"
            source sqs queue manual # q
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # message.receipt_handle.context("no handle")
            n0: receive next=n1 err=n4
            n1: branch c0 0=n2 1=n4
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
        "#]],
    );
}

#[test]
fn a_buffer_behind_a_lock_is_a_queue() {
    check(
        r#"
#[derive(Default)]
struct Pending(std::sync::Mutex<Vec<Order>>);
impl Pending {
    fn add(&self, order: Order) {
        self.0.lock().unwrap().push(order);
    }
    fn take(&self) -> Vec<Order> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
async fn run(mut consumer: Consumer, pending: Arc<Pending>) -> Result<()> {
    while let Some(delivery) = consumer.next().await {
        let delivery = delivery?;
        pending.add(decode(&delivery.data)?);
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n4 end=n5
            n1: branch c0 0=n2 1=n4
            n2: handoff ok=n3
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn one_receive_finds_nothing_while_the_unit_is_about_another() {
    check(
        r#"
use redis::{AsyncCommands, streams::{StreamAutoClaimReply, StreamReadOptions, StreamReadReply}};
async fn run(mut redis: redis::aio::MultiplexedConnection, http: Client) -> Result<()> {
    loop {
        let stuck: StreamAutoClaimReply = redis.xautoclaim_options("s", "g", "me", 60_000, "0-0", Default::default()).await?;
        for entry in stuck.claimed {
            pay(&http, entry.id.as_bytes()).await?;
            let _: usize = redis.xack("s", "g", &[&entry.id]).await?;
        }
        let options = StreamReadOptions::default().group("g", "me");
        let reply: StreamReadReply = redis.xread_options(&["s"], &[">"], &options).await?;
        for entry in reply.keys.into_iter().flat_map(|key| key.ids) {
            mail(&http, entry.id.as_bytes()).await?;
            let _: usize = redis.xack("s", "g", &[&entry.id]).await?;
        }
    }
}"#,
        expect![[r#"
            == main::run
            source redis queue manual lease=60000 # s
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            == main::run
            source redis queue manual # s
            effect e0 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
        "#]],
    );
}

#[test]
fn a_list_that_messages_are_moved_back_to_is_no_consumer() {
    check(
        r#"
use redis::{AsyncCommands, Direction, RedisResult};
struct Worker { redis: redis::aio::ConnectionManager, http: Client }
impl Worker {
    async fn recover(&mut self) -> RedisResult<()> {
        loop {
            let left: Option<String> = self.redis.lmove("mine", "waiting", Direction::Left, Direction::Right).await?;
            if left.is_none() {
                return Ok(());
            }
        }
    }
    async fn next(&mut self) -> RedisResult<Option<String>> {
        self.redis.lmove("waiting", "mine", Direction::Right, Direction::Left).await
    }
    async fn run(mut self) -> Result<()> {
        self.recover().await?;
        while let Some(body) = self.next().await? {
            pay(&self.http, body.as_bytes()).await?;
            let _: usize = self.redis.lrem("mine", 1, &body).await?;
        }
        Ok(())
    }
}"#,
        expect![[r#"
            source redis queue manual # waiting
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n3 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

/// Chunks that are not waited for for ever, taken by the traits' own functions.
#[test]
fn chunks_with_a_deadline() {
    check(
        r#"
async fn run(consumer: StreamConsumer, http: Client) -> Result<()> {
    let batches = tokio_stream::StreamExt::chunks_timeout(consumer.stream(), 100, Duration::from_millis(300));
    tokio::pin!(batches);
    while let Some(batch) = StreamExt::next(&mut batches).await {
        for message in batch {
            let message = message?;
            mail(&http, message.payload().unwrap_or_default()).await?;
            consumer.commit_message(&message, CommitMode::Sync)?;
        }
    }
    Ok(())
}"#,
        expect![[r#"
            source kafka log manual
            effect e0 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n3 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: ack up-to ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}
