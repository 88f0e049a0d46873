//! Failures that become something else on their way.

use crate::harness::{check, check_each, lowered};
use expect_test::expect;

#[test]
fn result_of_bool() {
    check_each(
        r#"async fn process(http: &Client, delivery: &Delivery) -> Result<bool> {
    let Ok(order) = decode(&delivery.data) else { return Ok(false) };
    pay(http, order.id.as_bytes()).await?;
    Ok(true)
}"#,
        r#"match process(&http, &delivery).await {
            Ok(true) => delivery.ack(BasicAckOptions::default()).await?,
            Ok(false) => delivery.reject(BasicRejectOptions::default()).await?,
            Err(_) => delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?,
        };"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n6
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: nack ok=n0 err=n4
            n6: nack drop ok=n0 err=n4
            n7: exit ok
        "#]],
    );
}

#[test]
fn an_enum_as_outcome() {
    check_each(
        r#"enum Outcome { Done, Retry, Drop }
async fn process(http: &Client, delivery: &Delivery) -> Outcome {
    let order = match decode(&delivery.data) {
        Ok(order) => order,
        Err(_) => return Outcome::Drop,
    };
    match pay(http, order.id.as_bytes()).await {
        Ok(()) => Outcome::Done,
        Err(_) => Outcome::Retry,
    }
}"#,
        r#"match process(&http, &delivery).await {
            Outcome::Done => delivery.ack(BasicAckOptions::default()).await?,
            Outcome::Retry => delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?,
            Outcome::Drop => delivery.reject(BasicRejectOptions::default()).await?,
        };"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n6
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: nack ok=n0 err=n4
            n6: nack drop ok=n0 err=n4
            n7: exit ok
        "#]],
    );
}

#[test]
fn an_outcome_compared_with_eq() {
    check_each(
        r#"#[derive(PartialEq)]
enum Outcome { Done, Retry }
async fn process(http: &Client, delivery: &Delivery) -> Outcome {
    if pay(http, &delivery.data).await.is_ok() { Outcome::Done } else { Outcome::Retry }
}"#,
        r#"let outcome = process(&http, &delivery).await;
        if outcome == Outcome::Done {
            delivery.ack(BasicAckOptions::default()).await?;
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n0
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn an_outcome_with_a_payload() {
    check_each(
        r#"enum Outcome { Done, Failed { requeue: bool } }
async fn process(http: &Client, delivery: &Delivery) -> Outcome {
    let Ok(order) = decode(&delivery.data) else { return Outcome::Failed { requeue: false } };
    match pay(http, order.id.as_bytes()).await {
        Ok(()) => Outcome::Done,
        Err(_) => Outcome::Failed { requeue: true },
    }
}"#,
        r#"match process(&http, &delivery).await {
            Outcome::Done => delivery.ack(BasicAckOptions::default()).await?,
            Outcome::Failed { requeue } => delivery.nack(BasicNackOptions { requeue, ..Default::default() }).await?,
        };"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n6
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: nack ok=n0 err=n4
            n6: nack drop ok=n0 err=n4
            n7: exit ok
        "#]],
    );
}

#[test]
fn an_option_returning_decoder() {
    check_each(
        r#"fn parse(body: &[u8]) -> Option<Order> {
    let text = std::str::from_utf8(body).ok()?;
    serde_json::from_str(text).ok()
}"#,
        r#"let Some(order) = parse(&delivery.data) else {
            delivery.reject(BasicRejectOptions::default()).await?;
            continue;
        };
        pay(&http, order.id.as_bytes()).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # std::str::from_utf8(body).ok()
            cond c1 malformed # parse(&delivery.data)
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
fn early_return_acks_first() {
    check_each(
        r#"async fn handle(http: &Client, delivery: Delivery) -> Result<()> {
    let order = decode(&delivery.data)?;
    if order.total == 0 {
        delivery.ack(BasicAckOptions::default()).await?;
        return Ok(());
    }
    pay(http, order.id.as_bytes()).await?;
    delivery.ack(BasicAckOptions::default()).await?;
    Ok(())
}"#,
        r#"if let Err(error) = handle(&http, delivery).await {
            tracing::error!(%error, "failed");
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # order.total == 0
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n0
            n2: branch c1 0=n3 1=n5
            n3: ack ok=n4 err=n0
            n4: pass then=n0
            n5: effect e0 ok=n6 err=n0
            n6: ack ok=n0 err=n0
            n7: exit ok
        "#]],
    );
}

#[test]
fn an_error_enum_with_from() {
    check_each(
        r#"enum Failure { Decode(serde_json::Error), Http(reqwest::Error) }
impl From<serde_json::Error> for Failure { fn from(error: serde_json::Error) -> Self { Failure::Decode(error) } }
impl From<reqwest::Error> for Failure { fn from(error: reqwest::Error) -> Self { Failure::Http(error) } }
async fn process(http: &Client, body: &[u8]) -> Result<(), Failure> {
    let order: Order = serde_json::from_slice(body)?;
    http.post("https://pay.example").body(order.id).send().await?;
    Ok(())
}"#,
        r#"match process(&http, &delivery.data).await {
            Ok(()) => delivery.ack(BasicAckOptions::default()).await?,
            Err(Failure::Decode(_)) => delivery.reject(BasicRejectOptions::default()).await?,
            Err(Failure::Http(_)) => delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?,
        };"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n6
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: nack ok=n0 err=n4
            n6: nack drop ok=n0 err=n4
            n7: exit ok
        "#]],
    );
}

#[test]
fn an_error_enum_with_from_attributes() {
    check_each(
        r#"#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("decode")]
    Decode(#[from] serde_json::Error),
    #[error("http")]
    Http(#[from] reqwest::Error),
    #[error("invalid: {0}")]
    Invalid(String),
}
impl Failure {
    fn is_transient(&self) -> bool { matches!(self, Failure::Http(_)) }
}
async fn process(http: &Client, body: &[u8]) -> Result<(), Failure> {
    let order: Order = serde_json::from_slice(body)?;
    if order.total < 0 { return Err(Failure::Invalid(order.id)); }
    http.post("https://pay.example").body(order.id).send().await?;
    Ok(())
}"#,
        r#"match process(&http, &delivery.data).await {
            Ok(()) => delivery.ack(BasicAckOptions::default()).await?,
            Err(error) => delivery.nack(BasicNackOptions { requeue: error.is_transient(), ..Default::default() }).await?,
        };"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed measures # order.total < 0
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n3
            n2: branch c1 0=n3 1=n5
            n3: nack drop ok=n0 err=n4
            n4: exit err
            n5: effect e0 ok=n6 err=n7
            n6: ack ok=n0 err=n4
            n7: nack ok=n0 err=n4
            n8: exit ok
        "#]],
    );
}

#[test]
fn bail_and_ensure() {
    check_each(
        r#"async fn process(http: &Client, body: &[u8]) -> Result<()> {
    let order = decode(body)?;
    ensure!(!order.id.is_empty(), "no id");
    if order.total < 0 {
        bail!("negative: {}", order.total);
    }
    pay(http, body).await
}"#,
        r#"if let Err(error) = process(&http, &delivery.data).await {
            tracing::error!(%error, "failed");
            continue;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 malformed # order.id.is_empty()
            cond c2 fixed measures # order.total < 0
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n3
            n2: branch c1 0=n3 1=n4
            n3: pass then=n0
            n4: branch c2 0=n3 1=n5
            n5: effect e0 ok=n6 err=n3
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: exit ok
        "#]],
    );
}

#[test]
fn an_error_in_a_tuple_of_results() {
    check_each(
        r#""#,
        r#"let (paid, mailed) = (pay(&http, &delivery.data).await, mail(&http, &delivery.data).await);
        match (paid, mailed) {
            (Ok(()), Ok(())) => delivery.ack(BasicAckOptions::default()).await?,
            _ => delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?,
        };"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n7 end=n7
            n1: effect e0 ok=n2 err=n6
            n2: effect e1 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: nack ok=n0 err=n4
            n6: effect e1 ok=n5 err=n5
            n7: exit ok
        "#]],
    );
}

#[test]
fn or_else_tries_another_way() {
    check_each(
        r#""#,
        r#"if pay(&http, &delivery.data).await.is_ok() || mail(&http, &delivery.data).await.is_ok() {
            delivery.ack(BasicAckOptions::default()).await?;
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: effect e1 ok=n2 err=n0
            n5: exit ok
        "#]],
    );
}

#[test]
fn a_return_stands_for_the_place_where_a_message_is_left() {
    check_each(
        r#"async fn handle(http: &Client, delivery: &Delivery) -> Result<()> {
            let order = decode(&delivery.data)?;
            if order.total == 0 {
                return Ok(());
            }
            pay(http, &delivery.data).await?;
            delivery.ack(BasicAckOptions::default()).await?;
            Ok(())
        }"#,
        r#"handle(&http, &delivery).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # order.total == 0
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n6
            n2: branch c1 0=n3 1=n4
            n3: pass then=n0
            n4: effect e0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: exit ok
        "#]],
    );
}

/// What was set on a configuration that was made elsewhere says nothing of the settings that were not.
#[test]
fn settings_that_are_not_seen_have_no_defaults() {
    check(
        r#"async fn run(config: ClientConfig, http: Client) -> Result<()> {
    let consumer: StreamConsumer = config.create()?;
    consumer.subscribe(&["orders"])?;
    loop {
        let message = consumer.recv().await?;
        pay(&http, message.payload().unwrap_or_default()).await?;
        consumer.commit_message(&message, CommitMode::Sync)?;
    }
}"#,
        expect![[r#"
            source kafka log manual # orders
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n3
            n1: effect e0 ok=n2 err=n3
            n2: ack up-to ok=n0 err=n3
            n3: exit err
        "#]],
    );
}

#[test]
fn a_schedule_calls_a_function_with_an_event() {
    let handler = |event: &str| {
        lowered(&format!(
            r#"use aws_lambda_events::event::cloudwatch_events::CloudWatchEvent;
use lambda_runtime::LambdaEvent;
async fn handler(event: LambdaEvent<{event}>) -> Result<()> {{
    let http = Client::new();
    pay(&http, event.payload.id.unwrap_or_default().as_bytes()).await
}}"#
        ))
    };
    expect![[r#"
        source eventbridge queue on-ok
        effect e0 http:POST plain http unconfirmed
        n0: receive next=n1
        n1: effect e0 ok=n2 err=n3
        n2: exit ok
        n3: exit err
    "#]]
    .assert_eq(&handler("CloudWatchEvent"));
    assert_eq!(handler("Order"), "");
}

/// Whom an answer came from does not say whether it is a refusal.
#[test]
fn an_answer_that_is_only_told_of() {
    let looked = |at: &str| {
        let body = format!(
            r#"let answer = http.post("https://pay.example").body(delivery.data.clone()).send().await?;
        tracing::debug!(told = ?{at}, "paid");
        delivery.ack(BasicAckOptions::default()).await?;"#
        );
        crate::harness::lowered_each("", &body)
    };
    let (unseen, seen) = (looked("answer.remote_addr()"), looked("answer.status()"));
    assert!(unseen.contains("http:POST plain http unconfirmed"), "{unseen}");
    assert!(!seen.contains("unconfirmed"), "{seen}");
}

/// As many records come back as were sent: their number tells nothing, their codes do.
#[test]
fn answers_that_are_only_counted() {
    let looked = |at: &str| {
        let body = format!(
            r#"let kinesis = aws_sdk_kinesis::Client::new(&aws);
        let put = kinesis.put_records().stream_name("orders").records(entry(&delivery.data));
        let output = put.send().await.context("kinesis")?;
        {at};
        delivery.ack(BasicAckOptions::default()).await?;"#
        );
        crate::harness::lowered_each("", &body)
    };
    for counted in ["output.records().len()", "let sent = output.records.is_empty()"] {
        let told = looked(counted);
        assert!(
            told.contains("kinesis:orders unknown publish unconfirmed"),
            "{counted}: {told}"
        );
    }
    for seen in [
        "output.records().iter().any(|r| r.error_code().is_some())",
        "check(output.records())",
    ] {
        let told = looked(seen);
        assert!(
            told.contains("kinesis:orders unknown publish") && !told.contains("unconfirmed"),
            "{seen}: {told}"
        );
    }
}
