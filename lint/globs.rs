//! Patterns of files, as `exclude:`, cargo's `members` and the like use them.

use anyhow::{Context as _, bail};
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// Longer patterns are written to be slow.
pub(crate) const MAX_GLOB: usize = 1_000;

/// What a pattern gets at its end that is to match all in a folder.
const ALL_INSIDE: &str = "/**";

/// Globs of paths; one that matches a folder matches all in it.
pub(crate) fn path_globs<'a>(globs: impl IntoIterator<Item = &'a str>) -> anyhow::Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let glob = glob.trim_start_matches("./").trim_end_matches('/');
        for glob in [glob.to_owned(), format!("{glob}{ALL_INSIDE}")] {
            set.add(path_glob(&glob)?);
        }
    }
    Ok(set.build()?)
}

/// A glob whose `*` stays in one folder.
pub(crate) fn path_glob(glob: &str) -> anyhow::Result<Glob> {
    if glob.len() > MAX_GLOB + ALL_INSIDE.len() {
        bail!("a pattern is at most {MAX_GLOB} bytes long");
    }
    GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .with_context(|| format!("`{glob}` is no glob"))
}
