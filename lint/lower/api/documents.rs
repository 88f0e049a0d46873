//! Changes of documents: what the operators of an update do, and whether its filter keeps it from being done twice.

use smol_str::{SmolStr, format_smolstr};

use super::Doing;
use crate::flow::{EffectKind, Idempotency, Step};
use crate::lower::Lowering;
use crate::lower::expr::deep_origin;
use crate::lower::query::names_one_message;
use crate::lower::state::{Flowing, State};
use crate::lower::value::{Kind, Origin, Value};

/// Operators that build on what is there.
const ADDING: [&str; 5] = ["$inc", "$mul", "$push", "$pop", "$bit"];
/// Comparisons that no longer hold when a field was changed.
const EXCLUDING: [&str; 4] = ["$ne", "$nin", "$lt", "$gt"];

/// An update as far as it can be read.
struct Change<'v> {
    filter: Vec<(&'v SmolStr, &'v Value)>,
    /// The operator, the field, what it is given.
    sets: Vec<(&'v SmolStr, &'v SmolStr, &'v Value)>,
}

impl Lowering<'_> {
    pub(super) fn document(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let operand = |fact: &Option<_>| self.operand_of(fact.as_ref(), doing).map(|(value, _)| value);
        let (filter, update) = (operand(&doing.facts.filter), operand(&doing.facts.update));
        let change = update.as_ref().and_then(|update| Change::of(filter.as_ref(), update));
        let (idempotency, why) = change.as_ref().map_or_else(
            || (Idempotency::Unknown, "what it changes is made elsewhere".into()),
            Change::idempotency,
        );
        let overwrites = change.is_some_and(|change| change.overwrites());
        let effect = self.effect(doing, EffectKind::Database, idempotency, why, true, None);
        self.graph.effects[effect.0 as usize].overwrites |= overwrites;
        let tx = self.transaction_of(doing, &state);
        self.two_way(doing, state, Step::Effect { effect, tx })
    }
}

impl<'v> Change<'v> {
    /// Only of documents that are written out, operators and all.
    fn of(filter: Option<&'v Value>, update: &'v Value) -> Option<Self> {
        let operators = fields(update)?;
        let mut sets = Vec::new();
        for (operator, given) in operators {
            let given = fields(given).filter(|_| operator.starts_with('$'))?;
            sets.extend(given.into_iter().map(|(field, value)| (operator, field, value)));
        }
        let filter = filter.and_then(fields).unwrap_or_default();
        (!sets.is_empty()).then_some(Self { filter, sets })
    }

    fn idempotency(&self) -> (Idempotency, SmolStr) {
        let adding = self
            .sets
            .iter()
            .find(|(operator, ..)| ADDING.contains(&operator.as_str()));
        match adding {
            None => (
                Idempotency::Idempotent,
                "it leaves the same fields with the same values".into(),
            ),
            Some(_) if self.is_guarded() => (
                Idempotency::Idempotent,
                "its filter does not find what it has changed".into(),
            ),
            Some((operator, field, _)) => (
                Idempotency::NotIdempotent,
                format_smolstr!("`{operator}` builds on what `{field}` holds"),
            ),
        }
    }

    /// Whether the filter compares a field that the update changes so that it is not found again.
    fn is_guarded(&self) -> bool {
        let changes = |name: &SmolStr| self.sets.iter().find(|(_, field, _)| *field == name);
        self.filter.iter().any(|(name, asked)| {
            let Some((operator, ..)) = changes(name) else {
                return false;
            };
            match fields(asked) {
                Some(comparisons) if comparisons.iter().any(|(word, _)| word.starts_with('$')) => {
                    let excludes = |(word, _): &(&SmolStr, &Value)| EXCLUDING.contains(&word.as_str());
                    !matches!(operator.as_str(), "$inc" | "$mul") && comparisons.iter().any(excludes)
                }
                _ => true,
            }
        })
    }

    /// Whether values of the message replace those of a document that others may name, too.
    fn overwrites(&self) -> bool {
        let of_message = |value: &Value| deep_origin(value).has(Origin::MESSAGE);
        let named = self.filter.iter().any(|(_, value)| of_message(value));
        let own = self.filter.iter().any(|(name, _)| names_one_message(name));
        let replaced = self
            .sets
            .iter()
            .any(|(operator, _, value)| *operator == "$set" && of_message(value));
        named && !own && replaced && !self.is_guarded()
    }
}

/// The fields of a document that is written out.
fn fields(document: &Value) -> Option<Vec<(&SmolStr, &Value)>> {
    match &document.kind {
        Kind::Struct(fields) => Some(fields.iter().collect()),
        Kind::Api(api) => Some(api.props.iter().map(|(name, prop)| (name, &prop.value)).collect()),
        _ => None,
    }
}
