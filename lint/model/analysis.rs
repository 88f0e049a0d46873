//! What the executions of a flow say about its guarantee.

use std::collections::{BTreeMap, BTreeSet};

use delivery_grammar::Semantic;

use crate::flow::{
    Ack, Broker, Covers, Durability, Effect, EffectKind, Flow, Idempotency, Known, NO_WORK, Node, NodeId, Outcome,
    Settle, Step, reachable,
};

use super::bounds::Tier;
use super::crash_table::{CrashPoint, crash_table};
use super::fault_table::{FaultPoint, fault_table};
use super::focus::explore_all;
use super::judge::{Property, Violation};
use super::program::{Program, Scenario};
use super::trace::Trace;

/// What is known about a flow after its exploration.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The strongest guarantee that no execution breaks; `None` where the control cannot be seen or the search gave up.
    pub inferred: Option<Semantic>,
    /// What became of the promise.
    pub verdict: Verdict,
    /// What certainly can go wrong.
    pub violations: Vec<Violation>,
    /// An execution of each of these.
    pub traces: BTreeMap<Violation, Trace>,
    /// What can go wrong if a call that cannot be seen into writes something, or if a queue has no dead-letter target.
    pub doubts: Vec<Violation>,
    pub crash_points: Vec<CrashPoint>,
    pub fault_points: Vec<FaultPoint>,
    /// What has to be true for all of this, in a reader's words.
    pub assumptions: Vec<String>,
    /// What the code does not say and an attribute or the catalog could.
    pub questions: Vec<String>,
    pub stats: Stats,
}

/// What every guarantee rests on that starts with a broker.
pub const BROKER_DURABLE: &str = "The broker keeps every message that it has confirmed, until it is settled.";

/// What is assumed where all faults together have too many executions.
pub const NARROWED: &str = "While a second worker has the message, nothing else fails.";

/// What became of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No execution within the bounds breaks it, under the assumptions.
    Verified,
    /// An execution breaks it.
    Refuted,
    /// Broken only if the answer to a question is the wrong one.
    Conditional,
    /// The control cannot be seen, or the search gave up.
    Unknown,
}

/// What the search cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Distinct states, over all explorations.
    pub states: usize,
    /// A search gave up at [`Bounds::states`](super::Bounds::states).
    pub is_capped: bool,
    /// What a second worker does together with other faults was too much, and was looked at without them.
    pub is_narrowed: bool,
}

/// Explores a flow and judges it by what was promised.
#[must_use]
pub fn analyse(flow: &Flow, scenario: Scenario, promised: Semantic) -> Analysis {
    if !flow.unknown.is_empty() {
        return unknown(flow);
    }
    match Program::new(flow, scenario) {
        Ok(program) => analyse_program(&program, promised),
        Err(what) => unseen(
            flow,
            vec![format!("The unit has more {what} than the checker can hold.")],
        ),
    }
}

/// As [`analyse`], for a flow that was prepared already.
#[must_use]
pub fn analyse_program(program: &Program<'_>, promised: Semantic) -> Analysis {
    let flow = program.flow;
    if !flow.unknown.is_empty() {
        return unknown(flow);
    }
    let analysis = judge_program(program, promised);
    match flow.stands_in {
        Some(_) => Analysis {
            inferred: analysis.inferred,
            stats: analysis.stats,
            ..unseen(flow, vec![NO_WORK.to_owned()])
        },
        None => analysis,
    }
}

fn judge_program(program: &Program<'_>, promised: Semantic) -> Analysis {
    let (mut traces, stats) = all_violations(program);
    let (violations, doubts): (Vec<_>, Vec<_>) = traces.keys().copied().partition(|v| v.is_certain(program));
    traces.retain(|violation, _| violation.is_certain(program));
    let strongest = (!stats.is_capped).then(|| infer(program, &violations));
    let broken = is_broken(program, &violations, strongest, promised);
    let inferred = strongest.map(|_| {
        let unproved = doubts.iter().filter(|doubt| is_unproved(program, **doubt));
        let found: Vec<_> = violations.iter().chain(unproved).copied().collect();
        match infer(program, &found) {
            Semantic::AtMostOnce if sent_early(program).next().is_some() => Semantic::BestEffort,
            inferred => inferred,
        }
    });
    let questions = questions(program, &doubts, promised);
    let verdict = match () {
        () if broken => Verdict::Refuted,
        () if inferred.is_none() => Verdict::Unknown,
        () if !questions.is_empty() => Verdict::Conditional,
        () => Verdict::Verified,
    };
    let crash_points = crash_table(program, violations.is_empty() && !stats.is_capped);
    let fault_points = if stats.is_capped {
        Vec::new()
    } else {
        fault_table(program, &violations)
    };
    let mut assumptions = assumptions(program, promised);
    if stats.is_capped {
        assumptions.push(format!(
            "The search gave up after {} states.",
            program.scenario.bounds.states.min(stats.states)
        ));
    }
    if stats.is_narrowed && !stats.is_capped {
        assumptions.push(NARROWED.into());
    }
    Analysis {
        inferred,
        verdict,
        violations,
        traces,
        doubts,
        crash_points,
        fault_points,
        assumptions,
        questions,
        stats,
    }
}

/// Of a flow whose control cannot be seen nothing is known whatever its executions do: none is looked for.
fn unknown(flow: &Flow) -> Analysis {
    unseen(
        flow,
        flow.unknown.iter().map(|unknown| unknown.why.to_string()).collect(),
    )
}

fn unseen(flow: &Flow, questions: Vec<String>) -> Analysis {
    Analysis {
        inferred: None,
        verdict: Verdict::Unknown,
        violations: Vec::new(),
        traces: BTreeMap::new(),
        doubts: Vec::new(),
        crash_points: Vec::new(),
        fault_points: Vec::new(),
        assumptions: flow.assumptions.iter().map(ToString::to_string).collect(),
        questions,
        stats: Stats::default(),
    }
}

/// Everything that the widest adversaries can break.
fn all_violations(program: &Program<'_>) -> (BTreeMap<Violation, Trace>, Stats) {
    let mut found = BTreeMap::new();
    let mut stats = Stats {
        states: 0,
        is_capped: program.is_partial,
        is_narrowed: false,
    };
    let callers: &[Tier] = &[Tier::Joint];
    let tiers = if program.is_caller() { callers } else { &Tier::WIDEST };
    for &tier in tiers {
        let mut exploration = explore_all(program, tier);
        stats.states += exploration.states;
        if exploration.is_capped && tier == Tier::JointLease {
            found.append(&mut exploration.violations);
            exploration = explore_all(program, Tier::Lease);
            stats.states += exploration.states;
            stats.is_narrowed = true;
        }
        found.append(&mut exploration.violations);
        stats.is_capped |= exploration.is_capped;
    }
    (found, stats)
}

fn is_broken(program: &Program<'_>, violations: &[Violation], inferred: Option<Semantic>, promised: Semantic) -> bool {
    let has = |property| violations.iter().any(|violation| violation.property == property);
    match inferred {
        Some(inferred) => !inferred.satisfies(promised),
        None => {
            promised.forbids_loss() && has(Property::Lost)
                || promised.forbids_repetition() && has(Property::Repeated)
                || promised.requires_one_transaction() && !is_one_transaction(program)
        }
    }
}

/// A repetition of which nobody knows that it is harmless, or a rejection of which nobody knows where it leads: no reason to refute a
/// promise, and none to infer one that rules it out.
fn is_unproved(program: &Program<'_>, doubt: Violation) -> bool {
    let effect = program.flow.effects.get(doubt.effect.0 as usize);
    match doubt.property {
        Property::PerhapsLost => true,
        Property::Repeated => effect.is_some_and(|effect| effect.unproved || is_all_there_is(program.flow, effect)),
        Property::Lost => false,
    }
}

/// Whether nothing is known to be done for a message before it is settled but what cannot be seen into: then nothing shows that a
/// repetition does no harm.
fn is_all_there_is(flow: &Flow, effect: &Effect) -> bool {
    effect.kind == EffectKind::Opaque && unsettled_effects(flow).all(|other| other.kind == EffectKind::Opaque)
}

/// The effects that come before an ack, or without one.
fn unsettled_effects(flow: &Flow) -> impl Iterator<Item = &Effect> {
    let acks = flow.iter().filter(|(_, node)| matches!(node.step, Step::Ack(_)));
    let acked = acks.filter_map(|(_, node)| node.on(Outcome::Ok).or_else(|| node.on(Outcome::Then)));
    let settled: BTreeSet<NodeId> = acked.flat_map(|id| reachable(flow, id, |_| true)).collect();
    let before = flow.iter().filter(move |(id, _)| !settled.contains(id));
    before.filter_map(|(_, node)| match node.step {
        Step::Effect { effect, .. }
        | Step::Opaque { effect }
        | Step::Mark {
            effect: Some(effect), ..
        } => Some(flow.effect(effect)),
        _ => None,
    })
}

fn infer(program: &Program<'_>, violations: &[Violation]) -> Semantic {
    let has = |property| violations.iter().any(|violation| violation.property == property);
    let lost = has(Property::Lost) || has(Property::PerhapsLost);
    let repeated = has(Property::Repeated) || program.is_caller() && is_repeated_by_caller(program.flow, lost);
    match (lost, repeated) {
        (true, _) if program.is_caller() && is_blind(program.flow) => Semantic::NoGuarantee,
        (true, true) => Semantic::BestEffort,
        (true, false) => Semantic::AtMostOnce,
        (false, true) => Semantic::AtLeastOnce,
        (false, false) if is_one_transaction(program) => Semantic::ExactlyOnce,
        (false, false) => Semantic::EffectivelyOnce,
    }
}

/// A caller who sees an error calls again: what a lost reply hides is then done twice. Where nobody sees what was lost, nobody calls
/// again, and only clients repeat things.
fn is_repeated_by_caller(flow: &Flow, lost: bool) -> bool {
    let repeats =
        |effect: &Effect| effect.idempotency != Idempotency::Idempotent && (effect.resent || !lost && effect.confirmed);
    flow.effects.iter().any(repeats)
}

/// A sender that looks at no error.
fn is_blind(flow: &Flow) -> bool {
    flow.iter().all(|(_, node)| match &node.step {
        Step::Effect { effect, .. } => flow.ignores_failure(node) && !flow.effect(*effect).confirmed,
        _ => true,
    })
}

/// Whether the receive position and every effect commit in one transactional system, and no mark expires.
#[must_use]
pub fn is_one_transaction(program: &Program<'_>) -> bool {
    let flow = program.flow;
    let in_sink = flow.source.settle == Settle::InSink;
    let worked = worked_for(flow);
    // What is settled without anything having been done for it needs nothing that it commits with.
    let mut position = flow.iter().filter_map(|(id, node)| match &node.step {
        Step::Ack(ack) if ack.tx.is_some() || worked.contains(&id) || !program.is_final_ack(id) => Some(ack.tx),
        _ => None,
    });
    let first = position.next();
    let held = first.is_none() && in_sink || first.is_some_and(|tx| tx.is_some() && position.all(|other| other == tx));
    let inside = flow.iter().all(|(_, node)| match &node.step {
        Step::Effect { tx, .. }
        | Step::Mark {
            tx, effect: Some(_), ..
        } => tx.is_some() && (in_sink || Some(*tx) == first),
        Step::Opaque { .. } | Step::Handoff { .. } => false,
        Step::Ack(ack) => ack.fenced != Known::No,
        _ => true,
    });
    let able = flow.transactions.iter().all(|tx| tx.enabled != Known::No);
    held && inside
        && able
        && flow.source.committed_only != Known::No
        && flow.keys.iter().all(|key| key.ttl_millis.is_none())
}

/// The nodes that a message comes to after something was done for it.
fn worked_for(flow: &Flow) -> BTreeSet<NodeId> {
    let work = flow.iter().filter(|(_, node)| match node.step {
        Step::Effect { .. } | Step::Opaque { .. } | Step::Handoff { .. } | Step::Spawn { .. } => true,
        Step::Mark { effect, .. } => effect.is_some(),
        _ => false,
    });
    let after = work.flat_map(|(_, node)| node.edges.iter().map(|edge| edge.to));
    after.flat_map(|id| reachable(flow, id, |_| true)).collect()
}

/// The acks that come before the work and are only sent: where the process dies before they leave it, the message comes again.
fn sent_early<'p>(program: &'p Program<'_>) -> impl Iterator<Item = &'p str> {
    let sent = early_acks(program).filter(|(_, ack)| ack.awaited == Known::No);
    sent.filter_map(|(node, _)| node.at.as_ref().map(|site| site.text.as_str()))
}

/// The acks after which something is still done for the message.
fn early_acks<'p>(program: &'p Program<'_>) -> impl Iterator<Item = (&'p Node, &'p Ack)> {
    let nodes = program.flow.iter().filter(|(id, _)| !program.is_final_ack(*id));
    nodes.filter_map(|(_, node)| match &node.step {
        Step::Ack(ack) => Some((node, ack)),
        _ => None,
    })
}

fn questions(program: &Program<'_>, doubts: &[Violation], promised: Semantic) -> Vec<String> {
    let mut questions: Vec<String> = Vec::new();
    if promised == Semantic::AtMostOnce {
        let comes_again = |text| {
            format!(
                "`{text}` does not wait for the broker: may a message come again that was being processed when the process died?"
            )
        };
        questions.extend(sent_early(program).map(comes_again));
    }
    for doubt in doubts {
        let Some(effect) = program.flow.effects.get(doubt.effect.0 as usize) else {
            continue;
        };
        let question = match doubt.property {
            Property::PerhapsLost if promised.forbids_loss() => format!(
                "Has the queue{} a dead-letter target? If not, a message that is rejected after `{}` failed is lost.",
                address(program.flow),
                effect.at.text
            ),
            Property::Repeated if promised.forbids_repetition() && effect.kind == EffectKind::Opaque => format!(
                "Does `{}` change anything outside the process? If so, that is repeated when the message is redelivered.",
                effect.at.text
            ),
            Property::Repeated if promised.forbids_repetition() && is_row_in_doubt(effect) => format!(
                "Does something refuse a second row of `{}`? If not, there is one more whenever the message is redelivered.",
                effect.at.text
            ),
            _ => continue,
        };
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    questions
}

/// A row of which it cannot be seen what would refuse it the second time.
fn is_row_in_doubt(effect: &Effect) -> bool {
    effect.kind == EffectKind::Database && effect.unproved && effect.unstable_key.is_some()
}

fn address(flow: &Flow) -> String {
    flow.source
        .address
        .as_ref()
        .map(|address| format!(" `{address}`"))
        .unwrap_or_default()
}

fn assumptions(program: &Program<'_>, promised: Semantic) -> Vec<String> {
    let flow = program.flow;
    let mut found: Vec<String> = Vec::new();
    if flow.source.broker != Broker::Caller {
        found.push(BROKER_DURABLE.into());
    }
    found.extend(flow.assumptions.iter().map(ToString::to_string));
    for effect in flow
        .effects
        .iter()
        .filter(|e| e.kind != EffectKind::Opaque && e.idempotency == Idempotency::Unknown)
    {
        let harmless = match effect.kind {
            EffectKind::Publish => "is recognised by those who receive it when it comes twice",
            _ => "leaves the same when it is applied twice",
        };
        found.push(format!("`{}` ({}) {harmless}.", effect.at.text, effect.target));
    }
    for key in &flow.keys {
        key_assumptions(program, key, &mut found);
    }
    if promised == Semantic::AtMostOnce || early_acks(program).next().is_some() {
        found.push("An ack whose call succeeds has reached the broker.".into());
    }
    if flow
        .iter()
        .any(|(_, node)| matches!(&node.step, Step::Ack(ack) if ack.tx.is_some() && ack.covers != Covers::AllReceived && ack.fenced == Known::Unknown))
    {
        found.push("A worker that has lost its partition cannot commit its transaction (fencing).".into());
    }
    found.sort();
    found.dedup();
    found
}

fn key_assumptions(program: &Program<'_>, key: &crate::flow::Key, found: &mut Vec<String>) {
    if key.from_message == Known::Unknown {
        found.push(format!(
            "The key in `{}` is the same whenever the same message comes.",
            key.store
        ));
    }
    if key.unique == Known::Unknown && key.durability == Durability::Durable {
        found.push(format!("`{}` refuses a second row with the same key.", key.store));
    }
    if key.durability == Durability::Cache && !program.scenario.cache_may_lose {
        found.push(format!("`{}` does not lose its marks.", key.store));
    }
    if let (Some(ttl), None) = (key.ttl_millis, program.scenario.window_millis) {
        let lives = delivery_grammar::Duration::from_millis(ttl);
        found.push(format!(
            "No duplicate comes later than {lives} after the first delivery: so long `{}` remembers it.",
            key.store
        ));
    }
}
