//! The JSON report, version 1: a format of its own, so that inner types can change without it.

use serde::Serialize;

use super::{Place, Resolved, ResolvedFinding, ResolvedFix, ResolvedIntegration};
use crate::span::Pos;

/// The version that this file writes; it changes when a key changes its meaning or goes away.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    summary: Summary,
    findings: Vec<Finding<'a>>,
    integrations: Vec<Integration<'a>>,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    parsed: usize,
    units: usize,
    deny: usize,
    warn: usize,
    note: usize,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    code: &'a str,
    level: &'a str,
    message: &'a str,
    help: Option<&'a str>,
    file: &'a str,
    start: Position,
    end: Position,
    labels: Vec<Label<'a>>,
    function: Option<&'a str>,
    integration: Option<&'a str>,
    declared: Option<&'a str>,
    assumed: bool,
    inferred: Option<&'a str>,
    trace: Vec<Step<'a>>,
    fix: Option<Fix<'a>>,
}

/// What would take the cause away: `machine-applicable` where the changed code is proved to keep its promise.
#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    applicability: &'a str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    file: &'a str,
    start: Position,
    end: Position,
    text: &'a str,
}

#[derive(Serialize)]
struct Label<'a> {
    file: &'a str,
    start: Position,
    end: Position,
    text: &'a str,
}

/// What happens without a place (a crash) has neither `file` nor `line`.
#[derive(Serialize)]
struct Step<'a> {
    actor: &'a str,
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
}

#[derive(Serialize)]
struct Integration<'a> {
    integration: &'a str,
    function: &'a str,
    file: &'a str,
    line: u32,
    direction: &'a str,
    source: Source<'a>,
    sinks: Vec<Sink<'a>>,
    declared: Option<&'a str>,
    inferred: Option<&'a str>,
    verdict: &'a str,
    assumptions: &'a [String],
    questions: &'a [String],
    unresolved: Vec<Unresolved<'a>>,
    crash_points: Vec<CrashPoint<'a>>,
}

#[derive(Serialize)]
struct Unresolved<'a> {
    file: &'a str,
    line: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct Source<'a> {
    transport: &'a str,
    address: Option<&'a str>,
}

#[derive(Serialize)]
struct Sink<'a> {
    kind: &'a str,
    target: &'a str,
}

#[derive(Serialize)]
struct CrashPoint<'a> {
    after: After<'a>,
    outcome: &'a str,
}

#[derive(Serialize)]
struct After<'a> {
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
}

/// The whole report.
pub fn render(report: &Resolved<'_>) -> String {
    let counts = report.counts;
    written(&Document {
        version: VERSION,
        summary: Summary {
            files: counts.files,
            parsed: counts.parsed,
            units: counts.units,
            deny: counts.deny,
            warn: counts.warn,
            note: counts.note,
        },
        findings: report.findings.iter().map(Finding::from).collect(),
        integrations: report.integrations.iter().map(Integration::from).collect(),
    })
}

/// The integrations alone, as a list.
pub fn integrations(report: &Resolved<'_>) -> String {
    written(&report.integrations.iter().map(Integration::from).collect::<Vec<_>>())
}

/// As indented JSON, with a line break at the end.
pub(super) fn written(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

impl From<Pos> for Position {
    fn from(at: Pos) -> Self {
        Self {
            line: at.line,
            column: at.column,
        }
    }
}

impl<'a> From<&ResolvedFinding<'a>> for Finding<'a> {
    fn from(found: &ResolvedFinding<'a>) -> Self {
        let finding = found.finding;
        Self {
            rule: finding.rule,
            code: finding.code,
            level: finding.level.as_str(),
            message: &finding.message,
            help: finding.help.as_deref(),
            file: found.at.path,
            start: found.at.start.into(),
            end: found.at.end.into(),
            labels: found.labels.iter().map(Label::from).collect(),
            function: finding.function.as_deref(),
            integration: finding.integration.as_deref(),
            declared: finding.declared.map(|semantic| semantic.as_str()),
            assumed: finding.assumed,
            inferred: finding.inferred.map(|semantic| semantic.as_str()),
            trace: found.trace.iter().map(Step::from).collect(),
            fix: found.fix.as_ref().map(Fix::from),
        }
    }
}

impl<'a> From<&ResolvedFix<'a>> for Fix<'a> {
    fn from(resolved: &ResolvedFix<'a>) -> Self {
        let edit = |(at, text): &(Place<'a>, &'a str)| Edit {
            file: at.path,
            start: at.start.into(),
            end: at.end.into(),
            text,
        };
        Self {
            title: &resolved.fix.title,
            applicability: resolved.fix.applicability.as_str(),
            edits: resolved.edits.iter().map(edit).collect(),
        }
    }
}

impl<'a> From<&(Place<'a>, &'a str)> for Label<'a> {
    fn from((at, text): &(Place<'a>, &'a str)) -> Self {
        Self {
            file: at.path,
            start: at.start.into(),
            end: at.end.into(),
            text,
        }
    }
}

impl<'a> From<&(&'a crate::report::TraceStep, Option<Place<'a>>)> for Step<'a> {
    fn from((step, at): &(&'a crate::report::TraceStep, Option<Place<'a>>)) -> Self {
        Self {
            actor: &step.actor,
            event: step.event,
            file: at.as_ref().map(|at| at.path),
            line: at.as_ref().map(|at| at.start.line),
            text: &step.text,
        }
    }
}

impl<'a> From<&ResolvedIntegration<'a>> for Integration<'a> {
    fn from(unit: &ResolvedIntegration<'a>) -> Self {
        let integration = unit.integration;
        Self {
            integration: &integration.id,
            function: &integration.function,
            file: unit.at.path,
            line: unit.at.start.line,
            direction: integration.direction.as_str(),
            source: Source {
                transport: &integration.transport,
                address: integration.address.as_deref(),
            },
            sinks: integration
                .sinks
                .iter()
                .map(|sink| Sink {
                    kind: &sink.kind,
                    target: &sink.target,
                })
                .collect(),
            declared: integration.declared.as_ref().map(|declared| declared.semantic.as_str()),
            inferred: integration.inferred.map(|semantic| semantic.as_str()),
            verdict: integration.verdict.as_str(),
            assumptions: &integration.assumptions,
            questions: &integration.questions,
            unresolved: unit.unresolved.iter().map(Unresolved::from).collect(),
            crash_points: unit.crash_points.iter().map(CrashPoint::from).collect(),
        }
    }
}

impl<'a> From<&(Place<'a>, &'a str)> for Unresolved<'a> {
    fn from((at, text): &(Place<'a>, &'a str)) -> Self {
        Self {
            file: at.path,
            line: at.start.line,
            text,
        }
    }
}

impl<'a> From<&(&'a crate::report::CrashPoint, Option<Place<'a>>)> for CrashPoint<'a> {
    fn from((point, at): &(&'a crate::report::CrashPoint, Option<Place<'a>>)) -> Self {
        let after = After {
            event: point.event,
            file: at.as_ref().map(|at| at.path),
            line: at.as_ref().map(|at| at.start.line),
            text: &point.text,
        };
        Self {
            after,
            outcome: point.outcome.as_str(),
        }
    }
}
