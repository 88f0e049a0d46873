//! Rows that are removed and then written anew: doing both again leaves what doing them once leaves.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::Lowering;
use crate::flow::{Idempotency, Outcome, Step, TxId};

/// Tables of which rows were removed, each in a transaction that has not ended.
type Removed = BTreeSet<(TxId, SmolStr)>;

impl Lowering<'_> {
    /// What a transaction inserts into a table of which it has removed rows on every way there replaces them.
    pub(super) fn note_replacing(&mut self) {
        if self.graph.removing.is_empty() {
            return;
        }
        let removed = self.removed_before();
        let mut replacing: BTreeSet<usize> = BTreeSet::new();
        let mut other: BTreeSet<usize> = BTreeSet::new();
        for (id, node) in self.graph.nodes.iter().enumerate() {
            let Step::Effect { effect, tx } = node.step else {
                continue;
            };
            let target = &self.graph.effects[effect.0 as usize].target;
            let before = removed[id].as_ref();
            let replaces = before
                .zip(tx)
                .is_some_and(|(before, tx)| before.contains(&(tx, target.clone())));
            let found = if replaces { &mut replacing } else { &mut other };
            found.insert(effect.0 as usize);
        }
        for effect in replacing.difference(&other) {
            let effect = &mut self.graph.effects[*effect];
            if effect.idempotency == Idempotency::NotIdempotent {
                effect.idempotency = Idempotency::Idempotent;
                effect.why = "its transaction removes the rows first that it writes".into();
            }
        }
    }

    /// For each node that control comes to, what was removed on every way to it.
    fn removed_before(&self) -> Vec<Option<Removed>> {
        let mut before: Vec<Option<Removed>> = vec![None; self.graph.nodes.len()];
        let Some(first) = before.first_mut() else { return before };
        *first = Some(Removed::new());
        let mut open = vec![0];
        while let Some(id) = open.pop() {
            let node = &self.graph.nodes[id];
            for edge in &node.edges {
                let Some(mut after) = before[id].clone() else { continue };
                self.pass(&node.step, edge.when, &mut after);
                let to = edge.to.0 as usize;
                let known = match &before[to] {
                    Some(known) => known.intersection(&after).cloned().collect(),
                    None => after,
                };
                if before[to].as_ref() != Some(&known) {
                    before[to] = Some(known);
                    open.push(to);
                }
            }
        }
        before
    }

    fn pass(&self, step: &Step, when: Outcome, removed: &mut Removed) {
        match step {
            Step::Receive => removed.clear(),
            Step::Begin { tx } | Step::Commit { tx } | Step::Rollback { tx } => {
                removed.retain(|(other, _)| other != tx)
            }
            Step::Effect { effect, tx: Some(tx) } if when == Outcome::Ok && self.graph.removing.contains(effect) => {
                let target = &self.graph.effects[effect.0 as usize].target;
                removed.insert((*tx, target.clone()));
            }
            _ => {}
        }
    }
}
