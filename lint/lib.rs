//! `cargo delivery`: what happens to a message when something crashes?

pub mod catalog;
pub mod flow;
pub mod model;
pub mod resolve;
pub mod rules;
pub mod source;
pub mod span;
