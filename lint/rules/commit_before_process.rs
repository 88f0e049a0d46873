//! Acknowledging before the effect: a crash in between loses the message.

use crate::flow::{NodeId, Outcome, Site, Step};
use crate::model::repair;
use crate::report::Remedy;

use super::volatile_handoff::CARRY_THE_ACK;
use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "commit-before-process",
    code: "D101",
    level: Level::Deny,
    since: "0.1.0",
    summary: "The message is acknowledged before its effects are durable: a crash in between loses it.",
    doc: include_str!("commit_before_process.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    if !case.is_loss() {
        return None;
    }
    let (index, settling) = case.settling()?;
    let ack = settling.node.filter(|&id| matches!(case.node(id).step, Step::Ack(_)))?;
    let own = settling.message == Some(case.message());
    let behind = good(case, ack).is_some_and(|to| case.reaches(to, case.violation.effect));
    let failed = case.failure().is_some_and(|(failure, _)| failure < index);
    if !own || !behind || failed {
        return None;
    }
    let site = case.site(Some(ack));
    let (message, help) = match case.effect() {
        Some(_) => (
            format!("the message is acknowledged before {} is durable", case.name()),
            format!("acknowledge after {}: a crash in between then redelivers the message", case.name()),
        ),
        None => (
            "the message is acknowledged before it is put into a queue in memory".to_owned(),
            CARRY_THE_ACK.to_owned(),
        ),
    };
    let named = Named::at(site, message, help, repair::ack_last(case.flow, ack));
    let behind = |effect: &Site| Remedy::AcknowledgeAfter { ack: site.span, effect: effect.span };
    let named = named.remedy(case.effect_site().map(behind));
    Some(Named { node: Some(ack), ..named.label(case.effect_site(), "what a crash after the ack loses") })
}

fn good(case: &Case<'_>, ack: NodeId) -> Option<NodeId> {
    case.node(ack).on(Outcome::Ok).or_else(|| case.node(ack).on(Outcome::Then))
}
