//! Putting a workspace together.

mod build;
mod packages;

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use self::build::Builder;
use super::{
    Options, Workspace,
    base::{Scope, scope_of, workspace_root},
    paths::relative,
    tree::Tree,
};

/// Where to look, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// What paths are relative to.
    pub root: PathBuf,
    scopes: Vec<Scope>,
    /// What findings are asked for: paths relative to the root.
    reported: Vec<String>,
}

impl Place {
    /// What paths and options stand for.
    ///
    /// # Errors
    ///
    /// A path that does not exist or cannot be read.
    pub fn find(paths: &[PathBuf], options: &Options) -> anyhow::Result<Self> {
        let given = given(paths, options)?;
        let mut scopes: Vec<Scope> = given.iter().map(|(scope, _)| scope.clone()).collect();
        scopes.sort();
        scopes.dedup();
        let root = common_root(&scopes);
        let reported = given.iter().map(|(_, path)| relative(path, &root)).collect();
        Ok(Self { root, scopes, reported })
    }

    /// Whether all of it is one cargo workspace or package.
    #[must_use]
    pub fn is_workspace(&self) -> bool {
        matches!(&*self.scopes, [Scope::Workspace(_)])
    }
}

/// See [`Workspace::open_at`].
pub(super) fn open(place: &Place, options: &Options) -> anyhow::Result<Workspace> {
    let tree = Tree::on_disk(&place.root, options);
    let mut builder = Builder::new(place.root.clone(), tree, place.reported.clone());
    for scope in &place.scopes {
        match scope {
            Scope::File(file) => builder.tree.add_file(file),
            Scope::Workspace(folder) | Scope::Folder(folder) => builder.tree.add_folder(folder),
        }
    }
    for scope in &place.scopes {
        builder.add(scope);
    }
    builder.finish(options)
}

/// See [`Workspace::in_memory`].
pub(super) fn in_memory(files: &[(&str, &str)], options: &Options) -> Workspace {
    let tree = Tree::in_memory(files);
    let root = PathBuf::new();
    let scope = if tree.has("Cargo.toml") {
        Scope::Workspace(root.clone())
    } else {
        Scope::Folder(root.clone())
    };
    let mut builder = Builder::new(root, tree, vec![String::new()]);
    builder.add(&scope);
    builder.finish(options).expect("the options of a test are right")
}

/// What each path stands for, and the path, absolute.
fn given(paths: &[PathBuf], options: &Options) -> anyhow::Result<Vec<(Scope, PathBuf)>> {
    if let Some(manifest) = &options.manifest_path {
        let manifest = existing(manifest)?;
        let folder = manifest.parent().context("a manifest lies in a folder")?.to_owned();
        let root = workspace_root(&folder);
        let report = if options.workspace { root.clone() } else { folder };
        return Ok(vec![(Scope::Workspace(root), report)]);
    }
    if paths.is_empty() {
        let scope = scope_of(&existing(&env::current_dir()?)?);
        let root = scope.root().to_owned();
        return Ok(vec![(scope, root)]);
    }
    paths
        .iter()
        .map(|path| existing(path).map(|path| (scope_of(&path), path)))
        .collect()
}

fn existing(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("cannot read {}", path.display()))
}

/// The deepest folder that holds all scopes.
fn common_root(scopes: &[Scope]) -> PathBuf {
    let mut roots = scopes.iter().map(Scope::root);
    let first = roots.next().unwrap_or(Path::new("")).to_owned();
    roots.fold(first, |common, root| {
        common
            .components()
            .zip(root.components())
            .take_while(|(a, b)| a == b)
            .map(|(part, _)| part)
            .collect()
    })
}
