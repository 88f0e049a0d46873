//! The command line: what is asked for, which command answers, and what the exit code says.
//!
//! With `workspace` this is the only part that touches the disk. Nothing here prints by itself: results and messages go to the
//! two streams of the [`Console`] that `main` hands in.

mod annotate;
mod args;
mod cache;
mod check;
mod choose;
mod completions;
mod console;
mod diff;
mod doc;
mod doctor;
mod explain;
mod fix;
mod git;
mod graph;
mod init;
mod levels;
mod list;
mod lsp;
mod output;
mod progress;
mod proof;
mod rules;
mod schema;
mod session;
mod with;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, ValueEnum as _};

use self::args::{Cli, Color, Command};
pub use self::console::{Console, Stream, colour_of, format_for, is_watched};
use crate::config::Invalid;

/// Nothing is denied.
pub const EXIT_CLEAN: u8 = 0;
/// At least one finding is denied (or, for `doc --check`, the documentation is stale).
pub const EXIT_DENIED: u8 = 1;
/// Wrong usage, a wrong configuration, or a file that cannot be read or written: there is no result.
pub const EXIT_FAILED: u8 = 2;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// See [`EXIT_CLEAN`].
    Clean,
    /// See [`EXIT_DENIED`].
    Denied,
    /// See [`EXIT_FAILED`].
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Clean => EXIT_CLEAN,
            Outcome::Denied => EXIT_DENIED,
            Outcome::Failed => EXIT_FAILED,
        })
    }
}

/// Runs the command that the arguments (the program's name first) ask for.
pub fn run(args: impl IntoIterator<Item = OsString>, mut console: Console<'_>) -> Outcome {
    let args: Vec<OsString> = without_subcommand(args).collect();
    match Cli::try_parse_from(&args) {
        Ok(cli) => {
            console.choose_colour(cli.color);
            execute(&cli, &mut console).unwrap_or_else(|error| fail(&error, &mut console))
        }
        Err(error) => {
            console.choose_colour(colour_in(&args));
            usage(&error, &mut console)
        }
    }
}

/// Cargo calls `cargo-delivery delivery check …` for `cargo delivery check …`.
fn without_subcommand(args: impl IntoIterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    args.into_iter()
        .enumerate()
        .filter(|(index, arg)| *index != 1 || arg != "delivery")
        .map(|(_, arg)| arg)
}

/// `--color` of arguments that are wrong otherwise.
fn colour_in(args: &[OsString]) -> Color {
    let after = args
        .iter()
        .zip(args.iter().skip(1))
        .find(|(flag, _)| *flag == "--color");
    let glued = || args.iter().find_map(|arg| arg.to_str()?.strip_prefix("--color="));
    let word = after.map_or_else(glued, |(_, value)| value.to_str());
    word.and_then(|word| Color::from_str(word, true).ok())
        .unwrap_or(Color::Auto)
}

fn execute(cli: &Cli, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    match &cli.command {
        Command::Check(args) => check::run(args, cli.verbosity(), console),
        Command::List(args) => list::run(args, console),
        Command::Doc(args) => doc::run(args, cli.verbosity(), console),
        Command::Diff(args) => diff::run(args, console),
        Command::Doctor(args) => doctor::run(args, console),
        Command::Explain(args) => explain::run(args, console),
        Command::Init(args) => init::run(args, console),
        Command::Annotate(args) => annotate::run(args, console),
        Command::Lsp => lsp::run(console),
        Command::Completions(args) => completions::completions(args, console),
        Command::Man(args) => completions::man(args, console),
        Command::Schema(args) => schema::run(args, console),
        Command::Rules(args) => rules::run(args, console),
        Command::Graph(args) => graph::run(args, console),
        Command::Choose(args) => choose::run(args, console),
    }
}

fn usage(error: &clap::Error, console: &mut Console<'_>) -> Outcome {
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            console.stdout.styled(&text);
            Outcome::Clean
        }
        _ => {
            console.stderr.styled(&text);
            Outcome::Failed
        }
    }
}

fn fail(error: &anyhow::Error, console: &mut Console<'_>) -> Outcome {
    let text = match error.downcast_ref::<Invalid>() {
        Some(invalid) => crate::render::invalid_config(invalid, console.stderr.look(console.width)),
        None => crate::render::printable(&format!("error: {error:#}\n")).into_owned(),
    };
    console.stderr.text(&text);
    Outcome::Failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_repeats_the_name_of_the_subcommand() {
        let args = |words: &[&str]| -> Vec<String> {
            without_subcommand(words.iter().map(OsString::from))
                .map(|arg| arg.to_string_lossy().into_owned())
                .collect()
        };
        assert_eq!(
            args(&["cargo-delivery", "delivery", "check"]),
            ["cargo-delivery", "check"]
        );
        assert_eq!(
            args(&["cargo-delivery", "check", "delivery"]),
            ["cargo-delivery", "check", "delivery"]
        );
    }
}
