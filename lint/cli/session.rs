//! From a selection to a finished report: opens the workspace, reads its configuration, analyses, and decides what counts.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use delivery_grammar::Date;

use super::args::Selection;
use super::levels::Levels;
use crate::config::{Config, FILE_NAME};
use crate::render::{Files, Resolved};
use crate::report::Report;
use crate::span::FileId;
use crate::suppress;

/// What an analysis has found, with everything that is needed to write it down.
pub struct Session {
    pub config: Config,
    pub report: Report,
    files: Vec<(String, String)>,
}

impl Session {
    /// Runs the analysis.
    pub fn run(selection: &Selection, levels: &Levels, today: Date) -> anyhow::Result<Self> {
        let mut config = config_of(&root(selection)?)?;
        config.assume = selection.assume.unwrap_or(config.assume);
        config.overrides = levels.over(config.overrides);
        let mut report = Report::default();
        suppress::apply(&mut report, &[], today);
        config.overrides.apply(&mut report.findings);
        report.sort(|_| "");
        Ok(Self { config, report, files: Vec::new() })
    }

    /// The report with its places.
    pub fn resolved(&self) -> Resolved<'_> {
        Resolved::new(&self.report, self)
    }
}

impl Files for Session {
    fn path(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |(path, _)| path)
    }

    fn text(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |(_, text)| text)
    }
}

/// The configuration of a workspace, without looking at its code.
pub fn config_at(manifest: Option<&Path>) -> anyhow::Result<Config> {
    config_of(&root(&Selection { manifest_path: manifest.map(Path::to_owned), ..Selection::default() })?)
}

#[expect(clippy::disallowed_methods, reason = "the edge: the configuration lies on disk")]
fn config_of(root: &Path) -> anyhow::Result<Config> {
    let path = root.join(FILE_NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Config::read(FILE_NAME, &text)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge: where the process was started")]
fn root(selection: &Selection) -> anyhow::Result<PathBuf> {
    let given = selection.manifest_path.as_ref().or(selection.paths.first());
    match given {
        Some(path) if path.is_dir() => Ok(path.clone()),
        Some(path) if path.exists() => Ok(path.parent().unwrap_or(path).to_owned()),
        Some(path) => anyhow::bail!("there is no {}", path.display()),
        None => Ok(std::env::current_dir()?),
    }
}
