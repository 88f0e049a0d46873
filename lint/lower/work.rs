//! Units that do nothing visible with their messages.
//!
//! A handler that only logs, or whose work is a call that was taken for harmless, has no effect that could be lost or repeated: whatever
//! is said of it would be true and worth nothing. Where a task is spawned for the message, that task is what the message came for.

use super::Lowering;
use crate::flow::{Broker, Edge, Node, NodeId, Outcome, Source, Step, Unknown};

impl Lowering<'_> {
    /// Where nothing is seen that is done with a message: a spawned task does it, or the unit is not understood.
    pub(super) fn expect_work(&mut self, source: &Source) {
        if source.broker == Broker::Caller || self.graph.nodes.iter().any(|node| works(&node.step)) {
            return;
        }
        let spawns = (0..self.graph.nodes.len()).filter(|id| matches!(self.graph.nodes[*id].step, Step::Spawn { .. }));
        let spawns: Vec<usize> = spawns.collect();
        for spawn in &spawns {
            self.work_in_task(*spawn);
        }
        if spawns.is_empty() && self.unknown.is_empty() {
            self.unknown.push(Unknown {
                at: Some(source.at.span),
                why: "nothing is seen that is done with a message".into(),
            });
        }
    }

    /// The task that is spawned at `spawn` begins with a call that nobody can see into.
    fn work_in_task(&mut self, spawn: usize) {
        let next = NodeId(u32::try_from(self.graph.nodes.len()).unwrap_or(u32::MAX));
        let node = &mut self.graph.nodes[spawn];
        let (Some(site), retry) = (node.at.clone(), node.retry) else {
            return;
        };
        let Some(child) = node.edges.iter_mut().find(|edge| edge.when == Outcome::Child) else {
            return;
        };
        let begins = std::mem::replace(&mut child.to, next);
        let effect = self.opaque_effect(&site);
        self.graph.nodes.push(Node {
            step: Step::Opaque { effect },
            at: Some(site),
            edges: vec![Edge {
                when: Outcome::Ok,
                to: begins,
            }],
            retry,
        });
    }
}

/// Whether a step is, or may be, what a message comes for.
fn works(step: &Step) -> bool {
    matches!(
        step,
        Step::Effect { .. } | Step::Opaque { .. } | Step::Handoff { .. } | Step::Mark { effect: Some(_), .. }
    )
}
