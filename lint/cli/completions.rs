//! `cargo delivery completions` and `cargo delivery man`: made from the arguments themselves.

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::args::{Cli, Completions, Man};
use super::{Console, Outcome};

pub fn completions(args: &Completions, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cargo-delivery", &mut script);
    console.stdout.text(&String::from_utf8_lossy(&script));
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
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
