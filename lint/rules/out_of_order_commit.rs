//! A later message's commit covers an earlier one that is still being processed.

use crate::flow::{Step, TaskId};
use crate::model::{Event, repair};

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "out-of-order-commit",
    code: "D109",
    level: Level::Deny,
    since: "0.1.0",
    summary: "Messages are processed concurrently, and each commits its own position.",
    doc: include_str!("out_of_order_commit.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let (index, settling) = case.settling().filter(|_| case.is_loss())?;
    let ack = settling.node.filter(|_| settling.message != Some(case.message()))?;
    let tasks: Vec<TaskId> = concurrent(case).collect();
    let spawned = case.steps().any(|(_, step)| matches!(step.event, Event::Spawn { .. }));
    if tasks.is_empty() || !spawned && !case.states[index].is_worked_on(case.message()) {
        return None;
    }
    let message = format!("this commit also covers earlier messages, whose {} may not be done yet", case.name());
    let help = "process in order, or commit only up to the first message that is not done yet".to_owned();
    let repaired = tasks.iter().fold(case.flow.clone(), |flow, &task| repair::join(&flow, task));
    let named = Named::at(case.site(Some(ack)), message, help, repaired);
    Some(Named { node: Some(ack), ..named.label(case.effect_site(), "of an earlier message, perhaps not done yet") })
}

fn concurrent(case: &Case<'_>) -> impl Iterator<Item = TaskId> {
    case.flow.iter().filter_map(|(_, node)| match node.step {
        Step::Spawn { task } => Some(task),
        _ => None,
    })
}
