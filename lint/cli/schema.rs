//! `cargo delivery schema`.

use anyhow::Context as _;

use super::args::Schema;
use super::{Console, Outcome};

pub fn run(args: &Schema, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let text = serde_json::to_string_pretty(&args.of.value())?;
    console.stdout.text(&format!("{text}\n"));
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}
