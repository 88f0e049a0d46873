//! A guarantee nobody can explain is one nobody will keep.

use super::{Cause, Check, Declared, Level, Rule, finding};

pub const RULE: Rule = Rule {
    name: "missing-rationale",
    code: "D502",
    level: Level::Warn,
    since: "0.1.0",
    summary: "No `why`, or an empty one.",
    doc: include_str!("missing_rationale.md"),
    check: Check::Declaration(check),
};

fn check(declared: &Declared<'_>) -> Option<Cause> {
    let declaration = declared.declaration?;
    let given = declaration.why.as_deref().is_some_and(|why| !why.trim().is_empty());
    let message = format!("`{}` does not say why it is `{}`", declaration.integration, declaration.semantic);
    let help = "add `why = \"…\"`: what a lost or a repeated message would cost".to_owned();
    (!given).then(|| finding(&RULE, declared.at, message, help))
}
