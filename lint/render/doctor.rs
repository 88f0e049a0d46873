//! What is seen of a workspace: for people, and for machines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::ValueEnum;
use serde::Serialize;

use super::text::{Paint, counted};
use super::{Files, Look, Place, Resolved, json};
use crate::overview::{Client, CrateSeen, Overview, Skipped, Unresolved, Why};
use crate::report::Verdict;

/// How the overview is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    Human,
    Json,
}

/// What is seen of a workspace.
#[must_use]
pub fn doctor(
    overview: &Overview,
    report: &Resolved<'_>,
    files: &dyn Files,
    format: DoctorFormat,
    look: Look,
) -> String {
    match format {
        DoctorFormat::Json => json::written(&document(overview, report, files)),
        DoctorFormat::Human => {
            let paint = Paint(look.colour);
            [
                crates(overview, paint),
                clients(overview, paint),
                integrations(report, paint),
                unresolved(&overview.unresolved, files, paint),
                read(overview, report, paint),
            ]
            .join("\n")
        }
    }
}

/// A line for each file that was not read, by reason.
#[must_use]
pub fn skipped(files: &[Skipped]) -> String {
    let mut out = String::new();
    for file in files {
        let _ = writeln!(out, "skipped {}: {}", file.path, file.why.as_str());
    }
    out
}

fn crates(overview: &Overview, paint: Paint) -> String {
    let mut out = heading(paint, "Crates");
    let width = widest(overview.crates.iter().map(|seen| seen.package.as_str()));
    for seen in &overview.crates {
        let (files, read) = (counted(seen.files, "file", "files"), seen.read);
        let _ = writeln!(out, "  {:<width$}  {files}, {read} read", seen.package);
    }
    out
}

fn clients(overview: &Overview, paint: Paint) -> String {
    let mut out = heading(paint, "Clients that the catalog describes");
    if overview.clients.is_empty() {
        out.push_str("  none: whatever the code receives or sends is not recognised\n");
    }
    let width = widest(overview.clients.iter().map(|client| client.package.as_str()));
    for client in &overview.clients {
        let versions = match client.versions.is_empty() {
            true => "in some version (no Cargo.lock)".to_owned(),
            false => client.versions.join(", "),
        };
        let described = client.described.as_ref();
        let described = described.map_or(String::new(), |version| format!("  described as of {version}"));
        let _ = writeln!(out, "  {:<width$}  {versions}{described}", client.package);
    }
    for stranger in &overview.strangers {
        let stranger = paint.yellow(stranger);
        let _ = writeln!(
            out,
            "  {stranger} is not described: `catalog:` in delivery.yaml can say what it does"
        );
    }
    out
}

const VERDICTS: [Verdict; 4] = [
    Verdict::Verified,
    Verdict::Refuted,
    Verdict::Conditional,
    Verdict::Unknown,
];

fn integrations(report: &Resolved<'_>, paint: Paint) -> String {
    let mut out = heading(paint, "Integrations");
    let units = || report.integrations.iter().map(|unit| unit.integration);
    let verdicts: Vec<String> = VERDICTS
        .into_iter()
        .map(|verdict| (units().filter(|unit| unit.verdict == verdict).count(), verdict.as_str()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {verdict}"))
        .collect();
    if verdicts.is_empty() {
        out.push_str("  none: nothing that receives or sends was found\n");
        return out;
    }
    let declared = units().filter(|unit| unit.declared.is_some()).count();
    let _ = writeln!(out, "  {} found: {}", units().count(), verdicts.join(", "));
    let _ = writeln!(out, "  {declared} declared, {} not", units().count() - declared);
    let mut transports: BTreeMap<&str, usize> = BTreeMap::new();
    for unit in units() {
        *transports.entry(&unit.transport).or_default() += 1;
    }
    for (transport, count) in transports {
        let name = if transport == "call" {
            "called, and sends"
        } else {
            transport
        };
        let _ = writeln!(out, "  {count:>4}  {name}");
    }
    out
}

fn unresolved(calls: &[Unresolved], files: &dyn Files, paint: Paint) -> String {
    let mut out = heading(paint, "Calls with a message that nobody could see into");
    if calls.is_empty() {
        out.push_str("  none\n");
    }
    for call in calls {
        let place = Place::new(call.first, files).line();
        let units = counted(call.units, "integration", "integrations");
        let _ = writeln!(out, "  {:>4}  {}  in {units}, first at {place}", call.count, call.name);
    }
    out
}

fn read(overview: &Overview, report: &Resolved<'_>, paint: Paint) -> String {
    let mut out = heading(paint, "Files");
    let counts = report.counts;
    let _ = writeln!(out, "  {:>4}  read", counts.files);
    let unread = counts.files.saturating_sub(counts.parsed);
    if unread > 0 {
        let _ = writeln!(
            out,
            "  {unread:>4}  of them {}",
            paint.red("not whole: what does not parse is unknown")
        );
    }
    for (why, count) in by_reason(&overview.skipped) {
        let _ = writeln!(out, "  {count:>4}  not read: {}", why.as_str());
    }
    out
}

fn by_reason(skipped: &[Skipped]) -> BTreeMap<Why, usize> {
    let mut counts = BTreeMap::new();
    for file in skipped {
        *counts.entry(file.why).or_default() += 1;
    }
    counts
}

fn heading(paint: Paint, text: &str) -> String {
    format!("{}\n", paint.bold(text))
}

fn widest<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(str::len).max().unwrap_or(0)
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    crates: Vec<CrateEntry<'a>>,
    clients: Vec<ClientEntry<'a>>,
    strangers: Vec<&'a str>,
    verdicts: BTreeMap<&'a str, usize>,
    unresolved: Vec<UnresolvedEntry<'a>>,
    read: usize,
    parsed: usize,
    skipped: Vec<SkippedEntry<'a>>,
}

#[derive(Serialize)]
struct CrateEntry<'a> {
    package: &'a str,
    dir: &'a str,
    files: usize,
    read: usize,
}

#[derive(Serialize)]
struct ClientEntry<'a> {
    package: &'a str,
    versions: Vec<&'a str>,
    described: Option<&'a str>,
}

#[derive(Serialize)]
struct UnresolvedEntry<'a> {
    call: &'a str,
    count: usize,
    integrations: usize,
    file: &'a str,
    line: u32,
}

#[derive(Serialize)]
struct SkippedEntry<'a> {
    file: &'a str,
    why: &'a str,
}

fn document<'a>(overview: &'a Overview, report: &Resolved<'_>, files: &'a dyn Files) -> Document<'a> {
    let verdict = |verdict: Verdict| {
        let units = report
            .integrations
            .iter()
            .filter(|unit| unit.integration.verdict == verdict);
        (verdict.as_str(), units.count())
    };
    let crates = overview.crates.iter().map(
        |CrateSeen {
             package,
             dir,
             files,
             read,
         }| CrateEntry {
            package,
            dir,
            files: *files,
            read: *read,
        },
    );
    let clients = overview.clients.iter().map(
        |Client {
             package,
             versions,
             described,
         }| ClientEntry {
            package,
            versions: versions.iter().map(AsRef::as_ref).collect(),
            described: described.as_deref(),
        },
    );
    let unresolved = overview.unresolved.iter().map(|call| UnresolvedEntry {
        call: &call.name,
        count: call.count,
        integrations: call.units,
        file: files.path(call.first.file),
        line: call.first.start.line,
    });
    let skipped = overview.skipped.iter().map(|file| SkippedEntry {
        file: &file.path,
        why: file.why.word(),
    });
    Document {
        version: 1,
        crates: crates.collect(),
        clients: clients.collect(),
        strangers: overview.strangers.iter().map(AsRef::as_ref).collect(),
        verdicts: VERDICTS.map(verdict).into(),
        unresolved: unresolved.collect(),
        read: report.counts.files,
        parsed: report.counts.parsed,
        skipped: skipped.collect(),
    }
}
