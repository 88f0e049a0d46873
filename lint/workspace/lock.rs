//! `Cargo.lock`: which versions are in use.

use std::collections::BTreeMap;

use smol_str::SmolStr;

/// Adds the packages of a lock file. Cargo writes it, always in the same form: lines are enough.
pub(super) fn add_versions(text: &str, versions: &mut BTreeMap<SmolStr, Vec<SmolStr>>) {
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
