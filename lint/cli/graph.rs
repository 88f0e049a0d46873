//! `cargo delivery graph`.

use anyhow::Context as _;

use super::args::Graph;
use super::levels::Levels;
use super::session::Session;
use super::{Console, Outcome};
use crate::render;

pub fn run(args: &Graph, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let session = Session::run(&args.selection, &Levels::default(), console)?;
    console
        .stdout
        .text(&render::graph(&session.report.integrations, args.format));
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}
