//! What an index is built from: the crates of a workspace and its parsed files.

use std::path::PathBuf;

use smol_str::SmolStr;

use crate::source::hir;
use crate::span::FileId;

/// A target of a package: a library, a binary, an example, a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateInput {
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
pub enum CrateKind {
    Library,
    /// A binary, example, test or benchmark.
    Binary,
}

/// An entry of a manifest's dependency tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The key in the manifest: `queue` in `queue = { package = "lapin" }`.
    pub name: SmolStr,
    /// The package behind it, which is the key unless it is renamed.
    pub package: SmolStr,
}

/// A parsed file.
#[derive(Debug, Clone)]
pub struct FileInput<'a> {
    pub id: FileId,
    pub path: PathBuf,
    pub module: &'a hir::Module,
}
