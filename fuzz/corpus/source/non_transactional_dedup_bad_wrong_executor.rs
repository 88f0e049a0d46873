//! There is a transaction, but the effect runs on the pool, beside it.
//@ inferred: settle_fares = at_least_once

use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use sqlx::PgPool;

#[delivery::effectively_once(
    integration = "tram.fares",
    dedup(store = "postgres:seen_fares", key = "id", retention = "30d")
)]
pub async fn settle_fares(consumer: StreamConsumer, pool: PgPool) -> anyhow::Result<()> {
    loop {
        let message = consumer.recv().await?;
        let fare = message.key().unwrap_or_default();
        let mut tx = pool.begin().await?;
        let marked = sqlx::query("INSERT INTO seen_fares (id) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(fare)
            .execute(&mut *tx) //~ non-transactional-dedup
            .await?;
        if marked.rows_affected() == 1 {
            sqlx::query("UPDATE cards SET cents = cents - 240 WHERE id = $1")
                .bind(message.payload())
                .execute(&pool)
                .await?;
        }
        tx.commit().await?;
        consumer.commit_message(&message, CommitMode::Sync)?;
    }
}
