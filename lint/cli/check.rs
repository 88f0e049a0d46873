//! `cargo delivery check`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use clap::ValueEnum as _;
use serde::{Deserialize, Serialize};

use super::args::{Check, FileReport, Verbosity};
use super::cache::Cache;
use super::git::Revision;
use super::proof::add_fixes;
use super::session::{self, Asked, Session};
use super::{Console, Outcome, fix, output, with};
use crate::baseline::Baseline;
use crate::render::{self, Detail, Format, Look, Resolved, counted};
use crate::workspace::{Place, Witness};

pub fn run(args: &Check, verbosity: Verbosity, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    refuse(args)?;
    let place = Place::find(&args.selection.paths, &session::options(&args.selection))?;
    let revision = args.changed_since.as_deref();
    let revision = revision.map(|name| Revision::open(name, &place.root)).transpose()?;
    let shown = Shown {
        format: args.format.unwrap_or(console.format),
        look: console.stdout.look(console.width),
        verbosity,
    };
    let cache = may_be_kept(args).then(|| {
        let asked = (args, shown, console.today, revision.as_ref().map(Revision::name));
        Cache::at(&place, console.target.as_deref(), &asked)
    });
    let cache = cache.flatten();
    if let Some(said) = cache.as_ref().and_then(Cache::recall) {
        return tell(&said, args, &place, console);
    }
    let keeper = cache.as_ref().and_then(Cache::begin);
    let asked = Asked {
        selection: &args.selection,
        levels: &args.levels,
        today: console.today,
        watched: console.watched && verbosity != Verbosity::Quiet,
        drafts: &BTreeMap::new(),
        witness: keeper.as_ref().map(|keeper| &keeper.witness),
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
    let said = say(&session, args, shown, revision.as_ref(), asked.witness.map(Arc::as_ref))?;
    let outcome = tell(&said, args, &place, console)?;
    if let Some(keeper) = keeper {
        keeper.keep(&said);
    }
    // The process ends here: taking a large workspace apart, node by node, would be waited for in vain.
    std::mem::forget(session);
    Ok(outcome)
}

/// Arguments that do not go together, as far as clap cannot tell.
fn refuse(args: &Check) -> anyhow::Result<()> {
    if let Some(format) = args.format.filter(|format| args.statistics && *format != Format::Human) {
        let name = format
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned());
        bail!("`--statistics` counts for people; with `--format {name}`, count the findings of the report instead");
    }
    if args.with.is_some() && args.format != Some(Format::Cargo) {
        bail!("`--with` passes cargo's messages on, which only `--format cargo` goes with");
    }
    Ok(())
}

/// Whether what is said depends on nothing but what was asked and what was read, and nothing else is done.
fn may_be_kept(args: &Check) -> bool {
    !args.no_cache && !args.fix && !args.write_baseline && !args.prune_baseline
}

/// How the result is shown.
#[derive(Debug, Clone, Copy)]
struct Shown {
    format: Format,
    look: Look,
    verbosity: Verbosity,
}

/// All that a run has to say.
#[derive(Serialize, Deserialize)]
struct Said {
    /// What became of the baseline.
    baseline: String,
    /// Texts for the files of `--report`, in their order.
    reports: Vec<String>,
    result: String,
    /// Which files were not read.
    skipped: String,
    denied: bool,
}

/// From what was found to what is said of it.
fn say(
    session: &Session,
    args: &Check,
    shown: Shown,
    revision: Option<&Revision>,
    witness: Option<&Witness>,
) -> anyhow::Result<Said> {
    let mut report = session.resolved();
    if let Some(revision) = revision {
        let changes = session.changes_since(revision);
        report.set_aside(|found| !changes.concern(found.finding, &session.report.integrations));
    }
    let baseline = settle(args, &mut report, witness)?;
    let render_file = |file: &FileReport| render::render(&report, file.format, Look::PLAIN, Detail::Summary);
    let reports = args.report.iter().map(render_file).collect();
    let result = match (&args.explain_verdict, args.statistics) {
        (Some(name), _) => explained(&mut report, name, shown.look)?,
        (None, true) => render::statistics(&report, shown.look),
        (None, false) => render::render(&report, shown.format, shown.look, detail(shown.verbosity)),
    };
    let skipped = match shown.verbosity {
        Verbosity::Verbose => render::skipped(&session.overview().skipped),
        _ => String::new(),
    };
    Ok(Said {
        baseline,
        reports,
        result,
        skipped,
        denied: report.counts.deny > 0,
    })
}

fn tell(said: &Said, args: &Check, place: &Place, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let succeeded = match &args.with {
        Some(words) => with::pass_on(words, &place.root, console)?,
        None => true,
    };
    console.stderr.text(&said.baseline);
    for (file, text) in args.report.iter().zip(&said.reports) {
        output::write(&file.file, text)?;
    }
    console.stdout.text(&said.result);
    console.stderr.text(&said.skipped);
    console.stdout.finish().context("cannot write the result")?;
    match said.denied || !succeeded {
        true => Ok(Outcome::Denied),
        false => Ok(Outcome::Clean),
    }
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

/// Sets aside what the baseline knows, and keeps its file as it was asked for; what there is to say about that.
fn settle(args: &Check, report: &mut Resolved<'_>, witness: Option<&Witness>) -> anyhow::Result<String> {
    let Some(path) = &args.baseline else {
        return Ok(String::new());
    };
    if args.write_baseline {
        let baseline = begin(path, report)?;
        let findings = counted(baseline.len(), "finding", "findings");
        return Ok(format!("{findings} written to {}\n", path.display()));
    }
    let baseline = read(path, witness)?;
    let again = baseline.apply(report);
    let gone = baseline.len() - again.len();
    if args.prune_baseline && gone > 0 {
        output::write(path, &again.write())?;
    }
    let gone_findings = counted(gone, "finding", "findings");
    Ok(match (gone, args.prune_baseline) {
        (0, _) => String::new(),
        (_, true) => format!("{gone_findings} taken from {}\n", path.display()),
        (_, false) => format!(
            "note: {gone_findings} of {} found no more; `--prune-baseline` takes them out\n",
            path.display()
        ),
    })
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
fn read(path: &Path, witness: Option<&Witness>) -> anyhow::Result<Baseline> {
    let shown = path.display();
    if let Some(witness) = witness {
        witness.see(path);
    }
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("there is no baseline at {shown}: `--write-baseline` makes one")
        }
        text => text.with_context(|| format!("cannot read the baseline {shown}"))?,
    };
    Baseline::read(&text).map_err(|problem| anyhow!("{shown} is no baseline: {problem}"))
}
