//! Offsets are in the transaction, and are committed in the background as well.

use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(10);

#[delivery::exactly_once(integration = "stocks.counts")]
pub async fn count_stocks(brokers: &str) -> anyhow::Result<()> {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "stocks")
        .set("isolation.level", "read_committed")
        .create()?; //~ missing-eos-config
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("transactional.id", "stocks-1")
        .create()?;
    consumer.subscribe(&["stocks.moved"])?;
    producer.init_transactions(WAIT)?;
    loop {
        let moved = consumer.recv().await?;
        producer.begin_transaction()?;
        let key = moved.key().unwrap_or_default();
        producer
            .send(FutureRecord::to("stocks.levels").key(key).payload(key), WAIT)
            .await
            .map_err(|(error, _)| error)?;
        let mut read = TopicPartitionList::new();
        read.add_partition_offset(moved.topic(), moved.partition(), Offset::Offset(moved.offset() + 1))?;
        let Some(group) = consumer.group_metadata() else {
            anyhow::bail!("left the group");
        };
        producer.send_offsets_to_transaction(&read, &group, WAIT)?;
        producer.commit_transaction(WAIT)?;
    }
}
