//! Positions and results in one transaction of Kafka.
//@ inferred: clear_trades = exactly_once

use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(10);

#[delivery::exactly_once(integration = "exchange.settlement")]
pub async fn clear_trades(brokers: &str) -> anyhow::Result<()> {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "settlement")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .create()?;
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("transactional.id", "settlement-1")
        .create()?;
    consumer.subscribe(&["exchange.trades"])?;
    producer.init_transactions(WAIT)?;
    loop {
        let message = consumer.recv().await?;
        producer.begin_transaction()?;
        let record = FutureRecord::to("exchange.settled")
            .key(message.key().unwrap_or_default())
            .payload(message.payload().unwrap_or_default());
        producer.send(record, WAIT).await.map_err(|(error, _)| error)?;
        let mut done = TopicPartitionList::new();
        done.add_partition_offset(
            message.topic(),
            message.partition(),
            Offset::Offset(message.offset() + 1),
        )?;
        let group = consumer.group_metadata().ok_or_else(|| anyhow::anyhow!("no group"))?;
        producer.send_offsets_to_transaction(&done, &group, WAIT)?;
        producer.commit_transaction(WAIT)?;
    }
}
