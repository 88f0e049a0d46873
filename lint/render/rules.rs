//! The catalogue of rules, with the levels that are in force.

use super::Look;
use super::text::{Paint, wrapped};
use crate::config::Overrides;
use crate::report::Level;
use crate::rules::RULES;

/// A line for each rule; a level that somebody has changed is marked with `*`.
#[must_use]
pub fn rules(levels: &Overrides, look: Look) -> String {
    let paint = Paint(look.colour);
    let name = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for rule in RULES {
        let level = levels.level(rule);
        let mark = if level == rule.level { ' ' } else { '*' };
        let word = level.as_str();
        let lead = format!("{} {:<name$} {word:<5}{mark} ", rule.code, rule.name);
        let row = wrapped(&lead, rule.summary, look.width.max(lead.len() + 30));
        out.push_str(&row.replacen(&format!(" {word} "), &format!(" {} ", coloured(level, paint)), 1));
    }
    out
}

fn coloured(level: Level, paint: Paint) -> String {
    match level {
        Level::Allow => level.as_str().to_owned(),
        Level::Note => paint.cyan(level.as_str()),
        Level::Warn => paint.yellow(level.as_str()),
        Level::Deny => paint.red(level.as_str()),
    }
}
