//! What the author of an integration declares about it.

mod checks;
mod keys;

use proc_macro2::{Span, TokenStream};

pub use self::{checks::Contradiction, keys::check_integration_id};
use crate::{
    Address, Criticality, Duration, Mechanism, Semantic, Settle,
    syntax::{self, Spot, spot_of},
    value::{Entry, Problem},
};

/// One integration, as `#[delivery::at_least_once(…)]` and the other five declare it.
///
/// A field that is `None` or empty was not declared; only `integration` is mandatory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The promise: the name of the attribute.
    pub semantic: Semantic,
    /// The id, unique in the workspace: `billing.invoices`.
    pub integration: String,
    /// Where the messages come from.
    pub source: Option<Address>,
    /// Where the effects go.
    pub sinks: Vec<Address>,
    /// Why this semantic.
    pub why: Option<String>,
    /// By what means the promise is kept.
    pub mechanisms: Vec<Mechanism>,
    /// What happens in the corners, each in a sentence.
    pub edge_cases: Vec<String>,
    /// How duplicates are recognised.
    pub dedup: Option<Dedup>,
    /// The longest time after which a duplicate may still come.
    pub redelivery_window: Option<Duration>,
    /// For how long the broker leaves a message to one worker: the visibility timeout, the ack deadline.
    pub lease: Option<Duration>,
    /// The worst-case time that processing one message takes.
    pub processing_time: Option<Duration>,
    /// How much a fault costs.
    pub criticality: Criticality,
    /// Who settles the message, and when.
    pub settle: Settle,
    /// The metrics that show how it is going.
    pub metrics: Vec<String>,
    /// Paths of the tests that exercise failures: `tests::redelivery_is_absorbed`.
    pub tested_by: Vec<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where to read what to do at night.
    pub runbook: Option<String>,
}

/// How duplicates are recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dedup {
    /// Where the ids of processed messages are kept.
    pub store: Option<Address>,
    /// What identifies a message.
    pub key: Option<String>,
    /// How long an id is kept.
    pub retention: Option<Duration>,
}

impl Declaration {
    /// A declaration that says nothing but its promise and its id.
    pub fn new(semantic: Semantic, integration: impl Into<String>) -> Self {
        Self {
            semantic,
            integration: integration.into(),
            source: None,
            sinks: Vec::new(),
            why: None,
            mechanisms: Vec::new(),
            edge_cases: Vec::new(),
            dedup: None,
            redelivery_window: None,
            lease: None,
            processing_time: None,
            criticality: Criticality::default(),
            settle: Settle::default(),
            metrics: Vec::new(),
            tested_by: Vec::new(),
            owner: None,
            runbook: None,
        }
    }

    /// Reads what stands in the parentheses of the attribute that is named after the semantic.
    ///
    /// # Errors
    ///
    /// All mistakes, each at its culprit: first those of syntax, then wrong keys and values, then contradictions.
    pub fn parse(semantic: Semantic, tokens: TokenStream) -> Result<Self, Vec<syn::Error>> {
        let (declaration, errors) = Self::read(semantic, Span::call_site(), tokens);
        if errors.is_empty() {
            Ok(declaration)
        } else {
            Err(errors)
        }
    }

    /// As [`parse`](Self::parse), but keeps what could be read, for a caller that goes on in spite of mistakes.
    ///
    /// A missing `integration` leaves the id empty and is blamed on `attribute`.
    pub fn read(semantic: Semantic, attribute: Span, tokens: TokenStream) -> (Self, Vec<syn::Error>) {
        let (entries, mut errors) = syntax::entries(tokens);
        let mut declaration = Self::new(semantic, "");
        errors.extend(declaration.apply(&entries).into_iter().map(syn::Error::from));
        // Where nothing at all could be read, that is said already.
        if errors.is_empty() || !entries.is_empty() {
            errors.extend(missing_integration(&entries, &spot_of(attribute)).map(syn::Error::from));
        }
        (declaration, errors)
    }
}

/// The id must be there. If it is there but wrong, or its key is misspelt, that has been said already.
fn missing_integration(entries: &[Entry<Spot>], attribute: &Spot) -> Option<Problem<Spot>> {
    let meant = |entry: &Entry<Spot>| keys::meant(&entry.key, Declaration::KEYS) == Some("integration");
    let message = "`integration` is missing; give it an id that is unique in the workspace, such as \
                   `integration = \"billing.invoices\"`";
    (!entries.iter().any(meant)).then(|| Problem::new(attribute, message))
}

#[cfg(test)]
mod tests;
