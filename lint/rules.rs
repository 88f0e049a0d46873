//! The registry of rules: every command, format and page iterates over it.

use crate::report::Level;

/// A rule: what it is called and what is said about it.
#[derive(Debug)]
pub struct Rule {
    /// `commit-before-process`
    pub name: &'static str,
    /// `D101`
    pub code: &'static str,
    /// Its level for a declared integration.
    pub level: Level,
    /// One sentence.
    pub summary: &'static str,
    /// Its page, in Markdown.
    pub doc: &'static str,
}

/// Every rule, by code.
pub const RULES: &[&Rule] = &[
    &Rule { name: "syntax-error", code: "D001", level: Level::Warn, summary: "a file that matters does not parse, whole or in part.", doc: include_str!("rules/syntax_error.md") },
    &Rule { name: "invalid-declaration", code: "D002", level: Level::Deny, summary: "a delivery attribute or a delivery.yaml entry is wrong.", doc: include_str!("rules/invalid_declaration.md") },
    &Rule { name: "unused-allow", code: "D003", level: Level::Warn, summary: "an allow suppresses nothing.", doc: include_str!("rules/unused_allow.md") },
    &Rule { name: "allow-without-reason", code: "D004", level: Level::Warn, summary: "an allow gives no reason.", doc: include_str!("rules/allow_without_reason.md") },
    &Rule { name: "commit-before-process", code: "D101", level: Level::Deny, summary: "on some path the message is acked before the last of that path's effects (or opaque calls) is durable.", doc: include_str!("rules/commit_before_process.md") },
    &Rule { name: "auto-commit", code: "D102", level: Level::Deny, summary: "the transport acks by itself before processing ends.", doc: include_str!("rules/auto_commit.md") },
    &Rule { name: "ack-on-error", code: "D103", level: Level::Deny, summary: "an effect (or opaque call) fails and the message is acked all the same (error logged, ignored with let _ =, .ok(), unwrap_or, or a framework handler returning Ok) with no dead-letter publish or failure record in between, or with one whose own failure is dropped.", doc: include_str!("rules/ack_on_error.md") },
    &Rule { name: "detached-processing", code: "D104", level: Level::Deny, summary: "effects run in a spawned task that is not joined before the ack.", doc: include_str!("rules/detached_processing.md") },
    &Rule { name: "volatile-handoff", code: "D105", level: Level::Deny, summary: "the message goes into an in-memory channel or buffer and is acked before whoever drains it has processed it.", doc: include_str!("rules/volatile_handoff.md") },
    &Rule { name: "retry-gives-up", code: "D106", level: Level::Deny, summary: "a bounded retry runs out and the message is then acked, rejected or dropped without dead-letter (takes precedence over D103 and D116).", doc: "" },
    &Rule { name: "unconfirmed-publish", code: "D107", level: Level::Deny, summary: "a publish whose delivery confirmation is never awaited, or whose failure is dropped, in an integration that promises no loss.", doc: include_str!("rules/unconfirmed_publish.md") },
    &Rule { name: "dual-write", code: "D108", level: Level::Deny, summary: "a database commit and a publish in one flow are not atomic and no redelivery repairs it.", doc: include_str!("rules/dual_write.md") },
    &Rule { name: "out-of-order-commit", code: "D109", level: Level::Deny, summary: "messages are processed concurrently and each commits its own position on a cumulative-ack transport.", doc: "" },
    &Rule { name: "dedup-mark-before-effect", code: "D110", level: Level::Deny, summary: "the dedup mark becomes durable before the effect, in no common transaction.", doc: include_str!("rules/dedup_mark_before_effect.md") },
    &Rule { name: "lossy-transport", code: "D111", level: Level::Deny, summary: "an integration that promises no loss receives from, or publishes to, a transport that keeps nothing (UDP, core NATS, Redis pub/sub, MQTT QoS 0), or subscribes without keeping a position in one that does (no group, start at the end, live query, ephemeral consumer).", doc: "" },
    &Rule { name: "skipped-offset", code: "D112", level: Level::Deny, summary: "on a cumulative-ack transport a path leaves a message unprocessed and goes on (most often the error path, logging and continuing), and the next commit covers it.", doc: include_str!("rules/skipped_offset.md") },
    &Rule { name: "unchecked-response", code: "D113", level: Level::Warn, summary: "an HTTP effect whose status is never looked at (error_for_status, status()).", doc: "" },
    &Rule { name: "claim-without-lease", code: "D114", level: Level::Deny, summary: "a row or job is claimed by a committed status change before its effect, and nothing in the workspace ever reclaims it.", doc: "" },
    &Rule { name: "consumer-stops", code: "D115", level: Level::Warn, summary: "one bad message or a broken stream ends the receive loop for good, in a task whose end nobody observes (takes precedence over D212).", doc: "" },
    &Rule { name: "reject-drops", code: "D116", level: Level::Warn, summary: "on failure the message is rejected or nacked without requeue (lapin's default), and the workspace shows no dead-letter target.", doc: "" },
    &Rule { name: "non-idempotent-effect", code: "D201", level: Level::Deny, summary: "at-least-once delivery reaches an effect known to be non-idempotent, with no dedup guarding it.", doc: include_str!("rules/non_idempotent_effect.md") },
    &Rule { name: "non-transactional-dedup", code: "D202", level: Level::Deny, summary: "check, effect and mark exist, but effect and mark are not in one transaction.", doc: include_str!("rules/non_transactional_dedup.md") },
    &Rule { name: "dedup-race", code: "D203", level: Level::Deny, summary: "the check and the mark are not atomic against a second worker.", doc: include_str!("rules/dedup_race.md") },
    &Rule { name: "dedup-ttl-too-short", code: "D204", level: Level::Deny, summary: "the mark expires (TTL, retention, cleanup interval) before the last possible redelivery (redelivery_window).", doc: "" },
    &Rule { name: "volatile-dedup", code: "D205", level: Level::Deny, summary: "dedup lives in process memory, or criticality = critical and it lives only in a cache that can lose it.", doc: "" },
    &Rule { name: "unstable-dedup-key", code: "D206", level: Level::Deny, summary: "a dedup or idempotency key, or the id of a published message, is made fresh on each attempt (random or clock) instead of from the message.", doc: "" },
    &Rule { name: "missing-idempotency-key", code: "D207", level: Level::Deny, summary: "a retried or redelivered HTTP POST/PATCH carries no idempotency key.", doc: "" },
    &Rule { name: "visibility-timeout-too-short", code: "D208", level: Level::Deny, summary: "the lease (visibility timeout, ack deadline, ack_wait, minimum idle time of a claim, leased_until of a row) is shorter than the processing it covers (a timeout, a sleep, or processing_time) and nothing extends it.", doc: "" },
    &Rule { name: "retry-in-at-most-once", code: "D209", level: Level::Deny, summary: "an integration declared at_most_once retries an effect.", doc: "" },
    &Rule { name: "commit-after-process", code: "D210", level: Level::Deny, summary: "declared at_most_once, but the ack comes after an effect.", doc: include_str!("rules/commit_after_process.md") },
    &Rule { name: "missing-ack", code: "D211", level: Level::Deny, summary: "with manual acks, a path that ends well never settles the message (on a cumulative-ack transport only where no later commit covers it).", doc: include_str!("rules/missing_ack.md") },
    &Rule { name: "poison-loop", code: "D212", level: Level::Warn, summary: "a permanent failure (decoding, validation) is requeued, or panics before the ack, with no attempt limit, back-off or dead-letter.", doc: "" },
    &Rule { name: "unbounded-dedup-store", code: "D213", level: Level::Note, summary: "dedup marks are never removed.", doc: "" },
    &Rule { name: "exactly-once-external-effect", code: "D301", level: Level::Deny, summary: "declared exactly_once, and an effect lies outside the transaction that holds the receive position.", doc: include_str!("rules/exactly_once_external_effect.md") },
    &Rule { name: "missing-eos-config", code: "D302", level: Level::Deny, summary: "declared exactly_once over Kafka, and one of these does not hold.", doc: "" },
    &Rule { name: "unfenced-transaction", code: "D303", level: Level::Deny, summary: "a consume-process-produce transaction whose offset commit does not carry the consumer group's metadata.", doc: "" },
    &Rule { name: "stale-overwrite", code: "D401", level: Level::Note, summary: "deliveries can overtake each other (unordered transport, requeue, concurrent workers) and an effect overwrites an absolute value in a store (SQL, document, cache, object or file under a key that later messages share.", doc: "" },
    &Rule { name: "undeclared-integration", code: "D501", level: Level::Warn, summary: "code receives from a transport and declares no semantic.", doc: include_str!("rules/undeclared_integration.md") },
    &Rule { name: "missing-rationale", code: "D502", level: Level::Warn, summary: "no why, or an empty one.", doc: include_str!("rules/missing_rationale.md") },
    &Rule { name: "unproven-mechanism", code: "D503", level: Level::Warn, summary: "a mechanism is declared that the code shows no sign of.", doc: include_str!("rules/unproven_mechanism.md") },
    &Rule { name: "missing-edge-cases", code: "D504", level: Level::Warn, summary: "no edge_cases.", doc: include_str!("rules/missing_edge_cases.md") },
    &Rule { name: "untested-failure", code: "D505", level: Level::Warn, summary: "no tested_by, or it names a test that does not exist.", doc: "" },
    &Rule { name: "unmonitored-integration", code: "D506", level: Level::Warn, summary: "no metrics declared and no metric recorded in the unit.", doc: "" },
    &Rule { name: "unsuitable-semantic", code: "D507", level: Level::Deny, summary: "criticality = critical with a semantic that may lose messages.", doc: "" },
    &Rule { name: "overpaid-guarantee", code: "D508", level: Level::Warn, summary: "exactly_once where effectively once would do.", doc: "" },
    &Rule { name: "weakest-link", code: "D509", level: Level::Deny, summary: "a no-loss consumer is fed, inside the workspace, by a producer that may lose messages.", doc: "" },
    &Rule { name: "unmet-guarantee", code: "D510", level: Level::Deny, summary: "the checker refutes the declared guarantee and no more specific rule explains it.", doc: include_str!("rules/unmet_guarantee.md") },
    &Rule { name: "unverified-guarantee", code: "D511", level: Level::Note, summary: "the guarantee holds only under assumptions.", doc: include_str!("rules/unverified_guarantee.md") },
    &Rule { name: "semantic-drift", code: "D512", level: Level::Deny, summary: "(cargo delivery diff) a declared or inferred guarantee became weaker than at the other revision.", doc: "" },
];
