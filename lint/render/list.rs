//! The list of integrations: what each is fed by, what it feeds, what it promises and what it gives.

use clap::ValueEnum;
use delivery_grammar::Semantic;

use super::text::{Paint, printable_name};
use super::{Look, Resolved, ResolvedIntegration, json};
use crate::report::Verdict;

/// How the list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A table
    Human,
    /// One line each, fields separated by tabs: place, id, source, sinks, declared, inferred, verdict
    Short,
    /// As in the report
    Json,
}

/// Every integration, in the report's order.
#[must_use]
pub fn list(report: &Resolved<'_>, format: ListFormat, look: Look) -> String {
    match format {
        ListFormat::Human => human(report, look),
        ListFormat::Short => report
            .integrations
            .iter()
            .map(|unit| format!("{}\n", fields(unit).join("\t")))
            .collect(),
        ListFormat::Json => json::integrations(report),
    }
}

const HEADINGS: [&str; 7] = [
    "integration",
    "source",
    "sinks",
    "declared",
    "inferred",
    "verdict",
    "place",
];

fn fields(unit: &ResolvedIntegration<'_>) -> [String; 7] {
    let integration = unit.integration;
    let semantic = |semantic: Option<Semantic>| semantic.map_or("-".to_owned(), |semantic| semantic.to_string());
    let targets = integration.targets();
    [
        unit.at.line(),
        integration.id.to_string(),
        integration.source(),
        if targets.is_empty() {
            "-".to_owned()
        } else {
            targets.join(",")
        },
        semantic(integration.declared.as_ref().map(|declared| declared.semantic)),
        semantic(integration.inferred),
        integration.verdict.as_str().to_owned(),
    ]
    .map(|field| printable_name(&field).into_owned())
}

/// A table if the terminal is wide enough, else a few lines for each integration.
fn human(report: &Resolved<'_>, look: Look) -> String {
    let rows: Vec<[String; 7]> = report.integrations.iter().map(named_first).collect();
    let widths: Vec<usize> = (0..HEADINGS.len()).map(|column| width(&rows, column)).collect();
    let verdicts = report.integrations.iter().map(|unit| unit.integration.verdict);
    let rows = rows.iter().zip(verdicts);
    let paint = Paint(look.colour);
    if report.integrations.is_empty() {
        "no integrations found\n".to_owned()
    } else if widths.iter().map(|width| width + GAP.len()).sum::<usize>() > look.width {
        rows.map(|(row, verdict)| block(row, verdict, paint)).collect()
    } else {
        let headings = HEADINGS
            .iter()
            .zip(&widths)
            .map(|(heading, width)| format!("{heading:<width$}"));
        let headings = paint.bold(headings.collect::<Vec<_>>().join(GAP).trim_end());
        let lines = rows.map(|(row, verdict)| line(row, &widths, verdict, paint));
        std::iter::once(format!("{headings}\n")).chain(lines).collect()
    }
}

/// For people, what is asked for stands at the left.
fn named_first(unit: &ResolvedIntegration<'_>) -> [String; 7] {
    let mut row = fields(unit);
    row.rotate_left(1);
    row
}

const GAP: &str = "  ";

fn width(rows: &[[String; 7]], column: usize) -> usize {
    let cells = rows.iter().map(|row| row[column].chars().count());
    cells.max().unwrap_or(0).max(HEADINGS[column].len())
}

fn line(row: &[String; 7], widths: &[usize], verdict: Verdict, paint: Paint) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
    let mut cells: Vec<String> = cells.collect();
    cells[5] = coloured(&cells[5], verdict, paint);
    format!("{}\n", cells.join(GAP).trim_end())
}

fn block([id, source, sinks, declared, inferred, verdict, place]: &[String; 7], kind: Verdict, paint: Paint) -> String {
    let promise = if declared == "-" {
        "nothing declared".to_owned()
    } else {
        format!("declared {declared}")
    };
    let given = if inferred == "-" {
        String::new()
    } else {
        format!(", the code gives {inferred}")
    };
    let (id, verdict) = (paint.bold(id), coloured(verdict, kind, paint));
    let effects = if sinks == "-" {
        String::new()
    } else {
        format!(" → {}", sinks.replace(',', ", "))
    };
    format!("{id}: {verdict}, {promise}{given}\n    {source}{effects}\n    {place}\n")
}

fn coloured(text: &str, verdict: Verdict, paint: Paint) -> String {
    match verdict {
        Verdict::Verified => paint.green(text),
        Verdict::Refuted => paint.red(text),
        Verdict::Conditional | Verdict::Unknown => paint.yellow(text),
    }
}
