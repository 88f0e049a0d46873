//! `cargo delivery doc`.

use super::args::{Doc, Verbosity};
use super::{Console, Outcome};

pub fn run(_: &Doc, _: Verbosity, _: &mut Console<'_>) -> anyhow::Result<Outcome> {
    anyhow::bail!("not yet")
}
