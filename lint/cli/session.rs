//! From a selection to a finished report: opens the workspace, reads its configuration, analyses, and decides what counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use delivery_grammar::{Date, Problem};

use super::Console;
use super::args::Selection;
use super::git::Revision;
use super::levels::Levels;
use super::progress::Watching;
use crate::analysis::{self, Reading};
use crate::catalog::{Catalog, Used};
use crate::changes::Changes;
use crate::config::{Config, FILE_NAME, Invalid};
use crate::fix::{self, Proposal};
use crate::overview::Overview;
use crate::render::{Files, Package, Resolved};
use crate::report::{Finding, Report};
use crate::source::Sources;
use crate::span::{FileId, Span};
use crate::suppress::{self, Allowance};
use crate::workspace::{Options, Witness, Workspace};

/// What a session is asked for.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub selection: &'a Selection,
    pub levels: &'a Levels,
    /// Decides which allows have run out.
    pub today: Date,
    /// Progress is shown.
    pub watched: bool,
    /// Texts in place of files on disk, by absolute path.
    pub drafts: &'a BTreeMap<PathBuf, String>,
    /// Is told what the disk is asked.
    pub witness: Option<&'a Arc<Witness>>,
}

impl Asked<'_> {
    /// Runs the analysis and applies levels and allows.
    pub fn session(&self) -> anyhow::Result<Session> {
        let mut options = options(self.selection);
        options.drafts.clone_from(self.drafts);
        options.witness = self.witness.cloned();
        let (workspace, config) = open(&self.selection.paths, options)?;
        Session::analyse(workspace, config, self)
    }
}

/// What an analysis has found, with everything that is needed to write it down.
pub struct Session {
    pub config: Config,
    pub report: Report,
    pub workspace: Workspace,
    sources: Sources,
    catalog: Catalog,
    /// Texts of files that are no Rust, as far as the report points into them.
    others: BTreeMap<FileId, String>,
}

impl Session {
    /// Runs the analysis and applies levels and allows.
    pub fn run(selection: &Selection, levels: &Levels, console: &Console<'_>) -> anyhow::Result<Self> {
        Asked {
            selection,
            levels,
            today: console.today,
            watched: console.watched,
            drafts: &BTreeMap::new(),
            witness: None,
        }
        .session()
    }

    /// The same for files that are not on disk: paths relative to the root, with their texts.
    pub fn in_memory(
        files: &[(String, String)],
        selection: &Selection,
        levels: &Levels,
        today: Date,
    ) -> anyhow::Result<Self> {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let mut options = options(selection);
        let workspace = Workspace::in_memory_with(&files, &options);
        let config = config(&workspace)?;
        options.exclude.clone_from(&config.exclude);
        let workspace = Workspace::in_memory_with(&files, &options);
        let asked = Asked {
            selection,
            levels,
            today,
            watched: false,
            drafts: &BTreeMap::new(),
            witness: None,
        };
        Self::analyse(workspace, config, &asked)
    }

    fn analyse(workspace: Workspace, mut config: Config, asked: &Asked<'_>) -> anyhow::Result<Self> {
        let Asked { selection, today, .. } = *asked;
        config.assume = selection.assume.unwrap_or(config.assume);
        config.overrides = asked.levels.over(config.overrides);
        let catalog = catalog(&workspace, &config)?;
        let reading = Reading {
            all_targets: selection.all_targets,
            everything: selection.no_prefilter,
        };
        let progress = Arc::default();
        let watching = asked.watched.then(|| Watching::begin(&progress));
        let (sources, mut report) = analysis::check_watched(&workspace, reading, &catalog, &config, &progress);
        drop(watching);
        suppress::apply(&mut report, &allowances(&workspace, &sources), today);
        config
            .overrides
            .apply(&mut report.findings, |file| &workspace.file(file).path);
        let others = others(&workspace, &report);
        report.sort(|file| &workspace.file(file).path);
        Ok(Self {
            config,
            report,
            workspace,
            sources,
            catalog,
            others,
        })
    }

    /// What changed since a revision, in code and in what decides about it.
    pub fn changes_since(&self, revision: &Revision) -> Changes {
        let mut changes = Changes::default();
        let now = |path: &str| self.workspace.read(path).unwrap_or_default();
        for file in self.workspace.rust_files() {
            changes.file(file.id, revision.text(&file.path).as_deref(), &now(&file.path));
        }
        let sql = self.workspace.sql_files().map(|file| file.path.as_str());
        let catalog = self.config.catalog.iter().map(|(path, _)| path.as_str());
        let text = |text: String| text.replace("\r\n", "\n");
        let differs = |path: &str| text(revision.text(path).unwrap_or_default()) != text(now(path));
        if sql.chain(catalog).chain([config_path(&self.workspace)]).any(differs) {
            changes.everywhere();
        }
        changes
    }

    /// What could be changed in the code for findings to go away.
    pub fn proposals(&self) -> Vec<Proposal> {
        fix::proposals(
            &self.report,
            &self.sources,
            &self.catalog,
            &allowances(&self.workspace, &self.sources),
        )
    }

    /// The text of a file, for whoever wants to change it.
    pub fn text_on_disk(&self, path: &str) -> anyhow::Result<String> {
        read(&self.workspace, path)
    }

    /// What is seen of the workspace.
    pub fn overview(&self) -> Overview {
        Overview::new(&self.workspace, &self.sources, &self.catalog, &self.report)
    }

    /// The report with its places.
    pub fn resolved(&self) -> Resolved<'_> {
        Resolved::new(&self.report, self)
    }
}

impl Files for Session {
    fn package(&self, file: FileId) -> Package {
        self.workspace.file(file).krate.map_or_else(Package::default, |id| {
            let krate = self.workspace.krate(id);
            let absolute = |path: &str| self.workspace.absolute(path).to_string_lossy().into_owned();
            let target = krate.targets.first();
            let root = target.map(|target| self.workspace.file(target.root).path.as_str());
            let dir = absolute(&krate.dir);
            Package {
                id: format!("path+file://{}#{}", dir.trim_end_matches('/'), krate.package),
                manifest: krate
                    .manifest
                    .map_or_else(String::new, |id| absolute(&self.workspace.file(id).path)),
                kind: target.map_or("lib", |target| target.kind.as_str()),
                name: target.map_or_else(|| krate.name.to_string(), |target| target.name.to_string()),
                root: root.map(absolute).unwrap_or_default(),
                edition: krate.edition.to_string(),
            }
        })
    }

    fn path(&self, file: FileId) -> &str {
        &self.workspace.file(file).path
    }

    fn text(&self, file: FileId) -> &str {
        let rust = || self.sources.files.get(usize::try_from(file.0).ok()?);
        let other = self.others.get(&file).map(String::as_str);
        other
            .or_else(|| rust().map(|source| source.lines.text()))
            .unwrap_or_default()
    }
}

/// The workspace with its configuration, which may leave files out.
fn open(paths: &[PathBuf], mut options: Options) -> anyhow::Result<(Workspace, Config)> {
    let workspace = Workspace::open(paths, &options)?;
    let config = config(&workspace)?;
    if config.exclude.is_empty() {
        return Ok((workspace, config));
    }
    options.exclude.clone_from(&config.exclude);
    Ok((Workspace::open(paths, &options)?, config))
}

/// What of a selection decides about the workspace.
pub fn options(selection: &Selection) -> Options {
    Options {
        all_targets: selection.all_targets,
        packages: selection.package.clone(),
        workspace: selection.workspace,
        exclude_packages: selection.exclude.clone(),
        manifest_path: selection.manifest_path.clone(),
        ..Options::default()
    }
}

/// The configuration of a workspace, without looking at its code.
pub fn config_at(manifest: Option<&Path>) -> anyhow::Result<Config> {
    let selection = Selection {
        manifest_path: manifest.map(Path::to_owned),
        ..Selection::default()
    };
    place(&selection).map(|(_, config)| config)
}

/// Where a workspace is, and its configuration, without looking at its code.
pub fn place(selection: &Selection) -> anyhow::Result<(PathBuf, Config)> {
    open(&selection.paths, options(selection)).map(|(workspace, config)| (workspace.root, config))
}

fn config(workspace: &Workspace) -> anyhow::Result<Config> {
    match workspace.config {
        Some(_) => {
            let path = config_path(workspace);
            Ok(Config::read(path, &read(workspace, path)?)?)
        }
        None => Ok(Config::default()),
    }
}

/// Where the configuration is, or would be.
fn config_path(workspace: &Workspace) -> &str {
    workspace.config.map_or(FILE_NAME, |file| &workspace.file(file).path)
}

fn read(workspace: &Workspace, path: &str) -> anyhow::Result<String> {
    workspace
        .read(path)
        .map_err(|error| anyhow!("cannot read {path}: {error}"))
}

/// The embedded catalog, and the files that the configuration names.
fn catalog(workspace: &Workspace, config: &Config) -> anyhow::Result<Catalog> {
    let embedded = match used(workspace) {
        Some(used) => Catalog::for_packages(&used),
        None => Catalog::embedded().clone(),
    };
    let mut files = Vec::new();
    for (path, at) in &config.catalog {
        let Ok(text) = workspace.read(path) else {
            let message = format!("`{path}` is not there or cannot be read");
            let text = read(workspace, config_path(workspace))?;
            return Err(Invalid {
                path: config_path(workspace).to_owned(),
                text,
                problems: vec![Problem { at: *at, message }],
            }
            .into());
        };
        files.push((path.clone(), text));
    }
    let (catalog, errors) = embedded.with_user(&files);
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    if errors.is_empty() {
        Ok(catalog)
    } else {
        bail!("the catalog is wrong\n{}", errors.join("\n"))
    }
}

/// The packages that the workspace uses; `None` where a file without manifest may use any.
fn used(workspace: &Workspace) -> Option<Used> {
    let mut used: Used = workspace.versions.clone();
    for krate in &workspace.crates {
        krate.manifest?;
        for package in krate.dependencies.values() {
            used.entry(package.clone()).or_default();
        }
    }
    Some(used)
}

/// The allows of the files that are reported on.
fn allowances(workspace: &Workspace, sources: &Sources) -> Vec<Allowance> {
    let reported = sources.files.iter().filter(|file| workspace.file(file.id).reported);
    let of_file = reported.map(|file| {
        let comments = file.allows.iter();
        let comments =
            comments.map(|each| suppress::comment(each.allow.clone(), each.span, each.applies_to, file.lines.text()));
        suppress::attributes(&file.module)
            .into_iter()
            .chain(comments)
            .collect::<Vec<_>>()
    });
    of_file.flatten().collect()
}

fn others(workspace: &Workspace, report: &Report) -> BTreeMap<FileId, String> {
    let rust = workspace.rust_files().count();
    let outside = |file: &FileId| usize::try_from(file.0).is_ok_and(|id| id >= rust);
    let files: Vec<FileId> = report
        .findings
        .iter()
        .flat_map(spans)
        .map(|span| span.file)
        .filter(outside)
        .collect();
    files
        .into_iter()
        .map(|id| (id, workspace.read(&workspace.file(id).path).unwrap_or_default()))
        .collect()
}

/// Every place that a finding mentions.
fn spans(finding: &Finding) -> impl Iterator<Item = Span> {
    let labels = finding.labels.iter().map(|(span, _)| *span);
    let trace = finding.trace.iter().filter_map(|step| step.at);
    std::iter::once(finding.primary).chain(labels).chain(trace)
}
