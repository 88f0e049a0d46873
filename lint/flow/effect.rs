//! Effects: what a flow changes outside the process.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::Site;
use crate::span::Span;

/// A durable change outside the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    pub kind: EffectKind,
    /// `postgres:accounts`, `http:POST`, `kafka:payments.refunded`.
    pub target: SmolStr,
    pub idempotency: Idempotency,
    /// Why it is or is not idempotent, in a reader's words.
    pub why: SmolStr,
    /// Whether its success can be known. An unconfirmed one (a publish whose confirmation is never awaited) may fail although
    /// control goes on at `Ok`.
    pub confirmed: bool,
    pub at: Site,
    /// It goes to something that keeps nothing: whoever is not there does not get it.
    #[serde(default)]
    pub volatile: bool,
    /// The setting that keeps its success from being known.
    #[serde(default)]
    pub unconfirmed_by: Option<Span>,
    /// Where its idempotency key or message id is made, if that is new on each attempt (and so makes nothing idempotent).
    #[serde(default)]
    pub unstable_key: Option<Span>,
    /// Absolute values made of the message replace those of an entry that later messages change, too, and nothing keeps an older
    /// message from doing so.
    #[serde(default)]
    pub overwrites: bool,
    /// Nobody can show that repeating it does no harm: whether it is done is decided by something outside that may recognise a repetition,
    /// or whoever gets it has to recognise one without an id. Its idempotency is unknown: no reason to refute a promise, and none to infer
    /// one that rules repetition out.
    #[serde(default)]
    pub unproved: bool,
    /// Of a publish: its client sends it again by itself where it is not sure, and the broker takes that for another message.
    #[serde(default)]
    pub resent: bool,
    /// Its client does it again by itself while it fails (the flow shows that as a loop): the setting that has it do so.
    #[serde(default)]
    pub repeated_by: Option<Span>,
    /// How long its client waits for it at most, where it was told to.
    #[serde(default)]
    pub limit_millis: Option<u64>,
    /// It is certain that it never happens, and that nobody is told: the node where its place would have been stands for that.
    #[serde(default)]
    pub undone: Option<Undone>,
}

/// How it comes that an effect is never even begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Undone {
    /// The future that would do it is dropped without having been awaited.
    NeverAwaited,
    /// The request that would do it is dropped without having been sent.
    NeverSent,
}

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EffectKind {
    Database,
    Cache,
    Publish,
    Http,
    Rpc,
    Mail,
    File,
    Object,
    /// Not known: an opaque call.
    Opaque,
}

/// Whether applying it twice for one message leaves what applying it once leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Idempotency {
    Idempotent,
    NotIdempotent,
    /// Not known; never counts as a duplicate, and is listed as an assumption.
    Unknown,
}

impl Effect {
    /// A confirmed effect of which nothing else is known.
    #[must_use]
    pub fn new(kind: EffectKind, target: SmolStr, idempotency: Idempotency, why: SmolStr, at: Site) -> Self {
        Self {
            kind,
            target,
            idempotency,
            why,
            confirmed: true,
            at,
            volatile: false,
            unconfirmed_by: None,
            unstable_key: None,
            overwrites: false,
            unproved: false,
            resent: false,
            repeated_by: None,
            limit_millis: None,
            undone: None,
        }
    }
}

impl Undone {
    /// What became of the expression at `site` that would have done it.
    #[must_use]
    pub fn tell(self, site: &Site) -> String {
        match self {
            Self::NeverAwaited => format!("`{}` is never awaited", site.text),
            Self::NeverSent => format!("`{}` is never sent", site.text),
        }
    }
}

impl EffectKind {
    /// Whether it goes out to somebody who cannot ask for it again.
    #[must_use]
    pub fn delivers(self) -> bool {
        matches!(self, Self::Publish | Self::Mail | Self::Http)
    }
}
