//! Who sees that a function, or a task, has ended.

use std::collections::BTreeSet;

use super::Lowering;
use super::state::State;
use super::value::{Kind, Value};
use crate::flow::{Ended, Known, NodeId, Step, TaskId};
use crate::source::hir::Pat;

/// What is learned about the ends of tasks while code is followed.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// The tasks that are being followed, innermost last.
    pub running: Vec<TaskId>,
    /// Tasks whose handle is dropped.
    dropped: BTreeSet<TaskId>,
    /// Tasks that a set keeps.
    kept: BTreeSet<TaskId>,
    /// Where something is sent to others.
    signals: BTreeSet<NodeId>,
    /// The task in which messages are received, if it is not the unit itself.
    pub receiving: Option<TaskId>,
}

/// A call of the function that is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    pub node: NodeId,
    pub task: Option<TaskId>,
}

impl Lowering<'_> {
    /// Nobody keeps the value of a statement.
    pub(super) fn let_go(&mut self, value: &Value, state: &State) {
        if let Kind::Task(task) = value.kind {
            self.ends.dropped.insert(task);
        }
        let given = value.payload_or_self();
        let known = self.client_path(&given.ty).and_then(|path| self.catalog.ty(&path));
        let unread = known.and_then(|ty| ty.unread.clone());
        self.assumptions.extend(unread.filter(|_| state.holding));
    }

    /// As [`Self::let_go`], of a value that is bound to nothing.
    pub(super) fn bound_to(&mut self, pat: &Pat, value: &Value, state: &State) {
        let ignored = match pat {
            Pat::Wild => true,
            Pat::Bind { name, .. } => name.starts_with('_'),
            _ => false,
        };
        if ignored {
            self.let_go(value, state);
        }
    }

    /// A set keeps a task: whoever has the set may see its end.
    pub(super) fn keep(&mut self, handle: &Value) {
        if let Kind::Task(task) = handle.kind {
            self.ends.kept.insert(task);
        }
    }

    /// Something is sent from here, perhaps to whoever waits for an end.
    pub(super) fn signals_from(&mut self, node: NodeId) {
        self.ends.signals.insert(node);
    }

    /// Whether somebody sees how a task ends.
    pub(super) fn sees_task(&self, task: TaskId) -> Known {
        let joins = |step: &Step| *step == (Step::Join { task });
        if self.graph.nodes.iter().any(|node| joins(&node.step)) {
            Known::Yes
        } else if self.ends.dropped.contains(&task) && !self.ends.kept.contains(&task) {
            Known::No
        } else {
            Known::Unknown
        }
    }

    /// Whether somebody sees how a call in a task ends: the task itself may begin it again, tell others, or take the process along.
    pub(super) fn sees_call(&self, call: Watched) -> Known {
        let Some(task) = call.task else { return Known::Unknown };
        let after = self.behind(call.node);
        let loud = |id: &NodeId| {
            let ends = &self.graph.nodes[id.0 as usize].step;
            *id == call.node
                || self.ends.signals.contains(id)
                || matches!(ends, Step::Exit(_) | Step::TaskEnd(Ended::Panic))
        };
        if after.iter().any(loud) {
            Known::Yes
        } else {
            self.sees_task(task)
        }
    }

    /// The nodes that control may come to after `from`.
    fn behind(&self, from: NodeId) -> BTreeSet<NodeId> {
        let next = |id: NodeId| self.graph.nodes[id.0 as usize].edges.iter().map(|edge| edge.to);
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<NodeId> = next(from).collect();
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                waiting.extend(next(id));
            }
        }
        seen
    }
}
