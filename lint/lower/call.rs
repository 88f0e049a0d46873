//! Calls: what is called, with what, and what it leaves behind.

mod callee;
mod function;
mod methods;
mod questions;

use std::sync::Arc;

use smol_str::SmolStr;

pub(super) use questions::Answers;
use questions::Question;

use super::expr::{origin_of, place_of, unseen};
use super::state::{Env, Flowing, State, merge_values};
use super::unit::leaves_open;
use super::value::{Api, Call, Closure, Future, Kind, Origin, Place, Target, Value, index_name};
use super::{Body, Lowering, MAX_INLINED, MAX_STEPS_MORE};
use crate::catalog::Role;
use crate::flow::CondKind;
use crate::resolve::{FnId, Ty, Types};
use crate::source::hir::{Expr, ExprKind};
use crate::span::Span;

/// More implementations than this are not followed one by one.
const MAX_FAN_OUT: usize = 8;

/// Where a call stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallSite {
    /// The whole call.
    pub at: Span,
    /// The name to the end of the call: where labels sit.
    pub label: Span,
}

impl<'a> Lowering<'a> {
    pub(super) fn eval_call(&mut self, expr: &'a Expr, func: &'a Expr, args: &'a [Expr], state: State) -> Flowing {
        let site = CallSite {
            at: self.span(expr),
            label: self.span(expr),
        };
        let places: Vec<_> = args.iter().map(borrowed_place).collect();
        let callee = self.callee(func, &state);
        let paths = self.eval_all(args.iter(), state);
        let mut all = Vec::new();
        for (state, values) in paths {
            all.extend(self.call(&callee, values, &places, site, state));
        }
        merge_values(all)
    }

    fn call(
        &mut self,
        callee: &Callee,
        args: Vec<Value>,
        places: &[Option<Place>],
        site: CallSite,
        state: State,
    ) -> Flowing {
        match callee {
            Callee::Fns(fns, owner) => self.call_fns(fns, owner, None, args, places, site, state),
            Callee::Variant(ty, name) if name.is_empty() => vec![(state, callee::tuple_struct(ty.clone(), args))],
            Callee::Variant(ty, name) => vec![(state, Value::variant(name, args).with_ty(ty.clone()))],
            Callee::External(path, expected) => {
                self.probe_function(path.rsplit("::").next().unwrap_or(path));
                self.call_external(path, expected.clone(), args, places, site, state)
            }
            Callee::Value(value) => self.call_value(value, args, site, state),
            Callee::Unknown => {
                let mut state = state;
                state.perhaps_filled(places);
                vec![self.call_unknown(&args, site, state)]
            }
        }
    }

    /// Transactions among dropped values roll back.
    fn dropped(&mut self, values: &[Value], mut state: State) -> State {
        let open: Vec<_> = values
            .iter()
            .filter_map(super::api::transaction_in)
            .filter(|tx| state.open.contains(tx))
            .collect();
        for tx in open {
            let node = self.graph.emit(&state, crate::flow::Step::Rollback { tx }, None);
            state = state.after(node, crate::flow::Outcome::Then);
            state.open.remove(&tx);
        }
        state
    }

    /// A call that leads where nobody can see.
    pub(super) fn call_unknown(&mut self, args: &[Value], site: CallSite, state: State) -> (State, Value) {
        for arg in args {
            self.escape(arg, &state, site.at);
            self.entrust(arg);
            self.look_at(arg, true);
            self.look_at(&arg.payload_or_self(), true);
        }
        let value = unseen(site.label, origin_of(args));
        (state, value)
    }

    /// Calls a closure, or a function that was passed as a value.
    pub(super) fn call_value(&mut self, callee: &Value, args: Vec<Value>, site: CallSite, state: State) -> Flowing {
        match &callee.kind {
            Kind::Closure(closure) => self.call_closure(closure, args, site, state),
            Kind::Function(f) => self.call_fns(&[*f], &Ty::Unknown, None, args, &[], site, state),
            Kind::Variant { name, fields } if fields.is_empty() => {
                vec![(state, Value::variant(name, args).with_ty(callee.ty.clone()))]
            }
            _ => match &callee.ty {
                Ty::External { path, .. } if callee.kind == Kind::Opaque => {
                    let path = path.clone();
                    self.call_external(&path, None, args, &[], site, state)
                }
                _ if self.is_handed_work(&callee.ty, &args, &state) => self.call_chosen(&args, site, state),
                _ => vec![self.call_unknown(&args, site, state)],
            },
        }
    }

    fn call_closure(&mut self, closure: &Arc<Closure>, args: Vec<Value>, site: CallSite, state: State) -> Flowing {
        let Body::Closure { is_async, .. } = self.bodies[closure.body.0 as usize] else {
            return Vec::new();
        };
        if is_async {
            let call = Call {
                target: Target::Closure(Arc::clone(closure)),
                recv: None,
                args,
                at: site.at,
                label: site.label,
                places: Vec::new(),
                expected: None,
            };
            return vec![(state, future(Future::Call(call)))];
        }
        self.run_closure(closure, args, site.at, state)
    }

    /// Executes a closure's body.
    pub(super) fn run_closure(&mut self, closure: &Closure, args: Vec<Value>, at: Span, state: State) -> Flowing {
        let Body::Closure { params, body, .. } = self.bodies[closure.body.0 as usize] else {
            return Vec::new();
        };
        if self.frames.len() > MAX_INLINED {
            return vec![(state, Value::unknown())];
        }
        let outer = state.env.clone();
        let before = state.open.clone();
        let mut inner = state.with_env(closure.captured.clone());
        let frame = self.plain_frame(closure.code, Ty::Unknown);
        for (i, (pat, ty)) in params.iter().enumerate() {
            let mut value = args.get(i).cloned().unwrap_or_else(Value::unknown);
            if let Some(ty) = ty.as_ref().filter(|_| value.ty == Ty::Unknown) {
                value.ty = self.canonical_ty(self.index.ty(&frame.scope, ty));
            }
            inner = self.bind_pat(inner, pat, &value);
        }
        self.via.push(at);
        let ended = self.in_frame(frame, |this| this.eval(body, inner));
        self.via.pop();
        self.restore(ended, &outer, &before)
    }

    /// Executes an async block.
    pub(super) fn run_block(&mut self, future: &Future, state: State) -> Flowing {
        let Future::Block {
            body, code, captured, ..
        } = future
        else {
            return Vec::new();
        };
        let Body::Block(block) = self.bodies[body.0 as usize] else {
            return Vec::new();
        };
        let outer = state.env.clone();
        let before = state.open.clone();
        let inner = state.with_env(captured.clone());
        let frame = self.plain_frame(*code, Ty::Unknown);
        let ended = self.in_frame(frame, |this| this.eval_block(block, inner));
        self.restore(ended, &outer, &before)
    }

    /// Back in the caller: its variables again, and what was begun inside and forgotten is rolled back.
    fn restore(
        &mut self,
        ended: Flowing,
        outer: &Env,
        before: &std::collections::BTreeSet<crate::flow::TxId>,
    ) -> Flowing {
        let mut all = Vec::new();
        for (mut state, value) in ended {
            state.env = outer.clone();
            all.push((self.roll_back(state, before, &value), value));
        }
        merge_values(all)
    }

    /// Calls into the workspace. An `async fn` gives a future.
    #[expect(clippy::too_many_arguments, reason = "a call has that many parts")]
    pub(super) fn call_fns(
        &mut self,
        fns: &[FnId],
        owner: &Ty,
        recv: Option<Value>,
        args: Vec<Value>,
        places: &[Option<Place>],
        site: CallSite,
        state: State,
    ) -> Flowing {
        if let ([declared], None, Some(first)) = (fns, &recv, args.first()) {
            let implemented = self.implemented(*declared, first, args.len());
            if !implemented.is_empty() {
                return self.call_fns(
                    &implemented,
                    owner,
                    Some(first.clone()),
                    args[1..].to_vec(),
                    places,
                    site,
                    state,
                );
            }
        }
        let recv = recv.map(|recv| {
            if recv.ty == Ty::Unknown {
                recv.with_ty(owner.clone())
            } else {
                recv
            }
        });
        let is_async = fns.iter().all(|f| self.index.function(*f).hir.is_async);
        if is_async {
            let call = Call {
                target: Target::Workspace(fns.to_vec()),
                recv,
                args,
                at: site.at,
                label: site.label,
                places: places.to_vec(),
                expected: Some(owner.clone()),
            };
            return vec![(state, future(Future::Call(call)))];
        }
        self.inline_owned(fns, owner, recv, args, Some(site.at), state, places)
    }

    /// `Trait::method(value, …)`: what the value's type makes of a method that its trait only declares.
    fn implemented(&self, declared: FnId, first: &Value, args: usize) -> Vec<FnId> {
        let hir = self.index.function(declared).hir;
        if hir.body.is_some() || hir.receiver.is_none() || first.ty == Ty::Unknown {
            return Vec::new();
        }
        let found = self.workspace_methods(first, &hir.name, args - 1);
        if found.contains(&declared) { Vec::new() } else { found }
    }

    pub(super) fn inline(
        &mut self,
        fns: &[FnId],
        recv: Option<Value>,
        args: Vec<Value>,
        at: Option<Span>,
        state: State,
        places: &[Option<Place>],
    ) -> Flowing {
        self.inline_owned(fns, &Ty::Unknown, recv, args, at, state, places)
    }

    /// Executes one of several functions of the workspace.
    #[expect(clippy::too_many_arguments, reason = "a call has that many parts")]
    pub(super) fn inline_owned(
        &mut self,
        fns: &[FnId],
        owner: &Ty,
        recv: Option<Value>,
        args: Vec<Value>,
        at: Option<Span>,
        state: State,
        places: &[Option<Place>],
    ) -> Flowing {
        if fns.len() > MAX_FAN_OUT {
            let site = at.map(|at| CallSite { at, label: at });
            return match site {
                Some(site) => vec![self.call_unknown(&args, site, state)],
                None => vec![(state, Value::unknown())],
            };
        }
        let entries = match (fns, at) {
            ([only], _) => vec![(*only, state)],
            (_, Some(at)) => {
                let cases = self.branch(&state, CondKind::Fixed, at, fns.len() as u8);
                fns.iter().copied().zip(cases).collect()
            }
            _ => return vec![(state, Value::unknown())],
        };
        let mut all = Vec::new();
        for (f, state) in entries {
            all.extend(self.inline_one(f, owner, recv.clone(), args.clone(), at, state, places));
        }
        merge_values(all)
    }

    #[expect(clippy::too_many_arguments, reason = "a call has that many parts")]
    fn inline_one(
        &mut self,
        f: FnId,
        owner: &Ty,
        recv: Option<Value>,
        args: Vec<Value>,
        at: Option<Span>,
        state: State,
        places: &[Option<Place>],
    ) -> Flowing {
        if let Some(capture) = self.capture.as_mut().filter(|capture| capture.of == f) {
            let at = at.unwrap_or(self.index.function(f).hir.signature);
            let node = self.graph.emit(&state, crate::flow::Step::Pass, None);
            let task = self.ends.running.last().copied();
            capture.calls.push(super::ends::Watched { node, task });
            capture.seen.push((recv, args, at));
            self.limit = self.limit.min(self.steps + MAX_STEPS_MORE);
            let state = state.after(node, crate::flow::Outcome::Then);
            return vec![(state, self.returned_value(f, Origin::NONE))];
        }
        if let Some((kind, at)) = self.declared_step(f, at) {
            self.met.functions.insert(f);
            return self.declared(f, &kind, recv, args, at, state);
        }
        let info = self.index.function(f);
        let recursive = self.frames.iter().any(|frame| frame.function == Some(f));
        let aside = self.stays_aside(f, &args);
        if recursive || aside || self.frames.len() > MAX_INLINED || info.hir.body.is_none() {
            let mut origin = origin_of(recv.iter().chain(&args));
            if aside && leaves_open(&self.index.returned(f)) {
                origin = origin.with(Origin::UNFOLLOWED);
            }
            let value = self.unseen_result(f, origin, at);
            return match &value.kind {
                // Its future was awaited already.
                Kind::Unseen(unseen) if info.hir.is_async => self.await_unseen(&value, &Arc::clone(unseen), state),
                _ => vec![(state, value)],
            };
        }
        let Some(called) = at else {
            return self.execute(f, owner, recv, args, at, state, places);
        };
        let question = Question::new(f, owner, recv.as_ref(), &args, called);
        if let Some(known) = self.recalled(&question, &state) {
            return known;
        }
        let before = self.before(&state);
        let ended = self.execute(f, owner, recv, args, at, state, places);
        self.as_one_question(question, &before, ended)
    }

    /// Executes the unit's own function; unlike any other it is not reached by a call.
    pub(super) fn enter_root(&mut self, f: FnId, recv: Option<Value>, args: Vec<Value>, state: State) -> Flowing {
        self.execute(f, &Ty::Unknown, recv, args, None, state, &[])
    }

    #[expect(clippy::too_many_arguments, reason = "a call has that many parts")]
    fn execute(
        &mut self,
        f: FnId,
        owner: &Ty,
        recv: Option<Value>,
        args: Vec<Value>,
        at: Option<Span>,
        state: State,
        places: &[Option<Place>],
    ) -> Flowing {
        let info = self.index.function(f);
        self.met.functions.insert(f);
        let self_ty = recv.as_ref().map_or_else(|| owner.clone(), |recv| recv.ty.clone());
        let frame = self.frame_for(f, &self_ty, &args);
        let outer = state.env.clone();
        let before = state.open.clone();
        let mut args = args;
        let mut recv = recv;
        if info.hir.receiver.is_some() && recv.is_none() && !args.is_empty() {
            recv = Some(args.remove(0));
        }
        let inner = self.bind_params(f, &frame, recv, args, state.with_env(Env::default()));
        let Some(body) = &info.hir.body else { return Vec::new() };
        self.via.extend(at);
        let returned = self.canonical_ty(frame.returned.clone());
        let ended = self.in_frame(frame, |this| this.eval_block_keeping(body, inner));
        if at.is_some() {
            self.via.pop();
        }
        let told = |(state, value): (State, Value)| (state, self.returning(value, &returned));
        let ended = ended.into_iter().map(told).collect();
        self.write_back(f, ended, &outer, &before, places)
    }

    fn call_external(
        &mut self,
        path: &SmolStr,
        expected: Option<Ty>,
        args: Vec<Value>,
        places: &[Option<Place>],
        site: CallSite,
        state: State,
    ) -> Flowing {
        let (owner, name) = path.rsplit_once("::").unwrap_or(("", path));
        if let Some(value) = super::time::function(owner.rsplit("::").next().unwrap_or(owner), name, &args) {
            return vec![(state, value)];
        }
        let call = self.catalog.function(path).cloned().or_else(|| {
            let (owner, name) = path.rsplit_once("::")?;
            self.catalog.method(owner, name).cloned()
        });
        if let Some(call) = call {
            let outer = self.expected.clone();
            if let Some(expected) = expected {
                self.expected = Some(self.canonical_ty(expected));
            } else if call.returns == Some(crate::catalog::TypeExpr::Receiver) && call.owner() != owner {
                // `PgPool::connect` gives a `PgPool`, although it is its pool's.
                self.expected = Some(Ty::external(owner, Vec::new()));
            }
            // `Type::method(recv, …)` and `Trait::method(recv, …)`.
            let by_trait = args.first().is_some_and(|first| {
                self.client_path(&first.ty)
                    .is_some_and(|ty| self.catalog.lineage(&ty).iter().any(|owner| owner == call.owner()))
            });
            let is_method = reads_receiver(&call) || matches!(call.does, Role::Confirm | Role::Join);
            let flowing = if by_trait && is_method {
                let mut args = args;
                let recv = args.remove(0);
                self.call_api(&call, Some(recv), args, places, site, state)
            } else {
                let places: Vec<_> = std::iter::once(None).chain(places.iter().cloned()).collect();
                self.call_api(&call, None, args, &places, site, state)
            };
            self.expected = outer;
            return flowing;
        }
        if matches!(path.as_str(), "std::mem::drop" | "drop") {
            return vec![(self.dropped(&args, state), Value::unit())];
        }
        if matches!(path.as_str(), "std::mem::take" | "std::mem::replace") {
            return vec![taken_out(args, places, state)];
        }
        if let Some(value) = self.standard_function(path, &args) {
            return vec![(state, value)];
        }
        let (owner, name) = path.rsplit_once("::").unwrap_or(("", path));
        if is_type(path) && is_type(owner) {
            let ty = Ty::External {
                path: owner.into(),
                args: Types::NONE,
            };
            return vec![(state, Value::variant(name, args).with_ty(ty))];
        }
        if let Some(first) = args.first().cloned()
            && let Some(flowing) = self
                .standard_method(&first, name, &args[1..], &[], site, &state)
                .or_else(|| self.stream_method(&first, name, &args[1..], site, &state))
        {
            return flowing;
        }
        if is_type(owner) && is_constructor(name) {
            let api = Api {
                constructed: Some(site.label),
                ..Api::default()
            };
            let ty = Ty::External {
                path: owner.into(),
                args: Types::NONE,
            };
            return vec![(state, Value::new(Kind::Api(Arc::new(api)), ty, origin_of(&args)))];
        }
        let mut state = state;
        state.perhaps_filled(places);
        vec![self.call_unknown(&args, site, state)]
    }
}

/// `mem::take` and `mem::replace`: what was there, and what is there now.
fn taken_out(args: Vec<Value>, places: &[Option<Place>], mut state: State) -> (State, Value) {
    let mut args = args.into_iter();
    let taken = args.next().unwrap_or_else(Value::unknown);
    let left = args
        .next()
        .or_else(|| matches!(taken.kind, Kind::List(_) | Kind::Array { .. }).then(|| taken.emptied()));
    if let (Some(Some(place)), Some(left)) = (places.first(), left) {
        state.write(place, left);
    }
    (state, taken)
}

/// What a call expression calls.
pub(in crate::lower) enum Callee {
    Fns(Vec<FnId>, Ty),
    Variant(Ty, SmolStr),
    External(SmolStr, Option<Ty>),
    Value(Value),
    Unknown,
}

impl Callee {
    /// The function of the workspace that is called, if it is one.
    pub(in crate::lower) fn only(&self) -> Option<FnId> {
        match self {
            Self::Fns(fns, _) if fns.len() == 1 => fns.first().copied(),
            _ => None,
        }
    }
}

fn reads_receiver(call: &crate::catalog::Call) -> bool {
    let operands = call.facts.operands();
    operands
        .iter()
        .any(|(_, operand)| *operand.root() == crate::catalog::Operand::Recv)
}

/// A future as a value.
pub(super) fn future(future: Future) -> Value {
    let origin = origin_of(match &future {
        Future::Call(call) => call.recv.iter().chain(&call.args).collect::<Vec<_>>(),
        Future::Block { captured, .. } => captured.iter().map(|(_, value)| value).collect(),
        Future::All { futures, .. } => futures.iter().collect(),
        Future::Then { inner, .. } | Future::Limited { inner, .. } => vec![inner],
        Future::Apply { callee, args, .. } => std::iter::once(callee).chain(args).collect(),
        Future::Take { recv: stream, .. } | Future::Pull { stream, .. } => vec![stream],
    });
    Value::new(Kind::Future(Arc::new(future)), Ty::Unknown, origin)
}

/// The variable that is passed as `&mut x`.
fn borrowed_place(arg: &Expr) -> Option<Place> {
    match &arg.kind {
        ExprKind::Ref { mutable: true, expr } => place_of(expr),
        ExprKind::Path(_) => place_of(arg),
        _ => None,
    }
}

fn is_type(path: &str) -> bool {
    path.rsplit("::")
        .next()
        .is_some_and(|name| name.starts_with(char::is_uppercase))
}

fn is_constructor(name: &str) -> bool {
    matches!(
        name,
        "new" | "default" | "builder" | "from" | "create" | "named" | "with_capacity"
    )
}
