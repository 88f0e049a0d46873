//! The vocabulary of delivery semantics and the parser of the `delivery` attributes.
//!
//! Two programs read the same attributes: the macros of the `delivery` crate, while the application compiles, and
//! `cargo delivery`, which lints it. Both parse with this crate, so that they cannot disagree about what a word means
//! or whether a declaration is valid.
//!
//! - The words: [`Semantic`], [`Mechanism`], [`Criticality`], [`Settle`], [`Transport`], [`StepKind`].
//! - The values: [`Address`], [`Duration`], [`Date`], [`RuleName`].
//! - The attributes: [`Declaration`], [`StepKind`], [`Allow`], told apart by [`AttributeName`].
//! - The comment that silences a rule on one statement: [`parse_allow_comment`].
//!
//! Every word and value is [`FromStr`](std::str::FromStr) with an error ([`Invalid`]) written for a person. Parsers of
//! attributes never stop at the first mistake: they return all of them, each a [`syn::Error`] at the culprit. What
//! stands in a configuration file instead of an attribute goes through the same checks by way of [`Entry`].
#![forbid(unsafe_code)]

mod address;
mod allow;
mod allow_comment;
mod attribute;
mod criticality;
mod date;
mod declaration;
mod duration;
mod invalid;
mod mechanism;
mod published;
mod rule_name;
mod semantic;
mod settle;
mod step;
mod suggest;
mod syntax;
mod transport;
mod value;
mod vocabulary;

pub use address::Address;
pub use allow::Allow;
pub use allow_comment::parse_allow_comment;
pub use attribute::AttributeName;
pub use criticality::Criticality;
pub use date::Date;
pub use declaration::{Contradiction, Declaration, Dedup, check_integration_id};
pub use duration::Duration;
pub use invalid::Invalid;
pub use mechanism::Mechanism;
pub use published::{base_url, configured_base_url, page_name};
pub use rule_name::RuleName;
pub use semantic::Semantic;
pub use settle::Settle;
pub use step::{Confirmation, Idempotency, StepKind};
pub use suggest::closest;
pub use transport::Transport;
pub use value::{Data, Entry, Problem, Value};

/// The examples of the README compile and hold.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
