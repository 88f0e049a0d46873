//! Units that do nothing visible with their messages.
//!
//! A handler that only logs, or whose work is a call that was taken for harmless, has no effect that could be lost or repeated: whatever
//! is said of it would be true and worth nothing. Where a task is spawned for the message, that task is what the message came for.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::Lowering;
use super::call::CallSite;
use super::expr::deep_origin;
use super::state::{Flowing, State};
use super::value::{Kind, Origin, Value};
use crate::flow::{
    Broker, CondKind, Durability, Edge, Effect, EffectId, EffectKind, Idempotency, NO_WORK, Node, NodeId, Outcome,
    Site, Source, Step, Unknown,
};
use crate::resolve::{Ty, TyBound};

impl Lowering<'_> {
    /// Where nothing is seen that is done with a message: a spawned task does it, or what is shown of it stands in for that, or the unit
    /// is not understood. Gives what stands in.
    pub(super) fn expect_work(&mut self, source: &Source) -> Option<Site> {
        let chosen = std::mem::take(&mut self.graph.chosen);
        let is_other = |step: &Step| works(step) && !matches!(step, Step::Opaque { effect } if chosen.contains(effect));
        if source.broker == Broker::Caller || self.graph.nodes.iter().any(|node| is_other(&node.step)) {
            self.take_for_harmless(&chosen);
        }
        let works = source.broker == Broker::Caller || self.graph.nodes.iter().any(|node| works(&node.step));
        if works || self.records_are_work() {
            return None;
        }
        let spawns = (0..self.graph.nodes.len()).filter(|id| matches!(self.graph.nodes[*id].step, Step::Spawn { .. }));
        let spawns: Vec<usize> = spawns.collect();
        for spawn in &spawns {
            self.work_in_task(*spawn);
        }
        if !spawns.is_empty() || !self.unknown.is_empty() {
            return None;
        }
        let stands_in = self.stand_in();
        if stands_in.is_none() {
            self.unknown.push(Unknown {
                at: Some(source.at.span),
                why: NO_WORK.into(),
            });
        }
        stands_in
    }

    /// Whether a function that somebody else chose (`handle: impl FnOnce(&Job) -> Result<()>`) is called with the message at hand.
    pub(super) fn is_handed_work(&self, callee: &Ty, args: &[Value], state: &State) -> bool {
        let ret = match callee {
            Ty::Fn { ret, .. } => Some(ret),
            Ty::Bounds(bounds) | Ty::Param { bounds, .. } => bounds.iter().find_map(|bound| match bound {
                TyBound::Fn { ret, is_async, .. } if !is_async => Some(ret),
                _ => None,
            }),
            _ => None,
        };
        let acts = |ret: &Ty| *ret == Ty::UNIT || self.is_result(ret);
        let given = args.iter().any(|arg| deep_origin(arg).has(Origin::MESSAGE));
        state.holding && given && ret.is_some_and(|ret| acts(ret))
    }

    /// Calls it: if nothing else is done with the message, that is what is done.
    pub(super) fn call_chosen(&mut self, args: &[Value], site: CallSite, state: State) -> Flowing {
        let (state, value) = self.call_unknown(args, site, state);
        let Kind::Unseen(unseen) = &value.kind else {
            return vec![(state, value)];
        };
        let effect = self.opaque_effect(&self.site(unseen.span));
        self.graph.chosen.insert(effect);
        self.unseen_step(&value, unseen, state)
    }

    /// What somebody else chose only looks at the message, since others work on it.
    fn take_for_harmless(&mut self, chosen: &BTreeSet<EffectId>) {
        for id in 0..self.graph.nodes.len() {
            let node = &self.graph.nodes[id];
            let is_chosen = matches!(node.step, Step::Opaque { effect } if chosen.contains(&effect));
            let Some(site) = node.at.clone().filter(|_| is_chosen) else {
                continue;
            };
            let fails = node.on(Outcome::Err).is_some();
            let on = self.graph.condition(CondKind::Malformed, &site, "chosen");
            self.graph.conditions[on.0 as usize].failing = 2;
            let node = &mut self.graph.nodes[id];
            for edge in &mut node.edges {
                edge.when = match edge.when {
                    Outcome::Err => Outcome::Case(1),
                    _ if fails => Outcome::Case(0),
                    _ => Outcome::Then,
                };
            }
            node.step = if fails { Step::Branch { on } } else { Step::Pass };
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
pub(in crate::lower) fn works(step: &Step) -> bool {
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
