//! One file: read, check its nesting, parse, convert, drop the tree.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    sync::atomic::AtomicBool,
};

use smol_str::SmolStr;

use super::{
    Lines, Problem, SourceFile,
    attributes::DeliveryNames,
    body::Origin,
    comments::allow_comments,
    convert::{Converter, Gathered, ModulePath, learn_names},
    hir, nesting,
    outline::{Tests, outline},
    recover,
    words::Words,
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

/// How files are parsed.
#[derive(Clone, Copy)]
pub(super) struct Parsing<'w> {
    pub workspace: &'w Workspace,
    pub all_targets: bool,
}

/// What is parsed of a file at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    /// Bodies only when they are looked at.
    Outline,
}

impl Parsing<'_> {
    /// Parses a file's text.
    pub(super) fn parse(self, entry: &FileEntry, text: Result<String, ReadError>, extent: Extent) -> Parsed {
        match text {
            Err(error) => alone(unread(entry, vec![unreadable(entry, &error)])),
            Ok(text) => {
                let parsed = catch_unwind(AssertUnwindSafe(|| self.parse_text(entry, text, extent)));
                proc_macro2::extra::invalidate_current_thread_spans();
                parsed.unwrap_or_else(|_| {
                    let message = "reading this file failed inside the parser; it is not checked";
                    alone(unread(entry, vec![Problem::syntax(beginning_of(entry.id), message)]))
                })
            }
        }
    }

    fn parse_text(self, entry: &FileEntry, text: String, extent: Extent) -> Parsed {
        let lines = Lines::new(text);
        let in_outline = match extent {
            Extent::Outline => self.outlined(entry, &lines),
            Extent::Whole => None,
        };
        in_outline.unwrap_or_else(|| self.whole(entry, lines))
    }

    /// `None` if even the outline is odd.
    fn outlined(self, entry: &FileEntry, lines: &Lines) -> Option<Parsed> {
        let tests = if self.all_targets { Tests::Kept } else { Tests::LeftOut };
        let outline = outline(lines.text(), tests)?;
        if nesting::too_deep(&outline.text).is_some() {
            return None;
        }
        let tree = syn::parse_file(&outline.text).ok()?;
        let origin = self.origin(entry, lines, outline.words);
        let mut gathered = Gathered {
            tests: outline.tests,
            ..Gathered::default()
        };
        let items = Converter::new(origin.context(&origin.names, true), BEGINNING, &mut gathered).file(&tree);
        gathered
            .problems
            .is_empty()
            .then(|| parsed(&origin, entry, items, gathered))
    }

    fn whole(self, entry: &FileEntry, lines: Lines) -> Parsed {
        let tree = match nesting::too_deep(lines.text()) {
            None => syn::parse_file(lines.text()).ok(),
            Some(_) => None,
        };
        let origin = self.origin(entry, &lines, Words::default());
        let mut gathered = Gathered::default();
        let items = if let Some(tree) = &tree {
            let mut names = origin.names.clone();
            learn_names(&tree.items, &mut names);
            Converter::new(origin.context(&names, false), BEGINNING, &mut gathered).file(tree)
        } else {
            recover::items(origin.context(&origin.names, false), &mut gathered)
        };
        parsed(&origin, entry, items, gathered)
    }

    fn origin(self, entry: &FileEntry, lines: &Lines, words: Words) -> Arc<Origin> {
        Arc::new(Origin {
            file: entry.id,
            path: entry.path.clone(),
            lines: lines.clone(),
            names: names(self.workspace, entry),
            all_targets: self.all_targets,
            reader: self.workspace.reader(),
            words,
            reached: AtomicBool::new(false),
            odd: AtomicBool::new(false),
        })
    }
}

const BEGINNING: Pos = Pos { line: 1, column: 1 };

fn alone(file: SourceFile) -> Parsed {
    Parsed {
        file,
        test_modules: Vec::new(),
    }
}

fn parsed(origin: &Arc<Origin>, entry: &FileEntry, items: Vec<hir::Item>, gathered: Gathered) -> Parsed {
    let mut file = unread(entry, gathered.problems);
    file.whole = !file.problems.iter().any(|problem| problem.code == "D001");
    file.allows = allow_comments(entry.id, &origin.lines, &mut file.problems);
    file.problems.sort_by_key(|problem| problem.span.start);
    file.module = hir::Module { items };
    file.tests = gathered.tests;
    file.lines = origin.lines.clone();
    file.origin = Some(Arc::clone(origin));
    let modules = gathered.test_modules.into_iter();
    Parsed {
        file,
        test_modules: modules.map(|module| (entry.id, module)).collect(),
    }
}

/// A file of which nothing is known.
pub(super) fn unread(entry: &FileEntry, problems: Vec<Problem>) -> SourceFile {
    SourceFile {
        id: entry.id,
        path: entry.path.clone(),
        krate: entry.krate,
        lines: Lines::default(),
        module: hir::Module::default(),
        allows: Vec::new(),
        problems,
        tests: Vec::new(),
        whole: false,
        matters: false,
        origin: None,
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

/// How the crate calls its dependency on `delivery`.
fn names(workspace: &Workspace, entry: &FileEntry) -> DeliveryNames {
    let dependencies = entry.krate.map(|krate| &workspace.krate(krate).dependencies);
    let ours = dependencies
        .into_iter()
        .flatten()
        .filter(|(_, package)| *package == "delivery");
    DeliveryNames::new(ours.map(|(name, _)| name.clone()).collect::<Vec<SmolStr>>())
}
