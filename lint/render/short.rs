//! One line a finding: `src/orders.rs:41:9: deny[D101 commit-before-process] …`.

use std::fmt::Write as _;

use super::Resolved;
use super::text::one_line;

/// The findings, and nothing else.
pub fn render(report: &Resolved<'_>) -> String {
    report.findings.iter().fold(String::new(), |mut out, found| {
        let (at, finding) = (&found.at, found.finding);
        let level = finding.level.as_str();
        let message = one_line(&finding.message);
        let (line, column) = (at.start.line, at.start.column);
        let _ = writeln!(
            out,
            "{}:{line}:{column}: {level}[{} {}] {message}",
            at.path, finding.code, finding.rule
        );
        out
    })
}
