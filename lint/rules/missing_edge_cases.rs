//! The corners of an integration, which only its author knows.

use super::{Cause, Check, Declared, Level, Rule, finding};

pub const RULE: Rule = Rule {
    name: "missing-edge-cases",
    code: "D504",
    level: Level::Warn,
    since: "0.1.0",
    summary: "No `edge_cases`.",
    doc: include_str!("missing_edge_cases.md"),
    check: Check::Declaration(check),
};

fn check(declared: &Declared<'_>) -> Option<Cause> {
    let declaration = declared.declaration?;
    let given = declaration.edge_cases.iter().any(|case| !case.trim().is_empty());
    let message = format!("`{}` lists no edge cases", declaration.integration);
    let help = "add `edge_cases = [\"…\"]`: what happens on a crash, an outage, a duplicate".to_owned();
    (!given).then(|| finding(&RULE, declared.at, message, help))
}
