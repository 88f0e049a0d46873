//! Collections: what goes in stands for all that is in it.

use super::*;
use crate::lower::Lowering;
use crate::lower::call::CallSite;
use crate::lower::control::kind_of;
use crate::lower::expr::{deep_origin, origin_of};
use crate::lower::state::{Flowing, State, merge_values};
use crate::lower::value::{Kind, Origin, Place, Value};
use crate::resolve::Ty;

/// Methods that put something into a collection.
const FILLING: [&str; 7] = [
    "push",
    "push_back",
    "push_front",
    "insert",
    "extend",
    "append",
    "extend_from_slice",
];

impl<'a> Lowering<'a> {
    /// A method of a collection or an iterator.
    pub(in crate::lower) fn collection_method(
        &mut self,
        recv: &Value,
        name: &str,
        args: &[Value],
        places: &[Option<Place>],
        site: CallSite,
        state: &State,
    ) -> Option<Flowing> {
        if FILLING.contains(&name) && self.is_shared_queue(recv, name) {
            let item = args.last()?.clone();
            return Some(self.leave_for_others(&item, site, state.clone()));
        }
        if FILLING.contains(&name) && self.is_collection(recv) {
            let item = args.last()?;
            let state = self.collect(item, site.at, state.clone());
            return Some(self.put_into(recv, name, item, places, site, state));
        }
        if let Some(flowing) = self.adapted(recv, name, args, site, state) {
            return Some(flowing);
        }
        if matches!(name, "next" | "join_next" | "pop" | "pop_front" | "first" | "last") {
            return self.taken(recv, places, site, state.clone());
        }
        match name {
            "any" | "all" if matches!(recv.kind, Kind::List(_) | Kind::Array { .. }) && !recv.is_known_empty() => {
                let element = self.element_of(recv);
                Some(self.call_value(args.first()?, vec![element], site, state.clone()))
            }
            "collect" if !matches!(recv.kind, Kind::List(_) | Kind::Array { .. }) => {
                let collected = recv.clone().with_ty(self.expected.clone().unwrap_or(Ty::Unknown));
                Some(vec![(state.clone(), collected)])
            }
            "is_empty" if self.fills(recv).is_some() => {
                Some(vec![(state.clone(), Value::bool(self.fills(recv) == Some(false)))])
            }
            "len" if recv.is_known_empty() => Some(vec![(state.clone(), Value::int(0))]),
            "len" if let Kind::Array { items, .. } = &recv.kind => {
                let count = i128::try_from(items.len()).unwrap_or(i128::MAX);
                Some(vec![(state.clone(), Value::int(count))])
            }
            "len" | "is_empty" | "contains" | "contains_key" | "as_secs" | "elapsed" => {
                if self.client_method_known(recv, name) || !self.workspace_methods(recv, name, args.len()).is_empty() {
                    return None;
                }
                let origin = recv.origin.with(origin_of(args));
                Some(vec![(state.clone(), Value::opaque(Ty::Unknown, origin))])
            }
            _ => None,
        }
    }

    /// Whether there is something in a collection, where that is known: what a receive gave is never nothing.
    fn fills(&self, recv: &Value) -> Option<bool> {
        match &recv.kind {
            Kind::List(_) | Kind::Array { .. } => Some(!recv.is_known_empty()),
            Kind::Opaque if self.is_collection(recv) && self.is_batch(recv) => Some(true),
            _ => None,
        }
    }

    fn put_into(
        &mut self,
        recv: &Value,
        name: &str,
        given: &Value,
        places: &[Option<Place>],
        site: CallSite,
        mut state: State,
    ) -> Flowing {
        let many = matches!(name, "extend" | "append" | "extend_from_slice");
        if many && given.is_known_empty() {
            return vec![(state, Value::unit())];
        }
        let item = if many {
            self.element_of(given).with_origin(given.origin)
        } else {
            given.clone()
        };
        let added = match &recv.kind {
            Kind::List(known) | Kind::Array { element: known, .. } if known.kind != Kind::Never => known.join(&item),
            _ => item.clone(),
        };
        if item.origin.has(Origin::MESSAGE) {
            self.escape(&item, &state, site.at);
        }
        if !matches!(recv.kind, Kind::List(_) | Kind::Array { .. }) {
            self.entrust(&item);
        }
        let origin = recv.origin.with(deep_origin(&item));
        let list = Value::new(Kind::List(Box::new(added)), recv.ty.clone(), origin);
        if let Some(Some(place)) = places.first() {
            state.write(place, list);
        }
        vec![(state, Value::unit())]
    }

    /// What an iterator's adapter makes of it.
    fn adapted(&mut self, recv: &Value, name: &str, args: &[Value], site: CallSite, state: &State) -> Option<Flowing> {
        let state = state.clone();
        let is_list = matches!(recv.kind, Kind::List(_) | Kind::Array { .. });
        let closure = args.first().filter(|arg| is_callable(arg));
        match name {
            _ if recv.is_known_empty() && is_adapter(name) => match (name, args) {
                ("chain", [other]) => Some(vec![(state, other.clone())]),
                ("partition" | "unzip", _) => Some(vec![(state, pair_of(recv.clone(), recv.clone()))]),
                _ => Some(vec![(state, recv.clone())]),
            },
            "map" | "filter_map" | "flat_map" | "then" if args.len() == 1 && self.is_iterator(recv) => match closure {
                Some(closure) => Some(self.mapped(recv, name, closure, site, state)),
                None if name == "then" => None,
                None => Some(vec![(state, list_of(Value::opaque(Ty::Unknown, recv.origin)))]),
            },
            "flatten" if is_list => Some(vec![(state, list_of(self.element_of(&self.element_of(recv))))]),
            "filter" | "partition" if closure.is_some() && self.is_batch(recv) => {
                Some(self.sorted_out(recv, name, closure?, site, state))
            }
            "chain" if is_list || self.is_collection(recv) => {
                let other = args.first()?;
                let element = self.element_of(recv);
                let both = match other.is_known_empty() {
                    true => element,
                    false => element.join(&self.element_of(other)),
                };
                Some(vec![(state, list_of(both))])
            }
            "zip" if is_list || self.is_collection(recv) => {
                let pair = pair_of(self.element_of(recv), self.element_of(args.first()?));
                Some(vec![(state, list_of(pair))])
            }
            "unzip" if is_list => match self.element_of(recv).kind {
                Kind::Tuple(parts) if parts.len() == 2 => {
                    let [first, second] = [0, 1].map(|i| list_of(parts[i].clone()));
                    Some(vec![(state, pair_of(first, second))])
                }
                _ => None,
            },
            "enumerate" if is_list || self.is_collection(recv) => {
                let pair = pair_of(Value::opaque(Ty::Unknown, Origin::COUNTER), self.element_of(recv));
                Some(vec![(state, list_of(pair))])
            }
            "for_each" | "try_for_each" if is_list || self.is_collection(recv) => {
                self.each_of(recv, args.first()?, site, state)
            }
            "for_each_concurrent" | "try_for_each_concurrent" if is_list || self.is_collection(recv) => {
                self.each_of(recv, args.get(1)?, site, state)
            }
            "buffered" | "buffer_unordered" if is_under_way(recv) => {
                Some(self.await_value(recv.clone(), state, site.at))
            }
            "collect" if is_list => Some(self.collected(recv, site, state)),
            "filter" | "take" | "skip" | "inspect" | "peekable" if is_list => Some(vec![(state, recv.clone())]),
            _ => None,
        }
    }

    /// `map` and its kin: what the closure makes of one element stands for all.
    fn mapped(&mut self, recv: &Value, name: &str, closure: &Value, site: CallSite, state: State) -> Flowing {
        let called = self.call_value(closure, vec![self.element_of(recv)], site, state);
        self.each(called, |this, state, value| match name {
            "filter_map" => this.perhaps_kept(recv, value, site, state),
            "flat_map" if value.is_known_empty() => vec![(state, recv.emptied())],
            "flat_map" => vec![(state, list_of(this.element_of(&value)))],
            "then" => {
                let awaited = this.await_value(value, state, site.at);
                awaited
                    .into_iter()
                    .map(|(state, value)| (state, list_of(value)))
                    .collect()
            }
            _ => vec![(state, list_of(value))],
        })
    }

    /// An element that a closure keeps or drops. Only of messages it matters which.
    fn perhaps_kept(&mut self, recv: &Value, value: Value, site: CallSite, state: State) -> Flowing {
        let value = match value.variant_name() {
            None if !self.is_batch(recv) => {
                let inside = self.type_argument(&value.ty, 0);
                return vec![(state, list_of(self.typed(inside, value.origin)))];
            }
            _ => value,
        };
        let option = Ty::external("std::option::Option", vec![self.type_argument(&value.ty, 0)]);
        let typed = if value.ty == Ty::Unknown {
            value.with_ty(option)
        } else {
            value
        };
        let exploded = self.explode_fallible(typed, state, site.at);
        let kept = exploded.into_iter().map(|(state, value)| match value.variant_name() {
            Some("Some" | "Ok") => (state, list_of(value.payload())),
            _ => (state, recv.emptied()),
        });
        kept.collect()
    }

    /// `filter` and `partition` of messages.
    fn sorted_out(&mut self, recv: &Value, name: &str, closure: &Value, site: CallSite, state: State) -> Flowing {
        let element = self.element_of(recv);
        let answers = self.call_value(closure, vec![element.clone()], site, state);
        let (kept, dropped) = self.decide_values(answers, site.at);
        let parts = |yes: bool| {
            let [some, none] = [list_of(element.clone()).with_ty(recv.ty.clone()), recv.emptied()];
            match (name, yes) {
                ("partition", true) => pair_of(some, none),
                ("partition", false) => pair_of(none, some),
                (_, true) => some,
                (_, false) => none,
            }
        };
        let kept = kept.into_iter().map(|state| (state, parts(true)));
        kept.chain(dropped.into_iter().map(|state| (state, parts(false))))
            .collect()
    }

    /// A collection of results becomes a result of a collection where that is expected.
    fn collected(&mut self, recv: &Value, site: CallSite, state: State) -> Flowing {
        let expected = self.expected.clone().unwrap_or(Ty::Unknown);
        let element = self.element_of(recv);
        let is_one = matches!(element.variant_name(), Some("Ok" | "Err" | "Some" | "None"));
        if recv.is_known_empty() || !(self.is_result(&expected) || self.is_option(&expected)) {
            return vec![(state, recv.clone())];
        }
        if !is_one && !self.is_result(&element.ty) && !self.is_option(&element.ty) {
            return vec![(state, recv.clone())];
        }
        let inside = self.type_argument(&expected, 0);
        let exploded = self.explode_fallible(element, state, site.at);
        let turned = exploded.into_iter().map(|(state, element)| {
            let list = list_of(element.payload()).with_ty(inside.clone());
            match element.variant_name() {
                Some("Ok") => (state, Value::ok(list)),
                Some("Some") => (state, Value::some(list)),
                _ => (state, element),
            }
        });
        turned.collect()
    }

    /// Something done for each element: for one, or for none.
    fn each_of(&mut self, recv: &Value, closure: &Value, site: CallSite, state: State) -> Option<Flowing> {
        if !is_callable(closure) {
            return None;
        }
        let surely = self.fills(recv) == Some(true);
        let (state, none) = if surely {
            (state, None)
        } else {
            let cases = self.branch(&state, kind_of(recv.origin), site.at, 2);
            (cases[0].clone(), Some(cases[1].clone()))
        };
        let called = self.call_value(closure, vec![self.element_of(recv)], site, state);
        let mut all = self.each(called, |this, state, value| this.await_value(value, state, site.at));
        all.extend(none.map(|state| (state, Value::unit())));
        Some(merge_values(all))
    }

    /// Something is taken out of a collection.
    fn taken(&mut self, recv: &Value, places: &[Option<Place>], site: CallSite, state: State) -> Option<Flowing> {
        if recv.is_known_empty() {
            return Some(vec![(state, Value::none())]);
        }
        if !is_under_way(recv) {
            return None;
        }
        let awaited = self.await_value(self.element_of(recv), state, site.at);
        let place = places.first().and_then(Option::as_ref);
        let taken = awaited.into_iter().map(|(mut state, value)| {
            if let Some(place) = place {
                state.write(place, recv.emptied());
            }
            (state, Value::some(value))
        });
        Some(taken.collect())
    }

    pub(in crate::lower) fn client_method_known(&self, recv: &Value, name: &str) -> bool {
        self.client_path(&recv.ty)
            .is_some_and(|path| self.catalog.method(&path, name).is_some())
    }

    pub(in crate::lower) fn is_collection(&self, value: &Value) -> bool {
        const COLLECTIONS: [&str; 4] = ["Vec", "VecDeque", "FuturesUnordered", "FuturesOrdered"];
        let named = |path: &str| path.rsplit("::").next().is_some_and(|name| COLLECTIONS.contains(&name));
        matches!(value.kind, Kind::List(_) | Kind::Array { .. })
            || matches!(&value.ty, Ty::External { path, .. } if named(path))
    }

    pub(in crate::lower) fn is_iterator(&self, value: &Value) -> bool {
        matches!(value.kind, Kind::List(_) | Kind::Array { .. })
            || matches!(value.ty, Ty::Slice(_))
            || self.is_collection(value)
            || value.ty == Ty::Unknown
    }
}

fn is_callable(value: &Value) -> bool {
    let named = |ty: &Ty| matches!(ty, Ty::External { path, .. } if path.contains("::"));
    match value.kind {
        Kind::Closure(_) | Kind::Function(_) => true,
        Kind::Variant { ref fields, .. } => fields.is_empty(),
        Kind::Opaque => named(&value.ty),
        _ => false,
    }
}

/// Methods of an iterator that give another one.
fn is_adapter(name: &str) -> bool {
    const ADAPTERS: [&str; 18] = [
        "map",
        "filter_map",
        "flat_map",
        "then",
        "flatten",
        "filter",
        "partition",
        "unzip",
        "chain",
        "zip",
        "enumerate",
        "for_each",
        "try_for_each",
        "for_each_concurrent",
        "try_for_each_concurrent",
        "buffered",
        "buffer_unordered",
        "collect",
    ];
    ADAPTERS.contains(&name)
}

fn pair_of(a: Value, b: Value) -> Value {
    let origin = origin_of([&a, &b]);
    Value::new(Kind::Tuple(vec![a, b]), Ty::Unknown, origin)
}
