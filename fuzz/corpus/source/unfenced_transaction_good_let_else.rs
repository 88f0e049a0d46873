//! Taken anew for each transaction.
//@ inferred: charge_tunnels = exactly_once

use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(10);

#[delivery::exactly_once(integration = "tolls.tunnels")]
pub async fn charge_tunnels(brokers: &str) -> anyhow::Result<()> {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "tolls")
        .set("enable.auto.commit", "false")
        .create()?;
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("transactional.id", "tolls-1")
        .create()?;
    consumer.subscribe(&["tolls.passed"])?;
    producer.init_transactions(WAIT)?;
    loop {
        let passed = consumer.recv().await?;
        producer.begin_transaction()?;
        let key = passed.key().unwrap_or_default();
        producer
            .send(FutureRecord::to("tolls.charged").key(key).payload(key), WAIT)
            .await
            .map_err(|(error, _)| error)?;
        let mut read = TopicPartitionList::new();
        read.add_partition_offset(passed.topic(), passed.partition(), Offset::Offset(passed.offset() + 1))?;
        let Some(group) = consumer.group_metadata() else {
            anyhow::bail!("no group");
        };
        producer.send_offsets_to_transaction(&read, &group, WAIT)?;
        producer.commit_transaction(WAIT)?;
    }
}
