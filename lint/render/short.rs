//! One line a finding: `src/orders.rs:41:9: deny[D101 commit-before-process] … [1. … 2. …]`.

use std::fmt::Write as _;

use super::human::sentence;
use super::text::{one_line, printable_name};
use super::{Resolved, ResolvedFinding};

/// The findings, and nothing else.
pub fn render(report: &Resolved<'_>) -> String {
    report.findings.iter().fold(String::new(), |mut out, found| {
        let (at, finding) = (&found.at, found.finding);
        let level = finding.level.as_str();
        let message = one_line(&finding.message);
        let (line, column) = (at.start.line, at.start.column);
        let (path, code, rule) = (at.path, finding.code, finding.rule);
        let text = format!(
            "{path}:{line}:{column}: {level}[{code} {rule}] {message}{}",
            execution(found)
        );
        let _ = writeln!(out, "{}", printable_name(&text));
        out
    })
}

/// ` [1. … at src/orders.rs:30; 2. …]`, or nothing.
fn execution(found: &ResolvedFinding<'_>) -> String {
    if found.trace.is_empty() {
        return String::new();
    }
    let steps = (1..).zip(&found.trace).map(|(number, (step, at))| {
        let place = at.as_ref().map_or(String::new(), |at| format!(" at {}", at.line()));
        format!("{number}. {}{place}", one_line(&sentence(step, &found.finding.trace)))
    });
    format!(" [{}]", steps.collect::<Vec<_>>().join("; "))
}
