//! `cargo delivery completions` and `cargo delivery man`: made from the arguments themselves.

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::{Cli, Completions, Man};
use super::{Console, Outcome};

const PROGRAM: &str = "cargo-delivery";

pub fn completions(args: &Completions, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let script = match args.shell {
        Shell::Bash => for_bash(),
        shell => generated(shell, PROGRAM),
    };
    console.stdout.text(&script);
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}

fn generated(shell: Shell, name: &str) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// In the script for bash, a hyphen in the program's name takes the commands away from their arguments (clap_complete 4.6). So it is made
/// for a name without one, and registered for the program.
fn for_bash() -> String {
    let plain = PROGRAM.replace('-', "_");
    let script = generated(Shell::Bash, &plain);
    script.replace(&format!(" {plain}\n"), &format!(" {PROGRAM}\n"))
}

/// A page for the program and one for each command.
pub fn man(args: &Man, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    make(&args.out)?;
    clap_mangen::generate_to(Cli::command(), &args.out)
        .with_context(|| format!("cannot write to {}", args.out.display()))?;
    console
        .stderr
        .text(&format!("man pages written to {}\n", args.out.display()));
    Ok(Outcome::Clean)
}

#[expect(clippy::disallowed_methods, reason = "the edge: a folder that the user named")]
fn make(folder: &std::path::Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot write {}", folder.display()))
}
