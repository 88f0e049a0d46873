//! Lines of JSON as `cargo check --message-format=json` writes them, so that editors show findings where they show the compiler's.
//!
//! Formats: <https://doc.rust-lang.org/cargo/reference/external-tools.html#compiler-messages> and
//! <https://doc.rust-lang.org/rustc/json.html#diagnostics>. Each step of the execution is a child with a span of its own: editors show
//! those as related information.

use serde::Serialize;

use super::human::{self, sentence};
use super::{Look, Package, Place, Resolved, ResolvedFinding};
use crate::report::{Applicability, Level};

#[derive(Serialize)]
struct CompilerMessage<'a> {
    reason: &'static str,
    package_id: &'a str,
    manifest_path: &'a str,
    target: Target<'a>,
    message: Diagnostic<'a>,
}

#[derive(Serialize)]
struct Target<'a> {
    kind: [&'a str; 1],
    crate_types: [&'a str; 1],
    name: &'a str,
    src_path: &'a str,
    edition: &'a str,
    doc: bool,
    doctest: bool,
    test: bool,
}

#[derive(Serialize)]
struct BuildFinished {
    reason: &'static str,
    success: bool,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    #[serde(rename = "$message_type")]
    message_type: &'static str,
    message: String,
    code: Option<Code>,
    level: &'static str,
    spans: Vec<Span<'a>>,
    children: Vec<Diagnostic<'a>>,
    rendered: Option<String>,
}

#[derive(Serialize)]
struct Code {
    code: String,
    explanation: Option<&'static str>,
}

#[derive(Serialize)]
struct Span<'a> {
    file_name: &'a str,
    byte_start: usize,
    byte_end: usize,
    line_start: u32,
    line_end: u32,
    column_start: u32,
    column_end: u32,
    is_primary: bool,
    text: Vec<Line<'a>>,
    label: Option<&'a str>,
    suggested_replacement: Option<&'a str>,
    suggestion_applicability: Option<&'a str>,
    expansion: Option<()>,
}

#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    highlight_start: usize,
    highlight_end: usize,
}

/// A message a finding, and the end of the "build".
pub fn render(report: &Resolved<'_>) -> String {
    let messages = report.findings.iter().map(|found| line(&message(found)));
    let end = line(&BuildFinished {
        reason: "build-finished",
        success: report.counts.deny == 0,
    });
    messages.chain([end]).collect()
}

fn line(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}

fn message<'a>(found: &'a ResolvedFinding<'a>) -> CompilerMessage<'a> {
    let package = &found.package;
    CompilerMessage {
        reason: "compiler-message",
        package_id: &package.id,
        manifest_path: &package.manifest,
        target: target(package),
        message: diagnostic(found),
    }
}

fn target(package: &Package) -> Target<'_> {
    Target {
        kind: [package.kind],
        crate_types: [if package.kind == "lib" { "lib" } else { "bin" }],
        name: &package.name,
        src_path: &package.root,
        edition: &package.edition,
        doc: true,
        doctest: package.kind == "lib",
        test: true,
    }
}

fn diagnostic<'a>(found: &'a ResolvedFinding<'a>) -> Diagnostic<'a> {
    let finding = found.finding;
    let primary = span(&found.at, None, true);
    let labels = found.labels.iter().map(|(at, text)| span(at, Some(text), false));
    let code = Code {
        code: format!("delivery::{}", finding.rule.replace('-', "_")),
        explanation: None,
    };
    Diagnostic {
        message_type: "diagnostic",
        message: finding.message.clone(),
        code: Some(code),
        level: level(finding.level),
        spans: std::iter::once(primary).chain(labels).collect(),
        children: children(found),
        rendered: Some(human::finding(found, Look::PLAIN)),
    }
}

/// The execution, a step each, then the help, then the change that helps.
fn children<'a>(found: &'a ResolvedFinding<'a>) -> Vec<Diagnostic<'a>> {
    let child = |level, message, spans| Diagnostic {
        message_type: "diagnostic",
        message,
        code: None,
        level,
        spans,
        children: Vec::new(),
        rendered: None,
    };
    let steps = (1..).zip(&found.trace).map(|(number, (step, at))| {
        let text = format!("{number}. {}", sentence(step, &found.finding.trace));
        child("note", text, at.iter().map(|at| span(at, None, true)).collect())
    });
    let help = found
        .finding
        .help
        .iter()
        .map(|help| child("help", help.clone(), Vec::new()));
    let fix = found.fix.as_ref().map(|fix| {
        let applicability = applicability(fix.fix.applicability);
        let replaced = |(at, text): &'a (Place<'a>, &'a str)| Span {
            suggested_replacement: Some(text),
            suggestion_applicability: Some(applicability),
            ..span(at, None, true)
        };
        child("help", fix.fix.title.clone(), fix.edits.iter().map(replaced).collect())
    });
    steps.chain(help).chain(fix).collect()
}

/// rustc's word.
const fn applicability(applicability: Applicability) -> &'static str {
    match applicability {
        Applicability::MachineApplicable => "MachineApplicable",
        Applicability::MaybeIncorrect => "MaybeIncorrect",
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Note | Level::Allow => "note",
    }
}

fn span<'a>(at: &'a Place<'a>, label: Option<&'a str>, is_primary: bool) -> Span<'a> {
    Span {
        file_name: at.path,
        byte_start: at.bytes.start,
        byte_end: at.bytes.end,
        line_start: at.start.line,
        line_end: at.end.line,
        column_start: at.start.column,
        column_end: at.end.column,
        is_primary,
        text: lines(at),
        label,
        suggested_replacement: None,
        suggestion_applicability: None,
        expansion: None,
    }
}

/// The lines that a place touches, with the columns (in characters, from 1) of the part that belongs to it.
fn lines<'a>(at: &'a Place<'a>) -> Vec<Line<'a>> {
    let number = |line: u32| usize::try_from(line).unwrap_or(1);
    let column = |column: u32| usize::try_from(column).unwrap_or(1);
    let (first, last) = (number(at.start.line), number(at.end.line));
    let touched = at
        .source
        .lines()
        .skip(first.saturating_sub(1))
        .take(last + 1 - first.min(last));
    let marked = touched.zip(first..).map(|(text, number)| {
        let end = text.chars().count() + 1;
        Line {
            text,
            highlight_start: if number == first {
                column(at.start.column).min(end)
            } else {
                1
            },
            highlight_end: if number == last {
                column(at.end.column).min(end)
            } else {
                end
            },
        }
    });
    marked.collect()
}
