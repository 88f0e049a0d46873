//! What a position that commits with the effects rests on: the client's settings, and the membership that fences a replaced worker.

use std::sync::Arc;

use super::{Doing, Kind, Origin, Value};
use crate::flow::{CondKind, Known, TxId};
use crate::lower::Lowering;
use crate::lower::receive::construction;
use crate::lower::state::{Flowing, State};
use crate::lower::value::{Api, Prop};

/// The property of a membership that tells whether it was taken while a message was at hand.
const CURRENT: &str = "(current)";
/// The one that tells whose it is.
const OF: &str = "(of)";

impl Lowering<'_> {
    /// Whether the client that begins a transaction is set up for it, and where it was constructed.
    pub(super) fn note_client(&mut self, doing: &Doing<'_>, tx: TxId) {
        let Some(setting) = &doing.facts.enabled_by else { return };
        let set = self.operand(setting, &doing.operands()).is_some();
        let known = &mut self.graph.transactions[tx.0 as usize];
        known.client_at = doing.recv.as_ref().and_then(construction);
        known.enabled = match (set, known.client_at) {
            (true, _) => Known::Yes,
            (false, Some(_)) => Known::No,
            (false, None) => Known::Unknown,
        };
    }

    /// Where the first producer of a transport that a message reaches was constructed.
    pub(super) fn note_producer(&mut self, doing: &Doing<'_>) {
        let at = doing.recv.as_ref().and_then(construction);
        if let (Some(at), Some(store)) = (at, &doing.facts.store) {
            self.producers.entry(store.clone()).or_insert(at);
        }
    }

    /// A group's membership changes with every rebalance: what counts is who gave it, and when.
    pub(super) fn membership(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let prop = |value| Prop { value, at: None };
        let owner = doing.recv.clone().unwrap_or_else(Value::unknown);
        let props = [
            (CURRENT.into(), prop(Value::bool(state.holding))),
            (OF.into(), prop(owner)),
        ];
        let constructed = doing.recv.as_ref().and_then(construction);
        let api = Api {
            props: props.into(),
            constructed,
            partial: false,
        };
        let ty = doing.returns.map_or(crate::resolve::Ty::Unknown, |returns| {
            self.type_of_expr(returns, doing.recv.as_ref().unwrap_or(&Value::unknown()), &doing.args)
        });
        let inner = Value::new(Kind::Api(Arc::new(api)), self.type_argument(&ty, 0), Origin::NONE);
        if !state.holding {
            return vec![(state, Value::some(inner))];
        }
        let cases = self.branch(&state, CondKind::Free, doing.site.at, 2);
        vec![
            (cases[0].clone(), Value::some(inner)),
            (cases[1].clone(), Value::none()),
        ]
    }

    /// Whether a worker that was replaced is refused: it shows the consumer's own membership, as it stands when the message is at hand.
    pub(super) fn fenced(&self, doing: &Doing<'_>, tx: Option<TxId>) -> Known {
        let member = self
            .operand_of(doing.facts.member.as_ref(), doing)
            .map(|(value, _)| value);
        let Some(Value {
            kind: Kind::Api(api), ..
        }) = member.filter(|_| tx.is_some())
        else {
            return Known::Unknown;
        };
        let consumer = self.receiver.as_ref();
        let owner = api.props.get(OF).map(|prop| &prop.value);
        let foreign = owner
            .zip(consumer)
            .is_some_and(|(owner, consumer)| differ(owner, consumer));
        match api.props.get(CURRENT).map(|prop| &prop.value.kind) {
            _ if foreign => Known::No,
            Some(Kind::Bool(true)) => Known::Yes,
            Some(Kind::Bool(false)) => Known::No,
            _ => Known::Unknown,
        }
    }
}

/// Whether two clients are surely not the same: made in different places, or with different settings in one.
fn differ(one: &Value, other: &Value) -> bool {
    let (Kind::Api(a), Kind::Api(b)) = (&one.kind, &other.kind) else {
        return false;
    };
    let told = |prop: &Prop| prop.value.as_text().cloned();
    let set_otherwise = |(name, prop): (&smol_str::SmolStr, &Prop)| {
        let theirs = b.props.get(name).and_then(told);
        matches!((told(prop), theirs), (Some(own), Some(other)) if own != other && !own.contains("{}"))
    };
    let places = matches!((a.constructed, b.constructed), (Some(own), Some(other)) if own != other);
    places || a.props.iter().any(set_otherwise)
}
