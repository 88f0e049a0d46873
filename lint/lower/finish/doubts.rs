//! Doubts: what decides about an effect may decide otherwise when its message comes again.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::flow::{CondId, CondKind, EffectId, Idempotency, NodeId, Outcome, Step};
use crate::lower::Lowering;
use crate::lower::query::columns::Asked;

/// A system that was asked, and the read that asked it.
type Answer = (SmolStr, Option<NodeId>);

/// What decides whether an effect is done, and whether that is asked of something that the unit itself writes.
struct Guard {
    on: CondId,
    own: bool,
}

impl Lowering<'_> {
    /// What a store or a call that cannot be seen into decides about may be decided otherwise the second time: an effect behind such a
    /// branch is not known to be repeated.
    pub(super) fn doubt_guarded(&mut self) {
        for (effect, guard) in self.guarded() {
            let text = &self.graph.conditions[guard.on.0 as usize].text;
            let effect = &mut self.graph.effects[effect.0 as usize];
            if effect.idempotency == Idempotency::NotIdempotent {
                effect.idempotency = Idempotency::Unknown;
                effect.unproved = !guard.own;
                effect.why = smol_str::format_smolstr!(
                    "`{text}` decides whether it is done, and may recognise a message that was processed before"
                );
            }
        }
    }

    fn guarded(&self) -> BTreeMap<EffectId, Guard> {
        let mut guarded = BTreeMap::new();
        if self
            .graph
            .conditions
            .iter()
            .all(|condition| condition.kind != CondKind::Store)
        {
            return guarded;
        }
        let written = self.written();
        let before = self.predecessors();
        for (id, node) in (0..).map(NodeId).zip(&self.graph.nodes) {
            let Step::Branch { on } = node.step else { continue };
            if self.graph.conditions[on.0 as usize].kind != CondKind::Store {
                continue;
            }
            // Nothing that the unit does changes what these tables answer.
            let answers = self.asked_before(id, &before);
            let found = self.graph.found.get(&on);
            let own = |(from, by): &Answer| {
                let asked = match found {
                    Some(read) if Some(*read) == *by => Asked::Row,
                    _ => Asked::Answer,
                };
                written.contains(from) && !by.is_some_and(|by| self.graph.is_untouched(from, by, asked))
            };
            let other = |asked: &Answer| self.graph.tables.contains(&asked.0) && !own(asked);
            if !answers.is_empty() && answers.iter().all(other) {
                continue;
            }
            let own = answers.iter().any(own);
            for effect in self.decided_at(id) {
                guarded.insert(effect, Guard { on, own });
            }
        }
        guarded
    }

    /// The effects that some ways of a branch lead to and others do not. What comes first, and is only tried again because of how it was
    /// answered, is done whatever the branch decides.
    fn decided_at(&self, branch: NodeId) -> Vec<EffectId> {
        let edges = &self.graph.nodes[branch.0 as usize].edges;
        let ways: Vec<_> = edges.iter().map(|edge| self.reachable_effects(Some(edge.to))).collect();
        let everywhere = ways
            .iter()
            .cloned()
            .reduce(|a, b| a.intersection(&b).copied().collect())
            .unwrap_or_default();
        let some: BTreeSet<_> = ways
            .iter()
            .flatten()
            .filter(|found| !everywhere.contains(found))
            .collect();
        let effects = some
            .into_iter()
            .filter(|(kind, _)| *kind == 0)
            .map(|(_, effect)| EffectId(*effect));
        effects.filter(|&effect| self.comes_to(branch, effect)).collect()
    }

    /// Whether a message can come to a node without the effect.
    fn comes_to(&self, node: NodeId, effect: EffectId) -> bool {
        let nodes = &self.graph.nodes;
        let does =
            |step: &Step| matches!(step, Step::Effect { effect: e, .. } | Step::Opaque { effect: e } if *e == effect);
        let received = nodes
            .iter()
            .filter(|node| node.step == Step::Receive)
            .filter_map(|node| node.on(Outcome::Next));
        let mut next: Vec<NodeId> = received.chain([NodeId(0)]).collect();
        let mut seen = vec![false; nodes.len()];
        while let Some(id) = next.pop() {
            if std::mem::replace(&mut seen[id.0 as usize], true) {
                continue;
            }
            let step = &nodes[id.0 as usize].step;
            if !does(step) && *step != Step::Receive {
                next.extend(nodes[id.0 as usize].edges.iter().map(|edge| edge.to));
            }
        }
        seen[node.0 as usize]
    }

    /// What the unit writes to.
    fn written(&self) -> BTreeSet<SmolStr> {
        let effects = self.graph.effects.iter().map(|effect| effect.target.clone());
        let marked = self.graph.nodes.iter().filter_map(|node| match node.step {
            Step::Mark { key, .. } | Step::Unmark { key, .. } => Some(self.graph.keys[key.0 as usize].store.clone()),
            _ => None,
        });
        effects.chain(marked).collect()
    }

    /// What was asked on some way to a node since the message came: systems that were read from, and by which read, and for a call that
    /// cannot be seen into an empty name.
    fn asked_before(&self, node: NodeId, before: &[Vec<NodeId>]) -> Vec<Answer> {
        let mut asked = Vec::new();
        let mut seen = vec![false; before.len()];
        let mut next = vec![node];
        while let Some(id) = next.pop() {
            for &earlier in &before[id.0 as usize] {
                let step = &self.graph.nodes[earlier.0 as usize].step;
                if *step == Step::Receive || std::mem::replace(&mut seen[earlier.0 as usize], true) {
                    continue;
                }
                match step {
                    Step::Read { from } => asked.push((from.clone(), Some(earlier))),
                    Step::Check { key, .. } => asked.push((self.graph.keys[key.0 as usize].store.clone(), None)),
                    Step::Opaque { .. } => asked.push((SmolStr::default(), None)),
                    _ => {}
                }
                next.push(earlier);
            }
        }
        asked
    }

    /// For each node, those from which control comes to it.
    fn predecessors(&self) -> Vec<Vec<NodeId>> {
        let mut before = vec![Vec::new(); self.graph.nodes.len()];
        for (id, node) in (0..).map(NodeId).zip(&self.graph.nodes) {
            for edge in &node.edges {
                before[edge.to.0 as usize].push(id);
            }
        }
        before
    }
}
