//! `cargo delivery doc`.

mod folder;

use anyhow::Context as _;

use self::folder::Folder;
use super::args::{Doc, DocFormat, Verbosity};
use super::session::Session;
use super::{Console, Outcome};
use crate::docs::{self, Format};

pub fn run(args: &Doc, verbosity: Verbosity, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let mut session = Session::run(&args.selection, &args.levels, console.today)?;
    session.config.docs.language = args.language.unwrap_or(session.config.docs.language);
    let format = match args.format {
        DocFormat::Html => Format::Html,
        DocFormat::Markdown => Format::Markdown,
        DocFormat::Json => Format::Json,
        DocFormat::Asyncapi => Format::AsyncApi,
    };
    let pages = docs::pages(&session.resolved(), &session.config, format);
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| session.workspace.root.join("target/delivery"));
    let folder = Folder::new(&out);
    if args.check {
        return check(&folder.differences(&pages)?, console);
    }
    folder.write(&pages)?;
    if verbosity != Verbosity::Quiet {
        let index = out.join(format.entry());
        console.stdout.text(&format!("{}\n", index.display()));
    }
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}

/// Stale documentation fails, as a denied finding does.
fn check(differences: &[String], console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    for difference in differences {
        console.stdout.text(&format!("{difference}\n"));
    }
    console.stdout.finish().context("cannot write the result")?;
    Ok(if differences.is_empty() {
        Outcome::Clean
    } else {
        Outcome::Denied
    })
}
