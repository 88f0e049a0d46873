//! From a unit's flow to what the report says about it.

use std::collections::BTreeSet;

use delivery_grammar::{Declaration, Problem as Misplaced, Semantic};
use smol_str::SmolStr;

use crate::config::{Assume, Config, ConfiguredIntegration, Place};
use crate::flow::{Broker, Effect, EffectId, EffectKind, Flow, NodeId};
use crate::lower::Unit;
use crate::model::{self, Analysis, Bounds, TraceStep as ModelStep};
use crate::problem::Problem;
use crate::report::{
    self, CrashPoint, Direction, Explored, Fault, FaultPoint, Finding, Integration, Level, Sink, TraceStep,
    UnresolvedCall, Verdict,
};
use crate::resolve::{FnId, Index};
use crate::rules::{self, Cause, Declared, Diagnosis, Promise};
use crate::span::{FileId, Span};

/// What units are judged in: the same for all.
#[derive(Clone, Copy)]
pub(super) struct Setting<'s> {
    pub index: &'s Index<'s>,
    pub config: &'s Config,
    /// The names of the workspace's tests.
    pub tests: &'s BTreeSet<SmolStr>,
    /// `delivery.yaml`.
    pub config_file: Option<FileId>,
}

/// What is said about one unit.
pub(super) struct Said {
    pub integration: Integration,
    pub findings: Vec<Finding>,
    /// What it cost to find out, and whether that was not enough.
    pub work: usize,
    pub gave_up: bool,
}

/// Judges a unit by what it declares, or is assumed to.
pub(super) fn judge(unit: &Unit, setting: &Setting<'_>, bounds: Bounds) -> Said {
    let Setting { index, config, .. } = *setting;
    let info = index.function(unit.function);
    let attribute = info.hir.declaration.as_ref();
    let (declaration, contradictions) = declaration(
        attribute.map(|declared| &declared.declaration),
        &unit.flow.function,
        config,
    );
    let at = attribute.map_or_else(|| receives_at(&unit.flow), |declared| declared.span);
    let promise = promise(declaration.as_ref(), config);
    let diagnosis = rules::diagnose_within(&unit.flow, promise, bounds);
    let subject = Subject {
        unit,
        declaration: declaration.as_ref(),
        at,
        promise,
        diagnosis: &diagnosis,
        tests: setting.tests,
    };
    let contradictions = setting
        .config_file
        .into_iter()
        .flat_map(|file| contradictions.iter().map(move |problem| misconfigured(file, problem)));
    Said {
        findings: contradictions.chain(subject.findings(config)).collect(),
        integration: subject.integration(index),
        work: diagnosis.work,
        gave_up: diagnosis.gave_up,
    }
}

/// Where an undeclared unit begins, in its own function: there may be several in one.
fn receives_at(flow: &Flow) -> Span {
    let at = &flow.source.at;
    at.via.first().copied().unwrap_or(at.span)
}

/// What the attribute and `delivery.yaml` say together, and where they contradict each other.
fn declaration(
    attribute: Option<&Declaration>,
    function: &str,
    config: &Config,
) -> (Option<Declaration>, Vec<Misplaced<Place>>) {
    let Some(declared) = attribute else {
        let configured = config.integrations.of_function(function);
        return (
            configured.and_then(ConfiguredIntegration::without_attribute),
            Vec::new(),
        );
    };
    let mut declared = declared.clone();
    let configured = config.integrations.get(&declared.integration);
    let contradictions = configured
        .map(|configured| configured.merge_into(&mut declared))
        .unwrap_or_default();
    (Some(declared), contradictions)
}

/// What `delivery.yaml` says and cannot be true.
pub(super) fn misconfigured(file: FileId, problem: &Misplaced<Place>) -> Finding {
    let span = Span {
        file,
        start: problem.at.start,
        end: problem.at.end,
    };
    super::unreadable(&Problem::declaration(span, problem.message.clone()))
}

fn promise(declaration: Option<&Declaration>, config: &Config) -> Promise {
    match (declaration, config.assume) {
        (Some(declaration), _) => Promise::declared(declaration),
        (None, Assume::Semantic(semantic)) => Promise::assumed(semantic),
        (None, Assume::Nothing) => Promise::assumed(Semantic::NoGuarantee),
    }
}

/// A unit with all that is known of it.
struct Subject<'s> {
    unit: &'s Unit,
    declaration: Option<&'s Declaration>,
    at: Span,
    promise: Promise,
    diagnosis: &'s Diagnosis,
    tests: &'s BTreeSet<SmolStr>,
}

impl Subject<'_> {
    fn flow(&self) -> &Flow {
        &self.unit.flow
    }

    fn analysis(&self) -> &Analysis {
        &self.diagnosis.analysis
    }

    fn id(&self) -> SmolStr {
        self.declaration.map_or_else(
            || self.flow().function.clone(),
            |declaration| SmolStr::new(&declaration.integration),
        )
    }

    fn findings(&self, config: &Config) -> Vec<Finding> {
        let declared = Declared {
            declaration: self.declaration,
            at: self.at,
            flow: self.flow(),
            analysis: self.analysis(),
            monitored: self.unit.met.telemetry,
            tests: self.tests,
        };
        let judged = self.declaration.is_some() || config.assume != Assume::Nothing;
        let causes = self.diagnosis.findings.iter().filter(|&_| judged).cloned();
        let about = rules::judge_declaration(&declared);
        causes.chain(about).map(|cause| self.finding(cause)).collect()
    }

    fn finding(&self, cause: Cause) -> Finding {
        let assumed = self.declaration.is_none();
        let ending = cause.consequence.map(|text| self.ending(cause.effect, text));
        let steps = cause
            .trace
            .iter()
            .flat_map(|trace| &trace.steps)
            .map(|step| self.step(step));
        let trace = steps.chain(ending).collect();
        Finding {
            rule: cause.rule.name,
            code: cause.rule.code,
            level: level(cause.rule.level, assumed),
            message: if assumed && cause.rule.code < "D5" {
                self.assuming(&cause.message)
            } else {
                cause.message
            },
            help: Some(cause.help).filter(|help| !help.is_empty()),
            primary: cause.primary,
            labels: cause.labels,
            function: Some(self.flow().function.clone()),
            integration: Some(self.id()),
            declared: self.declaration.map(|declaration| declaration.semantic),
            assumed,
            inferred: self.analysis().inferred,
            trace,
            suppressed: None,
            remedy: cause.remedy,
            fix: None,
        }
    }

    fn assuming(&self, message: &str) -> String {
        let title = self.promise.semantic.title().to_lowercase();
        format!("{message} (no semantic is declared; assumed {title})")
    }

    fn step(&self, step: &ModelStep) -> TraceStep {
        TraceStep {
            actor: actor(step.actor),
            event: step.event.word(),
            at: step.node.and_then(|node| self.place(node)),
            text: step.text.clone(),
        }
    }

    /// What the execution comes to, beside the effect that it is about.
    fn ending(&self, effect: Option<EffectId>, text: String) -> TraceStep {
        let effect = effect.and_then(|effect| self.flow().effects.get(effect.0 as usize));
        TraceStep {
            actor: actor(model::Actor::Broker),
            event: "consequence",
            at: effect.map(|effect| effect.at.span),
            text,
        }
    }

    fn place(&self, node: NodeId) -> Option<Span> {
        self.flow().node(node).at.as_ref().map(|site| site.span)
    }

    fn integration(&self, index: &Index<'_>) -> Integration {
        let flow = self.flow();
        let consumes = flow.source.broker != Broker::Caller;
        Integration {
            id: self.id(),
            function: flow.function.clone(),
            at: self.at,
            direction: if consumes {
                Direction::Consume
            } else {
                Direction::Produce
            },
            transport: self.transport(),
            address: self.address(),
            sinks: self.sinks(),
            declared: self.declaration.cloned(),
            inferred: self.analysis().inferred,
            verdict: verdict(self.analysis().verdict),
            assumptions: self.analysis().assumptions.clone(),
            questions: self.analysis().questions.clone(),
            crash_points: self.crash_points(),
            fault_points: self.fault_points(),
            steps: super::usual::usual_steps(flow),
            evidence: rules::evidence(flow),
            flow: flow.to_string(),
            explored: Explored {
                states: self.analysis().stats.states,
                is_capped: self.analysis().stats.is_capped,
            },
            unresolved: self.unresolved(),
            home: whole(index, self.unit.function),
            reach: self.reach(index),
        }
    }

    fn unresolved(&self) -> Vec<UnresolvedCall> {
        let calls = self.unit.met.unresolved.iter();
        calls
            .map(|(at, text)| UnresolvedCall {
                at: *at,
                text: text.clone(),
            })
            .collect()
    }

    fn reach(&self, index: &Index<'_>) -> Vec<Span> {
        let functions = self.unit.met.functions.iter();
        functions.map(|function| whole(index, *function)).collect()
    }

    fn transport(&self) -> SmolStr {
        let declared = self.declaration.and_then(|declaration| declaration.source.as_ref());
        match declared {
            Some(source) if self.flow().source.transport == "call" => source.transport.as_str().into(),
            _ => self.flow().source.transport.clone(),
        }
    }

    fn address(&self) -> Option<SmolStr> {
        let declared = self.declaration.and_then(|declaration| declaration.source.as_ref());
        self.flow()
            .source
            .address
            .clone()
            .or_else(|| declared.map(|source| SmolStr::new(&source.address)))
    }

    fn sinks(&self) -> Vec<Sink> {
        let mut sinks: Vec<Sink> = self
            .flow()
            .effects
            .iter()
            .zip(0..)
            .filter(|(effect, _)| effect.kind != EffectKind::Opaque)
            .map(|(effect, id)| sink(effect, self.loses(EffectId(id))))
            .collect();
        sinks.sort();
        sinks.dedup_by(|a, b| {
            let same = (&a.kind, &a.target) == (&b.kind, &b.target);
            b.may_lose |= same && a.may_lose;
            same
        });
        sinks
    }

    fn loses(&self, effect: EffectId) -> bool {
        let lost =
            |violation: &model::Violation| violation.effect == effect && violation.property == model::Property::Lost;
        self.analysis().violations.iter().any(lost)
    }

    fn crash_points(&self) -> Vec<CrashPoint> {
        self.analysis()
            .crash_points
            .iter()
            .map(|point| {
                let site = self.flow().node(point.after).at.as_ref();
                CrashPoint {
                    event: point.event.word(),
                    at: site.map(|site| site.span),
                    text: site.map(|site| site.text.to_string()).unwrap_or_default(),
                    outcome: outcome(point.outcome),
                    effect: point.effect.map(|effect| self.effect(effect)),
                    comes_again: point.comes_again,
                }
            })
            .collect()
    }

    fn fault_points(&self) -> Vec<FaultPoint> {
        let told = |point: &model::FaultPoint| FaultPoint {
            fault: fault(point.tier),
            outcome: outcome(point.outcome),
            effect: point.effect.map(|effect| self.effect(effect)),
        };
        self.analysis().fault_points.iter().map(told).collect()
    }

    /// What stands in the code; a handoff has no name of its own.
    fn effect(&self, effect: EffectId) -> String {
        let named = self.flow().effects.get(effect.0 as usize);
        named.map(|effect| effect.at.text.to_string()).unwrap_or_default()
    }
}

/// A function from its signature to its last brace.
fn whole(index: &Index<'_>, function: FnId) -> Span {
    let function = index.function(function).hir;
    Span {
        end: function.body.as_ref().map_or(function.signature.end, |body| body.end),
        ..function.signature
    }
}

fn actor(actor: model::Actor) -> String {
    match actor {
        model::Actor::Worker(number) => format!("worker {number}"),
        model::Actor::Broker => "broker".to_owned(),
        model::Actor::Store => "store".to_owned(),
    }
}

/// Only code that contradicts its own declaration fails a build.
fn level(level: Level, assumed: bool) -> Level {
    if assumed && level == Level::Deny {
        Level::Warn
    } else {
        level
    }
}

fn sink(effect: &Effect, may_lose: bool) -> Sink {
    let (kind, target) = effect.target.split_once(':').unwrap_or((&effect.target, ""));
    Sink {
        kind: kind.into(),
        target: target.into(),
        at: Some(effect.at.span),
        may_lose,
    }
}

fn verdict(verdict: model::Verdict) -> Verdict {
    match verdict {
        model::Verdict::Verified => Verdict::Verified,
        model::Verdict::Refuted => Verdict::Refuted,
        model::Verdict::Conditional => Verdict::Conditional,
        model::Verdict::Unknown => Verdict::Unknown,
    }
}

fn fault(tier: model::Tier) -> Fault {
    match tier {
        model::Tier::Calm => Fault::Calm,
        model::Tier::Outage => Fault::Outage,
        model::Tier::Crash => Fault::Crash,
        model::Tier::Lease => Fault::Lease,
        model::Tier::Expiry => Fault::Expiry,
        model::Tier::Joint | model::Tier::JointLease => Fault::Joint,
    }
}

fn outcome(outcome: model::CrashOutcome) -> report::CrashOutcome {
    match outcome {
        model::CrashOutcome::NothingLost => report::CrashOutcome::NothingLost,
        model::CrashOutcome::Absorbed => report::CrashOutcome::Absorbed,
        model::CrashOutcome::Repeated => report::CrashOutcome::Repeated,
        model::CrashOutcome::Lost => report::CrashOutcome::Lost,
    }
}
