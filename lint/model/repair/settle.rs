//! Repairs of when and whether a message is settled.

use crate::flow::{Ack, Broker, Covers, Edge, Ended, Flow, NodeId, Outcome, Settle, Step, TaskId, reachable};

use super::edit::{Editor, good, is_fallible, is_retried};

/// After a failure of one of `sources` the steps in `settling` (acks, rejections, the end of a handler) give the message back
/// instead. A step that is tried again and works is no failure any more.
#[must_use]
pub fn refuse_after_failure(flow: &Flow, sources: &[NodeId], settling: &[NodeId]) -> Flow {
    split(flow, sources, |editor, original, copy| {
        if settling.contains(&original) {
            refuse(editor, copy);
        }
    })
}

/// After a failure of one of `sources` the message is given back where its path would leave it unsettled.
#[must_use]
pub fn leave_after_failure(flow: &Flow, sources: &[NodeId]) -> Flow {
    split(flow, sources, |editor, _, copy| {
        let edges = editor.node(copy).edges.clone();
        for edge in edges {
            if editor.node(edge.to).step != Step::Receive {
                continue;
            }
            let step = editor.release_step();
            let release = editor.add_step(step, None, &[(Outcome::Ok, edge.to), (Outcome::Then, edge.to)]);
            editor.turn(copy, edge.when, release);
        }
    })
}

/// Copies what follows a failure of `sources`, and lets `change` loose on the copies.
fn split(flow: &Flow, sources: &[NodeId], change: impl Fn(&mut Editor, NodeId, NodeId)) -> Flow {
    let mut editor = Editor::new(flow);
    let failures: Vec<NodeId> = sources
        .iter()
        .filter_map(|&id| flow.node(id).on(Outcome::Err))
        .collect();
    if failures.is_empty() {
        return editor.flow;
    }
    let hub = editor.add_step(Step::Pass, None, &[]);
    editor.node_mut(hub).edges = (0..)
        .map(Outcome::Case)
        .zip(&failures)
        .map(|(when, &to)| Edge { when, to })
        .collect();
    let copies = editor.copy_behind(hub);
    for (original, copy) in copies.iter() {
        change(&mut editor, original, copy);
        let again = sources.iter().map(|&source| &flow.node(source).step).any(|step| {
            let same = |node: &crate::flow::Node| node.step == *step;
            is_fallible(step) && flow.nodes.get(original.0 as usize).is_some_and(same)
        });
        if again && let Some(node) = flow.nodes.get(original.0 as usize) {
            let well = node.edges.iter().filter(|edge| edge.when != Outcome::Err);
            well.for_each(|edge| editor.turn(copy, edge.when, edge.to));
        }
    }
    let failing = sources.iter().filter(|&&id| flow.node(id).on(Outcome::Err).is_some());
    for (&source, way) in failing.zip(editor.node(copies.of(hub)).edges.clone()) {
        editor.turn(source, Outcome::Err, way.to);
    }
    editor.flow
}

/// Makes a settling step give the message back.
fn refuse(editor: &mut Editor, id: NodeId) {
    let release = editor.release_step();
    let panics = editor.flow.source.settle == Settle::OnReturn;
    let node = editor.node_mut(id);
    let good = good(node);
    match node.step {
        Step::Exit(_) | Step::TaskEnd(_) if panics => node.step = Step::Exit(Ended::Panic),
        Step::Exit(_) | Step::TaskEnd(_) => node.step = Step::Exit(Ended::Err),
        Step::Nack { multiple, .. } => {
            node.step = Step::Nack {
                requeue: true,
                multiple,
            }
        }
        _ => {
            node.step = release;
            node.edges.extend(good.map(|to| Edge {
                when: Outcome::Then,
                to,
            }));
        }
    }
}

/// A rejection becomes a request for redelivery.
#[must_use]
pub fn requeue(flow: &Flow, nack: NodeId) -> Flow {
    let mut editor = Editor::new(flow);
    refuse(&mut editor, nack);
    editor.flow
}

/// The ack moves behind everything that its path still does, and a failure on the way there gives the message back.
#[must_use]
pub fn ack_last(flow: &Flow, ack: NodeId) -> Flow {
    let Some(start) = good(flow.node(ack)) else {
        return flow.clone();
    };
    let mut editor = Editor::new(flow);
    let copies = editor.copy_behind(start);
    let behind: Vec<NodeId> = copies.iter().map(|(_, copy)| copy).collect();
    let step = flow.node(ack).step.clone();
    refuse_failures(&mut editor, &behind);
    ack_before_ends(&mut editor, &behind, &step);
    let first = copies.of(start);
    if editor.node(first).step == Step::Receive || is_end(&editor.node(first).step) {
        return editor.flow;
    }
    let node = editor.node_mut(ack);
    node.step = Step::Pass;
    node.edges = vec![Edge {
        when: Outcome::Then,
        to: first,
    }];
    editor.flow
}

/// Nothing is settled by itself any more: the message is, when all that is done for it went well.
#[must_use]
pub fn settle_at_end(flow: &Flow) -> Flow {
    let mut editor = Editor::new(flow);
    editor.flow.source.settle = Settle::Manual;
    if editor.flow.source.broker == Broker::Volatile {
        editor.flow.source.broker = Broker::Queue;
    }
    let all: Vec<NodeId> = editor.ids().filter(|&id| !in_child(flow, id)).collect();
    refuse_failures(&mut editor, &all);
    ack_before_ends(&mut editor, &all, &Step::Ack(Ack::of(Covers::One)));
    editor.flow
}

fn in_child(flow: &Flow, id: NodeId) -> bool {
    let children = flow.iter().filter_map(|(_, node)| node.on(Outcome::Child));
    children
        .into_iter()
        .any(|start| reachable(flow, start, |_| true).contains(&id))
}

/// A failure that is not tried again gives the message back.
fn refuse_failures(editor: &mut Editor, ids: &[NodeId]) {
    for &id in ids {
        let node = editor.node(id);
        let fails = is_fallible(&node.step) && node.on(Outcome::Err).is_some();
        if fails && !is_retried(&editor.flow, id) {
            let failure = editor.failure();
            editor.turn(id, Outcome::Err, failure);
        }
    }
}

/// Puts an ack before every edge by which a path leaves its message well.
fn ack_before_ends(editor: &mut Editor, ids: &[NodeId], ack: &Step) {
    for &id in ids {
        if editor.node(id).step == Step::Receive {
            continue;
        }
        for edge in editor.node(id).edges.clone() {
            if is_end(&editor.node(edge.to).step) {
                let like = editor.node(id).clone();
                let new = editor.add_step(
                    ack.clone(),
                    Some(&like),
                    &[(Outcome::Ok, edge.to), (Outcome::Err, edge.to)],
                );
                editor.turn(id, edge.when, new);
            }
        }
    }
}

fn is_end(step: &Step) -> bool {
    matches!(step, Step::Receive | Step::Exit(Ended::Ok) | Step::TaskEnd(Ended::Ok))
}

/// The message is settled before anything is done for it.
#[must_use]
pub fn ack_first(flow: &Flow) -> Flow {
    let mut editor = Editor::new(flow);
    editor.flow.source.settle = Settle::Manual;
    for id in editor.find(|node| node.step == Step::Receive) {
        let Some(next) = editor.node(id).on(Outcome::Next) else {
            continue;
        };
        let failure = editor.failure();
        let ack = Step::Ack(Ack::of(Covers::One));
        let ack = editor.add_step(ack, None, &[(Outcome::Ok, next), (Outcome::Err, failure)]);
        editor.turn(id, Outcome::Next, ack);
    }
    editor.flow
}

/// Rows whose worker has died are taken back.
#[must_use]
pub fn unclaimed(flow: &Flow) -> Flow {
    let mut editor = Editor::new(flow);
    for id in editor.find(|node| matches!(node.step, Step::Claim { .. })) {
        let Some(to) = good(editor.node(id)) else { continue };
        let node = editor.node_mut(id);
        node.step = Step::Pass;
        node.edges = vec![Edge {
            when: Outcome::Then,
            to,
        }];
    }
    editor.flow
}

/// A step that fails is not tried again.
#[must_use]
pub fn without_retry(flow: &Flow, ids: &[NodeId]) -> Flow {
    let mut editor = Editor::new(flow);
    for &id in ids {
        if flow.node(id).on(Outcome::Err).is_some() {
            let failure = editor.failure();
            editor.turn(id, Outcome::Err, failure);
        }
    }
    editor.flow
}

/// The parent waits for what it spawns, and a failure there is its own.
#[must_use]
pub fn join(flow: &Flow, task: TaskId) -> Flow {
    let mut editor = Editor::new(flow);
    for id in editor.find(|node| node.step == (Step::Spawn { task })) {
        let node = editor.node(id).clone();
        let Some(then) = good(&node) else { continue };
        let failure = editor.failure();
        let join = editor.add_step(
            Step::Join { task },
            None,
            &[(Outcome::Ok, then), (Outcome::Err, failure)],
        );
        editor.turn(id, Outcome::Then, join);
        if let Some(start) = node.on(Outcome::Child) {
            let inside = reachable(flow, start, |_| true);
            refuse_failures(&mut editor, &inside);
        }
    }
    editor.flow
}

/// What settles the message travels with it through the queue in memory.
#[must_use]
pub fn carry_ack(flow: &Flow, handoff: NodeId) -> Flow {
    let mut editor = Editor::new(flow);
    let Some(start) = good(flow.node(handoff)) else {
        return editor.flow;
    };
    if matches!(
        flow.source.settle,
        Settle::OnOk | Settle::OnReturn | Settle::OnReceive { .. }
    ) {
        editor.flow.source.settle = Settle::Manual;
    }
    let copies = editor.copy_behind(start);
    for (_, copy) in copies.iter() {
        let node = editor.node_mut(copy);
        if let (Step::Ack(_), Some(to)) = (&node.step, good(node)) {
            node.step = Step::Pass;
            node.edges = vec![Edge {
                when: Outcome::Then,
                to,
            }];
        }
    }
    if !is_retried(flow, handoff) {
        let failure = editor.failure();
        editor.turn(handoff, Outcome::Err, failure);
    }
    let node = editor.node_mut(handoff);
    node.step = Step::Handoff { carries_ack: true };
    editor.turn(handoff, Outcome::Ok, copies.of(start));
    editor.flow
}
