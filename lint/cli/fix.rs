//! `check --fix`: makes the changes that are certain, after a look at whether the result is clean.

use std::path::Path;

use anyhow::bail;
use similar::TextDiff;

use super::args::Check;
use super::proof::{changed, is_fault};
use super::session::{Asked, Session};
use super::{Console, git, output};
use crate::render::counted;
use crate::report::{Applicability, Edit, Finding, Fix};

/// Repairs, or with `--dry-run` tells how it would. What is left is to be looked at anew.
pub fn run(args: &Check, asked: &Asked<'_>, session: &Session, console: &mut Console<'_>) -> anyhow::Result<()> {
    let fixed: Vec<&Finding> = session
        .report
        .findings
        .iter()
        .filter(|finding| certain(finding).is_some())
        .collect();
    let edits: Vec<&Edit> = fixed
        .iter()
        .filter_map(|finding| certain(finding))
        .flat_map(|fix| &fix.edits)
        .collect();
    if edits.is_empty() {
        return Ok(());
    }
    let texts = changed(session, edits.iter().copied());
    if args.dry_run {
        for (path, after) in &texts {
            let path = path.strip_prefix(&session.workspace.root).unwrap_or(path);
            let before = session.text_on_disk(&path.to_string_lossy())?;
            console.stdout.text(&diff(path, &before, after));
        }
        return Ok(());
    }
    if !args.allow_dirty {
        git::must_be_clean(&session.workspace.root)?;
    }
    let again = asked.after(session, edits.iter().copied())?;
    if !is_clean(&again, session, fixed.len()) {
        bail!("the repaired code would not be clean; nothing was written");
    }
    for (path, text) in &texts {
        output::write(path, text)?;
    }
    let (count, files) = (
        counted(fixed.len(), "repair", "repairs"),
        counted(texts.len(), "file", "files"),
    );
    console.stderr.text(&format!("{count} made in {files}\n"));
    Ok(())
}

/// A finding's change, if it may be made unasked.
pub fn certain(finding: &Finding) -> Option<&Fix> {
    let fix = finding.fix.as_ref()?;
    (fix.applicability == Applicability::MachineApplicable).then_some(fix)
}

/// Whether what was repaired is gone, nothing came instead, and nothing can be repaired any more.
fn is_clean(after: &Session, before: &Session, repaired: usize) -> bool {
    let known = |finding: &Finding| {
        if !is_fault(finding.rule) {
            return true;
        }
        let mut others = before.report.findings.iter();
        others.any(|other| other.rule == finding.rule && other.function == finding.function)
    };
    let findings = &after.report.findings;
    let faults = |session: &Session| {
        session
            .report
            .findings
            .iter()
            .filter(|finding| is_fault(finding.rule))
            .count()
    };
    faults(after) + repaired <= faults(before) && findings.iter().all(known)
}

/// The change as a unified diff.
pub fn diff(path: &Path, before: &str, after: &str) -> String {
    let name = path.display().to_string();
    TextDiff::from_lines(before, after)
        .unified_diff()
        .header(&format!("a/{name}"), &format!("b/{name}"))
        .to_string()
}
