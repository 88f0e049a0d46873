//! What makes a finding the same finding in another run: its rule, its function and the text at its place, not its line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::ResolvedFinding;
use super::text::one_line;

/// The identity of a finding. It survives lines that move and white space that changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The rule's name.
    pub rule: String,
    /// The function that the finding is about; the file where there is none.
    pub place: String,
    /// The text at the primary label, on one line.
    pub text: String,
}

impl Identity {
    fn of(found: &ResolvedFinding<'_>) -> Self {
        let function = found.finding.function.as_deref();
        Self {
            rule: found.finding.rule.to_owned(),
            place: function.unwrap_or(found.at.path).to_owned(),
            text: one_line(found.at.snippet()),
        }
    }

    /// A short stable name: 16 hexadecimal digits. `nth` tells apart findings that are otherwise the same.
    #[must_use]
    pub fn fingerprint(&self, nth: usize) -> String {
        let Self { rule, place, text } = self;
        let all = format!("{rule}\0{place}\0{text}\0{nth}");
        format!("{:016x}", xxh3_64(all.as_bytes()))
    }
}

/// The identity of each finding, with its number among those that share it (from 0, in the report's order).
#[must_use]
pub fn identities(findings: &[ResolvedFinding<'_>]) -> Vec<(Identity, usize)> {
    let mut seen: BTreeMap<Identity, usize> = BTreeMap::new();
    findings
        .iter()
        .map(|found| {
            let identity = Identity::of(found);
            let count = seen.entry(identity.clone()).or_default();
            *count += 1;
            (identity, *count - 1)
        })
        .collect()
}
