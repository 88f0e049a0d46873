//! What the guarantee rests on, apart from the code.

use crate::model::BROKER_DURABLE;

use super::{Cause, Check, Declared, Level, Rule, finding, is_open};

pub const RULE: Rule = Rule {
    name: "unverified-guarantee",
    code: "D511",
    level: Level::Note,
    since: "0.1.0",
    summary: "The guarantee holds only under assumptions.",
    doc: include_str!("unverified_guarantee.md"),
    check: Check::Declaration(check),
};

fn check(declared: &Declared<'_>) -> Option<Cause> {
    let declaration = declared.declaration?;
    let analysis = declared.analysis;
    // That a broker keeps what it has confirmed is what everything rests on: said with each verdict, and no news on its own.
    let own = analysis.assumptions.iter().filter(|text| *text != BROKER_DURABLE);
    let open = analysis.questions.iter().chain(own);
    let list: Vec<String> = open.map(|text| format!("- {text}")).collect();
    if list.is_empty() || !is_open(analysis) || !declaration.semantic.requires_attempt() {
        return None;
    }
    let message = format!("`{}` holds only if more is true than the code shows", declaration.semantic);
    Some(finding(&RULE, declared.at, message, list.join("\n")))
}
