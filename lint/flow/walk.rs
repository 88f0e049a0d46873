//! Ways through a flow.

use super::{Flow, NodeId, Outcome, Step};

/// The nodes that can be reached from `start` (itself included) while the message is the same one, by edges that `follow` lets pass.
#[must_use]
pub fn reachable(flow: &Flow, start: NodeId, follow: impl Fn(Outcome) -> bool) -> Vec<NodeId> {
    let mut seen = vec![false; flow.nodes.len()];
    let mut found = vec![start];
    seen[start.0 as usize] = true;
    let mut next = 0;
    while let Some(&id) = found.get(next) {
        next += 1;
        if flow.node(id).step == Step::Receive {
            continue;
        }
        for edge in flow.node(id).edges.iter().filter(|edge| follow(edge.when)) {
            if !std::mem::replace(&mut seen[edge.to.0 as usize], true) {
                found.push(edge.to);
            }
        }
    }
    found
}
