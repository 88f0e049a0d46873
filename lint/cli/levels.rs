//! `-D`, `-W` and `-A`: clap keeps each option's values apart, but their common order decides.

use clap::builder::TypedValueParser as _;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::config::{self, Overrides};
use crate::report::Level;
use crate::rules::Rule;

/// Levels given on the command line; of two that name one rule the later one wins.
#[derive(Debug, Default, Clone)]
pub struct Levels {
    given: Vec<(Vec<&'static Rule>, Level)>,
    deny_warnings: bool,
}

const OPTIONS: [(&str, char, Level, &str); 3] = [
    (
        "deny",
        'D',
        Level::Deny,
        "Deny a rule or a group of rules: a finding of it fails the run, declared or not (may be repeated)",
    ),
    (
        "warn",
        'W',
        Level::Warn,
        "Only warn about a rule or a group (may be repeated)",
    ),
    (
        "allow",
        'A',
        Level::Allow,
        "Turn a rule or a group off (may be repeated)",
    ),
];

impl Levels {
    /// On top of what is configured.
    pub fn over(&self, mut configured: Overrides) -> Overrides {
        for (rules, level) in &self.given {
            for rule in rules {
                configured.command(rule, *level);
            }
        }
        configured.deny_warnings |= self.deny_warnings;
        configured
    }
}

impl Args for Levels {
    fn augment_args(command: Command) -> Command {
        let command = OPTIONS.iter().fold(command, |command, (name, short, _, help)| {
            command.arg(option(name, *short, help))
        });
        command.arg(
            Arg::new("deny-warnings")
                .long("deny-warnings")
                .help("Deny whatever is warned about")
                .help_heading("Rules")
                .action(ArgAction::SetTrue),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn option(name: &'static str, short: char, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .short(short)
        .help(help)
        .help_heading("Rules")
        .value_name("RULE")
        .action(ArgAction::Append)
        .value_parser(clap::builder::NonEmptyStringValueParser::new().try_map(|name| config::find_rules(&name)))
}

impl FromArgMatches for Levels {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given: Vec<_> = OPTIONS
            .iter()
            .flat_map(|(name, _, level, _)| values(matches, name, *level))
            .collect();
        given.sort_by_key(|(index, ..)| *index);
        let given = given.into_iter().map(|(_, rule, level)| (rule, level)).collect();
        Ok(Self {
            given,
            deny_warnings: matches.get_flag("deny-warnings"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Each value of an option, with its place on the command line.
fn values(matches: &ArgMatches, name: &str, level: Level) -> Vec<(usize, Vec<&'static Rule>, Level)> {
    let rules = matches.get_many::<Vec<&'static Rule>>(name).unwrap_or_default();
    let indices = matches.indices_of(name).into_iter().flatten();
    indices
        .zip(rules)
        .map(|(index, rules)| (index, rules.clone(), level))
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        levels: Levels,
    }

    fn overrides(line: &str) -> Overrides {
        let line = Line::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{error}"));
        line.levels.over(Overrides::default())
    }

    #[test]
    fn the_last_one_wins_whatever_its_letter() {
        let rule = config::find_rule("D101").unwrap();
        assert_eq!(
            overrides("x -D D101 -A commit-before-process").get(rule),
            Some(Level::Allow)
        );
        assert_eq!(
            overrides("x -A commit-before-process -D D101").get(rule),
            Some(Level::Deny)
        );
        assert_eq!(overrides("x -W commit_before_process").get(rule), Some(Level::Warn));
    }

    #[test]
    fn a_group_is_all_of_its_rules() {
        let chosen = overrides("x -D loss -W ack-on-error -A exactly_once");
        let level = |code| chosen.get(config::find_rule(code).unwrap());
        assert_eq!(
            [level("D101"), level("D103"), level("D302"), level("D201")],
            [Some(Level::Deny), Some(Level::Warn), Some(Level::Allow), None]
        );
    }

    #[test]
    fn an_unknown_rule_is_answered_with_the_one_that_was_meant() {
        let error = Line::try_parse_from(["x", "-D", "comit-before-process"])
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(error.contains("did you mean `commit-before-process`?"), "{error}");
    }
}
