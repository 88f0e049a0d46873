//! What became weaker or stronger: for people, for a pull request, for machines.

use std::fmt::Write as _;

use clap::ValueEnum;
use delivery_grammar::Semantic;
use serde::Serialize;

use super::text::{Paint, counted};
use super::{Look, json};
use crate::drift::{Change, Move, Stand};

/// How changes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DriftFormat {
    /// A line each
    Human,
    /// A table, for a pull request
    Markdown,
    Json,
}

/// Writes the changes.
#[must_use]
pub fn drift(changes: &[Change], format: DriftFormat, look: Look) -> String {
    match format {
        DriftFormat::Human => human(changes, look),
        DriftFormat::Markdown => markdown(changes),
        DriftFormat::Json => json(changes),
    }
}

fn human(changes: &[Change], look: Look) -> String {
    let paint = Paint(look.colour);
    let mut out = String::new();
    for change in changes {
        let Some(stand) = change.stand() else { continue };
        let kind = format!("{:<9}", change.kind.as_str());
        let kind = match change.kind {
            Move::Weaker => paint.red(&kind),
            Move::Obscured | Move::Gone => paint.yellow(&kind),
            Move::New => paint.cyan(&kind),
            Move::Stronger => paint.green(&kind),
        };
        let (declared, inferred) = both(change);
        let _ = writeln!(out, "{kind} {} ({}:{})", stand.integration, stand.file, stand.line);
        let _ = writeln!(out, "          declared {declared}; the code gives {inferred}");
    }
    let weaker = changes.iter().filter(|change| change.kind == Move::Weaker).count();
    match (changes.len(), weaker) {
        (0, _) => out.push_str("no guarantee changed\n"),
        (all, weaker) => {
            let all = counted(all, "integration changed", "integrations changed");
            let weaker = counted(weaker, "became weaker", "became weaker");
            let _ = writeln!(out, "{all}, {weaker}");
        }
    }
    out
}

fn markdown(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "No delivery guarantee changed.\n".to_owned();
    }
    let mut out = String::from("| | Integration | Declared | The code gives | Where |\n|---|---|---|---|---|\n");
    for change in changes {
        let Some(stand) = change.stand() else { continue };
        let (declared, inferred) = both(change);
        let kind = change.kind.as_str();
        let (name, file) = (cell(&stand.integration), cell(&stand.file));
        let _ = writeln!(
            out,
            "| {kind} | `{name}` | {declared} | {inferred} | `{file}:{}` |",
            stand.line
        );
    }
    out
}

/// What may not end a cell of a table or its code.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['`', '\n', '\r'], " ")
}

/// `at_least_once → at_most_once`; the word alone where it stayed.
fn both(change: &Change) -> (String, String) {
    let side = |of: fn(&Stand) -> Option<Semantic>, none: &'static str| {
        let word = |stand: &Option<Stand>| {
            stand
                .as_ref()
                .map(|stand| of(stand).map_or(none, Semantic::as_str).to_owned())
        };
        match (word(&change.before), word(&change.after)) {
            (Some(before), Some(after)) if before != after => format!("{before} → {after}"),
            (before, after) => after.or(before).unwrap_or_default(),
        }
    };
    (
        side(|stand| stand.declared, "nothing"),
        side(|stand| stand.inferred, "what is not known"),
    )
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    changes: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    change: &'static str,
    integration: &'a str,
    function: &'a str,
    file: &'a str,
    line: u32,
    before: Option<Side>,
    after: Option<Side>,
}

#[derive(Serialize)]
struct Side {
    declared: Option<&'static str>,
    inferred: Option<&'static str>,
}

fn json(changes: &[Change]) -> String {
    json::written(&Document {
        version: 1,
        changes: changes.iter().filter_map(entry).collect(),
    })
}

fn entry(change: &Change) -> Option<Entry<'_>> {
    let side = |stand: &Stand| Side {
        declared: stand.declared.map(Semantic::as_str),
        inferred: stand.inferred.map(Semantic::as_str),
    };
    let stand = change.stand()?;
    Some(Entry {
        change: change.kind.as_str(),
        integration: &stand.integration,
        function: &stand.function,
        file: &stand.file,
        line: stand.line,
        before: change.before.as_ref().map(side),
        after: change.after.as_ref().map(side),
    })
}
