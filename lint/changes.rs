//! What changed since another state of the code, and which findings are about it.
//!
//! A finding about an integration is about a change if one lies in any function that the integration goes through: moving a call in
//! a helper changes what happens to the messages of all who use it.

use std::collections::BTreeMap;

use similar::{DiffTag, TextDiff};

use crate::report::{Finding, Integration};
use crate::span::{FileId, Span};

/// The lines that changed.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    files: BTreeMap<FileId, Vec<Hunk>>,
    /// What is no code, and decides for all of it: a schema, a configuration, a catalog.
    everywhere: bool,
}

/// Lines that are new or different, counted from 1. Where lines are gone the range is empty, and lies between its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hunk {
    first: u32,
    last: u32,
}

impl Changes {
    /// Compares a file with what it was; `None` if it was not there.
    pub fn file(&mut self, file: FileId, before: Option<&str>, after: &str) {
        let hunks = hunks(before.unwrap_or_default(), after);
        if !hunks.is_empty() {
            self.files.insert(file, hunks);
        }
    }

    /// Something changed that may matter to every integration.
    pub const fn everywhere(&mut self) {
        self.everywhere = true;
    }

    /// Whether a finding is about something that changed.
    #[must_use]
    pub fn concern(&self, finding: &Finding, integrations: &[Integration]) -> bool {
        let of_unit = |unit: &&Integration| Some(&unit.function) == finding.function.as_ref();
        self.everywhere
            || self.touch(finding.primary)
            || (finding.rule == "syntax-error" && self.files.contains_key(&finding.primary.file))
            || integrations
                .iter()
                .filter(of_unit)
                .any(|unit| self.touch(unit.at) || unit.reach.iter().any(|span| self.touch(*span)))
    }

    fn touch(&self, span: Span) -> bool {
        let hunks = self.files.get(&span.file).into_iter().flatten();
        hunks
            .into_iter()
            .any(|hunk| hunk.first <= span.end.line && span.start.line <= hunk.last)
    }
}

/// Line ends do not count: git may have changed them.
fn hunks(before: &str, after: &str) -> Vec<Hunk> {
    let (before, after) = (before.replace("\r\n", "\n"), after.replace("\r\n", "\n"));
    if before == after {
        return Vec::new();
    }
    let diff = TextDiff::from_lines(&before, &after);
    let changed = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    let line = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    changed
        .map(|op| Hunk {
            first: line(op.new_range().start + 1),
            last: line(op.new_range().end),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Pos;

    fn span(first: u32, last: u32) -> Span {
        let at = |line| Pos { line, column: 1 };
        Span {
            file: FileId(0),
            start: at(first),
            end: at(last),
        }
    }

    fn touched(before: Option<&str>, after: &str) -> Vec<u32> {
        let mut changes = Changes::default();
        changes.file(FileId(0), before, after);
        (1..=9).filter(|line| changes.touch(span(*line, *line))).collect()
    }

    #[test]
    fn lines_that_are_new_or_different_are_touched() {
        assert_eq!(touched(Some("a\nb\nc\n"), "a\nB\nc\n"), [2]);
        assert_eq!(touched(Some("a\nc\n"), "a\nb\nc\n"), [2]);
        assert_eq!(touched(None, "a\nb\n"), [1, 2]);
        assert_eq!(touched(Some("a\r\nb\r\n"), "a\nb\n"), [0; 0]);
    }

    #[test]
    fn where_lines_are_gone_what_is_around_them_is_touched() {
        let mut changes = Changes::default();
        changes.file(FileId(0), Some("a\nb\nc\nd\n"), "a\nd\n");
        assert!(changes.touch(span(1, 2)), "they lay inside");
        assert!(
            !changes.touch(span(1, 1)) && !changes.touch(span(2, 2)),
            "they lay outside"
        );
    }
}
