//! The mechanisms by which a guarantee is kept.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// By what means an integration keeps its promise.
    Mechanism, "mechanism" {
        CommitAfterProcess = "commit_after_process":
            "The message is acknowledged only after its effects are durable: a crash before that redelivers it.",
        CommitBeforeProcess = "commit_before_process":
            "The message is acknowledged before its effects: a crash after that loses it, but nothing repeats it.",
        TransactionalDedup = "transactional_dedup":
            "The id of the message is recorded in the transaction of its effect, and a recorded id is skipped.",
        CacheDedup = "cache_dedup":
            "The ids of processed messages are kept in a cache that expires or may be lost.",
        UniqueConstraint = "unique_constraint":
            "A unique key of the written row refuses the second write.",
        IdempotentEffect = "idempotent_effect":
            "Applying the effect twice leaves what applying it once leaves.",
        IdempotencyKey = "idempotency_key":
            "Requests carry a key made from the message, by which the other side recognises a repetition.",
        CompareAndSet = "compare_and_set":
            "A write happens only if the version or the state is still the expected one.",
        TransactionalOutbox = "transactional_outbox":
            "What is to be published is stored in the transaction of the effect, and a relay publishes it.",
        KafkaTransactions = "kafka_transactions":
            "Consumed offsets and produced records commit in one Kafka transaction.",
        PublisherConfirms = "publisher_confirms":
            "A publish counts only once the broker has confirmed it.",
        RetryUntilAcknowledged = "retry_until_acknowledged":
            "A failed attempt is repeated until the other side acknowledges.",
        DeadLetter = "dead_letter":
            "What cannot be processed is kept aside durably instead of being dropped.",
        CircuitBreaker = "circuit_breaker":
            "After repeated failures no further attempt is made for a while.",
        Saga = "saga":
            "A sequence of local transactions, each with a compensation that undoes it.",
        TwoPhaseCommit = "two_phase_commit":
            "A coordinator makes several systems commit together or not at all.",
        LeaseExtension = "lease_extension":
            "The lease on the message is prolonged while it is being processed.",
        DistributedLock = "distributed_lock":
            "A lock keeps two workers from processing the same message at once.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_mechanism_that_was_meant() {
        let error = "transactionaldedup".parse::<Mechanism>().unwrap_err();
        assert_eq!(
            error.message(),
            "unknown mechanism `transactionaldedup`; did you mean `transactional_dedup`?"
        );
        let error = "outbox".parse::<Mechanism>().unwrap_err();
        assert_eq!(
            error.message(),
            "unknown mechanism `outbox`; did you mean `transactional_outbox`?"
        );
    }
}
