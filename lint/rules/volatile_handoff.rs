//! A queue in memory dies with the process, and what it holds was acknowledged.

use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "volatile-handoff",
    code: "D105",
    level: Level::Deny,
    since: "0.1.0",
    summary: "The message goes into a queue in memory and is acknowledged before it is processed.",
    doc: include_str!("volatile_handoff.md"),
    check: Check::Execution(explain),
};

/// What helps where a message is handed on in memory.
pub(super) const CARRY_THE_ACK: &str =
    "let what settles the message travel through the queue with it, and acknowledge after processing";

fn explain(case: &Case<'_>) -> Option<Named> {
    let handoff = case.program.handoff(case.violation.effect).filter(|_| case.is_loss())?;
    let site = case.site(Some(handoff));
    let message = "the message goes into a queue in memory and is acknowledged before it is processed".to_owned();
    let help = CARRY_THE_ACK.to_owned();
    let ack = case.settling().and_then(|(_, step)| step.node).and_then(|id| case.node(id).at.as_ref());
    let named = Named::at(site, message, help, repair::carry_ack(case.flow, handoff));
    Some(Named { node: Some(handoff), ..named.label(ack, "acknowledged here") })
}
