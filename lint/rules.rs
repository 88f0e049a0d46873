//! The rules: what each is called, when it counts, and how it recognises its cause.
//!
//! Most rules look at an execution that breaks a promise ([`Check::Execution`]): they say whether they know its cause, and with which
//! repair it would not have happened. A rule is believed only if the model checker agrees: [`diagnose`] applies the repair to the
//! flow and explores again. One rule is one file, with its text beside it; adding one is a `mod` line and a line in [`RULES`].

mod case;
mod consequence;
mod declared;
mod diagnose;
mod evidence;
mod promise;

/// Stands for the next example of the English text.
pub const EXAMPLE: &str = "<!-- code -->";

macro_rules! rules {
    ($($name:ident)+) => {
        $(mod $name;)+

        /// Every rule, in the order of the codes.
        pub const RULES: &[&Rule] = &[$(&$name::RULE),+];

        /// What is written about each of them in Russian, in their order; where the English text has an example, one has
        /// [`EXAMPLE`].
        pub const RUSSIAN: &[&str] = &[$(include_str!(concat!("rules/ru/", stringify!($name), ".md"))),+];
    };
}

rules! {
    syntax_error
    invalid_declaration
    unused_allow
    allow_without_reason
    commit_before_process
    auto_commit
    ack_on_error
    detached_processing
    volatile_handoff
    retry_gives_up
    unconfirmed_publish
    dual_write
    out_of_order_commit
    dedup_mark_before_effect
    lossy_transport
    skipped_offset
    unchecked_response
    claim_without_lease
    consumer_stops
    reject_drops
    non_idempotent_effect
    non_transactional_dedup
    dedup_race
    dedup_ttl_too_short
    volatile_dedup
    unstable_dedup_key
    missing_idempotency_key
    visibility_timeout_too_short
    retry_in_at_most_once
    commit_after_process
    missing_ack
    poison_loop
    unbounded_dedup_store
    exactly_once_external_effect
    missing_eos_config
    unfenced_transaction
    stale_overwrite
    undeclared_integration
    missing_rationale
    unproven_mechanism
    missing_edge_cases
    untested_failure
    unmonitored_integration
    unsuitable_semantic
    overpaid_guarantee
    weakest_link
    unmet_guarantee
    unverified_guarantee
    semantic_drift
}

pub use case::{Case, Named};
pub use declared::{Declared, judge_declaration};
pub use diagnose::{Cause, Diagnosis, diagnose, diagnose_within};
pub use evidence::evidence;
pub use promise::Promise;

use crate::flow::Flow;
use crate::model::Analysis;

/// A kind of fault, and how to find it.
#[derive(Debug)]
pub struct Rule {
    /// Stable, kebab-case: `commit-before-process`.
    pub name: &'static str,
    /// Stable: `D101`.
    pub code: &'static str,
    /// How it counts against a declared integration.
    pub level: Level,
    /// The version that had it first.
    pub since: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What `explain` and the documentation show, in Markdown.
    pub doc: &'static str,
    pub check: Check,
}

/// What kinds of faults rules are about; their levels can be set together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// A message is lost.
    Loss,
    /// An effect is repeated.
    Duplicates,
    /// A transaction does not hold what exactly once takes.
    ExactlyOnce,
    /// A late message undoes what a newer one did.
    Order,
    /// The declaration says too little, too much or something else than the code.
    Declaration,
}

impl Group {
    pub const ALL: &[Self] = &[
        Self::Loss,
        Self::Duplicates,
        Self::ExactlyOnce,
        Self::Order,
        Self::Declaration,
    ];

    /// The name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Duplicates => "duplicates",
            Self::ExactlyOnce => "exactly-once",
            Self::Order => "order",
            Self::Declaration => "declaration",
        }
    }
}

impl Rule {
    /// The group that its code puts it into; what is about files and `allow`s belongs to none.
    #[must_use]
    pub fn group(&self) -> Option<Group> {
        match self.code.as_bytes().get(1) {
            Some(b'1') => Some(Group::Loss),
            Some(b'2') => Some(Group::Duplicates),
            Some(b'3') => Some(Group::ExactlyOnce),
            Some(b'4') => Some(Group::Order),
            Some(b'5') => Some(Group::Declaration),
            _ => None,
        }
    }
}

pub use crate::report::Level;

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Something that is seen before there is a flow: a file, an attribute, an `allow`.
    Elsewhere,
    /// An execution that loses a message or repeats an effect: is this rule's fault the cause?
    Execution(fn(&Case<'_>) -> Option<Named>),
    /// The flow as it stands.
    Flow(fn(&Flow, &Promise) -> Vec<Cause>),
    /// The declaration, beside what was found out.
    Declaration(fn(&Declared<'_>) -> Option<Cause>),
    /// Executions that no other rule explains.
    Leftover,
}

/// The rule with that name or code.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES
        .iter()
        .copied()
        .find(|rule| rule.name == name || rule.code == name)
}

/// What a finding of `rule` looks like when it has only a message and a help.
fn finding(rule: &'static Rule, primary: crate::span::Span, message: String, help: String) -> Cause {
    Cause {
        rule,
        primary,
        labels: Vec::new(),
        message,
        help,
        trace: None,
        node: None,
        effect: None,
        consequence: None,
        remedy: None,
    }
}

/// Whether the analysis leaves the question open that the declaration answers.
fn is_open(analysis: &Analysis) -> bool {
    analysis.verdict != crate::model::Verdict::Refuted
}
