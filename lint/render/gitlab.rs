//! GitLab's code quality report.
//!
//! Format: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use serde::Serialize;

use super::fingerprint::identities;
use super::text::story;
use super::{Resolved, json};
use crate::report::Level;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// One issue a finding.
pub fn render(report: &Resolved<'_>) -> String {
    let identities = identities(&report.findings);
    let issues: Vec<Issue<'_>> = report
        .findings
        .iter()
        .zip(identities)
        .map(|(found, (identity, nth))| Issue {
            description: story(found),
            check_name: found.finding.rule,
            fingerprint: identity.fingerprint(nth),
            severity: severity(found.finding.level),
            location: Location {
                path: found.at.path,
                lines: Lines {
                    begin: found.at.start.line,
                    end: found.at.end.line,
                },
            },
        })
        .collect();
    json::written(&issues)
}

const fn severity(level: Level) -> &'static str {
    match level {
        Level::Deny => "critical",
        Level::Warn => "minor",
        Level::Note | Level::Allow => "info",
    }
}
