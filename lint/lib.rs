//! `cargo delivery`: what happens to a message when something crashes?

pub mod catalog;
pub mod flow;
pub mod resolve;
pub mod source;
pub mod span;
pub mod sql;
