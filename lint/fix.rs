//! Changes of the code that take a finding's cause away: from the remedy that a rule names to edits of the text.
//!
//! Here they are only written down. Whether the code then does what it declares is not decided by how a change looks: the command
//! line analyses the changed text, and a change is machine-applicable only if the model checker verifies the result.

mod allow;
mod claim;
mod code;
mod confirmation;
mod order;
mod row;
mod setting;

use std::collections::BTreeMap;

use self::code::Code;
use crate::catalog::Catalog;
use crate::report::{Applicability, Edit, Finding, Fix, Remedy, Report};
use crate::source::{Lines, Sources};
use crate::span::FileId;
use crate::suppress::Allowance;

/// A change that could be made for the finding at `index` of a report.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub index: usize,
    pub fix: Fix,
    /// It is certain if the changed code proves to keep its promise. Otherwise it stays a suggestion, whatever the checker says: what it
    /// moves or rests on is for a person to judge.
    pub provable: bool,
}

/// What could be changed, in the order of the findings. What is certain without a proof says so.
#[must_use]
pub fn proposals(report: &Report, sources: &Sources, catalog: &Catalog, allowances: &[Allowance]) -> Vec<Proposal> {
    let findings = report.findings.iter().enumerate();
    let open = findings.filter(|(_, finding)| finding.suppressed.is_none());
    let of_remedies = open.filter_map(|(index, finding)| {
        let draft = written(finding, sources, catalog)?;
        Some(Proposal {
            index,
            provable: draft.provable,
            fix: draft.fix,
        })
    });
    let mut all: Vec<Proposal> = allow::unused(report, allowances).chain(of_remedies).collect();
    for edit in all.iter_mut().flat_map(|proposal| &mut proposal.fix.edits) {
        if let Some(file) = sources.files.get(usize::try_from(edit.at.file.0).unwrap_or(usize::MAX)) {
            take_lines(edit, &file.lines);
        }
    }
    all.sort_by_key(|proposal| proposal.index);
    all
}

/// What is removed takes the line with it on which nothing is left, and what is added ends its lines as the file does.
fn take_lines(edit: &mut Edit, lines: &Lines) {
    if lines.text().contains("\r\n") {
        edit.with = edit.with.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    if edit.with.is_empty() {
        let (start, end) = with_its_line(lines.text(), lines.offset(edit.at.start), lines.offset(edit.at.end));
        (edit.at.start, edit.at.end) = (lines.pos(start), lines.pos(end));
    }
}

/// A change before it is known whether it helps.
struct Draft {
    fix: Fix,
    provable: bool,
}

impl Draft {
    /// One that helps for certain if the checker agrees.
    fn provable(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self {
            provable: true,
            ..Self::suggested(title, edits)
        }
    }

    /// One that a person has to look at.
    fn suggested(title: impl Into<String>, mut edits: Vec<Edit>) -> Self {
        edits.sort();
        Self {
            fix: Fix {
                title: title.into(),
                edits,
                applicability: Applicability::MaybeIncorrect,
            },
            provable: false,
        }
    }
}

fn written(finding: &Finding, sources: &Sources, catalog: &Catalog) -> Option<Draft> {
    let code = |file: FileId| Some(Code::new(sources.files.get(usize::try_from(file.0).ok()?)?));
    match finding.remedy.as_ref()? {
        Remedy::Reset(at) => setting::reset(&code(at.file)?, *at, catalog),
        Remedy::AwaitOutcome(at) => confirmation::awaited(&code(at.file)?, *at, catalog),
        Remedy::KeepRow { at, store, unique } => row::kept(&code(at.file)?, *at, store, *unique),
        Remedy::Claim { check, mark } => claim::at_once(&code(check.file)?, *check, *mark, catalog),
        Remedy::AcknowledgeAfter { ack, effect } => order::moved(&code(ack.file)?, *ack, *effect),
    }
}

/// The edits of each file: each once, and of those that overlap the first.
#[must_use]
pub fn by_file<'e>(edits: impl IntoIterator<Item = &'e Edit>) -> BTreeMap<FileId, Vec<&'e Edit>> {
    let mut files: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        files.entry(edit.at.file).or_default().push(edit);
    }
    for edits in files.values_mut() {
        edits.sort();
        edits.dedup();
        edits.dedup_by(|later, earlier| later.at.start < earlier.at.end);
    }
    files
}

/// The text with the edits made.
#[must_use]
pub fn apply(text: &str, edits: &[&Edit]) -> String {
    let lines = Lines::new(text.to_owned());
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.at.start));
    let mut out = text.to_owned();
    for edit in edits {
        out.replace_range(lines.offset(edit.at.start)..lines.offset(edit.at.end), &edit.with);
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
mod tests;
