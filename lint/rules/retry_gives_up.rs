//! A retry that runs out, and the message is gone.

use crate::flow::{Broker, Ended, Flow, Known, NodeId, Step};
use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "retry-gives-up",
    code: "D106",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A bounded retry runs out, and the message is settled without a trace of it.",
    doc: include_str!("retry_gives_up.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let (_, failure) = case.failure().filter(|_| case.is_loss())?;
    let (_, settling) = case.settling()?;
    let retry = case.node(failure.node?).retry?;
    let about = &case.flow.retries[retry.0 as usize];
    if about.bounded == Known::No || settling.task != failure.task {
        return None;
    }
    let sources: Vec<NodeId> = case.flow.iter().filter(|(_, node)| node.retry == Some(retry)).map(|(id, _)| id).collect();
    let settles = |step: &Step| matches!(step, Step::Ack(_) | Step::Nack { requeue: false, .. } | Step::Exit(Ended::Ok));
    let settling: Vec<NodeId> = case.flow.iter().filter(|(_, node)| settles(&node.step)).map(|(id, _)| id).collect();
    let repaired = repair::refuse_after_failure(case.flow, &sources, &settling);
    let repaired = if case.flow.source.broker == Broker::Log { leave(case, &repaired, &sources) } else { repaired };
    let message = format!("when the retries of {} run out, the message is settled and gone", case.name());
    let help = "after the last attempt have the message redelivered, or publish it to a dead-letter queue".to_owned();
    let named = Named::at(&about.at, message, help, repaired);
    Some(named.label(case.effect_site(), "what is tried"))
}

/// On a log also a path that only goes on skips the message.
fn leave(case: &Case<'_>, repaired: &Flow, sources: &[NodeId]) -> Flow {
    let own = case.settling().is_some_and(|(_, step)| step.message == Some(case.message()));
    if own { repaired.clone() } else { repair::leave_after_failure(case.flow, sources) }
}
