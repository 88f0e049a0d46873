//! Acknowledging a message whose effect failed loses it.

use crate::flow::{Broker, Node, NodeId, Outcome, Site, Step};
use crate::model::{Event, TraceStep, reachable, repair};

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
    let own = settling.message == Some(case.message()) && settling.task == failure.task;
    let node = settling.node.filter(|_| own)?;
    match case.node(node).step {
        Step::Ack(_) => explicit(case, node),
        Step::Commit { .. } => explicit(case, ack_in_transaction(case)?),
        Step::Exit(_) | Step::TaskEnd(_) => implicit(case, failure, node),
        _ => None,
    }
}

/// One ack is one finding, however many failures lead there.
fn explicit(case: &Case<'_>, ack: NodeId) -> Option<Named> {
    let acks = same_call(case, ack);
    let fails = |node: &Node| is_fallible(&node.step) && node.on(Outcome::Err).is_some_and(|to| reaches(case, to, &acks));
    let sources: Vec<NodeId> = case.flow.iter().filter(|(_, node)| fails(node)).map(|(id, _)| id).collect();
    let message = format!("the message is acknowledged although {} failed", case.name());
    let help = "on a failure, return it, have the message redelivered, or keep it in a dead-letter queue before acknowledging";
    let repaired = repair::refuse_after_failure(case.flow, &sources, &acks);
    let named = Named::at(case.site(Some(ack)), message, help.into(), repaired);
    let node = Some(ack);
    Some(Named { node, ..named.label(case.failure().and_then(|(_, step)| site_of(case, step)), "if this fails") })
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
    let repaired = if case.node(source).on(Outcome::Err).is_some() {
        repair::refuse_after_failure(case.flow, &sources, &ends_like(case, end))
    } else {
        repair::confirm(case.flow, case.violation.effect)
    };
    let named = Named::at(case.site(Some(dropped)), message, help.into(), repaired);
    Some(Named { node: Some(dropped), ..named.label(case.effect_site(), "if this fails") })
}

fn ends_like(case: &Case<'_>, end: NodeId) -> Vec<NodeId> {
    case.flow.iter().filter(|(_, node)| node.step == case.node(end).step).map(|(id, _)| id).collect()
}

fn ack_in_transaction(case: &Case<'_>) -> Option<NodeId> {
    let ack = case.last_attempt().find(|(_, step)| step.event == Event::AckBuffered)?;
    ack.1.node
}

/// The nodes that stand for the same call: lowering copies a call that several paths reach.
pub(super) fn same_call(case: &Case<'_>, node: NodeId) -> Vec<NodeId> {
    let wanted = case.node(node);
    let same = |other: &Node| other.step == wanted.step && other.at.is_some() && other.at == wanted.at;
    case.flow.iter().filter(|(id, other)| *id == node || same(other)).map(|(id, _)| id).collect()
}

fn reaches(case: &Case<'_>, from: NodeId, wanted: &[NodeId]) -> bool {
    reachable(case.flow, from, |_| true).iter().any(|id| wanted.contains(id))
}

fn site_of<'a>(case: &Case<'a>, step: &TraceStep) -> Option<&'a Site> {
    step.node.and_then(|id| case.node(id).at.as_ref())
}

fn is_fallible(step: &Step) -> bool {
    matches!(
        step,
        Step::Effect { .. }
            | Step::Opaque { .. }
            | Step::Check { .. }
            | Step::Mark { .. }
            | Step::Begin { .. }
            | Step::Commit { .. }
            | Step::Handoff { .. }
            | Step::Join { .. }
    )
}
