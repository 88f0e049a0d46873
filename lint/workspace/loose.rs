//! Rust files without a manifest: each is a crate of its own, unless another one declares it as a module.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    paths::{file_name, join, parent},
    tree::Tree,
};
use crate::source::lexer::{Kind, Lexer};

/// A crate of loose files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LooseCrate {
    pub root: String,
    /// The root too.
    pub files: Vec<String>,
}

/// Sorts loose files into crates.
pub(super) fn crates(tree: &Tree, files: &BTreeSet<String>) -> Vec<LooseCrate> {
    let modules: BTreeMap<&str, Vec<String>> = files
        .iter()
        .map(|file| (file.as_str(), modules_of(tree, file, files)))
        .collect();
    let declared: BTreeSet<&String> = modules.values().flatten().collect();
    let is_root = |file: &&String| matches!(file_name(file), "main.rs" | "lib.rs") || !declared.contains(*file);
    let mut taken = BTreeSet::new();
    let mut crates = Vec::new();
    // Files that declare each other in a circle have no root; the first of them is made one.
    for root in files.iter().filter(is_root).chain(files) {
        if !taken.contains(root) {
            let reached = reach(root, &modules);
            taken.extend(reached.iter().cloned());
            crates.push(LooseCrate {
                root: root.clone(),
                files: reached,
            });
        }
    }
    crates.sort_by(|a, b| a.root.cmp(&b.root));
    crates
}

/// Adds the files that a single file declares as modules, and those that they declare.
pub(super) fn add_modules(tree: &mut Tree, root: &str) {
    let mut waiting = vec![root.to_owned()];
    while let Some(file) = waiting.pop() {
        for (name, path) in declarations(&tree.read(&file).unwrap_or_default()) {
            for candidate in candidates(&file, &name, path.as_deref()) {
                if !tree.has(&candidate) && tree.probe(&candidate) {
                    waiting.push(candidate);
                }
            }
        }
    }
}

fn reach(root: &str, modules: &BTreeMap<&str, Vec<String>>) -> Vec<String> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(file) = waiting.pop() {
        if reached.insert(file.clone()) {
            waiting.extend(modules.get(file.as_str()).into_iter().flatten().cloned());
        }
    }
    reached.into_iter().collect()
}

fn modules_of(tree: &Tree, file: &str, files: &BTreeSet<String>) -> Vec<String> {
    let text = tree.read(file).unwrap_or_default();
    let candidates = declarations(&text)
        .into_iter()
        .flat_map(|(name, path)| candidates(file, &name, path.as_deref()));
    candidates
        .filter(|candidate| files.contains(candidate) && candidate != file)
        .collect()
}

/// Where the file of a module may be, whether its parent is a root or not.
fn candidates(file: &str, name: &str, path: Option<&str>) -> Vec<String> {
    let folder = parent(file);
    if let Some(path) = path {
        return vec![join(folder, path)];
    }
    let own = join(folder, file_name(file).strip_suffix(".rs").unwrap_or(file));
    let places = [folder, own.as_str()];
    places
        .iter()
        .flat_map(|place| {
            [
                join(place, &format!("{name}.rs")),
                join(place, &format!("{name}/mod.rs")),
            ]
        })
        .collect()
}

/// Every `mod name;` of a text, with its `#[path]`.
fn declarations(text: &str) -> Vec<(String, Option<String>)> {
    let tokens: Vec<_> = Lexer::new(text)
        .filter(|token| !matches!(token.kind, Kind::LineComment | Kind::BlockComment))
        .collect();
    let word = |at: usize| tokens.get(at).map_or("", |token| &text[token.start..token.end]);
    let mut path = None;
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        match word(at) {
            "path" if word(at + 1) == "=" => path = Some(word(at + 2).trim_matches('"').to_owned()),
            "mod" if word(at + 2) == ";" => found.push((word(at + 1).trim_start_matches("r#").to_owned(), path.take())),
            ";" | "}" => path = None,
            _ => {}
        }
    }
    found
}
