//! The pipeline, in order: parsed files → index → flows → what is said about each.

mod assemble;
mod feeds;
mod shares;
mod usual;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use delivery_grammar::Problem as Misplaced;
use memchr::memmem;
use smol_str::SmolStr;

use crate::catalog::Catalog;
use crate::config::{Config, ConfiguredIntegration};
use crate::flow::Flow;
use crate::lower::{self, Unit};
use crate::problem::Problem;
use crate::report::{Finding, Level, Report};
use crate::resolve::{Clients, Index};
use crate::source::{Needles, Sources, hir};
use crate::span::{FileId, Span};
use crate::sql::Schema;
use crate::workspace::Workspace;

/// How much is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// Tests, benches and examples, too.
    pub all_targets: bool,
    /// All files whole, whether anything leads there or not.
    pub everything: bool,
}

/// How far a run is, for whoever wants to show it: nothing is decided by it.
#[derive(Debug, Default)]
pub struct Progress {
    found: AtomicUsize,
    judged: AtomicUsize,
}

impl Progress {
    /// How many units are judged, of how many; of none as long as the code is read.
    #[must_use]
    pub fn units(&self) -> (usize, usize) {
        (self.judged.load(Ordering::Relaxed), self.found.load(Ordering::Relaxed))
    }

    fn begin(&self, units: usize) {
        self.judged.store(0, Ordering::Relaxed);
        self.found.store(units, Ordering::Relaxed);
    }

    fn judged(&self) {
        self.judged.fetch_add(1, Ordering::Relaxed);
    }
}

/// Reads and checks a workspace. Findings are neither silenced nor levelled yet.
#[must_use]
pub fn check(workspace: &Workspace, reading: Reading, catalog: &Catalog, config: &Config) -> (Sources, Report) {
    check_watched(workspace, reading, catalog, config, &Progress::default())
}

/// The same for somebody who watches.
#[must_use]
pub fn check_watched(
    workspace: &Workspace,
    reading: Reading,
    catalog: &Catalog,
    config: &Config,
    progress: &Progress,
) -> (Sources, Report) {
    let needles = (!reading.everything).then(|| needles(workspace, catalog));
    let mut sources = Sources::read(workspace, reading.all_targets, needles.as_ref());
    loop {
        let report = run_watched(workspace, &sources, catalog, config, progress);
        if !sources.read_odd(workspace, reading.all_targets) {
            return (sources, report);
        }
    }
}

/// What a file holds that has to do with messages.
fn needles(workspace: &Workspace, catalog: &Catalog) -> Needles {
    const OURS: &str = "delivery";
    let clues = lower::clues(catalog);
    let dependencies = workspace.crates.iter().flat_map(|krate| &krate.dependencies);
    let renamed = dependencies
        .filter(|(_, package)| *package == OURS || clues.contains(package.replace('-', "_").as_str()))
        .map(|(name, _)| name);
    let words: BTreeSet<&str> = clues.iter().chain(renamed).map(SmolStr::as_str).chain([OURS]).collect();
    Needles::new(words)
}

/// Checks what was read. Findings are neither silenced nor levelled yet.
#[must_use]
pub fn run(workspace: &Workspace, sources: &Sources, catalog: &Catalog, config: &Config) -> Report {
    run_watched(workspace, sources, catalog, config, &Progress::default())
}

fn run_watched(
    workspace: &Workspace,
    sources: &Sources,
    catalog: &Catalog,
    config: &Config,
    progress: &Progress,
) -> Report {
    let index = index(workspace, sources, catalog);
    let schema = schema(workspace, sources);
    let tests = if names_tests(&index, config) {
        sources.tests(workspace)
    } else {
        BTreeSet::new()
    };
    let setting = assemble::Setting {
        index: &index,
        config,
        tests: &tests,
        config_file: workspace.config,
    };
    let said = with_deep_stacks(|| {
        let units = units(&index, sources, catalog, &schema);
        progress.begin(units.len());
        shares::judge(&units, &setting, sources.bytes(), progress)
    });
    let mut report = Report {
        files: sources.mattering().count(),
        parsed: sources.parsed(),
        ..Report::default()
    };
    let problems = workspace.problems.iter().chain(sources.problems());
    report.findings.extend(problems.map(unreadable));
    for said in said {
        report.integrations.push(said.integration);
        report.findings.extend(said.findings);
    }
    tell_once(&mut report.findings);
    report.findings.extend(feeds::weakest_links(&report.integrations));
    report
        .findings
        .extend(unknown_integrations(&report, config, workspace.config));
    report
        .findings
        .retain(|finding| workspace.file(finding.primary.file).reported);
    report
        .integrations
        .retain(|integration| workspace.file(integration.at.file).reported);
    report
}

/// Whether any declaration says by what it is tested: only then the tests have to be looked for.
fn names_tests(index: &Index<'_>, config: &Config) -> bool {
    let mut declared = index
        .functions()
        .filter_map(|function| index.function(function).hir.declaration.as_ref());
    declared.any(|declared| !declared.declaration.tested_by.is_empty()) || config.integrations.iter().next().is_some()
}

/// One place in a function that several undeclared integrations go through is one fault.
fn tell_once(findings: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    findings.retain(|finding| !finding.assumed || finding.code > "D5" || told.insert((finding.rule, finding.primary)));
}

/// Deep code is followed by deep recursion: threads get stacks that hold it.
fn with_deep_stacks<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new()
        .stack_size(crate::source::STACK_BYTES)
        .build()
    {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Entries of `delivery.yaml` about integrations that are not there.
fn unknown_integrations(report: &Report, config: &Config, file: Option<FileId>) -> Vec<Finding> {
    let Some(file) = file else { return Vec::new() };
    let is_known = |entry: &&ConfiguredIntegration| report.integrations.iter().any(|unit| unit.id == entry.id);
    let unknown = config.integrations.iter().filter(|entry| !is_known(entry));
    let message = |entry: &ConfiguredIntegration| match &entry.function {
        Some(function) => format!("nothing is delivered in a function `{function}`"),
        None => format!("no integration is declared as `{}`", entry.id),
    };
    unknown
        .map(|entry| {
            assemble::misconfigured(
                file,
                &Misplaced {
                    at: entry.at,
                    message: message(entry),
                },
            )
        })
        .collect()
}

fn unreadable(problem: &Problem) -> Finding {
    let level = if problem.rule == "invalid-declaration" {
        Level::Deny
    } else {
        Level::Warn
    };
    Finding {
        rule: problem.rule,
        code: problem.code,
        level,
        message: problem.message.clone(),
        help: problem.help.clone(),
        primary: problem.span,
        labels: Vec::new(),
        function: None,
        integration: None,
        declared: None,
        assumed: false,
        inferred: None,
        trace: Vec::new(),
        suppressed: None,
        remedy: None,
        fix: None,
    }
}

/// The index of a workspace's names and types.
#[must_use]
pub fn index<'a>(workspace: &Workspace, sources: &'a Sources, catalog: &'a Catalog) -> Index<'a> {
    Index::of(workspace, sources, catalog)
}

impl Clients for Catalog {
    fn describes(&self, path: &str) -> bool {
        let canonical = self.canonical(path);
        self.ty(&canonical).is_some() || self.function(&canonical).is_some()
    }

    fn derived(&self, derive: &str) -> Vec<(SmolStr, SmolStr)> {
        Self::derived(self, derive)
    }
}

/// The tables and unique keys that the workspace's migrations show, and the tables that its code declares.
#[must_use]
pub fn schema(workspace: &Workspace, sources: &Sources) -> Schema {
    let files: Vec<(String, String)> = workspace
        .sql_files()
        .filter_map(|file| Some((file.path.clone(), workspace.read(&file.path).ok()?)))
        .collect();
    let mut schema = Schema::read(&files);
    for file in &sources.files {
        declare_tables(&mut schema, &file.module.items);
    }
    schema
}

fn declare_tables(schema: &mut Schema, items: &[hir::Item]) {
    for item in items {
        match item {
            hir::Item::Macro(call) if call.path.segments.last().is_some_and(|last| last.name == "table") => {
                schema.declare(&call.tokens);
            }
            hir::Item::Mod {
                content: Some(content), ..
            } => declare_tables(schema, content),
            _ => {}
        }
    }
}

/// Every unit of the workspace as a flow.
#[must_use]
pub fn units(index: &Index<'_>, sources: &Sources, catalog: &Catalog, schema: &Schema) -> Vec<Unit> {
    with_context(index, sources, catalog, schema, lower::units)
}

/// Every function of the workspace, as if it handled a message: what lowering makes of code that it was not made for.
#[must_use]
pub fn every_function(index: &Index<'_>, sources: &Sources, catalog: &Catalog, schema: &Schema) -> Vec<Flow> {
    with_context(index, sources, catalog, schema, lower::every_function)
}

fn with_context<T>(
    index: &Index<'_>,
    sources: &Sources,
    catalog: &Catalog,
    schema: &Schema,
    work: impl FnOnce(&lower::Context<'_>) -> T,
) -> T {
    let text = |span: Span| sources.file(span.file).text_at(span);
    let mentioned = Mutex::new(BTreeMap::<String, bool>::new());
    let mentions = |word: &str| {
        let known = || mentioned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(word).copied() {
            return known;
        }
        let finder = memmem::Finder::new(word);
        let found = sources
            .files
            .iter()
            .any(|file| finder.find(file.lines.text().as_bytes()).is_some());
        known().insert(word.to_owned(), found);
        found
    };
    let upkeep = lower::Upkeep::unknown();
    work(&lower::Context {
        index,
        catalog,
        schema,
        upkeep: &upkeep,
        text: &text,
        mentions: &mentions,
        asked: Arc::default(),
        bytes: sources.bytes(),
        steps: lower::MAX_STEPS,
    })
}
