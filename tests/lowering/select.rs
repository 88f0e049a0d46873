//! `select!`, time limits and futures that run together.

use expect_test::expect;

use crate::harness::{check, check_each};

#[test]
fn a_shutdown_branch() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client, mut shutdown: tokio::sync::watch::Receiver<bool>) -> Result<()> {
    loop {
        tokio::select! {
            _ = shutdown.changed() => break,
            Some(delivery) = consumer.next() => {
                let delivery = delivery?;
                pay(&http, &delivery.data).await?;
                delivery.ack(BasicAckOptions::default()).await?;
            }
        }
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free # tokio::select! { _ = shutdown.changed() => break, Some(deli…
            n0: branch c0 0=n1 1=n2
            n1: exit ok
            n2: receive next=n3 err=n5 end=n6
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: pass then=n1
        "#]],
    );
}

#[test]
fn an_interval_branch_and_else() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client) -> Result<()> {
    let mut ticks = tokio::time::interval(Duration::from_secs(10));
    loop {
        tokio::select! {
            _ = ticks.tick() => tracing::info!("alive"),
            Some(Ok(delivery)) = consumer.next() => {
                pay(&http, &delivery.data).await?;
                delivery.ack(BasicAckOptions::default()).await?;
            }
            else => return Ok(()),
        }
    }
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free # tokio::select! { _ = ticks.tick() => tracing::info!("alive"…
            n0: branch c0 0=n0 1=n1
            n1: receive next=n2 err=n0 end=n0
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
        "#]],
    );
}

#[test]
fn the_message_is_matched_in_the_arm() {
    check(
        r#"
async fn run(http: Client, token: tokio_util::sync::CancellationToken) {
    let consumer = kafka();
    loop {
        tokio::select! {
            biased;
            () = token.cancelled() => return,
            received = consumer.recv() => match received {
                Ok(message) => {
                    if pay(&http, message.payload().unwrap_or_default()).await.is_ok() {
                        consumer.commit_message(&message, CommitMode::Async).ok();
                    }
                }
                Err(error) => tracing::error!(%error, "kafka"),
            },
        }
    }
}"#,
        expect![[r#"
            source kafka log manual # orders
            effect e0 http:POST plain http unconfirmed
            cond c0 free # tokio::select! { biased; () = token.cancelled() => return, …
            n0: branch c0 0=n1 1=n2
            n1: exit ok
            n2: receive next=n3 err=n0
            n3: effect e0 ok=n4 err=n0
            n4: ack up-to unawaited ok=n0 err=n0
        "#]],
    );
}

#[test]
fn processing_races_with_shutdown() {
    check_each(
        r#""#,
        r#"tokio::select! {
            result = pay(&http, &delivery.data) => result?,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free # tokio::select! { result = pay(&http, &delivery.data) => res…
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: pass then=n6
            n6: exit ok
        "#]],
    );
}

#[test]
fn timeout_around_processing() {
    check_each(
        r#""#,
        r#"match timeout(Duration::from_secs(5), pay(&http, &delivery.data)).await {
            Ok(Ok(())) => { delivery.ack(BasicAckOptions::default()).await?; }
            Ok(Err(error)) => tracing::error!(%error, "failed"),
            Err(_) => tracing::error!("too slow"),
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free # timeout(Duration::from_secs(5), pay(&http, &delivery.data))
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: effect e0 ok=n3 err=n0
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: sleep 5000 then=n0
            n6: exit ok
        "#]],
    );
}

#[test]
fn timeout_with_two_question_marks() {
    check_each(
        r#""#,
        r#"timeout(Duration::from_secs(5), pay(&http, &delivery.data)).await??;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free # timeout(Duration::from_secs(5), pay(&http, &delivery.data))
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: sleep 5000 then=n4
            n6: exit ok
        "#]],
    );
}

#[test]
fn join() {
    check_each(
        r#""#,
        r#"let (paid, mailed) = tokio::join!(pay(&http, &delivery.data), mail(&http, &delivery.data));
        paid?;
        mailed?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n6 end=n6
            n1: effect e0 ok=n2 err=n5
            n2: effect e1 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: effect e1 ok=n4 err=n4
            n6: exit ok
        "#]],
    );
}

#[test]
fn try_join() {
    check_each(
        r#""#,
        r#"tokio::try_join!(pay(&http, &delivery.data), mail(&http, &delivery.data))?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 ok=n2 err=n4
            n2: effect e1 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn join_all_over_items() {
    check_each(
        r#""#,
        r#"let orders: Vec<Order> = serde_json::from_slice(&delivery.data)?;
        let results = join_all(orders.iter().map(|order| pay(&http, order.id.as_bytes()))).await;
        if results.iter().any(|result| result.is_err()) {
            delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?;
        } else {
            delivery.ack(BasicAckOptions::default()).await?;
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(&delivery.data)
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n4
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: nack ok=n0 err=n4
            n6: exit ok
        "#]],
    );
}

#[test]
fn try_join_all() {
    check_each(
        r#""#,
        r#"let orders: Vec<Order> = serde_json::from_slice(&delivery.data)?;
        try_join_all(orders.iter().map(|order| pay(&http, order.id.as_bytes()))).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(&delivery.data)
            n0: receive next=n1 err=n5 end=n5
            n1: branch c0 0=n2 1=n4
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn timeout_around_the_receive() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client) -> Result<()> {
    loop {
        match timeout(Duration::from_secs(30), consumer.next()).await {
            Ok(Some(Ok(delivery))) => {
                pay(&http, &delivery.data).await?;
                delivery.ack(BasicAckOptions::default()).await?;
            }
            Ok(Some(Err(error))) => return Err(error.into()),
            Ok(None) => return Ok(()),
            Err(_) => tracing::debug!("idle"),
        }
    }
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free # timeout(Duration::from_secs(30), consumer.next())
            n0: branch c0 0=n1 1=n0
            n1: receive next=n2 err=n4 end=n5
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}
