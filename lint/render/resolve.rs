//! Turns spans into paths, lines and text, once for all formats.

use std::ops::Range;

use crate::report::{CrashPoint, Finding, Fix, Integration, Level, Report, Sink, TraceStep, Verdict};
use crate::span::{FileId, Pos, Span};

/// The names and texts of the files that spans point into.
pub trait Files {
    /// Relative to the root, separated by `/`.
    fn path(&self, file: FileId) -> &str;
    /// The whole text.
    fn text(&self, file: FileId) -> &str;
    /// What cargo calls the package of a file.
    fn package(&self, file: FileId) -> Package;
}

/// A package, as cargo's messages name it. Paths are absolute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package {
    /// `path+file:///shop#shop`
    pub id: String,
    pub manifest: String,
    /// The target's kind: `lib`, `bin`, …
    pub kind: &'static str,
    pub name: String,
    /// The target's root file.
    pub root: String,
    pub edition: String,
}

/// A report with its places.
#[derive(Debug)]
pub struct Resolved<'a> {
    /// What counts, in the report's order.
    pub findings: Vec<ResolvedFinding<'a>>,
    /// What an `allow` has silenced.
    pub suppressed: Vec<ResolvedFinding<'a>>,
    /// What was there before: the baseline knows it, or it is about nothing that changed.
    pub known: Vec<ResolvedFinding<'a>>,
    pub integrations: Vec<ResolvedIntegration<'a>>,
    pub counts: Counts,
}

/// The figures of the summary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub files: usize,
    pub parsed: usize,
    pub units: usize,
    pub verified: usize,
    pub deny: usize,
    pub warn: usize,
    pub note: usize,
}

/// A finding with its places.
#[derive(Debug)]
pub struct ResolvedFinding<'a> {
    pub finding: &'a Finding,
    pub package: Package,
    pub at: Place<'a>,
    pub labels: Vec<(Place<'a>, &'a str)>,
    pub trace: Vec<(&'a TraceStep, Option<Place<'a>>)>,
    pub fix: Option<ResolvedFix<'a>>,
}

/// A change of the code, with what it replaces.
#[derive(Debug)]
pub struct ResolvedFix<'a> {
    pub fix: &'a Fix,
    pub edits: Vec<(Place<'a>, &'a str)>,
}

/// An integration with its places.
#[derive(Debug)]
pub struct ResolvedIntegration<'a> {
    pub integration: &'a Integration,
    pub at: Place<'a>,
    pub sinks: Vec<(&'a Sink, Option<Place<'a>>)>,
    pub crash_points: Vec<(&'a CrashPoint, Option<Place<'a>>)>,
    pub unresolved: Vec<(Place<'a>, &'a str)>,
    /// For each mechanism with evidence, the places that show it.
    pub evidence: Vec<(delivery_grammar::Mechanism, Vec<(Place<'a>, &'a str)>)>,
}

/// A range of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    pub file: FileId,
    pub path: &'a str,
    pub start: Pos,
    pub end: Pos,
    /// The file's text.
    pub source: &'a str,
    /// The range, in bytes of `source`.
    pub bytes: Range<usize>,
}

impl<'a> Place<'a> {
    /// The place of a span. One that reaches past the end of its file is cut off there.
    pub fn new(span: Span, files: &'a dyn Files) -> Self {
        let source = files.text(span.file);
        let start = offset(source, span.start);
        let end = offset(source, span.end).max(start);
        Self {
            file: span.file,
            path: files.path(span.file),
            start: span.start,
            end: span.end,
            source,
            bytes: start..end,
        }
    }

    /// The text at the place.
    #[must_use]
    pub fn snippet(&self) -> &'a str {
        &self.source[self.bytes.clone()]
    }

    /// `src/orders.rs:41`
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}:{}", self.path, self.start.line)
    }
}

/// The byte at which a position is.
pub(super) fn offset(text: &str, at: Pos) -> usize {
    let lines = usize::try_from(at.line).unwrap_or(1).saturating_sub(1);
    let start = match lines {
        0 => 0,
        _ => text
            .match_indices('\n')
            .nth(lines - 1)
            .map_or(text.len(), |(newline, _)| newline + 1),
    };
    let line = text[start..].split('\n').next().unwrap_or_default();
    let columns = usize::try_from(at.column).unwrap_or(1).saturating_sub(1);
    start + line.char_indices().nth(columns).map_or(line.len(), |(index, _)| index)
}

impl<'a> Resolved<'a> {
    /// Looks up every place of the report.
    pub fn new(report: &'a Report, files: &'a dyn Files) -> Self {
        let live = report.findings.iter().filter(|finding| finding.level != Level::Allow);
        let (findings, suppressed): (Vec<_>, Vec<_>) = live.partition(|finding| finding.suppressed.is_none());
        let all = |list: Vec<&'a Finding>| {
            list.into_iter()
                .map(|finding| ResolvedFinding::new(finding, files))
                .collect()
        };
        let findings: Vec<ResolvedFinding<'a>> = all(findings);
        Self {
            counts: Counts::of(report).with(&findings),
            findings,
            suppressed: all(suppressed),
            known: Vec::new(),
            integrations: report
                .integrations
                .iter()
                .map(|unit| ResolvedIntegration::new(unit, files))
                .collect(),
        }
    }

    /// Sets findings aside that are known already: they count nowhere, and are kept for formats that show them.
    pub fn set_aside(&mut self, mut is_known: impl FnMut(&ResolvedFinding<'a>) -> bool) {
        let (known, findings) = std::mem::take(&mut self.findings)
            .into_iter()
            .partition(|found| is_known(found));
        self.known.extend::<Vec<_>>(known);
        self.findings = findings;
        self.counts = self.counts.with(&self.findings);
    }
}

impl Counts {
    fn of(report: &Report) -> Self {
        let verified = report
            .integrations
            .iter()
            .filter(|unit| unit.verdict == Verdict::Verified)
            .count();
        Self {
            files: report.files,
            parsed: report.parsed,
            units: report.integrations.len(),
            verified,
            ..Self::default()
        }
    }

    fn with(self, findings: &[ResolvedFinding<'_>]) -> Self {
        let count = |level| findings.iter().filter(|found| found.finding.level == level).count();
        Self {
            deny: count(Level::Deny),
            warn: count(Level::Warn),
            note: count(Level::Note),
            ..self
        }
    }
}

impl<'a> ResolvedFinding<'a> {
    fn new(finding: &'a Finding, files: &'a dyn Files) -> Self {
        let place = |span: Span| Place::new(span, files);
        Self {
            finding,
            package: files.package(finding.primary.file),
            at: place(finding.primary),
            labels: finding
                .labels
                .iter()
                .map(|(span, text)| (place(*span), text.as_str()))
                .collect(),
            trace: finding.trace.iter().map(|step| (step, step.at.map(place))).collect(),
            fix: finding.fix.as_ref().map(|fix| ResolvedFix {
                fix,
                edits: fix
                    .edits
                    .iter()
                    .map(|edit| (place(edit.at), edit.with.as_str()))
                    .collect(),
            }),
        }
    }
}

impl<'a> ResolvedIntegration<'a> {
    fn new(integration: &'a Integration, files: &'a dyn Files) -> Self {
        let place = |span: Span| Place::new(span, files);
        let evidence = integration.evidence.iter().map(|(mechanism, sites)| {
            (
                *mechanism,
                sites
                    .iter()
                    .map(|site| (place(site.span), site.text.as_str()))
                    .collect(),
            )
        });
        Self {
            integration,
            at: place(integration.at),
            sinks: integration
                .sinks
                .iter()
                .map(|sink| (sink, sink.at.map(place)))
                .collect(),
            crash_points: integration
                .crash_points
                .iter()
                .map(|point| (point, point.at.map(place)))
                .collect(),
            unresolved: integration
                .unresolved
                .iter()
                .map(|call| (place(call.at), call.text.as_str()))
                .collect(),
            evidence: evidence.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, column: u32) -> Pos {
        Pos { line, column }
    }

    #[test]
    fn columns_count_characters() {
        let text = "größe = 1;\r\nüber();\n";
        assert_eq!(&text[offset(text, at(1, 7))..][..1], "=");
        assert_eq!(&text[offset(text, at(2, 5))..][..2], "()");
    }

    #[test]
    fn what_lies_outside_is_cut_off() {
        assert_eq!(offset("ab\nc", at(1, 99)), 2);
        assert_eq!(offset("ab\nc", at(9, 1)), 4);
        assert_eq!(offset("", at(1, 1)), 0);
    }
}
