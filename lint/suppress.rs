//! Findings that somebody has silenced: by `#[delivery::allow(…)]` on a function, impl or module, or by a comment on a statement.
//!
//! A silenced finding stays in the report with its reason. An allow that silences nothing is a finding itself (D003), and so is
//! one without a reason (D004). Past its last day an allow silences nothing and its findings say so.

mod collect;

use std::collections::BTreeMap;

use delivery_grammar::{Allow, Date, RuleName};

pub use self::collect::{attributes, comment};
use crate::config::find_rule;
use crate::report::{Finding, Level, Report};
use crate::rules::Rule;
use crate::span::{FileId, Span};

/// An allow and what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowance {
    pub allow: Allow,
    /// The attribute or the comment.
    pub at: Span,
    pub scope: Scope,
}

/// What an allow is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// An item: every finding in it, and every finding of a unit whose function it contains, wherever its steps stand.
    Item(Span),
    /// Lines of a statement.
    Lines { file: FileId, first: u32, last: u32 },
}

/// Marks what is silenced, and adds what is to be said about the allows themselves. `today` decides which have run out.
pub fn apply(report: &mut Report, allowances: &[Allowance], today: Date) {
    report.findings.extend(
        allowances
            .iter()
            .filter(|allowance| !allowance.allow.has_reason())
            .map(without_reason),
    );
    let units = functions(report);
    let mut used = Used::default();
    for finding in &mut report.findings {
        silence(finding, allowances, &units, today, &mut used);
    }
    let mut unused = used.missing(allowances);
    for finding in &mut unused {
        silence(finding, allowances, &units, today, &mut used);
    }
    report.findings.extend(unused);
}

/// Where the function of each unit stands.
fn functions(report: &Report) -> BTreeMap<String, Span> {
    report
        .integrations
        .iter()
        .map(|unit| (unit.function.to_string(), unit.at))
        .collect()
}

/// Which rules of which allows had something to silence.
#[derive(Default)]
struct Used(std::collections::BTreeSet<(usize, &'static str)>);

impl Used {
    /// D003 for every rule of every allow that was of no use. `unused-allow` itself is never missed.
    fn missing(&self, allowances: &[Allowance]) -> Vec<Finding> {
        let named = allowances
            .iter()
            .enumerate()
            .flat_map(|(index, allowance)| allowance.allow.rules.iter().map(move |name| (index, allowance, name)));
        named
            .filter_map(|(index, allowance, name)| self.judge(index, allowance, name))
            .collect()
    }

    fn judge(&self, index: usize, allowance: &Allowance, name: &RuleName) -> Option<Finding> {
        match find_rule(name.as_kebab()) {
            Err(message) => Some(finding_about(
                allowance,
                unused_allow(),
                format!("this silences nothing: {message}"),
            )),
            Ok(rule) if rule.code == UNUSED || self.0.contains(&(index, rule.code)) => None,
            Ok(rule) => Some(finding_about(
                allowance,
                unused_allow(),
                format!("there is no `{}` here to allow", rule.name),
            )),
        }
    }
}

fn silence(
    finding: &mut Finding,
    allowances: &[Allowance],
    units: &BTreeMap<String, Span>,
    today: Date,
    used: &mut Used,
) {
    let unit = finding
        .function
        .as_ref()
        .and_then(|path| units.get(path.as_str()))
        .copied();
    for (index, allowance) in allowances.iter().enumerate() {
        if !allowance.covers(finding.primary, unit) || !allowance.names(finding.code) {
            continue;
        }
        used.0.insert((index, finding.code));
        match allowance.allow.until {
            Some(until) if !allowance.allow.is_in_force(today) => {
                finding
                    .labels
                    .push((allowance.at, format!("this allow ran out on {until}")));
            }
            until if finding.suppressed.is_none() => {
                finding.suppressed = Some(allowance.reason());
                finding
                    .labels
                    .extend(until.map(|until| (allowance.at, format!("allowed until {until}"))));
            }
            _ => {}
        }
    }
}

impl Allowance {
    fn names(&self, code: &str) -> bool {
        self.allow
            .rules
            .iter()
            .any(|name| find_rule(name.as_kebab()).is_ok_and(|rule| rule.code == code))
    }

    fn covers(&self, primary: Span, unit: Option<Span>) -> bool {
        match self.scope {
            Scope::Item(item) => contains(item, primary) || unit.is_some_and(|unit| contains(item, unit)),
            Scope::Lines { file, first, last } => {
                primary.file == file && primary.start.line <= last && first <= primary.end.line
            }
        }
    }

    fn reason(&self) -> String {
        self.allow.reason.as_deref().unwrap_or_default().trim().to_owned()
    }
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

const UNUSED: &str = "D003";

fn unused_allow() -> Option<&'static Rule> {
    find_rule(UNUSED).ok()
}

fn without_reason(allowance: &Allowance) -> Finding {
    let mut finding = finding_about(
        allowance,
        find_rule("D004").ok(),
        "this allow gives no reason".to_owned(),
    );
    finding.help = Some("say why it is right here: the next reader cannot ask you".to_owned());
    finding
}

fn finding_about(allowance: &Allowance, rule: Option<&'static Rule>, message: String) -> Finding {
    Finding {
        rule: rule.map_or("unused-allow", |rule| rule.name),
        code: rule.map_or(UNUSED, |rule| rule.code),
        level: rule.map_or(Level::Warn, |rule| rule.level),
        message,
        help: None,
        primary: allowance.at,
        labels: Vec::new(),
        function: None,
        integration: None,
        declared: None,
        assumed: false,
        inferred: None,
        trace: Vec::new(),
        suppressed: None,
        remedy: None,
        fix: None,
    }
}

#[cfg(test)]
mod tests;
