//! Building a flow: nodes are emitted where control stands, and edges close behind.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::api::shown::Shown;
use super::query::columns::Columns;
use super::state::State;
use crate::flow::{
    CondId, CondKind, Condition, Edge, Effect, EffectId, EffectKind, Isolation, Key, KeyId, Known, Node, NodeId,
    Outcome, Retry, RetryId, Site, Step, Task, TaskId, Transaction, TxId,
};
use crate::span::Span;

/// An edge whose end is not known yet: the next node emitted on this path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dangling {
    pub from: NodeId,
    pub when: Outcome,
}

/// Identifies an effect, a condition, …: the place and the calls that lead there.
type Key2 = (Span, Vec<Span>);

/// An answer to a request that was looked at.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    pub effect: EffectId,
    /// Where it was looked at.
    pub asked: NodeId,
    /// From where, and by which way, the request's failure leads to what is done about a refusal.
    pub refused: (NodeId, Outcome),
}

/// A flow under construction.
#[derive(Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub effects: Vec<Effect>,
    /// By what a written row or entry is recognised, where a check of the same turns the write into a mark.
    pub writes: FxHashMap<EffectId, KeyId>,
    /// Effects that remove what the message names.
    pub removing: BTreeSet<EffectId>,
    /// Answers to requests that were looked at.
    pub answers: Vec<Answered>,
    /// Requests whose answer is looked at closely.
    pub compared: Vec<EffectId>,
    /// Messages that were handed over, and tasks that were spawned, together with somewhere to send the answer.
    pub replies: Vec<NodeId>,
    /// Calls of functions that whoever called this one chose.
    pub chosen: BTreeSet<EffectId>,
    /// What was put into collections that others empty.
    pub left: Vec<NodeId>,
    /// Where a message was logged or collected before anything was done with it.
    pub shown: Shown,
    /// Inserts that a unique key may refuse, and whether the schema shows one: marks, if somebody tells the refusal from other failures.
    pub refusals: BTreeMap<EffectId, Known>,
    /// Conditions that ask whether a read has found a row.
    pub found: BTreeMap<CondId, NodeId>,
    /// What statements read and change of their tables.
    pub columns: Columns,
    /// Writes that fail where the entry is there already.
    pub refusing: BTreeSet<NodeId>,
    /// Tables that something is read from, with their stores.
    pub tables: BTreeSet<SmolStr>,
    pub keys: Vec<Key>,
    /// Stores of keys whose entries hold nothing but the key.
    pub bare: BTreeSet<SmolStr>,
    pub transactions: Vec<Transaction>,
    pub tasks: Vec<Task>,
    pub conditions: Vec<Condition>,
    pub retries: Vec<Retry>,
    /// The retries that the next node stands in, innermost last.
    pub retry: Vec<RetryId>,
    /// The retry that each retry stands in.
    pub around: Vec<Option<RetryId>>,
    effect_ids: FxHashMap<Key2, EffectId>,
    condition_ids: FxHashMap<(Key2, SmolStr), CondId>,
    transaction_ids: FxHashMap<Key2, TxId>,
    task_ids: FxHashMap<Key2, TaskId>,
    retry_ids: FxHashMap<Key2, RetryId>,
    /// Edges in the order in which they were added, so that a trial can be undone.
    journal: Vec<NodeId>,
}

/// A point to which a graph can be taken back.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    nodes: usize,
    journal: usize,
}

impl Graph {
    /// Adds a node where `state` stands.
    pub fn emit(&mut self, state: &State, step: Step, at: Option<Site>) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node {
            step,
            at,
            edges: Vec::new(),
            retry: self.retry.last().copied(),
        });
        self.close(state, id);
        id
    }

    /// Leads every open edge of `state` to `to`.
    pub fn close(&mut self, state: &State, to: NodeId) {
        for dangling in &state.at {
            let from = &mut self.nodes[dangling.from.0 as usize];
            // A publish may have become a branch after the path left it (see `unsend`).
            let when = match (&from.step, dangling.when) {
                (Step::Branch { .. }, Outcome::Ok) => Outcome::Case(0),
                (Step::Branch { .. }, Outcome::Err) => Outcome::Case(1),
                (_, when) => when,
            };
            if from.edges.iter().all(|edge| edge.when != when) {
                from.edges.push(Edge { when, to });
                self.journal.push(dangling.from);
            }
        }
    }

    /// The present state of the graph.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            nodes: self.nodes.len(),
            journal: self.journal.len(),
        }
    }

    /// Undoes everything since `mark`.
    pub fn undo(&mut self, mark: Mark) {
        for from in self.journal.drain(mark.journal..).rev() {
            self.nodes[from.0 as usize].edges.pop();
        }
        self.nodes.truncate(mark.nodes);
    }

    /// Nodes emitted since `mark`.
    #[must_use]
    pub fn since(&self, mark: Mark) -> &[Node] {
        &self.nodes[mark.nodes.min(self.nodes.len())..]
    }

    /// Changes nodes emitted since `mark`.
    pub fn since_mut(&mut self, mark: Mark) -> &mut [Node] {
        let from = mark.nodes.min(self.nodes.len());
        &mut self.nodes[from..]
    }

    /// The effect of this place and call path.
    pub fn effect(&mut self, make: impl FnOnce() -> Effect, site: &Site) -> EffectId {
        let next = EffectId(self.effects.len() as u32);
        let id = *self.effect_ids.entry((site.span, site.via.clone())).or_insert(next);
        if id == next {
            self.effects.push(make());
        }
        id
    }

    /// The effect that the last node emitted stands for.
    #[must_use]
    pub fn last_effect(&self) -> Option<EffectId> {
        match self.nodes.last()?.step {
            Step::Effect { effect, .. } => Some(effect),
            _ => None,
        }
    }

    /// Whether anything is delivered: published, mailed, posted.
    #[must_use]
    pub fn delivers(&self) -> bool {
        self.effects.iter().any(|effect| effect.kind.delivers())
    }

    /// Whether anything is published.
    #[must_use]
    pub fn publishes(&self) -> bool {
        self.effects.iter().any(|effect| effect.kind == EffectKind::Publish)
    }

    /// A publish that was sent and whose confirmation is awaited later: here it only goes out, and may fail to. A task whose answer is
    /// awaited is a call, and begins there.
    pub fn unsend(&mut self, sent: NodeId, site: &Site) {
        let on = self.condition(
            CondKind::Free,
            &Site {
                text: "sending fails".into(),
                ..site.clone()
            },
            "send",
        );
        let node = &mut self.nodes[sent.0 as usize];
        if matches!(node.step, Step::Spawn { .. }) {
            node.step = Step::Pass;
            node.edges.retain(|edge| edge.when == Outcome::Then);
            return;
        }
        if !matches!(node.step, Step::Effect { .. } | Step::Handoff { .. }) {
            return;
        }
        node.step = Step::Branch { on };
        for edge in &mut node.edges {
            edge.when = match edge.when {
                Outcome::Ok => Outcome::Case(0),
                _ => Outcome::Case(1),
            };
        }
    }

    /// The condition of this place and call path; `which` tells several of one place apart.
    pub fn condition(&mut self, kind: CondKind, site: &Site, which: &str) -> CondId {
        let next = CondId(self.conditions.len() as u32);
        let id = *self
            .condition_ids
            .entry(((site.span, site.via.clone()), which.into()))
            .or_insert(next);
        if id == next {
            self.conditions.push(Condition {
                kind,
                at: Some(site.span),
                text: site.text.clone(),
                measures: false,
                failing: 0,
            });
        }
        id
    }

    /// On these ways of the last question something has failed: one bit a way.
    pub fn fails_on(&mut self, ways: u32) {
        if let Some(Step::Branch { on }) = self.nodes.last().map(|node| &node.step) {
            self.conditions[on.0 as usize].failing = ways;
        }
    }

    /// The conditions from `from` on compare quantities.
    pub fn measures(&mut self, from: usize) {
        self.conditions
            .iter_mut()
            .skip(from)
            .for_each(|condition| condition.measures = true);
    }

    /// What the conditions from `from` on ask is whether the message is a valid one.
    pub fn validates(&mut self, from: usize) {
        for condition in self
            .conditions
            .iter_mut()
            .skip(from)
            .filter(|condition| condition.kind == CondKind::Fixed)
        {
            condition.kind = CondKind::Malformed;
        }
    }

    /// The transaction begun at this place.
    pub fn transaction(&mut self, store: SmolStr, site: &Site) -> TxId {
        let next = TxId(self.transactions.len() as u32);
        let id = *self
            .transaction_ids
            .entry((site.span, site.via.clone()))
            .or_insert(next);
        if id == next {
            self.transactions.push(Transaction::of(store, Isolation::Default));
        }
        id
    }

    /// The task spawned at this place.
    pub fn task(&mut self, site: &Site, per_message: bool) -> TaskId {
        let next = TaskId(self.tasks.len() as u32);
        let id = *self.task_ids.entry((site.span, site.via.clone())).or_insert(next);
        if id == next {
            self.tasks.push(Task {
                at: site.clone(),
                per_message,
            });
        }
        id
    }

    /// The retry at this place.
    pub fn retry(&mut self, site: &Site, bounded: crate::flow::Known) -> RetryId {
        let next = RetryId(self.retries.len() as u32);
        let id = *self.retry_ids.entry((site.span, site.via.clone())).or_insert(next);
        if id == next {
            self.retries.push(Retry {
                at: site.clone(),
                bounded,
            });
            self.around.push(self.retry.last().copied());
        }
        id
    }

    /// The key of this identity; what is known of it is filled in once.
    pub fn key(&mut self, key: Key) -> KeyId {
        if let Some(index) = self.keys.iter().position(|known| known.store == key.store) {
            let known = &mut self.keys[index];
            known.ttl_millis = known.ttl_millis.or(key.ttl_millis);
            known.ttl_at = known.ttl_at.or(key.ttl_at);
            if key.from_message == Known::No && known.from_message != Known::No {
                known.from_message = Known::No;
                known.made_at = key.made_at;
            }
            return KeyId(index as u32);
        }
        self.keys.push(key);
        KeyId(self.keys.len() as u32 - 1)
    }
}
