//! The files that the program carries, and which of them the packages in use need.
//!
//! A file is named after its crate. Where a major version differs, it has a file of its own with the version after an `@`
//! (`redis@0.32.yaml`): it speaks for that version and older ones, down to the next file. Reading YAML costs time, so a run reads the
//! files of the packages that a workspace uses, and those that they refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use smol_str::SmolStr;

use crate::workspace::{generation, numbers};

static FOLDER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/lint/catalog");

/// A file as embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddedFile {
    /// `redis@0.32.yaml`.
    pub name: &'static str,
    pub text: &'static str,
}

static FILES: LazyLock<Vec<EmbeddedFile>> = LazyLock::new(|| {
    let mut files: Vec<_> = FOLDER.files().filter_map(of_entry).collect();
    files.sort_by_key(|file| file.name);
    files
});

fn of_entry(entry: &'static include_dir::File<'static>) -> Option<EmbeddedFile> {
    let name = entry.path().to_str()?;
    let text = entry.contents_utf8()?;
    name.ends_with(".yaml").then_some(EmbeddedFile { name, text })
}

/// Every file, by name.
pub(super) fn files() -> &'static [EmbeddedFile] {
    &FILES
}

impl EmbeddedFile {
    /// The crate and, for an older version's file, that version.
    #[must_use]
    pub fn package(&self) -> (&'static str, Option<&'static str>) {
        let stem = self.name.strip_suffix(".yaml").unwrap_or(self.name);
        stem.split_once('@')
            .map_or((stem, None), |(name, version)| (name, Some(version)))
    }

    /// The crates by whose names its entries can be written: its own, and those that re-export it.
    fn crates(&self) -> impl Iterator<Item = SmolStr> + use<> {
        let aliases = self.text.lines().skip_while(|line| *line != "aliases:").skip(1);
        let written = aliases
            .take_while(|line| line.is_empty() || line.starts_with([' ', '#']))
            .filter_map(|line| line.trim_start().split_once("::"))
            .map(|(krate, _)| krate.trim_start_matches(['"', '\'']).into());
        std::iter::once(in_code(self.package().0)).chain(written)
    }

    /// The crates that its entries refer to.
    fn refers_to(&self) -> impl Iterator<Item = &'static str> + use<> {
        let is_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        self.text
            .split(move |c| !is_path(c))
            .filter_map(|word| word.split_once("::"))
            .map(|(krate, _)| krate)
            .filter(|krate| krate.starts_with(|c: char| c.is_ascii_lowercase()))
    }
}

/// `aws-sdk-sqs` → `aws_sdk_sqs`.
fn in_code(package: &str) -> SmolStr {
    package.replace('-', "_").into()
}

/// The packages that a workspace uses, each with its versions as far as they are known.
pub type Used = BTreeMap<SmolStr, Vec<SmolStr>>;

/// The newest file of each crate.
pub(super) fn newest() -> Vec<EmbeddedFile> {
    files()
        .iter()
        .filter(|file| file.package().1.is_none())
        .copied()
        .collect()
}

/// The files that the packages in use need, in the order of their names.
pub(super) fn needed(used: &Used) -> Vec<EmbeddedFile> {
    let versions: BTreeMap<SmolStr, &[SmolStr]> =
        used.iter().map(|(name, found)| (in_code(name), &found[..])).collect();
    let mut by_crate: BTreeMap<SmolStr, Vec<EmbeddedFile>> = BTreeMap::new();
    for file in files() {
        for krate in file.crates() {
            by_crate.entry(krate).or_default().push(*file);
        }
    }
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<SmolStr> = versions.keys().cloned().chain(["std".into()]).collect();
    let mut seen: BTreeSet<SmolStr> = open.iter().cloned().collect();
    while let Some(krate) = open.pop() {
        for file in by_crate.get(&krate).into_iter().flatten() {
            let (package, version) = file.package();
            let found = versions.get(&in_code(package)).copied().unwrap_or_default();
            if speaks_for(package, found) == version && taken.insert(file.name) {
                open.extend(
                    file.refers_to()
                        .map(SmolStr::new)
                        .filter(|krate| seen.insert(krate.clone())),
                );
            }
        }
    }
    files()
        .iter()
        .filter(|file| taken.contains(file.name))
        .copied()
        .collect()
}

/// Which of a package's files speaks for the newest of these versions: the oldest one that is not older.
fn speaks_for(package: &str, versions: &[SmolStr]) -> Option<&'static str> {
    let used = versions.iter().map(|version| numbers(version)).max()?;
    let older = files()
        .iter()
        .filter(|file| file.package().0 == package)
        .filter_map(|file| file.package().1);
    older
        .filter(|version| generation(&numbers(version)) >= generation(&used))
        .min_by_key(|version| numbers(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(packages: &[(&str, &[&str])]) -> Used {
        let versions = |found: &[&str]| found.iter().map(SmolStr::new).collect();
        packages
            .iter()
            .map(|(name, found)| (SmolStr::new(name), versions(found)))
            .collect()
    }

    fn names(packages: &[(&str, &[&str])]) -> Vec<&'static str> {
        needed(&used(packages)).iter().map(|file| file.name).collect()
    }

    #[test]
    fn a_workspace_needs_the_files_of_its_packages_and_of_what_they_refer_to() {
        let names = names(&[("deadpool-redis", &[])]);
        assert!(names.contains(&"deadpool-redis.yaml"), "{names:?}");
        assert!(names.contains(&"redis.yaml"), "{names:?}");
        assert!(names.contains(&"std.yaml"), "{names:?}");
        assert!(!names.contains(&"lapin.yaml"), "{names:?}");
    }

    #[test]
    fn a_crate_is_found_by_what_re_exports_it() {
        assert!(names(&[("futures-util", &[])]).contains(&"futures.yaml"));
    }

    #[test]
    fn an_old_version_has_the_file_that_speaks_for_it() {
        let file = |version| {
            let mut names = names(&[("redis", &[version])]);
            names.retain(|name| name.starts_with("redis"));
            names
        };
        assert_eq!(file("0.23.3"), ["redis@0.29.yaml"]);
        assert_eq!(file("0.29.5"), ["redis@0.29.yaml"]);
        assert_eq!(file("0.32.7"), ["redis.yaml"]);
        assert_eq!(file("1.8.1"), ["redis.yaml"]);
    }
}
