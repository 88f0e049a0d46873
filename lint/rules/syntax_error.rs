//! A file that matters does not parse: what could not be read is not checked.

use super::{Check, Level, Rule};

pub const RULE: Rule = Rule {
    name: "syntax-error",
    code: "D001",
    level: Level::Warn,
    since: "0.1.0",
    summary: "A file that matters does not parse: what could not be read is not checked.",
    doc: include_str!("syntax_error.md"),
    check: Check::Elsewhere,
};
