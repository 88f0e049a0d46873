//! What must not be lost is promised by a semantic that loses.

use delivery_grammar::Criticality;

use super::{Cause, Check, Declared, Level, Rule, finding};

pub const RULE: Rule = Rule {
    name: "unsuitable-semantic",
    code: "D507",
    level: Level::Deny,
    since: "0.1.0",
    summary: "`criticality = critical` with a semantic that may lose messages.",
    doc: include_str!("unsuitable_semantic.md"),
    check: Check::Declaration(check),
};

fn check(declared: &Declared<'_>) -> Option<Cause> {
    let declaration = declared.declaration?;
    if declaration.criticality != Criticality::Critical || declaration.semantic.forbids_loss() {
        return None;
    }
    let message = format!("`{}` is critical, and `{}` lets its messages get lost", declaration.integration, declaration.semantic);
    let help = "promise `effectively_once`, which loses nothing and absorbs duplicates, or say that a loss is tolerable".to_owned();
    Some(finding(&RULE, declared.at, message, help))
}
