//! An older message that comes later must not win.

use std::collections::BTreeSet;

use crate::flow::{Broker, CondKind, Effect, EffectId, Flow, NodeId, Settle, Step};

use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "stale-overwrite",
    code: "D401",
    level: Level::Note,
    since: "0.1.0",
    summary: "Messages can overtake each other, and an effect overwrites a value with no version, timestamp or state that keeps an older one out.",
    doc: include_str!("stale_overwrite.md"),
    check: Check::Flow(check),
};

fn check(flow: &Flow, promise: &Promise) -> Vec<Cause> {
    let Some(why) = overtaking(flow).filter(|_| promise.is_judged()) else {
        return Vec::new();
    };
    let mut found: BTreeSet<EffectId> = BTreeSet::new();
    let mut causes = Vec::new();
    for (id, node) in flow.iter() {
        let Step::Effect { effect, .. } = node.step else { continue };
        let about = flow.effect(effect);
        if about.overwrites && !is_compared(flow, id, about) && found.insert(effect) {
            causes.push(cause(flow, effect, id, why));
        }
    }
    causes
}

/// How a later message can be processed before an earlier one.
fn overtaking(flow: &Flow) -> Option<&'static str> {
    let source = &flow.source;
    if matches!(source.settle, Settle::Never) || source.broker == Broker::Caller {
        return None;
    }
    if is_side_by_side(flow) {
        return Some("messages are processed side by side");
    }
    if !source.ordered && source.broker == Broker::Queue && source.transport != "call" {
        return Some("the queue keeps no order");
    }
    let given_back = |step: &Step| matches!(step, Step::Nack { requeue: true, .. });
    let requeues = source.broker == Broker::Queue && flow.iter().any(|(_, node)| given_back(&node.step));
    requeues.then_some("a message that is given back comes after later ones")
}

/// A message is received while an earlier one is still processed.
fn is_side_by_side(flow: &Flow) -> bool {
    let joined = |wanted| flow.iter().any(|(_, node)| matches!(node.step, Step::Join { task } if task == wanted));
    let left_alone = |(_, node): (NodeId, &crate::flow::Node)| matches!(node.step, Step::Spawn { task } if !joined(task));
    flow.tasks.iter().any(|task| task.per_message) || flow.iter().any(left_alone)
}

/// What the store holds is looked at first: whether it is newer may be what is asked.
fn is_compared(flow: &Flow, at: NodeId, effect: &Effect) -> bool {
    let before = leading_to(flow, at);
    flow.iter().filter(|(id, _)| before.contains(id)).any(|(_, node)| match node.step {
        Step::Check { key, .. } => flow.key(key).store == effect.target,
        Step::Branch { on } => flow.conditions[on.0 as usize].kind == CondKind::Store,
        _ => false,
    })
}

/// The nodes from which a node is reached within one message.
fn leading_to(flow: &Flow, target: NodeId) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::from([target]);
    loop {
        let leads = |id: &NodeId| flow.node(*id).edges.iter().any(|edge| found.contains(&edge.to));
        let more: Vec<NodeId> = flow
            .iter()
            .filter(|(_, node)| node.step != Step::Receive)
            .map(|(id, _)| id)
            .filter(|id| !found.contains(id) && leads(id))
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

fn cause(flow: &Flow, effect: EffectId, id: NodeId, why: &str) -> Cause {
    let about = flow.effect(effect);
    let site = flow.node(id).at.as_ref().unwrap_or(&about.at);
    let message = format!("`{}` lets an older message overwrite what a newer one has written: {why}", site.text);
    let help = "compare a version or a timestamp of the message with the stored one in the same statement".to_owned();
    let calls = site.via.iter().map(|&call| (call, "called here".to_owned()));
    let mut cause = finding(&RULE, site.span, message, help);
    cause.labels.extend(calls);
    Cause { node: Some(id), effect: Some(effect), ..cause }
}
