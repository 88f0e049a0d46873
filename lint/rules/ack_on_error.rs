//! Acknowledging a message whose effect failed loses it.

use crate::flow::{Broker, Flow, Node, NodeId, Outcome, Site, Step};
use crate::model::{Event, TraceStep, repair};

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "ack-on-error",
    code: "D103",
    level: Level::Deny,
    since: "0.1.0",
    summary: "An effect fails and the message is acknowledged all the same.",
    doc: include_str!("ack_on_error.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let (_, failure) = case.failure().filter(|_| case.is_loss())?;
    let (_, settling) = case.settling()?;
    let own = settling.message == Some(case.message());
    let node = settling.node.filter(|_| own)?;
    match case.node(node).step {
        Step::Ack(_) => explicit(case, failure, node),
        Step::Commit { .. } => explicit(case, failure, ack_in_transaction(case)?),
        Step::Exit(_) | Step::TaskEnd(_) => implicit(case, failure, node),
        _ => None,
    }
}

/// One ack is one finding, however many failures lead there.
fn explicit(case: &Case<'_>, failure: &TraceStep, ack: NodeId) -> Option<Named> {
    let acks = same_call(case, ack);
    let sources = case.failures_towards(&acks);
    let message = format!("the message is acknowledged although {} failed", case.name());
    let help = "on a failure, return it, have the message redelivered, or keep it in a dead-letter queue before acknowledging";
    let elsewhere = case.settling().is_some_and(|(_, step)| step.task != failure.task);
    let repaired = match unseen(case, failure) {
        _ if elsewhere => reported(case, failure, &acks),
        Some(blind) => repair::see(case.flow, &blind),
        None => repair::refuse_after_failure(case.flow, &sources, &acks),
    };
    let named = Named::at(case.site(Some(ack)), message, help.into(), repaired);
    let node = Some(ack);
    Some(Named { node, ..named.label(case.failure().and_then(|(_, step)| site_of(case, step)), "if this fails") })
}

/// A task that was waited for says that it failed, and whoever waits believes it.
fn reported(case: &Case<'_>, failure: &TraceStep, acks: &[NodeId]) -> Flow {
    let alike = failure.node.map(|source| steps_like(case, source)).unwrap_or_default();
    let joins = case.flow.iter().filter(|(_, node)| matches!(node.step, Step::Join { .. }));
    let (seen, blind): (Vec<_>, Vec<_>) = joins.map(|(id, _)| id).partition(|&id| case.node(id).on(Outcome::Err).is_some());
    let told = repair::see(case.flow, &[alike, blind].concat());
    repair::refuse_after_failure(&told, &seen, acks)
}

fn steps_like(case: &Case<'_>, source: NodeId) -> Vec<NodeId> {
    case.flow.iter().filter(|(_, node)| node.step == case.node(source).step).map(|(id, _)| id).collect()
}

fn implicit(case: &Case<'_>, failure: &TraceStep, end: NodeId) -> Option<Named> {
    let source = failure.node?;
    let dropped = failure.then.filter(|&then| case.node(then).step == Step::Pass).unwrap_or(source);
    let message = match case.flow.source.broker {
        Broker::Caller => format!("the caller is told that all went well although {} failed", case.name()),
        _ => format!("the failure of {} is dropped here, and the message counts as processed", case.name()),
    };
    let help = "return the error, so that the message is delivered again";
    let sources: Vec<NodeId> =
        case.flow.iter().filter(|(_, node)| node.step == case.node(source).step).map(|(id, _)| id).collect();
    let repaired = match unseen(case, failure) {
        Some(blind) => repair::see(case.flow, &blind),
        None => repair::refuse_after_failure(case.flow, &sources, &steps_like(case, end)),
    };
    let named = Named::at(case.site(Some(dropped)), message, help.into(), repaired);
    Some(Named { node: Some(dropped), ..named.label(case.effect_site(), "if this fails") })
}

/// The steps like the one whose failure nobody could see.
fn unseen(case: &Case<'_>, failure: &TraceStep) -> Option<Vec<NodeId>> {
    let source = case.node(failure.node?);
    let blind = matches!(failure.event, Event::EffectUnseen { .. }) || source.on(Outcome::Err).is_none();
    blind.then(|| steps_like(case, failure.node.unwrap_or(NodeId(0))))
}

/// The ack that a committed transaction held.
pub(super) fn ack_in_transaction(case: &Case<'_>) -> Option<NodeId> {
    let ack = case.last_attempt().find(|(_, step)| step.event == Event::AckBuffered)?;
    ack.1.node
}

/// The nodes that stand for the same call: lowering copies a call that several paths reach.
pub(super) fn same_call(case: &Case<'_>, node: NodeId) -> Vec<NodeId> {
    let wanted = case.node(node);
    let same = |other: &Node| other.step == wanted.step && other.at.is_some() && other.at == wanted.at;
    case.flow.iter().filter(|(id, other)| *id == node || same(other)).map(|(id, _)| id).collect()
}

fn site_of<'a>(case: &Case<'a>, step: &TraceStep) -> Option<&'a Site> {
    step.node.and_then(|id| case.node(id).at.as_ref())
}
