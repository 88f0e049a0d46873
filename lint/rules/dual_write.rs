//! A database and a broker that do not commit together drift apart.

use crate::flow::{Broker, Effect, EffectId, EffectKind, Idempotency, KeyId, NodeId, Step, TxId, reachable};
use crate::model::{Event, repair};

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "dual-write",
    code: "D108",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A database commit and a publish are not atomic, and no redelivery repairs it.",
    doc: include_str!("dual_write.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    if !case.is_loss() {
        return None;
    }
    let (publish, partner) = if case.flow.source.broker == Broker::Caller { torn(case)? } else { skipped(case)? };
    let is_message = case.flow.effect(publish).kind == EffectKind::Publish;
    let node = case.nodes_of(publish).next()?.0;
    let name = &case.flow.effect(publish).at.text;
    let other = case.site(Some(partner));
    let message = format!("`{name}` and `{}` are not atomic: a crash between them leaves one without the other", other.text);
    let help = match is_message {
        true => "write the event into an outbox table in the transaction, and publish it from there",
        false => "write down in the transaction what is to be sent, and send it from there",
    };
    let repaired = repair::outbox(case.flow, publish, partner);
    let named = Named::at(case.site(Some(node)), message, help.to_owned(), repaired);
    Some(Named { node: Some(node), ..named.label(Some(other), "commits on its own") })
}

/// A producer that died in between: nobody calls again.
fn torn(case: &Case<'_>) -> Option<(EffectId, NodeId)> {
    case.has(|event| event == Event::Crash).then_some(())?;
    // What was tried and failed is another fault.
    let failed = |delivery: EffectId| case.has(|event| event.failed_effect() == Some(delivery));
    let publish = deliveries(case).find(|&delivery| {
        delivery == case.violation.effect || case.effect().is_some_and(|effect| !effect.kind.delivers())
    })?;
    Some((publish, stored_before(case, publish).filter(|_| !failed(publish))?))
}

/// What is stored already when `publish` is tried. Where nobody has declared a promise, code that publishes and then writes down what it
/// has published is a relay: what it did not publish it finds again; and an object or cache entry that a message names is of no use
/// without the message: only a database keeps what others read without it.
fn stored_before(case: &Case<'_>, publish: EffectId) -> Option<NodeId> {
    if case.promise.declared {
        return stored(case, None);
    }
    let comes_to = |from: NodeId| case.reaches(from, publish);
    let comes_back = |to: NodeId| case.nodes_of(publish).any(|(from, _)| reachable(case.flow, from, |_| true).contains(&to));
    let is_certain = |write: NodeId| effect_of(&case.node(write).step).is_some_and(|effect| is_kept(case.flow.effect(effect)));
    let mut before = writes(case, None).filter(|&write| is_certain(write) && comes_to(write) && !comes_back(write));
    before.next_back()
}

/// A consumer whose mark commits with the database part: the redelivery is taken for a duplicate.
fn skipped(case: &Case<'_>) -> Option<(EffectId, NodeId)> {
    case.effect().filter(|effect| effect.kind == EffectKind::Publish)?;
    let (_, node) = case.flow.iter().find(|(_, node)| is_mark(&node.step, case.skipped_by()))?;
    match node.step {
        Step::Mark { tx: Some(tx), .. } => Some((case.violation.effect, stored(case, Some(tx))?)),
        Step::Mark { effect: Some(effect), .. } => Some((case.violation.effect, case.nodes_of(effect).next()?.0)),
        _ => None,
    }
}

fn is_mark(step: &Step, wanted: Option<KeyId>) -> bool {
    matches!(step, Step::Mark { key, .. } if Some(*key) == wanted)
}

fn deliveries(case: &Case<'_>) -> impl Iterator<Item = EffectId> {
    let all = (0..).map(EffectId).zip(&case.flow.effects);
    all.filter(|(_, effect)| effect.kind.delivers()).map(|(id, _)| id)
}

/// Whether an effect is known to change a database: a statement that cannot be read may be a query.
fn is_kept(effect: &Effect) -> bool {
    effect.kind == EffectKind::Database && effect.idempotency != Idempotency::Unknown
}

fn effect_of(step: &Step) -> Option<EffectId> {
    match step {
        Step::Effect { effect, .. } | Step::Mark { effect: Some(effect), .. } => Some(*effect),
        _ => None,
    }
}

/// The last write that is no publish, in a transaction if one is given.
fn stored(case: &Case<'_>, within: Option<TxId>) -> Option<NodeId> {
    writes(case, within).next_back()
}

fn writes<'a>(case: &'a Case<'_>, within: Option<TxId>) -> impl DoubleEndedIterator<Item = NodeId> + 'a {
    let writes = move |step: &Step| match step {
        Step::Effect { effect, tx } | Step::Mark { effect: Some(effect), tx, .. } => {
            !case.flow.effect(*effect).kind.delivers() && (within.is_none() || *tx == within)
        }
        _ => false,
    };
    let found: Vec<NodeId> = case.flow.iter().filter(|(_, node)| writes(&node.step)).map(|(id, _)| id).collect();
    found.into_iter()
}
