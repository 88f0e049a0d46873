//! Acks that no code stands for: a client that settles a message when the next one is asked for.

use std::collections::BTreeSet;

use crate::catalog::SettleBy;
use crate::flow::{Ack, Covers, Edge, Ended, NodeId, Outcome, Site, Step};
use crate::lower::Lowering;

impl Lowering<'_> {
    /// Puts the client's own acks where they happen: before the next message is received, and where the reader is dropped if that settles,
    /// too.
    pub(super) fn settle_implied(&mut self) {
        let Some(draft) = &self.draft else { return };
        let drops = match draft.implied {
            SettleBy::OnNext => false,
            SettleBy::OnNextOrDrop => true,
            _ => return,
        };
        let site = draft.site.clone();
        let nodes = &self.graph.nodes;
        let received = nodes
            .iter()
            .filter(|node| node.step == Step::Receive)
            .filter_map(|node| node.on(Outcome::Next));
        let holding = self.until_received(received.collect());
        let before = self.until_received(vec![NodeId(0)]);
        let settles = |to: NodeId| match &nodes[to.0 as usize].step {
            Step::Receive => true,
            Step::Exit(ended) => drops && *ended != Ended::Panic,
            // Where a round begins as the first one does.
            _ => before.contains(&to),
        };
        let mut found = Vec::new();
        for &id in holding.difference(&before) {
            let edges = nodes[id.0 as usize].edges.iter();
            found.extend(edges.filter(|edge| settles(edge.to)).map(|edge| (id, *edge)));
        }
        for (id, edge) in found {
            self.ack_between(id, edge, site.clone());
        }
    }

    /// The nodes that control comes to from these before a message is received.
    fn until_received(&self, mut next: Vec<NodeId>) -> BTreeSet<NodeId> {
        let mut seen = BTreeSet::new();
        while let Some(id) = next.pop() {
            let node = &self.graph.nodes[id.0 as usize];
            if !matches!(node.step, Step::Receive | Step::Exit(_)) && seen.insert(id) {
                next.extend(node.edges.iter().map(|edge| edge.to));
            }
        }
        seen
    }

    fn ack_between(&mut self, from: NodeId, edge: Edge, at: Site) {
        let ack = NodeId(u32::try_from(self.graph.nodes.len()).unwrap_or(u32::MAX));
        let edges = vec![Edge {
            when: Outcome::Ok,
            to: edge.to,
        }];
        let step = Step::Ack(Ack::of(Covers::UpTo));
        self.graph.nodes.push(crate::flow::Node {
            step,
            at: Some(at),
            edges,
            retry: None,
        });
        let from = &mut self.graph.nodes[from.0 as usize].edges;
        from.iter_mut()
            .filter(|known| **known == edge)
            .for_each(|known| known.to = ack);
    }
}
