//! Files on the user's disk: written beside and renamed, so that nobody ever reads half of one.

use std::io::Write as _;
use std::path::Path;

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
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut beside = tempfile::Builder::new();
    #[cfg(unix)]
    beside.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut beside = beside
        .prefix(".delivery-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    beside.write_all(text.as_bytes())?;
    beside.persist(path)?;
    Ok(())
}
