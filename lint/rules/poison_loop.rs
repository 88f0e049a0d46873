//! A message that can never be processed is delivered for ever.

use crate::flow::{Broker, CondId, CondKind, DeadLetter, Ended, Flow, Node, NodeId, Outcome, Settle, Step};

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
    [panics, others].iter().filter_map(|alike| cause(flow, alike)).collect()
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
