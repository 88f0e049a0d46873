//! `cargo delivery`: what happens to a message when something crashes?
#![forbid(unsafe_code)]

mod allowance;
pub mod analysis;
pub mod baseline;
pub mod catalog;
pub mod chains;
pub mod changes;
pub mod cli;
pub mod config;
pub mod docs;
pub mod drift;
pub mod fix;
pub mod flow;
mod globs;
pub mod lower;
pub mod model;
pub mod overview;
pub mod problem;
pub mod render;
pub mod report;
pub mod resolve;
pub mod rules;
pub mod schema;
pub mod semantics;
pub mod source;
pub mod span;
pub mod sql;
pub mod suppress;
#[expect(clippy::disallowed_methods, reason = "the only reader of the disk")]
pub mod workspace;
