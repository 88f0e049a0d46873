//! Tasks, queues in memory, streams that are worked off concurrently.

use expect_test::expect;

use crate::harness::{check, check_each};

#[test]
fn spawned_and_joined() {
    check_each(
        r#""#,
        r#"let task = tokio::spawn({
            let http = http.clone();
            let body = delivery.data.clone();
            async move { pay(&http, &body).await }
        });
        task.await??;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            task s0
            n0: receive next=n1 err=n8 end=n8
            n1: spawn s0 child=n2 then=n5
            n2: effect e0 ok=n3 err=n4
            n3: end ok
            n4: end err
            n5: join s0 ok=n6 err=n7
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: exit ok
        "#]],
    );
}

#[test]
fn a_task_gives_back_what_it_was_lent() {
    check_each(
        r#""#,
        r##"let body = delivery.data.clone();
        let watch = tokio::spawn(async move { delivery });
        pay(&http, &body).await?;
        let delivery = watch.await?;
        delivery.ack(BasicAckOptions::default()).await?;"##,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            task s0
            n0: receive next=n1 err=n7 end=n7
            n1: spawn s0 child=n2 then=n3
            n2: end ok
            n3: effect e0 ok=n4 err=n6
            n4: join s0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: exit ok
        "#]],
    );
}

#[test]
fn spawned_and_forgotten() {
    check_each(
        r#""#,
        r#"let client = http.clone();
        let body = delivery.data.clone();
        tokio::spawn(async move {
            if let Err(error) = pay(&client, &body).await {
                tracing::error!(%error, "failed");
            }
        });
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            task s0
            n0: receive next=n1 err=n6 end=n6
            n1: spawn s0 child=n2 then=n4
            n2: effect e0 ok=n3 err=n3
            n3: end ok
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: exit ok
        "#]],
    );
}

/// A task that only waits and asks for ever, and that nobody waits for, has no part in what becomes of a message.
#[test]
fn a_task_that_does_nothing() {
    check_each(
        r#""#,
        r#"let alive = flag.clone();
        tokio::spawn(async move {
            loop {
                if alive.load() {
                    println!("alive");
                }
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        });
        pay(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
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
fn acked_inside_the_task() {
    check_each(
        r#""#,
        r#"let http = http.clone();
        tokio::spawn(async move {
            pay(&http, &delivery.data).await?;
            delivery.ack(BasicAckOptions::default()).await?;
            anyhow::Ok(())
        });"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            task s0
            n0: receive next=n1 err=n6 end=n6
            n1: spawn s0 child=n2 then=n0
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n4 err=n5
            n4: end ok
            n5: end err
            n6: exit ok
        "#]],
    );
}

#[test]
fn handles_in_a_vec_are_awaited() {
    check_each(
        r#""#,
        r#"let mut handles = Vec::new();
        let client = http.clone();
        let body = delivery.data.clone();
        handles.push(tokio::spawn(async move { pay(&client, &body).await }));
        for handle in handles {
            handle.await??;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            task s0
            n0: receive next=n1 err=n8 end=n8
            n1: spawn s0 child=n2 then=n5
            n2: effect e0 ok=n3 err=n4
            n3: end ok
            n4: end err
            n5: join s0 ok=n6 err=n7
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: exit ok
        "#]],
    );
}

#[test]
fn a_join_set() {
    check_each(
        r#""#,
        r#"let orders: Vec<Order> = serde_json::from_slice(&delivery.data)?;
        let mut set = JoinSet::new();
        for order in orders {
            let http = http.clone();
            set.spawn(async move { pay(&http, order.id.as_bytes()).await });
        }
        while let Some(result) = set.join_next().await {
            result??;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(&delivery.data)
            cond c1 fixed # orders
            task s0
            n0: receive next=n1 err=n10 end=n10
            n1: branch c0 0=n2 1=n9
            n2: branch c1 0=n3 1=n8
            n3: spawn s0 child=n4 then=n7
            n4: effect e0 ok=n5 err=n6
            n5: end ok
            n6: end err
            n7: join s0 ok=n8 err=n9
            n8: ack ok=n0 err=n9
            n9: exit err
            n10: exit ok
        "#]],
    );
}

#[test]
fn join_all_over_handles() {
    check_each(
        r#""#,
        r#"let first = tokio::spawn(pay(&http, &delivery.data));
        let results = join_all(vec![first]).await;
        for result in results {
            result??;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            task s0
            n0: receive next=n1 err=n8 end=n8
            n1: spawn s0 child=n2 then=n5
            n2: effect e0 ok=n3 err=n4
            n3: end ok
            n4: end err
            n5: join s0 ok=n6 err=n7
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: exit ok
        "#]],
    );
}

#[test]
fn spawn_blocking() {
    check_each(
        r#"fn store(order: &Order) -> std::io::Result<()> {
    std::fs::write("order.json", &order.id)
}"#,
        r#"let order = decode(&delivery.data)?;
        tokio::task::spawn_blocking(move || store(&order)).await??;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 file:order.json idem file
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            task s0
            n0: receive next=n1 err=n9 end=n9
            n1: branch c0 0=n2 1=n8
            n2: spawn s0 child=n3 then=n6
            n3: effect e0 ok=n4 err=n5
            n4: end ok
            n5: end err
            n6: join s0 ok=n7 err=n8
            n7: ack ok=n0 err=n8
            n8: exit err
            n9: exit ok
        "#]],
    );
}

#[test]
fn for_each_concurrent() {
    check(
        r#"
async fn run(consumer: Consumer, http: Client) {
    consumer
        .for_each_concurrent(16, |delivery| {
            let http = http.clone();
            async move {
                let Ok(delivery) = delivery else { return };
                if pay(&http, &delivery.data).await.is_ok() {
                    delivery.ack(BasicAckOptions::default()).await.ok();
                }
            }
        })
        .await;
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            task s0 per-message
            n0: receive next=n1 err=n5 end=n6
            n1: spawn s0 child=n2 then=n0
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n4 err=n4
            n4: end ok
            n5: spawn s0 child=n4 then=n0
            n6: exit ok
        "#]],
    );
}

#[test]
fn try_for_each_concurrent() {
    check(
        r#"
async fn run(http: Client) -> Result<()> {
    let consumer = kafka();
    consumer
        .stream()
        .map_err(anyhow::Error::from)
        .try_for_each_concurrent(8, |message| {
            let http = http.clone();
            let consumer = &consumer;
            async move {
                pay(&http, message.payload().unwrap_or_default()).await?;
                consumer.commit_message(&message, CommitMode::Async)?;
                Ok(())
            }
        })
        .await
}"#,
        expect![[r#"
            source kafka log manual # orders
            effect e0 http:POST plain http unconfirmed
            task s0 per-message
            n0: receive next=n1 err=n6 end=n7
            n1: spawn s0 child=n2 then=n0
            n2: effect e0 ok=n3 err=n5
            n3: ack up-to unawaited ok=n4 err=n5
            n4: end ok
            n5: end err
            n6: exit err
            n7: exit ok
        "#]],
    );
}

#[test]
fn for_each_one_after_the_other() {
    check(
        r#"
async fn run(consumer: Consumer, http: Client) {
    consumer
        .for_each(|delivery| async {
            let delivery = delivery.expect("a delivery");
            pay(&http, &delivery.data).await.ok();
            delivery.ack(BasicAckOptions::default()).await.ok();
        })
        .await;
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n3 end=n4
            n1: effect e0 ok=n2 err=n2
            n2: ack ok=n0 err=n0
            n3: exit panic
            n4: exit ok
        "#]],
    );
}

#[test]
fn a_handoff_and_an_early_ack() {
    check(
        r#"
async fn run(mut consumer: Consumer, queue: mpsc::Sender<Vec<u8>>) -> Result<()> {
    while let Some(Ok(delivery)) = consumer.next().await {
        queue.send(delivery.data.clone()).await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            n0: receive next=n1 err=n4 end=n4
            n1: handoff ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn a_handoff_that_carries_the_ack() {
    check(
        r#"
async fn run(mut consumer: Consumer, queue: mpsc::Sender<Delivery>) -> Result<()> {
    while let Some(Ok(delivery)) = consumer.next().await {
        queue.send(delivery).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            n0: receive next=n1 err=n3 end=n3
            n1: handoff carries-ack ok=n0 err=n2
            n2: exit err
            n3: exit ok
        "#]],
    );
}

#[test]
fn a_task_with_a_loop_of_its_own() {
    check(
        r#"
async fn work(mut consumer: Consumer, http: Client) -> Result<()> {
    while let Some(Ok(delivery)) = consumer.next().await {
        pay(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}
async fn start(channel: lapin::Channel, http: Client) -> Result<()> {
    let consumer = channel.basic_consume("orders".into(), "worker".into(), BasicConsumeOptions::default(), Default::default()).await?;
    tokio::spawn(work(consumer, http));
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered # orders
            effect e0 http:POST plain http unconfirmed
            unobserved
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn a_batch_of_a_log() {
    check(
        r#"
async fn run(http: Client) -> Result<()> {
    let consumer = kafka();
    let mut pending = 0;
    loop {
        let message = consumer.recv().await?;
        pay(&http, message.payload().unwrap_or_default()).await?;
        pending += 1;
        if pending == 100 {
            consumer.commit_consumer_state(CommitMode::Sync)?;
            pending = 0;
        }
    }
}"#,
        expect![[r#"
            source kafka log manual # orders
            effect e0 http:POST plain http unconfirmed
            cond c0 free # pending == 100
            n0: receive next=n1 err=n4
            n1: effect e0 ok=n2 err=n4
            n2: branch c0 0=n3 1=n0
            n3: ack all ok=n0 err=n4
            n4: exit err
        "#]],
    );
}

/// What a task does that nobody can see is what the message came for.
#[test]
fn a_task_whose_work_is_not_seen() {
    check_each(
        "",
        r#"let body = delivery.data.clone();
        tokio::spawn(async move {
            println!("{} bytes", body.len());
        });
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 tokio::spawn(async move { println!("{} bytes", body.len());… opaque
            task s0
            n0: receive next=n1 err=n6 end=n6
            n1: spawn s0 child=n2 then=n4
            n2: opaque e0 ok=n3
            n3: end ok
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: exit ok
        "#]],
    );
}
