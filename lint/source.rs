//! From text to items and bodies: parses every file, on all processors, and keeps what later stages can use.
//!
//! A file never stops the run. What cannot be read in it is reported as D001 and the rest of it is kept: a file that does not parse
//! whole is taken apart at its items.
//!
//! Deep syntax is refused before anything recursive sees it (see [`nesting`]); what is left can still be some thousand levels deep,
//! so that whoever walks a [`hir::Expr`] recursively needs a large stack, as the threads here have ([`STACK_BYTES`]).

mod attributes;
mod comments;
mod convert;
pub mod hir;
pub(crate) mod lexer;
mod lines;
pub mod nesting;
mod parse;
mod recover;
mod tests_of;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use smol_str::SmolStr;

pub use self::{comments::AllowComment, lines::Lines};
pub use crate::problem::Problem;
use crate::{
    span::{FileId, Span},
    workspace::{CrateId, FileKind, Workspace},
};

/// The stack of a thread that parses or walks syntax: reserved, not used, unless code nests very deep.
pub const STACK_BYTES: usize = 256 << 20;

/// A Rust file after parsing.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub id: FileId,
    /// Relative to the root, `/`-separated.
    pub path: String,
    pub krate: Option<CrateId>,
    /// The text and its lines.
    pub lines: Lines,
    pub module: hir::Module,
    pub allows: Vec<AllowComment>,
    pub problems: Vec<Problem>,
    /// Last segments of all functions, methods and macros called in it, sorted.
    pub callees: Vec<SmolStr>,
    /// Test functions that were left out, by path inside the file (`tests::redelivery_is_absorbed`).
    pub tests: Vec<SmolStr>,
    /// Whether all of it could be read.
    pub whole: bool,
}

impl SourceFile {
    /// Whether anything named so is called in it.
    #[must_use]
    pub fn calls(&self, name: &str) -> bool {
        self.callees
            .binary_search_by(|callee| callee.as_str().cmp(name))
            .is_ok()
    }

    /// The text at a span of this file.
    #[must_use]
    pub fn text_at(&self, span: Span) -> &str {
        self.lines.slice(span.start, span.end)
    }
}

/// All Rust files of a workspace: `files[id]` is the file with that id.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pub files: Vec<SourceFile>,
}

impl Sources {
    /// Parses all files of the workspace.
    #[must_use]
    pub fn parse(workspace: &Workspace, all_targets: bool) -> Self {
        Self::parse_some(workspace, all_targets, |_| true)
    }

    /// Parses the wanted files; the others are there, but empty.
    #[must_use]
    pub fn parse_some(workspace: &Workspace, all_targets: bool, wanted: impl Fn(FileId) -> bool + Sync) -> Self {
        let parse_one = |id: FileId| parse::parse(workspace, workspace.file(id), all_targets, wanted(id));
        let mut parsed = in_parallel(workspace, &parse_one);
        tests_of::leave_out(workspace, &mut parsed);
        Self {
            files: parsed.into_iter().map(|parsed| parsed.file).collect(),
        }
    }

    /// The file with this id.
    #[must_use]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The problems of all files, by file and line.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.files.iter().flat_map(|file| &file.problems)
    }

    /// How many files could be read whole.
    #[must_use]
    pub fn parsed(&self) -> usize {
        self.files.iter().filter(|file| file.whole).count()
    }
}

/// Biggest files first, so that no thread is left with one at the end.
fn in_parallel(workspace: &Workspace, parse_one: &(impl Fn(FileId) -> parse::Parsed + Sync)) -> Vec<parse::Parsed> {
    let mut order: Vec<_> = workspace
        .files
        .iter()
        .filter(|file| file.kind == FileKind::Rust)
        .collect();
    order.sort_by_key(|file| (std::cmp::Reverse(file.bytes), file.id));
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some(file) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let parsed = parse_one(file.id);
            done.lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .insert(file.id, parsed);
        }
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(order.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let builder = std::thread::Builder::new().name("parse".into()).stack_size(STACK_BYTES);
            builder.spawn_scoped(scope, work).expect("a thread can be started");
        }
    });
    done.into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .into_values()
        .collect()
}
