//! From text to items and bodies: reads every file, on all processors, and keeps what later stages can use.
//!
//! Few files of a workspace have to do with messages. Those that hold a needle ([`Needles`]: the names of clients) are parsed whole;
//! of the others the outline is, since anything may lead there, and each function's body when something does ([`body`]). Where no
//! file holds a needle nothing is parsed.
//!
//! A file never stops the run. What cannot be read in it is reported as D001 and the rest of it is kept: a file that does not parse
//! whole is taken apart at its items.
//!
//! Deep syntax is refused before anything recursive sees it (see [`nesting`]); what is left can still be some thousand levels deep,
//! so that whoever walks a [`hir::Expr`] recursively needs a large stack, as the threads here have ([`STACK_BYTES`]).

mod attributes;
pub mod body;
mod comments;
mod convert;
pub mod hir;
pub(crate) mod lexer;
mod lines;
mod needles;
pub mod nesting;
mod outline;
mod parse;
mod recover;
#[cfg(test)]
mod tests;
mod tests_of;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use smol_str::SmolStr;

use self::{
    body::Origin,
    convert::ModulePath,
    parse::{Extent, Parsed, Parsing},
};
pub use self::{comments::AllowComment, lines::Lines, needles::Needles};
pub use crate::problem::Problem;
use crate::{
    span::{FileId, Span},
    workspace::{CrateId, FileEntry, LeftOut, ReadError, Workspace},
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
    /// Test functions that were left out, by path inside the file (`tests::redelivery_is_absorbed`).
    pub tests: Vec<SmolStr>,
    /// Whether all of it could be read.
    pub whole: bool,
    /// It holds a needle, or was named by the user: then whatever cannot be read in it is said.
    pub matters: bool,
    /// Shared with the bodies in it; `None` if it could not be read.
    origin: Option<Arc<Origin>>,
}

impl SourceFile {
    /// Whether something led into it: one of its functions was entered.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.origin
            .as_ref()
            .is_some_and(|origin| origin.reached.load(Ordering::Relaxed))
    }

    /// Whether a body that was looked at turned out to be no Rust.
    fn is_odd(&self) -> bool {
        self.origin
            .as_ref()
            .is_some_and(|origin| origin.odd.load(Ordering::Relaxed))
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
    /// Parses all files of the workspace whole.
    #[must_use]
    pub fn parse(workspace: &Workspace, all_targets: bool) -> Self {
        Self::read(workspace, all_targets, None)
    }

    /// Parses as much of the workspace as may matter, by what files hold; everything without needles.
    #[must_use]
    pub fn read(workspace: &Workspace, all_targets: bool, needles: Option<&Needles>) -> Self {
        let entries: Vec<&FileEntry> = workspace.rust_files().collect();
        let texts: Vec<Text> = in_parallel(&entries, &|entry| Text::read(workspace, entry, needles));
        let parsing = Parsing { workspace, all_targets };
        if !texts.iter().any(|text| text.matters) {
            let files = entries.iter().map(|entry| parse::unread(entry, Vec::new())).collect();
            return Self { files };
        }
        let texts: Vec<Mutex<Option<Text>>> = texts.into_iter().map(|text| Mutex::new(Some(text))).collect();
        let parsed = in_parallel(&entries, &|entry| {
            let text = texts[entry.id.0 as usize]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            text.unwrap_or_default().parse(parsing, entry)
        });
        let (files, declared): (Vec<_>, Vec<_>) = parsed
            .into_iter()
            .map(|parsed| (parsed.file, parsed.test_modules))
            .unzip();
        let mut sources = Self { files };
        sources.leave_out_tests(workspace, declared.into_iter().flatten().collect());
        sources
    }

    /// Parses those files whole in which a body that was looked at is no Rust; whether there are any. What was found out with them is
    /// to be found out again.
    pub fn read_odd(&mut self, workspace: &Workspace, all_targets: bool) -> bool {
        let odd: Vec<FileId> = self
            .files
            .iter()
            .filter(|file| file.is_odd())
            .map(|file| file.id)
            .collect();
        let parsing = Parsing { workspace, all_targets };
        let mut declared = Vec::new();
        for id in &odd {
            let entry = workspace.file(*id);
            let text = Text {
                matters: true,
                content: workspace.read(&entry.path),
            };
            let parsed = text.parse(parsing, entry);
            self.files[id.0 as usize] = parsed.file;
            declared.extend(parsed.test_modules);
        }
        self.leave_out_tests(workspace, declared);
        !odd.is_empty()
    }

    fn leave_out_tests(&mut self, workspace: &Workspace, declared: Vec<(FileId, ModulePath)>) {
        tests_of::leave_out(workspace, &mut self.files, &declared);
    }

    /// The names of all tests: those inside the sources by path (`tests::a`), those of other targets by name alone.
    #[must_use]
    pub fn tests(&self, workspace: &Workspace) -> BTreeSet<SmolStr> {
        let inside = self.files.iter().flat_map(|file| file.tests.iter().cloned());
        let left_out = workspace.left_out.iter().filter(|(_, why)| *why == LeftOut::Test);
        let texts = left_out.filter_map(|(path, _)| workspace.read(path).ok());
        inside
            .chain(texts.flat_map(|text| tests_of::functions_in(&text)))
            .collect()
    }

    /// The file with this id.
    #[must_use]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The problems of the files that matter, by file and line.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.mattering().flat_map(|file| &file.problems)
    }

    /// The files that matter by themselves, those that were reached, and of those that do not parse the ones that one of these names.
    pub fn mattering(&self) -> impl Iterator<Item = &SourceFile> {
        let is_named = |file: &SourceFile| !file.problems.is_empty() && self.is_named(file);
        self.files
            .iter()
            .filter(move |file| file.matters || file.is_reached() || is_named(file))
    }

    /// Whether a file that matters mentions the module that this one is.
    fn is_named(&self, file: &SourceFile) -> bool {
        let module = module_name(&file.path);
        let others = self.files.iter().filter(|other| other.id != file.id);
        let mut mattering = others.filter(|other| other.matters || other.is_reached());
        mattering.any(|other| words::contains_word(other.lines.text(), module))
    }

    /// How much was read.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.files.iter().map(|file| file.lines.text().len()).sum()
    }

    /// How many of the files that matter could be read without a problem.
    #[must_use]
    pub fn parsed(&self) -> usize {
        self.mattering().filter(|file| file.whole).count()
    }
}

/// A file's text before it is parsed.
struct Text {
    content: Result<String, ReadError>,
    matters: bool,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            content: Ok(String::new()),
            matters: false,
        }
    }
}

impl Text {
    fn read(workspace: &Workspace, entry: &FileEntry, needles: Option<&Needles>) -> Self {
        let content = workspace.read(&entry.path);
        let has_needle = |needles: &Needles| content.as_ref().is_ok_and(|text| needles.are_in(text));
        let matters = is_named_by_user(workspace, entry) || needles.is_none_or(has_needle);
        Self { content, matters }
    }

    fn parse(self, parsing: Parsing<'_>, entry: &FileEntry) -> Parsed {
        let extent = if self.matters { Extent::Whole } else { Extent::Outline };
        let mut parsed = parsing.parse(entry, self.content, extent);
        parsed.file.matters = self.matters;
        parsed
    }
}

/// A file without a manifest is there because the user named it or its folder.
fn is_named_by_user(workspace: &Workspace, entry: &FileEntry) -> bool {
    let has_manifest = |krate| workspace.krate(krate).manifest.is_some();
    entry.named || !entry.krate.is_some_and(has_manifest)
}

/// `handlers` for `src/handlers.rs` and `src/handlers/mod.rs`.
fn module_name(path: &str) -> &str {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    let mut parts = stem
        .rsplit('/')
        .filter(|part| !matches!(*part, "mod" | "lib" | "main" | "src"));
    parts.next().unwrap_or(stem)
}

/// Biggest files first, so that no thread is left with one at the end. The results are ordered by file.
fn in_parallel<T: Send>(entries: &[&FileEntry], work_on: &(impl Fn(&FileEntry) -> T + Sync)) -> Vec<T> {
    let mut order = entries.to_vec();
    order.sort_by_key(|file| (std::cmp::Reverse(file.bytes), file.id));
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some(file) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let one = work_on(file);
            done.lock().unwrap_or_else(PoisonError::into_inner).insert(file.id, one);
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
