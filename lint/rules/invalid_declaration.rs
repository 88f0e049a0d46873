//! A delivery attribute or an entry of delivery.yaml is wrong.

use super::{Check, Level, Rule};

pub const RULE: Rule = Rule {
    name: "invalid-declaration",
    code: "D002",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A delivery attribute or an entry of delivery.yaml is wrong.",
    doc: include_str!("invalid_declaration.md"),
    check: Check::Elsewhere,
};
