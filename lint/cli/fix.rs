//! `check --fix`: repairs what can be repaired for certain, after a look at whether the result is clean.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::bail;
use similar::TextDiff;

use super::args::Check;
use super::session::Session;
use super::{Console, git, output};
use crate::fix;
use crate::render::counted;

/// Repairs, or with `--dry-run` tells how it would. What is left is to be looked at anew.
pub fn run(args: &Check, session: &Session, console: &mut Console<'_>) -> anyhow::Result<()> {
    let edits = fix::edits(&session.report, &session.allowances());
    if edits.is_empty() {
        return Ok(());
    }
    let mut repaired = BTreeMap::new();
    for (file, edits) in fix::by_file(&edits) {
        let path = session.workspace.file(file).path.clone();
        let before = session.text_on_disk(&path)?;
        let after = fix::apply(&before, &edits);
        repaired.insert(path, (before, after));
    }
    if args.dry_run {
        for (path, (before, after)) in &repaired {
            console.stdout.text(&diff(path, before, after));
        }
        return Ok(());
    }
    if !args.allow_dirty {
        git::must_be_clean(&session.workspace.root)?;
    }
    let drafts: BTreeMap<PathBuf, String> = repaired
        .iter()
        .map(|(path, (_, after))| (session.workspace.absolute(path), after.clone()))
        .collect();
    let again = Session::with_drafts(&args.selection, &args.levels, console.today, &drafts)?;
    let left = fix::edits(&again.report, &again.allowances());
    if again.report.findings.len() + edits.len() > session.report.findings.len() || !left.is_empty() {
        bail!("the repaired code would not be clean; nothing was written");
    }
    for (path, text) in &drafts {
        output::write(path, text)?;
    }
    let (count, files) = (
        counted(edits.len(), "repair", "repairs"),
        counted(drafts.len(), "file", "files"),
    );
    console.stderr.text(&format!("{count} made in {files}\n"));
    Ok(())
}

/// The change as a unified diff.
pub fn diff(path: &str, before: &str, after: &str) -> String {
    let name = Path::new(path).display().to_string();
    TextDiff::from_lines(before, after)
        .unified_diff()
        .header(&format!("a/{name}"), &format!("b/{name}"))
        .to_string()
}
