//! For people: the code with its labels, the execution that breaks the promise, what helps, and a summary.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use delivery_grammar::Semantic;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity,
    SourceCode, SourceSpan, SpanContents,
};

use super::change::change;
use super::text::{Paint, counted, printable, printable_name, wrapped};
use super::{Counts, Detail, Look, Place, Resolved, ResolvedFinding};
use crate::report::{Finding, Level, TraceStep};

/// The whole report.
pub fn render(report: &Resolved<'_>, look: Look, detail: Detail) -> String {
    let mut out = String::new();
    for found in &report.findings {
        out.push_str(&finding(found, look));
        out.push('\n');
    }
    if detail >= Detail::Assumptions {
        out.push_str(&assumptions(report, look));
    }
    if detail >= Detail::Summary {
        out.push_str(&summary(&report.counts, look));
    }
    out
}

/// One finding.
pub(super) fn finding(found: &ResolvedFinding<'_>, look: Look) -> String {
    let mut out = code(found, look);
    out.push_str(&unit(found.finding, look));
    out.push_str(&execution(found, look));
    if let Some(help) = &found.finding.help {
        out.push_str(&Paint(look.colour).lead("  help: ", help, look.width));
    }
    out.push_str(&change(found, look));
    out
}

/// The message over its code: one picture for the file of the primary label, one for each other file with labels.
fn code(found: &ResolvedFinding<'_>, look: Look) -> String {
    let level = found.finding.level;
    let name = format!("{}[{} {}]", level.as_str(), found.finding.code, found.finding.rule);
    let primary = Label {
        bytes: drawn(&found.at),
        text: None,
        primary: true,
    };
    let mut pictures = BTreeMap::from([(
        None,
        Picture::new(&found.at, found.finding.message.clone(), vec![primary]),
    )]);
    for (at, text) in &found.labels {
        let key = (at.file != found.at.file).then_some(at.file);
        let picture = pictures
            .entry(key)
            .or_insert_with(|| Picture::new(at, format!("and in {}", at.path), Vec::new()));
        picture.label(at, text);
    }
    let mut out = String::new();
    for (file, picture) in &mut pictures {
        picture.code = file.is_none().then(|| name.clone());
        picture.severity = severity(if file.is_none() { level } else { Level::Note });
        out.push_str(&picture.draw(look));
    }
    out
}

/// Where the finding belongs and what was promised there.
fn unit(finding: &Finding, look: Look) -> String {
    let Some(name) = finding.integration.as_ref().or(finding.function.as_ref()) else {
        return String::new();
    };
    let promised = match (finding.declared, finding.assumed) {
        (Some(declared), false) => format!(" is declared {declared}"),
        (Some(assumed), true) => format!(" declares nothing and is judged as {assumed}"),
        (None, _) => " declares nothing".to_owned(),
    };
    let given = finding.inferred.map_or(String::new(), |semantic: Semantic| {
        format!("; the code gives {semantic}")
    });
    Paint(look.colour).lead("  unit: ", &format!("{name}{promised}{given}"), look.width)
}

fn execution(found: &ResolvedFinding<'_>, look: Look) -> String {
    if found.trace.is_empty() {
        return String::new();
    }
    let mut out = Paint(look.colour).lead("  what happens:", "", look.width);
    for (number, (step, at)) in (1..).zip(&found.trace) {
        let place = at.as_ref().map_or(String::new(), |at| format!(" ({})", at.line()));
        let text = format!("{}{place}", sentence(step, &found.finding.trace));
        out.push_str(&wrapped(&format!("  {number:>3}. "), &text, look.width));
    }
    out
}

/// What happens in a step. Who acts is said where the words do not say it and more than one worker takes part.
pub(crate) fn sentence(step: &TraceStep, trace: &[TraceStep]) -> String {
    let workers: BTreeSet<&str> = trace
        .iter()
        .map(|step| step.actor.as_str())
        .filter(|actor| *actor != "broker")
        .collect();
    let text = if step.text.is_empty() { step.event } else { &step.text };
    let said = step.event == "consequence" || text.to_lowercase().contains(&step.actor.to_lowercase());
    if said || (workers.len() < 2 && !step.text.is_empty()) {
        text.to_owned()
    } else {
        format!("{}: {text}", step.actor)
    }
}

fn assumptions(report: &Resolved<'_>, look: Look) -> String {
    let mut out = String::new();
    for unit in &report.integrations {
        let integration = unit.integration;
        let verdict = integration.verdict.as_str();
        let head = format!("{} ({}): {verdict}", integration.id, unit.at.line());
        out.push_str(&Paint(look.colour).bold(&head));
        out.push('\n');
        for (lead, lines) in [
            ("  assumes: ", &integration.assumptions),
            ("  to be answered: ", &integration.questions),
        ] {
            out.extend(lines.iter().map(|line| Paint(look.colour).lead(lead, line, look.width)));
        }
        for (at, call) in &unit.unresolved {
            out.push_str(&Paint(look.colour).lead("  not resolved: ", &format!("{call} ({})", at.line()), look.width));
        }
        out.push('\n');
    }
    out
}

/// `2 denied, 1 warning in 14 integrations (12 verified), 31 files`. Never "clean" where something was not read.
pub(super) fn summary(counts: &Counts, look: Look) -> String {
    let paint = Paint(look.colour);
    let units = counted(counts.units, "integration", "integrations");
    let files = counted(counts.files, "file", "files");
    let mut out = format!(
        "{} in {units} ({} verified), {files} read\n",
        levels(counts, paint),
        counts.verified
    );
    let unread = counts.files.saturating_sub(counts.parsed);
    if unread > 0 {
        let unread = counted(unread, "file was not read whole", "files were not read whole");
        out.push_str(&format!("{}: what is in there is unknown\n", paint.red(&unread)));
    }
    out
}

fn levels(counts: &Counts, paint: Paint) -> String {
    let warnings = counted(counts.warn, "warning", "warnings");
    let notes = counted(counts.note, "note", "notes");
    let parts = [
        (counts.deny, paint.red(&format!("{} denied", counts.deny))),
        (counts.warn, paint.yellow(&warnings)),
        (counts.note, paint.cyan(&notes)),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, text)| text)
        .collect();
    if said.is_empty() {
        "no findings".to_owned()
    } else {
        said.join(", ")
    }
}

const fn severity(level: Level) -> Severity {
    match level {
        Level::Deny => Severity::Error,
        Level::Warn => Severity::Warning,
        Level::Note | Level::Allow => Severity::Advice,
    }
}

/// A range that is longer than this many lines is drawn as its first line.
const DRAWN_LINES: usize = 5;

/// So much is drawn of a range, and so much of what stands before and after it: lines may be as long as files.
const DRAWN_BYTES: usize = 1_000;

fn drawn(at: &Place<'_>) -> SourceSpan {
    let text = at.snippet();
    let first = text.lines().next().map_or(0, str::len);
    let length = if text.lines().count() > DRAWN_LINES {
        first
    } else {
        text.len()
    };
    let length = text.floor_char_boundary(length.min(DRAWN_BYTES));
    (at.bytes.start..at.bytes.start + length).into()
}

/// One file's code with labels, for miette to draw.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    path: Cow<'a, str>,
    source: Cow<'a, str>,
    message: String,
    code: Option<String>,
    severity: Severity,
    labels: Vec<Label>,
}

#[derive(Debug)]
struct Label {
    bytes: SourceSpan,
    text: Option<String>,
    primary: bool,
}

impl<'a> Picture<'a> {
    /// A picture of the file in which `at` is.
    fn new(at: &Place<'a>, message: String, labels: Vec<Label>) -> Self {
        Self {
            path: printable_name(at.path),
            source: printable(at.source),
            message: printable(&message).into_owned(),
            code: None,
            severity: Severity::Error,
            labels,
        }
    }

    /// An error at one place.
    pub(super) fn error(path: &'a str, source: &'a str, bytes: Range<usize>, message: &str) -> Self {
        let length = source[bytes.clone()].floor_char_boundary(bytes.len().min(DRAWN_BYTES));
        let label = Label {
            bytes: (bytes.start, length).into(),
            text: None,
            primary: true,
        };
        Self {
            path: printable_name(path),
            source: printable(source),
            message: printable(message).into_owned(),
            code: None,
            severity: Severity::Error,
            labels: vec![label],
        }
    }

    /// What is drawn of `lines` around a span.
    fn near(&self, span: &SourceSpan, lines: &Range<usize>) -> Range<usize> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let first = self.source.ceil_char_boundary(start.saturating_sub(DRAWN_BYTES));
        let last = self
            .source
            .floor_char_boundary((end + DRAWN_BYTES).min(self.source.len()));
        first.max(lines.start)..last.min(lines.end)
    }

    /// A label where there is one already gives that one its text.
    fn label(&mut self, at: &Place<'a>, text: &str) {
        let bytes = drawn(at);
        match self
            .labels
            .iter_mut()
            .find(|label| label.bytes == bytes && label.text.is_none())
        {
            Some(label) => label.text = Some(printable(text).into_owned()),
            None => self.labels.push(Label {
                bytes,
                text: Some(printable(text).into_owned()),
                primary: false,
            }),
        }
    }

    pub(super) fn draw(&self, look: Look) -> String {
        let theme = if look.colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(look.width)
            .without_syntax_highlighting()
            .with_links(false);
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = handler.render_report(&mut out, self);
        out
    }
}

impl fmt::Display for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Picture<'_> {}

impl Diagnostic for Picture<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().map(|label| {
            let text = label.text.clone();
            match label.primary {
                true => LabeledSpan::new_primary_with_span(text, label.bytes),
                false => LabeledSpan::new_with_span(text, label.bytes),
            }
        })))
    }
}

impl SourceCode for Picture<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let lines = self.source.read_span(span, before, after)?;
        let all = lines.span().offset()..lines.span().offset() + lines.span().len();
        let near = self.near(span, &all);
        let skipped = &self.source[all.start..near.start];
        let column = match skipped.rsplit_once('\n') {
            Some((_, line)) => line.len(),
            None => lines.column() + skipped.len(),
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.clone().into_owned(),
            &self.source.as_bytes()[near.clone()],
            near.into(),
            lines.line() + skipped.matches('\n').count(),
            column,
            lines.line_count(),
        )))
    }
}
