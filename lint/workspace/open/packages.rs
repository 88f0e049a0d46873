//! Which folders are packages, and which packages are members.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use smol_str::SmolStr;

use crate::globs::{path_glob, path_globs};
use crate::workspace::{
    layout::{self, DraftTarget},
    manifest::{BadManifest, Manifest},
    paths::{file_name, inside, join, parent},
    tree::Tree,
    versions,
};

/// A package before its files are numbered.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub dir: String,
    pub package: SmolStr,
    pub library: SmolStr,
    pub edition: SmolStr,
    pub manifest: Option<Arc<Manifest>>,
    /// Name in code → package, and whether the manifest renames it.
    pub dependencies: BTreeMap<SmolStr, (SmolStr, bool)>,
    /// Package → version that its dependents ask for.
    pub requirements: Vec<(SmolStr, SmolStr)>,
    pub targets: Vec<DraftTarget>,
    /// A member, not only something that a member depends on.
    pub member: bool,
}

/// The manifests of a tree, each parsed once.
#[derive(Default)]
pub(super) struct Manifests {
    parsed: BTreeMap<String, Arc<Manifest>>,
    /// What is wrong: path of the manifest, its text, the mistake.
    pub bad: Vec<(String, String, BadManifest)>,
    /// Folders that workspaces exclude.
    pub excluded: BTreeSet<String>,
}

impl Manifests {
    /// The manifest in a folder. A broken one is taken for a package without settings.
    pub(super) fn get(&mut self, tree: &Tree, dir: &str) -> Option<Arc<Manifest>> {
        if let Some(manifest) = self.parsed.get(dir) {
            return Some(Arc::clone(manifest));
        }
        let path = join(dir, "Cargo.toml");
        if !tree.has(&path) {
            return None;
        }
        let text = tree.read(&path).unwrap_or_default();
        let manifest = Manifest::parse(&text).unwrap_or_else(|bad| {
            self.bad.push((path, text, bad));
            broken(dir)
        });
        let manifest = Arc::new(manifest);
        self.parsed.insert(dir.to_owned(), Arc::clone(&manifest));
        Some(manifest)
    }

    /// The manifest of the workspace around a folder.
    fn workspace_around(&mut self, tree: &Tree, dir: &str) -> Option<Arc<Manifest>> {
        let mut folder = dir;
        loop {
            if let Some(manifest) = self.get(tree, folder).filter(|manifest| manifest.is_workspace()) {
                return Some(manifest);
            }
            if folder.is_empty() {
                return None;
            }
            folder = parent(folder);
        }
    }

    /// The folders of the packages in a tree, below `folder`.
    pub(super) fn packages(&mut self, tree: &Tree, folder: &str) -> Vec<String> {
        let manifests = tree.below(folder).filter(|path| file_name(path) == "Cargo.toml");
        let dirs: Vec<String> = manifests.map(|path| parent(path).to_owned()).collect();
        dirs.into_iter()
            .filter(|dir| self.get(tree, dir).is_some_and(|manifest| manifest.is_package()))
            .collect()
    }

    /// The members of the workspace at `root`, and the packages outside that they depend on by path.
    pub(super) fn members(&mut self, tree: &mut Tree, root: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let Some(manifest) = self.get(tree, root) else {
            return Default::default();
        };
        let mut members = self.listed(tree, root, &manifest);
        if manifest.is_package() {
            members.insert(root.to_owned());
        }
        let excluded: Vec<String> = manifest
            .workspace_list("exclude")
            .iter()
            .map(|path| join(root, path))
            .collect();
        self.excluded.extend(excluded.iter().cloned());
        let is_excluded = |dir: &str| excluded.iter().any(|excluded| inside(dir, excluded).is_some());
        let mut others = BTreeSet::new();
        let mut waiting: Vec<String> = members.iter().cloned().collect();
        while let Some(dir) = waiting.pop() {
            for path in self.path_dependencies(tree, root, &dir) {
                let own = inside(&path, root).is_some() && manifest.is_workspace() && !is_excluded(&path);
                let new = if members.contains(&path) {
                    false
                } else {
                    (if own { &mut members } else { &mut others }).insert(path.clone())
                };
                waiting.extend(new.then_some(path));
            }
        }
        (members, others)
    }

    fn listed(&mut self, tree: &mut Tree, root: &str, manifest: &Manifest) -> BTreeSet<String> {
        let globs = manifest.workspace_list("members");
        let outside = globs
            .iter()
            .map(|glob| join(root, glob))
            .filter(|path| inside(path, root).is_none());
        outside.for_each(|path| tree.add_relative(&path));
        let wanted: Vec<_> = globs
            .iter()
            .filter_map(|glob| path_glob(&join(root, glob)).ok())
            .collect();
        let wanted: Vec<_> = wanted.iter().map(globset::Glob::compile_matcher).collect();
        let excluded: Vec<String> = manifest
            .workspace_list("exclude")
            .iter()
            .map(|path| join(root, path))
            .collect();
        let excluded = path_globs(excluded.iter().map(String::as_str)).unwrap_or_default();
        let dirs = self.packages(tree, "");
        dirs.into_iter()
            .filter(|dir| wanted.iter().any(|glob| glob.is_match(dir)) && !excluded.is_match(dir))
            .collect()
    }

    fn path_dependencies(&mut self, tree: &mut Tree, root: &str, dir: &str) -> Vec<String> {
        let Some(manifest) = self.get(tree, dir) else {
            return Vec::new();
        };
        let workspace = self.workspace_around(tree, dir);
        let dependencies = manifest.dependencies(workspace.as_deref());
        let paths = dependencies.iter().filter_map(|dependency| {
            let base = if dependency.inherited { root } else { dir };
            dependency.path.as_deref().map(|path| join(base, path))
        });
        let paths: Vec<String> = paths.collect();
        for path in &paths {
            if !tree.has(&join(path, "Cargo.toml")) {
                tree.add_relative(path);
            }
        }
        paths
            .into_iter()
            .filter(|path| tree.has(&join(path, "Cargo.toml")))
            .collect()
    }

    /// Everything about the package in a folder.
    pub(super) fn draft(&mut self, tree: &Tree, dir: &str, member: bool) -> Option<Draft> {
        let manifest = self.get(tree, dir)?;
        let workspace = self.workspace_around(tree, dir);
        let package = manifest.package_name().unwrap_or_else(|| folder_name(dir)).to_owned();
        let dependencies = manifest.dependencies(workspace.as_deref());
        let requirements = dependencies.iter().filter_map(|dependency| {
            let version = versions::asked_for(dependency.requirement.as_deref()?)?;
            Some((dependency.package.clone(), version))
        });
        let requirements = requirements.collect();
        let dependencies = dependencies.into_iter().map(|dependency| {
            (
                SmolStr::from(dependency.key.replace('-', "_")),
                (dependency.package, dependency.renamed),
            )
        });
        Some(Draft {
            dir: dir.to_owned(),
            library: layout::library_name(&package, &manifest),
            edition: manifest.edition(workspace.as_deref()),
            dependencies: dependencies.collect(),
            requirements,
            targets: layout::targets(tree, dir, &package, &manifest),
            package: package.into(),
            manifest: Some(manifest),
            member,
        })
    }
}

fn broken(dir: &str) -> Manifest {
    let text = format!("[package]\nname = {:?}\n", folder_name(dir));
    Manifest::parse(&text).unwrap_or_default()
}

/// A name for what has none.
pub(super) fn folder_name(dir: &str) -> &str {
    if dir.is_empty() { "root" } else { file_name(dir) }
}
