//! Whether a queue has a dead-letter target: of what the workspace declares, only what can be this queue counts.

use crate::harness::lowered;

/// The source of the unit that receives from `orders`, beside these items.
fn source(items: &str, before: &str) -> String {
    let text = lowered(&format!(
        r#"{items}
async fn run(channel: lapin::Channel, http: Client) -> Result<()> {{
    {before}
    let mut consumer = channel.basic_consume("orders".into(), "".into(), BasicConsumeOptions::default(), Default::default()).await?;
    while let Some(Ok(delivery)) = consumer.next().await {{
        match pay(&http, &delivery.data).await {{
            Ok(()) => delivery.ack(BasicAckOptions::default()).await?,
            Err(_) => delivery.nack(BasicNackOptions::default()).await?,
        }};
    }}
    Ok(())
}}"#
    ));
    let line = text.lines().find(|line| line.starts_with("source amqp"));
    line.unwrap_or_default().to_owned()
}

const WITH_TARGET: &str = r#"
    let mut settings = lapin::types::FieldTable::default();
    settings.insert("x-dead-letter-exchange".into(), lapin::types::AMQPValue::LongString("dead".into()));
    channel.queue_declare("NAME".into(), QueueDeclareOptions::default(), settings).await?;
"#;

const WITHOUT: &str = r#"
    channel.queue_declare("NAME".into(), QueueDeclareOptions::default(), lapin::types::FieldTable::default()).await?;
"#;

fn declared(name: &str, template: &str) -> String {
    template.replace("NAME", name)
}

fn setup(name: &str, template: &str) -> String {
    format!(
        "async fn setup(channel: &lapin::Channel) -> Result<()> {{ {} Ok(()) }}",
        declared(name, template)
    )
}

const TARGET: &str = " dlq";

#[test]
fn its_own_declaration_tells() {
    assert!(source("", &declared("orders", WITH_TARGET)).contains(TARGET));
    assert!(!source("", &declared("orders", WITHOUT)).contains(TARGET));
}

#[test]
fn that_of_another_queue_does_not() {
    assert!(!source(&setup("parcels", WITH_TARGET), "").contains(TARGET));
    assert!(!source(&setup("parcels", WITH_TARGET), &declared("orders", WITHOUT)).contains(TARGET));
    assert!(source(&setup("orders", WITH_TARGET), "").contains(TARGET));
}

#[test]
fn what_cannot_be_told_may_be_it() {
    let by_name = r#"
async fn declare(channel: &lapin::Channel, name: &str) -> Result<()> {
    let mut settings = lapin::types::FieldTable::default();
    settings.insert("x-dead-letter-exchange".into(), lapin::types::AMQPValue::LongString("dead".into()));
    channel.queue_declare(name.into(), QueueDeclareOptions::default(), settings).await?;
    Ok(())
}"#;
    assert!(source(by_name, "").contains(TARGET));
    let elsewhere = r#"const SETTING: &str = "x-dead-letter-exchange";"#;
    assert!(source(elsewhere, "").contains(TARGET));
    let given = r#"
fn settings() -> lapin::types::FieldTable { toml::from_str("x-dead-letter-exchange").unwrap() }
async fn setup(channel: &lapin::Channel) -> Result<()> {
    channel.queue_declare("orders".into(), QueueDeclareOptions::default(), settings()).await?;
    Ok(())
}"#;
    assert!(source(given, "").contains(TARGET));
}

/// A loop that hands over what it receives, beside these items.
fn handing_over(items: &str) -> String {
    lowered(&format!(
        r#"{items}
async fn run(client: aws_sdk_sqs::Client, receipts: mpsc::Sender<String>) -> Result<()> {{
    loop {{
        let batch = client.receive_message().queue_url("orders").send().await?;
        for message in batch.messages() {{
            receipts.send(message.receipt_handle().unwrap_or_default().to_owned()).await?;
        }}
    }}
}}"#
    ))
}

#[test]
fn what_is_handed_over_may_be_settled_elsewhere() {
    const SETTLED: &str = r#"
async fn done(client: &aws_sdk_sqs::Client, receipt: String) -> Result<()> {
    client.delete_message().queue_url("orders").receipt_handle(receipt).send().await?;
    Ok(())
}"#;
    const UNKNOWN: &str = "unknown what is handed over here may be settled where it is taken";
    assert!(handing_over(SETTLED).contains(UNKNOWN), "{}", handing_over(SETTLED));
    assert!(!handing_over("").contains(UNKNOWN), "{}", handing_over(""));
}
