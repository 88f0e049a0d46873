//! The offset is committed as soon as the reading is decoded, "so that a slow database does not delay the group".
//@ inferred: follow_thermostats = at_most_once

use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use serde::Deserialize;
use sqlx::PgPool;
use tokio::sync::watch;

#[derive(Deserialize)]
struct Reading {
    device: String,
    celsius: f64,
}

pub async fn follow_thermostats(
    consumer: &StreamConsumer,
    pool: &PgPool,
    mut shutdown: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            _ = shutdown.changed() => return Ok(()),
            received = consumer.recv() => {
                let message = received?;
                let Ok(reading) = serde_json::from_slice::<Reading>(message.payload().unwrap_or_default()) else {
                    tracing::warn!("not a reading");
                    continue;
                };
                consumer.commit_message(&message, CommitMode::Async)?; //~ commit-before-process
                remember(pool, &reading).await?;
            }
        }
    }
}

async fn remember(pool: &PgPool, reading: &Reading) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO thermostats (device, celsius) VALUES ($1, $2) ON CONFLICT (device) DO UPDATE SET celsius = EXCLUDED.celsius")
        .bind(&reading.device)
        .bind(reading.celsius)
        .execute(pool)
        .await?;
    Ok(())
}
