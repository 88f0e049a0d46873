//! A guarantee became weaker since another revision.

use super::{Check, Level, Rule};

pub const RULE: Rule = Rule {
    name: "semantic-drift",
    code: "D512",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A declared or inferred guarantee became weaker than at the other revision.",
    doc: include_str!("semantic_drift.md"),
    check: Check::Elsewhere,
};
