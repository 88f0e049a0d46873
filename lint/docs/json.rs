//! The documentation for programs: one JSON document, whose schema is written beside it.

use serde::Serialize;

use super::{Link, Page, Site, Unit};
use crate::report::CrashOutcome;

/// The version of the format; it changes when a key changes its meaning or goes away.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: u32,
    title: &'a str,
    integrations: Vec<Integration<'a>>,
}

#[derive(Serialize)]
struct Integration<'a> {
    integration: &'a str,
    /// Where its page is published, if that is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    function: &'a str,
    source_line: &'a Link,
    direction: &'static str,
    source: &'a str,
    sinks: &'a [Link],
    declared: Option<&'static str>,
    inferred: Option<&'static str>,
    verdict: &'static str,
    why: Option<&'a str>,
    criticality: Option<&'static str>,
    mechanisms: Vec<Mechanism<'a>>,
    edge_cases: &'a [String],
    steps: Vec<Step<'a>>,
    crashes: Vec<Crash<'a>>,
    faults: Vec<Fault<'a>>,
    assumptions: &'a [String],
    questions: &'a [String],
    metrics: &'a [String],
    tested_by: &'a [String],
    owner: Option<&'a str>,
    runbook: Option<&'a str>,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Mechanism<'a> {
    mechanism: &'static str,
    declared: bool,
    shown_at: &'a [Link],
}

#[derive(Serialize)]
struct Step<'a> {
    event: &'a str,
    text: &'a str,
    target: Option<&'a str>,
    transaction: Option<u32>,
}

#[derive(Serialize)]
struct Crash<'a> {
    after: &'a str,
    text: &'a str,
    at: Option<&'a Link>,
    outcome: &'static str,
    words: &'a str,
}

#[derive(Serialize)]
struct Fault<'a> {
    fault: &'static str,
    outcome: &'static str,
    words: &'a str,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    code: &'a str,
    level: &'a str,
    message: &'a str,
    at: &'a Link,
    execution: Vec<&'a str>,
    allowed_because: Option<&'a str>,
}

/// The document and its schema.
pub(super) fn pages(site: &Site<'_>) -> Vec<Page> {
    let document = Document {
        schema: SCHEMA,
        version: VERSION,
        title: site.title,
        integrations: site.units.iter().map(|unit| integration(site, unit)).collect(),
    };
    vec![
        Page::new("delivery.json", written(&document)),
        Page::new(SCHEMA, include_str!("../../templates/json/delivery.schema.json")),
    ]
}

const SCHEMA: &str = "delivery.schema.json";

/// A value, readable by people, too.
pub(super) fn written(value: &impl Serialize) -> String {
    // Serialising fails only where a map has keys that are no strings, and none here has.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn integration<'a>(site: &Site<'_>, unit: &'a Unit<'a>) -> Integration<'a> {
    let declared = unit.declaration();
    let found = [&unit.counterexamples, &unit.findings, &unit.suppressed];
    Integration {
        integration: &unit.integration.id,
        page: site.base_url.map(|url| url.page(&unit.slug)),
        function: &unit.integration.function,
        source_line: &unit.at,
        direction: unit.integration.direction.as_str(),
        source: &unit.source,
        sinks: &unit.sinks,
        declared: declared.map(|declared| declared.semantic.as_str()),
        inferred: unit.integration.inferred.map(|semantic| semantic.as_str()),
        verdict: unit.verdict().as_str(),
        why: declared.and_then(|declared| declared.why.as_deref()),
        criticality: declared.map(|declared| declared.criticality.as_str()),
        mechanisms: unit.mechanisms.iter().map(mechanism).collect(),
        edge_cases: declared.map_or(&[], |declared| &declared.edge_cases),
        steps: unit.integration.steps.iter().map(step).collect(),
        crashes: unit.crash_points.iter().map(crash).collect(),
        faults: unit
            .faults
            .iter()
            .zip(&unit.integration.fault_points)
            .map(fault)
            .collect(),
        assumptions: &unit.integration.assumptions,
        questions: &unit.integration.questions,
        metrics: declared.map_or(&[], |declared| &declared.metrics),
        tested_by: declared.map_or(&[], |declared| &declared.tested_by),
        owner: declared.and_then(|declared| declared.owner.as_deref()),
        runbook: declared.and_then(|declared| declared.runbook.as_deref()),
        findings: found.into_iter().flatten().map(finding).collect(),
    }
}

fn mechanism(shown: &super::unit::Shown) -> Mechanism<'_> {
    Mechanism {
        mechanism: shown.mechanism.as_str(),
        declared: shown.declared,
        shown_at: &shown.places,
    }
}

fn step(step: &crate::report::UsualStep) -> Step<'_> {
    Step {
        event: step.event,
        text: &step.text,
        target: step.target.as_deref(),
        transaction: step.tx,
    }
}

fn crash<'a>(crash: &'a super::unit::Crash<'a>) -> Crash<'a> {
    Crash {
        after: crash.event,
        text: crash.text,
        at: crash.at.as_ref(),
        outcome: outcome(crash.outcome),
        words: &crash.words.text,
    }
}

fn fault<'a>((fault, point): (&'a super::unit::Fault<'a>, &crate::report::FaultPoint)) -> Fault<'a> {
    Fault {
        fault: point.fault.as_str(),
        outcome: outcome(fault.outcome),
        words: &fault.words.text,
    }
}

fn outcome(outcome: CrashOutcome) -> &'static str {
    outcome.as_str()
}

fn finding<'a>(found: &'a super::unit::Reported<'a>) -> Finding<'a> {
    Finding {
        rule: found.rule,
        code: found.code,
        level: found.level,
        message: &found.message.text,
        at: &found.at,
        execution: found.steps.iter().map(|step| step.text.text.as_str()).collect(),
        allowed_because: found.reason,
    }
}
