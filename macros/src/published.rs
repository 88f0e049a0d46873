//! Where the documentation that the linter generates is published: `docs.base_url` of the workspace's `delivery.yaml`.
//!
//! Nobody tells a macro when that file changes: a new address shows when the crate is documented anew.

use std::path::Path;

use delivery_grammar::configured_base_url;

/// Folders above the package in which the file is looked for.
const LEVELS: usize = 8;

/// The address for the package that is being compiled, if it has one.
#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells macros in the environment which package is compiled"
)]
pub fn base_url() -> Option<String> {
    within(Path::new(&std::env::var_os("CARGO_MANIFEST_DIR")?))
}

/// The nearest `delivery.yaml` decides.
#[expect(clippy::disallowed_methods, reason = "the address is written in a file")]
fn within(package: &Path) -> Option<String> {
    let mut files = package
        .ancestors()
        .take(LEVELS)
        .map(|folder| folder.join("delivery.yaml"));
    let text = files.find_map(|file| std::fs::read_to_string(file).ok())?;
    configured_base_url(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_configuration_above_the_package_decides() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/published");
        for package in [workspace.join("service"), workspace.clone()] {
            assert_eq!(within(&package).as_deref(), Some("https://docs.example.com/shop"));
        }
        assert_eq!(within(Path::new("/")), None);
    }
}
