//! From executions to causes: find the simplest execution that breaks the promise, ask the rules, let the checker confirm the
//! repair, go on with the repaired flow.

use crate::flow::{Broker, EffectId, EffectKind, Flow, NodeId};
use crate::model::{
    Analysis, Bounds, Program, Property, Scenario, Tier, Trace, Violation, Work, analyse, analyse_program,
    explore_first, narrate, replay_states,
};
use crate::report::Remedy;
use crate::span::Span;

use super::consequence::consequence;
use super::exactly_once_external_effect::positions;
use super::{
    Case, Check, Named, Promise, RULES, Rule, ack_on_error, auto_commit, claim_without_lease, commit_after_process,
    commit_before_process, dedup_mark_before_effect, dedup_race, dedup_ttl_too_short, detached_processing, dual_write,
    lossy_transport, missing_idempotency_key, non_idempotent_effect, non_transactional_dedup, out_of_order_commit,
    reject_drops, retry_gives_up, retry_in_at_most_once, skipped_offset, unchecked_response, unconfirmed_publish,
    unmet_guarantee, unstable_dedup_key, volatile_dedup, volatile_handoff,
};

/// Rules that explain executions, the more specific before the more general.
const PRECEDENCE: &[&Rule] = &[
    &lossy_transport::RULE,
    &auto_commit::RULE,
    &claim_without_lease::RULE,
    &dual_write::RULE,
    &dedup_mark_before_effect::RULE,
    &volatile_handoff::RULE,
    &unconfirmed_publish::RULE,
    &unchecked_response::RULE,
    &detached_processing::RULE,
    &retry_gives_up::RULE,
    &out_of_order_commit::RULE,
    &skipped_offset::RULE,
    &reject_drops::RULE,
    &ack_on_error::RULE,
    &commit_before_process::RULE,
    &retry_in_at_most_once::RULE,
    &commit_after_process::RULE,
    &unstable_dedup_key::RULE,
    &volatile_dedup::RULE,
    &dedup_ttl_too_short::RULE,
    &non_transactional_dedup::RULE,
    &dedup_race::RULE,
    &missing_idempotency_key::RULE,
    &non_idempotent_effect::RULE,
];

/// Faults of one unit after which the search for more ends.
const ROUNDS: usize = 12;
/// Faults that together cause one execution.
const DEPTH: usize = 5;

/// What is wrong with a unit, and why.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// In the order in which they were found: the simplest adversary first.
    pub findings: Vec<Cause>,
    pub analysis: Analysis,
    /// What it cost, and whether that was not enough.
    pub work: usize,
    pub gave_up: bool,
}

/// A fault, with the rule that names it.
#[derive(Debug, Clone)]
pub struct Cause {
    pub rule: &'static Rule,
    pub primary: Span,
    pub labels: Vec<(Span, String)>,
    /// Names the effect or the ack, in domain words.
    pub message: String,
    pub help: String,
    /// The execution that shows it.
    pub trace: Option<Trace>,
    /// What the primary label points at, where it is a step of the flow.
    pub node: Option<NodeId>,
    /// The effect that is lost or repeated.
    pub effect: Option<EffectId>,
    /// How the execution ends, in a sentence.
    pub consequence: Option<String>,
    /// What would take it away.
    pub remedy: Option<Remedy>,
}

/// Said where the search for causes came to its bound before each execution was explained.
pub const UNEXPLAINED: &str = "The search for causes gave up: there may be more of them than are told.";

/// Explores a unit, and names the cause of each execution that breaks its promise.
#[must_use]
pub fn diagnose(flow: &Flow, promise: Promise) -> Diagnosis {
    diagnose_within(flow, promise, Bounds::default())
}

/// The same within bounds.
#[must_use]
pub fn diagnose_within(flow: &Flow, promise: Promise, bounds: Bounds) -> Diagnosis {
    let scenario = Scenario {
        bounds,
        ..promise.scenario()
    };
    let work = Work::of(bounds.work);
    let prepared = flow.unknown.is_empty().then(|| Program::within(flow, scenario, &work));
    let Some(Ok(program)) = prepared else {
        return Diagnosis {
            findings: Vec::new(),
            analysis: analyse(flow, scenario, promise.semantic),
            work: 0,
            gave_up: false,
        };
    };
    let mut analysis = analyse_program(&program, promise.semantic);
    let mut findings = Vec::new();
    if promise.is_judged() && flow.is_understood() {
        let (repeated, lost) = wanted(flow, promise, &analysis)
            .into_iter()
            .partition(|v| v.property == Property::Repeated);
        let mut is_unexplained = false;
        for wanted in [lost, repeated] {
            let doctor = Doctor {
                promise,
                scenario,
                work: work.clone(),
                wanted,
                findings: Vec::new(),
            };
            let (causes, gave_up) = doctor.treat(flow, &analysis);
            findings.extend(causes);
            is_unexplained |= gave_up;
        }
        if is_unexplained {
            analysis.assumptions.push(UNEXPLAINED.into());
        }
        findings.extend(static_findings(flow, promise));
        findings.retain(|cause| promise.declared || is_owed(flow, cause));
        settle_precedence(&mut findings, !positions(flow).is_empty());
    }
    Diagnosis {
        findings,
        analysis,
        work: bounds.work - work.left(),
        gave_up: work.is_spent(),
    }
}

/// What the executions of the unit as it stands can break: a repair must not bring in faults of its own. Losses and repetitions
/// are looked into separately, each from the unit as it stands, so that a repair of one does not show in the other's executions.
fn wanted(flow: &Flow, promise: Promise, analysis: &Analysis) -> Vec<Violation> {
    let doubts = analysis
        .doubts
        .iter()
        .filter(|violation| violation.property == Property::PerhapsLost);
    let found = analysis.violations.iter().chain(doubts).copied();
    found
        .filter(|&violation| promise.excludes(violation))
        .filter(|violation| promise.declared || goes_without_saying(flow, violation.effect))
        .collect()
}

/// What goes without saying where nothing is declared: that a function that is only called publishes what it says it published, and
/// that what a message changes for good is not lost. Who sends to whoever listens, or passes on to memory what comes over a transport
/// that keeps nothing, has chosen that.
fn goes_without_saying(flow: &Flow, effect: EffectId) -> bool {
    let effect = flow.effects.get(effect.0 as usize);
    let is_kept = effect.is_some_and(|effect| effect.kind != EffectKind::Publish || !effect.volatile);
    match flow.source.broker {
        Broker::Caller => is_kept && effect.is_some_and(|effect| effect.kind.delivers()),
        Broker::Volatile => is_kept,
        _ => is_kept || effect.is_none(),
    }
}

/// Whether a caller who has declared nothing misses what a fault leaves out. A mail or request that fails, and that the code goes on
/// without, is its own choice; what a database says was sent, and a mail that nobody sees fail, are not.
fn is_owed(flow: &Flow, cause: &Cause) -> bool {
    let effect = cause.effect.and_then(|effect| flow.effects.get(effect.0 as usize));
    let kind = effect
        .filter(|_| flow.source.broker == Broker::Caller)
        .map(|effect| effect.kind);
    let is = |rule: &Rule| cause.rule.name == rule.name;
    match kind {
        // What is never even begun was meant to be done.
        _ if effect.is_some_and(|effect| effect.undone.is_some()) => true,
        Some(EffectKind::Http) => is(&dual_write::RULE),
        Some(EffectKind::Mail) => is(&dual_write::RULE) || is(&detached_processing::RULE),
        _ => true,
    }
}

fn static_findings(flow: &Flow, promise: Promise) -> Vec<Cause> {
    let checks = RULES.iter().filter_map(|rule| match rule.check {
        Check::Flow(check) => Some(check),
        _ => None,
    });
    checks.flat_map(|check| check(flow, &promise)).collect()
}

/// A missing transaction is one fault, not one for each effect outside of it: those are told where a transaction is `anchored` to the
/// position. No fault is told twice.
fn settle_precedence(findings: &mut Vec<Cause>, anchored: bool) {
    let has = |name: &str| findings.iter().any(|cause| cause.rule.name == name);
    let (eos, unordered) = (
        has("missing-eos-config"),
        has("out-of-order-commit") || has("detached-processing"),
    );
    findings.retain(|cause| {
        !(eos && (cause.rule.name == "auto-commit" || cause.rule.name == "exactly-once-external-effect" && !anchored))
    });
    // Commits, tasks and writes that overtake each other have one cause.
    findings.retain(|cause| !(unordered && cause.rule.name == "stale-overwrite"));
    let stops: Vec<Span> = findings
        .iter()
        .filter(|cause| cause.rule.name == "consumer-stops")
        .map(|c| c.primary)
        .collect();
    findings.retain(|cause| !(cause.rule.name == "poison-loop" && stops.contains(&cause.primary)));
    let mut seen: Vec<(&str, Span)> = Vec::new();
    findings.retain(|cause| {
        let known = seen.contains(&(cause.rule.name, cause.primary));
        seen.push((cause.rule.name, cause.primary));
        !known
    });
}

struct Doctor {
    promise: Promise,
    scenario: Scenario,
    /// What all explorations may still cost.
    work: Work,
    /// What is still to be explained.
    wanted: Vec<Violation>,
    findings: Vec<Cause>,
}

/// A chain of faults that together explain an execution, and the flow without them.
type Cure = (Vec<Cause>, Flow);

impl Doctor {
    /// The causes that were found, and whether the search for more gave up.
    fn treat(mut self, unit: &Flow, analysis: &Analysis) -> (Vec<Cause>, bool) {
        let original = unit.nodes.len();
        let mut flow = unit.clone();
        for _ in 0..ROUNDS {
            let Some((violation, trace)) = self.simplest(&flow) else {
                break;
            };
            if let Some((causes, cured)) = self.explain(&flow, violation, &trace, DEPTH) {
                self.findings.extend(causes);
                flow = cured;
            } else {
                self.wanted.retain(|&other| other != violation);
                self.findings.extend(self.leftover(&flow, violation, trace));
            }
        }
        let gave_up = self.work.is_spent() && !self.wanted.is_empty();
        if gave_up && self.findings.is_empty() {
            self.findings.extend(self.unexplained(unit, analysis));
        }
        self.findings
            .iter_mut()
            .for_each(|cause| forget_repairs(cause, original));
        (self.findings, gave_up)
    }

    /// What is broken, where there was no time to find out why.
    fn unexplained(&self, unit: &Flow, analysis: &Analysis) -> Option<Cause> {
        let shown = |violation: &Violation| Some((*violation, analysis.traces.get(violation)?.clone()));
        let mut shown = self.wanted.iter().filter_map(shown);
        shown.find_map(|(violation, trace)| self.leftover(unit, violation, trace))
    }

    fn program<'f>(&self, flow: &'f Flow) -> Option<Program<'f>> {
        Program::within(flow, self.scenario, &self.work).ok()
    }

    /// The shortest execution of the simplest adversary that breaks something.
    fn simplest(&self, flow: &Flow) -> Option<(Violation, Trace)> {
        if self.wanted.is_empty() {
            return None;
        }
        let program = self.program(flow)?;
        Tier::ALL
            .into_iter()
            .find_map(|tier| explore_first(&program, tier, &self.wanted).violations.pop_first())
    }

    /// The causes of an execution: one whose repair prevents it, else several that do so together.
    fn explain(&self, flow: &Flow, violation: Violation, trace: &Trace, depth: usize) -> Option<Cure> {
        let candidates = self.candidates(flow, violation, trace);
        let mut worse = Vec::new();
        for (cause, repaired) in candidates {
            match self.again(&repaired, violation, trace.tier)? {
                None => return Some((vec![cause], repaired)),
                Some(next) => worse.push((cause, repaired, next)),
            }
        }
        for (cause, repaired, next) in worse {
            if depth <= 1 {
                break;
            }
            let Some((causes, cured)) = self.explain(&repaired, violation, &next, depth - 1) else {
                continue;
            };
            let same = |other: &Cause| other.rule.name == cause.rule.name && other.primary == cause.primary;
            let first = (!causes.iter().any(same)).then_some(cause);
            return Some((first.into_iter().chain(causes).collect(), cured));
        }
        None
    }

    fn candidates(&self, flow: &Flow, violation: Violation, trace: &Trace) -> Vec<(Cause, Flow)> {
        let Some(program) = self.program(flow) else {
            return Vec::new();
        };
        let Some(states) = replay_states(&program, trace) else {
            return Vec::new();
        };
        let case = Case {
            flow,
            program: &program,
            promise: self.promise,
            violation,
            trace,
            states: &states,
        };
        let explained = |rule: &&'static Rule| match rule.check {
            Check::Execution(explain) => explain(&case).map(|named| (told(rule, &case, &named), named.repaired)),
            _ => None,
        };
        let is_undone = case.is_loss() && case.effect().is_some_and(|effect| effect.undone.is_some());
        let explains = |rule: &&&'static Rule| !is_undone || rule.name == unconfirmed_publish::RULE.name;
        PRECEDENCE.iter().filter(explains).filter_map(explained).collect()
    }

    /// The execution by which the repaired flow still breaks the same promise, if there is one. Outer `None`: it cannot be told.
    #[allow(clippy::option_option, reason = "whether it can be told, and what is told")]
    fn again(&self, repaired: &Flow, violation: Violation, tier: Tier) -> Option<Option<Trace>> {
        let program = self.program(repaired)?;
        let exploration = explore_first(&program, tier, &[violation]);
        let trace = exploration.violations.into_values().next();
        (trace.is_some() || !self.work.is_spent()).then_some(trace)
    }

    /// No rule knows: said only against a declaration, and only of what is certain. What is never even begun is a fault by itself.
    fn leftover(&self, flow: &Flow, violation: Violation, trace: Trace) -> Option<Cause> {
        let effect = flow.effects.get(violation.effect.0 as usize);
        let is_undone = effect.is_some_and(|effect| effect.undone.is_some());
        let certain = (self.promise.declared || is_undone) && violation.property != Property::PerhapsLost;
        let broken = self.promise.semantic.forbids_repetition() || violation.property == Property::Lost;
        certain.then_some(()).filter(|()| broken)?;
        unmet_guarantee::leftover(flow, self.promise, violation, narrate(flow, trace))
    }
}

/// Steps that only a repaired flow has are no nodes of the unit: their places and texts remain.
fn forget_repairs(cause: &mut Cause, nodes: usize) {
    let known = |node: Option<NodeId>| node.filter(|node| (node.0 as usize) < nodes);
    cause.node = known(cause.node);
    for step in cause.trace.iter_mut().flat_map(|trace| &mut trace.steps) {
        step.node = known(step.node);
        step.then = known(step.then);
    }
}

fn told(rule: &'static Rule, case: &Case<'_>, named: &Named) -> Cause {
    Cause {
        rule,
        primary: named.primary,
        labels: named.labels.clone(),
        message: named.message.clone(),
        help: named.help.clone(),
        trace: Some(narrate(case.flow, case.trace.clone())),
        node: named.node,
        effect: case.effect().map(|_| case.violation.effect),
        consequence: Some(consequence(case.flow, case.violation)),
        remedy: named.remedy.clone(),
    }
}
