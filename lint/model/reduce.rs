//! The same flow with fewer steps, for questions about some of its effects only.
//!
//! What is taken out changes nothing that can be asked about the effects that are left: steps that do nothing, questions whose ways
//! all lead to the same, calls whose failure leads where the failure of the next call to the same system leads as well. Steps that do
//! the same and go on alike become one. Nodes keep their numbers; what is not reached any more stands for nothing.
//!
//! It is bisimulation minimisation of a graph that is nearly acyclic (Baier and Katoen, *Principles of Model Checking*, chapter 7), done
//! by rewriting as binary decision diagrams are reduced, with one step more: an outage that is spent where it changes nothing is never
//! the worse for being spent later.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::flow::{CondId, Edge, EffectId, Ended, Flow, Isolation, NodeId, Outcome, Settle, Step, Transaction, TxId};

use super::program::{Program, system};
use super::state::NONE;

/// The longest chain of calls in which a failure is looked for that covers another one.
const CHAIN: usize = 64;

/// The flow without what does not matter to the effects that are counted: those that have a number in `tallies`.
pub(super) fn reduced(program: &Program<'_>, tallies: &[u8]) -> Flow {
    let mut reduction = Reduction {
        program,
        tallies,
        flow: program.flow.clone(),
    };
    reduction.blur();
    while reduction.shorten() | reduction.merge() | reduction.join_ways() {
        reduction.bury();
    }
    reduction.flow
}

struct Reduction<'p, 'f> {
    program: &'p Program<'f>,
    tallies: &'p [u8],
    flow: Flow,
}

/// How a step fails: the system that does not answer, and where control goes on then.
#[derive(Debug, Clone, PartialEq)]
struct Failure {
    system: SmolStr,
    to: Option<NodeId>,
    /// The transaction that the step belongs to; without it there would be nothing to commit.
    tx: Option<TxId>,
}

impl Failure {
    /// Whether a later failure has all that comes of this one.
    fn is_like(&self, later: &Self) -> bool {
        self.system == later.system && self.to == later.to && (self.tx.is_none() || self.tx == later.tx)
    }
}

impl Reduction<'_, '_> {
    /// Of effects that are not counted only their failure is left: outside transactions a question to the same system, inside one of
    /// them for all. So it is with a transaction that holds nothing else.
    fn blur(&mut self) {
        let mut first: FxHashMap<SmolStr, EffectId> = FxHashMap::default();
        let idle = self.idle_transactions();
        for index in 0..self.flow.nodes.len() {
            let node = &self.flow.nodes[index];
            let fails = node.on(Outcome::Err).is_some();
            let asks = |target: &str| {
                if fails {
                    Step::Read {
                        from: system(target).into(),
                    }
                } else {
                    Step::Pass
                }
            };
            let store = |tx: TxId| &self.flow.transactions[tx.0 as usize].store;
            let step = match node.step {
                Step::Begin { tx } | Step::Commit { tx } if idle.contains(&tx) => asks(store(tx)),
                Step::Rollback { tx } if idle.contains(&tx) => Step::Pass,
                Step::Effect { effect, tx } if self.is_uncounted(effect) => {
                    let target = &self.flow.effect(effect).target;
                    match tx.filter(|tx| !idle.contains(tx)) {
                        Some(tx) => Step::Effect {
                            effect: *first.entry(system(target).into()).or_insert(effect),
                            tx: Some(tx),
                        },
                        // An outage that nobody sees here is one that somebody sees at the next call.
                        None => asks(target),
                    }
                }
                Step::Opaque { effect } if self.is_uncounted(effect) => asks(&self.flow.effect(effect).target),
                _ => continue,
            };
            self.flow.nodes[index].step = step;
        }
    }

    /// Transactions whose end changes nothing that is asked about, and which make nobody wait.
    fn idle_transactions(&self) -> Vec<TxId> {
        let uses = |step: &Step| match step {
            Step::Effect { effect, tx } if !self.is_uncounted(*effect) => *tx,
            Step::Ack(ack) => ack.tx,
            Step::Claim { tx } | Step::Check { tx, .. } | Step::Mark { tx, .. } | Step::Unmark { tx, .. } => *tx,
            _ => None,
        };
        let used: Vec<TxId> = self.flow.iter().filter_map(|(_, node)| uses(&node.step)).collect();
        let is_idle = |&(tx, told): &(TxId, &Transaction)| told.isolation != Isolation::Locked && !used.contains(&tx);
        let all = (0..).map(TxId).zip(&self.flow.transactions);
        let in_sink = self.flow.source.settle == Settle::InSink;
        all.filter(|_| !in_sink).filter(is_idle).map(|(tx, _)| tx).collect()
    }

    fn is_uncounted(&self, effect: EffectId) -> bool {
        self.tallies.get(effect.0 as usize) == Some(&NONE)
    }

    /// Leads every edge past the steps that can be left out. Whether one was led anew.
    fn shorten(&mut self) -> bool {
        let past: Vec<Option<NodeId>> = (0..self.flow.nodes.len()).map(|index| self.past(index)).collect();
        let end = |mut id: NodeId| {
            for _ in 0..past.len() {
                match past[id.0 as usize] {
                    Some(next) => id = next,
                    None => break,
                }
            }
            id
        };
        self.redirect(end)
    }

    /// Where control comes to anyway, if nothing that matters happens at the node.
    fn past(&self, index: usize) -> Option<NodeId> {
        let node = &self.flow.nodes[index];
        let own = NodeId(u32::try_from(index).ok()?);
        let on = |when| node.on(when).filter(|&to| to != own);
        match &node.step {
            Step::Pass | Step::Sleep { .. } | Step::ExtendLease => on(Outcome::Then).or_else(|| on(Outcome::Ok)),
            // Whatever is open ends with the function.
            Step::Rollback { .. } => {
                let next = on(Outcome::Then).or_else(|| on(Outcome::Ok))?;
                matches!(self.flow.node(next).step, Step::Exit(_)).then_some(next)
            }
            Step::Branch { .. } => {
                let mut ways = node.edges.iter().map(|edge| edge.to).filter(|&to| to != own);
                let first = ways.next()?;
                ways.all(|way| way == first).then_some(first)
            }
            Step::Read { .. } | Step::Effect { tx: Some(_), .. } => self.without(index),
            _ => None,
        }
    }

    /// Where a call goes on, if its failure needs not be told from that of a later call.
    fn without(&self, index: usize) -> Option<NodeId> {
        let node = &self.flow.nodes[index];
        let ok = node.on(Outcome::Ok).filter(|to| to.0 as usize != index)?;
        if let Step::Effect { effect, .. } = node.step
            && !self.is_uncounted(effect)
        {
            return None;
        }
        let own = self.failure(index)?;
        let outside = own.tx.is_none();
        let harmless = outside && (own.to.is_none() || own.to == Some(ok));
        (harmless || self.covers(ok, &own, CHAIN)).then_some(ok)
    }

    /// Whether from here on some call fails in the same way, whichever way control goes, before anything else happens.
    fn covers(&self, at: NodeId, failure: &Failure, left: usize) -> bool {
        let index = at.0 as usize;
        let node = &self.flow.nodes[index];
        if left == 0 {
            return false;
        }
        if let Step::Branch { .. } = node.step {
            let mut ways = node.edges.iter().filter(|edge| edge.to != at).peekable();
            return ways.peek().is_some() && ways.all(|edge| self.covers(edge.to, failure, left / 2));
        }
        if self.failure(index).is_some_and(|later| failure.is_like(&later)) {
            return true;
        }
        let undone = |tx| failure.tx == Some(tx) && failure.to.is_some_and(|to| self.gives_up(to, tx));
        let quiet = match &node.step {
            Step::Read { .. } => true,
            Step::Effect { tx: Some(tx), .. } if undone(*tx) => true,
            Step::Effect { effect, .. } => self.is_uncounted(*effect),
            Step::Ack(ack) => ack.tx.is_some_and(undone),
            Step::Claim { tx } => tx.is_some_and(undone),
            _ => false,
        };
        let ok = node.on(Outcome::Ok).filter(|_| quiet);
        ok.is_some_and(|ok| self.covers(ok, failure, left - 1))
    }

    fn failure(&self, index: usize) -> Option<Failure> {
        let node = &self.flow.nodes[index];
        let flow = &self.flow;
        let (target, tx) = match &node.step {
            Step::Read { from } => (from, None),
            Step::Effect { effect, tx } => (&flow.effect(*effect).target, *tx),
            Step::Check { key, tx, .. } | Step::Mark { key, tx, .. } => (&flow.key(*key).store, *tx),
            Step::Begin { tx } => (&flow.transactions[tx.0 as usize].store, None),
            Step::Commit { tx } if self.gives_up(node.on(Outcome::Err)?, *tx) => {
                (&flow.transactions[tx.0 as usize].store, Some(*tx))
            }
            _ => return None,
        };
        Some(Failure {
            system: system(target).into(),
            to: node.on(Outcome::Err),
            tx,
        })
    }

    /// Whether a transaction that was begun explicitly is over at a node, as it is after a commit that failed.
    fn gives_up(&self, at: NodeId, tx: TxId) -> bool {
        let over = match self.flow.node(at).step {
            Step::Rollback { tx: rolled } => rolled == tx,
            Step::Exit(ended) => ended != Ended::Ok,
            _ => false,
        };
        over && self.flow.iter().any(|(_, node)| node.step == Step::Begin { tx })
    }

    /// Makes one node of those that do the same and go on alike. Whether there were any.
    fn merge(&mut self) -> bool {
        let mut known: FxHashMap<(&Step, &[Edge], bool), NodeId> = FxHashMap::default();
        let mut same: FxHashMap<NodeId, NodeId> = FxHashMap::default();
        for (id, node) in self.flow.iter() {
            if id.0 == 0 || matches!(node.step, Step::Receive | Step::Handoff { .. } | Step::Spawn { .. }) {
                continue;
            }
            let last = matches!(node.step, Step::Ack(_)) && self.program.is_final_ack(id);
            let first = *known.entry((&node.step, &node.edges, last)).or_insert(id);
            if first != id {
                same.insert(id, first);
            }
        }
        self.redirect(|id| same.get(&id).copied().unwrap_or(id))
    }

    /// Of ways that lead to the same wherever their condition is asked about, the first stands for all. Whether there were any.
    fn join_ways(&mut self) -> bool {
        let mut together: FxHashMap<CondId, Vec<Vec<NodeId>>> = FxHashMap::default();
        for (_, node) in self.flow.iter() {
            let Step::Branch { on } = node.step else { continue };
            let targets = together.entry(on).or_default();
            for edge in &node.edges {
                let Outcome::Case(way) = edge.when else { continue };
                targets.resize_with(targets.len().max(usize::from(way) + 1), Vec::new);
                targets[usize::from(way)].push(edge.to);
            }
        }
        let mut changed = false;
        for node in &mut self.flow.nodes {
            let Step::Branch { on } = node.step else { continue };
            let targets = &together[&on];
            let before = node.edges.len();
            node.edges.retain(|edge| match edge.when {
                Outcome::Case(way) => {
                    let way = usize::from(way);
                    targets.iter().position(|other| *other == targets[way]) == Some(way)
                }
                _ => true,
            });
            changed |= node.edges.len() < before;
        }
        changed
    }

    fn redirect(&mut self, to: impl Fn(NodeId) -> NodeId) -> bool {
        let mut changed = false;
        for edge in self.flow.nodes.iter_mut().flat_map(|node| &mut node.edges) {
            let target = to(edge.to);
            changed |= target != edge.to;
            edge.to = target;
        }
        changed
    }

    /// What no execution reaches any more asks nothing and does nothing. Handoffs stay: they are numbered in the order of their nodes.
    fn bury(&mut self) {
        let mut living = vec![false; self.flow.nodes.len()];
        let mut next = vec![NodeId(0)];
        while let Some(id) = next.pop() {
            if !std::mem::replace(&mut living[id.0 as usize], true) {
                next.extend(self.flow.node(id).edges.iter().map(|edge| edge.to));
            }
        }
        for (node, lives) in self.flow.nodes.iter_mut().zip(living) {
            if !lives && !matches!(node.step, Step::Handoff { .. }) {
                node.step = Step::Pass;
                node.edges.clear();
            }
        }
    }
}
