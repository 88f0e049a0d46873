//! What is wrong with the input itself: files that cannot be read, declarations that make no sense.

use crate::span::{FileId, Pos, Span};

/// A finding of the D0xx rules that is known before any analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub rule: &'static str,
    pub code: &'static str,
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
}

impl Problem {
    /// D001: something could not be read, and so is not checked.
    pub fn syntax(span: Span, message: impl Into<String>) -> Self {
        Self {
            rule: "syntax-error",
            code: "D001",
            span,
            message: message.into(),
            help: None,
        }
    }

    /// D002: a declaration is wrong.
    pub fn declaration(span: Span, message: impl Into<String>) -> Self {
        Self {
            rule: "invalid-declaration",
            code: "D002",
            span,
            message: message.into(),
            help: None,
        }
    }

    /// The same with a help text.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }
}

/// The beginning of a file, for what concerns all of it.
#[must_use]
pub fn beginning_of(file: FileId) -> Span {
    let start = Pos { line: 1, column: 1 };
    Span {
        file,
        start,
        end: start,
    }
}
