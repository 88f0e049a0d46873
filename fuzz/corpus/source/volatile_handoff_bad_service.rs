//! A service takes the sender in its constructor; whoever drains the queue is in another function.
//@ inferred: run = at_most_once

use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::message::OwnedMessage;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

pub struct Intake {
    consumer: StreamConsumer,
    samples: UnboundedSender<OwnedMessage>,
}

impl Intake {
    pub fn new(consumer: StreamConsumer, samples: UnboundedSender<OwnedMessage>) -> Self {
        Self { consumer, samples }
    }

    #[delivery::effectively_once(integration = "lab.samples")]
    pub async fn run(&self) -> anyhow::Result<()> {
        loop {
            let message = self.consumer.recv().await?;
            self.samples.send(message.detach())?; //~ volatile-handoff
            self.consumer.commit_message(&message, CommitMode::Sync)?;
        }
    }
}

pub async fn analyse(mut samples: UnboundedReceiver<OwnedMessage>, pool: sqlx::PgPool) -> sqlx::Result<()> {
    while let Some(sample) = samples.recv().await {
        sqlx::query("UPDATE samples SET analysed = true WHERE id = $1")
            .bind(sample.key())
            .execute(&pool)
            .await?;
    }
    Ok(())
}
