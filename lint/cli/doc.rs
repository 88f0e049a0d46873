//! `cargo delivery doc`.

mod folder;
mod open;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};

use self::folder::Folder;
use super::args::{Doc, DocFormat, Selection, Verbosity};
use super::session::Session;
use super::{Console, Outcome, diff};
use crate::docs::{self, Format, History};
use crate::drift::{self, Change, Stand};

pub fn run(args: &Doc, verbosity: Verbosity, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let format = format(args)?;
    let mut session = Session::run(&args.selection, &args.levels, console)?;
    session.config.docs.language = args.language.unwrap_or(session.config.docs.language);
    let changes = match &args.since {
        Some(since) => changes(since, args, &session, console)?,
        None => Vec::new(),
    };
    let history = args.since.as_deref().map(|since| History {
        since,
        changes: &changes,
    });
    let pages = docs::pages(&session.resolved(), &session.config, format, history);
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| session.workspace.root.join("target/delivery"));
    let folder = Folder::new(&out);
    if args.check {
        return check(&folder.differences(&pages)?, console);
    }
    folder.write(&pages)?;
    let entry = out.join(format.entry());
    if verbosity != Verbosity::Quiet {
        console.stdout.text(&format!("{}\n", entry.display()));
    }
    console.stdout.finish().context("cannot write the result")?;
    if args.open {
        open::in_browser(&entry)?;
    }
    Ok(Outcome::Clean)
}

fn format(args: &Doc) -> anyhow::Result<Format> {
    Ok(match (args.format, args.single_file) {
        (DocFormat::Html, true) => Format::SingleHtml,
        (_, true) => bail!("`--single-file` is for `--format html`; the other formats are what they are"),
        (DocFormat::Html, false) => Format::Html,
        (DocFormat::Markdown, false) => Format::Markdown,
        (DocFormat::Json, false) => Format::Json,
        (DocFormat::Asyncapi, false) => Format::AsyncApi,
    })
}

/// What changed since a revision, as far as the selection goes.
fn changes(since: &str, args: &Doc, session: &Session, console: &Console<'_>) -> anyhow::Result<Vec<Change>> {
    let then = Selection {
        paths: Vec::new(),
        ..args.selection.clone()
    };
    let mut before = diff::state(since, &session.workspace.root, &then, &args.levels, console.today)?;
    let after = drift::stands(&session.resolved());
    if !args.selection.paths.is_empty() {
        let folders = selected(session);
        before.retain(|stand| folders.contains(folder_of(&stand.file)) || after.iter().any(|now| is_same(stand, now)));
    }
    Ok(drift::compare(&before, &after))
}

fn is_same(before: &Stand, after: &Stand) -> bool {
    before.integration == after.integration || before.function == after.function
}

/// The folders of the files that were asked for: what was in them and is gone was asked for, too.
fn selected(session: &Session) -> BTreeSet<&str> {
    let files = session.workspace.rust_files().filter(|file| file.reported);
    files.map(|file| folder_of(&file.path)).collect()
}

fn folder_of(path: &str) -> &str {
    Path::new(path).parent().and_then(Path::to_str).unwrap_or_default()
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
