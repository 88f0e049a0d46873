//! Receive loops: their shapes, and how they are left.

use expect_test::expect;

use crate::harness::{check, lowered_each};

#[test]
fn while_let_over_a_stream() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client) -> Result<()> {
    while let Some(delivery) = consumer.next().await {
        let delivery = delivery?;
        pay(&http, &delivery.data).await?;
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
fn while_let_some_ok_ends_at_the_first_failure() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client) -> Result<()> {
    while let Some(Ok(delivery)) = consumer.next().await {
        pay(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
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

#[test]
fn loop_with_match_on_recv() {
    check(
        r#"
async fn run(http: Client) {
    let consumer = kafka();
    loop {
        match consumer.recv().await {
            Ok(message) => {
                if let Some(body) = message.payload() {
                    if let Err(error) = pay(&http, body).await {
                        tracing::error!(%error, "payment failed");
                        continue;
                    }
                }
                if let Err(error) = consumer.commit_message(&message, CommitMode::Sync) {
                    tracing::warn!(%error, "commit failed");
                }
            }
            Err(error) => tracing::error!(%error, "receive failed"),
        }
    }
}"#,
        expect![[r#"
            source kafka log manual # orders
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed # message.payload()
            n0: receive next=n1 err=n0
            n1: branch c0 0=n2 1=n3
            n2: effect e0 ok=n3 err=n4
            n3: ack up-to ok=n0 err=n0
            n4: pass then=n0
        "#]],
    );
}

#[test]
fn continue_past_a_message_that_cannot_be_decoded() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client) {
    while let Some(Ok(delivery)) = consumer.next().await {
        let Ok(order) = serde_json::from_slice::<Order>(&delivery.data) else {
            delivery.reject(BasicRejectOptions::default()).await.ok();
            continue;
        };
        if pay(&http, order.id.as_bytes()).await.is_ok() {
            delivery.ack(BasicAckOptions::default()).await.ok();
        }
    }
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice::<Order>(&delivery.data)
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n4
            n2: effect e0 ok=n3 err=n0
            n3: ack ok=n0 err=n0
            n4: nack drop ok=n5 err=n5
            n5: pass then=n0
            n6: exit ok
        "#]],
    );
}

#[test]
fn break_at_the_first_failure() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client) {
    while let Some(Ok(delivery)) = consumer.next().await {
        if pay(&http, &delivery.data).await.is_err() {
            break;
        }
        let _ = delivery.ack(BasicAckOptions::default()).await;
    }
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n0
            n3: pass then=n4
            n4: exit ok
        "#]],
    );
}

#[test]
fn labelled_continue_leaves_an_inner_loop() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client) -> Result<()> {
    'messages: while let Some(Ok(delivery)) = consumer.next().await {
        let orders: Vec<Order> = serde_json::from_slice(&delivery.data)?;
        for order in &orders {
            if pay(&http, order.id.as_bytes()).await.is_err() {
                delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?;
                continue 'messages;
            }
        }
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(&delivery.data)
            cond c1 fixed # &orders
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n5
            n2: branch c1 0=n3 1=n4
            n3: effect e0 ok=n4 err=n6
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: nack ok=n7 err=n5
            n7: pass then=n0
            n8: exit ok
        "#]],
    );
}

#[test]
fn labelled_break_ends_the_outer_loop() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client) -> Result<()> {
    'outer: loop {
        while let Some(Ok(delivery)) = consumer.next().await {
            match pay(&http, &delivery.data).await {
                Ok(()) => { delivery.ack(BasicAckOptions::default()).await?; }
                Err(_) => break 'outer,
            }
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n0 end=n0
            n1: effect e0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: pass then=n5
            n5: exit ok
        "#]],
    );
}

#[test]
fn break_with_a_value_from_a_labelled_block() {
    check(
        r#"
async fn run(mut consumer: Consumer, http: Client) -> Result<()> {
    while let Some(Ok(delivery)) = consumer.next().await {
        let done = 'work: {
            let Ok(order) = decode(&delivery.data) else { break 'work true };
            if order.total == 0 { break 'work true; }
            pay(&http, &delivery.data).await.is_ok()
        };
        if done {
            delivery.ack(BasicAckOptions::default()).await?;
        }
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # order.total == 0
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n3
            n2: branch c1 0=n3 1=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: effect e0 ok=n3 err=n0
            n6: exit ok
        "#]],
    );
}

#[test]
fn a_function_that_takes_the_next_message() {
    check(
        r#"
async fn next(consumer: &mut Consumer) -> Option<Delivery> {
    consumer.next().await?.ok()
}
async fn run(mut consumer: Consumer, http: Client) -> Result<()> {
    while let Some(delivery) = next(&mut consumer).await {
        pay(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
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

#[test]
fn what_is_empty_behind_a_pointer_may_be_filled_by_others() {
    let behind = |pointer: &str| {
        let body = format!(
            "let waiting = std::{pointer}::new(Vec::<Vec<u8>>::new());
            for body in waiting.iter() {{ pay(&http, body).await?; }}
            delivery.ack(BasicAckOptions::default()).await?;"
        );
        lowered_each("", &body)
    };
    let shared = behind("sync::Arc");
    assert!(shared.contains(": effect "), "{shared}");
    assert_eq!(behind("rc::Rc").replace("rc::Rc", "sync::Arc"), shared);
}
