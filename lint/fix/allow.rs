//! Allows that silence nothing are taken out.

use super::Proposal;
use crate::config::find_rule;
use crate::report::{Applicability, Edit, Finding, Fix, Report};
use crate::suppress::Allowance;

/// For each finding about an allow that is of no use at all, whatever it names, its removal.
///
/// One that still silences something stays as it is, and so does one that names an unknown rule: its author meant something.
pub(super) fn unused(report: &Report, allowances: &[Allowance]) -> impl Iterator<Item = Proposal> {
    let findings = report.findings.iter().enumerate();
    findings
        .filter(|(_, finding)| {
            says_so(finding)
                && allowances
                    .iter()
                    .any(|allowance| is_useless(report, allowance, finding))
        })
        .map(|(index, finding)| Proposal {
            index,
            provable: false,
            fix: Fix {
                title: "remove the allow that silences nothing".to_owned(),
                edits: vec![Edit {
                    at: finding.primary,
                    with: String::new(),
                }],
                applicability: Applicability::MachineApplicable,
            },
        })
}

fn says_so(finding: &Finding) -> bool {
    finding.rule == "unused-allow" && finding.suppressed.is_none()
}

fn is_useless(report: &Report, allowance: &Allowance, about: &Finding) -> bool {
    let rules = &allowance.allow.rules;
    let unused = report
        .findings
        .iter()
        .filter(|finding| says_so(finding) && finding.primary == allowance.at);
    let known = rules.iter().all(|name| find_rule(name.as_kebab()).is_ok());
    allowance.at == about.primary && known && !rules.is_empty() && unused.count() == rules.len()
}
