//! Effects in a task that nobody waits for are not done when the message is acknowledged.

use crate::flow::{Broker, Node, NodeId, Outcome, Step, reachable};
use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "detached-processing",
    code: "D104",
    level: Level::Deny,
    since: "0.1.0",
    summary: "Effects run in a spawned task that is not joined before the message is acknowledged.",
    doc: include_str!("detached_processing.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let wanted = case.violation.effect;
    if !case.is_loss() || case.is_opaque() || case.effect().is_none() {
        return None;
    }
    let (_, settling) = case.settling()?;
    let spawned = |(_, node): &(NodeId, &Node)| node.on(Outcome::Child).is_some_and(|to| case.reaches(to, wanted));
    let (spawn, node) = case.flow.iter().find(spawned)?;
    let Step::Spawn { task } = node.step else { return None };
    let child = node.on(Outcome::Child)?;
    let inside = |id: NodeId| reachable(case.flow, child, |_| true).contains(&id);
    let outside = case.nodes_of(wanted).any(|(id, _)| !inside(id));
    if outside || settling.node.is_some_and(inside) {
        return None;
    }
    let name = case.name();
    let (message, help, then) = match case.flow.source.broker {
        Broker::Caller => (
            format!("{name} runs in a spawned task, and the caller is told that all went well without waiting for it"),
            "await the task before you return, or write down what is to be done and do it from there",
            "perhaps not done when the caller is told",
        ),
        _ => (
            format!("{name} runs in a spawned task, and the message is acknowledged without waiting for it"),
            "await the task before acknowledging, or acknowledge inside it after its effects",
            "perhaps not done when the message is acknowledged",
        ),
    };
    let help = help.to_owned();
    let named = Named::at(case.site(Some(spawn)), message, help, repair::join(case.flow, task));
    Some(Named { node: Some(spawn), ..named.label(case.effect_site(), then) })
}
