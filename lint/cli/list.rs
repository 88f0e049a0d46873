//! `cargo delivery list`.

use anyhow::Context as _;

use super::args::List;
use super::levels::Levels;
use super::session::Session;
use super::{Console, Outcome};
use crate::render;

pub fn run(args: &List, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let session = Session::run(&args.selection, &Levels::default(), console)?;
    let look = console.stdout.look(console.width);
    console
        .stdout
        .text(&render::list(&session.resolved(), args.format, look));
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}
