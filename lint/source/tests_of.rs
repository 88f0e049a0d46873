//! Files that are tests because the module that they hold is declared under `#[cfg(test)]`.

use std::collections::BTreeSet;

use super::{convert::ModulePath, hir, parse::Parsed};
use crate::{
    span::FileId,
    workspace::{Workspace, join},
};

/// Empties the files of test modules, and of the modules inside them.
pub(super) fn leave_out(workspace: &Workspace, parsed: &mut [Parsed]) {
    let mut waiting: Vec<FileId> = parsed
        .iter()
        .flat_map(|parsed| declared_tests(workspace, parsed))
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            waiting.extend(empty(workspace, &mut parsed[id.0 as usize]));
        }
    }
}

fn declared_tests(workspace: &Workspace, parsed: &Parsed) -> Vec<FileId> {
    let path = &parsed.file.path;
    parsed
        .test_modules
        .iter()
        .filter_map(|module| file_of(workspace, path, module))
        .collect()
}

/// The files of the modules that the emptied file declared.
fn empty(workspace: &Workspace, parsed: &mut Parsed) -> Vec<FileId> {
    let mut modules = Vec::new();
    let items = std::mem::take(&mut parsed.file.module.items);
    inner_modules(&items, &mut Vec::new(), &mut modules);
    modules.append(&mut parsed.test_modules);
    for item in &items {
        if let hir::Item::Fn(function) = item {
            parsed.file.tests.push(function.name.clone());
        }
    }
    parsed.file.callees.clear();
    parsed.file.allows.clear();
    parsed.file.problems.clear();
    modules
        .iter()
        .filter_map(|module| file_of(workspace, &parsed.file.path, module))
        .collect()
}

fn inner_modules(items: &[hir::Item], around: &mut Vec<smol_str::SmolStr>, found: &mut Vec<ModulePath>) {
    for item in items {
        if let hir::Item::Mod {
            name, content, path, ..
        } = item
        {
            match content {
                Some(items) => {
                    around.push(name.clone());
                    inner_modules(items, around, found);
                    around.pop();
                }
                None => found.push(ModulePath {
                    around: around.clone(),
                    name: name.clone(),
                    path: path.clone(),
                }),
            }
        }
    }
}

/// The file of `mod name;` as declared in the file at `path`.
fn file_of(workspace: &Workspace, path: &str, module: &ModulePath) -> Option<FileId> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let is_root = matches!(stem, "mod" | "lib" | "main") || is_target_root(workspace, path);
    let own = if is_root { folder.to_owned() } else { join(folder, stem) };
    if let Some(at) = &module.path {
        return workspace.file_at(&join(if module.around.is_empty() { folder } else { &own }, at));
    }
    let inside = module.around.iter().fold(own, |folder, name| join(&folder, name));
    let flat = join(&inside, &format!("{}.rs", module.name));
    workspace
        .file_at(&flat)
        .or_else(|| workspace.file_at(&join(&inside, &format!("{}/mod.rs", module.name))))
}

fn is_target_root(workspace: &Workspace, path: &str) -> bool {
    let id = workspace.file_at(path);
    workspace
        .crates
        .iter()
        .flat_map(|krate| &krate.targets)
        .any(|target| Some(target.root) == id)
}
