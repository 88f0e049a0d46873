//! A log goes on, and the next commit covers the message that was left behind.

use crate::flow::NodeId;
use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "skipped-offset",
    code: "D112",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A path leaves a message unprocessed and goes on; the next commit covers it.",
    doc: include_str!("skipped_offset.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let (index, settling) = case.settling().filter(|_| case.is_loss() && !case.is_opaque())?;
    if settling.message == Some(case.message()) || case.states[index].is_worked_on(case.message()) {
        return None;
    }
    let (_, last) = case.steps().rfind(|(step, _)| *step < index)?;
    let left = last.then.or(last.node);
    let mut sources: Vec<NodeId> = left.map(|left| case.failures_towards(&[left])).unwrap_or_default();
    sources.extend(case.failure().and_then(|(_, step)| step.node));
    let message = format!("the message is left here with {} undone, and the next commit covers it", case.name());
    let help = "stop, seek back to the message, or keep it in a dead-letter topic before going on".to_owned();
    let named = Named::at(case.site(left), message, help, repair::leave_after_failure(case.flow, &sources));
    let commit = settling.node.and_then(|id| case.node(id).at.as_ref());
    Some(Named { node: left, ..named.label(commit, "covers the message that was left") })
}
