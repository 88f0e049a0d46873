//! A chain is as good as its weakest link.

use super::{Check, Level, Rule};

pub const RULE: Rule = Rule {
    name: "weakest-link",
    code: "D509",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A consumer that promises no loss is fed, inside the workspace, by a producer that may lose messages.",
    doc: include_str!("weakest_link.md"),
    check: Check::Elsewhere,
};
