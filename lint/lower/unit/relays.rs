//! Relays: functions that read rows, deliver what they say, and then remove them or write down that it is done.
//!
//! A read by itself takes nothing: whoever asks next gets the same rows. But where the rows are what is published, and are settled
//! afterwards, they are the messages, and whether one is lost is decided by what becomes of its row, not by whoever calls the function.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::deliveries::{deliveries, delivering};
use super::{Arguments, Executed, MAX_CALLERS_UP, Run, Unit, arguments};
use crate::flow::{EffectKind, Flow, NodeId, Step, reachable};
use crate::lower::Context;
use crate::span::Span;

/// The units of a producer that relays rows: one for each read whose rows it settles. Otherwise itself.
pub(super) fn relays(context: &Context<'_>, unit: Unit) -> Vec<Unit> {
    let reads = relayed(&unit);
    let found: Vec<Unit> = reads
        .into_iter()
        .filter_map(|read| relay(context, &unit, read))
        .collect();
    let covered: BTreeSet<Span> = found.iter().flat_map(|relay| delivered(&relay.flow)).collect();
    if found.is_empty() {
        return vec![unit];
    }
    let rest = delivered(&unit.flow).any(|at| !covered.contains(&at));
    found.into_iter().chain(rest.then_some(unit)).collect()
}

fn delivered(flow: &Flow) -> impl Iterator<Item = Span> {
    deliveries(flow).map(|(_, effect)| effect.at.span)
}

/// The function, lowered again with the rows of a read as its messages: with what its callers pass, where that is needed to see what
/// becomes of them.
fn relay(context: &Context<'_>, unit: &Unit, read: Span) -> Option<Unit> {
    let run = Run {
        context,
        f: unit.function,
        focus: Some(read),
    };
    let plain = run.follow(&Arguments::default(), Some(read));
    settling(plain).or_else(|| {
        let known = arguments(context, unit.function, MAX_CALLERS_UP)?;
        settling(run.follow(&known, Some(read)))
    })
}

fn settling(followed: Option<(Executed, Vec<Span>)>) -> Option<Unit> {
    let unit = followed?.0.lowered.unit;
    let acks = unit.flow.nodes.iter().any(|node| matches!(node.step, Step::Ack(_)));
    (acks && unit.flow.unknown.is_empty() && delivered(&unit.flow).next().is_some()).then_some(unit)
}

/// The reads of a table after which something is delivered and then a row of that table is changed or removed: of several before one
/// delivery, the last.
fn relayed(unit: &Unit) -> BTreeSet<Span> {
    let flow = &unit.flow;
    let reads = flow.iter().filter(|(_, node)| matches!(node.step, Step::Read { .. }));
    let polls = reads.filter_map(|(id, node)| {
        let at = node.at.as_ref()?.span;
        Some((id, at, unit.met.polls.get(&at)?, ahead(flow, id)))
    });
    let polls: Vec<(NodeId, Span, &SmolStr, Vec<NodeId>)> = polls.collect();
    let read_for = |id: NodeId| {
        let settled: BTreeSet<&SmolStr> = ahead(flow, id).into_iter().filter_map(|id| changed(flow, id)).collect();
        let mut before = polls
            .iter()
            .rev()
            .filter(|(read, .., ahead)| *read < id && ahead.contains(&id));
        before
            .find(|(_, _, table, _)| settled.contains(table))
            .map(|(_, at, ..)| *at)
    };
    delivering(flow).into_iter().filter_map(read_for).collect()
}

/// Everything that control may come to from a node, with the same message.
fn ahead(flow: &Flow, from: NodeId) -> Vec<NodeId> {
    reachable(flow, from, |_| true)
}

/// The table that a step changes or clears.
fn changed(flow: &Flow, id: NodeId) -> Option<&SmolStr> {
    let Step::Effect { effect, .. } = flow.node(id).step else {
        return None;
    };
    let effect = flow.effect(effect);
    (effect.kind == EffectKind::Database).then_some(&effect.target)
}
