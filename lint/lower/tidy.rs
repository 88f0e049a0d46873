//! Tidying a finished flow: the same executions with fewer nodes, numbered in the order in which a reader meets them.
//!
//! Nodes that do nothing and stand for no code go, branches that decide nothing go, nodes that cannot be told apart become one, and what
//! nothing uses any more is dropped. None of this changes what a flow can do.

mod nests;
mod numbers;
mod retries;
mod tasks;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::flow::{Edge, Flow, Node, NodeId, Outcome, RetryId, Settle, Site, Step};

/// Where a step stands: its place, and the retry that it is in.
type Spot<'f> = (Option<&'f Site>, Option<RetryId>);

/// Makes `flow` as small as it can be without changing its meaning. `around` names the retry that each retry stands in.
pub(super) fn tidy(flow: &mut Flow, around: &[Option<RetryId>]) {
    if flow.nodes.is_empty() {
        return;
    }
    order_edges(flow);
    prune(flow);
    forget_marks(flow);
    retries::settle(flow, around);
    shrink(flow);
    while nests::unite(flow) {
        prune(flow);
        shrink(flow);
    }
    // Only now: what such a task asks counts among the questions that are too many.
    if tasks::forget_idle(flow) {
        prune(flow);
        shrink(flow);
    }
    numbers::renumber(flow);
}

/// Drops and unites nodes until nothing changes any more.
fn shrink(flow: &mut Flow) {
    loop {
        let before = flow.nodes.len();
        skip_idle(flow);
        prune(flow);
        merge_equal(flow);
        prune(flow);
        if flow.nodes.len() == before {
            break;
        }
    }
}

/// The best outcome first, failures last.
fn order_edges(flow: &mut Flow) {
    for node in &mut flow.nodes {
        node.edges.sort_by_key(|edge| match edge.when {
            Outcome::Next | Outcome::Child | Outcome::Ok | Outcome::Fresh | Outcome::Absent => (0, 0),
            Outcome::Then | Outcome::Duplicate | Outcome::Found => (1, 0),
            Outcome::Case(n) => (2, n),
            Outcome::Err => (3, 0),
            Outcome::End => (4, 0),
        });
    }
}

/// A mark stands for the place where a path leaves its message. One that more is done behind tells nothing, unless what the function
/// gives settles the message: then it is where a failure was dropped.
fn forget_marks(flow: &mut Flow) {
    if !matches!(
        flow.source.settle,
        Settle::Manual | Settle::OnReceive { .. } | Settle::InSink
    ) {
        return;
    }
    let idle = |node: &Node| {
        matches!(node.step, Step::Pass)
            && node
                .at
                .as_ref()
                .is_some_and(|at| at.text == "return" || at.text == "dropped")
    };
    let leaves = |id: NodeId| {
        let end = flow.past_marks(id);
        matches!(flow.node(end).step, Step::Receive | Step::Exit(_) | Step::TaskEnd(_))
    };
    let needless: Vec<NodeId> = flow
        .iter()
        .filter(|(id, node)| idle(node) && !leaves(*id))
        .map(|(id, _)| id)
        .collect();
    for id in needless {
        flow.nodes[id.0 as usize].at = None;
    }
}

/// Where each node's way really leads: past what does nothing.
fn skip_idle(flow: &mut Flow) {
    let target: Vec<NodeId> = flow.iter().map(|(id, _)| past_idle(flow, id)).collect();
    for node in &mut flow.nodes {
        for edge in &mut node.edges {
            edge.to = target[edge.to.0 as usize];
        }
    }
    let entry = target[0];
    if entry != NodeId(0) {
        flow.nodes[0] = Node {
            step: Step::Pass,
            at: None,
            edges: vec![Edge {
                when: Outcome::Then,
                to: entry,
            }],
            retry: None,
        };
    }
}

fn past_idle(flow: &Flow, from: NodeId) -> NodeId {
    let mut seen = BTreeSet::new();
    let mut at = from;
    while seen.insert(at) {
        match only_way(flow.node(at)) {
            Some(next) => at = next,
            None => return at,
        }
    }
    from
}

/// Where control goes from a node that neither does nor decides anything.
fn only_way(node: &Node) -> Option<NodeId> {
    let idle = match node.step {
        Step::Pass => node.at.is_none(),
        Step::Branch { .. } | Step::Read { .. } => true,
        _ => false,
    };
    let (first, rest) = node.edges.split_first()?;
    (idle && rest.iter().all(|edge| edge.to == first.to)).then_some(first.to)
}

/// Removes what the entry does not reach, and an entry that only leads on.
fn prune(flow: &mut Flow) {
    let mut start = NodeId(0);
    let mut passed = BTreeSet::new();
    while let Some(next) = only_way(flow.node(start)).filter(|_| passed.insert(start)) {
        start = next;
    }
    let order = preorder(flow, start);
    let place: FxHashMap<NodeId, NodeId> = order.iter().copied().zip((0..).map(NodeId)).collect();
    let nodes = order.iter().map(|id| {
        let mut node = flow.node(*id).clone();
        for edge in &mut node.edges {
            edge.to = place[&edge.to];
        }
        node
    });
    flow.nodes = nodes.collect();
}

/// What is reached from `start`, each node before those behind it, the first way of each before the others.
fn preorder(flow: &Flow, start: NodeId) -> Vec<NodeId> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            order.push(id);
            waiting.extend(flow.node(id).edges.iter().rev().map(|edge| edge.to));
        }
    }
    order
}

/// Nodes that do the same at the same place and go on to the same become one (the coarsest partition that the edges respect).
fn merge_equal(flow: &mut Flow) {
    let mut classes = first_classes(flow);
    loop {
        let refined = refine(flow, &classes);
        if count(&refined) == count(&classes) {
            break;
        }
        classes = refined;
    }
    let mut first: FxHashMap<usize, NodeId> = FxHashMap::default();
    for (id, _) in flow.iter() {
        first.entry(classes[id.0 as usize]).or_insert(id);
    }
    for node in &mut flow.nodes {
        for edge in &mut node.edges {
            edge.to = first[&classes[edge.to.0 as usize]];
        }
    }
}

fn count(classes: &[usize]) -> usize {
    classes.iter().collect::<BTreeSet<_>>().len()
}

fn first_classes(flow: &Flow) -> Vec<usize> {
    let mut known: FxHashMap<Spot<'_>, Vec<(&Step, usize)>> = FxHashMap::default();
    let mut next = 0;
    let mut classes = Vec::new();
    for node in &flow.nodes {
        let alike = known.entry((node.at.as_ref(), node.retry)).or_default();
        let class = alike
            .iter()
            .find(|(step, _)| **step == node.step)
            .map(|(_, class)| *class);
        classes.push(class.unwrap_or_else(|| {
            next += 1;
            alike.push((&node.step, next));
            next
        }));
    }
    classes
}

fn refine(flow: &Flow, classes: &[usize]) -> Vec<usize> {
    let mut known: FxHashMap<(usize, Vec<(Outcome, usize)>), usize> = FxHashMap::default();
    let mut refined = Vec::new();
    for (node, class) in flow.nodes.iter().zip(classes) {
        let ways = node
            .edges
            .iter()
            .map(|edge| (edge.when, classes[edge.to.0 as usize]))
            .collect();
        let next = known.len();
        refined.push(*known.entry((*class, ways)).or_insert(next));
    }
    refined
}
