//! Nests of branches: where a flow asks more questions than a reader, or the checker, can hold, several in a row become one.
//!
//! A branch that is asked at one place only, and only after another one, decides together with that one where control goes. The two
//! are one question with as many answers as there are places behind them. What can happen stays the same, since each answer still
//! stands for the message's own; only which questions it was made of is lost, so that small flows are left alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::{CondId, CondKind, Condition, Edge, Flow, Node, NodeId, Outcome, Step};

/// A flow with at most so many conditions stays as it is.
const READABLE: usize = 24;
/// Places behind one question.
const MOST_WAYS: usize = 15;

/// Unites nests, of alike questions first. Gives whether anything changed; what nothing reaches any more is left to the caller.
pub(super) fn unite(flow: &mut Flow) -> bool {
    let alike = |a: CondKind, b: CondKind| a == b;
    let remembered = |a: CondKind, b: CondKind| a != CondKind::Free && b != CondKind::Free;
    unite_where(flow, alike) || unite_where(flow, remembered)
}

fn unite_where(flow: &mut Flow, fits: impl Fn(CondKind, CondKind) -> bool) -> bool {
    if asked(flow).len() <= READABLE {
        return false;
    }
    let nests = nests(flow, fits);
    for nest in &nests {
        nest.apply(flow);
    }
    !nests.is_empty()
}

/// How often each condition is asked.
fn asked(flow: &Flow) -> BTreeMap<CondId, usize> {
    let mut asked = BTreeMap::new();
    for (_, node) in flow.iter() {
        if let Step::Branch { on } = node.step {
            *asked.entry(on).or_default() += 1;
        }
    }
    asked
}

/// Branches that become one at the first of them.
struct Nest {
    head: NodeId,
    kind: CondKind,
    ways: Vec<NodeId>,
    /// One bit a way: only failures lead there.
    failing: u32,
}

impl Nest {
    fn apply(&self, flow: &mut Flow) {
        let Step::Branch { on } = flow.nodes[self.head.0 as usize].step else {
            return;
        };
        let first = flow.conditions[on.0 as usize].clone();
        let united = Condition {
            kind: self.kind,
            failing: self.failing,
            text: format!("{} …", first.text.trim_end_matches(" …")).into(),
            ..first
        };
        let on = CondId(u32::try_from(flow.conditions.len()).unwrap_or(u32::MAX));
        flow.conditions.push(united);
        let node = &mut flow.nodes[self.head.0 as usize];
        node.step = Step::Branch { on };
        let ways = (0..).zip(&self.ways);
        node.edges = ways
            .map(|(n, to)| Edge {
                when: Outcome::Case(n),
                to: *to,
            })
            .collect();
    }
}

/// Nests that have no branch in common.
fn nests(flow: &Flow, fits: impl Fn(CondKind, CondKind) -> bool) -> Vec<Nest> {
    let asked = asked(flow);
    let once = |node: &Node| match node.step {
        Step::Branch { on } if asked[&on] == 1 => Some(flow.conditions[on.0 as usize].kind),
        _ => None,
    };
    let leading_to = leading_to(flow);
    let mut taken = BTreeSet::new();
    let mut found = Vec::new();
    for (head, node) in flow.iter() {
        let Some(kind) = once(node).filter(|_| !taken.contains(&head)) else {
            continue;
        };
        let mut nest = BTreeSet::from([head]);
        let mut mixed = kind;
        loop {
            let behind = ways_out(flow, head, &nest);
            let next = behind.iter().copied().find_map(|id| {
                let kind = once(flow.node(id)).filter(|kind| fits(mixed, *kind))?;
                let inside = id != head && !taken.contains(&id) && leading_to[&id].is_subset(&nest);
                let mut larger = nest.clone();
                larger.insert(id);
                let out = ways_out(flow, head, &larger);
                (inside && out.len() <= MOST_WAYS && !out.contains(&head)).then_some((id, kind))
            });
            let Some((id, kind)) = next else { break };
            nest.insert(id);
            if kind != mixed {
                mixed = CondKind::Store;
            }
        }
        if nest.len() > 1 {
            let ways = ways_out(flow, head, &nest);
            let failing = (0..).zip(&ways).filter(|(_, way)| only_failures(flow, &nest, **way));
            let failing = failing.fold(0, |all, (n, _): (u32, _)| all | 1 << n);
            taken.extend(nest);
            found.push(Nest {
                head,
                kind: mixed,
                ways,
                failing,
            });
        }
    }
    found
}

/// Whether every edge that leads out of a nest to this place is taken where something has failed.
fn only_failures(flow: &Flow, nest: &BTreeSet<NodeId>, to: NodeId) -> bool {
    nest.iter().all(|id| {
        let node = flow.node(*id);
        let Step::Branch { on } = node.step else { return false };
        let mut leading = node.edges.iter().filter(|edge| edge.to == to);
        leading.all(|edge| flow.conditions[on.0 as usize].fails(edge.when))
    })
}

/// From where each node is reached.
fn leading_to(flow: &Flow) -> BTreeMap<NodeId, BTreeSet<NodeId>> {
    let mut leading: BTreeMap<NodeId, BTreeSet<NodeId>> = BTreeMap::new();
    for (id, node) in flow.iter() {
        for edge in &node.edges {
            leading.entry(edge.to).or_default().insert(id);
        }
    }
    leading
}

/// Where a nest leads, in the order in which its edges are met.
fn ways_out(flow: &Flow, head: NodeId, nest: &BTreeSet<NodeId>) -> Vec<NodeId> {
    let behind = |id: NodeId| flow.node(id).edges.iter().rev().map(|edge| edge.to);
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<NodeId> = behind(head).collect();
    let mut out = Vec::new();
    while let Some(id) = waiting.pop() {
        let inside = id != head && nest.contains(&id);
        if inside && seen.insert(id) {
            waiting.extend(behind(id));
        } else if !inside && !out.contains(&id) {
            out.push(id);
        }
    }
    out
}
