//! One transaction, but two workers can both read "not seen yet".
//@ inferred: pay_royalties = at_least_once

use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use sqlx::PgPool;

#[delivery::effectively_once(
    integration = "radio.royalties",
    dedup(store = "postgres:played", key = "play", retention = "30d")
)]
pub async fn pay_royalties(consumer: StreamConsumer, pool: PgPool) -> anyhow::Result<()> {
    loop {
        let message = consumer.recv().await?;
        let play = message.key().unwrap_or_default();
        let mut tx = pool.begin().await?;
        let seen = sqlx::query("SELECT 1 FROM played WHERE play = $1")
            .bind(play)
            .fetch_optional(&mut *tx) //~ dedup-race
            .await?;
        if seen.is_none() {
            sqlx::query("UPDATE artists SET cents = cents + 9 WHERE id = $1")
                .bind(message.payload())
                .execute(&mut *tx)
                .await?;
            sqlx::query("INSERT INTO played (play) VALUES ($1)")
                .bind(play)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        consumer.commit_message(&message, CommitMode::Sync)?;
    }
}
