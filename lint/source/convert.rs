//! From syn's tree to [`hir`](super::hir).
//!
//! One [`Converter`] a parsed text. It walks the tree once, in the shape of the tree, and reads positions from tokens as it goes:
//! an expression's start is known from its first part, which has been converted by then, so that nothing is ever looked up twice
//! and a long chain costs no more than its length.

mod attribute;
mod control;
mod document;
mod expr;
mod format;
mod gated;
mod item;
mod item_function;
mod literal;
mod macro_call;
mod pat;
mod select;
mod statement;
mod tokens;
mod ty;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(super) use self::item::learn_names;
use proc_macro2::LineColumn;
use smol_str::{SmolStr, ToSmolStr};

use super::{
    Problem,
    attributes::DeliveryNames,
    body::Origin,
    hir::{self, Expr, ExprKind},
    lines::Lines,
};
use crate::span::{FileId, Pos, Span};

/// What converting yields besides the items.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub problems: Vec<Problem>,
    /// Test functions that were left out, by path inside the file.
    pub tests: Vec<SmolStr>,
    /// Modules in other files that were left out because they are tests.
    pub test_modules: Vec<ModulePath>,
}

/// A `mod name;` and the inline modules around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModulePath {
    pub around: Vec<SmolStr>,
    pub name: SmolStr,
    pub path: Option<SmolStr>,
}

/// What a converter needs to know of its file.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub file: FileId,
    pub lines: &'a Lines,
    pub names: &'a DeliveryNames,
    pub all_targets: bool,
    /// Functions without statements may have a body that was left out.
    pub lazy: bool,
    pub origin: &'a Arc<Origin>,
}

/// Converts the trees of one text, which may be a part of a file.
pub(super) struct Converter<'a> {
    context: Context<'a>,
    /// Where the text starts in its file.
    origin: Pos,
    /// The inline modules around what is being converted.
    modules: Vec<SmolStr>,
    gathered: &'a mut Gathered,
}

impl<'a> Converter<'a> {
    pub(super) fn new(context: Context<'a>, origin: Pos, gathered: &'a mut Gathered) -> Self {
        Self {
            context,
            origin,
            modules: Vec::new(),
            gathered,
        }
    }

    /// All items of a file, or none if it is one of tests.
    pub(super) fn file(&mut self, file: &syn::File) -> Vec<hir::Item> {
        if self.leaves_out(&file.attrs) {
            Vec::new()
        } else {
            self.items(&file.items)
        }
    }

    fn at(&self, at: LineColumn) -> Pos {
        let (line, column) = (at.line as u32, at.column as u32 + 1);
        if line <= 1 {
            return Pos {
                line: self.origin.line,
                column: self.origin.column + column - 1,
            };
        }
        Pos {
            line: self.origin.line + line - 1,
            column,
        }
    }

    fn start(&self, span: proc_macro2::Span) -> Pos {
        self.at(span.start())
    }

    fn end(&self, span: proc_macro2::Span) -> Pos {
        self.at(span.end())
    }

    fn span(&self, start: Pos, end: Pos) -> Span {
        Span {
            file: self.context.file,
            start,
            end,
        }
    }

    fn span_of(&self, span: proc_macro2::Span) -> Span {
        self.span(self.start(span), self.end(span))
    }

    fn problem(&mut self, problem: Problem) {
        self.gathered.problems.push(problem);
    }
}

/// An expression of this kind, from here to there.
fn spanned(kind: ExprKind, start: Pos, end: Pos) -> Expr {
    Expr { kind, start, end }
}

/// Collects without room to spare: `collect` makes room for four, and most lists in code are of one.
fn exact<T>(items: impl ExactSizeIterator<Item = T>) -> Vec<T> {
    let mut all = Vec::with_capacity(items.len());
    all.extend(items);
    all
}

/// The same for what could not be counted before.
fn shrunk<T>(mut all: Vec<T>) -> Vec<T> {
    all.shrink_to_fit();
    all
}

/// The name, without `r#`.
fn name_of(ident: &proc_macro2::Ident) -> SmolStr {
    let name = ident.to_smolstr();
    match name.strip_prefix("r#") {
        Some(plain) => SmolStr::from(plain),
        None => name,
    }
}
