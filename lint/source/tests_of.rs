//! Files that are tests because the module that they hold is declared under `#[cfg(test)]`, and what tests there are.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::{
    SourceFile,
    convert::ModulePath,
    hir,
    lexer::{Kind, Lexer},
};
use crate::{
    span::FileId,
    workspace::{Workspace, join},
};

/// Empties the files of test modules, which these files declare, and of the modules inside them.
pub(super) fn leave_out(workspace: &Workspace, files: &mut [SourceFile], declared: &[(FileId, ModulePath)]) {
    let of = |(file, module): &(FileId, ModulePath)| file_of(workspace, &workspace.file(*file).path, module);
    let mut waiting: Vec<FileId> = declared.iter().filter_map(of).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            waiting.extend(empty(workspace, &mut files[id.0 as usize]));
        }
    }
}

/// The files of the modules that the emptied file declared.
fn empty(workspace: &Workspace, file: &mut SourceFile) -> Vec<FileId> {
    let mut modules = Vec::new();
    let items = std::mem::take(&mut file.module.items);
    inner_modules(&items, &mut Vec::new(), &mut modules);
    for item in &items {
        if let hir::Item::Fn(function) = item {
            file.tests.push(function.name.clone());
        }
    }
    file.allows.clear();
    file.problems.clear();
    modules
        .iter()
        .filter_map(|module| file_of(workspace, &file.path, module))
        .collect()
}

/// The names of the functions in a file of tests.
pub(super) fn functions_in(text: &str) -> Vec<SmolStr> {
    let words: Vec<&str> = code(text).collect();
    words
        .windows(2)
        .filter(|words| words[0] == "fn")
        .map(|words| SmolStr::from(words[1]))
        .collect()
}

fn code(text: &str) -> impl Iterator<Item = &str> {
    let tokens = Lexer::new(text).filter(|token| !matches!(token.kind, Kind::LineComment | Kind::BlockComment));
    tokens.map(|token| &text[token.start..token.end])
}

fn inner_modules(items: &[hir::Item], around: &mut Vec<SmolStr>, found: &mut Vec<ModulePath>) {
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
