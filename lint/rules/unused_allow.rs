//! An `allow` suppresses nothing.

use super::{Check, Level, Rule};

pub const RULE: Rule = Rule {
    name: "unused-allow",
    code: "D003",
    level: Level::Warn,
    since: "0.1.0",
    summary: "An `allow` suppresses nothing.",
    doc: include_str!("unused_allow.md"),
    check: Check::Elsewhere,
};
