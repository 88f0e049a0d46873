//! Which level a rule has: its own, unless somebody said otherwise.

use std::collections::BTreeMap;

use delivery_grammar::closest;

use crate::globs::path_globs;
use crate::report::{Finding, Level};
use crate::rules::{Group, RULES, Rule};
use crate::span::FileId;

/// Levels that were chosen. The command line goes over the configuration, and there what is said of a path over what is said of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    chosen: BTreeMap<&'static str, Level>,
    /// In the order of the file: of two that match a path, the later one decides.
    by_path: Vec<(Vec<String>, BTreeMap<&'static str, Level>)>,
    commanded: BTreeMap<&'static str, Level>,
    /// Whatever is warned about is denied.
    pub deny_warnings: bool,
}

impl Overrides {
    /// Chooses by configuration; a later choice replaces an earlier one.
    pub fn set(&mut self, rule: &Rule, level: Level) {
        self.chosen.insert(rule.code, level);
    }

    /// Chooses by configuration for findings in files that match one of the patterns.
    pub fn set_for(&mut self, paths: Vec<String>, levels: &[(&'static Rule, Level)]) {
        let levels = levels.iter().map(|(rule, level)| (rule.code, *level));
        self.by_path.push((paths, levels.collect()));
    }

    /// Chooses on the command line.
    pub fn command(&mut self, rule: &Rule, level: Level) {
        self.commanded.insert(rule.code, level);
    }

    /// What was chosen for a rule, wherever its findings are.
    #[must_use]
    pub fn get(&self, rule: &Rule) -> Option<Level> {
        self.commanded
            .get(rule.code)
            .or_else(|| self.chosen.get(rule.code))
            .copied()
    }

    /// The level of a rule where an integration is declared.
    #[must_use]
    pub fn level(&self, rule: &Rule) -> Level {
        self.stricter(self.get(rule).unwrap_or(rule.level))
    }

    /// Gives each finding the level at which it counts. Where nothing was chosen, `deny` becomes `warn` if the integration
    /// declares nothing: only code that contradicts its own declaration fails a build by default.
    pub fn apply<'a>(&self, findings: &mut [Finding], path: impl Fn(FileId) -> &'a str) {
        let by_path: Vec<_> = self
            .by_path
            .iter()
            .map(|(paths, levels)| (path_globs(paths.iter().map(String::as_str)).unwrap_or_default(), levels))
            .collect();
        for finding in findings {
            let own = match finding.level {
                Level::Deny if finding.assumed => Level::Warn,
                level => level,
            };
            let of_path = by_path
                .iter()
                .rev()
                .filter(|(paths, _)| paths.is_match(path(finding.primary.file)))
                .find_map(|(_, levels)| levels.get(finding.code));
            let commanded = self.commanded.get(finding.code);
            let chosen = commanded.or(of_path).or_else(|| self.chosen.get(finding.code));
            finding.level = self.stricter(chosen.copied().unwrap_or(own));
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
    let names = RULES.iter().flat_map(|rule| [rule.name, rule.code]);
    RULES
        .iter()
        .find(named)
        .copied()
        .ok_or_else(|| unknown(&kebab, &names.collect::<Vec<_>>()))
}

/// The rules that a name, a code or the name of a group means.
///
/// # Errors
///
/// There is none; the message names what was probably meant.
pub fn find_rules(name: &str) -> Result<Vec<&'static Rule>, String> {
    let kebab = name.replace('_', "-");
    if let Some(group) = group_named(&kebab) {
        return Ok(RULES
            .iter()
            .copied()
            .filter(|rule| rule.group() == Some(group))
            .collect());
    }
    let names = RULES.iter().flat_map(|rule| [rule.name, rule.code]);
    let names = names.chain(Group::ALL.iter().map(|group| group.as_str()));
    find_rule(name)
        .map(|rule| vec![rule])
        .map_err(|_| unknown(&kebab, &names.collect::<Vec<_>>()))
}

/// Whether a name means several rules: what is said of one of them goes over it.
pub(super) fn is_group(name: &str) -> bool {
    group_named(&name.replace('_', "-")).is_some()
}

fn group_named(kebab: &str) -> Option<Group> {
    Group::ALL.iter().copied().find(|group| group.as_str() == kebab)
}

fn unknown(name: &str, names: &[&str]) -> String {
    match closest(name, names) {
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
