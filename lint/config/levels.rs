//! Which level a rule has: its own, unless somebody said otherwise.

use std::collections::BTreeMap;

use delivery_grammar::closest;

use crate::report::{Finding, Level};
use crate::rules::{RULES, Rule};

/// Levels that were chosen, by the configuration or on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    chosen: BTreeMap<&'static str, Level>,
    /// Whatever is warned about is denied.
    pub deny_warnings: bool,
}

impl Overrides {
    /// Chooses; a later choice replaces an earlier one.
    pub fn set(&mut self, rule: &Rule, level: Level) {
        self.chosen.insert(rule.code, level);
    }

    /// What was chosen for a rule.
    #[must_use]
    pub fn get(&self, rule: &Rule) -> Option<Level> {
        self.chosen.get(rule.code).copied()
    }

    /// The level of a rule where an integration is declared.
    #[must_use]
    pub fn level(&self, rule: &Rule) -> Level {
        self.stricter(self.get(rule).unwrap_or(rule.level))
    }

    /// Gives each finding the level at which it counts. Where nothing was chosen, `deny` becomes `warn` if the integration
    /// declares nothing: only code that contradicts its own declaration fails a build by default.
    pub fn apply(&self, findings: &mut [Finding]) {
        for finding in findings {
            let own = match finding.level {
                Level::Deny if finding.assumed => Level::Warn,
                level => level,
            };
            finding.level = self.stricter(self.chosen.get(finding.code).copied().unwrap_or(own));
        }
    }

    fn stricter(&self, level: Level) -> Level {
        if self.deny_warnings && level == Level::Warn {
            Level::Deny
        } else {
            level
        }
    }
}

/// The rule of this name (`dedup-race`, `dedup_race`) or code (`D203`).
///
/// # Errors
///
/// There is none; the message names the one that was probably meant.
pub fn find_rule(name: &str) -> Result<&'static Rule, String> {
    let kebab = name.replace('_', "-");
    let named = |rule: &&&Rule| rule.name == kebab || rule.code.eq_ignore_ascii_case(name);
    RULES.iter().find(named).copied().ok_or_else(|| unknown(&kebab))
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = RULES.iter().flat_map(|rule| [rule.name, rule.code]).collect();
    match closest(name, &names) {
        Some(meant) => format!("unknown rule `{name}`; did you mean `{meant}`?"),
        None => format!("unknown rule `{name}`; `cargo delivery rules` lists them"),
    }
}

/// A level by the word that configuration and output use.
///
/// # Errors
///
/// There is no such word.
pub fn level_named(word: &str) -> Result<Level, String> {
    let levels = [Level::Allow, Level::Note, Level::Warn, Level::Deny];
    levels.into_iter().find(|level| level.as_str() == word).ok_or_else(|| {
        delivery_grammar::Invalid::unknown("level", word, &levels.map(Level::as_str))
            .message()
            .to_owned()
    })
}
