//! Errors: where a failure goes, and what is done about it.

use expect_test::expect;

use crate::harness::check_each;

#[test]
fn question_mark_in_a_helper() {
    check_each(
        r#"async fn process(http: &Client, delivery: &Delivery) -> Result<()> {
    let order = decode(&delivery.data)?;
    pay(http, order.id.as_bytes()).await?;
    mail(http, order.id.as_bytes()).await?;
    Ok(())
}"#,
        r#"match process(&http, &delivery).await {
            Ok(()) => delivery.ack(BasicAckOptions::default()).await?,
            Err(error) => {
                tracing::error!(%error, "failed");
                delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?
            }
        };"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n6
            n2: effect e0 ok=n3 err=n6
            n3: effect e1 ok=n4 err=n6
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: nack ok=n0 err=n5
            n7: exit ok
        "#]],
    );
}

#[test]
fn question_mark_in_an_async_block() {
    check_each(
        r#""#,
        r#"let done = async {
            let order = decode(&delivery.data)?;
            pay(&http, order.id.as_bytes()).await?;
            anyhow::Ok(())
        }
        .await;
        if let Err(error) = done {
            tracing::error!(%error, "failed");
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n5 end=n5
            n1: branch c0 0=n2 1=n3
            n2: effect e0 ok=n3 err=n3
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn question_mark_in_a_closure() {
    check_each(
        r#""#,
        r#"let parse = |body: &[u8]| -> Result<Order> {
            let order: Order = serde_json::from_slice(body)?;
            Ok(order)
        };
        let Ok(order) = parse(&delivery.data) else { continue };
        pay(&http, order.id.as_bytes()).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: pass then=n0
            n6: exit ok
        "#]],
    );
}

#[test]
fn a_dropped_result() {
    check_each(
        r#""#,
        r#"let _ = pay(&http, &delivery.data).await;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n2
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn ok_drops_the_error() {
    check_each(
        r#""#,
        r#"pay(&http, &delivery.data).await.ok();
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n2
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn map_err_keeps_the_failure() {
    check_each(
        r#""#,
        r#"pay(&http, &delivery.data).await.map_err(|error| anyhow!("payment: {error}"))?;
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
fn inspect_err_keeps_the_failure() {
    check_each(
        r#""#,
        r#"pay(&http, &delivery.data).await.inspect_err(|error| tracing::warn!(%error, "payment"))?;
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
fn context_keeps_the_failure() {
    check_each(
        r#""#,
        r#"pay(&http, &delivery.data).await.context("payment").with_context(|| "order")?;
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
fn ok_or_turns_an_option_into_a_failure() {
    check_each(
        r#"fn customer(order: &Order) -> Option<&str> {
    order.id.split_once('-').map(|(customer, _)| customer)
}"#,
        r#"let order = decode(&delivery.data)?;
        let customer = customer(&order).ok_or_else(|| anyhow!("no customer"))?;
        pay(&http, customer.as_bytes()).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 malformed failing=2 # customer(&order).ok_or_else(|| anyhow!("no customer"))
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: branch c1 0=n3 1=n5
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: exit ok
        "#]],
    );
}

#[test]
fn and_then_runs_on_success_only() {
    check_each(
        r#"fn validate(order: Order) -> Result<Order> {
    ensure!(order.total > 0, "nothing to pay");
    Ok(order)
}"#,
        r#"let Ok(order) = decode(&delivery.data).and_then(validate) else {
            delivery.reject(BasicRejectOptions::default()).await?;
            continue;
        };
        pay(&http, order.id.as_bytes()).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 malformed measures # order.total > 0
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n6
            n2: branch c1 0=n3 1=n6
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: nack drop ok=n7 err=n5
            n7: pass then=n0
            n8: exit ok
        "#]],
    );
}

#[test]
fn unwrap_or_else_handles_the_failure() {
    check_each(
        r#""#,
        r#"pay(&http, &delivery.data).await.unwrap_or_else(|error| tracing::error!(%error, "payment"));
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n2
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn unwrap_panics() {
    check_each(
        r#""#,
        r#"pay(&http, &delivery.data).await.unwrap();
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit panic
            n5: exit ok
        "#]],
    );
}

#[test]
fn expect_on_decoding_panics() {
    check_each(
        r#""#,
        r#"let order: Order = serde_json::from_slice(&delivery.data).expect("an order");
        pay(&http, order.id.as_bytes()).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(&delivery.data).expect("an order")
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit panic
            n6: exit ok
        "#]],
    );
}

#[test]
fn if_let_err_logs_and_acks() {
    check_each(
        r#""#,
        r#"if let Err(error) = pay(&http, &delivery.data).await {
            tracing::error!(%error, "payment");
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n2
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn is_err_decides() {
    check_each(
        r#""#,
        r#"let failed = pay(&http, &delivery.data).await.is_err();
        if failed {
            delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?;
        } else {
            delivery.ack(BasicAckOptions::default()).await?;
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: nack ok=n0 err=n3
            n5: exit ok
        "#]],
    );
}
