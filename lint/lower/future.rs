//! Futures: what happens when one is awaited, spawned, joined or limited in time.

use std::sync::Arc;

use smol_str::SmolStr;

use super::Lowering;
use super::call::{CallSite, future};
use super::state::{Flowing, State, merge_values};
use super::value::{Future, Kind, Origin, Target, Unseen, Value};
use crate::flow::{CondKind, Effect, EffectId, EffectKind, Ended, Idempotency, Outcome, Site, Step, TaskId};
use crate::resolve::Ty;
use crate::source::hir::Expr;
use crate::span::Span;

/// What a task gives to whoever waits for it.
#[derive(Debug, Clone, Default)]
pub(super) struct TaskEnds {
    /// A `Result`.
    fallible: bool,
    /// What it gives where it ends well.
    given: Option<Value>,
}

impl TaskEnds {
    fn note(&mut self, value: &Value) {
        let name = value.variant_name();
        self.fallible |= matches!(name, Some("Ok" | "Err"));
        if name == Some("Err") {
            return;
        }
        let given = if name == Some("Ok") {
            value.payload_or_self()
        } else {
            value.clone()
        };
        // Its transactions ended with it.
        if !given.any(&|part| matches!(part.kind, Kind::Tx(_))) {
            self.given = Some(
                self.given
                    .take()
                    .map_or_else(|| given.clone(), |known| known.join(&given)),
            );
        }
    }
}

impl<'a> Lowering<'a> {
    /// `value.await`.
    pub(super) fn await_value(&mut self, value: Value, state: State, at: Span) -> Flowing {
        match &value.kind {
            Kind::Future(future) => self.run_future(&Arc::clone(future), state),
            Kind::Task(task) => self.join(*task, state, at),
            Kind::Pending(..) => self.confirm(&value, state, at),
            Kind::Unseen(unseen) if unseen.node.is_none() => self.await_unseen(&value, &Arc::clone(unseen), state),
            Kind::List(element) | Kind::Array { element, .. }
                if matches!(element.kind, Kind::Task(_) | Kind::Future(_) | Kind::Pending(..)) =>
            {
                let element = (**element).clone();
                let awaited = self.await_value(element, state, at);
                awaited
                    .into_iter()
                    .map(|(state, value)| {
                        (
                            state,
                            Value::new(Kind::List(Box::new(value)), Ty::Unknown, Origin::NONE),
                        )
                    })
                    .collect()
            }
            _ => match self.awaited_call(&value) {
                Some(call) => {
                    let site = CallSite { at, label: at };
                    self.perform(&call, Some(value), Vec::new(), &[], site, state)
                }
                None => vec![(state, value)],
            },
        }
    }

    /// What awaiting a value of a client's type does.
    pub(super) fn awaited_call(&self, value: &Value) -> Option<crate::catalog::Call> {
        let path = self.client_path(&value.ty)?;
        let awaits = self.catalog.ty(&path)?.awaits.clone()?;
        self.catalog.function(&awaits).cloned()
    }

    pub(super) fn run_future(&mut self, future: &Arc<Future>, state: State) -> Flowing {
        match &**future {
            Future::Call(call) => match &call.target {
                Target::Workspace(fns) => {
                    let owner = call.expected.clone().unwrap_or(Ty::Unknown);
                    self.inline_owned(
                        fns,
                        &owner,
                        call.recv.clone(),
                        call.args.clone(),
                        Some(call.at),
                        state,
                        &call.places,
                    )
                }
                Target::Closure(closure) => self.run_closure(closure, call.args.clone(), call.at, state),
                Target::Api(path) => {
                    let Some(api) = self.catalog.function(path).cloned() else {
                        return Vec::new();
                    };
                    let site = CallSite {
                        at: call.at,
                        label: call.label,
                    };
                    let outer = std::mem::replace(&mut self.expected, call.expected.clone());
                    let flowing = self.perform(&api, call.recv.clone(), call.args.clone(), &call.places, site, state);
                    self.expected = outer;
                    flowing
                }
            },
            Future::Block { .. } => self.run_block(future, state),
            Future::All { futures, fallible } => self.run_all(futures, *fallible, state),
            Future::Then { inner, name, args, at } => {
                let awaited = self.await_value(inner.clone(), state, *at);
                self.each(awaited, |this, state, value| {
                    this.after_future(&value, name, args, *at, state)
                })
            }
            Future::Limited { inner, limit, at } => self.run_limited(inner, *limit, *at, state),
            Future::Apply { callee, args, at } => {
                let called = self.call_value(callee, args.clone(), CallSite { at: *at, label: *at }, state);
                self.each(called, |this, state, value| this.await_value(value, state, *at))
            }
            Future::Pull { stream, at, label } => self.pull(stream, CallSite { at: *at, label: *label }, state),
            Future::Take {
                stream,
                recv,
                item,
                at,
                label,
            } => match self.catalog.ty(stream).cloned() {
                Some(ty) => self.take_item(&ty, recv, item.clone(), CallSite { at: *at, label: *label }, state),
                None => Vec::new(),
            },
        }
    }

    /// A value that is looked at: what looked like a future is none (the next item of a synchronous stream), and is had by now.
    pub(super) fn force(&mut self, value: Value, state: State) -> Flowing {
        match &value.kind {
            Kind::Future(future) => self.run_future(&Arc::clone(future), state),
            _ => vec![(state, value)],
        }
    }

    fn after_future(&mut self, value: &Value, name: &SmolStr, args: &[Value], at: Span, state: State) -> Flowing {
        let site = CallSite { at, label: at };
        self.standard_method(value, name, args, &[], site, &state)
            .unwrap_or_else(|| vec![(state, value.clone())])
    }

    /// Futures that run together, here one after the other: what they do is the same, only its order is one of several.
    fn run_all(&mut self, futures: &[Value], fallible: bool, state: State) -> Flowing {
        let mut paths: Vec<(State, Vec<Value>)> = vec![(state, Vec::new())];
        let mut failed = Vec::new();
        for future in futures {
            let mut next = Vec::new();
            for (state, values) in paths {
                let at = self.draft.as_ref().map_or_else(|| self.here(), |draft| draft.site.span);
                for (state, value) in self.await_value(future.clone(), state, at) {
                    match value.variant_name() {
                        Some("Err") if fallible => failed.push((state, value)),
                        Some("Ok") if fallible => next.push((state, [values.clone(), vec![value.payload()]].concat())),
                        _ => next.push((state, [values.clone(), vec![value]].concat())),
                    }
                }
            }
            paths = next;
        }
        let done = paths.into_iter().map(|(state, values)| {
            let origin = super::expr::origin_of(&values);
            let all = Value::new(Kind::Tuple(values), Ty::Unknown, origin);
            (state, if fallible { Value::ok(all) } else { all })
        });
        merge_values(done.chain(failed).collect())
    }

    pub(super) fn here(&self) -> Span {
        let frame = self.frame();
        frame.function.map_or_else(
            || {
                self.via.last().copied().unwrap_or(Span {
                    file: frame.code.file,
                    start: crate::span::Pos { line: 1, column: 1 },
                    end: crate::span::Pos { line: 1, column: 1 },
                })
            },
            |f| self.index.function(f).hir.name_span,
        )
    }

    /// `timeout(d, inner)`: time may be up before anything was done; what was under way when it is up shows as a failed step.
    fn run_limited(&mut self, inner: &Value, limit: Option<u64>, at: Span, state: State) -> Flowing {
        let (mark, receives, waits) = (self.graph.mark(), self.receives, state.holding);
        let flowing = self.race(inner, limit, at, state.clone());
        if waits || self.receives != receives {
            return flowing;
        }
        // Nothing was under way that could be cut short: how long it takes decides nothing.
        self.graph.undo(mark);
        let awaited = self.await_value(inner.clone(), state, at);
        awaited
            .into_iter()
            .map(|(state, value)| (state, Value::ok(value)))
            .collect()
    }

    /// Either it ends, or time is up: then so much has passed.
    fn race(&mut self, inner: &Value, limit: Option<u64>, at: Span, state: State) -> Flowing {
        let cases = self.branch(&state, CondKind::Free, at, 2);
        let mut elapsed = cases[1].clone();
        if limit.is_some() && elapsed.holding {
            let node = self
                .graph
                .emit(&elapsed, Step::Sleep { millis: limit }, Some(self.site(at)));
            elapsed = elapsed.after(node, Outcome::Then);
        }
        let late = (
            elapsed,
            Value::err(Value::failure(Ty::external("tokio::time::error::Elapsed", Vec::new()))),
        );
        let mut all = vec![late];
        for (state, value) in self.await_value(inner.clone(), cases[0].clone(), at) {
            all.push((state, Value::ok(value)));
        }
        merge_values(all)
    }

    pub(super) fn eval_join(&mut self, futures: &'a [Expr], fallible: bool, at: Span, state: State) -> Flowing {
        let paths = self.eval_all(futures.iter(), state);
        let mut all = Vec::new();
        for (state, values) in paths {
            let joined = future(Future::All {
                futures: values,
                fallible,
            });
            all.extend(self.await_value(joined, state, at));
        }
        merge_values(all)
    }

    /// Awaiting what nobody can see into: an opaque step if message data goes there.
    pub(super) fn await_unseen(&mut self, value: &Value, unseen: &Unseen, state: State) -> Flowing {
        if !state.holding {
            return vec![(state, Value::opaque(value.ty.clone(), value.origin))];
        }
        let text = self.snippet(unseen.span);
        self.met.unresolved.insert(unseen.span, text);
        if !value.origin.has(Origin::MESSAGE) {
            return vec![(state, Value::opaque(value.ty.clone(), value.origin))];
        }
        self.unseen_step(value, unseen, state)
    }

    /// A call that nobody can see into does something with the message.
    pub(super) fn unseen_step(&mut self, value: &Value, unseen: &Unseen, state: State) -> Flowing {
        let site = self.site(unseen.span);
        let effect = self.opaque_effect(&site);
        let node = self.graph.emit(&state, Step::Opaque { effect }, Some(site));
        let state = state.after(node, Outcome::Ok);
        let result = Kind::Unseen(Arc::new(Unseen {
            node: Some(node),
            ..unseen.clone()
        }));
        vec![(
            state,
            Value::new(result, value.ty.clone(), value.origin.with(Origin::STORE)),
        )]
    }

    /// What a call may do that nobody can see into.
    pub(super) fn opaque_effect(&mut self, site: &Site) -> EffectId {
        let why = "the call cannot be seen into".into();
        let opaque = || {
            Effect::new(
                EffectKind::Opaque,
                site.text.clone(),
                Idempotency::Unknown,
                why,
                site.clone(),
            )
        };
        self.graph.effect(opaque, site)
    }

    // ---- tasks --------------------------------------------------------------------------------------------------------------

    /// Runs `task` (a future or closure) beside the caller.
    pub(super) fn spawn(&mut self, task: Value, at: Span, per_message: bool, state: State) -> (State, Value) {
        let site = self.site(at);
        let id = self.graph.task(&site, per_message);
        let node = self.graph.emit(&state, Step::Spawn { task: id }, Some(site));
        let child = state.after(node, Outcome::Child);
        let child = State {
            open: std::collections::BTreeSet::new(),
            ..child
        };
        let parent = state.after(node, Outcome::Then);
        self.run_task(id, task, child, at);
        (parent, Value::new(Kind::Task(id), Ty::Unknown, Origin::NONE))
    }

    fn run_task(&mut self, id: TaskId, task: Value, state: State, at: Span) {
        let outer = std::mem::take(&mut self.graph.retry);
        self.ends.running.push(id);
        let frame = self.plain_frame(self.frame().code, Ty::Unknown);
        let ended = self.in_frame(frame, |this| this.run_callable(task, at, state));
        self.ends.running.pop();
        self.graph.retry = outer;
        for (state, value) in ended {
            let failed = value.variant_name() == Some("Err");
            self.task_ends.entry(id).or_default().note(&value);
            let state = self.roll_back(state, &std::collections::BTreeSet::new(), &Value::unit());
            self.graph
                .emit(&state, Step::TaskEnd(if failed { Ended::Err } else { Ended::Ok }), None);
        }
    }

    /// Awaits a future, or calls a closure and awaits what it gives.
    pub(super) fn run_callable(&mut self, task: Value, at: Span, state: State) -> Flowing {
        match task.kind {
            Kind::Closure(_) | Kind::Function(_) => {
                let site = CallSite { at, label: at };
                let called = self.call_value(&task, Vec::new(), site, state);
                self.each(called, |this, state, value| this.await_value(value, state, at))
            }
            _ => self.await_value(task, state, at),
        }
    }

    /// Waits for a task. Its own failure is inside, its panic outside.
    pub(super) fn join(&mut self, task: TaskId, state: State, at: Span) -> Flowing {
        let node = self.graph.emit(&state, Step::Join { task }, Some(self.site(at)));
        let ends = self.task_ends.get(&task).cloned().unwrap_or_default();
        let given = ends.given.unwrap_or_else(Value::unit);
        let (done, failed) = if ends.fallible {
            (
                Value::ok(Value::ok(given)),
                Value::ok(Value::err(Value::failure(Ty::Unknown))),
            )
        } else {
            (Value::ok(given), Value::err(Value::failure(Ty::Unknown)))
        };
        vec![
            (state.after(node, Outcome::Ok), done),
            (state.after(node, Outcome::Err), failed),
        ]
    }
}
