//! Exactly once ends at the border of the transaction.

use delivery_grammar::Semantic;

use crate::flow::{EffectId, Flow, NodeId, Settle, Step, TxId};

use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "exactly-once-external-effect",
    code: "D301",
    level: Level::Deny,
    since: "0.1.0",
    summary: "Declared `exactly_once`, and an effect lies outside the transaction that holds the receive position.",
    doc: include_str!("exactly_once_external_effect.md"),
    check: Check::Flow(check),
};

fn check(flow: &Flow, promise: &Promise) -> Vec<Cause> {
    if promise.semantic != Semantic::ExactlyOnce {
        return Vec::new();
    }
    let positions = positions(flow);
    let mut found: Vec<(EffectId, NodeId)> = Vec::new();
    for (id, node) in flow.iter() {
        let (effect, tx) = match node.step {
            Step::Effect { effect, tx } | Step::Mark { effect: Some(effect), tx, .. } => (effect, tx),
            _ => continue,
        };
        let inside = tx.is_some_and(|tx| positions.contains(&tx) || flow.source.settle == Settle::InSink);
        if !inside && !found.iter().any(|(known, _)| *known == effect) {
            found.push((effect, id));
        }
    }
    found.into_iter().map(|(effect, id)| cause(flow, effect, id)).collect()
}

/// The transactions that hold the receive position.
pub(super) fn positions(flow: &Flow) -> Vec<TxId> {
    let acks = flow.iter().filter_map(|(_, node)| match &node.step {
        Step::Ack(ack) => ack.tx,
        _ => None,
    });
    acks.collect()
}

fn cause(flow: &Flow, effect: EffectId, id: NodeId) -> Cause {
    let about = flow.effect(effect);
    let span = flow.node(id).at.as_ref().unwrap_or(&about.at).span;
    let message = format!("`{}` lies outside the transaction that holds the receive position", about.at.text);
    let help = "promise `effectively_once`, or move the effect into that transaction".to_owned();
    Cause { node: Some(id), effect: Some(effect), ..finding(&RULE, span, message, help) }
}
