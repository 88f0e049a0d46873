//! A rejected message without a dead-letter target is gone.

use crate::flow::Step;
use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "reject-drops",
    code: "D116",
    level: Level::Warn,
    since: "0.1.0",
    summary: "On a failure the message is rejected, and no dead-letter target is in sight.",
    doc: include_str!("reject_drops.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let (_, settling) = case.settling().filter(|_| case.is_loss() && !case.is_opaque())?;
    let node = settling.node.filter(|&id| matches!(case.node(id).step, Step::Nack { requeue: false, .. }))?;
    case.failure()?;
    let message = format!("a message whose {} failed is rejected, and no dead-letter target is in sight", case.name());
    let help = "requeue it, or declare a dead-letter exchange for the queue".to_owned();
    let named = Named::at(case.site(Some(node)), message, help, repair::requeue(case.flow, node));
    Some(Named { node: Some(node), ..named.label(case.effect_site(), "if this fails") })
}
