//! `cargo delivery`: what happens to a message when something crashes?

pub mod catalog;
pub mod flow;
pub mod problem;
pub mod resolve;
pub mod source;
pub mod span;
pub mod lower;
pub mod sql;
pub mod workspace;
