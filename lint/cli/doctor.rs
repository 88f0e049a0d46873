//! `cargo delivery doctor`.

use anyhow::Context as _;

use super::args::Doctor;
use super::levels::Levels;
use super::session::Session;
use super::{Console, Outcome};
use crate::render;

pub fn run(args: &Doctor, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let session = Session::run(&args.selection, &Levels::default(), console)?;
    let look = console.stdout.look(console.width);
    let text = render::doctor(&session.overview(), &session.resolved(), &session, args.format, look);
    console.stdout.text(&text);
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}
