//! A message that is never settled comes again and again, or blocks its consumer.

use crate::flow::{Broker, CondKind, Covers, Edge, Ended, Flow, Node, NodeId, Outcome, Settle, Step, reachable};

use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "missing-ack",
    code: "D211",
    level: Level::Deny,
    since: "0.1.0",
    summary: "With manual acks, a path that ends well never settles the message.",
    doc: include_str!("missing_ack.md"),
    check: Check::Flow(check),
};

/// A path: where it is, what it has done, and the last place it passed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Path {
    at: NodeId,
    processed: bool,
    malformed: bool,
    last: Option<NodeId>,
}

fn check(flow: &Flow, _: &Promise) -> Vec<Cause> {
    let source = &flow.source;
    if source.kept || source.settle != Settle::Manual || matches!(source.broker, Broker::Volatile | Broker::Caller) {
        return Vec::new();
    }
    let receives: Vec<NodeId> = flow.iter().filter(|(_, node)| node.step == Step::Receive).map(|(id, _)| id).collect();
    if !flow.iter().any(|(_, node)| settles(&node.step)) {
        return receives.first().map(|&id| never(flow, id)).into_iter().collect();
    }
    let cumulative = |node: &Node| matches!(&node.step, Step::Ack(ack) if ack.covers != Covers::One);
    if source.broker == Broker::Log || flow.nodes.iter().any(cumulative) {
        return Vec::new();
    }
    let mut left: Vec<NodeId> = Vec::new();
    for id in receives {
        let start = flow.node(id).on(Outcome::Next);
        left.extend(start.into_iter().flat_map(|start| unsettled(flow, start, id)));
    }
    left.sort_unstable();
    left.dedup();
    left.into_iter().map(|id| missed(flow, id)).collect()
}

/// The places where paths that end well leave the message.
fn unsettled(flow: &Flow, start: NodeId, receive: NodeId) -> Vec<NodeId> {
    let mut todo = vec![Path { at: start, processed: false, malformed: false, last: Some(receive) }];
    let (mut seen, mut left): (Vec<Path>, Vec<NodeId>) = (Vec::new(), Vec::new());
    while let Some(path) = todo.pop() {
        if seen.contains(&path) {
            continue;
        }
        seen.push(path);
        let node = flow.node(path.at);
        if ends_well(&node.step) {
            left.extend(path.last.filter(|_| path.processed || !path.malformed));
        } else if !stops(flow, node) {
            todo.extend(onwards(flow, path, node));
        }
    }
    left
}

fn onwards<'f>(flow: &'f Flow, path: Path, node: &'f Node) -> impl Iterator<Item = Path> + 'f {
    let asked = match node.step {
        Step::Branch { on } => Some(&flow.conditions[on.0 as usize]),
        _ => None,
    };
    let kind = asked.map(|asked| asked.kind);
    let processed = path.processed || is_processing(&node.step);
    let fails = move |edge: &Edge| kind == Some(CondKind::Malformed) && edge.when != Outcome::Case(0);
    let last = if node.at.is_some() { Some(path.at) } else { path.last };
    // What has failed does not end well, whatever is done about it.
    let broken = move |edge: &Edge| asked.is_some_and(|asked| asked.fails(edge.when));
    let good = node.edges.iter().filter(|edge| !matches!(edge.when, Outcome::Err | Outcome::Child));
    let good = good.filter(move |edge| !broken(edge));
    good.map(move |edge| Path { at: edge.to, processed, malformed: path.malformed || fails(edge), last })
}

/// The path settles, hands the message to somebody who does, or depends on something that is not the message.
fn stops(flow: &Flow, node: &Node) -> bool {
    match node.step {
        Step::Branch { on } => flow.conditions[on.0 as usize].kind == CondKind::Free && !is_loop(flow, node),
        Step::Spawn { .. } => {
            let start = node.on(Outcome::Child);
            start.is_some_and(|start| reachable(flow, start, |_| true).into_iter().any(|id| settles(&flow.node(id).step)))
        }
        ref step => settles(step) || matches!(step, Step::Exit(_) | Step::TaskEnd(_)),
    }
}

/// Whether the branch only decides if a loop goes on.
fn is_loop(flow: &Flow, branch: &Node) -> bool {
    let back = |edge: &Edge| reachable(flow, edge.to, |when| when != Outcome::Err).into_iter().any(|id| flow.node(id) == branch);
    branch.edges.iter().any(back)
}

fn ends_well(step: &Step) -> bool {
    matches!(step, Step::Receive | Step::Exit(Ended::Ok))
}

fn settles(step: &Step) -> bool {
    matches!(step, Step::Ack(_) | Step::Nack { .. } | Step::Rewind | Step::Handoff { carries_ack: true })
}

fn is_processing(step: &Step) -> bool {
    matches!(step, Step::Effect { .. } | Step::Opaque { .. } | Step::Handoff { .. } | Step::Mark { .. } | Step::Spawn { .. })
}

fn never(flow: &Flow, receive: NodeId) -> Cause {
    let span = flow.node(receive).at.as_ref().unwrap_or(&flow.source.at).span;
    let message = "no message that is received here is ever acknowledged: after a restart all come again".to_owned();
    let help = "acknowledge each message when it is processed".to_owned();
    Cause { node: Some(receive), ..finding(&RULE, span, message, help) }
}

fn missed(flow: &Flow, id: NodeId) -> Cause {
    let span = flow.node(id).at.as_ref().unwrap_or(&flow.source.at).span;
    let message = "this path ends well, and never settles its message".to_owned();
    let help = "acknowledge the message here, too".to_owned();
    Cause { node: Some(id), ..finding(&RULE, span, message, help) }
}
