//! Repairs of effects, dedup marks and transactions.

use crate::flow::{
    Durability, Effect, EffectId, Flow, Idempotency, Isolation, Key, KeyId, Known, MarkMode, NodeId, Outcome, Step,
    Transaction, TxId,
};

use super::edit::{Editor, good};

/// Applying the effect twice leaves what applying it once leaves.
#[must_use]
pub fn idempotent(flow: &Flow, effect: EffectId) -> Flow {
    let mut flow = flow.clone();
    flow.effects[effect.0 as usize].idempotency = Idempotency::Idempotent;
    flow
}

/// A key of the message is recorded in the same transaction as the effect, which is skipped where the key is there already.
#[must_use]
pub fn recorded_with(flow: &Flow, effect: EffectId) -> Flow {
    let new = Key {
        store: flow.effect(effect).target.clone(),
        durability: Durability::Durable,
        ttl_millis: None,
        ttl_at: None,
        unique: Known::Yes,
        removed: Known::Unknown,
        from_message: Known::Yes,
        made_at: None,
    };
    recorded_by(flow, effect, new)
}

/// What marks the message is recorded in the same transaction as the effect, and lives no longer than it did.
#[must_use]
pub fn recorded_with_mark(flow: &Flow, effect: EffectId, mark: KeyId) -> Flow {
    let is_mark = |step: &Step| matches!(step, Step::Mark { key, .. } if *key == mark);
    let marked = flow
        .nodes
        .iter()
        .filter(|node| is_mark(&node.step))
        .find_map(|node| node.at.as_ref());
    let moved = Key {
        ttl_at: flow.key(mark).ttl_at.or(marked.map(|site| site.span)),
        durability: Durability::Durable,
        unique: Known::Yes,
        from_message: Known::Yes,
        ..flow.key(mark).clone()
    };
    recorded_by(flow, effect, moved)
}

fn recorded_by(flow: &Flow, effect: EffectId, new: Key) -> Flow {
    let mut editor = Editor::new(flow);
    let key = KeyId(u32::try_from(flow.keys.len()).unwrap_or(u32::MAX));
    editor.flow.keys.push(new);
    for id in editor.find(|node| matches!(node.step, Step::Effect { effect: e, .. } if e == effect)) {
        let node = editor.node(id).clone();
        let Step::Effect { tx, .. } = node.step else { continue };
        editor.node_mut(id).step = Step::Mark {
            key,
            tx,
            mode: MarkMode::IfAbsent,
            effect: Some(effect),
        };
        if let Some(to) = good(&node) {
            editor.turn(id, Outcome::Fresh, to);
            editor.turn(id, Outcome::Duplicate, to);
        }
    }
    editor.flow
}

/// The mark and all that it guards become durable together. Seen from outside: a redelivery finds neither, or both, and so it is
/// as if nothing were skipped and nothing could be repeated.
#[must_use]
pub fn without_guard(flow: &Flow, key: KeyId) -> Flow {
    let mut editor = Editor::new(flow);
    for id in
        editor.find(|node| matches!(node.step, Step::Mark { key: k, .. } | Step::Check { key: k, .. } if k == key))
    {
        let node = editor.node_mut(id);
        let on = |whens: [Outcome; 3]| whens.into_iter().find_map(|when| node.on(when));
        let fresh = on([Outcome::Fresh, Outcome::Absent, Outcome::Ok]);
        match (&node.step, fresh) {
            (
                Step::Mark {
                    effect: Some(effect),
                    tx,
                    ..
                },
                Some(to),
            ) => {
                node.step = Step::Effect {
                    effect: *effect,
                    tx: *tx,
                };
                editor.turn(id, Outcome::Ok, to);
            }
            (_, Some(to)) => {
                node.step = Step::Pass;
                node.edges.clear();
                editor.turn(id, Outcome::Then, to);
            }
            _ => {}
        }
    }
    for effect in &mut editor.flow.effects {
        effect.idempotency = Idempotency::Idempotent;
    }
    editor.flow
}

/// Whoever looks for the key holds a lock on it until its transaction ends.
#[must_use]
pub fn atomic(flow: &Flow, key: KeyId) -> Flow {
    let mut flow = flow.clone();
    let touches = |step: &Step| match step {
        Step::Check { key: k, tx, .. } | Step::Mark { key: k, tx, .. } if *k == key => *tx,
        _ => None,
    };
    let known = flow.nodes.iter().find_map(|node| touches(&node.step));
    let tx = known.unwrap_or_else(|| add_transaction(&mut flow, key));
    flow.transactions[tx.0 as usize].isolation = Isolation::Locked;
    flow.keys[key.0 as usize].unique = Known::Yes;
    for node in &mut flow.nodes {
        match &mut node.step {
            Step::Check { key: k, tx: within, .. } | Step::Mark { key: k, tx: within, .. } if *k == key => {
                *within = Some(tx)
            }
            _ => {}
        }
    }
    flow
}

fn add_transaction(flow: &mut Flow, key: KeyId) -> TxId {
    let store = flow.key(key).store.clone();
    flow.transactions.push(Transaction::of(store, Isolation::Locked));
    TxId(u32::try_from(flow.transactions.len() - 1).unwrap_or(u32::MAX))
}

/// The marks outlive the process.
#[must_use]
pub fn durable(flow: &Flow, keys: &[KeyId]) -> Flow {
    changed(flow, keys, |key| key.durability = Durability::Durable)
}

/// The marks do not expire.
#[must_use]
pub fn eternal(flow: &Flow, keys: &[KeyId]) -> Flow {
    changed(flow, keys, |key| key.ttl_millis = None)
}

/// The keys are made of the message and of nothing else.
#[must_use]
pub fn stable(flow: &Flow, keys: &[KeyId]) -> Flow {
    changed(flow, keys, |key| key.from_message = Known::Yes)
}

fn changed(flow: &Flow, keys: &[KeyId], change: impl Fn(&mut Key)) -> Flow {
    let mut flow = flow.clone();
    for key in keys {
        change(&mut flow.keys[key.0 as usize]);
    }
    flow
}

/// The confirmation is awaited, and a failure is looked at.
#[must_use]
pub fn confirm(flow: &Flow, effect: EffectId) -> Flow {
    let mut editor = Editor::new(flow);
    editor.flow.effects[effect.0 as usize].confirmed = true;
    for id in editor.find(|node| matches!(node.step, Step::Effect { effect: e, .. } if e == effect)) {
        let node = editor.node(id);
        let unseen = node.on(Outcome::Err).is_none_or(|to| good(node) == Some(to));
        if unseen || flow.source.broker == crate::flow::Broker::Caller {
            let failure = editor.failure();
            editor.turn(id, Outcome::Err, failure);
        }
    }
    editor.flow
}

/// A failure of the steps is seen, and gives the message back.
#[must_use]
pub fn see(flow: &Flow, sources: &[NodeId]) -> Flow {
    let mut editor = Editor::new(flow);
    for &id in sources {
        let failure = editor.failure();
        editor.turn(id, Outcome::Err, failure);
        if let Step::Effect { effect, .. } | Step::Opaque { effect } = editor.node(id).step {
            editor.flow.effects[effect.0 as usize].confirmed = true;
        }
    }
    editor.flow
}

/// The publish becomes a row that is written in the transaction of another effect; a relay publishes it from there.
#[must_use]
pub fn outbox(flow: &Flow, publish: EffectId, partner: NodeId) -> Flow {
    let mut editor = Editor::new(flow);
    for id in editor.find(|node| matches!(node.step, Step::Effect { effect, .. } if effect == publish)) {
        if let Some(to) = good(editor.node(id)) {
            let node = editor.node_mut(id);
            node.step = Step::Pass;
            node.edges.clear();
            editor.turn(id, Outcome::Then, to);
        }
    }
    let written = Effect {
        idempotency: Idempotency::Idempotent,
        ..flow.effect(publish).clone()
    };
    editor.flow.effects[publish.0 as usize] = Effect {
        confirmed: true,
        ..written
    };
    match tx_of(&flow.node(partner).step) {
        Some(tx) => behind(&mut editor, partner, publish, tx),
        None => in_new_transaction(&mut editor, partner, publish),
    }
    editor.flow
}

fn tx_of(step: &Step) -> Option<TxId> {
    match step {
        Step::Effect { tx, .. } | Step::Mark { tx, .. } => *tx,
        _ => None,
    }
}

/// The row is written right after the partner, in its transaction.
fn behind(editor: &mut Editor, partner: NodeId, publish: EffectId, tx: TxId) {
    let node = editor.node(partner).clone();
    for edge in node
        .edges
        .iter()
        .filter(|edge| matches!(edge.when, Outcome::Ok | Outcome::Then | Outcome::Fresh))
    {
        let mut edges = vec![(Outcome::Ok, edge.to)];
        edges.extend(node.on(Outcome::Err).map(|to| (Outcome::Err, to)));
        let row = editor.add_step(
            Step::Effect {
                effect: publish,
                tx: Some(tx),
            },
            Some(&node),
            &edges,
        );
        editor.turn(partner, edge.when, row);
    }
}

/// The partner gets a transaction of its own, in which the row is written, too.
fn in_new_transaction(editor: &mut Editor, partner: NodeId, publish: EffectId) {
    let tx = TxId(u32::try_from(editor.flow.transactions.len()).unwrap_or(u32::MAX));
    editor
        .flow
        .transactions
        .push(Transaction::of("outbox", Isolation::Default));
    let node = editor.node(partner).clone();
    let Some(to) = good(&node) else { return };
    let failure = node.on(Outcome::Err).unwrap_or_else(|| editor.failure());
    let commit = editor.add_step(Step::Commit { tx }, None, &[(Outcome::Ok, to), (Outcome::Err, failure)]);
    for when in [Outcome::Ok, Outcome::Then, Outcome::Fresh] {
        if node.on(when).is_some() {
            editor.turn(partner, when, commit);
        }
    }
    match &mut editor.node_mut(partner).step {
        Step::Effect { tx: within, .. } | Step::Mark { tx: within, .. } => *within = Some(tx),
        _ => {}
    }
    behind(editor, partner, publish, tx);
}
