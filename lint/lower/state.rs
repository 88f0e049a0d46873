//! Where lowering stands on one path: what the variables hold, and which edges of the graph lead here.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::graph::Dangling;
use super::shared::Shared;
use super::value::{Kind, Place, Value};
use crate::flow::{NodeId, Outcome, TxId};
use crate::resolve::Ty;

/// One path's view.
#[derive(Debug, Clone)]
pub struct State {
    /// Variables of the current function, innermost last; a name may stand several times (shadowing).
    pub env: Env,
    /// Transactions begun and neither committed nor rolled back.
    pub open: BTreeSet<TxId>,
    /// Whether a message has been received on this path.
    pub holding: bool,
    /// Whether a failure was sent to somebody on this path.
    pub told: bool,
    /// The edges that end here.
    pub at: Vec<Dangling>,
}

/// Variables by name. Paths part far more often than variables change.
pub type Env = Shared<Vec<(SmolStr, Value)>>;

/// A path with the value that an expression has on it.
pub type Flowing = Vec<(State, Value)>;

impl State {
    /// The beginning of a unit.
    #[must_use]
    pub fn start() -> Self {
        Self {
            env: Shared::default(),
            open: BTreeSet::new(),
            holding: false,
            told: false,
            at: Vec::new(),
        }
    }

    /// The same path, after `node` came out as `when`.
    #[must_use]
    pub fn after(&self, node: NodeId, when: Outcome) -> Self {
        Self {
            at: vec![Dangling { from: node, when }],
            ..self.clone()
        }
    }

    /// The same place in the graph with other variables (a callee's frame).
    #[must_use]
    pub fn with_env(&self, env: Env) -> Self {
        Self { env, ..self.clone() }
    }

    pub fn bind(&mut self, name: SmolStr, value: Value) {
        self.env.push((name, value.bounded()));
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.env
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// The value at a place, as far as it is known.
    #[must_use]
    pub fn read(&self, place: &Place) -> Option<Value> {
        let mut value = self.get(&place.variable)?.clone();
        for field in &place.fields {
            value = value.prop(field)?.0.clone();
        }
        Some(value)
    }

    /// Writes a variable or a field of one.
    pub fn write(&mut self, place: &Place, value: Value) {
        if let Some((_, slot)) = self.env.iter_mut().rev().find(|(known, _)| *known == place.variable) {
            write_field(slot, &place.fields, value.bounded());
        }
    }

    /// Code that cannot be seen was given these: a collection that was empty may hold something now.
    pub fn perhaps_filled(&mut self, places: &[Option<Place>]) {
        for place in places.iter().flatten() {
            if let Some(empty) = self.read(place).filter(Value::is_known_empty) {
                self.write(place, empty.forgotten());
            }
        }
    }

    /// Writes a changed object back, if what is there is of its type (or of none that is known).
    pub fn change(&mut self, place: &Place, value: Value) {
        let known = self.read(place);
        if known.is_none_or(|known| known != value && (known.ty == value.ty || known.ty == Ty::Unknown)) {
            self.write(place, value);
        }
    }

    /// Whether both stand at the same place with the same knowledge, wherever they come from.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        self.holding == other.holding && self.told == other.told && self.open == other.open && self.env == other.env
    }

    /// Whether both stand at the same place with knowledge of the same shape.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let names = || {
            self.env
                .iter()
                .map(|(name, _)| name)
                .eq(other.env.iter().map(|(name, _)| name))
        };
        let mut values = self.env.iter().zip(other.env.iter());
        self.holding == other.holding
            && self.told == other.told
            && self.open == other.open
            && names()
            && values.all(|((_, value), (_, theirs))| value.is_like(theirs))
    }

    /// What the variables hold that have worked or failed, by variable.
    fn outcomes(&self) -> Vec<SmolStr> {
        let told = |value: &Value| {
            value
                .variant_name()
                .filter(|name| matches!(*name, "Ok" | "Err"))
                .map(SmolStr::from)
        };
        self.env
            .iter()
            .map(|(_, value)| told(value).unwrap_or_default())
            .collect()
    }

    /// Takes over the other's edges.
    pub fn absorb(&mut self, other: Self) {
        for dangling in other.at {
            if !self.at.contains(&dangling) {
                self.at.push(dangling);
            }
        }
    }

    /// What both know, at the edges of `other` alone: the head of a loop that is entered once more.
    #[must_use]
    pub fn widened(mut self, other: Self) -> Self {
        let at = other.at.clone();
        self.at.clear();
        let mut joined = self.join(other);
        joined.at = at;
        joined
    }

    /// What both paths know, wherever they differ.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        if self.env != other.env {
            self.join_env(&other.env);
        }
        self.holding |= other.holding;
        self.told |= other.told;
        self.open = self.open.union(&other.open).copied().collect();
        self.absorb(other);
        self
    }

    fn join_env(&mut self, other: &[(SmolStr, Value)]) {
        self.env.truncate(other.len());
        for ((name, value), (theirs, other_value)) in self.env.iter_mut().zip(other) {
            if name == theirs {
                *value = value.join(other_value);
            } else {
                *value = Value::unknown();
            }
        }
    }

    /// Only the first variables: those that were there before a block.
    pub fn leave_scope(&mut self, depth: usize) {
        if self.env.len() > depth {
            self.env.truncate(depth);
        }
    }
}

fn write_field(slot: &mut Value, fields: &[SmolStr], value: Value) {
    let Some((first, rest)) = fields.split_first() else {
        *slot = value;
        return;
    };
    match &mut slot.kind {
        Kind::Struct(known) => {
            if let Some(inner) = known.get_mut(first) {
                write_field(inner, rest, value);
            } else if rest.is_empty() {
                known.insert(first.clone(), value);
            }
        }
        Kind::Api(_) if rest.is_empty() => *slot = slot.with_prop(first.clone(), value, None),
        _ => {}
    }
}

/// Paths that agree become one; where too many remain, they are joined.
#[must_use]
pub fn merge(states: Vec<State>) -> Vec<State> {
    let mut merged: Vec<State> = Vec::new();
    for state in states {
        match merged.iter_mut().find(|known| known.agrees(&state)) {
            Some(known) => known.absorb(state),
            None => merged.push(state),
        }
    }
    widen(merged, State::is_like, State::join, |state| (false, state.outcomes()))
}

/// As [`merge`], for paths that carry a value.
#[must_use]
pub fn merge_values(flowing: Flowing) -> Flowing {
    let mut merged: Flowing = Vec::new();
    for (state, value) in flowing {
        match merged
            .iter_mut()
            .find(|(known, other)| *other == value && known.agrees(&state))
        {
            Some((known, _)) => known.absorb(state),
            None => merged.push((state, value)),
        }
    }
    let alike = |(a, x): &(State, Value), (b, y): &(State, Value)| x.is_like(y) && a.is_like(b);
    let both = |(a, x): (State, Value), (b, y): (State, Value)| {
        let value = x.join(&y);
        (a.join(b), value)
    };
    widen(merged, alike, both, |(_, value)| {
        let failed = value.variant_name() == Some("Err");
        let how = failed.then(|| value.payload().variant_name().unwrap_or_default().into());
        (failed, how.into_iter().collect())
    })
}

/// More paths than this at one point are joined where they know things of one shape: what told them apart decides nothing.
const MANY_PATHS: usize = 6;
/// More than this are joined whatever they know: knowledge is lost, never correctness of what is kept.
const MAX_PATHS: usize = 24;

/// What has failed is never joined with what has not: then a failure that is handed on would count as a good end. Nor is it joined with
/// what has failed in another way: what is done about a malformed message would be done about a store that is away.
fn widen<T>(
    paths: Vec<T>,
    alike: impl Fn(&T, &T) -> bool,
    join: impl Fn(T, T) -> T,
    kind: impl Fn(&T) -> (bool, Vec<SmolStr>),
) -> Vec<T> {
    if paths.len() <= MANY_PATHS {
        return paths;
    }
    let mut kept: Vec<T> = Vec::new();
    for path in paths {
        match kept.iter().position(|known| alike(known, &path)) {
            Some(i) => {
                let known = kept.remove(i);
                kept.insert(i, join(known, path));
            }
            None => kept.push(path),
        }
    }
    if kept.len() <= MAX_PATHS {
        return kept;
    }
    let mut groups: BTreeMap<(bool, Vec<SmolStr>), Vec<T>> = BTreeMap::new();
    for path in kept {
        groups.entry(kind(&path)).or_default().push(path);
    }
    if groups.len() <= MANY_PATHS {
        return groups
            .into_values()
            .filter_map(|paths| paths.into_iter().reduce(&join))
            .collect();
    }
    let (bad, good): (Vec<_>, Vec<_>) = groups.into_iter().partition(|((failed, _), _)| *failed);
    let one = |paths: Vec<(_, Vec<T>)>| paths.into_iter().flat_map(|(_, paths)| paths).reduce(&join);
    [good, bad].into_iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What failed in so many ways that they are joined.
    #[test]
    fn joined_failures_keep_their_variant() {
        let failure = |way: usize| {
            let inner = Value::variant(&format!("Inner{way}"), Vec::new());
            Value::err(Value::variant(
                if way.is_multiple_of(2) { "Malformed" } else { "Away" },
                vec![inner],
            ))
        };
        let joined = merge_values((0..2 * MAX_PATHS).map(|way| (State::start(), failure(way))).collect());
        let names: Vec<_> = joined
            .iter()
            .map(|(_, value)| value.payload().variant_name().map(str::to_owned))
            .collect();
        assert_eq!(names, [Some("Away".to_owned()), Some("Malformed".to_owned())]);
    }

    #[test]
    fn joined_states_keep_what_failed_apart_from_what_worked() {
        let state = |way: usize| {
            let mut state = State::start();
            state.bind("way".into(), Value::variant(&format!("Way{way}"), Vec::new()));
            let result = if way.is_multiple_of(2) {
                Value::ok(Value::unit())
            } else {
                Value::err(Value::unit())
            };
            state.bind("result".into(), result);
            state
        };
        let joined = merge((0..2 * MAX_PATHS).map(state).collect());
        let results: Vec<_> = joined
            .iter()
            .filter_map(|state| state.get("result")?.variant_name().map(str::to_owned))
            .collect();
        assert_eq!(results, ["Err", "Ok"]);
    }
}
