//! From a report to text: one file a format.
//!
//! A resolving step turns spans into paths, lines and snippets once; the formats only write down what it found. None of them
//! decides what counts or how much.

mod cargo;
mod change;
mod config;
mod doctor;
mod drift;
mod fingerprint;
mod github;
mod gitlab;
mod graph;
mod human;
mod json;
mod junit;
mod list;
mod markdown;
mod resolve;
mod rules;
mod sarif;
mod short;
mod statistics;
mod text;
mod verdict;

use clap::ValueEnum;

pub use self::config::invalid_config;
pub use self::doctor::{DoctorFormat, doctor, skipped};
pub use self::drift::{DriftFormat, drift};
pub use self::fingerprint::{Identity, identities};
pub use self::graph::{GraphFormat, graph};
pub(crate) use self::human::sentence;
pub use self::list::{ListFormat, list};
pub use self::markdown::markdown;
pub use self::resolve::{Counts, Files, Package, Place, Resolved, ResolvedFinding, ResolvedFix, ResolvedIntegration};
pub use self::rules::rules;
pub use self::statistics::statistics;
pub(crate) use self::text::{counted, printable};
pub use self::verdict::{hover, is_named, verdict};

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the code, the execution that breaks the promise, and what helps
    Human,
    /// One line each, the execution folded into it
    Short,
    /// The whole report
    Json,
    /// As `cargo check --message-format=json` does it, for editors
    Cargo,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// A code quality report of GitLab
    Gitlab,
    /// Test results: each integration is a case
    Junit,
}

/// What the reader's terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub colour: bool,
    /// In columns.
    pub width: usize,
}

impl Look {
    /// For files and pipes.
    pub const PLAIN: Self = Self {
        colour: false,
        width: 100,
    };
}

/// How much is said beside the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Nothing.
    Findings,
    /// A summary.
    Summary,
    /// What each verdict rests on, too.
    Assumptions,
}

/// Writes the report.
#[must_use]
pub fn render(report: &Resolved<'_>, format: Format, look: Look, detail: Detail) -> String {
    match format {
        Format::Human => human::render(report, look, detail),
        Format::Short => short::render(report),
        Format::Json => json::render(report),
        Format::Cargo => cargo::render(report),
        Format::Sarif => sarif::render(report),
        Format::Github => github::render(report),
        Format::Gitlab => gitlab::render(report),
        Format::Junit => junit::render(report),
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
