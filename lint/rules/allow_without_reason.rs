//! An `allow` gives no reason.

use super::{Check, Level, Rule};

pub const RULE: Rule = Rule {
    name: "allow-without-reason",
    code: "D004",
    level: Level::Warn,
    since: "0.1.0",
    summary: "An `allow` gives no reason.",
    doc: include_str!("allow_without_reason.md"),
    check: Check::Elsewhere,
};
