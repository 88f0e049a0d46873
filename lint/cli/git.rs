//! What git knows of a tree. Its objects are read; the work tree and the index are left alone.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use git2::{ErrorCode, ObjectType, Repository, TreeWalkMode, TreeWalkResult};

use crate::render::counted;

/// A folder as it was at a revision.
pub struct Revision {
    repository: Repository,
    tree: git2::Oid,
    /// `services/billing/`: the folder as paths in the tree begin; empty for the root.
    inside: String,
}

impl Revision {
    /// What `name` (`main`, `v1.2`, `HEAD~3`) means in the repository around `folder`.
    pub fn open(name: &str, folder: &Path) -> anyhow::Result<Self> {
        let repository = discover(folder)?;
        let inside = inside(&repository, folder)?;
        let tree = repository
            .revparse_single(name)
            .and_then(|object| object.peel_to_tree())
            .map(|tree| tree.id());
        let tree = tree.map_err(|error| match repository.is_shallow() {
            true => anyhow!("git knows no revision `{name}` in this shallow clone; fetch it first"),
            false => anyhow!("git knows no revision `{name}`: {}", error.message()),
        })?;
        Ok(Self {
            repository,
            tree,
            inside,
        })
    }

    /// What names all that is in it.
    pub fn name(&self) -> String {
        format!("{}:{}", self.tree, self.inside)
    }

    /// The files below the folder that are `wanted`: paths relative to the folder, with their texts. What is no UTF-8 is left out.
    pub fn files(&self, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Vec<(String, String)>> {
        let mut files = Vec::new();
        let visit = |parent: &str, entry: &git2::TreeEntry<'_>| {
            if entry.kind() == Some(ObjectType::Blob) {
                let path = format!("{parent}{}", entry.name().unwrap_or_default());
                let path = path.strip_prefix(&self.inside).filter(|path| wanted(path));
                files.extend(path.and_then(|path| Some((path.to_owned(), self.text_of(entry)?))));
            }
            TreeWalkResult::Ok
        };
        self.repository
            .find_tree(self.tree)
            .and_then(|tree| tree.walk(TreeWalkMode::PreOrder, visit))
            .context("cannot read the revision")?;
        Ok(files)
    }

    /// The text of a file, by its path relative to the folder; `None` if it was not there or was no text.
    pub fn text(&self, path: &str) -> Option<String> {
        let tree = self.repository.find_tree(self.tree).ok()?;
        let entry = tree.get_path(Path::new(&format!("{}{path}", self.inside))).ok()?;
        self.text_of(&entry)
    }

    fn text_of(&self, entry: &git2::TreeEntry<'_>) -> Option<String> {
        let blob = entry.to_object(&self.repository).ok()?.into_blob().ok()?;
        String::from_utf8(blob.content().to_vec()).ok()
    }
}

/// Refuses if the work tree has changes that are not committed, as `cargo fix` does: what is written over could not be brought back.
pub fn must_be_clean(folder: &Path) -> anyhow::Result<()> {
    let repository = discover(folder).map_err(|error| anyhow!("{error}; `--allow-dirty` goes on anyway"))?;
    let mut options = git2::StatusOptions::new();
    options.include_untracked(true).include_ignored(false);
    let statuses = repository
        .statuses(Some(&mut options))
        .context("cannot ask git for changes")?;
    match statuses.len() {
        0 => Ok(()),
        count => Err(anyhow!(
            "{} not committed; commit first, or go on with `--allow-dirty`",
            counted(count, "file is", "files are")
        )),
    }
}

fn discover(folder: &Path) -> anyhow::Result<Repository> {
    Repository::discover(folder).map_err(|error| match error.code() {
        ErrorCode::NotFound => anyhow!("{} is in no git repository", folder.display()),
        _ => anyhow!(
            "cannot open the git repository around {}: {}",
            folder.display(),
            error.message()
        ),
    })
}

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
