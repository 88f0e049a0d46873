//! `cargo delivery check`.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::ValueEnum as _;

use super::args::{Check, FileReport, Verbosity};
use super::session::Session;
use super::{Console, Outcome};
use crate::render::{self, Detail, Format, Look, Resolved};

pub fn run(args: &Check, verbosity: Verbosity, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    if let Some(format) = args.format.filter(|format| args.statistics && *format != Format::Human) {
        let name = format
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned());
        bail!("`--statistics` counts for people; with `--format {name}`, count the findings of the report instead");
    }
    let session = Session::run(&args.selection, &args.levels, console.today)?;
    let report = session.resolved();
    for file in &args.report {
        write_report(&report, file)?;
    }
    let look = console.stdout.look(console.width);
    let text = match args.statistics {
        true => render::statistics(&report, look),
        false => render::render(&report, args.format.unwrap_or(console.format), look, detail(verbosity)),
    };
    console.stdout.text(&text);
    console.stdout.finish().context("cannot write the result")?;
    Ok(if report.counts.deny > 0 {
        Outcome::Denied
    } else {
        Outcome::Clean
    })
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
    write(&file.file, &text)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: a report goes where the user wants it"
)]
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
