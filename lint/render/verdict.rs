//! Why a unit was judged as it was: its flow, and what the checker found in it.

use std::fmt::Write as _;

use delivery_grammar::Semantic;

use super::text::{Paint, counted};
use super::{Look, Resolved, ResolvedIntegration, human};
use crate::report::CrashOutcome;

/// The units of this name (an integration's id, a function's path, or its end), each with its flow, its exploration and its findings;
/// nothing if there is none.
#[must_use]
pub fn verdict(report: &Resolved<'_>, name: &str, look: Look) -> String {
    let named = report.integrations.iter().filter(|unit| is_named(unit, name));
    named.map(|unit| one(report, unit, look)).collect::<Vec<_>>().join("\n")
}

/// What is known of a unit, in Markdown, short enough to stand beside its code.
#[must_use]
pub fn hover(unit: &ResolvedIntegration<'_>) -> String {
    let integration = unit.integration;
    let word =
        |semantic: Option<Semantic>, none: &str| semantic.map_or(none.to_owned(), |semantic| format!("`{semantic}`"));
    let declared = integration.declared.as_ref().map(|declared| declared.semantic);
    let mut out = format!("**{}**: {}\n\n", integration.id, integration.verdict.as_str());
    let (declared, inferred) = (
        word(declared, "nothing"),
        word(integration.inferred, "what is not known"),
    );
    let _ = writeln!(
        out,
        "Declared {declared}; the code gives {inferred}. Messages from `{}`.\n",
        integration.source()
    );
    if !unit.crash_points.is_empty() {
        out.push_str("| A crash after | does |\n|---|---|\n");
    }
    for (point, at) in &unit.crash_points {
        let line = at
            .as_ref()
            .map_or(String::new(), |at| format!(" (line {})", at.start.line));
        let what = outcome(point.outcome, point.effect.as_deref()).replace('|', "\\|");
        let _ = writeln!(out, "| {}{line} | {what} |", point.event);
    }
    for line in &integration.assumptions {
        let _ = writeln!(out, "\nAssumes: {line}");
    }
    for line in &integration.questions {
        let _ = writeln!(out, "\nTo be answered: {line}");
    }
    out
}

/// Whether `name` means this unit.
#[must_use]
pub fn is_named(unit: &ResolvedIntegration<'_>, name: &str) -> bool {
    let integration = unit.integration;
    let is_end = integration
        .function
        .strip_suffix(name)
        .is_some_and(|before| before.ends_with("::"));
    integration.id == name || integration.function == name || is_end
}

fn one(report: &Resolved<'_>, unit: &ResolvedIntegration<'_>, look: Look) -> String {
    let integration = unit.integration;
    let paint = Paint(look.colour);
    let title = format!(
        "{} ({}): {}",
        integration.id,
        unit.at.line(),
        integration.verdict.as_str()
    );
    let word = |semantic: Option<Semantic>, none: &'static str| semantic.map_or(none, Semantic::as_str);
    let declared = integration.declared.as_ref().map(|declared| declared.semantic);
    let mut out = format!("{}\n", paint.bold(&title));
    let _ = writeln!(out, "  function: {}", integration.function);
    let _ = writeln!(out, "  messages from: {}", integration.source());
    let (declared, inferred) = (
        word(declared, "nothing"),
        word(integration.inferred, "what is not known"),
    );
    let _ = writeln!(out, "  declared {declared}; the code gives {inferred}");
    let _ = writeln!(out, "\nThe flow that was checked:");
    for line in integration.flow.lines() {
        let _ = writeln!(out, "  {line}");
    }
    out.push_str(&explored(unit));
    for (lead, lines) in [
        ("  assumes: ", &integration.assumptions),
        ("  to be answered: ", &integration.questions),
    ] {
        out.extend(lines.iter().map(|line| paint.lead(lead, line, look.width)));
    }
    for (at, call) in &unit.unresolved {
        out.push_str(&paint.lead("  not resolved: ", &format!("{call} ({})", at.line()), look.width));
    }
    let own = |finding: &crate::report::Finding| finding.integration.as_ref() == Some(&integration.id);
    for found in report.findings.iter().filter(|found| own(found.finding)) {
        let _ = write!(out, "\n{}", human::finding(found, look));
    }
    out
}

/// What the search went through, and what each kind of fault and each crash does.
fn explored(unit: &ResolvedIntegration<'_>) -> String {
    let integration = unit.integration;
    let states = counted(integration.explored.states, "state", "states");
    let mut out = match (integration.explored.states, integration.explored.is_capped) {
        (0, _) => "\nNothing was explored: the control itself cannot be seen.\n".to_owned(),
        (_, true) => format!("\nThe checker gave up after {states}.\n"),
        (_, false) => format!("\nThe checker went through all {states}:\n"),
    };
    for fault in &integration.fault_points {
        let what = outcome(fault.outcome, fault.effect.as_deref());
        let _ = writeln!(out, "  under {}: {what}", fault.fault.as_str());
    }
    for (point, at) in &unit.crash_points {
        let place = at.as_ref().map_or(String::new(), |at| format!(" ({})", at.line()));
        let what = outcome(point.outcome, point.effect.as_deref());
        let _ = writeln!(out, "  crash after {}{place}: {what}", point.event);
    }
    out
}

fn outcome(outcome: CrashOutcome, effect: Option<&str>) -> String {
    let effect = effect
        .filter(|effect| !effect.is_empty())
        .map_or(String::new(), |effect| format!(": {effect}"));
    format!("{}{effect}", outcome.as_str().replace('_', " "))
}
