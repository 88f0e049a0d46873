//! From a report to the protocol's words: diagnostics, hovers, code actions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, Diagnostic, DiagnosticRelatedInformation,
    DiagnosticSeverity, DocumentChanges, Hover, HoverContents, Location, MarkupContent, MarkupKind, NumberOrString,
    OneOf, OptionalVersionedTextDocumentIdentifier, Position, Range, TextDocumentEdit, TextEdit, WorkspaceEdit,
};

use super::uri;
use crate::cli::annotate;
use crate::cli::session::Session;
use crate::fix;
use crate::render::{self, Files as _, Place, ResolvedFinding};
use crate::report::{Applicability, Edit, Fix, Level};
use crate::rules::rule;
use crate::span::{FileId, Pos, Span};

const SOURCE: &str = "cargo delivery";

/// The diagnostics of each file that has some.
pub fn diagnostics(session: &Session) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
    let report = session.resolved();
    let mut files: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    for found in &report.findings {
        let path = session.workspace.absolute(found.at.path);
        files.entry(path).or_default().push(diagnostic(session, found));
    }
    files
}

fn diagnostic(session: &Session, found: &ResolvedFinding<'_>) -> Diagnostic {
    let finding = found.finding;
    let help = finding
        .help
        .as_ref()
        .map_or(String::new(), |help| format!("\nhelp: {help}"));
    let labels = found.labels.iter().map(|(at, text)| (at, (*text).to_owned()));
    let steps = found.trace.iter().filter_map(|(step, at)| {
        let text = render::sentence(step, &finding.trace);
        at.as_ref().map(|at| (at, text))
    });
    Diagnostic {
        range: range(&found.at),
        severity: Some(match finding.level {
            Level::Deny => DiagnosticSeverity::ERROR,
            Level::Warn => DiagnosticSeverity::WARNING,
            Level::Note | Level::Allow => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(finding.rule.to_owned())),
        source: Some(SOURCE.to_owned()),
        message: format!("{}{help}", finding.message),
        related_information: Some(
            labels
                .chain(steps)
                .filter_map(|(at, message)| related(session, at, message))
                .collect(),
        ),
        ..Diagnostic::default()
    }
}

fn related(session: &Session, at: &Place<'_>, message: String) -> Option<DiagnosticRelatedInformation> {
    let location = Location {
        uri: uri::of(&session.workspace.absolute(at.path))?,
        range: range(at),
    };
    Some(DiagnosticRelatedInformation { location, message })
}

/// What is known of the integration whose function begins on a line, or that begins there itself.
pub fn hover(session: &Session, file: FileId, line: u32) -> Option<Hover> {
    let report = session.resolved();
    let is_here = |span: Span| span.file == file && span.covers_line(line);
    let texts: Vec<String> = report
        .integrations
        .iter()
        .filter(|unit| {
            let home = unit.integration.home;
            is_here(unit.integration.at) || (home.file == file && home.start.line == line)
        })
        .map(render::hover)
        .collect();
    (!texts.is_empty()).then(|| Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value: texts.join("\n---\n"),
        }),
        range: None,
    })
}

/// What can be done about the diagnostics that the editor asks about.
pub fn actions(session: &Session, file: FileId, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let ours = params.context.diagnostics.iter();
    let ours = ours.filter(|diagnostic| diagnostic.source.as_deref() == Some(SOURCE));
    ours.flat_map(|diagnostic| about(session, file, diagnostic))
        .map(CodeActionOrCommand::CodeAction)
        .collect()
}

fn about(session: &Session, file: FileId, diagnostic: &Diagnostic) -> Vec<CodeAction> {
    let Some(NumberOrString::String(name)) = &diagnostic.code else {
        return Vec::new();
    };
    let Some(rule) = rule(name) else { return Vec::new() };
    let line = diagnostic.range.start.line + 1;
    let action = |title: String, edits: &[Edit]| {
        Some(CodeAction {
            title,
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![diagnostic.clone()]),
            edit: Some(edit(session, file, edits)?),
            ..CodeAction::default()
        })
    };
    let mut actions = Vec::new();
    let here = session.report.findings.iter().filter(|finding| {
        let at = finding.primary;
        finding.rule == rule.name && at.file == file && at.start.line == line
    });
    let in_this_file = |fix: &&Fix| fix.edits.iter().all(|edit| edit.at.file == file);
    for fix in here.filter_map(|finding| finding.fix.as_ref()).filter(in_this_file) {
        let preferred = fix.applicability == Applicability::MachineApplicable;
        let action = action(sentence(&fix.title), &fix.edits);
        actions.extend(action.map(|action| CodeAction {
            is_preferred: Some(preferred),
            ..action
        }));
    }
    if rule.name == "undeclared-integration" {
        let here = |unit: &annotate::Annotation| unit.unit.file == file && unit.unit.start.line == line;
        for annotation in annotate::annotations(session).into_iter().filter(here) {
            let title = format!("Declare `{}`", annotation.semantic);
            actions.extend(action(title, std::slice::from_ref(&annotation.edit)));
        }
    }
    if rule.name != "unused-allow" && rule.name != "syntax-error" {
        let title = format!("Allow `{}` here, with a reason", rule.name);
        actions.extend(action(title, &[allow(session, file, line, rule.name)]));
    }
    actions
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

/// A comment on the line above; the reason is to be filled in.
fn allow(session: &Session, file: FileId, line: u32, rule: &str) -> Edit {
    let text = session.text(file);
    let index = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    let code = text.lines().nth(index).unwrap_or_default();
    let indent = &code[..code.len() - code.trim_start().len()];
    let start = Pos { line, column: 1 };
    Edit {
        at: Span {
            file,
            start,
            end: start,
        },
        with: format!("{indent}// delivery: allow({rule}): TODO say why\n"),
    }
}

fn edit(session: &Session, file: FileId, edits: &[Edit]) -> Option<WorkspaceEdit> {
    let text = session.text(file);
    let all: Vec<&Edit> = edits.iter().collect();
    let after = fix::apply(text, &all);
    let edit = TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier {
            uri: uri::of(&session.workspace.absolute(&session.workspace.file(file).path))?,
            version: None,
        },
        edits: vec![OneOf::Left(difference(text, &after))],
    };
    Some(WorkspaceEdit {
        document_changes: Some(DocumentChanges::Edits(vec![edit])),
        ..WorkspaceEdit::default()
    })
}

/// The smallest edit of whole lines that makes `after` of `before`.
fn difference(before: &str, after: &str) -> TextEdit {
    let (old, new): (Vec<&str>, Vec<&str>) = (
        before.split_inclusive('\n').collect(),
        after.split_inclusive('\n').collect(),
    );
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same;
    let ends = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    let line = |number: usize| Position {
        line: u32::try_from(number).unwrap_or(u32::MAX),
        character: 0,
    };
    TextEdit {
        range: Range {
            start: line(same),
            end: line(old.len() - ends),
        },
        new_text: new[same..new.len() - ends].concat(),
    }
}

fn range(at: &Place<'_>) -> Range {
    Range {
        start: position(at.source, at.bytes.start),
        end: position(at.source, at.bytes.end),
    }
}

/// The protocol counts lines from 0, and columns in units of UTF-16.
fn position(text: &str, byte: usize) -> Position {
    let before = &text[..byte];
    let line = before.rsplit('\n').next().unwrap_or_default();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position {
        line: number(before.matches('\n').count()),
        character: number(line.encode_utf16().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_as_the_protocol_does() {
        let text = "a\n😀ß x\n";
        let at = position(text, text.find('x').unwrap());
        assert_eq!((at.line, at.character), (1, 4));
    }

    #[test]
    fn an_edit_touches_only_the_lines_that_change() {
        let edit = difference("a\nb\nc\n", "a\nB\nB\nc\n");
        assert_eq!((edit.range.start.line, edit.range.end.line), (1, 2));
        assert_eq!(edit.new_text, "B\nB\n");
        let gone = difference("a\nb\n", "a\n");
        assert_eq!(
            (gone.range.start.line, gone.range.end.line, gone.new_text.as_str()),
            (1, 2, "")
        );
    }
}
