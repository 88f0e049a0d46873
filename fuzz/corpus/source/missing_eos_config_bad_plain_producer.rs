//! No transaction at all: an idempotent producer is taken for one.
//@ inferred: route_calls = effectively_once

use crate::clients;
use rdkafka::ClientConfig;
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use std::time::Duration;

#[delivery::exactly_once(integration = "calls.routing")]
pub async fn route_calls(brokers: &str) -> anyhow::Result<()> {
    let consumer = clients::manual_consumer(brokers, "routing")?;
    consumer.subscribe(&["calls.begun"])?;
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .create()?; //~ missing-eos-config
    loop {
        let call = consumer.recv().await?;
        let key = call.key().unwrap_or_default();
        let record = FutureRecord::to("calls.routed").key(key).payload(key);
        producer
            .send(record, Duration::from_secs(5))
            .await
            .map_err(|(error, _)| error)?;
        consumer.commit_message(&call, CommitMode::Sync)?;
    }
}
