//! Exactly once over Kafka needs the offsets in the producer's transaction.

use delivery_grammar::Semantic;

use crate::flow::{Broker, Flow, Settle, Step};

use super::exactly_once_external_effect::positions;
use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "missing-eos-config",
    code: "D302",
    level: Level::Deny,
    since: "0.1.0",
    summary: "Declared `exactly_once` over Kafka, and the consumed offsets are not part of a producer's transaction.",
    doc: include_str!("missing_eos_config.md"),
    check: Check::Flow(check),
};

fn check(flow: &Flow, promise: &Promise) -> Vec<Cause> {
    let source = &flow.source;
    let kafka = source.broker == Broker::Log && source.transport == "kafka" && source.settle != Settle::InSink;
    if promise.semantic != Semantic::ExactlyOnce || !kafka || !positions(flow).is_empty() {
        return Vec::new();
    }
    let primary = source.producer_at.or(source.constructed_at).unwrap_or(source.at.span);
    let message = "the consumed offsets are not sent to a transaction of this producer".to_owned();
    let help = "set `transactional.id`, and send the offsets with `send_offsets_to_transaction` before the commit".to_owned();
    let mut cause = finding(&RULE, primary, message, help);
    let acks = flow.iter().filter(|(_, node)| matches!(node.step, Step::Ack(_))).filter_map(|(_, node)| node.at.as_ref());
    cause.labels.extend(acks.map(|at| (at.span, "committed on its own".to_owned())));
    vec![cause]
}
