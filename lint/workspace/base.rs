//! From a given path to what it stands for: a cargo workspace, a plain folder, a single file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use globset::GlobSet;

use crate::globs::{path_glob, path_globs};

use super::{
    manifest::Manifest,
    paths::{join, relative},
};

/// What is to be found at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Scope {
    /// The package or workspace whose manifest lies in this folder.
    Workspace(PathBuf),
    /// Whatever lies in this folder.
    Folder(PathBuf),
    File(PathBuf),
}

impl Scope {
    /// The folder that paths are relative to, if this is all there is.
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Workspace(folder) | Self::Folder(folder) => folder,
            Self::File(file) => file.parent().unwrap_or(file),
        }
    }
}

/// What an existing path, absolute, stands for.
pub(super) fn scope_of(path: &Path) -> Scope {
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    let plain = || {
        if path.is_dir() {
            Scope::Folder(path.to_owned())
        } else {
            Scope::File(path.to_owned())
        }
    };
    let Some(package) = folder.ancestors().find(|folder| folder.join("Cargo.toml").is_file()) else {
        return plain();
    };
    if package != path && !belongs(path, package) {
        return plain();
    }
    Scope::Workspace(workspace_root(package))
}

/// The root of the workspace whose member this package is; the package itself if there is none.
pub(super) fn workspace_root(package: &Path) -> PathBuf {
    let own = read(package);
    if own.is_workspace() {
        return package.to_owned();
    }
    if let Some(root) = own
        .workspace_path()
        .map(|path| package.join(path))
        .and_then(|root| root.canonicalize().ok())
    {
        return root;
    }
    let above = package.ancestors().skip(1).find(|folder| read(folder).is_workspace());
    above
        .filter(|root| is_member(root, package))
        .unwrap_or(package)
        .to_owned()
}

fn read(folder: &Path) -> Manifest {
    let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    Manifest::parse(&text).unwrap_or_default()
}

/// Whether the workspace lists the package, or a package that it lists depends on it by path.
fn is_member(root: &Path, package: &Path) -> bool {
    let manifest = read(root);
    let relative = relative(package, root);
    let excluded = path_globs(manifest.workspace_list("exclude")).unwrap_or_else(|_| GlobSet::empty());
    let listed = |glob: &str| path_glob(&join("", glob)).is_ok_and(|glob| glob.compile_matcher().is_match(&relative));
    if manifest.workspace_list("members").into_iter().any(listed) {
        return true;
    }
    !excluded.is_match(&relative)
        && !manifest.workspace_list("members").is_empty()
        && is_path_dependency(&manifest, &relative)
}

fn is_path_dependency(root: &Manifest, package: &str) -> bool {
    let own = root.dependencies(Some(root));
    own.iter()
        .filter_map(|dependency| dependency.path.as_deref())
        .any(|path| join("", path) == package)
}

/// Whether a path inside a package's folder is the package's own code, not something that merely lies there.
fn belongs(path: &Path, package: &Path) -> bool {
    let inner = relative(path, package);
    let first = inner.split('/').next().unwrap_or("");
    if path.is_dir() && holds_packages(path) {
        let root = workspace_root(package);
        let manifest = read(&root);
        let members = manifest.workspace_list("members");
        let from_root = relative(path, &root);
        return members
            .iter()
            .any(|member| join("", member).starts_with(&format!("{from_root}/")));
    }
    matches!(first, "src" | "tests" | "benches" | "examples") || mentions(package, first)
}

fn holds_packages(folder: &Path) -> bool {
    let below = walkdir::WalkDir::new(folder)
        .min_depth(2)
        .max_depth(4)
        .into_iter()
        .filter_map(Result::ok);
    below.into_iter().any(|entry| entry.file_name() == "Cargo.toml")
}

/// A `path = "first/…"` of a target.
fn mentions(package: &Path, first: &str) -> bool {
    let manifest = read(package);
    let kinds = ["bin", "example", "test", "bench"];
    let sections = kinds
        .iter()
        .flat_map(|kind| manifest.sections(kind))
        .chain(manifest.lib());
    sections
        .filter_map(|section| section.path)
        .any(|path| join("", &path).split('/').next() == Some(first))
}
