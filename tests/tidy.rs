//! What the compiler does not check about the code itself: see ARCHITECTURE.md for why each of these holds.
#![expect(clippy::disallowed_methods, reason = "these tests are about files")]

use std::fs;
use std::path::{Path, PathBuf};

/// A source file of the linter or of the attribute crates.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The code, without comments and without its unit tests, which stand at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
        (1..)
            .zip(lines)
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    fn within(&self, stage: &str) -> bool {
        self.path == format!("lint/{stage}.rs") || self.path.starts_with(&format!("lint/{stage}/"))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["lint", "macros/src", "macros/grammar/src", "tests"] {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    let relative = |path: &Path| path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    files
        .iter()
        .map(|path| Source {
            path: relative(path),
            text: fs::read_to_string(path).unwrap(),
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Every breach at once: one run tells all there is to mend.
fn assert_none(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn every_module_says_what_it_is() {
    let silent = |source: &Source| !source.text.starts_with("//!") && !source.path.contains("/ui/");
    let breaches = sources()
        .into_iter()
        .filter(silent)
        .map(|source| format!("{}: begin with `//!`", source.path));
    assert_none(&breaches.collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long() {
    let long = |source: &Source| source.text.lines().count() > 600;
    let breaches = sources()
        .into_iter()
        .filter(long)
        .map(|source| format!("{}: over 600 lines", source.path));
    assert_none(&breaches.collect::<Vec<_>>());
}

#[test]
fn no_module_is_named_after_nothing() {
    let empty = ["utils", "util", "helpers", "common", "misc"];
    let named = |source: &Source| {
        Path::new(&source.path)
            .file_stem()
            .is_some_and(|stem| empty.iter().any(|name| *name == stem))
    };
    let breaches = sources()
        .into_iter()
        .filter(named)
        .map(|source| format!("{}: name what it is about", source.path));
    assert_none(&breaches.collect::<Vec<_>>());
}

/// A stage, and what must not be mentioned in it.
const ABSENT: &[(&str, &[&str])] = &[
    (
        "flow",
        &[
            "syn::",
            "crate::source",
            "crate::catalog",
            "crate::lower",
            "crate::model",
        ],
    ),
    (
        "model",
        &[
            "syn::",
            "proc_macro2::",
            "crate::source",
            "crate::resolve",
            "crate::catalog",
            "crate::lower",
            "crate::rules",
        ],
    ),
    (
        "rules",
        &["syn::", "proc_macro2::", "crate::lower", "crate::render", "crate::docs"],
    ),
    (
        "lower",
        &["crate::model", "crate::rules", "crate::report", "crate::render"],
    ),
    ("resolve", &["syn::", "crate::lower", "crate::model", "crate::rules"]),
    ("catalog", &["syn::", "crate::lower", "crate::model", "crate::rules"]),
    ("report", &["serde", "crate::model", "crate::rules", "crate::render"]),
    (
        "render",
        &[
            "crate::model",
            "crate::lower",
            "crate::source",
            "crate::resolve",
            "crate::workspace",
            "crate::cli",
        ],
    ),
    (
        "docs",
        &[
            "crate::model",
            "crate::lower",
            "crate::source",
            "crate::resolve",
            "crate::workspace",
            "crate::cli",
        ],
    ),
    (
        "config",
        &[
            "crate::model",
            "crate::lower",
            "crate::source",
            "crate::workspace",
            "crate::cli",
        ],
    ),
];

#[test]
fn every_stage_knows_only_what_it_may() {
    let sources = sources();
    let mut breaches = Vec::new();
    for (stage, absent) in ABSENT {
        for source in sources
            .iter()
            .filter(|source| source.within(stage) && !source.is_test())
        {
            for (number, line) in source.code() {
                let found = absent.iter().filter(|name| line.contains(*name));
                breaches
                    .extend(found.map(|name| format!("{}:{number}: `{stage}` must not know `{name}`", source.path)));
            }
        }
    }
    assert_none(&breaches);
}

#[test]
fn only_the_edges_touch_the_disk() {
    let edges = ["workspace", "cli", "main"];
    let inner = |source: &&Source| source.path.starts_with("lint/") && !edges.iter().any(|edge| source.within(edge));
    let sources = sources();
    let mut breaches = Vec::new();
    for source in sources.iter().filter(inner).filter(|source| !source.is_test()) {
        for (number, line) in source
            .code()
            .filter(|(_, line)| !line.trim_start().starts_with("#[expect"))
        {
            let outside = ["std::fs", "std::env", "println!", "print!(", "process::exit"];
            let found = outside
                .iter()
                .filter(|name| line.contains(**name) && !line.contains(&format!("\"{name}")));
            breaches.extend(found.map(|name| format!("{}:{number}: `{name}` outside of the edges", source.path)));
        }
    }
    assert_none(&breaches);
}

#[test]
fn main_stays_thin() {
    let main = sources()
        .into_iter()
        .find(|source| source.path == "lint/main.rs")
        .unwrap();
    assert!(
        main.text.lines().count() <= 40,
        "arguments in, exit code out: the rest belongs into `cli`"
    );
}

#[test]
fn every_package_carries_its_licences() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let original = fs::read_to_string(root.join(licence)).unwrap();
        for package in ["macros", "macros/grammar"] {
            let copy = fs::read_to_string(root.join(package).join(licence)).unwrap_or_default();
            assert_eq!(copy, original, "{package}/{licence}");
        }
    }
}
