//! The mark would tell, but nobody asks it: the second worker waits for the first and then pays again.
//@ inferred: pay_extras = at_least_once

use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use tokio_postgres::Client;

#[delivery::effectively_once(
    integration = "film.extras",
    dedup(store = "postgres:paid_scenes", key = "id", retention = "30d")
)]
pub async fn pay_extras(consumer: StreamConsumer, mut db: Client) -> anyhow::Result<()> {
    loop {
        let message = consumer.recv().await?;
        let scene = message.key().unwrap_or_default();
        let extra = message.payload().unwrap_or_default();
        let tx = db.transaction().await?;
        let seen = tx
            .query_opt("SELECT 1 FROM paid_scenes WHERE id = $1", &[&scene]) //~ dedup-race
            .await?;
        if seen.is_none() {
            tx.execute("UPDATE extras SET cents = cents + 12000 WHERE id = $1", &[&extra])
                .await?;
            tx.execute(
                "INSERT INTO paid_scenes (id) VALUES ($1) ON CONFLICT DO NOTHING",
                &[&scene],
            )
            .await?;
        }
        tx.commit().await?;
        consumer.commit_message(&message, CommitMode::Sync)?;
    }
}
