//! Collections: what goes in stands for all that is in it.

use super::*;
use crate::lower::Lowering;
use crate::lower::call::CallSite;
use crate::lower::expr::{deep_origin, origin_of};
use crate::lower::state::{Flowing, State};
use crate::lower::value::{Kind, Origin, Place, Value};
use crate::resolve::Ty;

impl<'a> Lowering<'a> {
    /// Collections: what goes in stands for all that is in it.
    pub(in crate::lower) fn collection_method(
        &mut self,
        recv: &Value,
        name: &str,
        args: &[Value],
        places: &[Option<Place>],
        site: CallSite,
        state: &State,
    ) -> Option<Flowing> {
        let mut state = state.clone();
        match name {
            "push" | "push_back" | "insert" | "extend" | "push_front" if self.is_collection(recv) => {
                let item = args.last()?.clone();
                let added = match &recv.kind {
                    Kind::List(known) if known.kind != Kind::Never => known.join(&item),
                    _ => item.clone(),
                };
                if item.origin.has(Origin::MESSAGE) {
                    self.escape(&item, &state, site.at);
                }
                let origin = recv.origin.with(deep_origin(&item));
                let list = Value::new(Kind::List(Box::new(added)), recv.ty.clone(), origin);
                if let Some(Some(place)) = places.first() {
                    state.write(place, list);
                }
                Some(vec![(state, Value::unit())])
            }
            "map" | "filter_map" | "flat_map" if args.len() == 1 && self.is_iterator(recv) => {
                let element = self.element_of(recv);
                if matches!(args[0].kind, Kind::Closure(_) | Kind::Function(_)) {
                    let called = self.call_value(&args[0], vec![element], site, state);
                    return Some(
                        called
                            .into_iter()
                            .map(|(state, value)| (state, list_of(value)))
                            .collect(),
                    );
                }
                Some(vec![(state, list_of(Value::opaque(Ty::Unknown, recv.origin)))])
            }
            "any" | "all" if matches!(recv.kind, Kind::List(_)) && !recv.is_known_empty() => {
                let element = self.element_of(recv);
                Some(self.call_value(args.first()?, vec![element], site, state))
            }
            "collect" | "filter" | "take" | "skip" | "chain" | "zip" | "inspect" | "peekable"
                if matches!(recv.kind, Kind::List(_)) =>
            {
                Some(vec![(state, recv.clone())])
            }
            "collect" => Some(vec![(
                state,
                recv.clone().with_ty(self.expected.clone().unwrap_or(Ty::Unknown)),
            )]),
            "next" | "join_next" | "pop" | "pop_front" | "first" | "last" if recv.is_known_empty() => {
                Some(vec![(state, Value::none())])
            }
            "next" | "join_next" | "pop" | "pop_front" | "first" | "last" if is_under_way(recv) => {
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
            "len" | "is_empty" | "contains" | "contains_key" | "as_secs" | "elapsed" => {
                if self.client_method_known(recv, name) {
                    return None;
                }
                Some(vec![(
                    state,
                    Value::opaque(Ty::Unknown, recv.origin.with(origin_of(args))),
                )])
            }
            _ => None,
        }
    }

    pub(in crate::lower) fn client_method_known(&self, recv: &Value, name: &str) -> bool {
        self.client_path(&recv.ty)
            .is_some_and(|path| self.catalog.method(&path, name).is_some())
    }

    pub(in crate::lower) fn is_collection(&self, value: &Value) -> bool {
        matches!(value.kind, Kind::List(_))
            || matches!(&value.ty, Ty::External { path, .. } if matches!(path.rsplit("::").next(), Some("Vec" | "VecDeque" | "FuturesUnordered" | "FuturesOrdered")))
    }

    pub(in crate::lower) fn is_iterator(&self, value: &Value) -> bool {
        matches!(value.kind, Kind::List(_))
            || matches!(value.ty, Ty::Slice(_))
            || self.is_collection(value)
            || value.ty == Ty::Unknown
    }
}
