//! What the repairs are made of: adding nodes, turning edges, copying the part of a flow behind a node.

use crate::flow::{Broker, Edge, Ended, Flow, Node, NodeId, Outcome, Step, reachable};

/// A flow that is being changed.
pub(super) struct Editor {
    pub flow: Flow,
    failure: Option<NodeId>,
}

impl Editor {
    pub(super) fn new(flow: &Flow) -> Self {
        Self {
            flow: flow.clone(),
            failure: None,
        }
    }

    pub(super) fn add(&mut self, node: Node) -> NodeId {
        let id = NodeId(u32::try_from(self.flow.nodes.len()).unwrap_or(u32::MAX));
        self.flow.nodes.push(node);
        id
    }

    /// A new step after which control goes on at `to`, whatever its good outcome is called.
    pub(super) fn add_step(&mut self, step: Step, like: Option<&Node>, edges: &[(Outcome, NodeId)]) -> NodeId {
        let edges = edges.iter().map(|&(when, to)| Edge { when, to }).collect();
        let at = like.and_then(|node| node.at.clone());
        self.add(Node {
            step,
            at,
            edges,
            retry: None,
        })
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.flow.node(id)
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.flow.nodes[id.0 as usize]
    }

    /// Makes an outcome of a node lead to `to`.
    pub(super) fn turn(&mut self, id: NodeId, when: Outcome, to: NodeId) {
        let edges = &mut self.node_mut(id).edges;
        match edges.iter_mut().find(|edge| edge.when == when) {
            Some(edge) => edge.to = to,
            None => edges.push(Edge { when, to }),
        }
    }

    /// The ids of all nodes that there are now.
    pub(super) fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.flow.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }

    pub(super) fn find(&self, is: impl Fn(&Node) -> bool) -> Vec<NodeId> {
        self.ids().filter(|&id| is(self.node(id))).collect()
    }

    /// Where a failure should lead: the message goes back to the broker, and the function (or the task) ends with an error.
    pub(super) fn failure(&mut self) -> NodeId {
        if let Some(failure) = self.failure {
            return failure;
        }
        let exit = self.add_step(Step::Exit(Ended::Err), None, &[]);
        let release = self.release_step();
        let failure = self.add_step(release, None, &[(Outcome::Ok, exit), (Outcome::Then, exit)]);
        self.failure = Some(failure);
        failure
    }

    /// The step that makes the broker deliver the message again.
    pub(super) fn release_step(&self) -> Step {
        match self.flow.source.broker {
            Broker::Log => Step::Rewind,
            _ => Step::Nack {
                requeue: true,
                multiple: false,
            },
        }
    }

    /// Copies what can be reached from `start` while the message is the same (but for receives, and without entering what is
    /// spawned). The copies lead to each other. Gives the copy of each node: its own id where it was not copied.
    pub(super) fn copy_behind(&mut self, start: NodeId) -> Copies {
        let inside = |id: &NodeId| self.node(*id).step != Step::Receive;
        let found: Vec<NodeId> = reachable(&self.flow, start, |when| when != Outcome::Child)
            .into_iter()
            .filter(inside)
            .collect();
        let first = self.flow.nodes.len();
        let mut copies = Copies {
            map: (0..).map(NodeId).take(first).collect(),
        };
        for (index, id) in found.iter().enumerate() {
            copies.map[id.0 as usize] = NodeId(u32::try_from(first + index).unwrap_or(u32::MAX));
        }
        for id in found {
            let mut node = self.node(id).clone();
            for edge in node.edges.iter_mut().filter(|edge| edge.when != Outcome::Child) {
                edge.to = copies.of(edge.to);
            }
            self.flow.nodes.push(node);
        }
        copies
    }
}

/// Which node became which.
pub(super) struct Copies {
    map: Vec<NodeId>,
}

impl Copies {
    pub(super) fn of(&self, id: NodeId) -> NodeId {
        self.map.get(id.0 as usize).copied().unwrap_or(id)
    }

    /// The nodes that were copied, with their copies.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        (0..)
            .map(NodeId)
            .zip(self.map.iter().copied())
            .filter(|(id, copy)| id != copy)
    }
}

/// Whether an error of the step means that the message was not (wholly) processed.
#[must_use]
pub fn is_fallible(step: &Step) -> bool {
    matches!(
        step,
        Step::Effect { .. }
            | Step::Opaque { .. }
            | Step::Read { .. }
            | Step::Check { .. }
            | Step::Mark { .. }
            | Step::Begin { .. }
            | Step::Commit { .. }
            | Step::Handoff { .. }
            | Step::Join { .. }
    )
}

/// Where control goes when the step works.
pub(super) fn good(node: &Node) -> Option<NodeId> {
    [Outcome::Ok, Outcome::Then, Outcome::Fresh]
        .into_iter()
        .find_map(|when| node.on(when))
}

/// Whether the step is tried again after it failed.
pub(super) fn is_retried(flow: &Flow, id: NodeId) -> bool {
    let node = flow.node(id);
    let same = |other: &NodeId| flow.node(*other).step == node.step;
    node.on(Outcome::Err)
        .is_some_and(|to| reachable(flow, to, |_| true).iter().any(same))
}
