//! The list of integrations: what each is fed by, what it feeds, what it promises and what it gives.

use clap::ValueEnum;
use delivery_grammar::Semantic;

use super::text::Paint;
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
        ListFormat::Human => table(report, look),
        ListFormat::Short => report
            .integrations
            .iter()
            .map(|unit| format!("{}\n", fields(unit).join("\t")))
            .collect(),
        ListFormat::Json => json::integrations(report),
    }
}

const HEADINGS: [&str; 7] = [
    "place",
    "integration",
    "source",
    "sinks",
    "declared",
    "inferred",
    "verdict",
];

fn fields(unit: &ResolvedIntegration<'_>) -> [String; 7] {
    let integration = unit.integration;
    let semantic = |semantic: Option<Semantic>| semantic.map_or("-".to_owned(), |semantic| semantic.to_string());
    let sinks: Vec<String> = integration
        .sinks
        .iter()
        .map(|sink| format!("{}:{}", sink.kind, sink.target))
        .collect();
    [
        unit.at.line(),
        integration.id.to_string(),
        source(&integration.transport, integration.address.as_deref()),
        if sinks.is_empty() {
            "-".to_owned()
        } else {
            sinks.join(",")
        },
        semantic(integration.declared.as_ref().map(|declared| declared.semantic)),
        semantic(integration.inferred),
        integration.verdict.as_str().to_owned(),
    ]
}

/// `kafka:orders.v1`, `kafka:?` where the code does not show the topic, `call` for a producer.
pub(crate) fn source(transport: &str, address: Option<&str>) -> String {
    match address {
        Some(address) => format!("{transport}:{address}"),
        None if transport == "call" => transport.to_owned(),
        None => format!("{transport}:?"),
    }
}

/// The place comes last, so that what is asked for stands at the left.
fn table(report: &Resolved<'_>, look: Look) -> String {
    if report.integrations.is_empty() {
        return "no integrations found\n".to_owned();
    }
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(report.integrations.iter().map(fields));
    for row in &mut rows {
        row.rotate_left(1);
    }
    let widths: Vec<usize> = (0..HEADINGS.len()).map(|column| width(&rows, column)).collect();
    let paint = Paint(look.colour);
    let verdicts = report.integrations.iter().map(|unit| Some(unit.integration.verdict));
    rows.iter()
        .zip(std::iter::once(None).chain(verdicts))
        .map(|(row, verdict)| line(row, &widths, verdict, paint))
        .collect()
}

fn width(rows: &[[String; 7]], column: usize) -> usize {
    rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
}

fn line(row: &[String; 7], widths: &[usize], verdict: Option<Verdict>, paint: Paint) -> String {
    let cells: Vec<String> = row
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:<width$}"))
        .collect();
    let coloured = match verdict {
        None => return format!("{}\n", paint.bold(cells.join("  ").trim_end())),
        Some(Verdict::Verified) => paint.green(&cells[5]),
        Some(Verdict::Refuted) => paint.red(&cells[5]),
        Some(Verdict::Conditional | Verdict::Unknown) => paint.yellow(&cells[5]),
    };
    format!("{}  {coloured}  {}\n", cells[..5].join("  "), cells[6].trim_end())
}
