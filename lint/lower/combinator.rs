//! The standard library: `Option`, `Result`, collections, futures' combinators, smart pointers.

mod collections;

use smol_str::SmolStr;

use super::Lowering;
use super::call::{CallSite, future};
use super::expr::deep_origin;
use super::state::{Flowing, State};
use super::value::{Future, Kind, Origin, Place, Value};
use crate::resolve::{Ty, Types};

/// Names that so many types have that they tell nothing.
pub(super) fn is_common(name: &str) -> bool {
    const COMMON: [&str; 24] = [
        "new", "get", "set", "push", "insert", "remove", "next", "send", "recv", "run", "start", "stop", "close",
        "clone", "into", "from", "build", "call", "poll", "name", "iter", "unwrap", "expect", "parse",
    ];
    COMMON.contains(&name)
}

/// Methods that give (a view of) what they are called on.
pub(super) fn passes_through(recv: &Value, name: &str, args: &[Value]) -> Option<Value> {
    const VIEWS: [&str; 41] = [
        "clone",
        "cloned",
        "copied",
        "as_ref",
        "as_mut",
        "as_deref",
        "as_deref_mut",
        "to_owned",
        "into",
        "borrow",
        "borrow_mut",
        "iter",
        "iter_mut",
        "into_iter",
        "as_str",
        "to_string",
        "as_bytes",
        "to_vec",
        "into_inner",
        "into_boxed",
        "boxed",
        "by_ref",
        "deref",
        "deref_mut",
        "lock",
        "read",
        "write",
        "get_ref",
        "get_mut",
        "as_slice",
        "trim",
        "into_bytes",
        "into_string",
        "enumerate",
        "rev",
        "instrument",
        "in_current_span",
        "fuse",
        "values",
        "drain",
        "inner",
    ];
    if VIEWS.contains(&name) && args.len() <= 1 {
        return Some(match (&recv.kind, name) {
            // What is awaited then is the lock, and no call that gave it.
            (Kind::Unseen(unseen), "lock" | "read" | "write") if unseen.node.is_none() && args.is_empty() => {
                Value::opaque(peeled(recv).ty, recv.origin.with(Origin::SHARED))
            }
            (_, "lock" | "read" | "write") => peeled(recv).with_origin(Origin::SHARED),
            (_, "enumerate") => {
                let pair = Value::new(
                    Kind::Tuple(vec![Value::unknown(), recv.clone()]),
                    Ty::Unknown,
                    recv.origin,
                );
                Value::new(Kind::List(Box::new(pair)), Ty::Unknown, recv.origin)
            }
            _ => recv.clone(),
        });
    }
    None
}

/// A lock that was poisoned by a panic is no failure of the message.
pub(super) fn unlocked(recv: &Value, name: &str) -> Option<Value> {
    let fallible =
        matches!(&recv.ty, Ty::External { path, .. } if path.ends_with("::Option") || path.ends_with("::Result"));
    let asks = matches!(name, "unwrap" | "expect" | "unwrap_or_else") && recv.variant_name().is_none();
    (asks && !fallible && recv.origin.has(Origin::SHARED)).then(|| recv.clone())
}

/// What a lock protects.
fn peeled(value: &Value) -> Value {
    match &value.ty {
        Ty::External { path, args } if matches!(path.rsplit("::").next(), Some("Mutex" | "RwLock" | "RefCell")) => {
            let inner = args.last().cloned().unwrap_or(Ty::Unknown);
            Value::new(value.kind.clone(), inner, value.origin)
        }
        _ => value.clone(),
    }
}

impl<'a> Lowering<'a> {
    /// Functions of the standard library that matter, by canonical path.
    pub(super) fn standard_function(&mut self, path: &str, args: &[Value]) -> Option<Value> {
        let (owner, name) = path.rsplit_once("::").unwrap_or(("", path));
        let owner = owner.rsplit("::").next().unwrap_or(owner);
        let first = || args.first().cloned().unwrap_or_else(Value::unit);
        match (owner, name) {
            ("Arc" | "Rc" | "Cell" | "RefCell" | "Mutex" | "RwLock", "new")
                if args.iter().any(Value::is_known_empty) =>
            {
                Some(first().forgotten())
            }
            ("Vec" | "VecDeque" | "FuturesUnordered" | "FuturesOrdered", "new" | "with_capacity" | "default") => {
                let ty = Ty::external(path.rsplit_once("::").map_or(path, |(owner, _)| owner), Vec::new());
                Some(Value::opaque(ty, Origin::NONE).emptied())
            }
            ("stream", "iter") => Some(first()),
            (
                "Arc" | "Rc" | "Box" | "Cell" | "RefCell" | "Mutex" | "RwLock" | "Pin" | "Cow" | "Data" | "Some"
                | "Wrapping",
                "new" | "clone" | "pin" | "from",
            ) => Some(first()),
            ("String" | "Vec" | "PathBuf", "from") | ("convert", "identity") => Some(first()),
            ("String", "from_utf8_lossy" | "from_utf8") | ("str", "from_utf8") => Some(first().with_ty(Ty::Unknown)),
            ("mem", "drop") | ("", "drop") => Some(Value::unit()),
            ("future", "ready") => Some(first()),
            ("future", "join_all" | "try_join_all") => {
                let inner = first();
                Some(if name == "join_all" {
                    inner
                } else {
                    future(Future::All {
                        futures: vec![self.element_of(&inner)],
                        fallible: true,
                    })
                })
            }
            ("" | "anyhow" | "eyre" | "color_eyre", "Ok" | "Err" | "Some")
            | ("Result" | "Option", "Ok" | "Err" | "Some") => Some(Value::variant(name, args.to_vec())),
            ("HashMap" | "HashSet" | "BTreeMap" | "String", "new" | "with_capacity" | "default") => {
                Some(Value::opaque(
                    Ty::External {
                        path: path.rsplit_once("::").map_or(path, |(owner, _)| owner).into(),
                        args: Types::NONE,
                    },
                    Origin::NONE,
                ))
            }
            _ => None,
        }
    }

    /// Methods of `Option`, `Result`, collections and futures, where the receiver is known to be one.
    pub(super) fn standard_method(
        &mut self,
        recv: &Value,
        name: &str,
        args: &[Value],
        places: &[Option<Place>],
        site: CallSite,
        state: &State,
    ) -> Option<Flowing> {
        if let Kind::Future(future) = &recv.kind {
            let later = self.future_method(recv, name, args, site, state);
            return later.or_else(|| self.forced_method(&std::sync::Arc::clone(future), name, args, site, state));
        }
        if let Some(variant) = recv.variant_name()
            && matches!(variant, "Ok" | "Err" | "Some" | "None")
        {
            return self.variant_method(recv, name, args, site, state);
        }
        let is_option = self.is_option(&recv.ty);
        if is_option || self.is_result(&recv.ty) || self.may_be_fallible(recv, name) {
            return self.opaque_fallible_method(recv, is_option, name, args, site, state);
        }
        if let Some(value) = self.bool_method(recv, name, args, site, state) {
            return Some(value);
        }
        self.collection_method(recv, name, args, places, site, state)
    }

    /// A value of unknown type on which a method is called that only `Option` and `Result` have.
    fn may_be_fallible(&self, recv: &Value, name: &str) -> bool {
        let unseen = matches!(recv.kind, Kind::Unseen(_)) || (recv.kind == Kind::Opaque && recv.ty == Ty::Unknown);
        unseen
            && matches!(
                name,
                "map_err"
                    | "ok"
                    | "err"
                    | "is_err"
                    | "is_ok"
                    | "unwrap_or_else"
                    | "and_then"
                    | "or_else"
                    | "inspect_err"
                    | "ok_or"
                    | "ok_or_else"
                    | "is_some"
                    | "is_none"
                    | "unwrap"
                    | "expect"
                    | "context"
                    | "with_context"
            )
    }

    fn bool_method(
        &mut self,
        recv: &Value,
        name: &str,
        args: &[Value],
        site: CallSite,
        state: &State,
    ) -> Option<Flowing> {
        if !matches!(name, "then" | "then_some") {
            return None;
        }
        let paths = match recv.kind {
            Kind::Bool(known) => vec![(state.clone(), known)],
            _ => {
                let cases = self.branch(state, super::control::kind_of(recv.origin), site.at, 2);
                vec![(cases[0].clone(), true), (cases[1].clone(), false)]
            }
        };
        let mut all = Vec::new();
        for (state, yes) in paths {
            if !yes {
                all.push((state, Value::none()));
            } else if name == "then_some" {
                all.push((state, Value::some(args.first().cloned().unwrap_or_else(Value::unit))));
            } else if let Some(closure) = args.first() {
                let called = self.call_value(closure, Vec::new(), site, state);
                all.extend(called.into_iter().map(|(state, value)| (state, Value::some(value))));
            }
        }
        Some(all)
    }

    /// Combinators on something that is not awaited yet are done when it is.
    fn future_method(
        &mut self,
        recv: &Value,
        name: &str,
        args: &[Value],
        site: CallSite,
        state: &State,
    ) -> Option<Flowing> {
        let value = match name {
            "map_err" | "map" | "map_ok" | "and_then" | "or_else" | "ok" | "inspect_err" | "unwrap_or_else"
            | "context" | "with_context" | "then" => {
                let name = if name == "map_ok" { "map" } else { name };
                future(Future::Then {
                    inner: recv.clone(),
                    name: name.into(),
                    args: args.to_vec(),
                    at: site.at,
                })
            }
            "boxed" | "boxed_local" | "fuse" | "instrument" | "in_current_span" | "into_future" | "catch_unwind"
            | "shared" | "as_mut" | "scope_boxed" | "scope_local_boxed" | "compat" => recv.clone(),
            "await" => return None,
            _ => return None,
        };
        Some(vec![(state.clone(), value)])
    }

    /// A method that no future has: the item of a synchronous stream.
    fn forced_method(
        &mut self,
        item: &std::sync::Arc<Future>,
        name: &str,
        args: &[Value],
        site: CallSite,
        state: &State,
    ) -> Option<Flowing> {
        if !matches!(**item, Future::Take { .. }) {
            return None;
        }
        let mut all = Vec::new();
        for (state, value) in self.run_future(item, state.clone()) {
            all.extend(
                self.standard_method(&value, name, args, &[], site, &state)
                    .unwrap_or_else(|| vec![(state, value)]),
            );
        }
        Some(super::state::merge_values(all))
    }

    /// `Option` and `Result` whose variant is not known: the variants are told apart only where a method does something with them.
    fn opaque_fallible_method(
        &mut self,
        recv: &Value,
        is_option: bool,
        name: &str,
        args: &[Value],
        site: CallSite,
        state: &State,
    ) -> Option<Flowing> {
        let inside = self.type_argument(&recv.ty, 0);
        let opaque = |ty: Ty| Some(vec![(state.clone(), Value::opaque(ty, recv.origin))]);
        match name {
            "as_ref" | "as_deref" | "as_mut" | "as_deref_mut" | "cloned" | "copied" | "clone" | "inspect" | "take" => {
                Some(vec![(state.clone(), recv.clone())])
            }
            "context" | "with_context" | "wrap_err" | "wrap_err_with" | "ok_or_eyre" if is_option => {
                opaque(Ty::result(inside, Ty::Unknown))
            }
            "inspect_err" | "context" | "with_context" | "wrap_err" | "wrap_err_with" => {
                Some(vec![(state.clone(), recv.clone())])
            }
            "map" if self.is_pure_callable(args.first()) => {
                let ty = self.callable_ty(args.first());
                let wrapper = if is_option {
                    "std::option::Option"
                } else {
                    "std::result::Result"
                };
                opaque(Ty::external(wrapper, vec![ty]))
            }
            "map_err" if self.is_pure_callable(args.first()) => opaque(Ty::result(inside, Ty::Unknown)),
            "ok" => opaque(Ty::external("std::option::Option", vec![inside])),
            "ok_or" | "ok_or_else" => opaque(Ty::result(inside, Ty::Unknown)),
            "unwrap_or_default" | "unwrap_or" => Some(vec![(state.clone(), self.typed(inside, recv.origin))]),
            "unwrap_or_else" if self.is_pure_callable(args.first()) => {
                Some(vec![(state.clone(), self.typed(inside, recv.origin))])
            }
            "is_some" | "is_none" | "is_ok" | "is_err" if !matches!(recv.kind, Kind::Unseen(_)) => opaque(Ty::Unknown),
            "unwrap" | "expect" if !state.holding => Some(vec![(state.clone(), self.typed(inside, recv.origin))]),
            _ if is_fallible_method(name) => {
                let exploded = self.explode_fallible(recv.clone(), state.clone(), site.at);
                let mut all = Vec::new();
                for (state, value) in exploded {
                    all.extend(self.variant_method(&value, name, args, site, &state)?);
                }
                Some(super::state::merge_values(all))
            }
            _ => None,
        }
    }

    /// A closure or function that does nothing but compute: one that leads outside the workspace.
    fn is_pure_callable(&self, callable: Option<&Value>) -> bool {
        match callable.map(|callable| (&callable.kind, &callable.ty)) {
            None => true,
            Some((Kind::Closure(_) | Kind::Function(_) | Kind::Variant { .. }, _)) => false,
            Some((_, Ty::External { path, .. })) => self
                .catalog
                .function(path)
                .is_none_or(|call| matches!(call.does, crate::catalog::Role::Pure | crate::catalog::Role::Decode)),
            _ => true,
        }
    }

    fn callable_ty(&self, callable: Option<&Value>) -> Ty {
        let Some(Ty::External { path, .. }) = callable.map(|callable| &callable.ty) else {
            return Ty::Unknown;
        };
        match self.catalog.function(path) {
            Some(call) if call.fallible => Ty::result(Ty::Unknown, Ty::Unknown),
            _ => Ty::Unknown,
        }
    }

    fn variant_method(
        &mut self,
        recv: &Value,
        name: &str,
        args: &[Value],
        site: CallSite,
        state: &State,
    ) -> Option<Flowing> {
        let variant = recv.variant_name()?;
        let good = matches!(variant, "Ok" | "Some");
        let is_option = matches!(variant, "Some" | "None");
        let state = match name {
            "ok" | "unwrap_or" | "unwrap_or_default" | "unwrap_or_else" => {
                self.drop_failure(recv, state.clone(), site.label)
            }
            _ => state.clone(),
        };
        let payload = recv.payload();
        let same = |state: State| Some(vec![(state, recv.clone())]);
        match name {
            "as_ref" | "as_mut" | "as_deref" | "as_deref_mut" | "cloned" | "copied" | "clone" | "take" => same(state),
            "iter" | "iter_mut" | "into_iter" if good => Some(vec![(state, list_of(payload))]),
            "iter" | "iter_mut" | "into_iter" => Some(vec![(state, list_of(Value::never()))]),
            "flatten" => Some(vec![(state, if good { payload } else { recv.clone() })]),
            "transpose" => Some(vec![(state, transposed(recv))]),
            "is_some" | "is_ok" => Some(vec![(state, Value::bool(good))]),
            "is_none" | "is_err" => Some(vec![(state, Value::bool(!good))]),
            "unwrap" | "expect" => {
                if good {
                    return Some(vec![(state, payload)]);
                }
                self.panic(&state, site.at);
                Some(Vec::new())
            }
            "unwrap_err" => Some(vec![(state, payload)]),
            "unwrap_or_default" | "unwrap_or" => {
                let other = args
                    .first()
                    .cloned()
                    .unwrap_or_else(|| Value::opaque(Ty::Unknown, recv.origin.without(Origin::ERROR)));
                Some(vec![(state, if good { payload } else { other })])
            }
            "unwrap_or_else" | "or_else" | "ok_or_else" | "map" | "and_then" | "map_err" | "inspect"
            | "inspect_err" | "filter" | "then" | "is_some_and" | "is_ok_and" | "is_none_or" | "is_err_and" => {
                self.closure_method(recv, good, name, args, site, state)
            }
            "map_or" | "map_or_else" => self.map_or(good, payload, name, args, site, state),
            "ok" => Some(vec![(state, if good { Value::some(payload) } else { Value::none() })]),
            "err" => Some(vec![(state, if good { Value::none() } else { Value::some(payload) })]),
            "ok_or" => {
                let error = args.first().cloned().unwrap_or_else(Value::unit);
                Some(vec![(state, if good { Value::ok(payload) } else { Value::err(error) })])
            }
            "or" | "xor" => Some(vec![(state, if good { recv.clone() } else { args.first().cloned()? })]),
            "and" => Some(vec![(state, if good { args.first().cloned()? } else { recv.clone() })]),
            "context" | "with_context" | "wrap_err" | "wrap_err_with" | "ok_or_eyre" | "attach"
            | "attach_printable" | "change_context" => {
                let wrapped = self.error_made_by(name);
                let value = match (good, is_option, wrapped) {
                    (true, ..) => Value::ok(payload),
                    (false, true, error) => Value::err(Value::failure(error.unwrap_or(Ty::Unknown))),
                    (false, false, Some(error)) => Value::err(Value::opaque(error, payload.origin.with(Origin::ERROR))),
                    (false, false, None) => Value::err(payload.with_origin(Origin::ERROR)),
                };
                Some(vec![(state, value)])
            }
            _ => None,
        }
    }

    fn closure_method(
        &mut self,
        recv: &Value,
        good: bool,
        name: &str,
        args: &[Value],
        site: CallSite,
        state: State,
    ) -> Option<Flowing> {
        let on_good = matches!(
            name,
            "map" | "and_then" | "inspect" | "filter" | "then" | "is_some_and" | "is_ok_and"
        );
        let on_bad = matches!(name, "map_err" | "inspect_err" | "is_err_and");
        let is_option = matches!(recv.variant_name(), Some("Some" | "None"));
        match name {
            "is_some_and" | "is_ok_and" | "is_err_and" if good != on_good => {
                return Some(vec![(state, Value::bool(false))]);
            }
            "is_none_or" if !good => return Some(vec![(state, Value::bool(true))]),
            "unwrap_or_else" if good => return Some(vec![(state, recv.payload())]),
            "ok_or_else" if good => return Some(vec![(state, Value::ok(recv.payload()))]),
            "or_else" if good => return Some(vec![(state, recv.clone())]),
            _ if (on_good && !good) || (on_bad && good) => return Some(vec![(state, recv.clone())]),
            _ => {}
        }
        let closure = args.first()?;
        let payload = if is_option && !good {
            Vec::new()
        } else {
            vec![recv.payload()]
        };
        let called = self.call_value(closure, payload, site, state);
        let wrapped = |value: Value| match name {
            "map" if is_option => Value::some(value),
            "map" => Value::ok(value),
            "map_err" => Value::err(value.with_origin(Origin::ERROR)),
            "inspect" | "inspect_err" | "filter" => recv.clone(),
            "ok_or_else" => Value::err(value.with_origin(Origin::ERROR)),
            _ => value,
        };
        Some(
            called
                .into_iter()
                .map(|(state, value)| (state, wrapped(value)))
                .collect(),
        )
    }

    fn map_or(
        &mut self,
        good: bool,
        payload: Value,
        name: &str,
        args: &[Value],
        site: CallSite,
        state: State,
    ) -> Option<Flowing> {
        let [default, map] = args else { return None };
        if good {
            return Some(self.call_value(map, vec![payload], site, state));
        }
        if name == "map_or" {
            Some(vec![(state, default.clone())])
        } else {
            Some(self.call_value(default, vec![payload], site, state))
        }
    }
}

/// A collection of what still has to be awaited.
fn is_under_way(value: &Value) -> bool {
    matches!(&value.kind, Kind::List(element) | Kind::Array { element, .. } if matches!(element.kind, Kind::Task(_) | Kind::Future(_) | Kind::Pending(..)))
}

fn list_of(element: Value) -> Value {
    let origin = deep_origin(&element);
    Value::new(Kind::List(Box::new(element)), Ty::Unknown, origin)
}

fn is_fallible_method(name: &str) -> bool {
    matches!(
        name,
        "map"
            | "map_err"
            | "and_then"
            | "or_else"
            | "unwrap"
            | "expect"
            | "unwrap_or_else"
            | "map_or"
            | "map_or_else"
            | "ok_or"
            | "filter"
            | "is_ok"
            | "is_err"
            | "is_some"
            | "is_none"
            | "is_some_and"
            | "is_ok_and"
            | "is_none_or"
            | "is_err_and"
            | "transpose"
            | "flatten"
            | "err"
            | "unwrap_err"
    )
}

/// `Option<Result<T>>` ↔ `Result<Option<T>>`.
fn transposed(value: &Value) -> Value {
    let payload = value.payload();
    match (value.variant_name(), payload.variant_name()) {
        (Some("None"), _) => Value::ok(Value::none()),
        (Some("Some"), Some("Ok")) => Value::ok(Value::some(payload.payload())),
        (Some("Some"), Some("Err")) => payload,
        (Some("Ok"), Some("Some")) => Value::some(Value::ok(payload.payload())),
        (Some("Ok"), Some("None")) => payload,
        (Some("Err"), _) => Value::some(value.clone()),
        _ => Value::opaque(Ty::Unknown, value.origin),
    }
}

/// The name of a variable as a key's identity.
pub(super) fn place_text(place: Option<&Place>) -> SmolStr {
    place.map_or_else(
        || "?".into(),
        |place| place.fields.last().unwrap_or(&place.variable).clone(),
    )
}
