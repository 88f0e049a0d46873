//! Code that receives messages and promises nothing.

use crate::flow::Broker;

use super::{Cause, Check, Declared, Level, Rule, finding};

pub const RULE: Rule = Rule {
    name: "undeclared-integration",
    code: "D501",
    level: Level::Warn,
    since: "0.1.0",
    summary: "Code receives from a transport and declares no semantic.",
    doc: include_str!("undeclared_integration.md"),
    check: Check::Declaration(check),
};

fn check(declared: &Declared<'_>) -> Option<Cause> {
    if declared.declaration.is_some() || declared.flow.source.broker == Broker::Caller {
        return None;
    }
    let given = declared.analysis.inferred.map_or_else(
        || "what it gives could not be inferred".to_owned(),
        |semantic| format!("it gives `{semantic}`"),
    );
    let message = format!("this receives from `{}` and declares no delivery semantic: {given}", declared.flow.source.transport);
    let help = declared.analysis.inferred.map_or_else(
        || "declare what it is meant to give".to_owned(),
        |semantic| format!("declare `#[delivery::{semantic}(integration = \"…\")]`, or what it is meant to give"),
    );
    Some(finding(&RULE, declared.flow.source.at.span, message, help))
}
