//! The arguments, as clap reads them. What they mean is decided by the commands.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::levels::Levels;
use crate::config::{Assume, Language};
use crate::render::{DoctorFormat, DriftFormat, Format, GraphFormat, ListFormat};

/// What happens to a message when something crashes?
///
/// Reads Rust services, infers the delivery semantic that each message handler really gives, compares it with the one its author
/// declared, shows the execution that breaks the promise, and writes the documentation of every integration.
#[derive(Debug, Parser)]
#[command(name = "cargo-delivery", bin_name = "cargo delivery", version, max_term_width = 100)]
#[command(after_help = "Exit status: 0 nothing denied, 1 something denied, 2 wrong usage, configuration or I/O.")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// When to colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,

    /// Print findings only, without the summary
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print what each verdict rests on, and which files were not read and why
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

impl Cli {
    /// `-q`, `-v` or neither.
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR or CLICOLOR=0 is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check every integration against what it declares
    Check(Check),
    /// List every integration: source, sinks, declared and inferred semantic, verdict
    #[command(visible_alias = "ls")]
    List(List),
    /// Write the documentation of every integration
    Doc(Doc),
    /// Tell which guarantees became weaker or stronger since a revision
    Diff(Diff),
    /// Show who feeds whom, and what each chain gives from end to end
    Graph(Graph),
    /// Choose a semantic: the decision tree as questions, or as flags
    Choose(Choose),
    /// Tell what is seen of the workspace, and what is not
    Doctor(Doctor),
    /// Explain a rule or a semantic: what it means, an incident, wrong and right code
    Explain(Explain),
    /// List the rules with their levels as configured
    Rules(Rules),
    /// Write a `delivery.yaml` to start with, and print what CI should run
    Init(Init),
    /// Write an attribute for every handler that has none, with the semantic that its code gives
    Annotate(Annotate),
    /// Serve an editor over standard input and output, by the language server protocol
    Lsp,
    /// Print a script that completes the arguments in a shell
    Completions(Completions),
    /// Write the man pages
    Man(Man),
    /// Print a JSON schema: of delivery.yaml, of a catalog file, of the JSON report
    Schema(Schema),
}

/// What is looked at; shared by every command that analyses code.
#[derive(Debug, Default, Clone, Args)]
pub struct Selection {
    /// Files or folders to analyse, together, without their Cargo workspace [default: the workspace around the current folder]
    pub paths: Vec<PathBuf>,

    /// Only this package (may be repeated)
    #[arg(short, long, value_name = "NAME", help_heading = "Packages", conflicts_with_all = ["paths", "workspace"])]
    pub package: Vec<String>,

    /// All packages of the workspace
    #[arg(long, help_heading = "Packages", conflicts_with = "paths")]
    pub workspace: bool,

    /// All packages but this one (may be repeated)
    #[arg(long, value_name = "NAME", help_heading = "Packages", conflicts_with_all = ["paths", "package"])]
    pub exclude: Vec<String>,

    /// The Cargo.toml of the workspace or package to analyse
    #[arg(long, value_name = "FILE", help_heading = "Packages", conflicts_with = "paths")]
    pub manifest_path: Option<PathBuf>,

    /// Tests, benches and examples, too
    #[arg(long, help_heading = "Packages")]
    pub all_targets: bool,

    /// Read every file whole, also those that nothing leads to
    #[arg(long, help_heading = "Packages")]
    pub no_prefilter: bool,

    /// The semantic that undeclared integrations are judged by, or `none` to leave them alone [default: at_least_once]
    #[arg(long, value_name = "SEMANTIC|none", help_heading = "Rules", value_parser = Assume::from_str)]
    pub assume: Option<Assume>,
}

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub selection: Selection,

    #[command(flatten)]
    pub levels: Levels,

    /// How findings are printed [default: human; github where GitHub Actions runs it]
    #[arg(long, value_enum, help_heading = "Output")]
    pub format: Option<Format>,

    /// Run another cargo command first and pass its messages on, for editors that run a single one: `--with "clippy --all-targets"`
    #[arg(long, value_name = "COMMAND", help_heading = "Output", requires = "format")]
    pub with: Option<String>,

    /// Write a report to a file, beside what is printed (may be repeated): `--report json=delivery.json`
    #[arg(long, value_name = "FORMAT=FILE", value_parser = FileReport::from_str, help_heading = "Output")]
    pub report: Vec<FileReport>,

    /// Only findings in functions that changed since a revision of git, or that call some that did
    #[arg(long, value_name = "REV", help_heading = "Baseline", conflicts_with_all = ["write_baseline", "prune_baseline"])]
    pub changed_since: Option<String>,

    /// Findings that are known already, and count no more
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    pub baseline: Option<PathBuf>,

    /// Write the findings of this run to the baseline's FILE, which must not be there yet
    #[arg(long, requires = "baseline", help_heading = "Baseline")]
    pub write_baseline: bool,

    /// Take from the baseline's FILE what is found no more
    #[arg(long, requires = "baseline", conflicts_with_all = ["write_baseline", "package", "exclude"], help_heading = "Baseline")]
    pub prune_baseline: bool,

    /// Print the flow of one integration and what the checker found in it, instead of all findings
    #[arg(long, value_name = "FUNCTION", help_heading = "Output", conflicts_with_all = ["format", "statistics"])]
    pub explain_verdict: Option<String>,

    /// Make the changes after which the code provably keeps its promise, then check again
    #[arg(long, help_heading = "Repair")]
    pub fix: bool,

    /// Only show what `--fix` would change
    #[arg(long, requires = "fix", help_heading = "Repair")]
    pub dry_run: bool,

    /// Change files although the work tree has changes that are not committed, or there is no git
    #[arg(long, requires = "fix", help_heading = "Repair")]
    pub allow_dirty: bool,

    /// Find everything out anew: neither read nor write what is kept of earlier runs in target/delivery/cache
    #[arg(long, help_heading = "Cache")]
    pub no_cache: bool,

    /// Count the findings of each rule instead of printing them
    #[arg(long, help_heading = "Output")]
    pub statistics: bool,
}

/// `--report FORMAT=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    pub format: Format,
    pub file: PathBuf,
}

impl FromStr for FileReport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = text
            .split_once('=')
            .ok_or("write FORMAT=FILE, as in `json=delivery.json`")?;
        if file.is_empty() {
            return Err(format!("`{text}` names no file"));
        }
        Ok(Self {
            format: Format::from_str(format, false)?,
            file: OsString::from(file).into(),
        })
    }
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub selection: Selection,

    /// How the list is printed
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub format: ListFormat,
}

#[derive(Debug, Args)]
pub struct Doc {
    #[command(flatten)]
    pub selection: Selection,

    #[command(flatten)]
    pub levels: Levels,

    /// Where the documentation is written [default: target/delivery in the workspace]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out: Option<PathBuf>,

    /// What is written
    #[arg(long, value_enum, default_value = "html", help_heading = "Output")]
    pub format: DocFormat,

    /// Write one file, delivery.html, that holds the whole site
    #[arg(long, help_heading = "Output")]
    pub single_file: bool,

    /// Open the documentation in a browser (the one that BROWSER names, else the system's)
    #[arg(long, help_heading = "Output", conflicts_with = "check")]
    pub open: bool,

    /// Also show what changed in promises and guarantees since a revision of git (`main`, `v1.2`, `HEAD~3`) or a JSON report
    #[arg(long, value_name = "REV|REPORT.json", help_heading = "Output")]
    pub since: Option<String>,

    /// The language of the documentation [default: as configured, else English]
    #[arg(long, value_name = "en|ru", help_heading = "Output", value_parser = Language::from_str)]
    pub language: Option<Language>,

    /// Write nothing; fail if DIR is not what would be written
    #[arg(long, help_heading = "Output")]
    pub check: bool,
}

/// `doc --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DocFormat {
    /// Pages to be read in a browser, from disk or from a server
    Html,
    /// Pages to be read in a repository
    Markdown,
    /// One document for programs, with its schema
    Json,
    /// An AsyncAPI 3.0 document with x-delivery-* extensions
    Asyncapi,
}

#[derive(Debug, Args)]
pub struct Diff {
    /// A revision of git (`main`, `v1.2`, `HEAD~3`), or the JSON report of an earlier run
    #[arg(value_name = "REV|REPORT.json")]
    pub before: String,

    /// A later revision, or the JSON report of a later run [default: the workspace as it is]
    #[arg(value_name = "REV|REPORT.json")]
    pub after: Option<String>,

    #[command(flatten)]
    pub levels: Levels,

    /// The Cargo.toml of the workspace to compare
    #[arg(long, value_name = "FILE", help_heading = "Packages")]
    pub manifest_path: Option<PathBuf>,

    /// How the changes are printed
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub format: DriftFormat,
}

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub selection: Selection,

    /// How it is printed
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub format: DoctorFormat,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// A rule (`commit-before-process` or `D101`) or a semantic (`at_least_once`)
    #[arg(value_name = "RULE|SEMANTIC")]
    pub topic: String,
}

#[derive(Debug, Args)]
pub struct Rules {
    #[command(flatten)]
    pub levels: Levels,

    /// The Cargo.toml of the workspace whose delivery.yaml is read
    #[arg(long, value_name = "FILE")]
    pub manifest_path: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    pub selection: Selection,
}

#[derive(Debug, Args)]
pub struct Annotate {
    #[command(flatten)]
    pub selection: Selection,

    /// Only show what would be written
    #[arg(long)]
    pub dry_run: bool,

    /// Write although the work tree has changes that are not committed, or there is no git
    #[arg(long)]
    pub allow_dirty: bool,
}

#[derive(Debug, Args)]
pub struct Completions {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct Man {
    /// The folder that they are written to
    #[arg(long, value_name = "DIR", default_value = "man")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Schema {
    /// Whose schema
    #[arg(value_enum, value_name = "config|catalog|report")]
    pub of: crate::schema::Schema,
}

#[derive(Debug, Args)]
pub struct Graph {
    #[command(flatten)]
    pub selection: Selection,

    /// How the graph is written
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub format: GraphFormat,
}

/// What is not answered by a flag is asked, where there is a terminal.
#[derive(Debug, Default, Args)]
pub struct Choose {
    /// What the loss of a message would be
    #[arg(long, value_enum)]
    pub loss: Option<Loss>,

    /// What a repeated effect would be
    #[arg(long, value_enum)]
    pub duplicates: Option<Duplicates>,

    /// What becomes of failures where a loss is tolerable [default: watched]
    #[arg(long, value_enum)]
    pub failures: Option<Failures>,

    /// Whether the effect can be made idempotent, or duplicates be recognised
    #[arg(long, value_enum)]
    pub idempotent: Option<Idempotent>,

    /// Whether position and effects fit into one transactional system, and its price is acceptable
    #[arg(long, value_enum, value_name = "YES|NO")]
    pub exactly_once_affordable: Option<Affordable>,
}

/// `--loss`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Loss {
    Tolerable,
    Critical,
}

/// `--duplicates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Duplicates {
    Tolerable,
    Harmful,
}

/// `--failures`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Failures {
    Watched,
    Ignored,
}

/// `--idempotent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Idempotent {
    Yes,
    No,
}

/// `--exactly-once-affordable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Affordable {
    Yes,
    No,
}
