//! `cargo delivery init`: a `delivery.yaml` to start with, and what CI should run.

use anyhow::{Context as _, bail};

use super::args::Init;
use super::levels::Levels;
use super::session::Session;
use super::{Console, Outcome, output};
use crate::config::FILE_NAME;

pub fn run(args: &Init, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let session = Session::run(&args.selection, &Levels::default(), console)?;
    if session.workspace.config.is_some() {
        bail!("{FILE_NAME} is there already");
    }
    let path = session.workspace.root.join(FILE_NAME);
    output::write(&path, include_str!("../../templates/init/delivery.yaml"))?;
    console
        .stderr
        .text(&format!("{FILE_NAME} written at the root of the workspace\n"));
    console.stdout.text(include_str!("../../templates/init/ci.yaml"));
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}
