//! Repairs that are certain: where nothing but what was written by mistake goes away. They are edits of texts; whether the result is
//! written, and whether it is clean, is decided by the command line.

use std::collections::BTreeMap;

use crate::config::find_rule;
use crate::report::Report;
use crate::source::Lines;
use crate::span::{FileId, Span};
use crate::suppress::Allowance;

/// A text in place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub at: Span,
    pub with: String,
}

/// What can be repaired in a report: allows that silence nothing, whatever they name.
///
/// One that still silences something stays as it is, and so does one that names an unknown rule: its author meant something.
#[must_use]
pub fn edits(report: &Report, allowances: &[Allowance]) -> Vec<Edit> {
    let unused = |at: Span| {
        let findings = report.findings.iter();
        findings
            .filter(|finding| finding.rule == "unused-allow" && finding.primary == at && finding.suppressed.is_none())
            .count()
    };
    let of_no_use = |allowance: &&Allowance| {
        let rules = &allowance.allow.rules;
        let known = rules.iter().all(|name| find_rule(name.as_kebab()).is_ok());
        known && !rules.is_empty() && unused(allowance.at) == rules.len()
    };
    let mut edits: Vec<Edit> = allowances
        .iter()
        .filter(of_no_use)
        .map(|allowance| Edit {
            at: allowance.at,
            with: String::new(),
        })
        .collect();
    edits.sort_by_key(|edit| edit.at);
    edits.dedup_by_key(|edit| edit.at);
    edits
}

/// The edits of each file.
#[must_use]
pub fn by_file(edits: &[Edit]) -> BTreeMap<FileId, Vec<&Edit>> {
    let mut files: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        files.entry(edit.at.file).or_default().push(edit);
    }
    files
}

/// The text with the edits made. A line on which nothing is left goes away.
#[must_use]
pub fn apply(text: &str, edits: &[&Edit]) -> String {
    let lines = Lines::new(text.to_owned());
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.at.start));
    let mut out = text.to_owned();
    for edit in edits {
        let (mut start, mut end) = (lines.offset(edit.at.start), lines.offset(edit.at.end));
        if edit.with.is_empty() {
            (start, end) = with_its_line(&out, start, end);
        }
        out.replace_range(start..end, &edit.with);
    }
    out
}

/// All of the lines if only blanks stand around the range, else the range and the blanks before it.
fn with_its_line(text: &str, start: usize, end: usize) -> (usize, usize) {
    let blank = |character: char| character == ' ' || character == '\t' || character == '\r';
    let before = text[..start].trim_end_matches(blank);
    let after = text[end..].trim_start_matches(blank);
    let begins = before.is_empty() || before.ends_with('\n');
    match after.strip_prefix('\n') {
        Some(rest) if begins => (before.len(), text.len() - rest.len()),
        None if begins && after.is_empty() => (before.len(), text.len()),
        Some(_) => (before.len(), end),
        None => (start, end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Pos;

    fn removed(text: &str, what: &str) -> String {
        let lines = Lines::new(text.to_owned());
        let start = text.find(what).unwrap();
        let at = Span {
            file: FileId(0),
            start: lines.pos(start),
            end: lines.pos(start + what.len()),
        };
        let edit = Edit {
            at,
            with: String::new(),
        };
        apply(text, &[&edit])
    }

    #[test]
    fn a_line_that_holds_nothing_else_goes_away() {
        assert_eq!(removed("a\n  // x\nb\n", "// x"), "a\nb\n");
        assert_eq!(removed("a; // x\nb\n", "// x"), "a;\nb\n");
        assert_eq!(removed("/* x */ a;\n", "/* x */"), " a;\n");
        assert_eq!(removed("a\n// x", "// x"), "a\n");
        assert_eq!(removed("größe; // x\r\nb\r\n", "// x"), "größe;\r\nb\r\n");
    }

    #[test]
    fn several_edits_do_not_move_each_other() {
        let at = |line, from, to| Span {
            file: FileId(0),
            start: Pos { line, column: from },
            end: Pos { line, column: to },
        };
        let edit = |at, with: &str| Edit {
            at,
            with: with.to_owned(),
        };
        let edits = [edit(at(1, 1, 2), "xx"), edit(at(1, 3, 3), "y"), edit(at(2, 1, 2), "")];
        assert_eq!(apply("a b\nc\n", &edits.iter().collect::<Vec<_>>()), "xx yb\n");
    }
}
