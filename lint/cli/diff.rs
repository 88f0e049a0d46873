//! `cargo delivery diff`.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use delivery_grammar::Date;

use super::args::{Diff, Selection};
use super::git::Revision;
use super::levels::Levels;
use super::session::{self, Session};
use super::{Console, Outcome};
use crate::config::Overrides;
use crate::drift::{self, Change, Move, Stand};
use crate::render;
use crate::report::Level;
use crate::rules::rule;

pub fn run(args: &Diff, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let (before, after, overrides) = both(args, console)?;
    let changes = drift::compare(&before, &after);
    let text = render::drift(&changes, args.format, console.stdout.look(console.width));
    console.stdout.text(&text);
    console.stdout.finish().context("cannot write the result")?;
    Ok(outcome(&changes, &overrides))
}

/// D512 is a rule like others: its level can be chosen.
fn outcome(changes: &[Change], overrides: &Overrides) -> Outcome {
    let denied = rule("semantic-drift").is_some_and(|rule| overrides.level(rule) == Level::Deny);
    match changes.iter().any(|change| change.kind == Move::Weaker) && denied {
        true => Outcome::Denied,
        false => Outcome::Clean,
    }
}

/// The earlier and the later state, and the levels that were chosen.
fn both(args: &Diff, console: &Console<'_>) -> anyhow::Result<(Vec<Stand>, Vec<Stand>, Overrides)> {
    let selection = Selection {
        manifest_path: args.manifest_path.clone(),
        workspace: true,
        ..Selection::default()
    };
    let names = [Some(&args.before), args.after.as_ref()];
    if names.iter().all(|name| name.is_some_and(|name| is_report(name))) {
        let [before, after] = names.map(|name| report(Path::new(name.map_or("", String::as_str))));
        return Ok((before?, after?, args.levels.over(Overrides::default())));
    }
    let stands = |name: &str, root: &Path| state(name, root, &selection, &args.levels, console.today);
    if let Some(after) = &args.after {
        let (root, config) = session::place(&selection)?;
        let overrides = args.levels.over(config.overrides);
        return Ok((stands(&args.before, &root)?, stands(after, &root)?, overrides));
    }
    let session = Session::run(&selection, &args.levels, console)?;
    let after = drift::stands(&session.resolved());
    let before = stands(&args.before, &session.workspace.root)?;
    Ok((before, after, session.config.overrides))
}

/// What there was at a revision of git, or when a report was written.
pub(super) fn state(
    name: &str,
    root: &Path,
    selection: &Selection,
    levels: &Levels,
    today: Date,
) -> anyhow::Result<Vec<Stand>> {
    if is_report(name) {
        return report(Path::new(name));
    }
    let files = Revision::open(name, root)?.files(matters)?;
    let earlier = Session::in_memory(&files, selection, levels, today)?;
    Ok(drift::stands(&earlier.resolved()))
}

/// What an analysis may read.
fn matters(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let by_extension = Path::new(name)
        .extension()
        .is_some_and(|extension| ["rs", "sql", "yaml", "yml"].iter().any(|wanted| extension == *wanted));
    by_extension || matches!(name, "Cargo.toml" | "Cargo.lock")
}

/// A revision's name may have a dot, but none ends like a report's.
fn is_report(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "json")
}

fn report(path: &Path) -> anyhow::Result<Vec<Stand>> {
    let text = read(path).with_context(|| format!("cannot read {}", path.display()))?;
    drift::read(&text).map_err(|problem| anyhow!("{} is no report of `check --format json`: {problem}", path.display()))
}

#[expect(clippy::disallowed_methods, reason = "the edge: the user's own file")]
fn read(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}
