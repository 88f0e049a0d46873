//! JUnit's XML: each integration is a test case, which fails if something in it is denied.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::text::story;
use super::{Resolved, ResolvedFinding};
use crate::report::Level;

/// One suite: the integrations, then the files with findings that belong to none.
pub fn render(report: &Resolved<'_>) -> String {
    let mut suite = TestSuite::new("cargo delivery");
    for unit in &report.integrations {
        let of_unit = |found: &&ResolvedFinding<'_>| found.finding.integration.as_ref() == Some(&unit.integration.id);
        let findings: Vec<_> = report.findings.iter().filter(of_unit).collect();
        suite.add_test_case(case(&unit.integration.id, &unit.integration.function, &findings));
    }
    for (path, findings) in strays(report) {
        suite.add_test_case(case(path, path, &findings));
    }
    let mut document = Report::new("cargo delivery");
    document.add_test_suite(suite);
    document.to_string().unwrap_or_default()
}

/// Findings outside of all integrations, by file.
fn strays<'a, 'r>(report: &'r Resolved<'a>) -> Vec<(&'a str, Vec<&'r ResolvedFinding<'a>>)> {
    let known = |found: &ResolvedFinding<'_>| {
        let id = found.finding.integration.as_ref();
        report.integrations.iter().any(|unit| Some(&unit.integration.id) == id)
    };
    let mut files: Vec<(&str, Vec<_>)> = Vec::new();
    for found in report.findings.iter().filter(|found| !known(found)) {
        match files.last_mut().filter(|(path, _)| *path == found.at.path) {
            Some((_, findings)) => findings.push(found),
            None => files.push((found.at.path, vec![found])),
        }
    }
    files
}

fn case(name: &str, class: &str, findings: &[&ResolvedFinding<'_>]) -> TestCase {
    let is_denied = |found: &&ResolvedFinding<'_>| found.finding.level == Level::Deny;
    let (denied, others): (Vec<_>, Vec<_>) = findings.iter().copied().partition(is_denied);
    let status = match denied.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(first.finding.rule);
            status.set_message(first.finding.message.as_str());
            status.set_description(told(&denied));
            status
        }
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    if let Some(found) = findings.first() {
        case.extra.insert(XmlString::new("file"), XmlString::new(found.at.path));
    }
    if !others.is_empty() {
        case.set_system_out(told(&others));
    }
    case
}

fn told(findings: &[&ResolvedFinding<'_>]) -> String {
    let one = |found: &&ResolvedFinding<'_>| {
        let finding = found.finding;
        let level = finding.level.as_str();
        format!(
            "{}: {level}[{} {}] {}",
            found.at.line(),
            finding.code,
            finding.rule,
            story(found)
        )
    };
    findings.iter().map(one).collect::<Vec<_>>().join("\n\n")
}
