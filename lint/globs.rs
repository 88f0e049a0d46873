//! Patterns of files, as `exclude:`, cargo's `members` and the like use them.

use anyhow::Context as _;
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// Globs of paths; one that matches a folder matches all in it.
pub(crate) fn path_globs<'a>(globs: impl IntoIterator<Item = &'a str>) -> anyhow::Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let glob = glob.trim_start_matches("./").trim_end_matches('/');
        for glob in [glob.to_owned(), format!("{glob}/**")] {
            set.add(path_glob(&glob)?);
        }
    }
    Ok(set.build()?)
}

/// A glob whose `*` stays in one folder.
pub(crate) fn path_glob(glob: &str) -> anyhow::Result<Glob> {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .with_context(|| format!("`{glob}` is no glob"))
}
