//! Where something stands: files by number, positions as line and column.
//!
//! Positions are plain numbers from the moment a file is parsed, so that everything after `source` is `Send`, cheap to copy,
//! and independent of `proc_macro2`'s thread-local source map.

use serde::{Deserialize, Serialize};

/// A file of the analysed tree: an index into [`crate::source::Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// A position; both numbers start at 1. `column` counts characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pos {
    pub line: u32,
    pub column: u32,
}

/// A half-open range of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    pub file: FileId,
    pub start: Pos,
    pub end: Pos,
}

impl Span {
    /// The smallest span that covers both; `other` must be of the same file.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether `line` lies in the span.
    #[must_use]
    pub fn covers_line(self, line: u32) -> bool {
        (self.start.line..=self.end.line).contains(&line)
    }
}
