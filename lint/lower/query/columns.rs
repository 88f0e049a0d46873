//! Which columns statements read and change: whether a unit's own writes can change what it reads, and whether it writes back what it
//! read.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use super::{Query, value_origin};
use crate::flow::{EffectId, Idempotency, NodeId};
use crate::lower::Lowering;
use crate::lower::graph::Graph;
use crate::lower::value::Origin;
use crate::sql::{Read, Update};

/// Columns, where statements name them.
#[derive(Debug, Default)]
pub struct Columns {
    /// What a read names, wherever it names it.
    read: BTreeMap<NodeId, BTreeSet<SmolStr>>,
    /// What decides whether it finds a row.
    found_by: BTreeMap<NodeId, BTreeSet<SmolStr>>,
    /// What an update sets.
    set: BTreeMap<EffectId, BTreeSet<SmolStr>>,
}

/// What is asked of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// What it says.
    Answer,
    /// Whether there is a row.
    Row,
}

impl Graph {
    /// Whether what the read at `node` of `table` tells stays what it is, whatever is written here.
    pub fn is_untouched(&self, table: &SmolStr, node: NodeId, asked: Asked) -> bool {
        let by = match asked {
            Asked::Answer => &self.columns.read,
            Asked::Row => &self.columns.found_by,
        };
        let Some(read) = by.get(&node) else {
            return false;
        };
        let spares = |id: EffectId| self.columns.set.get(&id).is_some_and(|set| set.is_disjoint(read));
        let mut writes = (0..).map(EffectId).zip(&self.effects);
        writes.all(|(id, effect)| effect.target != *table || spares(id))
    }

    /// Whether some statement has read this column by its name.
    fn has_read(&self, column: &SmolStr) -> bool {
        self.columns.read.values().any(|read| read.contains(column))
    }
}

impl Lowering<'_> {
    /// The read that was just emitted.
    pub(super) fn note_read(&mut self, read: &Read, node: usize) {
        let Ok(node) = u32::try_from(node).map(NodeId) else {
            return;
        };
        let known = |columns: &Option<Vec<SmolStr>>| columns.as_ref().map(|columns| columns.iter().cloned().collect());
        let noted = &mut self.graph.columns;
        noted.read.extend(known(&read.columns).map(|columns| (node, columns)));
        noted
            .found_by
            .extend(known(&read.finds_by).map(|columns| (node, columns)));
    }

    /// The update that was just emitted.
    pub(super) fn note_set(&mut self, update: &Update) {
        if let Some(effect) = self.graph.last_effect() {
            let set = update.sets.iter().map(|(column, _)| column.clone()).collect();
            self.graph.columns.set.insert(effect, set);
        }
    }

    /// A column that gets what was read from a store before, with something added or taken away. Certainly what it held itself, if that
    /// was read by its name.
    pub(super) fn moved(&self, update: &Update, query: &Query) -> Option<(Idempotency, SmolStr)> {
        let is_moved = |(_, value): &&(SmolStr, _)| value_origin(value, query).has(Origin::MOVED);
        let (column, _) = update.sets.iter().find(is_moved).filter(|_| !update.guarded)?;
        let why = format_smolstr!("`{column}` gets a value that was read before, with something added or taken away");
        match self.graph.has_read(column) {
            true => Some((Idempotency::NotIdempotent, why)),
            false => Some((Idempotency::Unknown, why)),
        }
    }
}
