//! Tidying a flow: what only the whole of it shows.

mod doubts;
mod implied;

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::Lowering;
use super::receive::Draft;
use super::state::Flowing;
use super::value::{Origin, Value};
use crate::catalog::{Call, Receive, Role, TypeExpr};
use crate::flow::{
    Broker, CondId, CondKind, Condition, Covers, DeadLetter, Durability, Edge, EffectId, Ended, Flow, KeyId, Known,
    MarkMode, Node, NodeId, Outcome, Settle, Site, Source, Step, TxId, Unknown,
};

impl Lowering<'_> {
    /// The flow of a unit whose function ended like this.
    pub(super) fn finish(mut self, function: SmolStr, ended: Flowing, at: Site, caller: bool) -> Flow {
        for (state, value) in ended {
            let how = match self.ended(&value, at.span) {
                // Whoever waits for what this function does was told, if not by its result.
                Ended::Ok if caller && (state.told || tells_of_failure(&value)) => Ended::Err,
                how => how,
            };
            let state = self.roll_back(state, &BTreeSet::new(), &Value::unit());
            self.graph.emit(&state, Step::Exit(how), None);
        }
        if self.graph.nodes.is_empty() {
            // Nothing of it could be followed to an end.
            self.graph
                .emit(&super::state::State::start(), Step::Exit(Ended::Err), None);
        }
        self.settle_implied();
        self.settle_answers();
        self.forget_bookkeeping();
        self.settle_refusals();
        self.pair_checks();
        self.settle_marks();
        self.note_replacing();
        self.doubt_guarded();
        self.look_after_marks();
        let source = self.source(at, caller);
        self.judge_visibility(&source);
        let stands_in = self.expect_work(&source);
        self.close_ends();
        let observed = self.ends.receiving.map_or(Known::Unknown, |task| self.sees_task(task));
        let around = std::mem::take(&mut self.graph.around);
        let mut flow = Flow {
            function,
            source,
            nodes: self.graph.nodes,
            effects: self.graph.effects,
            keys: self.graph.keys,
            transactions: self.graph.transactions,
            tasks: self.graph.tasks,
            conditions: self.graph.conditions,
            retries: self.graph.retries,
            unknown: self.unknown,
            assumptions: self.assumptions.into_iter().collect(),
            observed,
            stands_in,
        };
        super::tidy::tidy(&mut flow, &around);
        flow
    }

    fn source(&mut self, at: Site, caller: bool) -> Source {
        let Some(draft) = self.draft.take() else {
            return Source {
                transport: "call".into(),
                address: None,
                broker: if caller { Broker::Caller } else { Broker::Queue },
                settle: if caller { Settle::Never } else { Settle::Manual },
                at,
                dead_letter: DeadLetter::Unknown,
                constructed_at: None,
                kept: false,
                lease: None,
                producer_at: None,
                committed_only: Known::Unknown,
                positions_in: None,
                ordered: false,
            };
        };
        self.finish_source(draft)
    }

    fn finish_source(&mut self, draft: Draft) -> Source {
        if draft.broker == Broker::Log {
            for node in &mut self.graph.nodes {
                if let Step::Ack(ack) = &mut node.step
                    && ack.covers == Covers::One
                {
                    ack.covers = Covers::UpTo;
                }
            }
        }
        if draft.assumed {
            self.assumptions
                .insert("the consumer is configured elsewhere, with manual settlement".into());
        }
        Source {
            producer_at: self.producer_of(&draft.transport),
            transport: draft.transport,
            address: draft.address,
            broker: draft.broker,
            settle: draft.settle,
            at: draft.site,
            dead_letter: draft.dead_letter,
            constructed_at: draft.constructed,
            kept: self.rows.is_some(),
            committed_only: draft.committed_only,
            positions_in: draft.positions_in,
            ordered: draft.ordered,
            lease: draft.lease.or(self.lease),
        }
    }

    fn producer_of(&self, transport: &str) -> Option<crate::span::Span> {
        self.producers.get(transport).copied()
    }

    /// A check after which nothing marks its key, before another message comes, is a read that decides; a write to what is checked is
    /// a mark.
    fn pair_checks(&mut self) {
        let checked: BTreeSet<KeyId> = self
            .graph
            .nodes
            .iter()
            .filter_map(|node| match node.step {
                Step::Check { key, .. } => Some(key),
                _ => None,
            })
            .collect();
        let writes: BTreeMap<EffectId, KeyId> = self.graph.writes.iter().map(|(effect, key)| (*effect, *key)).collect();
        for node in &mut self.graph.nodes {
            if let Step::Effect { effect, tx } = node.step
                && let Some(key) = writes.get(&effect).filter(|key| checked.contains(key))
            {
                node.step = Step::Mark {
                    key: *key,
                    tx,
                    mode: MarkMode::Plain,
                    effect: Some(effect),
                };
            }
        }
        for id in 0..self.graph.nodes.len() {
            if let Step::Check { key, .. } = self.graph.nodes[id].step {
                let marks = |step: &Step| matches!(step, Step::Mark { key: marked, .. } if *marked == key);
                if !self.ahead(Some(NodeId(id as u32))).any(marks) {
                    self.check_to_branch(id);
                }
            }
        }
    }

    fn check_to_branch(&mut self, id: usize) {
        let site = self.graph.nodes[id].at.clone();
        let decides = self.new_condition(CondKind::Store, site.as_ref(), "what is read");
        self.graph.found.insert(decides, NodeId(id as u32));
        let node = &self.graph.nodes[id];
        let Step::Check { key, .. } = node.step else { return };
        let from = self.graph.keys[key.0 as usize].store.clone();
        let edge = |when, to: Option<NodeId>| to.map(|to| Edge { when, to });
        let inner = [
            edge(Outcome::Case(0), node.on(Outcome::Found)),
            edge(Outcome::Case(1), node.on(Outcome::Absent)),
        ];
        let err = edge(Outcome::Err, node.on(Outcome::Err));
        let retry = node.retry;
        let next = NodeId(self.graph.nodes.len() as u32);
        self.graph.nodes.push(Node {
            step: Step::Branch { on: decides },
            at: site,
            edges: inner.into_iter().flatten().collect(),
            retry,
        });
        let node = &mut self.graph.nodes[id];
        node.step = Step::Read { from };
        node.edges = std::iter::once(Edge {
            when: Outcome::Ok,
            to: next,
        })
        .chain(err)
        .collect();
    }

    fn new_condition(&mut self, kind: CondKind, site: Option<&Site>, text: &str) -> CondId {
        self.graph.conditions.push(Condition {
            kind,
            at: site.map(|site| site.span),
            text: text.into(),
            measures: false,
            failing: 0,
        });
        CondId(self.graph.conditions.len() as u32 - 1)
    }

    /// An insert whose refusal goes the way of every other failure is a plain one: nobody asks.
    fn settle_refusals(&mut self) {
        self.settle_refusing();
        let refusals = std::mem::take(&mut self.graph.refusals);
        let nodes = &self.graph.nodes;
        let asked: BTreeSet<EffectId> = nodes
            .iter()
            .filter(|node| !alike(nodes, node.on(Outcome::Duplicate), node.on(Outcome::Err)))
            .filter_map(|node| row_of(&node.step))
            .collect();
        for node in &mut self.graph.nodes {
            let Step::Mark {
                key,
                tx,
                effect: Some(effect),
                ..
            } = node.step
            else {
                continue;
            };
            let Some(covers) = refusals.get(&effect).filter(|_| !asked.contains(&effect)) else {
                continue;
            };
            forget_refusal(node);
            if *covers == Known::Yes {
                node.step = Step::Mark {
                    key,
                    tx,
                    mode: MarkMode::Unique,
                    effect: Some(effect),
                };
            } else {
                node.step = Step::Effect { effect, tx };
                self.graph.effects[effect.0 as usize].idempotency = crate::flow::Idempotency::NotIdempotent;
                self.graph.writes.insert(effect, key);
            }
        }
    }

    /// Where nobody tells the refusal from other failures, it is one of them.
    fn settle_refusing(&mut self) {
        for id in std::mem::take(&mut self.graph.refusing) {
            let nodes = &self.graph.nodes;
            let node = &nodes[id.0 as usize];
            let Step::Mark { key, tx, effect, .. } = node.step else {
                continue;
            };
            if !alike(nodes, node.on(Outcome::Duplicate), node.on(Outcome::Err)) {
                continue;
            }
            let node = &mut self.graph.nodes[id.0 as usize];
            let mode = MarkMode::Unique;
            node.step = Step::Mark { key, tx, mode, effect };
            forget_refusal(node);
        }
    }

    /// An insert-if-absent whose outcome decides nothing is an idempotent write; one whose outcome guards other effects is a mark.
    fn settle_marks(&mut self) {
        for id in 0..self.graph.nodes.len() {
            let Step::Mark {
                tx,
                mode,
                effect: Some(effect),
                key,
            } = self.graph.nodes[id].step
            else {
                continue;
            };
            match mode {
                MarkMode::IfAbsent => {
                    let node = &self.graph.nodes[id];
                    let (fresh, duplicate) = (node.on(Outcome::Fresh), node.on(Outcome::Duplicate));
                    let after_fresh = self.reachable_effects(fresh);
                    let after_duplicate = self.reachable_effects(duplicate);
                    let decides = after_fresh != after_duplicate
                        || fresh != duplicate && is_checked(&self.graph.nodes, key)
                        || tx.is_some_and(|tx| self.undoes(tx, effect, fresh, duplicate));
                    let asked = is_checked(&self.graph.nodes, key);
                    let node = &mut self.graph.nodes[id];
                    // Where somebody asked before, it records all the same, and its own answer is not listened to. A database makes a
                    // second worker wait then, and go on as if it were the first.
                    let waits = asked && self.graph.keys[key.0 as usize].durability == Durability::Durable;
                    if !decides && !waits {
                        node.step = match asked {
                            true => Step::Mark {
                                key,
                                tx,
                                mode: MarkMode::Plain,
                                effect: None,
                            },
                            false => Step::Effect { effect, tx },
                        };
                        node.edges.retain(|edge| edge.when != Outcome::Duplicate);
                        for edge in &mut node.edges {
                            if edge.when == Outcome::Fresh {
                                edge.when = Outcome::Ok;
                            }
                        }
                    } else {
                        node.step = Step::Mark {
                            tx,
                            mode,
                            effect: None,
                            key,
                        };
                    }
                }
                MarkMode::Plain => {
                    let bare = self.graph.bare.contains(&self.graph.keys[key.0 as usize].store);
                    let others = self
                        .graph
                        .nodes
                        .iter()
                        .any(|node| matches!(node.step, Step::Effect { .. }));
                    self.graph.nodes[id].step = match (is_checked(&self.graph.nodes, key), bare, others) {
                        // Nobody asks for it, and it holds more than a key.
                        (false, false, _) => Step::Effect { effect, tx },
                        (_, _, true) => Step::Mark {
                            tx,
                            mode,
                            effect: None,
                            key,
                        },
                        _ => continue,
                    };
                }
                MarkMode::Unique => {}
            }
        }
    }

    /// Whether a duplicate is told by the end of the transaction: it alone does not commit, and that undoes another effect.
    fn undoes(&self, tx: TxId, own: EffectId, fresh: Option<NodeId>, duplicate: Option<NodeId>) -> bool {
        let commits = |from| self.ahead(from).any(|step| *step == Step::Commit { tx });
        let others = |node: &Node| matches!(node.step, Step::Effect { effect, tx: Some(within) } if within == tx && effect != own);
        commits(fresh) && !commits(duplicate) && self.graph.nodes.iter().any(others)
    }

    /// When what is recorded goes away again: by itself, or because something in the workspace removes it.
    fn look_after_marks(&mut self) {
        let mut keys = std::mem::take(&mut self.graph.keys);
        for key in keys.iter_mut().filter(|key| key.durability != Durability::Memory) {
            let table = key.store.split_once(':').map_or("", |(_, table)| table);
            let is_durable = key.durability == Durability::Durable;
            let removal = is_durable.then(|| self.removal(table)).flatten();
            if let Some(removal) = removal.filter(|removal| removal.millis.is_some() && key.ttl_millis.is_none()) {
                key.ttl_millis = removal.millis;
                key.ttl_at = Some(removal.at);
            }
            let goes =
                key.ttl_millis.is_some() || key.ttl_at.is_some() || removal.is_some() || self.schema.removes(table);
            key.removed = match (goes, self.graph.bare.contains(&key.store)) {
                (true, _) => Known::Yes,
                (false, true) => Known::No,
                (false, false) => Known::Unknown,
            };
        }
        self.graph.keys = keys;
    }

    /// The effects and marks that a path may come to before it receives again.
    fn reachable_effects(&self, from: Option<NodeId>) -> BTreeSet<(u8, u32)> {
        let told = self.ahead(from).filter_map(|step| match step {
            Step::Effect { effect, .. } | Step::Opaque { effect } => Some((0, effect.0)),
            Step::Mark { key, .. } => Some((1, key.0)),
            _ => None,
        });
        told.collect()
    }

    /// The steps that a path may come to before it receives again.
    fn ahead(&self, from: Option<NodeId>) -> impl Iterator<Item = &Step> {
        let nodes = &self.graph.nodes;
        let mut seen = vec![false; nodes.len()];
        let mut next: Vec<NodeId> = from.into_iter().collect();
        while let Some(id) = next.pop() {
            let (node, known) = (&nodes[id.0 as usize], &mut seen[id.0 as usize]);
            if !*known && node.step != Step::Receive {
                *known = true;
                next.extend(node.edges.iter().map(|edge| edge.to));
            }
        }
        nodes
            .iter()
            .zip(seen)
            .filter_map(|(node, seen)| seen.then_some(&node.step))
    }

    /// Where the control itself cannot be seen, nothing may be refuted.
    fn judge_visibility(&mut self, source: &Source) {
        let settles = self.graph.nodes.iter().any(|node| {
            matches!(
                node.step,
                Step::Ack(_) | Step::Nack { .. } | Step::Rewind | Step::Handoff { carries_ack: true }
            )
        });
        let receives = self.graph.nodes.iter().filter(|node| node.step == Step::Receive);
        if receives.clone().next().is_some() && receives.clone().all(|node| node.on(Outcome::Next).is_none()) {
            self.unknown.push(Unknown {
                at: Some(source.at.span),
                why: "what becomes of a message cannot be followed".into(),
            });
        }
        if let Some(at) = self.escaped.filter(|_| matches!(source.settle, Settle::Manual)) {
            let why = if settles {
                "what settles the message is also passed on to code that cannot be seen"
            } else {
                "what settles the message goes where it cannot be followed"
            };
            if !settles {
                self.unknown.push(Unknown {
                    at: Some(at),
                    why: why.into(),
                });
            } else {
                self.assumptions.insert(why.into());
            }
        }
        let handed_over = |node: &Node| node.step == Step::Handoff { carries_ack: false };
        if matches!(source.settle, Settle::Manual)
            && !settles
            && self.graph.nodes.iter().any(handed_over)
            && self.settles_elsewhere(&source.transport)
        {
            self.unknown.push(Unknown {
                at: Some(source.at.span),
                why: "what is handed over here may be settled where it is taken".into(),
            });
        }
        let waits = self
            .assumptions
            .iter()
            .any(|text| text.starts_with("the consumer is configured elsewhere"));
        if waits && !settles && matches!(source.settle, Settle::Manual) {
            let why = "neither the consumer's settings nor an acknowledgement can be seen";
            self.unknown.push(Unknown {
                at: Some(source.at.span),
                why: why.into(),
            });
        }
    }

    /// Whether other functions settle messages of a transport: a handle (a receipt, an offset) is as good as the message itself.
    fn settles_elsewhere(&self, transport: &str) -> bool {
        let root = |path: &str| path.split("::").next().unwrap_or_default().to_owned();
        let comes = |receive: &Receive| receive.transport == transport;
        let calls = self.catalog.calls();
        let by_call = calls
            .iter()
            .filter(|call| call.facts.receive.as_ref().is_some_and(comes));
        let types = self.catalog.types();
        let by_type = types
            .iter()
            .filter(|ty| [&ty.receive, &ty.handed].into_iter().flatten().any(comes));
        let clients: BTreeSet<String> = by_call
            .map(|call| root(&call.path))
            .chain(by_type.map(|ty| root(&ty.path)))
            .collect();
        let settling = calls
            .iter()
            .filter(|call| matches!(call.does, Role::Ack | Role::Nack) && clients.contains(&root(&call.path)));
        // What a builder does at last is told by the call that begins it.
        let begins = |call: &&&Call, builder: &str| {
            call.returns
                .as_ref()
                .and_then(TypeExpr::path)
                .is_some_and(|path| path == builder)
        };
        let named = settling.flat_map(
            |call| match self.catalog.ty(call.owner()).is_some_and(|owner| owner.builder) {
                true => calls.iter().filter(|other| begins(other, call.owner())).collect(),
                false => vec![call],
            },
        );
        named
            .flat_map(|call| {
                self.index
                    .mentions(call.name(), |krate| self.reaches(krate, &call.package))
            })
            .any(|f| !self.met.functions.contains(&f))
    }

    /// A path that leads nowhere (its code could not be followed) ends with an error: nothing is claimed about it.
    fn close_ends(&mut self) {
        let last = self.graph.nodes.len();
        // Nothing at all can be followed.
        let mut used = self.graph.nodes.is_empty();
        let end = NodeId(last as u32);
        for node in &mut self.graph.nodes {
            if node.edges.is_empty() && !matches!(node.step, Step::Exit(_) | Step::TaskEnd(_)) {
                let when = match node.step {
                    Step::Receive => Outcome::Next,
                    Step::Branch { .. } => Outcome::Case(0),
                    Step::Check { .. } => Outcome::Absent,
                    Step::Mark {
                        mode: MarkMode::IfAbsent,
                        ..
                    } => Outcome::Fresh,
                    Step::Pass | Step::Sleep { .. } | Step::Spawn { .. } | Step::Rollback { .. } => Outcome::Then,
                    _ => Outcome::Ok,
                };
                node.edges.push(Edge { when, to: end });
                used = true;
            }
        }
        if used {
            self.graph.nodes.push(Node {
                step: Step::Exit(Ended::Err),
                at: None,
                edges: Vec::new(),
                retry: None,
            });
        }
    }
}

fn is_checked(nodes: &[Node], wanted: KeyId) -> bool {
    nodes
        .iter()
        .any(|node| matches!(node.step, Step::Check { key, .. } if key == wanted))
}

/// A write that was done, or was refused, is one that was done or failed.
fn forget_refusal(node: &mut Node) {
    node.edges.retain(|edge| edge.when != Outcome::Duplicate);
    let fresh = node.edges.iter_mut().filter(|edge| edge.when == Outcome::Fresh);
    fresh.for_each(|edge| edge.when = Outcome::Ok);
}

/// Whether what a function gives says, somewhere in it, what has failed.
fn tells_of_failure(value: &Value) -> bool {
    value.any(&|part| part.variant_name() == Some("Err") || part.origin.has(Origin::ERROR))
}

/// The row that a mark writes.
fn row_of(step: &Step) -> Option<EffectId> {
    match step {
        Step::Mark { effect, .. } => *effect,
        _ => None,
    }
}

/// Whether two paths do the same, as far as they go.
fn alike(nodes: &[Node], a: Option<NodeId>, b: Option<NodeId>) -> bool {
    let mut seen = BTreeSet::new();
    let mut left = vec![(a, b)];
    while let Some(pair) = left.pop() {
        let (Some(a), Some(b)) = pair else {
            if pair.0 == pair.1 {
                continue;
            }
            return false;
        };
        if a == b || !seen.insert((a, b)) {
            continue;
        }
        let (one, other) = (&nodes[a.0 as usize], &nodes[b.0 as usize]);
        if one.step != other.step || one.edges.len() != other.edges.len() {
            return false;
        }
        left.extend(one.edges.iter().map(|edge| (Some(edge.to), other.on(edge.when))));
    }
    true
}
