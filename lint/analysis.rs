//! The pipeline behind every command that looks at code: a workspace goes in, a report comes out.

use crate::catalog::Catalog;
use crate::config::{Config, find_rule};
use crate::problem::Problem;
use crate::report::{Finding, Level, Report};
use crate::source::Sources;
use crate::workspace::Workspace;

/// Analyses what was parsed. Levels and allows are the caller's business: each finding has its rule's own level here.
#[must_use]
pub fn run(workspace: &Workspace, sources: &Sources, _catalog: &Catalog, _config: &Config) -> Report {
    let problems = workspace.problems.iter().chain(sources.problems());
    let reported = problems.filter(|problem| workspace.file(problem.span.file).reported);
    Report {
        findings: reported.map(finding).collect(),
        integrations: Vec::new(),
        files: workspace.rust_files().filter(|file| file.reported).count(),
        parsed: sources
            .files
            .iter()
            .filter(|file| workspace.file(file.id).reported && file.whole)
            .count(),
    }
}

fn finding(problem: &Problem) -> Finding {
    Finding {
        rule: problem.rule,
        code: problem.code,
        level: find_rule(problem.code).map_or(Level::Warn, |rule| rule.level),
        message: problem.message.clone(),
        help: problem.help.clone(),
        primary: problem.span,
        labels: Vec::new(),
        function: None,
        integration: None,
        declared: None,
        assumed: false,
        inferred: None,
        trace: Vec::new(),
        suppressed: None,
    }
}
