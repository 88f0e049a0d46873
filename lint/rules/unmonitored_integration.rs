//! Theory and behaviour differ; only a metric shows by how much.

use super::{Cause, Check, Declared, Level, Rule, finding};

pub const RULE: Rule = Rule {
    name: "unmonitored-integration",
    code: "D506",
    level: Level::Warn,
    since: "0.1.0",
    summary: "No `metrics` declared, and no metric recorded in the unit.",
    doc: include_str!("unmonitored_integration.md"),
    check: Check::Declaration(check),
};

fn check(declared: &Declared<'_>) -> Option<Cause> {
    let declaration = declared.declaration?;
    if declared.monitored || !declaration.metrics.is_empty() {
        return None;
    }
    let message = format!("nobody would see `{}` lose or repeat messages: it records no metric", declaration.integration);
    let help = "count what is processed, what fails and what comes twice, and name it in `metrics = […]`".to_owned();
    Some(finding(&RULE, declared.at, message, help))
}
