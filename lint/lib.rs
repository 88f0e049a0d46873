//! `cargo delivery`: what happens to a message when something crashes?

pub mod flow;
pub mod span;
