//! `cargo delivery check`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use clap::ValueEnum as _;

use super::args::{Check, FileReport, Verbosity};
use super::git::Revision;
use super::proof::add_fixes;
use super::session::{Asked, Session};
use super::{Console, Outcome, fix, output, with};
use crate::baseline::Baseline;
use crate::render::{self, Detail, Format, Look, Resolved, counted};

pub fn run(args: &Check, verbosity: Verbosity, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    if let Some(format) = args.format.filter(|format| args.statistics && *format != Format::Human) {
        let name = format
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned());
        bail!("`--statistics` counts for people; with `--format {name}`, count the findings of the report instead");
    }
    if args.with.is_some() && args.format != Some(Format::Cargo) {
        bail!("`--with` passes cargo's messages on, which only `--format cargo` goes with");
    }
    let asked = Asked {
        selection: &args.selection,
        levels: &args.levels,
        today: console.today,
        watched: console.watched && verbosity != Verbosity::Quiet,
        drafts: &BTreeMap::new(),
    };
    let mut session = asked.session()?;
    add_fixes(&mut session, &asked);
    if args.fix {
        fix::run(args, &asked, &session, console)?;
        if args.dry_run {
            console.stdout.finish().context("cannot write the result")?;
            return Ok(Outcome::Clean);
        }
        session = asked.session()?;
        add_fixes(&mut session, &asked);
    }
    let succeeded = match &args.with {
        Some(words) => with::pass_on(words, &session.workspace.root, console)?,
        None => true,
    };
    let mut report = session.resolved();
    if let Some(revision) = &args.changed_since {
        leave_what_stayed(&session, revision, &mut report)?;
    }
    settle(args, &mut report, console)?;
    for file in &args.report {
        write_report(&report, file)?;
    }
    let look = console.stdout.look(console.width);
    let text = match (&args.explain_verdict, args.statistics) {
        (Some(name), _) => explained(&mut report, name, look)?,
        (None, true) => render::statistics(&report, look),
        (None, false) => render::render(&report, args.format.unwrap_or(console.format), look, detail(verbosity)),
    };
    console.stdout.text(&text);
    if verbosity == Verbosity::Verbose {
        console.stderr.text(&render::skipped(&session.overview().skipped));
    }
    console.stdout.finish().context("cannot write the result")?;
    let outcome = if report.counts.deny > 0 || !succeeded {
        Outcome::Denied
    } else {
        Outcome::Clean
    };
    // The process ends here: taking a large workspace apart, node by node, would be waited for in vain.
    std::mem::forget(session);
    Ok(outcome)
}

/// Sets aside what is about nothing that changed since the revision.
fn leave_what_stayed(session: &Session, revision: &str, report: &mut Resolved<'_>) -> anyhow::Result<()> {
    let changes = session.changes_since(&Revision::open(revision, &session.workspace.root)?);
    report.set_aside(|found| !changes.concern(found.finding, &session.report.integrations));
    Ok(())
}

/// One unit alone, with what is found in it.
fn explained(report: &mut Resolved<'_>, name: &str, look: Look) -> anyhow::Result<String> {
    let text = render::verdict(report, name, look);
    if text.is_empty() {
        let units = report.integrations.iter().map(|unit| unit.integration);
        let names: Vec<&str> = units
            .flat_map(|unit| [unit.id.as_str(), unit.function.as_str()])
            .collect();
        match delivery_grammar::closest(name, &names) {
            Some(meant) => bail!("nothing is delivered in `{name}`; did you mean `{meant}`?"),
            None => bail!("nothing is delivered in `{name}`; `cargo delivery list` tells where something is"),
        }
    }
    let units = report.integrations.iter().filter(|unit| render::is_named(unit, name));
    let ids: Vec<_> = units.map(|unit| unit.integration.id.clone()).collect();
    report.set_aside(|found| !found.finding.integration.as_ref().is_some_and(|id| ids.contains(id)));
    Ok(text)
}

const fn detail(verbosity: Verbosity) -> Detail {
    match verbosity {
        Verbosity::Quiet => Detail::Findings,
        Verbosity::Normal => Detail::Summary,
        Verbosity::Verbose => Detail::Assumptions,
    }
}

fn write_report(report: &Resolved<'_>, file: &FileReport) -> anyhow::Result<()> {
    let text = render::render(report, file.format, Look::PLAIN, Detail::Summary);
    output::write(&file.file, &text)
}

/// Sets aside what the baseline knows, and keeps its file as it was asked for. What there is to say goes to standard error.
fn settle(args: &Check, report: &mut Resolved<'_>, console: &mut Console<'_>) -> anyhow::Result<()> {
    let Some(path) = &args.baseline else {
        return Ok(());
    };
    if args.write_baseline {
        let baseline = begin(path, report)?;
        let findings = counted(baseline.len(), "finding", "findings");
        console
            .stderr
            .text(&format!("{findings} written to {}\n", path.display()));
        return Ok(());
    }
    let baseline = read(path)?;
    let again = baseline.apply(report);
    let gone = baseline.len() - again.len();
    if args.prune_baseline && gone > 0 {
        output::write(path, &again.write())?;
    }
    let gone_findings = counted(gone, "finding", "findings");
    match (gone, args.prune_baseline) {
        (0, _) => {}
        (_, true) => console
            .stderr
            .text(&format!("{gone_findings} taken from {}\n", path.display())),
        (_, false) => console.stderr.text(&format!(
            "note: {gone_findings} of {} found no more; `--prune-baseline` takes them out\n",
            path.display()
        )),
    }
    Ok(())
}

/// A new baseline with everything that was found. One that is there is never written over: it may only shrink.
#[expect(clippy::disallowed_methods, reason = "the edge: the user's own file")]
fn begin(path: &Path, report: &mut Resolved<'_>) -> anyhow::Result<Baseline> {
    if path.exists() {
        bail!(
            "{} is there already, and a baseline only shrinks: `--prune-baseline` takes out what is found no more; delete the file to begin anew",
            path.display()
        );
    }
    let baseline = Baseline::of(report);
    output::write(path, &baseline.write())?;
    Ok(baseline.apply(report))
}

#[expect(clippy::disallowed_methods, reason = "the edge: the user's own file")]
fn read(path: &Path) -> anyhow::Result<Baseline> {
    let shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("there is no baseline at {shown}: `--write-baseline` makes one")
        }
        text => text.with_context(|| format!("cannot read the baseline {shown}"))?,
    };
    Baseline::read(&text).map_err(|problem| anyhow!("{shown} is no baseline: {problem}"))
}
