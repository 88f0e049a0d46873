//! The usual way of a message: what happens to it where nothing fails and nothing was done before.

use std::collections::BTreeMap;

use super::{Flow, NodeId, Outcome, Step};

impl Flow {
    /// The nodes of the run that does most, in its order, each once. Of the ways of a branch the one with the most steps counts; what a
    /// spawned task does comes where it is spawned.
    #[must_use]
    pub fn usual_way(&self) -> Vec<NodeId> {
        let start = NodeId(0);
        if self.nodes.is_empty() {
            return Vec::new();
        }
        let order = self.order(start);
        let places: BTreeMap<NodeId, usize> = order.iter().copied().zip(0..).collect();
        let mut best: BTreeMap<NodeId, usize> = BTreeMap::new();
        for &node in order.iter().rev() {
            let weight = self.weight(node, &places, &best);
            best.insert(node, weight);
        }
        let mut way = Vec::new();
        self.walk(start, &best, &mut way);
        way
    }

    /// Follows the heaviest edges; a node that was passed already ends the way.
    fn walk(&self, start: NodeId, best: &BTreeMap<NodeId, usize>, way: &mut Vec<NodeId>) {
        let mut at = Some(start);
        while let Some(node) = at.filter(|node| !way.contains(node)) {
            way.push(node);
            if let Some(child) = self.node(node).on(Outcome::Child) {
                self.walk(child, best, way);
            }
            at = self.heaviest(node, best);
        }
    }

    fn heaviest(&self, node: NodeId, best: &BTreeMap<NodeId, usize>) -> Option<NodeId> {
        let calm = self.node(node).edges.iter().filter(|edge| is_calm(edge.when));
        let next = calm.filter(|edge| edge.when != Outcome::Child).map(|edge| edge.to);
        // The first of several that are alike: what stands first in the code.
        next.rev().max_by_key(|to| best.get(to).copied().unwrap_or(0))
    }

    /// The steps from a node on, as far as they are known: an edge that leads back counts nothing.
    fn weight(&self, node: NodeId, places: &BTreeMap<NodeId, usize>, best: &BTreeMap<NodeId, usize>) -> usize {
        let (mut child, mut rest) = (0, 0);
        let calm = self.node(node).edges.iter().filter(|edge| is_calm(edge.when));
        for edge in calm.filter(|edge| places.get(&edge.to) > places.get(&node)) {
            let weight = best.get(&edge.to).copied().unwrap_or(0);
            match edge.when {
                Outcome::Child => child = weight,
                _ => rest = rest.max(weight),
            }
        }
        usize::from(self.node(node).step.is_told()) + child + rest
    }

    /// The nodes that calm edges lead to, each after all that lead to it without a loop.
    fn order(&self, start: NodeId) -> Vec<NodeId> {
        let (mut done, mut left) = (Vec::new(), vec![(start, false)]);
        let mut seen = vec![false; self.nodes.len()];
        while let Some((node, finished)) = left.pop() {
            if finished {
                done.push(node);
                continue;
            }
            if std::mem::replace(&mut seen[node.0 as usize], true) {
                continue;
            }
            left.push((node, true));
            let calm = self.node(node).edges.iter().filter(|edge| is_calm(edge.when));
            left.extend(calm.map(|edge| (edge.to, false)));
        }
        done.reverse();
        done
    }
}

/// Nothing has failed, nothing was done before, and there is more to do.
fn is_calm(outcome: Outcome) -> bool {
    !matches!(
        outcome,
        Outcome::Err | Outcome::Duplicate | Outcome::Found | Outcome::End
    )
}

impl Step {
    /// Whether a reader wants to hear of it: what joins paths, waits or chooses is no step of the story.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !matches!(
            self,
            Self::Branch { .. }
                | Self::Sleep { .. }
                | Self::Pass
                | Self::Exit(_)
                | Self::TaskEnd(_)
                | Self::Join { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::model::testing::flow;

    fn way(text: &str) -> String {
        let flow = flow(text);
        let told = flow.usual_way().into_iter().filter(|&id| flow.node(id).step.is_told());
        told.map(|id| id.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn it_takes_the_way_on_which_most_happens() {
        let branched = "source kafka log manual\neffect e0 postgres:a plain\ncond c0 fixed\nn0: receive next=n1 err=n5\n\
            n1: branch c0 0=n4 1=n2\nn2: effect e0 ok=n3 err=n5\nn3: pass then=n4\nn4: ack up-to ok=n0 err=n5\nn5: exit err\n";
        assert_eq!(way(branched), "n0 n2 n4");
    }

    #[test]
    fn a_task_is_told_where_it_is_spawned() {
        let spawned = "source kafka log manual\neffect e0 file plain file\ntask s0\nn0: receive next=n1 err=n6\n\
            n1: spawn s0 child=n2 then=n5\nn2: effect e0 ok=n3 err=n4\nn3: end ok\nn4: end err\nn5: ack up-to ok=n0 err=n6\nn6: exit err\n";
        assert_eq!(way(spawned), "n0 n1 n2 n5");
    }
}
