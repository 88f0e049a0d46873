//! A row that is taken for good by a worker that dies stays taken.

use crate::flow::{NodeId, Step};
use crate::model::{Event, repair};

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "claim-without-lease",
    code: "D114",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A row is claimed by a committed change of state before its effect, and nothing ever takes it back.",
    doc: include_str!("claim_without_lease.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let claim = taken_by(case).filter(|_| case.is_loss())?;
    let site = case.site(Some(claim));
    let queue = case.flow.source.address.as_deref().unwrap_or("its table");
    let message = format!(
        "the row is claimed before {} is done, and nothing takes rows of `{queue}` back whose worker has died",
        case.name()
    );
    let help = "give the claim an end (`leased_until`) and take rows whose claim is over, or put them back with a sweeper";
    let named = Named::at(site, message, help.into(), repair::unclaimed(case.flow));
    Some(Named { node: Some(claim), ..named.label(case.effect_site(), "what a crash after the claim loses") })
}

/// The claim by which the message was taken for good in its last delivery: itself, or with its transaction.
fn taken_by(case: &Case<'_>) -> Option<NodeId> {
    let (_, settling) = case.settling()?;
    let is_claim = |node: NodeId| matches!(case.node(node).step, Step::Claim { .. });
    let buffered = || case.last_attempt().find(|(_, step)| step.event == Event::Claim { buffered: true });
    match case.node(settling.node?).step {
        Step::Commit { .. } => buffered()?.1.node,
        _ => settling.node.filter(|&node| is_claim(node)),
    }
}
