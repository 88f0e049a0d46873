//! Which module each file is: Rust's rules for `mod` items, from the crates' root files on.

use std::path::{Component, Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::collect::{Builder, Place};
use super::names::{Crate, Extern, Module};
use super::{CrateId, CrateInput, CrateKind, Def, FileInput, ModuleId};
use crate::source::hir::Item;
use crate::span::FileId;

/// The files, and which of them are modules already.
pub(super) struct Files<'a> {
    inputs: Vec<FileInput<'a>>,
    by_path: FxHashMap<PathBuf, usize>,
    mounted: FxHashMap<usize, ModuleId>,
}

/// Where the files of a module's children are.
#[derive(Debug, Clone)]
pub(super) struct Dirs {
    /// For `mod child;`.
    children: PathBuf,
    /// For `#[path = "…"] mod child;`.
    by_attribute: PathBuf,
}

impl<'a> Files<'a> {
    pub(super) fn new(files: &[FileInput<'a>]) -> Self {
        let by_path = files
            .iter()
            .enumerate()
            .map(|(index, file)| (normal(&file.path), index))
            .collect();
        Self {
            inputs: files.to_vec(),
            by_path,
            mounted: FxHashMap::default(),
        }
    }

    fn find(&self, path: &Path) -> Option<usize> {
        self.by_path.get(&normal(path)).copied()
    }

    /// The file that `mod name;` (with `#[path]`) stands for, and where that one's children are.
    fn child(&self, dirs: &Dirs, name: &str, attribute: Option<&str>) -> Option<(usize, Dirs)> {
        if let Some(attribute) = attribute {
            let path = dirs.by_attribute.join(attribute);
            return Some((self.find(&path)?, Dirs::of_root(&path)));
        }
        let name = name.trim_start_matches("r#");
        let (flat, nested) = (
            dirs.children.join(format!("{name}.rs")),
            dirs.children.join(name).join("mod.rs"),
        );
        let found = self.find(&flat).map(|file| {
            (
                file,
                Dirs {
                    children: dirs.children.join(name),
                    by_attribute: dirs.children.clone(),
                },
            )
        });
        found.or_else(|| Some((self.find(&nested)?, Dirs::of_root(&nested))))
    }
}

impl Dirs {
    /// For a crate's root, a `mod.rs`, and a file named by `#[path]`.
    fn of_root(file: &Path) -> Self {
        let dir = file.parent().unwrap_or(Path::new("")).to_path_buf();
        Self {
            children: dir.clone(),
            by_attribute: dir,
        }
    }

    /// For a file by its name alone.
    fn of_file(file: &Path) -> Self {
        let root = Self::of_root(file);
        match file.file_stem().and_then(|stem| stem.to_str()) {
            Some("mod" | "lib" | "main") | None => root,
            Some(stem) => Self {
                children: root.children.join(stem),
                by_attribute: root.by_attribute,
            },
        }
    }

    /// For `mod name { … }`.
    pub(super) fn of_inline(&self, name: &str, attribute: Option<&str>) -> Self {
        let dir = match attribute {
            Some(attribute) => self.by_attribute.join(attribute),
            None => self.children.join(name.trim_start_matches("r#")),
        };
        Self {
            children: dir.clone(),
            by_attribute: dir,
        }
    }
}

impl<'a> Builder<'a> {
    /// Makes every file a module.
    pub(super) fn mount(&mut self, crates: &[CrateInput]) {
        self.mount_crates(crates);
        self.mount_by_path();
        self.mount_alone();
    }

    /// Libraries come first: a file that a binary shares with its package's library belongs to that.
    fn mount_crates(&mut self, crates: &[CrateInput]) {
        let (libraries, others): (Vec<_>, Vec<_>) = crates.iter().partition(|krate| krate.kind == CrateKind::Library);
        let ordered: Vec<&CrateInput> = libraries.into_iter().chain(others).collect();
        for krate in &ordered {
            self.add_crate(krate, &ordered);
        }
        for (index, krate) in ordered.iter().enumerate() {
            let root = self.index.crates[index].root;
            if let Some(file) = self.files.find(&krate.root) {
                if let Some(module) = self.files.mounted.get(&file) {
                    self.index.crates[index].root = *module;
                    continue;
                }
                self.mount_file(file, root, Dirs::of_root(&krate.root));
            }
        }
    }

    fn add_crate(&mut self, input: &CrateInput, all: &[&CrateInput]) {
        let id = CrateId(self.index.crates.len() as u32);
        let root = self.add_module(Module::new(id, None, FileId(u32::MAX), input.name.clone()));
        let libraries = || (0..).zip(all).filter(|(_, other)| other.kind == CrateKind::Library);
        let mut externs = FxHashMap::default();
        for (index, other) in libraries() {
            let is_own = other.package == input.package && input.kind == CrateKind::Binary;
            if is_own || (input.dependencies.is_none() && other.root != input.root) {
                externs.insert(other.name.clone(), Extern::Local(CrateId(index)));
            }
        }
        for dependency in input.dependencies.iter().flatten() {
            let local = libraries().find(|(_, other)| other.package == dependency.package);
            let (name, meant) = match local {
                Some((index, other)) if snake(&dependency.name) == snake(&dependency.package) => {
                    (other.name.clone(), Extern::Local(CrateId(index)))
                }
                Some((index, _)) => (snake(&dependency.name), Extern::Local(CrateId(index))),
                None => (snake(&dependency.name), Extern::External(snake(&dependency.package))),
            };
            externs.insert(name, meant);
        }
        let meant = |meant: &Extern| match meant {
            Extern::External(name) => name.clone(),
            Extern::Local(other) => snake(&all[other.0 as usize].package),
        };
        let packages = externs.values().map(meant).collect();
        let (package, has_manifest) = (input.package.clone(), input.dependencies.is_some());
        let dir = normal(input.root.parent().unwrap_or(Path::new("")));
        self.index.crates.push(Crate {
            package,
            root,
            dir,
            externs,
            packages,
            has_manifest,
            named: FxHashSet::default(),
        });
    }

    pub(super) fn add_module(&mut self, module: Module) -> ModuleId {
        self.index.modules.push(module);
        ModuleId(self.index.modules.len() as u32 - 1)
    }

    fn mount_file(&mut self, file: usize, module: ModuleId, dirs: Dirs) {
        self.files.mounted.insert(file, module);
        let input = &self.files.inputs[file];
        let (id, items) = (input.id, &input.module.items);
        self.index.modules[module.0 as usize].file = id;
        self.collect(
            items,
            &Place {
                module,
                file: id,
                dirs: Some(dirs),
            },
        );
    }

    /// `mod name;`: a file that is a module elsewhere is that module here too.
    pub(super) fn mount_child(&mut self, place: &Place, name: &SmolStr, attribute: Option<&str>) {
        let found = place
            .dirs
            .as_ref()
            .and_then(|dirs| self.files.child(dirs, name, attribute));
        if let Some(module) = found.as_ref().and_then(|(file, _)| self.files.mounted.get(file)) {
            let module = *module;
            return self.declare_module(place.module, name, module);
        }
        let module = self.add_child(place.module, place.file, name);
        if let Some((file, dirs)) = found {
            self.mount_file(file, module, dirs);
        }
    }

    /// `include!("file")`: what is in the file stands in the module that includes it, and its own modules are found from there.
    pub(super) fn include(&mut self, place: &Place, file: &str) {
        let including = self.files.inputs.iter().find(|input| input.id == place.file);
        let found = including.and_then(|input| self.files.find(&input.path.parent()?.join(file)));
        if let Some(found) = found.filter(|file| !self.files.mounted.contains_key(file)) {
            self.files.mounted.insert(found, place.module);
            let input = &self.files.inputs[found];
            let (id, items) = (input.id, &input.module.items);
            let place = Place {
                module: place.module,
                file: id,
                dirs: place.dirs.clone(),
            };
            self.collect(items, &place);
        }
    }

    /// A new module by that name in another.
    pub(super) fn add_child(&mut self, parent: ModuleId, file: FileId, name: &str) -> ModuleId {
        let above = self.index.module(parent);
        let path = format_smolstr!("{}::{}", above.path, name.trim_start_matches("r#"));
        let module = self.add_module(Module::new(above.krate, Some(parent), file, path));
        self.declare_module(parent, name, module);
        module
    }

    fn declare_module(&mut self, parent: ModuleId, name: &str, module: ModuleId) {
        match self.index.modules[parent.0 as usize]
            .types
            .get(name)
            .map(|name| name.def.clone())
        {
            Some(Def::Module(first)) if first != module => self.index.modules[first.0 as usize].twins.push(module),
            Some(_) => {}
            None => self.declare_type(parent, name, Def::Module(module)),
        }
    }

    /// Files in a crate's folder that no `mod` item reaches (it may be in a file that was not parsed, or made by a macro).
    fn mount_by_path(&mut self) {
        for file in self.unmounted() {
            let path = normal(&self.files.inputs[file].path);
            if let Some((root, names)) = self.owner(&path) {
                let id = self.files.inputs[file].id;
                let module = names.iter().fold(root, |module, name| self.descend(module, id, name));
                self.mount_file(file, module, Dirs::of_file(&path));
            }
        }
    }

    /// The crate in whose folder a file is (of several the innermost, then the first), and its module's names below the root.
    fn owner(&self, path: &Path) -> Option<(ModuleId, Vec<SmolStr>)> {
        let around = self
            .index
            .crates
            .iter()
            .rev()
            .filter(|krate| krate.has_manifest && path.starts_with(&krate.dir));
        let owner = around.max_by_key(|krate| krate.dir.components().count())?;
        Some((owner.root, module_names(path.strip_prefix(&owner.dir).ok()?)))
    }

    fn descend(&mut self, module: ModuleId, file: FileId, name: &SmolStr) -> ModuleId {
        match self.index.module(module).types.get(name).map(|name| &name.def) {
            Some(Def::Module(child)) => *child,
            _ => self.add_child(module, file, name),
        }
    }

    /// What is left is a crate for each file that no other one declares as a module.
    fn mount_alone(&mut self) {
        let claimed: FxHashSet<usize> = self
            .unmounted()
            .into_iter()
            .flat_map(|file| self.declared_by(file))
            .collect();
        let (children, roots): (Vec<usize>, Vec<usize>) =
            self.unmounted().into_iter().partition(|file| claimed.contains(file));
        for file in roots.into_iter().chain(children) {
            if !self.files.mounted.contains_key(&file) {
                self.mount_as_crate(file);
            }
        }
    }

    fn unmounted(&self) -> Vec<usize> {
        (0..self.files.inputs.len())
            .filter(|file| !self.files.mounted.contains_key(file))
            .collect()
    }

    fn declared_by(&self, file: usize) -> Vec<usize> {
        let input = &self.files.inputs[file];
        let dirs = Dirs::of_root(&input.path);
        let children = input.module.items.iter().filter_map(|item| match item {
            Item::Mod {
                name,
                content: None,
                path,
                ..
            } => self.files.child(&dirs, name, path.as_deref()),
            _ => None,
        });
        children
            .map(|(child, _)| child)
            .filter(|child| *child != file)
            .collect()
    }

    fn mount_as_crate(&mut self, file: usize) {
        let input = &self.files.inputs[file];
        let name = snake(&crate_name(&input.path));
        let krate = CrateInput {
            name: name.clone(),
            package: name,
            kind: CrateKind::Binary,
            root: input.path.clone(),
            dependencies: None,
        };
        self.add_crate(&krate, &[]);
        let root = self.index.crates[self.index.crates.len() - 1].root;
        self.mount_file(file, root, Dirs::of_root(&krate.root));
    }
}

/// Without `.` and with `..` applied, so that one file has one spelling.
fn normal(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if clean.file_name().is_some() => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// `handlers/mod.rs` → `handlers`, `infra/db.rs` → `infra`, `db`.
fn module_names(path: &Path) -> Vec<SmolStr> {
    let stem = path.with_extension("");
    let mut names: Vec<SmolStr> = stem.iter().map(|part| SmolStr::new(part.to_string_lossy())).collect();
    if names.last().is_some_and(|last| last == "mod") {
        names.pop();
    }
    names
}

/// The name of a crate that is a file: its stem, or its folder's name where the stem says nothing.
fn crate_name(path: &Path) -> SmolStr {
    let stem = |path: &Path| path.file_stem().map(|stem| SmolStr::new(stem.to_string_lossy()));
    let own = stem(path).unwrap_or_default();
    match own.as_str() {
        "main" | "lib" | "mod" => {
            let named = path.ancestors().skip(1).filter_map(stem).find(|name| name != "src");
            named.unwrap_or(own)
        }
        _ => own,
    }
}

/// A package's name as paths spell it.
pub(super) fn snake(name: &str) -> SmolStr {
    if name.contains('-') {
        name.replace('-', "_").into()
    } else {
        name.into()
    }
}
