//! Which packages are asked for.

use anyhow::Context as _;
use globset::{Glob, GlobSet, GlobSetBuilder};

/// Globs of package names.
pub(super) fn name_globs(globs: &[String]) -> anyhow::Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(Glob::new(glob).with_context(|| format!("`{glob}` is no package name"))?);
    }
    Ok(set.build()?)
}
