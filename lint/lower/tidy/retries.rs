//! Which loops are retries: those in which a failed step is done again for the same message, and a good one is not.

use std::collections::BTreeSet;

use crate::flow::{Flow, Known, Node, NodeId, Outcome, RetryId, Step};

/// Takes the mark of a retry from loops that are none, and finds out whether the others ever give up.
pub(super) fn settle(flow: &mut Flow, around: &[Option<RetryId>]) {
    let inside = |node: &Node, wanted: RetryId| chain(node.retry, around).any(|retry| retry == wanted);
    let mut real = BTreeSet::new();
    for id in (0..).map(RetryId).take(flow.retries.len()) {
        let members: BTreeSet<NodeId> = flow
            .iter()
            .filter(|(_, node)| inside(node, id))
            .map(|(at, _)| at)
            .collect();
        let repeated: Vec<NodeId> = members
            .iter()
            .copied()
            .filter(|at| is_repeated(flow, &members, *at))
            .collect();
        if repeated.is_empty() {
            continue;
        }
        real.insert(id);
        if flow.retries[id.0 as usize].bounded == Known::Unknown {
            let gives_up = repeated.iter().any(|at| gives_up(flow, &members, *at));
            flow.retries[id.0 as usize].bounded = if gives_up { Known::Yes } else { Known::No };
        }
    }
    for node in &mut flow.nodes {
        node.retry = chain(node.retry, around).find(|retry| real.contains(retry));
    }
}

/// A retry and those that it stands in, innermost first.
fn chain(retry: Option<RetryId>, around: &[Option<RetryId>]) -> impl Iterator<Item = RetryId> {
    std::iter::successors(retry, |retry| around.get(retry.0 as usize).copied().flatten())
}

/// Whether the loop comes back to a step when it fails, and does not when it succeeds.
fn is_repeated(flow: &Flow, members: &BTreeSet<NodeId>, at: NodeId) -> bool {
    let node = flow.node(at);
    let fails = || {
        node.on(Outcome::Err)
            .is_some_and(|next| reaches(flow, members, next, at))
    };
    let goes_on = || {
        let mut good = node.edges.iter().filter(|edge| edge.when != Outcome::Err);
        good.any(|edge| reaches(flow, members, edge.to, at))
    };
    is_work(&node.step) && fails() && !goes_on()
}

/// Whether control may leave the loop although the step never succeeds.
fn gives_up(flow: &Flow, members: &BTreeSet<NodeId>, at: NodeId) -> bool {
    let Some(next) = flow.node(at).on(Outcome::Err) else {
        return true;
    };
    walk(flow, next, |id| members.contains(&id) && id != at)
        .into_iter()
        .any(|id| !members.contains(&id))
}

fn is_work(step: &Step) -> bool {
    matches!(
        step,
        Step::Effect { .. }
            | Step::Opaque { .. }
            | Step::Read { .. }
            | Step::Mark { .. }
            | Step::Unmark { .. }
            | Step::Commit { .. }
            | Step::Join { .. }
            | Step::Handoff { .. }
            | Step::Ack(_)
            | Step::Nack { .. }
    )
}

/// Whether control can come from `from` to `to` inside the loop, with the same message.
fn reaches(flow: &Flow, members: &BTreeSet<NodeId>, from: NodeId, to: NodeId) -> bool {
    let stays = |id: NodeId| members.contains(&id) && flow.node(id).step != Step::Receive;
    walk(flow, from, |id| stays(id) && id != to).contains(&to) && stays(from)
}

/// What control comes to from `from`, going on only from where `passes`.
fn walk(flow: &Flow, from: NodeId, passes: impl Fn(NodeId) -> bool) -> BTreeSet<NodeId> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(id) = waiting.pop() {
        if seen.insert(id) && passes(id) {
            waiting.extend(flow.node(id).edges.iter().map(|edge| edge.to));
        }
    }
    seen
}
