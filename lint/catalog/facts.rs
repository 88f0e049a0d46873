//! What a call's role needs to know: the operands and settings of an entry.

use smol_str::SmolStr;

use super::expr::Operand;
use super::read::record;
use super::schema::{Answer, Confirm, Covers, Receive, Unit};
use crate::flow::{Durability, EffectKind, Known, MarkMode};

/// Names the facts once: the struct, its keys, and how a case's facts go before its call's.
macro_rules! facts {
    ($($(#[$doc:meta])* $field:ident: $Type:ty,)+) => {
        /// The operands and settings of the roles.
        #[derive(Debug, Clone, Default)]
        pub struct Facts {
            $($(#[$doc])* pub $field: Option<$Type>,)+
        }

        record!(Facts, "a call", requires [], { $($field),+ });

        impl Facts {
            /// These facts, and `base` where they say nothing.
            pub(super) fn or(self, base: &Self) -> Self {
                Self { $($field: self.$field.or_else(|| base.$field.clone())),+ }
            }

            /// Every operand that the facts name, with the key that names it.
            #[must_use]
            pub fn operands(&self) -> Vec<(&'static str, &Operand)> {
                let mut operands = Vec::new();
                $(if let Some(fact) = &self.$field {
                    operands.extend(fact.operands().into_iter().map(|operand| (stringify!($field), operand)));
                })+
                operands
            }
        }
    };
}

facts! {
    receive: Receive,
    /// A function that declares where its messages come from, and that is named beside this call, is called by the framework for each.
    registers: Receive,
    /// Which messages an ack settles: `one` (default), `up_to`, `all_received`; an operand that is `true` for `up_to`.
    covers: Covers,
    /// Of a nack: whether it settles all before it, too.
    multiple: Operand,
    /// The transaction that the ack, effect or publish belongs to, and the one that an ack commits, too.
    tx: Operand,
    commits: Operand,
    requeue: Operand,
    kind: EffectKind,
    idempotent: Known,
    /// Why it is or is not idempotent, in a reader's words.
    why: SmolStr,
    /// `kafka`, `http`, `redis`, …: the first half of the effect's target; of an ack or nack, the transport whose messages it settles (where a
    /// call settles only there and is its `kind` of effect elsewhere).
    store: SmolStr,
    /// The second half.
    target: Operand,
    /// The method of an HTTP request (`=POST`).
    method: Operand,
    confirm: Confirm,
    /// Pending confirmations mean something only if this operand is `true` (`recv.confirms`), where the receiver's construction is visible.
    confirm_if: Operand,
    /// Of an effect: it replaces what an older or newer message has written under the same key, where its value is the message's.
    overwrites: Known,
    /// Of a publish: whether the client sends it again by itself, and the broker takes the repetition for another message.
    resends: Known,
    /// Of an effect: the client's setting that has it do the same again by itself while it fails, unless it is `None` or `false`.
    repeats: Operand,
    /// Of an effect: it removes the rows of its target that it is about.
    removes: Known,
    /// A dedup key, or the id of a published message; of an HTTP request the idempotency key, where it is no header.
    key: Operand,
    /// Of a publish: the key of its record. It may be that of many messages; one that is made fresh on each attempt is of no use at all.
    record_key: Operand,
    mode: MarkMode,
    /// Of a mark: how long it lives. Of a publish: `memory` is a transport that keeps nothing.
    durability: Durability,
    /// A duration.
    ttl: Operand,
    /// The unit of `ttl` where it is a number.
    ttl_unit: Unit,
    /// SQL: the text.
    sql: Operand,
    /// SQL: the dialect, where it is none of those that are told apart by the text (`cql`).
    dialect: SmolStr,
    /// SQL that is built and not written: what it was built of.
    built: Operand,
    /// SQL, transactions: the executor.
    on: Operand,
    /// SQL: the bound values; a property that a builder appends to (`recv.binds`) or an array argument.
    binds: Operand,
    /// Documents: which are meant.
    filter: Operand,
    /// Documents: what becomes of them.
    update: Operand,
    outcome: Answer,
    /// Of a check: what is not there is a failure, where a text or a number is expected.
    strict: Known,
    closure: Operand,
    task: Operand,
    value: Operand,
    duration: Operand,
    duration_unit: Unit,
    attempts: Operand,
    /// The property that the call appends its first argument to (`bind`).
    append: SmolStr,
    /// The result is a part of the receiver: what is appended to it is appended to the receiver, too.
    lends: Known,
    /// The text that the call adds to the property `sql`: `{}` where nobody can tell.
    writes: SmolStr,
    /// Of a transaction's beginning: its isolation level.
    isolation: Operand,
    /// Of a transaction in a closure: the type of the batch that the closure gets beside the connection.
    batch: SmolStr,
    /// Of a transaction's beginning: the setting without which the client has none.
    enabled_by: Operand,
    /// Of a mark: the variants of what it gives, where the key was absent and where it was there.
    if_fresh: SmolStr,
    if_there: SmolStr,
    /// Of a mark that records whatever is there: how it is written so that it records only what is not there, and gives `None` where it is;
    /// with `{recv}`, `{0}`, `{1}`, … for what the call is given.
    claim: SmolStr,
    /// The name of the queue that the call declares, and what holds its settings.
    declares: Operand,
    settings: Operand,
    /// What the call gives, where that is known: one of its operands.
    gives: Operand,
    /// Of an ack in a transaction: the membership by which the broker tells that the worker was replaced (see [`Role::Member`](super::Role::Member)).
    member: Operand,
}

/// What names operands, for [`Facts::operands`].
trait Operands {
    fn operands(&self) -> Vec<&Operand> {
        Vec::new()
    }
}

impl Operands for Operand {
    fn operands(&self) -> Vec<&Operand> {
        vec![self]
    }
}

impl Operands for Covers {
    fn operands(&self) -> Vec<&Operand> {
        match self {
            Self::UpToIf(operand) => vec![operand],
            _ => Vec::new(),
        }
    }
}

impl Operands for Receive {
    fn operands(&self) -> Vec<&Operand> {
        let conditions = self.settle.iter().flat_map(|settle| &settle.when.0);
        self.address
            .iter()
            .chain(&self.lease)
            .chain(
                conditions
                    .chain(&self.uncommitted.0)
                    .map(|condition| &condition.operand),
            )
            .collect()
    }
}

/// Things that name none.
macro_rules! no_operands {
    ($($name:ty),+) => {
        $(impl Operands for $name {})+
    };
}

no_operands!(SmolStr, EffectKind, Known, Confirm, MarkMode, Durability, Unit, Answer);
