//! Where cargo puts what it builds.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

/// The target folder of the workspace at `root`, as far as cargo's configuration files and conventions decide.
#[must_use]
pub fn target_folder(root: &Path) -> PathBuf {
    let configured = root.ancestors().find_map(configured);
    configured.unwrap_or_else(|| root.join("target"))
}

/// `build.target-dir` in the configuration of a folder, which is relative to it.
fn configured(folder: &Path) -> Option<PathBuf> {
    let files = [".cargo/config.toml", ".cargo/config"];
    let text = files
        .iter()
        .find_map(|file| fs::read_to_string(folder.join(file)).ok())?;
    let table = text.parse::<Table>().ok()?;
    let target = table.get("build")?.get("target-dir")?.as_str()?;
    Some(folder.join(target))
}
