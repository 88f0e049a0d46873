//! Which versions are in use: those of `Cargo.lock`, and what the manifests ask for.

use std::collections::BTreeMap;

use smol_str::SmolStr;

/// Adds the packages of a lock file. Cargo writes it, always in the same form: lines are enough.
pub(super) fn add_locked(text: &str, versions: &mut BTreeMap<SmolStr, Vec<SmolStr>>) {
    let mut name = None;
    for line in text.lines() {
        if line == "[[package]]" {
            name = None;
        } else if let Some(value) = quoted(line, "name = ") {
            name = Some(SmolStr::from(value));
        } else if let (Some(version), Some(name)) = (quoted(line, "version = "), name.take()) {
            let known = versions.entry(name).or_default();
            if !known.iter().any(|known| known == version) {
                known.push(version.into());
            }
        }
    }
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.trim().strip_prefix('"')?.strip_suffix('"')
}

/// What a manifest's requirement comes to, if that is one version and what is compatible with it.
pub(super) fn asked_for(requirement: &str) -> Option<SmolStr> {
    let first = requirement.split(',').next().unwrap_or_default().trim();
    let version = first.trim_start_matches(['^', '~', '=', ' ']);
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| version.into())
}

/// Of a package's versions those count that the workspace itself asks for: the others are somebody else's.
pub(super) fn narrow<'a>(
    asked: impl IntoIterator<Item = &'a (SmolStr, SmolStr)>,
    versions: &mut BTreeMap<SmolStr, Vec<SmolStr>>,
) {
    let mut by_package: BTreeMap<&SmolStr, Vec<&SmolStr>> = BTreeMap::new();
    for (package, version) in asked {
        by_package.entry(package).or_default().push(version);
    }
    for (package, asked) in by_package {
        let known = versions.entry(package.clone()).or_default();
        let is_asked = |version: &SmolStr| asked.iter().any(|asked| are_compatible(asked, version));
        if known.is_empty() {
            known.extend(asked.into_iter().cloned());
            known.sort();
            known.dedup();
        } else if known.iter().any(is_asked) {
            known.retain(is_asked);
        }
    }
}

fn are_compatible(one: &str, other: &str) -> bool {
    generation(&numbers(one)) == generation(&numbers(other))
}

/// What may differ between two versions without breaking code is left out: `1`, `0.32`.
pub fn generation(version: &[u64]) -> Vec<u64> {
    let first = version.iter().position(|number| *number != 0).unwrap_or(0);
    version.iter().take(first + 1).copied().collect()
}

/// `0.32.7-rc.1` → 0, 32, 7.
pub fn numbers(version: &str) -> Vec<u64> {
    let release = version.split(['-', '+']).next().unwrap_or_default();
    release.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_zero_is_a_generation_of_its_own() {
        assert_eq!(generation(&numbers("0.32.7")), [0, 32]);
        assert_eq!(generation(&numbers("1.8.1")), [1]);
        assert!(generation(&numbers("0.9.0")) > generation(&numbers("0.8.6")));
    }

    #[test]
    fn a_requirement_that_leaves_the_generation_open_asks_for_none() {
        let asked = ["0.25", "^1.2", "=2.8.2", "~0.32, <0.33", ">=1", "*"].map(asked_for);
        let expected = [Some("0.25"), Some("1.2"), Some("2.8.2"), Some("0.32"), None, None];
        assert_eq!(asked.each_ref().map(Option::as_deref), expected);
    }

    #[test]
    fn what_the_workspace_asks_for_counts() {
        let text = |list: &[&str]| list.iter().map(SmolStr::new).collect::<Vec<_>>();
        let locked = [
            ("redis", text(&["0.25.4", "1.8.1"])),
            ("lapin", text(&["2.5.0", "3.0.0"])),
        ];
        let mut versions = locked.map(|(name, found)| (SmolStr::from(name), found)).into();
        let asked = [("redis", "0.25"), ("sqlx", "0.7"), ("lapin", "4")];
        narrow(
            &asked.map(|(name, version)| (name.into(), version.into())),
            &mut versions,
        );
        assert_eq!(versions["redis"], ["0.25.4"]);
        assert_eq!(versions["sqlx"], ["0.7"]);
        // A stale lock file is better than none.
        assert_eq!(versions["lapin"], ["2.5.0", "3.0.0"]);
    }
}
