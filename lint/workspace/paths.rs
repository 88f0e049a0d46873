//! Paths relative to the root, `/`-separated, as text.

use std::path::{Component, Path};

/// `folder/relative` without `.` and `..`, as far as the text allows; may lead out of the root (`../x`).
pub(crate) fn join(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The folder of a file; empty for the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// `path` relative to `folder`, if it lies in it.
pub(super) fn inside<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() {
        return (!path.starts_with("../")).then_some(path);
    }
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() {
        Some("")
    } else {
        rest.strip_prefix('/')
    }
}

/// `path` relative to `root`, with `..` where it lies elsewhere.
pub(super) fn relative(path: &Path, root: &Path) -> String {
    let common = path
        .components()
        .zip(root.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = root.components().skip(common).map(|_| "..".to_owned());
    let down = path.components().skip(common).map(|part| match part {
        Component::Normal(name) => name.to_string_lossy().into_owned(),
        other => other.as_os_str().to_string_lossy().into_owned(),
    });
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_and_relates() {
        assert_eq!(join("a/b", "../c/./d.rs"), "a/c/d.rs");
        assert_eq!(join("", "../x"), "../x");
        assert_eq!(join("../x", "../y"), "../y");
        assert_eq!(relative(Path::new("/a/b/c"), Path::new("/a/d")), "../b/c");
        assert_eq!(relative(Path::new("/a/d"), Path::new("/a/d")), "");
        assert_eq!(inside("a/b/c", "a/b"), Some("c"));
        assert_eq!(inside("a/bc", "a/b"), None);
        assert_eq!(inside("../x", ""), None);
    }
}
