//! Units that do nothing visible with their messages.
//!
//! A handler that only logs, or whose work is a call that was taken for harmless, has no effect that could be lost or repeated: whatever
//! is said of it would be true and worth nothing. Where a task is spawned for the message, that task is what the message came for.

use smol_str::SmolStr;

use super::Lowering;
use crate::flow::{
    Broker, Durability, Edge, Effect, EffectKind, Idempotency, Node, NodeId, Outcome, Site, Source, Step, Unknown,
};

impl Lowering<'_> {
    /// Where nothing is seen that is done with a message: a spawned task does it, or the unit is not understood.
    pub(super) fn expect_work(&mut self, source: &Source) {
        let works = source.broker == Broker::Caller || self.graph.nodes.iter().any(|node| works(&node.step));
        if works || self.records_are_work() {
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

    /// A message that leaves nothing but rows that its repetition cannot write comes for them. Gives whether there are any.
    fn records_are_work(&mut self) -> bool {
        let mut found = false;
        for id in 0..self.graph.nodes.len() {
            let node = &self.graph.nodes[id];
            let Step::Mark { key, tx, mode, .. } = node.step else {
                continue;
            };
            let record = &self.graph.keys[key.0 as usize];
            let Some(site) = node.at.clone().filter(|_| record.durability == Durability::Durable) else {
                continue;
            };
            let target = record.store.clone();
            let effect = self.graph.effect(|| row(target, &site), &site);
            let effect = Some(effect);
            self.graph.nodes[id].step = Step::Mark { key, tx, mode, effect };
            found = true;
        }
        found
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

/// A row that is refused where it is there already.
fn row(target: SmolStr, site: &Site) -> Effect {
    let why = "a unique key refuses the second row".into();
    Effect::new(EffectKind::Database, target, Idempotency::Idempotent, why, site.clone())
}
