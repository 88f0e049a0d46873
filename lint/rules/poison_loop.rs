//! A message that can never be processed is delivered for ever.

use crate::flow::{
    Broker, CondId, CondKind, DeadLetter, Durability, Ended, Flow, Known, MarkMode, Node, NodeId, Outcome, Settle, Step, reachable,
};
use crate::report::Remedy;

use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "poison-loop",
    code: "D212",
    level: Level::Warn,
    since: "0.1.0",
    summary: "A permanent failure is requeued, or panics before the ack, with no limit, back-off or dead-letter.",
    doc: include_str!("poison_loop.md"),
    check: Check::Flow(check),
};

fn check(flow: &Flow, _: &Promise) -> Vec<Cause> {
    let source = &flow.source;
    let kept = !matches!(source.broker, Broker::Volatile | Broker::Caller) && !matches!(source.settle, Settle::OnReceive { .. });
    if !kept || source.dead_letter == DeadLetter::Declared || helps_tests(&flow.function) {
        return Vec::new();
    }
    let mut found: Vec<NodeId> = flow.iter().flat_map(|(_, node)| poisoned(flow, node)).collect();
    found.sort_unstable();
    found.dedup();
    let panics = |id: &NodeId| matches!(flow.node(*id).step, Step::Exit(_) | Step::TaskEnd(_));
    let (panics, others): (Vec<NodeId>, Vec<NodeId>) = found.into_iter().partition(panics);
    let refused = flow.iter().filter(|(id, node)| refuses(flow, *id, node)).filter_map(|(id, _)| refusal(flow, id));
    [panics, others].iter().filter_map(|alike| cause(flow, alike)).chain(refused).collect()
}

/// Whether a message that comes again is refused by its own row, each time: the insert fails under a key that is the message's, nothing
/// asks for the key before, and the failure gives the message back.
fn refuses(flow: &Flow, id: NodeId, node: &Node) -> bool {
    let Step::Mark { key, mode: MarkMode::Unique, .. } = node.step else { return false };
    let known = flow.key(key);
    let stays = known.unique == Known::Yes && known.durability == Durability::Durable && known.from_message == Known::Yes;
    let asked = flow.iter().any(|(_, other)| matches!(other.step, Step::Check { key: k, .. } if k == key));
    let implicit = matches!(flow.source.settle, Settle::OnOk);
    let settled_later = || implicit || reachable(flow, id, |when| when != Outcome::Err).iter().any(|&id| matches!(flow.node(id).step, Step::Ack(_)));
    let unhandled = || node.on(Outcome::Err).is_some_and(|to| fails(flow, to));
    stays && !asked && settled_later() && unhandled()
}

/// Whether nothing is done from here on but to give the message back, or to end with an error that does.
fn fails(flow: &Flow, start: NodeId) -> bool {
    let mut at = start;
    for _ in 0..flow.nodes.len() {
        let node = flow.node(at);
        at = match node.step {
            Step::Exit(Ended::Err) | Step::Nack { requeue: true, .. } => return true,
            Step::Pass | Step::Rollback { .. } | Step::Sleep { .. } => match node.on(Outcome::Then).or_else(|| node.on(Outcome::Ok)) {
                Some(to) => to,
                None => return false,
            },
            _ => return false,
        };
    }
    false
}

fn refusal(flow: &Flow, id: NodeId) -> Option<Cause> {
    let node = flow.node(id);
    let (Step::Mark { key, .. }, Some(site)) = (&node.step, &node.at) else { return None };
    let store = &flow.key(*key).store;
    let message = format!("a message that comes again is refused by its own row in `{store}`, each time, for ever");
    let help = "leave a row alone that is there already, or take the violation of its key for a message that was processed".to_owned();
    let remedy = Some(Remedy::KeepRow { at: site.span, store: store.split(':').next()?.into(), unique: true });
    Some(Cause { node: Some(id), remedy, ..finding(&RULE, site.span, message, help) })
}

/// A helper of tests panics on purpose.
fn helps_tests(function: &str) -> bool {
    let (module, _) = function.rsplit_once("::").unwrap_or_default();
    let words = || module.split("::").skip(1).flat_map(|name| name.split('_'));
    words().any(|word| matches!(word, "test" | "tests" | "testing" | "testutil" | "testutils" | "mock" | "mocks"))
}

/// Where the ways of a decoding or a validation give the message back, with nothing done and nothing waited for.
fn poisoned(flow: &Flow, branch: &Node) -> Vec<NodeId> {
    if !matches!(branch.step, Step::Branch { on } if is_malformed(flow, on)) {
        return Vec::new();
    }
    let mut found: Vec<NodeId> = Vec::new();
    let mut todo: Vec<NodeId> = branch.edges.iter().map(|edge| edge.to).collect();
    let mut seen = todo.clone();
    while let Some(id) = todo.pop() {
        let node = flow.node(id);
        if gives_back(&node.step) {
            found.push(id);
        } else if passes(flow, node) {
            let good = node.edges.iter().filter(|edge| edge.when != Outcome::Err).map(|edge| edge.to);
            let new: Vec<NodeId> = good.filter(|to| !seen.contains(to)).collect();
            seen.extend(&new);
            todo.extend(new);
        }
    }
    found
}

fn is_malformed(flow: &Flow, on: CondId) -> bool {
    flow.conditions[on.0 as usize].kind == CondKind::Malformed
}

fn gives_back(step: &Step) -> bool {
    matches!(step, Step::Nack { requeue: true, .. } | Step::Rewind | Step::Exit(Ended::Panic) | Step::TaskEnd(Ended::Panic))
}

/// Steps that neither process the message nor limit or slow down its return.
fn passes(flow: &Flow, node: &Node) -> bool {
    match node.step {
        Step::Branch { on } => is_malformed(flow, on),
        Step::Pass | Step::Rollback { .. } => true,
        _ => false,
    }
}

/// One handler that panics is one fault, however many places it panics at; and so is one that requeues.
fn cause(flow: &Flow, alike: &[NodeId]) -> Option<Cause> {
    let site = |id: NodeId| flow.node(id).at.as_ref().unwrap_or(&flow.source.at).span;
    let (&id, others) = alike.split_first()?;
    let span = site(id);
    let message = "a message that cannot be decoded or is not valid comes back from here at once, for ever".to_owned();
    let help = "acknowledge or dead-letter what can never be processed; requeue only what may work later".to_owned();
    let labels = others.iter().map(|&id| (site(id), "and from here".to_owned())).filter(|(other, _)| *other != span).collect();
    Some(Cause { node: Some(id), labels, ..finding(&RULE, span, message, help) })
}
