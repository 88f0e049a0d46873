//! Deliveries: what goes out to somebody who cannot ask for it again: a message, a mail, a request whose answer nobody reads.

use std::collections::BTreeSet;

use crate::flow::{Effect, EffectId, EffectKind, Ended, Flow, Idempotency, Node, NodeId, Outcome, Step, reachable};

/// Everything that a flow delivers, with its effect.
pub(super) fn deliveries(flow: &Flow) -> impl Iterator<Item = (EffectId, &Effect)> {
    let asks = asking(flow);
    let effects = (0..).map(EffectId).zip(&flow.effects);
    effects.filter(move |(id, effect)| effect.kind.delivers() && !asks.contains(id))
}

/// The nodes that deliver something.
pub(super) fn delivering(flow: &Flow) -> Vec<NodeId> {
    let all: BTreeSet<EffectId> = deliveries(flow).map(|(id, _)| id).collect();
    let nodes = flow
        .iter()
        .filter(|(_, node)| effect_of(node).is_some_and(|effect| all.contains(&effect)));
    nodes.map(|(id, _)| id).collect()
}

/// Whether something surely changes a database.
pub(super) fn keeps(flow: &Flow) -> bool {
    let is_kept = |effect: &Effect| effect.kind == EffectKind::Database && effect.idempotency != Idempotency::Unknown;
    flow.effects.iter().any(is_kept)
}

/// Whether what is delivered first is delivered in a task of its own.
pub(super) fn is_detached(flow: &Flow) -> bool {
    let itself = reachable(flow, NodeId(0), |when| when != Outcome::Child);
    delivering(flow).first().is_some_and(|first| !itself.contains(first))
}

fn effect_of(node: &Node) -> Option<EffectId> {
    match node.step {
        Step::Effect { effect, .. } => Some(effect),
        _ => None,
    }
}

/// Requests that ask for something: whoever goes on well reads the answer first.
fn asking(flow: &Flow) -> BTreeSet<EffectId> {
    let mut asks = BTreeSet::new();
    let mut only_told = BTreeSet::new();
    for (_, node) in flow.iter() {
        let request = effect_of(node).filter(|effect| flow.effect(*effect).kind == EffectKind::Http);
        let (Some(effect), Some(next)) = (request, node.on(Outcome::Ok)) else {
            continue;
        };
        for step in first_steps(flow, next) {
            match step {
                Step::Read { from } if !from.contains(':') => asks.insert(effect),
                Step::Exit(Ended::Err | Ended::Panic) | Step::TaskEnd(Ended::Err | Ended::Panic) => false,
                _ => only_told.insert(effect),
            };
        }
    }
    &asks - &only_told
}

/// What control may come to first, past what only decides.
fn first_steps(flow: &Flow, from: NodeId) -> Vec<&Step> {
    let mut seen = BTreeSet::from([from]);
    let mut next = vec![from];
    let mut found = Vec::new();
    while let Some(id) = next.pop() {
        let node = flow.node(id);
        match node.step {
            Step::Branch { .. } | Step::Pass | Step::Join { .. } => {
                next.extend(node.edges.iter().map(|edge| edge.to).filter(|to| seen.insert(*to)));
            }
            _ => found.push(&node.step),
        }
    }
    found
}
