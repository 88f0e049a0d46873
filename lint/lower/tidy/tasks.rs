//! Tasks that have no part in what becomes of a message.

use std::collections::BTreeSet;

use crate::flow::{Edge, Flow, NodeId, Outcome, Step, TaskId, reachable};

/// A task that only asks, reads and waits, never ends, and that nobody waits for, changes nothing: whoever starts it goes on as if it had not. The
/// checker would have to go through all that may happen in it between any two steps of the others. Gives whether there were any.
pub(super) fn forget_idle(flow: &mut Flow) -> bool {
    let joined: BTreeSet<TaskId> = flow.nodes.iter().filter_map(|node| joins(&node.step)).collect();
    let idle: Vec<(NodeId, NodeId)> = flow
        .iter()
        .filter_map(|(id, node)| match node.step {
            Step::Spawn { task } if !joined.contains(&task) => {
                let child = node.on(Outcome::Child)?;
                let is_idle = reachable(flow, child, |_| true)
                    .into_iter()
                    .all(|id| is_idle(&flow.node(id).step));
                is_idle.then_some((id, node.on(Outcome::Then)?))
            }
            _ => None,
        })
        .collect();
    for &(spawn, to) in &idle {
        let node = &mut flow.nodes[spawn.0 as usize];
        node.step = Step::Pass;
        node.at = None;
        node.edges = vec![Edge {
            when: Outcome::Then,
            to,
        }];
    }
    !idle.is_empty()
}

fn joins(step: &Step) -> Option<TaskId> {
    match step {
        Step::Join { task } => Some(*task),
        _ => None,
    }
}

fn is_idle(step: &Step) -> bool {
    matches!(
        step,
        Step::Pass | Step::Sleep { .. } | Step::Branch { .. } | Step::Read { .. }
    )
}
