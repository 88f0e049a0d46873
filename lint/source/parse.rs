//! One file: read, check its nesting, parse, convert, drop the tree.

use std::panic::{AssertUnwindSafe, catch_unwind};

use smol_str::SmolStr;

use super::{
    Lines, Problem, SourceFile,
    attributes::DeliveryNames,
    comments::allow_comments,
    convert::{Context, Converter, Gathered, ModulePath, learn_names},
    hir, nesting, recover, tests_of,
};
use crate::{
    problem::beginning_of,
    span::{FileId, Pos, Span},
    workspace::{FileEntry, MAX_FILE_BYTES, ReadError, Workspace},
};

/// A parsed file, and what concerns other files.
pub(super) struct Parsed {
    pub file: SourceFile,
    /// Modules in other files that are tests, with the file that declares them.
    pub test_modules: Vec<(FileId, ModulePath)>,
}

/// `include_str!` of more than this is not read.
const MAX_INCLUDED_BYTES: usize = 256 << 10;

/// Reads and parses a file, if it is wanted once its text is known.
pub(super) fn parse(
    workspace: &Workspace,
    entry: &FileEntry,
    all_targets: bool,
    wanted: impl Fn(&FileEntry, &str) -> bool,
) -> Parsed {
    match workspace.read(&entry.path) {
        Err(error) => unread(entry, vec![unreadable(entry, &error)]),
        Ok(text) if !wanted(entry, &text) => skipped(entry, &text),
        Ok(text) => {
            let parsed = catch_unwind(AssertUnwindSafe(|| parse_text(workspace, entry, all_targets, text)));
            proc_macro2::extra::invalidate_current_thread_spans();
            parsed.unwrap_or_else(|_| {
                let message = "reading this file failed inside the parser; it is not checked";
                unread(entry, vec![Problem::syntax(beginning_of(entry.id), message)])
            })
        }
    }
}

/// A file that is not wanted still says which others are tests.
fn skipped(entry: &FileEntry, text: &str) -> Parsed {
    let mut parsed = unread(entry, Vec::new());
    parsed.file.skipped = true;
    parsed.test_modules = declared(entry, tests_of::declared_in(text));
    parsed
}

fn declared(entry: &FileEntry, modules: Vec<ModulePath>) -> Vec<(FileId, ModulePath)> {
    modules.into_iter().map(|module| (entry.id, module)).collect()
}

fn unread(entry: &FileEntry, problems: Vec<Problem>) -> Parsed {
    let file = SourceFile {
        id: entry.id,
        path: entry.path.clone(),
        krate: entry.krate,
        lines: Lines::default(),
        module: hir::Module::default(),
        allows: Vec::new(),
        problems,
        callees: Vec::new(),
        tests: Vec::new(),
        whole: false,
        skipped: false,
    };
    Parsed {
        file,
        test_modules: Vec::new(),
    }
}

fn unreadable(entry: &FileEntry, error: &ReadError) -> Problem {
    let start = match error {
        ReadError::NotUtf8 { line, column } => Pos {
            line: *line,
            column: *column,
        },
        _ => Pos { line: 1, column: 1 },
    };
    let span = Span {
        file: entry.id,
        start,
        end: start,
    };
    let problem = Problem::syntax(span, format!("this file is not checked: {error}"));
    match error {
        ReadError::TooLarge { .. } => problem.with_help(format!(
            "files of more than {} MB are taken for data; exclude it",
            MAX_FILE_BYTES >> 20
        )),
        _ => problem,
    }
}

fn parse_text(workspace: &Workspace, entry: &FileEntry, all_targets: bool, text: String) -> Parsed {
    let lines = Lines::new(text.into());
    let include = |relative: &str| included(workspace, entry, relative);
    let mut gathered = Gathered::default();
    let mut names = names(workspace, entry);
    let whole = if nesting::too_deep(lines.text()).is_none() {
        syn::parse_file(lines.text()).ok()
    } else {
        None
    };
    let items = if let Some(tree) = &whole {
        learn_names(&tree.items, &mut names);
        let context = Context {
            file: entry.id,
            lines: &lines,
            names: &names,
            all_targets,
            include: &include,
        };
        Converter::new(context, Pos { line: 1, column: 1 }, &mut gathered).file(tree)
    } else {
        let context = Context {
            file: entry.id,
            lines: &lines,
            names: &names,
            all_targets,
            include: &include,
        };
        recover::items(context, &mut gathered)
    };
    let mut parsed = unread(entry, std::mem::take(&mut gathered.problems));
    parsed.file.whole = !parsed.file.problems.iter().any(|problem| problem.code == "D001");
    parsed.file.allows = allow_comments(entry.id, &lines, &mut parsed.file.problems);
    parsed.file.problems.sort_by_key(|problem| problem.span.start);
    parsed.file.module = hir::Module { items };
    parsed.file.callees = gathered.callees.into_iter().collect();
    parsed.file.tests = gathered.tests;
    parsed.file.lines = lines;
    parsed.test_modules = declared(entry, gathered.test_modules);
    parsed
}

/// How the crate calls its dependency on `delivery`.
fn names(workspace: &Workspace, entry: &FileEntry) -> DeliveryNames {
    let dependencies = entry.krate.map(|krate| &workspace.krate(krate).dependencies);
    let ours = dependencies
        .into_iter()
        .flatten()
        .filter(|(_, package)| *package == "delivery");
    DeliveryNames::new(ours.map(|(name, _)| name.clone()).collect::<Vec<SmolStr>>())
}

fn included(workspace: &Workspace, entry: &FileEntry, relative: &str) -> Option<String> {
    let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = crate::workspace::join(folder, relative);
    workspace
        .read(&path)
        .ok()
        .filter(|text| text.len() <= MAX_INCLUDED_BYTES)
}
