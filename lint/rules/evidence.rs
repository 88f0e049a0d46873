//! Which steps of a flow show that a mechanism is really there.

use delivery_grammar::Mechanism;

use crate::flow::{
    Broker, CondId, CondKind, Durability, Effect, EffectKind, Flow, Idempotency, Isolation, MarkMode, Node, NodeId,
    Outcome, Settle, Site, Step, reachable,
};

/// For each mechanism, the places of a flow that show it, or where it may be for all that can be seen: no place means that the code shows
/// no sign of it.
#[must_use]
pub fn evidence(flow: &Flow) -> Vec<(Mechanism, Vec<Site>)> {
    let shown = |mechanism: &Mechanism| (*mechanism, distinct(signs(flow, *mechanism)));
    Mechanism::ALL.iter().map(shown).collect()
}

fn signs(flow: &Flow, mechanism: Mechanism) -> Vec<Site> {
    match mechanism {
        Mechanism::CommitAfterProcess => after_process(flow),
        Mechanism::CommitBeforeProcess => before_process(flow),
        Mechanism::TransactionalDedup => transactional_dedup(flow),
        Mechanism::CacheDedup => keys(flow, |key| key.durability != Durability::Durable),
        Mechanism::UniqueConstraint => unique_constraint(flow),
        Mechanism::IdempotentEffect => effects(flow, |effect| effect.idempotency == Idempotency::Idempotent),
        Mechanism::IdempotencyKey => effects(flow, |effect| {
            let keyed = matches!(effect.kind, EffectKind::Http | EffectKind::Rpc | EffectKind::Publish);
            keyed && effect.idempotency == Idempotency::Idempotent
        }),
        Mechanism::CompareAndSet => compare_and_set(flow),
        Mechanism::TransactionalOutbox => outbox(flow),
        Mechanism::KafkaTransactions => steps(flow, |step| match step {
            Step::Begin { tx } | Step::Commit { tx } => flow.transactions[tx.0 as usize].store == "kafka",
            _ => false,
        }),
        Mechanism::PublisherConfirms => effects(flow, |effect| effect.kind == EffectKind::Publish && effect.confirmed),
        Mechanism::RetryUntilAcknowledged => retries(flow),
        Mechanism::DeadLetter => dead_letter(flow),
        Mechanism::LeaseExtension => steps(flow, |step| *step == Step::ExtendLease),
        Mechanism::DistributedLock => locks(flow),
        Mechanism::CircuitBreaker => breaks(flow),
        Mechanism::Saga => compensates(flow),
        Mechanism::TwoPhaseCommit => prepares(flow),
    }
}

fn distinct(sites: Vec<Site>) -> Vec<Site> {
    let mut found: Vec<Site> = Vec::new();
    for site in sites {
        if !found.contains(&site) {
            found.push(site);
        }
    }
    found
}

fn nodes(flow: &Flow, is: impl Fn(NodeId, &Node) -> bool) -> Vec<Site> {
    flow.iter()
        .filter(|(id, node)| is(*id, node))
        .filter_map(|(_, node)| node.at.clone())
        .collect()
}

fn steps(flow: &Flow, is: impl Fn(&Step) -> bool) -> Vec<Site> {
    nodes(flow, |_, node| is(&node.step))
}

fn effects(flow: &Flow, is: impl Fn(&Effect) -> bool) -> Vec<Site> {
    flow.effects
        .iter()
        .filter(|effect| effect.kind != EffectKind::Opaque && is(effect))
        .map(|e| e.at.clone())
        .collect()
}

fn keys(flow: &Flow, is: impl Fn(&crate::flow::Key) -> bool) -> Vec<Site> {
    steps(flow, |step| match step {
        Step::Check { key, .. } | Step::Mark { key, .. } => is(flow.key(*key)),
        _ => false,
    })
}

fn is_ack(flow: &Flow, node: &Node) -> bool {
    let implicit = matches!(flow.source.settle, Settle::OnOk | Settle::OnReturn);
    matches!(node.step, Step::Ack(_) | Step::Handoff { carries_ack: true })
        || implicit && matches!(node.step, Step::Exit(crate::flow::Ended::Ok))
}

fn is_processing(node: &Node) -> bool {
    matches!(
        node.step,
        Step::Effect { .. } | Step::Opaque { .. } | Step::Mark { .. } | Step::Handoff { .. }
    )
}

fn behind(flow: &Flow, id: NodeId) -> Vec<NodeId> {
    let next = flow
        .node(id)
        .edges
        .iter()
        .filter(|edge| edge.when != Outcome::Err)
        .map(|edge| edge.to);
    next.flat_map(|to| reachable(flow, to, |when| when != Outcome::Err))
        .collect()
}

/// An ack that is reached from an effect, or where the framework settles the function's end.
fn after_process(flow: &Flow) -> Vec<Site> {
    if matches!(flow.source.settle, Settle::OnOk | Settle::OnReturn | Settle::InSink) {
        return vec![flow.source.at.clone()];
    }
    let done = flow
        .iter()
        .filter(|(_, node)| is_processing(node))
        .flat_map(|(id, _)| behind(flow, id));
    let done: Vec<NodeId> = done.collect();
    nodes(flow, |id, node| {
        is_ack(flow, node) && (done.contains(&id) || matches!(node.step, Step::Handoff { .. }))
    })
}

fn before_process(flow: &Flow) -> Vec<Site> {
    if matches!(flow.source.settle, Settle::OnReceive { .. }) {
        return vec![flow.source.at.clone()];
    }
    nodes(flow, |id, node| {
        matches!(node.step, Step::Ack(_)) && behind(flow, id).into_iter().any(|id| is_processing(flow.node(id)))
    })
}

fn transactional_dedup(flow: &Flow) -> Vec<Site> {
    steps(flow, |step| matches!(step, Step::Mark { tx: Some(_), .. }))
}

fn unique_constraint(flow: &Flow) -> Vec<Site> {
    let mut sites = steps(flow, |step| {
        matches!(
            step,
            Step::Mark {
                mode: MarkMode::Unique | MarkMode::IfAbsent,
                ..
            }
        )
    });
    sites.extend(effects(flow, |effect| {
        effect.kind == EffectKind::Database && effect.idempotency == Idempotency::Idempotent
    }));
    sites
}

/// A conditional write shows as an idempotent effect, an optimistic transaction as a serializable one.
fn compare_and_set(flow: &Flow) -> Vec<Site> {
    let stored = |effect: &Effect| {
        matches!(
            effect.kind,
            EffectKind::Database | EffectKind::Cache | EffectKind::Object
        )
    };
    let mut sites = effects(flow, |effect| {
        stored(effect) && effect.idempotency == Idempotency::Idempotent
    });
    sites.extend(within(flow, Isolation::Serializable));
    sites
}

fn within(flow: &Flow, isolation: Isolation) -> Vec<Site> {
    steps(flow, |step| match step {
        Step::Begin { tx } | Step::Check { tx: Some(tx), .. } | Step::Mark { tx: Some(tx), .. } => {
            flow.transactions[tx.0 as usize].isolation == isolation
        }
        _ => false,
    })
}

/// Two writes in one transaction, none of them a publish; or a relay: a publish, and a row changed after it.
fn outbox(flow: &Flow) -> Vec<Site> {
    let mut sites = steps(flow, |step| match step {
        Step::Effect { effect, tx: Some(_) } => flow.effect(*effect).kind == EffectKind::Database,
        _ => false,
    });
    if flow
        .effects
        .iter()
        .any(|effect| effect.kind == EffectKind::Publish && effect.confirmed)
    {
        sites.extend(effects(flow, |effect| effect.kind == EffectKind::Publish));
    }
    sites
}

fn retries(flow: &Flow) -> Vec<Site> {
    let mut sites: Vec<Site> = flow.retries.iter().map(|retry| retry.at.clone()).collect();
    sites.extend(steps(flow, |step| {
        matches!(step, Step::Nack { requeue: true, .. } | Step::Rewind)
    }));
    if sites.is_empty() && flow.source.broker != Broker::Caller && flow.source.settle == Settle::OnOk {
        sites.push(flow.source.at.clone());
    }
    sites
}

/// A rejection into a declared target, or an effect that only failures lead to.
fn dead_letter(flow: &Flow) -> Vec<Site> {
    let declared = flow.source.dead_letter == crate::flow::DeadLetter::Declared;
    let mut sites = steps(flow, |step| {
        declared && matches!(step, Step::Nack { requeue: false, .. })
    });
    sites.extend(after_failures(flow, |step| matches!(step, Step::Effect { .. })));
    let malformed = |(_, node): &(NodeId, &Node)| match node.step {
        Step::Branch { on } => flow.conditions[on.0 as usize].kind == crate::flow::CondKind::Malformed,
        _ => false,
    };
    let publishes = |id: NodeId| match flow.node(id).step {
        Step::Effect { effect, .. } => flow.effect(effect).kind == EffectKind::Publish,
        _ => false,
    };
    let ways = flow
        .iter()
        .filter(malformed)
        .flat_map(|(_, node)| node.edges.iter().map(|edge| edge.to));
    let direct: Vec<NodeId> = ways.filter(|&to| publishes(to)).collect();
    sites.extend(direct.into_iter().filter_map(|id| flow.node(id).at.clone()));
    sites
}

/// Steps that only failures lead to.
fn after_failures(flow: &Flow, is: impl Fn(&Step) -> bool) -> Vec<Site> {
    let received = flow.iter().filter(|(_, node)| node.step == Step::Receive);
    let starts = received
        .filter_map(|(_, node)| node.on(Outcome::Next))
        .chain([NodeId(0)]);
    let usual: Vec<NodeId> = starts
        .flat_map(|start| reachable(flow, start, |when| when != Outcome::Err))
        .collect();
    nodes(flow, |id, node| is(&node.step) && !usual.contains(&id))
}

/// What a breaker decides depends on what went before, not on the message; or it is inside of a call that nobody can see into.
fn breaks(flow: &Flow) -> Vec<Site> {
    let varies = |on: CondId| matches!(flow.conditions[on.0 as usize].kind, CondKind::Free | CondKind::Store);
    steps(flow, |step| match step {
        Step::Branch { on } => varies(*on),
        Step::Opaque { .. } => true,
        _ => false,
    })
}

/// What undoes is done after a failure.
fn compensates(flow: &Flow) -> Vec<Site> {
    after_failures(flow, |step| {
        matches!(step, Step::Effect { .. } | Step::Unmark { .. } | Step::Opaque { .. })
    })
}

/// What is prepared is prepared in a transaction, or by a statement that is not understood.
fn prepares(flow: &Flow) -> Vec<Site> {
    steps(flow, |step| match step {
        Step::Begin { .. } | Step::Opaque { .. } => true,
        Step::Effect { effect, .. } => flow.effect(*effect).idempotency == Idempotency::Unknown,
        _ => false,
    })
}

fn locks(flow: &Flow) -> Vec<Site> {
    let mut sites = within(flow, Isolation::Locked);
    sites.extend(steps(flow, |step| matches!(step, Step::Check { locks: true, .. })));
    sites
}
