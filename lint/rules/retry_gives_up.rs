//! A retry that runs out, and the message is gone.

use crate::flow::{Broker, Edge, Ended, Flow, Known, NodeId, Outcome, Step, reachable};
use crate::model::{TraceStep, repair};

use super::{ack_on_error, Case, Check, Level, Named, Rule};

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
    let Some(retry) = case.node(failure.node?).retry else {
        return by_redelivery(case, failure, settling);
    };
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

/// The message itself is tried again until a limit is reached: after a failure, a comparison decides between giving it back and settling it.
fn by_redelivery(case: &Case<'_>, failure: &TraceStep, settling: &TraceStep) -> Option<Named> {
    let settled = settling.node.filter(|_| settling.message == Some(case.message()))?;
    let settled = match case.node(settled).step {
        Step::Commit { .. } => ack_on_error::ack_in_transaction(case)?,
        _ => settled,
    };
    let (source, flow) = (failure.node?, case.flow);
    let leads = |to: NodeId| reachable(flow, to, |_| true).contains(&settled);
    let gives_up = |id: &NodeId| match flow.node(*id).step {
        Step::Branch { on } if flow.conditions[on.0 as usize].measures => {
            let (away, back): (Vec<&Edge>, Vec<&Edge>) = flow.node(*id).edges.iter().partition(|edge| leads(edge.to));
            !away.is_empty() && !back.is_empty()
        }
        _ => false,
    };
    let limit = reachable(flow, flow.node(source).on(Outcome::Err)?, |_| true).into_iter().find(gives_up)?;
    let acks = ack_on_error::same_call(case, settled);
    let repaired = repair::refuse_after_failure(flow, &case.failures_towards(&acks), &acks);
    let message = format!("at this limit the message is settled although {} failed, and is gone", case.name());
    let help = "after the last attempt publish it to a dead-letter queue, or record it".to_owned();
    let named = Named::at(case.site(Some(limit)), message, help, repaired);
    let failed = flow.node(source).at.as_ref();
    Some(named.label(failed, "what is tried").label(Some(case.site(Some(settled))), "settled here"))
}

/// On a log also a path that only goes on skips the message.
fn leave(case: &Case<'_>, repaired: &Flow, sources: &[NodeId]) -> Flow {
    let own = case.settling().is_some_and(|(_, step)| step.message == Some(case.message()));
    if own { repaired.clone() } else { repair::leave_after_failure(case.flow, sources) }
}
