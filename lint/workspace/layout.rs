//! The targets of a package, by its manifest and by cargo's conventions.

use smol_str::SmolStr;

use super::{
    TargetKind,
    manifest::{Manifest, Section},
    paths::{file_name, inside, join},
    tree::Tree,
};

/// A target by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DraftTarget {
    pub kind: TargetKind,
    pub path: String,
    pub name: SmolStr,
}

/// The targets of the package in `dir` whose files exist.
pub(super) fn targets(tree: &Tree, dir: &str, package: &str, manifest: &Manifest) -> Vec<DraftTarget> {
    let mut found = Vec::new();
    found.extend(library(tree, dir, package, manifest));
    found.extend(several(tree, dir, package, manifest, &BINARIES));
    for kind in &OTHERS {
        found.extend(several(tree, dir, package, manifest, kind));
    }
    found
}

/// The library's name in code.
pub(super) fn library_name(package: &str, manifest: &Manifest) -> SmolStr {
    let name = manifest.lib().and_then(|lib| lib.name);
    SmolStr::from(name.as_deref().unwrap_or(package).replace('-', "_"))
}

fn library(tree: &Tree, dir: &str, package: &str, manifest: &Manifest) -> Option<DraftTarget> {
    let path = manifest
        .lib()
        .and_then(|lib| lib.path)
        .unwrap_or_else(|| "src/lib.rs".into());
    let path = join(dir, &path);
    tree.has(&path).then(|| DraftTarget {
        kind: TargetKind::Lib,
        path,
        name: library_name(package, manifest),
    })
}

/// Where targets of a kind are found.
struct Convention {
    kind: TargetKind,
    section: &'static str,
    auto: &'static str,
    folder: &'static str,
}

const BINARIES: Convention = Convention {
    kind: TargetKind::Bin,
    section: "bin",
    auto: "autobins",
    folder: "src/bin",
};

const OTHERS: [Convention; 3] = [
    Convention {
        kind: TargetKind::Example,
        section: "example",
        auto: "autoexamples",
        folder: "examples",
    },
    Convention {
        kind: TargetKind::Test,
        section: "test",
        auto: "autotests",
        folder: "tests",
    },
    Convention {
        kind: TargetKind::Bench,
        section: "bench",
        auto: "autobenches",
        folder: "benches",
    },
];

fn several(tree: &Tree, dir: &str, package: &str, manifest: &Manifest, convention: &Convention) -> Vec<DraftTarget> {
    let kind = convention.kind;
    let found = by_convention(tree, dir, package, convention);
    let mut all: Vec<DraftTarget> = Vec::new();
    for section in manifest.sections(convention.section) {
        all.extend(written(tree, dir, &section, kind, &found));
    }
    if manifest.finds(convention.auto) {
        for target in found {
            if !all
                .iter()
                .any(|known| known.path == target.path || known.name == target.name)
            {
                all.push(target);
            }
        }
    }
    all
}

/// A section with a path, or with the name of one that the convention finds.
fn written(tree: &Tree, dir: &str, section: &Section, kind: TargetKind, found: &[DraftTarget]) -> Option<DraftTarget> {
    let name = section.name.as_deref().unwrap_or("");
    let Some(path) = &section.path else {
        return found.iter().find(|target| target.name == name).cloned();
    };
    let path = join(dir, path);
    tree.has(&path).then(|| DraftTarget {
        kind,
        path,
        name: name.into(),
    })
}

fn by_convention(tree: &Tree, dir: &str, package: &str, convention: &Convention) -> Vec<DraftTarget> {
    let kind = convention.kind;
    let mut found = Vec::new();
    let main = join(dir, "src/main.rs");
    if kind == TargetKind::Bin && tree.has(&main) {
        found.push(DraftTarget {
            kind,
            path: main,
            name: package.into(),
        });
    }
    let folder = join(dir, convention.folder);
    for path in tree.below(&folder) {
        if let Some(name) = inside(path, &folder).and_then(target_name) {
            found.push(DraftTarget {
                kind,
                path: path.to_owned(),
                name: name.into(),
            });
        }
    }
    found
}

/// `name.rs` and `name/main.rs` are targets.
fn target_name(path: &str) -> Option<&str> {
    match path.split_once('/') {
        None => path.strip_suffix(".rs"),
        Some((name, "main.rs")) => Some(name),
        Some(_) => None,
    }
}

/// Whether a file of a package is left out unless all targets are asked for.
pub(super) fn is_for_tests(path: &str, dir: &str, build_script: &str, targets: &[DraftTarget]) -> bool {
    if let Some(target) = targets.iter().find(|target| target.path == path) {
        return !matches!(target.kind, TargetKind::Lib | TargetKind::Bin);
    }
    let Some(inner) = inside(path, dir) else { return false };
    let folder = inner.split('/').next().unwrap_or("");
    inner == build_script || (folder != file_name(inner) && matches!(folder, "tests" | "benches" | "examples"))
}
