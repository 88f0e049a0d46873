//! Calls: what is called, with what, and what it leaves behind.

use std::rc::Rc;

use smol_str::SmolStr;

use super::expr::{chained_place, origin_of, place_of, unseen};
use super::state::{Flowing, State, merge_values};
use super::value::{Api, Call, Closure, Future, Kind, Origin, Place, Target, Value, index_name};
use super::{Body, Frame, Lowering, MAX_INLINED, pattern};
use crate::flow::CondKind;
use crate::resolve::{Def, FnId, Ty};
use crate::source::hir::{Expr, ExprKind, Path, Receiver, Type};
use crate::span::{Pos, Span};

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

    fn callee(&mut self, func: &'a Expr, state: &State) -> Callee {
        let ExprKind::Path(path) = &func.kind else {
            let flowing = self.eval(func, state.clone());
            return flowing
                .into_iter()
                .next()
                .map_or(Callee::Unknown, |(_, value)| Callee::Value(value));
        };
        if let [only] = path.segments.as_slice()
            && let Some(value) = state.get(&only.name)
        {
            return Callee::Value(value.clone());
        }
        self.callee_by_path(path)
    }

    fn callee_by_path(&mut self, path: &Path) -> Callee {
        let turbofish = path.segments.last().and_then(|segment| segment.args.first());
        let expected = turbofish.map(|ty| self.index.ty(&self.frame().scope, ty));
        match self.index.resolve_in(&self.frame().scope, path) {
            Def::Fn(f) => Callee::Fns(vec![f], self.owner_of(path)),
            Def::Variant(id, name) => Callee::Variant(Ty::Local { id, args: Vec::new() }, name),
            Def::Type(id) => Callee::Variant(Ty::Local { id, args: Vec::new() }, SmolStr::default()),
            Def::Assoc(ty, name) => {
                let fns = self.index.assoc_fn(&ty, &name);
                if fns.is_empty() {
                    self.callee_of_type(&ty, &name, expected)
                } else {
                    Callee::Fns(fns, ty)
                }
            }
            Def::External(written) => Callee::External(self.catalog.canonical(&written), expected),
            _ => match pattern::last(path) {
                name @ ("Ok" | "Err" | "Some") => Callee::Variant(Ty::Unknown, name.into()),
                _ => Callee::Unknown,
            },
        }
    }

    fn callee_of_type(&self, ty: &Ty, name: &str, expected: Option<Ty>) -> Callee {
        match ty {
            Ty::External { path, .. } => {
                let path = self.catalog.canonical(path);
                Callee::External(smol_str::format_smolstr!("{path}::{name}"), expected)
            }
            _ => Callee::Unknown,
        }
    }

    /// `Envelope` of `Envelope::from`: what `Self` is in the function.
    fn owner_of(&self, path: &Path) -> Ty {
        if path.segments.len() < 2 {
            return Ty::Unknown;
        }
        let mut owner = path.clone();
        owner.segments.pop();
        match self.index.resolve_type(&self.frame().scope, &owner) {
            Def::Type(_) | Def::Param(_) => self.index.ty(&self.frame().scope, &Type::Path(owner)),
            _ => Ty::Unknown,
        }
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
            Callee::Variant(ty, name) if name.is_empty() => vec![(state, tuple_struct(ty.clone(), args))],
            Callee::Variant(ty, name) => vec![(state, Value::variant(name, args).with_ty(ty.clone()))],
            Callee::External(path, expected) => self.call_external(path, expected.clone(), args, places, site, state),
            Callee::Value(value) => self.call_value(value, args, site, state),
            Callee::Unknown => vec![self.call_unknown(&args, site, state)],
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
                Ty::External { path, .. } if self.catalog.function(path).is_some() => {
                    let path = path.clone();
                    self.call_external(&path, None, args, &[], site, state)
                }
                _ => vec![self.call_unknown(&args, site, state)],
            },
        }
    }

    fn call_closure(&mut self, closure: &Rc<Closure>, args: Vec<Value>, site: CallSite, state: State) -> Flowing {
        let Body::Closure { is_async, .. } = self.bodies[closure.body.0 as usize] else {
            return Vec::new();
        };
        if is_async {
            let call = Call {
                target: Target::Closure(Rc::clone(closure)),
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
            inner = super::control::bind_pat(inner, pat, &value);
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
        outer: &[(SmolStr, Value)],
        before: &std::collections::BTreeSet<crate::flow::TxId>,
    ) -> Flowing {
        let mut all = Vec::new();
        for (mut state, value) in ended {
            state.env = outer.to_vec();
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
            capture
                .seen
                .push((recv, args, at.unwrap_or(self.index.function(f).hir.signature)));
            return vec![(state, self.returned_value(f, Origin::NONE))];
        }
        if let Some((kind, at)) = self.declared_step(f, at) {
            return self.declared(f, &kind, recv, args, at, state);
        }
        let info = self.index.function(f);
        let recursive = self.frames.iter().any(|frame| frame.function == Some(f));
        if recursive || self.frames.len() > MAX_INLINED || info.hir.body.is_none() {
            let origin = origin_of(recv.iter().chain(&args));
            let value = self.unseen_result(f, origin, at);
            return match &value.kind {
                // Its future was awaited already.
                Kind::Unseen(unseen) if info.hir.is_async => self.await_unseen(&value, &Rc::clone(unseen), state),
                _ => vec![(state, value)],
            };
        }
        self.execute(f, owner, recv, args, at, state, places)
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
        let self_ty = recv.as_ref().map_or_else(|| owner.clone(), |recv| recv.ty.clone());
        let frame = self.frame_for(f, &self_ty, &args);
        let outer = state.env.clone();
        let before = state.open.clone();
        let mut args = args;
        let mut recv = recv;
        if info.hir.receiver.is_some() && recv.is_none() && !args.is_empty() {
            recv = Some(args.remove(0));
        }
        let inner = self.bind_params(f, &frame, recv, args, state.with_env(Vec::new()));
        let Some(body) = &info.hir.body else { return Vec::new() };
        self.via.extend(at);
        let ended = self.in_frame(frame, |this| this.eval_block_keeping(body, inner));
        if at.is_some() {
            self.via.pop();
        }
        self.write_back(f, ended, &outer, &before, places)
    }

    /// A function's body; its parameters stay readable afterwards.
    fn eval_block_keeping(&mut self, body: &'a crate::source::hir::Block, state: State) -> Flowing {
        let mut ended = self.eval_block(body, state);
        let returned = std::mem::take(&mut self.frame_mut().returns);
        ended.extend(returned);
        ended
    }

    fn bind_params(
        &mut self,
        f: FnId,
        frame: &Frame<'a>,
        recv: Option<Value>,
        args: Vec<Value>,
        mut state: State,
    ) -> State {
        let info = self.index.function(f);
        if info.hir.receiver.is_some() {
            let own = frame.scope.self_ty.clone().unwrap_or(Ty::Unknown);
            let recv = recv.unwrap_or_else(Value::unknown);
            let ty = if recv.ty == Ty::Unknown || matches!(recv.ty, Ty::Bounds(_) | Ty::Param { .. }) {
                own
            } else {
                recv.ty.clone()
            };
            state.bind("self".into(), recv.with_ty(ty));
        }
        for (i, (pat, ty)) in info.hir.params.iter().enumerate() {
            let declared = self.canonical_ty(self.index.ty(&frame.scope, ty));
            let mut value = args
                .get(i)
                .cloned()
                .unwrap_or_else(|| Value::opaque(declared.clone(), Origin::NONE));
            if value.ty == Ty::Unknown {
                value.ty = declared;
            }
            state = super::control::bind_pat(state, pat, &value);
        }
        state
    }

    /// The frame of a function, with `Self` and type parameters standing for what the call shows.
    pub(super) fn frame_for(&mut self, f: FnId, self_ty: &Ty, args: &[Value]) -> Frame<'a> {
        let info = self.index.function(f);
        let mut scope = if *self_ty == Ty::Unknown {
            info.scope.clone()
        } else {
            self.index.scope_for(f, self_ty)
        };
        let mut bindings = Vec::new();
        for ((_, ty), value) in info.hir.params.iter().zip(args) {
            if let Ty::Param { name, .. } = self.index.ty(&scope, ty)
                && value.ty != Ty::Unknown
            {
                bindings.push((name, value.ty.clone()));
            }
        }
        scope = scope.bind(bindings);
        let returned = info.hir.ret.as_ref().map_or(Ty::UNIT, |ty| self.index.ty(&scope, ty));
        let code = self.scope_id(scope.clone(), info.file);
        Frame {
            code,
            scope,
            function: Some(f),
            returns: Vec::new(),
            returned,
            loops: Vec::new(),
        }
    }

    /// What a function changed through `&mut` is changed for its caller.
    fn write_back(
        &mut self,
        f: FnId,
        ended: Flowing,
        outer: &[(SmolStr, Value)],
        before: &std::collections::BTreeSet<crate::flow::TxId>,
        places: &[Option<Place>],
    ) -> Flowing {
        let info = self.index.function(f);
        let mut names: Vec<Option<SmolStr>> = Vec::new();
        if let Some(receiver) = info.hir.receiver {
            names.push((receiver != Receiver::Value).then(|| "self".into()));
        }
        names.extend(info.hir.params.iter().map(|(pat, _)| match pat {
            crate::source::hir::Pat::Bind { name, .. } => Some(name.clone()),
            _ => None,
        }));
        let mut all = Vec::new();
        for (state, value) in ended {
            let changed: Vec<Option<Value>> = names
                .iter()
                .map(|name| {
                    name.as_ref()
                        .and_then(|name| state.env.iter().find(|(n, _)| n == name))
                        .map(|(_, v)| v.clone())
                })
                .collect();
            let mut state = state.with_env(outer.to_vec());
            for (place, value) in places.iter().zip(changed) {
                if let (Some(place), Some(value)) = (place, value)
                    && !matches!(value.kind, Kind::Opaque)
                {
                    state.change(place, value);
                }
            }
            state = self.roll_back(state, before, &value);
            all.push((state, value));
        }
        merge_values(all)
    }

    /// The result of a function that is not executed.
    fn unseen_result(&mut self, f: FnId, origin: Origin, at: Option<Span>) -> Value {
        let Some(at) = at else {
            return self.returned_value(f, origin);
        };
        let mut value = unseen(at, origin);
        value.ty = self.canonical_ty(self.index.returned(f));
        value
    }

    pub(super) fn returned_value(&self, f: FnId, origin: Origin) -> Value {
        self.typed(self.index.returned(f), origin)
    }

    pub(super) fn eval_method(
        &mut self,
        expr: &'a Expr,
        recv: &'a Expr,
        name: (&'a SmolStr, Pos),
        turbofish: &'a [Type],
        args: &'a [Expr],
        state: State,
    ) -> Flowing {
        let at = self.span(expr);
        let label = if recv.start.line == expr.end.line {
            at
        } else {
            self.span_from(name.1, expr)
        };
        let site = CallSite { at, label };
        let mut places = vec![place_of(recv).or_else(|| chained_place(recv))];
        places.extend(args.iter().map(borrowed_place));
        let expected = turbofish
            .first()
            .map(|ty| self.canonical_ty(self.index.ty(&self.frame().scope, ty)));
        let outer_expected = self.expected.take();
        let mut all = Vec::new();
        for (state, value) in self.eval(recv, state) {
            for (state, values) in self.eval_all(args.iter(), state) {
                self.expected = expected
                    .clone()
                    .filter(|ty| *ty != Ty::Unknown)
                    .or_else(|| outer_expected.clone());
                all.extend(self.method(&value, name.0, values, &places, site, state));
                self.expected = None;
            }
        }
        self.expected = outer_expected;
        merge_values(all)
    }

    /// `recv.name(args)`.
    pub(super) fn method(
        &mut self,
        recv: &Value,
        name: &SmolStr,
        args: Vec<Value>,
        places: &[Option<Place>],
        site: CallSite,
        state: State,
    ) -> Flowing {
        if recv.kind == Kind::Never {
            return Vec::new();
        }
        if let Some(flowing) = self.standard_method(recv, name, &args, places, site, &state) {
            return flowing;
        }
        if args.is_empty()
            && matches!(recv.kind, Kind::Api(_))
            && let Some((value, _)) = recv.prop(name)
        {
            return vec![(state, value.clone())];
        }
        let fns = self.workspace_methods(recv, name, args.len());
        if !fns.is_empty() {
            let owner = recv.ty.clone();
            return self.call_fns(&fns, &owner, Some(recv.clone()), args, places, site, state);
        }
        if let Some(call) = self.client_method(recv, name) {
            return self.call_api(&call, Some(recv.clone()), args, places, site, state);
        }
        if let Some(flowing) = self.stream_method(recv, name, &args, site, &state) {
            return flowing;
        }
        if let Some(value) = self.builder_method(recv, name, &args, places, site) {
            let mut state = state;
            if let Some(Some(place)) = places.first() {
                state.change(place, value.clone());
            }
            return vec![(state, value)];
        }
        if let Some(value) = super::combinator::passes_through(recv, name, &args) {
            return vec![(state, value)];
        }
        if matches!(name.as_str(), "next" | "try_next") && args.is_empty() {
            // An iterator or stream of who knows what: reading on from it changes nothing outside.
            return vec![(state, Value::opaque(Ty::Unknown, recv.origin))];
        }
        let mut all = vec![recv.clone()];
        all.extend(args);
        vec![self.call_unknown(&all, site, state)]
    }

    fn workspace_methods(&self, recv: &Value, name: &str, args: usize) -> Vec<FnId> {
        if recv.ty != Ty::Unknown {
            return self.index.methods(&recv.ty, name);
        }
        if matches!(recv.kind, Kind::Unseen(_) | Kind::Opaque) && name.len() > 3 && !super::combinator::is_common(name)
        {
            let named = self.index.methods_named(name);
            if let [only] = named
                && self.index.function(*only).hir.params.len() == args
            {
                return vec![*only];
            }
        }
        Vec::new()
    }

    fn client_method(&self, recv: &Value, name: &str) -> Option<crate::catalog::Call> {
        let path = self.client_path(&recv.ty);
        if let Some(path) = &path
            && let Some(call) = self.catalog.method(path, name)
        {
            return Some(call.clone());
        }
        if let Ty::Bounds(bounds) | Ty::Param { bounds, .. } = &recv.ty {
            for bound in bounds {
                if let crate::resolve::TyBound::External { path, .. } = bound
                    && let Some(call) = self.catalog.method(&self.catalog.canonical(path), name)
                {
                    return Some(call.clone());
                }
            }
        }
        if recv.ty != Ty::Unknown {
            return None;
        }
        let krate = self
            .frames
            .first()
            .and_then(|frame| frame.function)
            .map(|f| self.index.function(f).krate)?;
        let candidates = self.catalog.by_name(name);
        candidates
            .into_iter()
            .find(|call| self.index.crate_depends(krate, &call.package))
            .cloned()
    }

    /// The catalog's path of a client type.
    pub(super) fn client_path(&self, ty: &Ty) -> Option<SmolStr> {
        match ty {
            Ty::External { path, .. } => Some(self.catalog.canonical(path)),
            Ty::Tuple(_) | Ty::Slice(_) | Ty::Local { .. } => {
                let through = self.index.deref(ty)?;
                if through == *ty {
                    None
                } else {
                    self.client_path(&through)
                }
            }
            _ => None,
        }
    }

    /// A builder's setter: the property of its name becomes the argument.
    fn builder_method(
        &self,
        recv: &Value,
        name: &SmolStr,
        args: &[Value],
        _places: &[Option<Place>],
        site: CallSite,
    ) -> Option<Value> {
        let path = self.client_path(&recv.ty)?;
        if !self.catalog.ty(&path)?.builder {
            return None;
        }
        let value = args.first().cloned().unwrap_or_else(|| Value::bool(true));
        let name = name
            .strip_prefix("set_")
            .or_else(|| name.strip_prefix("with_"))
            .map_or_else(|| name.clone(), SmolStr::new);
        Some(recv.with_prop(name, value, Some(site.label)))
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
        let call = self.catalog.function(path).cloned().or_else(|| {
            let (owner, name) = path.rsplit_once("::")?;
            self.catalog.method(owner, name).cloned()
        });
        if let Some(call) = call {
            let outer = self.expected.clone();
            if let Some(expected) = expected {
                self.expected = Some(self.canonical_ty(expected));
            }
            // `Type::method(recv, …)` and `Trait::method(recv, …)`.
            let by_trait = args.first().is_some_and(|first| {
                self.client_path(&first.ty)
                    .is_some_and(|ty| self.catalog.lineage(&ty).iter().any(|owner| owner == call.owner()))
            });
            let flowing = if by_trait
                && call
                    .facts
                    .operands()
                    .iter()
                    .any(|(_, operand)| *operand.root() == crate::catalog::Operand::Recv)
            {
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
        if let Some(value) = self.standard_function(path, &args) {
            return vec![(state, value)];
        }
        let (owner, name) = path.rsplit_once("::").unwrap_or(("", path));
        if is_type(path) && is_type(owner) {
            let ty = Ty::External {
                path: owner.into(),
                args: Vec::new(),
            };
            return vec![(state, Value::variant(name, args).with_ty(ty))];
        }
        if let Some(first) = args.first().cloned()
            && let Some(flowing) = self.standard_method(&first, name, &args[1..], &[], site, &state)
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
                args: Vec::new(),
            };
            return vec![(state, Value::new(Kind::Api(Rc::new(api)), ty, origin_of(&args)))];
        }
        vec![self.call_unknown(&args, site, state)]
    }
}

/// What a call expression calls.
enum Callee {
    Fns(Vec<FnId>, Ty),
    Variant(Ty, SmolStr),
    External(SmolStr, Option<Ty>),
    Value(Value),
    Unknown,
}

/// A future as a value.
pub(super) fn future(future: Future) -> Value {
    let origin = origin_of(match &future {
        Future::Call(call) => call.recv.iter().chain(&call.args).collect::<Vec<_>>(),
        Future::Block { captured, .. } => captured.iter().map(|(_, value)| value).collect(),
        Future::All { futures, .. } => futures.iter().collect(),
        Future::Then { inner, .. } | Future::Limited { inner, .. } => vec![inner],
        Future::Apply { callee, args, .. } => std::iter::once(callee).chain(args).collect(),
        Future::Take { recv, .. } => vec![recv],
    });
    Value::new(Kind::Future(Rc::new(future)), Ty::Unknown, origin)
}

fn tuple_struct(ty: Ty, args: Vec<Value>) -> Value {
    let origin = origin_of(&args);
    let fields = args
        .into_iter()
        .enumerate()
        .map(|(i, value)| (index_name(i), value))
        .collect();
    Value::new(Kind::Struct(fields), ty, origin)
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
