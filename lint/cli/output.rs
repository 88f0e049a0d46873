//! Files that the user has named: written beside and renamed, so that nobody ever reads half of one.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Writes `text` to `path`, all of it or nothing.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    replace(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: a report goes where the user wants it"
)]
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A pipe or a device cannot be replaced by a file, and need not be.
    if path.exists() && !path.is_file() {
        return std::fs::write(path, text);
    }
    let beside = beside(path);
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// `dir/.name.123.new` for `dir/name`: in the same folder, so that renaming is one step.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}
