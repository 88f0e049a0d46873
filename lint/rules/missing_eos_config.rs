//! Exactly once over Kafka needs four things, and one of them is missing.

use delivery_grammar::Semantic;

use crate::flow::{Flow, Known, Settle, Step, Transaction};
use crate::span::Span;

use super::exactly_once_external_effect::positions;
use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "missing-eos-config",
    code: "D302",
    level: Level::Deny,
    since: "0.1.0",
    summary: "Declared `exactly_once` over Kafka, and a client is not set up for it: transaction, offsets, isolation or manual commits are missing.",
    doc: include_str!("missing_eos_config.md"),
    check: Check::Flow(check),
};

/// What one client lacks, and what would mend it.
struct Missing {
    what: &'static str,
    mend: &'static str,
}

fn check(flow: &Flow, promise: &Promise) -> Vec<Cause> {
    let source = &flow.source;
    let Some(store) = source.positions_in.as_deref().filter(|_| source.settle != Settle::InSink) else {
        return Vec::new();
    };
    if promise.semantic != Semantic::ExactlyOnce {
        return Vec::new();
    }
    let consumer = source.constructed_at.unwrap_or(source.at.span);
    let producer = producer(flow, store).unwrap_or(consumer);
    let mut lacking = by_client(producer, lacking_producer(flow, store), consumer, lacking_consumer(flow));
    lacking.retain(|(_, missing)| !missing.is_empty());
    lacking.into_iter().map(|(at, missing)| cause(flow, at, &missing)).collect()
}

/// Two clients, or one where no producer can be seen.
fn by_client(
    producer: Span,
    producers: Vec<Missing>,
    consumer: Span,
    consumers: Vec<Missing>,
) -> Vec<(Span, Vec<Missing>)> {
    if producer == consumer {
        return vec![(consumer, producers.into_iter().chain(consumers).collect())];
    }
    vec![(producer, producers), (consumer, consumers)]
}

fn transactions<'f>(flow: &'f Flow, store: &str) -> impl Iterator<Item = &'f Transaction> {
    flow.transactions.iter().filter(move |tx| tx.store == store)
}

fn producer(flow: &Flow, store: &str) -> Option<Span> {
    transactions(flow, store).find_map(|tx| tx.client_at).or(flow.source.producer_at)
}

fn lacking_producer(flow: &Flow, store: &str) -> Vec<Missing> {
    let transaction = if transactions(flow, store).next().is_none() {
        Some(Missing {
            what: "no transaction holds the consumed offsets together with the effects",
            mend: "give the producer a `transactional.id`, and send the offsets to its transaction",
        })
    } else if transactions(flow, store).any(|tx| tx.enabled == Known::No) {
        Some(Missing {
            what: "a producer without `transactional.id` has no transactions",
            mend: "set `transactional.id`",
        })
    } else {
        None
    };
    let offsets = (transaction.is_none() && positions(flow).is_empty()).then_some(Missing {
        what: "the consumed offsets are not sent to this producer's transaction",
        mend: "call `send_offsets_to_transaction` before the commit",
    });
    transaction.into_iter().chain(offsets).collect()
}

fn lacking_consumer(flow: &Flow) -> Vec<Missing> {
    let dirty = (flow.source.committed_only == Known::No).then_some(Missing {
        what: "the consumer reads what aborted transactions wrote",
        mend: "set `isolation.level` to `read_committed`",
    });
    let auto = matches!(flow.source.settle, Settle::OnReceive { .. }).then_some(Missing {
        what: "the consumer commits offsets by itself, outside of any transaction",
        mend: "set `enable.auto.commit` to `false`",
    });
    dirty.into_iter().chain(auto).collect()
}

fn cause(flow: &Flow, at: Span, missing: &[Missing]) -> Cause {
    let join = |part: fn(&Missing) -> &'static str| missing.iter().map(part).collect::<Vec<_>>().join("; ");
    let mut cause = finding(&RULE, at, join(|missing| missing.what), join(|missing| missing.mend));
    let alone = |step: &Step| matches!(step, Step::Ack(ack) if ack.tx.is_none());
    let acks = flow.iter().filter(|(_, node)| alone(&node.step)).filter_map(|(_, node)| node.at.as_ref());
    cause.labels.extend(acks.map(|ack| (ack.span, "committed on its own".to_owned())));
    cause
}
