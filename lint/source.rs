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
#[cfg(test)]
mod tests;
mod tests_of;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use smol_str::SmolStr;

use self::convert::ModulePath;
pub use self::{comments::AllowComment, lines::Lines};
pub use crate::problem::Problem;
use crate::{
    span::{FileId, Span},
    workspace::{CrateId, FileEntry, Workspace},
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
    /// Not wanted, and so not parsed.
    pub skipped: bool,
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
        Self::parse_some(workspace, all_targets, |_, _| true)
    }

    /// Parses the files that are wanted by their text; the others are there, but empty ([`SourceFile::skipped`]).
    #[must_use]
    pub fn parse_some(
        workspace: &Workspace,
        all_targets: bool,
        wanted: impl Fn(&FileEntry, &str) -> bool + Sync,
    ) -> Self {
        let order = workspace.rust_files().collect();
        let parsed = in_parallel(order, &|entry| parse::parse(workspace, entry, all_targets, &wanted));
        let (files, declared): (Vec<_>, Vec<_>) = parsed
            .into_iter()
            .map(|parsed| (parsed.file, parsed.test_modules))
            .unzip();
        let mut sources = Self { files };
        sources.leave_out_tests(workspace, declared.into_iter().flatten().collect());
        sources
    }

    /// Parses those of the skipped files that are wanted now.
    pub fn parse_more(
        &mut self,
        workspace: &Workspace,
        all_targets: bool,
        wanted: impl Fn(&FileEntry, &str) -> bool + Sync,
    ) {
        let skipped = self
            .files
            .iter()
            .filter(|file| file.skipped)
            .map(|file| workspace.file(file.id))
            .collect();
        let mut declared = Vec::new();
        for parsed in in_parallel(skipped, &|entry| parse::parse(workspace, entry, all_targets, &wanted)) {
            let id = parsed.file.id;
            self.files[id.0 as usize] = parsed.file;
            declared.extend(parsed.test_modules);
        }
        self.leave_out_tests(workspace, declared);
    }

    fn leave_out_tests(&mut self, workspace: &Workspace, declared: Vec<(FileId, ModulePath)>) {
        tests_of::leave_out(workspace, &mut self.files, &declared);
    }

    /// The names of all tests: those inside the sources by path (`tests::a`), those of other targets by name alone.
    #[must_use]
    pub fn tests(&self, workspace: &Workspace) -> BTreeSet<SmolStr> {
        let inside = self.files.iter().flat_map(|file| file.tests.iter().cloned());
        let texts = workspace.left_out.iter().filter_map(|path| workspace.read(path).ok());
        inside
            .chain(texts.flat_map(|text| tests_of::functions_in(&text)))
            .collect()
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

/// Biggest files first, so that no thread is left with one at the end. The results are ordered by file.
fn in_parallel(
    mut order: Vec<&FileEntry>,
    parse_one: &(impl Fn(&FileEntry) -> parse::Parsed + Sync),
) -> Vec<parse::Parsed> {
    order.sort_by_key(|file| (std::cmp::Reverse(file.bytes), file.id));
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some(file) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let parsed = parse_one(file);
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(file.id, parsed);
        }
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(order.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let builder = std::thread::Builder::new().name("parse".into()).stack_size(STACK_BYTES);
            builder.spawn_scoped(scope, work).expect("a thread can be started");
        }
    });
    done.into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .into_values()
        .collect()
}
