//! How often each rule was broken.

use std::collections::BTreeMap;

use super::human::summary;
use super::{Look, Resolved};

/// A line for each rule that has findings, the most frequent first, and the summary.
#[must_use]
pub fn statistics(report: &Resolved<'_>, look: Look) -> String {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for found in &report.findings {
        *counts.entry((found.finding.code, found.finding.rule)).or_default() += 1;
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|((code, _), count)| (std::cmp::Reverse(*count), *code));
    let table: String = rows
        .iter()
        .map(|((code, rule), count)| format!("{count:>5}  {code} {rule}\n"))
        .collect();
    format!("{table}{}", summary(&report.counts, look))
}
