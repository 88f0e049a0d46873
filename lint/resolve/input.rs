//! What an index is built from: the crates of a workspace and its parsed files.

use std::path::PathBuf;

use smol_str::SmolStr;

use super::{Index, Known, tree::snake};
use crate::source::{Sources, hir};
use crate::span::FileId;
use crate::workspace::{Crate, Target, TargetKind, Workspace};

/// A target of a package: a library, a binary, an example, a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CrateInput {
    /// As paths spell it (`order_intake`).
    pub name: SmolStr,
    /// The package that the target belongs to (`order-intake`).
    pub package: SmolStr,
    pub kind: CrateKind,
    /// The target's root file, spelled as in [`FileInput::path`].
    pub root: PathBuf,
    /// `None` where there is no manifest: every name that is not defined here may then be a crate.
    pub dependencies: Option<Vec<Dependency>>,
}

/// Whether other crates can name a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CrateKind {
    Library,
    /// A binary, example, test or benchmark.
    Binary,
}

/// An entry of a manifest's dependency tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dependency {
    /// The key in the manifest: `queue` in `queue = { package = "lapin" }`.
    pub name: SmolStr,
    /// The package behind it, which is the key unless it is renamed.
    pub package: SmolStr,
}

/// A parsed file.
#[derive(Debug, Clone)]
pub(super) struct FileInput<'a> {
    pub id: FileId,
    pub path: PathBuf,
    pub module: &'a hir::Module,
}

impl<'a> Index<'a> {
    /// Indexes a workspace's parsed files.
    ///
    /// # Panics
    ///
    /// If no thread can be started: bodies may be deep, so that walking them takes a large stack.
    #[must_use]
    pub fn of(workspace: &Workspace, sources: &'a Sources, known: Known<'a>) -> Self {
        let crates: Vec<CrateInput> = workspace
            .crates
            .iter()
            .flat_map(|krate| targets(workspace, krate))
            .collect();
        let files = sources.files.iter().map(|file| FileInput {
            id: file.id,
            path: PathBuf::from(&file.path),
            module: &file.module,
        });
        Self::build(&crates, &files.collect::<Vec<_>>(), known)
    }
}

fn targets(workspace: &Workspace, krate: &Crate) -> Vec<CrateInput> {
    let entry = |(name, package): (&SmolStr, &SmolStr)| Dependency {
        name: name.clone(),
        package: package.clone(),
    };
    let dependencies = krate
        .manifest
        .map(|_| krate.dependencies.iter().map(entry).collect::<Vec<_>>());
    let target = |target: &Target| CrateInput {
        name: if target.kind == TargetKind::Lib {
            krate.name.clone()
        } else {
            snake(&target.name)
        },
        package: krate.package.clone(),
        kind: if target.kind == TargetKind::Lib {
            CrateKind::Library
        } else {
            CrateKind::Binary
        },
        root: PathBuf::from(&workspace.file(target.root).path),
        dependencies: dependencies.clone(),
    };
    krate.targets.iter().map(target).collect()
}
