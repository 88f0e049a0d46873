//! `cargo delivery rules`.

use anyhow::Context as _;

use super::args::Rules;
use super::session;
use super::{Console, Outcome};
use crate::render;

pub fn run(args: &Rules, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let configured = session::config_at(args.manifest_path.as_deref())?;
    let levels = args.levels.over(configured.overrides);
    console
        .stdout
        .text(&render::rules(&levels, console.stdout.look(console.width)));
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}
