//! What git knows of a tree. Its objects are read; the work tree and the index are left alone.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use git2::{ObjectType, Repository, TreeWalkMode, TreeWalkResult};

/// The files of a revision below a folder: paths relative to that folder, with their texts. What is no UTF-8 is left out, as are files
/// that `wanted` does not want.
pub fn files_at(revision: &str, folder: &Path, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Vec<(String, String)>> {
    let repository = discover(folder)?;
    let inside = inside(&repository, folder)?;
    let tree = repository
        .revparse_single(revision)
        .and_then(|object| object.peel_to_tree())
        .map_err(|error| anyhow!("git knows no revision `{revision}`: {}", error.message()))?;
    let mut files = Vec::new();
    tree.walk(TreeWalkMode::PreOrder, |parent, entry| {
        if entry.kind() != Some(ObjectType::Blob) {
            return TreeWalkResult::Ok;
        }
        let path = format!("{parent}{}", entry.name().unwrap_or_default());
        if let Some(path) = path.strip_prefix(&inside).filter(|path| wanted(path)) {
            let blob = entry
                .to_object(&repository)
                .ok()
                .and_then(|object| object.into_blob().ok());
            let text = blob.and_then(|blob| String::from_utf8(blob.content().to_vec()).ok());
            files.extend(text.map(|text| (path.to_owned(), text)));
        }
        TreeWalkResult::Ok
    })
    .with_context(|| format!("cannot read the revision `{revision}`"))?;
    Ok(files)
}

fn discover(folder: &Path) -> anyhow::Result<Repository> {
    Repository::discover(folder).map_err(|_| anyhow!("{} is in no git repository", folder.display()))
}

/// `services/billing/`: the folder as paths in the tree begin; empty for the root.
fn inside(repository: &Repository, folder: &Path) -> anyhow::Result<String> {
    let root = repository
        .workdir()
        .context("a bare repository has no work tree to compare with")?;
    let root = canonical(root)?;
    let folder = canonical(folder)?;
    let relative = folder.strip_prefix(&root).unwrap_or(Path::new(""));
    let parts = relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy() + "/");
    Ok(parts.collect())
}

#[expect(clippy::disallowed_methods, reason = "the edge: where a folder really is")]
fn canonical(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("cannot read {}", path.display()))
}
