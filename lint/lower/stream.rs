//! Streams of messages: adapters on them, and what takes their items.

use std::sync::Arc;

use smol_str::SmolStr;

use super::Lowering;
use super::call::{CallSite, future};
use super::state::{Flowing, State, merge_values};
use super::value::{Adapted, Future, Kind, Origin, Value};
use crate::flow::{Outcome, Step};
use crate::resolve::Ty;
use crate::span::Span;

/// Adapters that change nothing that matters here.
const IDLE: [&str; 14] = [
    "fuse",
    "boxed",
    "boxed_local",
    "into_stream",
    "take_until",
    "by_ref",
    "skip",
    "take",
    "inspect",
    "inspect_ok",
    "inspect_err",
    "err_into",
    "ok_into",
    "peekable",
];

/// Adapters that do something to each item.
const WORKING: [&str; 24] = [
    "map",
    "map_ok",
    "map_err",
    "then",
    "and_then",
    "or_else",
    "filter",
    "filter_map",
    "try_filter",
    "try_filter_map",
    "take_while",
    "try_take_while",
    "map_while",
    "skip_while",
    "scan",
    "buffered",
    "buffer_unordered",
    "try_buffered",
    "try_buffer_unordered",
    "enumerate",
    "chunks",
    "ready_chunks",
    "chunks_timeout",
    "try_chunks",
];

/// What becomes of an item in an adapter.
enum Fate {
    Kept(Value),
    Dropped,
    /// The stream ends with it.
    Ended,
}

impl<'a> Lowering<'a> {
    /// Methods that the `futures` crate gives to everything that is a stream.
    pub(super) fn stream_method(
        &mut self,
        recv: &Value,
        name: &str,
        args: &[Value],
        site: CallSite,
        state: &State,
    ) -> Option<Flowing> {
        let is_stream = matches!(recv.kind, Kind::Stream(_)) || self.item_of(recv).is_some();
        if !is_stream {
            return None;
        }
        let state = state.clone();
        if IDLE.contains(&name) {
            return Some(vec![(state, recv.clone())]);
        }
        if WORKING.contains(&name) {
            let adapted = Adapted {
                inner: recv.clone(),
                name: name.into(),
                args: args.to_vec(),
                at: site.at,
            };
            let origin = recv.origin;
            return Some(vec![(
                state,
                Value::new(Kind::Stream(Arc::new(adapted)), Ty::Unknown, origin),
            )]);
        }
        match name {
            "next" | "try_next" | "recv" | "select_next_some" => Some(vec![(state, self.next_of(recv, name, site)?)]),
            "for_each_concurrent" | "try_for_each_concurrent" => {
                Some(self.for_each(recv, args.get(1), site, true, state))
            }
            "for_each" | "try_for_each" => Some(self.for_each(recv, args.first(), site, false, state)),
            "fold" | "try_fold" => Some(self.for_each(recv, args.get(1), site, false, state)),
            "collect" | "try_collect" | "count" => Some(self.for_each(recv, None, site, false, state)),
            _ => None,
        }
    }

    /// The next item, as it is asked for.
    fn next_of(&mut self, recv: &Value, name: &str, site: CallSite) -> Option<Value> {
        if matches!(recv.kind, Kind::Stream(_)) {
            let pull = future(Future::Pull {
                stream: recv.clone(),
                at: site.at,
                label: site.label,
            });
            let then = match name {
                "try_next" => "transpose",
                "select_next_some" => "unwrap",
                _ => return Some(pull),
            };
            return Some(future(Future::Then {
                inner: pull,
                name: then.into(),
                args: Vec::new(),
                at: site.at,
            }));
        }
        let item = self.item_of(recv)?;
        let item = if name == "try_next" {
            self.turned(&item)
        } else {
            Ty::external("std::option::Option", vec![item])
        };
        Some(future(Future::Take {
            stream: self.client_path(&recv.ty)?,
            recv: recv.clone(),
            item,
            at: site.at,
            label: site.label,
        }))
    }

    /// The type of the items of a client's stream.
    fn item_of(&self, recv: &Value) -> Option<Ty> {
        let path = self.client_path(&recv.ty)?;
        let item = self.catalog.ty(&path)?.item.as_ref()?;
        Some(self.type_of_expr(item, recv, &[]))
    }

    /// Whether a `for` loop over the value receives messages.
    pub(super) fn is_message_stream(&self, value: &Value) -> bool {
        if let Kind::Stream(adapted) = &value.kind {
            return self.is_message_stream(&adapted.inner);
        }
        let ty = self.client_path(&value.ty).and_then(|path| self.catalog.ty(&path));
        ty.is_some_and(|ty| ty.item.is_some() && ty.receive.is_some())
    }

    /// The next item of a stream, through its adapters: an `Option`. What an adapter drops, another is taken for.
    pub(super) fn pull(&mut self, stream: &Value, site: CallSite, state: State) -> Flowing {
        let Kind::Stream(adapted) = &stream.kind else {
            return self.take_next(stream, site, state);
        };
        let adapted = Arc::clone(adapted);
        let head = self.graph.emit(&state, Step::Pass, None);
        let mut all = Vec::new();
        for (state, taken) in self.pull(&adapted.inner, site, state.after(head, Outcome::Then)) {
            if taken.variant_name() == Some("None") {
                all.push((state, taken));
                continue;
            }
            for (mut state, fate) in self.adapt(&adapted, taken.payload(), state) {
                match fate {
                    Fate::Kept(item) => all.push((state, Value::some(item))),
                    Fate::Ended => all.push((state, Value::none())),
                    Fate::Dropped => {
                        state.holding = false;
                        self.graph.close(&state, head);
                    }
                }
            }
        }
        merge_values(all)
    }

    fn take_next(&mut self, stream: &Value, site: CallSite, state: State) -> Flowing {
        let ty = self
            .client_path(&stream.ty)
            .and_then(|path| self.catalog.ty(&path).cloned());
        let Some((ty, item)) = ty.zip(self.item_of(stream)) else {
            return Vec::new();
        };
        let item = Ty::external("std::option::Option", vec![item]);
        self.take_item(&ty, stream, item, site, state)
    }

    /// What an adapter does to an item.
    fn adapt(&mut self, adapted: &Adapted, item: Value, state: State) -> Vec<(State, Fate)> {
        let closure = adapted.args.last().cloned().unwrap_or_else(Value::unknown);
        let at = adapted.at;
        let kept = |flowing: Flowing| -> Vec<(State, Fate)> {
            flowing
                .into_iter()
                .map(|(state, value)| (state, Fate::Kept(value)))
                .collect()
        };
        match adapted.name.as_str() {
            "map" => kept(self.call_value(&closure, vec![item], CallSite { at, label: at }, state)),
            "then" => kept(self.call_and_await(&closure, vec![item], at, state)),
            "map_ok" | "map_err" | "and_then" | "or_else" => {
                kept(self.adapt_result(&adapted.name, &closure, item, at, state))
            }
            "filter" | "take_while" | "skip_while" => {
                let asked = self.call_and_await(&closure, vec![item.clone()], at, state);
                self.keep_or_not(&adapted.name, asked, item, at)
            }
            "filter_map" | "map_while" => {
                let found = self.call_and_await(&closure, vec![item], at, state);
                self.keep_some(&adapted.name, found, at)
            }
            "scan" => {
                let found = self.call_and_await(&closure, vec![Value::unknown(), item], at, state);
                self.keep_some("map_while", found, at)
            }
            "try_filter" | "try_take_while" | "try_filter_map" => self.adapt_fallibly(adapted, &closure, item, state),
            "buffered" | "buffer_unordered" => kept(self.await_value(item, state, at)),
            "try_buffered" | "try_buffer_unordered" => match item.variant_name() {
                Some("Ok") => kept(self.await_value(item.payload(), state, at)),
                _ => vec![(state, Fate::Kept(item))],
            },
            "enumerate" => {
                let count = Value::opaque(Ty::Unknown, Origin::COUNTER);
                let origin = item.origin;
                let pair = Value::new(Kind::Tuple(vec![count, item]), Ty::Unknown, origin);
                vec![(state, Fate::Kept(pair))]
            }
            "chunks" | "ready_chunks" | "chunks_timeout" => {
                let origin = item.origin;
                let chunk = Value::new(Kind::List(Box::new(item)), Ty::Unknown, origin);
                vec![(state, Fate::Kept(chunk))]
            }
            _ => vec![(state, Fate::Kept(item))],
        }
    }

    fn call_and_await(&mut self, closure: &Value, args: Vec<Value>, at: Span, state: State) -> Flowing {
        let called = self.call_value(closure, args, CallSite { at, label: at }, state);
        self.each(called, |this, state, value| this.await_value(value, state, at))
    }

    /// Adapters on the good or the bad items of a stream of results.
    fn adapt_result(&mut self, name: &str, closure: &Value, item: Value, at: Span, state: State) -> Flowing {
        let exploded = self.explode_fallible(item, state, at);
        let wanted = if matches!(name, "map_ok" | "and_then") {
            "Ok"
        } else {
            "Err"
        };
        self.each(exploded, |this, state, item| {
            if item.variant_name() != Some(wanted) {
                return vec![(state, item)];
            }
            if matches!(name, "and_then" | "or_else") {
                return this.call_and_await(closure, vec![item.payload()], at, state);
            }
            let called = this.call_value(closure, vec![item.payload()], CallSite { at, label: at }, state);
            let again = |value: Value| match wanted {
                "Ok" => Value::ok(value),
                _ => Value::err(value.with_origin(Origin::ERROR)),
            };
            called.into_iter().map(|(state, value)| (state, again(value))).collect()
        })
    }

    /// `try_filter`, `try_take_while`, `try_filter_map`: failures pass by.
    fn adapt_fallibly(&mut self, adapted: &Adapted, closure: &Value, item: Value, state: State) -> Vec<(State, Fate)> {
        let at = adapted.at;
        let mut all = Vec::new();
        for (state, item) in self.explode_fallible(item, state, at) {
            if item.variant_name() != Some("Ok") {
                all.push((state, Fate::Kept(item)));
                continue;
            }
            let answers = self.call_and_await(closure, vec![item.payload()], at, state);
            if adapted.name == "try_filter" {
                all.extend(self.keep_or_not("filter", answers, item, at));
                continue;
            }
            for (state, answer) in answers {
                for (state, answer) in self.explode_fallible(answer, state, at) {
                    if answer.variant_name() != Some("Ok") {
                        all.push((state, Fate::Kept(answer)));
                    } else if adapted.name == "try_take_while" {
                        let asked = vec![(state, answer.payload())];
                        all.extend(self.keep_or_not("take_while", asked, item.clone(), at));
                    } else {
                        let found = self.keep_some("filter_map", vec![(state, answer.payload())], at);
                        let rewrap = |fate| match fate {
                            Fate::Kept(value) => Fate::Kept(Value::ok(value)),
                            other => other,
                        };
                        all.extend(found.into_iter().map(|(state, fate)| (state, rewrap(fate))));
                    }
                }
            }
        }
        all
    }

    fn keep_or_not(&mut self, name: &str, answers: Flowing, item: Value, at: Span) -> Vec<(State, Fate)> {
        let (yes, no) = self.decide_values(answers, at);
        let keeps = name != "skip_while";
        let (kept, left) = if keeps { (yes, no) } else { (no, yes) };
        let kept = kept.into_iter().map(|state| (state, Fate::Kept(item.clone())));
        let left = left.into_iter().map(|state| match name {
            "take_while" => (state, Fate::Ended),
            _ => (state, Fate::Dropped),
        });
        kept.chain(left).collect()
    }

    fn keep_some(&mut self, name: &str, found: Flowing, at: Span) -> Vec<(State, Fate)> {
        let mut all = Vec::new();
        for (state, value) in found {
            let option = Ty::external("std::option::Option", vec![self.type_argument(&value.ty, 0)]);
            let typed = if value.ty == Ty::Unknown {
                value.with_ty(option)
            } else {
                value
            };
            for (state, value) in self.explode_fallible(typed, state, at) {
                let fate = match value.variant_name() {
                    Some("Some" | "Ok") => Fate::Kept(value.payload()),
                    _ if name == "map_while" => Fate::Ended,
                    _ => Fate::Dropped,
                };
                all.push((state, fate));
            }
        }
        all
    }

    /// The next item of a stream of messages, as an `Option`.
    pub(super) fn next_message(&mut self, stream: &Value, at: Span, state: State) -> Flowing {
        self.pull(stream, CallSite { at, label: at }, state)
    }

    /// `Result<T, E>` as `try_next` gives it: `Result<Option<T>, E>`.
    fn turned(&self, item: &Ty) -> Ty {
        let inside = self.type_argument(item, 0);
        let error = self.type_argument(item, 1);
        Ty::result(Ty::external("std::option::Option", vec![inside]), error)
    }

    /// A closure for each message: one after the other, or several at once. Without one, each is taken and that is all.
    fn for_each(
        &mut self,
        recv: &Value,
        closure: Option<&Value>,
        site: CallSite,
        concurrent: bool,
        state: State,
    ) -> Flowing {
        let called: SmolStr = self.snippet(site.label);
        let fallible = ["try_for_each", "try_fold", "try_collect"]
            .iter()
            .any(|name| called.contains(name));
        let folds = called.contains("fold(");
        let head = self.graph.emit(&state, Step::Pass, None);
        let done = if fallible {
            Value::ok(Value::unit())
        } else {
            Value::unit()
        };
        let mut ended = Vec::new();
        for (state, taken) in self.pull(recv, site, state.after(head, Outcome::Then)) {
            if taken.variant_name() == Some("None") {
                ended.push((state, done.clone()));
                continue;
            }
            let (message, failed) = self.good_items(taken.payload(), fallible, site, state);
            ended.extend(failed);
            for (state, message) in message {
                let args = if folds {
                    vec![Value::unknown(), message]
                } else {
                    vec![message]
                };
                for (mut state, value) in self.one_of_each(closure, args, site, concurrent, state) {
                    if fallible && value.variant_name() == Some("Err") {
                        ended.push((state, value));
                    } else {
                        state.holding = false;
                        self.graph.close(&state, head);
                    }
                }
            }
        }
        merge_values(ended)
    }

    /// The items that a `try_…` method goes on with, and those with which it ends.
    fn good_items(&mut self, item: Value, fallible: bool, site: CallSite, state: State) -> (Flowing, Flowing) {
        if !fallible {
            return (vec![(state, item)], Vec::new());
        }
        let exploded = self.explode_fallible(item, state, site.at);
        let (failed, good): (Flowing, Flowing) = exploded
            .into_iter()
            .partition(|(_, value)| value.variant_name() == Some("Err"));
        (
            good.into_iter()
                .map(|(state, value)| (state, value.payload()))
                .collect(),
            failed,
        )
    }

    fn one_of_each(
        &mut self,
        closure: Option<&Value>,
        args: Vec<Value>,
        site: CallSite,
        concurrent: bool,
        state: State,
    ) -> Flowing {
        let Some(closure) = closure else {
            return vec![(state, Value::unit())];
        };
        let run = Future::Apply {
            callee: closure.clone(),
            args,
            at: site.at,
        };
        if concurrent {
            let (state, _) = self.spawn(future(run), site.label, true, state);
            return vec![(state, Value::unit())];
        }
        self.run_future(&Arc::new(run), state)
    }
}
