//! What is there: crates, their files, manifests, schemas. The only reader of the disk.
//!
//! Manifests are read directly: `cargo metadata` costs more than a whole warm check, and fails where a pinned toolchain is missing.

mod base;
mod layout;
mod loose;
mod manifest;
mod open;
mod paths;
mod select;
mod target;
mod tree;
mod versions;
mod walk;
mod witness;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use smol_str::SmolStr;

pub(crate) use self::paths::join;
pub(crate) use self::versions::{generation, numbers};
pub use self::{
    open::Place,
    target::target_folder,
    tree::{MAX_FILE_BYTES, ReadError, Reader},
    witness::{Holds, Stamp, Testimony, Witness},
};
use crate::{problem::Problem, span::FileId};

/// An index into [`Workspace::crates`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrateId(pub u32);

/// What to look at.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Look at tests, benches and examples too.
    pub all_targets: bool,
    /// Globs of files to leave out, relative to the root.
    pub exclude: Vec<String>,
    /// `-p`: report on these packages only (globs).
    pub packages: Vec<String>,
    /// `--workspace`: report on the whole workspace, also when started in one of its members.
    pub workspace: bool,
    /// `--exclude`: packages not to report on (globs).
    pub exclude_packages: Vec<String>,
    /// `--manifest-path`.
    pub manifest_path: Option<PathBuf>,
    /// Texts that stand in place of files on disk, by absolute path: what an editor has not saved, or a repair has not written.
    pub drafts: BTreeMap<PathBuf, String>,
    /// Is told what the disk is asked.
    pub witness: Option<Arc<Witness>>,
}

/// A package with its targets; a loose file is one too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crate {
    pub id: CrateId,
    /// As code names it: the library's name, with `_`.
    pub name: SmolStr,
    pub package: SmolStr,
    /// Relative to the root; empty for the root itself.
    pub dir: String,
    pub edition: SmolStr,
    /// Name in code (with `_`, renames honoured) → package name. All kinds of dependencies, all platforms.
    pub dependencies: BTreeMap<SmolStr, SmolStr>,
    pub targets: Vec<Target>,
    /// The manifest, if there is one.
    pub manifest: Option<FileId>,
}

/// A compilation root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub kind: TargetKind,
    pub root: FileId,
    pub name: SmolStr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    Lib,
    Bin,
    Example,
    Test,
    Bench,
}

impl TargetKind {
    /// The word that cargo's messages use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lib => "lib",
            Self::Bin => "bin",
            Self::Example => "example",
            Self::Test => "test",
            Self::Bench => "bench",
        }
    }
}

/// Why a Rust file below the root is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// It is a test, bench, example or build script.
    Test,
    /// The configuration leaves it out.
    Excluded,
    /// A package around it is not in the workspace.
    Foreign,
    /// No package is around it.
    NoPackage,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    Rust,
    Manifest,
    /// A migration or schema.
    Sql,
    /// `delivery.yaml`.
    Config,
}

/// A file of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    pub id: FileId,
    /// Relative to the root, `/`-separated.
    pub path: String,
    pub kind: FileKind,
    /// The crate whose folder contains it.
    pub krate: Option<CrateId>,
    pub bytes: u64,
    /// Whether findings in it are asked for: it lies under a given path and in a selected package.
    pub reported: bool,
    /// It was given by its own path.
    pub named: bool,
}

/// Everything that was found. Files are numbered: the Rust files first, then the others, each by path.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// What paths are relative to: the workspace's root, or the given folder.
    pub root: PathBuf,
    pub crates: Vec<Crate>,
    pub files: Vec<FileEntry>,
    /// `delivery.yaml` at the root, or what the manifest names instead.
    pub config: Option<FileId>,
    /// Package → versions in `Cargo.lock` as far as the workspace asks for them, or what it asks for where there is none.
    pub versions: BTreeMap<SmolStr, Vec<SmolStr>>,
    /// Rust files that were left out, by path.
    pub left_out: Vec<(String, LeftOut)>,
    /// What is wrong with manifests.
    pub problems: Vec<Problem>,
    tree: tree::Tree,
    by_path: BTreeMap<String, FileId>,
}

impl Workspace {
    /// Looks at files and folders; at the workspace around the current folder if none are given.
    ///
    /// # Errors
    ///
    /// A path that does not exist or cannot be read, and a manifest that was named and is no manifest.
    pub fn open(paths: &[PathBuf], options: &Options) -> anyhow::Result<Self> {
        Place::find(paths, options).and_then(|place| Self::open_at(&place, options))
    }

    /// Looks at a place.
    ///
    /// # Errors
    ///
    /// See [`open`](Self::open).
    pub fn open_at(place: &Place, options: &Options) -> anyhow::Result<Self> {
        open::open(place, options)
    }

    /// A tree that is not on disk, for tests: paths relative to the root, with their texts.
    #[must_use]
    pub fn in_memory(files: &[(&str, &str)]) -> Self {
        open::in_memory(files, &Options::default())
    }

    /// As [`in_memory`](Self::in_memory), with options.
    #[must_use]
    pub fn in_memory_with(files: &[(&str, &str)], options: &Options) -> Self {
        open::in_memory(files, options)
    }

    /// The entry of a file.
    #[must_use]
    pub fn file(&self, id: FileId) -> &FileEntry {
        &self.files[id.0 as usize]
    }

    /// The file at this path, relative to the root.
    #[must_use]
    pub fn file_at(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The crate with this number.
    #[must_use]
    pub fn krate(&self, id: CrateId) -> &Crate {
        &self.crates[id.0 as usize]
    }

    /// The Rust files, in the order of their ids, which start at 0 without a gap.
    pub fn rust_files(&self) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().take_while(|file| file.kind == FileKind::Rust)
    }

    /// Migrations and schemas.
    pub fn sql_files(&self) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().filter(|file| file.kind == FileKind::Sql)
    }

    /// Where a file is on disk.
    #[must_use]
    pub fn absolute(&self, path: &str) -> PathBuf {
        self.root.join(Path::new(path))
    }

    /// A file's text, by its path relative to the root.
    ///
    /// # Errors
    ///
    /// It is too large, is not UTF-8, or cannot be read.
    pub fn read(&self, path: &str) -> Result<String, ReadError> {
        self.tree.read(path)
    }

    /// What reads the files of this workspace, for whoever outlives it.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.tree.reader()
    }
}
