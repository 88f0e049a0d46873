//! Findings that are known already: a file that lets a team begin with what it has and only look at what is new.
//!
//! An entry is found again by rule, function and the text at its place, so that lines may move. The file only shrinks: what is gone is
//! reported and can be pruned, and nothing is ever added to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::render::{Identity, Resolved, identities};

/// The version of the file's format.
const VERSION: u32 = 1;

/// The findings of a baseline file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// How many findings have this identity.
    known: BTreeMap<Identity, usize>,
}

/// The file as written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    identity: Identity,
    /// How often, where more than once.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    count: usize,
}

const fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_one(count: &usize) -> bool {
    *count == 1
}

impl Baseline {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, with line and column.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if file.version != VERSION {
            return Err(format!("it has version {}, and only {VERSION} is known", file.version));
        }
        let known = file.findings.into_iter().map(|entry| (entry.identity, entry.count));
        Ok(Self { known: known.collect() })
    }

    /// All findings of a report.
    #[must_use]
    pub fn of(report: &Resolved<'_>) -> Self {
        let mut known = BTreeMap::new();
        for (identity, _) in identities(&report.findings) {
            *known.entry(identity).or_default() += 1;
        }
        Self { known }
    }

    /// The file's text: one entry after the other, always in the same order.
    #[must_use]
    pub fn write(&self) -> String {
        let findings = self.known.iter().map(|(identity, &count)| Entry {
            identity: identity.clone(),
            count,
        });
        let file = File {
            version: VERSION,
            findings: findings.collect(),
        };
        serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
    }

    /// How many findings it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.values().sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Sets the known findings of the report aside. What comes back is the part of the baseline that was found again.
    pub fn apply(&self, report: &mut Resolved<'_>) -> Self {
        let identities = identities(&report.findings);
        let known = |(identity, nth): &(Identity, usize)| self.known.get(identity).is_some_and(|count| nth < count);
        let mut again = BTreeMap::new();
        for (identity, _) in identities.iter().filter(|each| known(each)) {
            *again.entry(identity.clone()).or_default() += 1;
        }
        let mut verdicts = identities.iter().map(known);
        report.set_aside(|_| verdicts.next().unwrap_or(false));
        Self { known: again }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::{Sample, report};

    #[test]
    fn known_findings_are_set_aside_and_new_ones_are_not() {
        let report = report();
        let all = Baseline::of(&Resolved::new(&report, &Sample));
        assert_eq!(all.len(), 2);
        assert_eq!(Baseline::read(&all.write()).unwrap(), all);

        let mut more = report.clone();
        more.findings.insert(1, more.findings[0].clone());
        let mut resolved = Resolved::new(&more, &Sample);
        assert_eq!(all.apply(&mut resolved), all);
        assert_eq!((resolved.findings.len(), resolved.known.len()), (1, 2));
        assert_eq!(resolved.counts.deny, 1, "a second finding of the same kind is new");
    }

    #[test]
    fn what_is_gone_is_not_found_again() {
        let mut report = report();
        let all = Baseline::of(&Resolved::new(&report, &Sample));
        report.findings.remove(0);
        let again = all.apply(&mut Resolved::new(&report, &Sample));
        assert_eq!((all.len(), again.len()), (2, 1));
    }

    #[test]
    fn a_wrong_file_is_told_from_a_good_one() {
        let error = Baseline::read("{\n  \"version\": 1,\n  \"finding\": []\n}").unwrap_err();
        assert!(
            error.contains("unknown field `finding`") && error.contains("line 3"),
            "{error}"
        );
        let error = Baseline::read("{\"version\": 7, \"findings\": []}").unwrap_err();
        assert!(error.contains("version 7"), "{error}");
    }
}
