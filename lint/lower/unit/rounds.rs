//! Functions that work in rounds: a loop without an end is many short calls.

use std::collections::BTreeSet;

use super::deliveries::{delivering, is_detached};
use crate::flow::{Ended, Flow, Node, NodeId, Outcome, Step, reachable};

/// A function that delivers in a task of its own, or in rounds without an end, is found where it does so: its signature says nothing of
/// that.
pub(super) fn locate(flow: &mut Flow, in_rounds: bool) {
    let first = delivering(flow).into_iter().next();
    let site = first.and_then(|id| flow.node(id).at.as_ref());
    let Some(at) = site.filter(|_| in_rounds || is_detached(flow)) else {
        return;
    };
    let span = at.via.first().copied().unwrap_or(at.span);
    flow.source.at.span = span;
}

/// A function that never returns works in rounds: the end of one is where it goes back, and what failed in it is tried in the next. Gives
/// whether it does.
pub(super) fn end_rounds(flow: &mut Flow) -> bool {
    let returns = |node: &Node| matches!(node.step, Step::Exit(Ended::Ok));
    let delivering = delivering(flow);
    let after = delivering.iter().flat_map(|id| reachable(flow, *id, |_| true));
    let after: BTreeSet<NodeId> = after.collect();
    // What is tried until it succeeds before anything is delivered is no round.
    let mut back = back_edges(flow);
    back.retain(|(from, _)| after.contains(from));
    if back.is_empty() || flow.nodes.iter().any(returns) {
        return false;
    }
    let well = NodeId(flow.nodes.len() as u32);
    let badly = NodeId(flow.nodes.len() as u32 + 1);
    for (from, when) in back {
        turn(flow, from, when, well);
    }
    let tried: Vec<NodeId> = flow
        .iter()
        .filter(|(id, node)| delivering.contains(id) || matches!(node.step, Step::Read { .. }))
        .map(|(id, _)| id)
        .collect();
    for from in tried {
        turn(flow, from, Outcome::Err, badly);
    }
    flow.nodes.extend([Ended::Ok, Ended::Err].map(|ended| Node {
        step: Step::Exit(ended),
        at: None,
        edges: Vec::new(),
        retry: None,
    }));
    true
}

fn turn(flow: &mut Flow, from: NodeId, when: Outcome, to: NodeId) {
    let edges = flow.nodes[from.0 as usize].edges.iter_mut();
    edges.filter(|edge| edge.when == when).for_each(|edge| edge.to = to);
}

/// The edges that lead back to a node on the way to them.
fn back_edges(flow: &Flow) -> Vec<(NodeId, Outcome)> {
    let mut back = Vec::new();
    let start = flow.nodes.first().map(|_| NodeId(0));
    let mut seen: BTreeSet<NodeId> = start.into_iter().collect();
    let mut way: Vec<(NodeId, usize)> = start.map(|start| (start, 0)).into_iter().collect();
    while let Some((at, next)) = way.last_mut() {
        let (at, edge) = (*at, flow.node(*at).edges.get(*next).copied());
        *next += 1;
        let Some(edge) = edge else {
            way.pop();
            continue;
        };
        if way.iter().any(|(node, _)| *node == edge.to) {
            back.push((at, edge.when));
        } else if seen.insert(edge.to) {
            way.push((edge.to, 0));
        }
    }
    back
}
