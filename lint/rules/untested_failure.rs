//! A guarantee about failures that no test has ever seen fail.

use super::{Cause, Check, Declared, Level, Rule, finding};

pub const RULE: Rule = Rule {
    name: "untested-failure",
    code: "D505",
    level: Level::Warn,
    since: "0.1.0",
    summary: "No `tested_by`, or it names a test that does not exist.",
    doc: include_str!("untested_failure.md"),
    check: Check::Declaration(check),
};

fn check(declared: &Declared<'_>) -> Option<Cause> {
    let declaration = declared.declaration?;
    if declaration.tested_by.is_empty() {
        let message = format!("no test shows that `{}` is `{}` when something fails", declaration.integration, declaration.semantic);
        let help = "deliver a message twice, or fail between two steps, in a test, and name it in `tested_by = […]`".to_owned();
        return Some(finding(&RULE, declared.at, message, help));
    }
    let last = |path: &str| path.rsplit("::").next().unwrap_or(path).to_owned();
    let exists = |path: &&String| declared.tests.iter().any(|test| last(test) == last(path));
    let missing: Vec<String> = declaration.tested_by.iter().filter(|path| !exists(path)).map(|path| format!("`{path}`")).collect();
    let message = match missing.as_slice() {
        [] => return None,
        [one] => format!("there is no test {one}"),
        several => format!("there are no tests {}", several.join(", ")),
    };
    Some(finding(&RULE, declared.at, message, "write it, or name the test that is meant".to_owned()))
}
