//! The files that were analysed, for whoever renders what was found in them.

use cargo_delivery::render::{Files, Package};
use cargo_delivery::source::Sources;
use cargo_delivery::span::FileId;
use cargo_delivery::workspace::Workspace;

/// A workspace and what was read of it; of packages nothing is said.
pub struct Written<'a>(pub &'a Workspace, pub &'a Sources);

impl Files for Written<'_> {
    fn path(&self, file: FileId) -> &str {
        &self.0.file(file).path
    }

    fn text(&self, file: FileId) -> &str {
        let source = self.1.files.get(file.0 as usize);
        source.map_or("", |source| source.lines.text())
    }

    fn package(&self, _: FileId) -> Package {
        Package::default()
    }
}
