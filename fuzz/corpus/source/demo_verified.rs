//! The README's first example: card payments that are captured once, whatever crashes.
//@ inferred: capture_payments = effectively_once

use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use sqlx::PgPool;

#[delivery::effectively_once(
    integration = "payments.captures",
    source = "kafka:payments.authorised",
    sinks = ["postgres:accounts", "postgres:captured_payments"],
    why = "A lost capture is lost money, a repeated one is a double charge.",
    mechanisms = [transactional_dedup, commit_after_process],
    edge_cases = [
        "Crash between the transaction and the commit: redelivered, absorbed by the row in captured_payments.",
        "Two workers after a rebalance: the second one waits for the first one's row and finds it.",
    ],
    dedup(store = "postgres:captured_payments", key = "payment_id", retention = "30d"),
    redelivery_window = "7d",
    criticality = critical,
    metrics = ["payments_captured_total", "payments_duplicates_total"],
    tested_by = [tests::a_redelivered_payment_is_captured_once],
    owner = "team-payments",
    runbook = "https://runbooks.example/payments/captures",
)]
pub async fn capture_payments(consumer: StreamConsumer, pool: PgPool) -> anyhow::Result<()> {
    loop {
        let message = consumer.recv().await?;
        let payment_id = message.key().unwrap_or_default();
        let mut tx = pool.begin().await?;
        let fresh = sqlx::query("INSERT INTO captured_payments (payment_id) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(payment_id)
            .execute(&mut *tx)
            .await?
            .rows_affected()
            == 1;
        if fresh {
            sqlx::query(
                "UPDATE accounts SET balance = balance - (SELECT amount FROM payments WHERE id = $1) WHERE id = $2",
            )
            .bind(payment_id)
            .bind(message.payload())
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        consumer.commit_message(&message, CommitMode::Sync)?;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_redelivered_payment_is_captured_once() {}
}
