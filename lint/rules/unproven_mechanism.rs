//! A mechanism that is declared and not there.

use delivery_grammar::Mechanism;

use super::{Cause, Check, Declared, Level, Rule, evidence, finding};

pub const RULE: Rule = Rule {
    name: "unproven-mechanism",
    code: "D503",
    level: Level::Warn,
    since: "0.1.0",
    summary: "A mechanism is declared that the code shows no sign of, or a promise lists none.",
    doc: include_str!("unproven_mechanism.md"),
    check: Check::Declaration(check),
};

fn check(declared: &Declared<'_>) -> Option<Cause> {
    let declaration = declared.declaration?;
    let semantic = declaration.semantic;
    if declaration.mechanisms.is_empty() {
        let promises = semantic.forbids_loss() || semantic.forbids_repetition();
        let message = format!("`{semantic}` is promised, and no mechanism that provides it is listed");
        let help = "add `mechanisms = […]`".to_owned();
        return promises.then(|| finding(&RULE, declared.at, message, help));
    }
    if !declared.flow.is_understood() {
        return None;
    }
    let shown = evidence(declared.flow);
    let missing = |mechanism: &&Mechanism| shown.iter().any(|(known, sites)| known == *mechanism && sites.is_empty());
    let names: Vec<String> = declaration.mechanisms.iter().filter(missing).map(|name| format!("`{name}`")).collect();
    let message = format!("the code shows no sign of {}", names.join(", "));
    let help = "remove it from `mechanisms`, or make it visible in the code".to_owned();
    (!names.is_empty()).then(|| finding(&RULE, declared.at, message, help))
}
