//! `cargo delivery annotate`: an attribute for every handler that has none, with the semantic that its code gives.

mod dependency;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::Context as _;
use delivery_grammar::Semantic;

use self::dependency::PACKAGE;
use super::args::Annotate;
use super::levels::Levels;
use super::session::Session;
use super::{Console, Outcome, fix, git, output};
use crate::fix::{apply, by_file};
use crate::render::counted;
use crate::report::{Direction, Edit, Integration};
use crate::span::Span;
use crate::workspace::Crate;

pub fn run(args: &Annotate, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let session = Session::run(&args.selection, &Levels::default(), console)?;
    let edits: Vec<Edit> = annotations(&session).into_iter().map(|each| each.edit).collect();
    if !args.dry_run && !args.allow_dirty && !edits.is_empty() {
        git::must_be_clean(&session.workspace.root)?;
    }
    let files = by_file(&edits);
    for (file, edits) in &files {
        let path = &session.workspace.file(*file).path;
        let before = session.text_on_disk(path)?;
        write(args, &session, path, &before, &apply(&before, edits), console)?;
    }
    let (count, of) = (
        counted(edits.len(), "attribute", "attributes"),
        counted(files.len(), "file", "files"),
    );
    let done = if args.dry_run { "to be written" } else { "written" };
    console.stderr.text(&format!("{count} {done} in {of}\n"));
    for package in without_dependency(&session, files.keys().copied()) {
        depend(args, &session, package, console)?;
    }
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}

fn write(
    args: &Annotate,
    session: &Session,
    path: &str,
    before: &str,
    after: &str,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    if args.dry_run {
        console.stdout.text(&fix::diff(path.as_ref(), before, after));
        return Ok(());
    }
    output::write(&session.workspace.absolute(path), after)
}

/// Adds the attributes to a package's dependencies, or says how, where its manifest is written in a way that is not understood.
fn depend(args: &Annotate, session: &Session, krate: &Crate, console: &mut Console<'_>) -> anyhow::Result<()> {
    let Some(manifest) = krate.manifest else { return Ok(()) };
    let path = &session.workspace.file(manifest).path;
    let before = session.text_on_disk(path)?;
    let root = session.text_on_disk("Cargo.toml").ok();
    let package = &krate.package;
    let Some(after) = dependency::added(&before, root.as_deref()) else {
        console.stderr.text(&format!(
            "note: `{package}` does not depend on the attributes yet: cargo add {PACKAGE} --package {package}\n"
        ));
        return Ok(());
    };
    write(args, session, path, &before, &after, console)?;
    let done = if args.dry_run { "to be added" } else { "added" };
    console
        .stderr
        .text(&format!("the dependency `{PACKAGE}` {done} in {path}\n"));
    Ok(())
}

/// An attribute that a handler could have.
pub struct Annotation {
    /// Where the integration is reported.
    pub unit: Span,
    pub semantic: Semantic,
    pub edit: Edit,
}

/// One for each function without a declaration: two loops in one function have one attribute. Where it is not known what the code gives
/// there is none, since a declaration should not be a guess.
pub fn annotations(session: &Session) -> Vec<Annotation> {
    let units = &session.report.integrations;
    let mut ids: BTreeSet<String> = units.iter().map(|unit| unit.id.to_string()).collect();
    let mut functions = BTreeSet::new();
    let mut annotations = Vec::new();
    for unit in units.iter().filter(|unit| unit.declared.is_none()) {
        let home = unit.home;
        let Some(semantic) = unit.inferred.filter(|_| functions.insert(home)) else {
            continue;
        };
        let indent = " ".repeat(usize::try_from(home.start.column).map_or(0, |column| column - 1));
        let attribute = attribute(unit, semantic, &mut ids).replace('\n', &format!("\n{indent}"));
        annotations.push(Annotation {
            unit: unit.at,
            semantic,
            edit: Edit {
                at: Span {
                    end: home.start,
                    ..home
                },
                with: format!("{attribute}\n{indent}"),
            },
        });
    }
    annotations
}

fn attribute(unit: &Integration, semantic: Semantic, ids: &mut BTreeSet<String>) -> String {
    let mut keys = vec![format!("integration = \"{}\"", id(unit, ids))];
    if unit.direction == Direction::Consume && unit.address.is_some() {
        keys.push(format!("source = \"{}\"", unit.source()));
    }
    keys.push("why = \"\"".to_owned());
    let mut out = format!("#[delivery::{}(\n", semantic.as_str());
    for key in keys {
        let _ = writeln!(out, "    {key},");
    }
    out.push_str(")]");
    out
}

/// `shop.orders.on_order` for `shop::orders::on_order`; with a number if that is taken.
fn id(unit: &Integration, ids: &mut BTreeSet<String>) -> String {
    let plain: String = unit
        .function
        .replace("::", ".")
        .to_lowercase()
        .chars()
        .filter(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || "._-".contains(*character))
        .collect();
    let plain = plain.trim_start_matches(['.', '_', '-']).to_owned();
    let mut numbered = (2..).map(|number| format!("{plain}-{number}"));
    let free = std::iter::once(plain.clone())
        .chain(&mut numbered)
        .find(|id| !ids.contains(id));
    let id = free.unwrap_or(plain);
    ids.insert(id.clone());
    id
}

/// Packages whose files were annotated and that do not depend on the attributes.
fn without_dependency(session: &Session, files: impl Iterator<Item = crate::span::FileId>) -> Vec<&Crate> {
    let crates: BTreeMap<_, _> = files
        .filter_map(|file| session.workspace.file(file).krate)
        .map(|id| (id, session.workspace.krate(id)))
        .collect();
    let depends = |krate: &Crate| krate.dependencies.values().any(|package| package == PACKAGE);
    crates.into_values().filter(|krate| !depends(krate)).collect()
}
