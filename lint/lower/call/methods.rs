//! Methods: of the workspace, of the standard library, of clients.

use super::*;
use crate::lower::Lowering;
use crate::lower::expr::{chained_place, extended, place_of};
use crate::lower::state::{Flowing, State, merge_values};
use crate::lower::value::{Kind, Origin, Place, Value};
use crate::resolve::{FnId, Ty};
use crate::source::hir::{Expr, ExprKind, Type};
use crate::span::Pos;
use smol_str::SmolStr;

/// Methods that lead through a lock to what it protects.
fn locks(name: &str) -> bool {
    const LOCKS: [&str; 9] = [
        "lock",
        "try_lock",
        "lock_owned",
        "blocking_lock",
        "write",
        "try_write",
        "write_owned",
        "blocking_write",
        "lock_arc",
    ];
    LOCKS.contains(&name)
}

/// What other crates' traits make of a `Result` (`into_diagnostic()`, `change_context(…)`): a success stays one, and a failure too.
fn wrapped_anew(recv: &Value, args: &[Value]) -> Option<Value> {
    let called_back = args
        .iter()
        .any(|arg| matches!(arg.kind, Kind::Closure(_) | Kind::Function(_)));
    // `HttpResponse::Ok()` is another thing of that name.
    let holds = matches!(&recv.kind, Kind::Variant { fields, .. } if fields.len() == 1);
    match recv.variant_name().filter(|_| holds && !called_back)? {
        "Ok" => Some(recv.clone()),
        "Err" => Some(Value::err(Value::failure(Ty::Unknown))),
        _ => None,
    }
}

impl<'a> Lowering<'a> {
    pub(in crate::lower) fn eval_method(
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
        if name.0 == "ok"
            && let Some(ty) = outer_expected.as_ref().filter(|ty| self.is_option(ty))
        {
            self.expected = Some(Ty::result(self.type_argument(ty, 0), Ty::Unknown));
        }
        if let Some(count) = self.counted(recv, name.0, &state) {
            self.expected = outer_expected;
            return vec![(state, count)];
        }
        let received = self.eval(recv, state);
        self.expected = None;
        let mut all = Vec::new();
        for (state, value) in received {
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

    /// How many answers there are (`output.records().len()`) is as many as were sent: nobody has looked at one of them.
    fn counted(&self, answers: &Expr, name: &str, state: &State) -> Option<Value> {
        let (ExprKind::MethodCall { recv, name: asked, .. }
        | ExprKind::Field {
            base: recv,
            name: asked,
        }) = &answers.kind
        else {
            return None;
        };
        let sent = state
            .read(&place_of(recv)?)
            .filter(|sent| matches!(sent.kind, Kind::Pending(..)))?;
        let call = self.client_method(&sent, asked)?;
        let counts = matches!(name, "len" | "is_empty" | "capacity");
        let tells = call.does == Role::Confirm && call.facts.outcome.is_none() && !call.fallible;
        (counts && tells && self.catalog.ty(&self.client_path(&sent.ty)?).is_some())
            .then(|| Value::opaque(Ty::Unknown, Origin::STORE))
    }

    /// `recv.name(args)`.
    pub(in crate::lower) fn method(
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
        self.probe_method(recv, name, &args);
        let locked = (locks(name) && args.is_empty()).then(|| recv.clone().with_origin(Origin::SHARED));
        let recv = locked.as_ref().unwrap_or(recv);
        let asked = crate::lower::violation::asked(recv, name, &args);
        if let Some(answer) = asked.or_else(|| crate::lower::violation::optional(recv, name)) {
            return vec![(state, answer)];
        }
        let made = crate::lower::time::method(recv, name, &args);
        if let Some(value) = made.or_else(|| crate::lower::built::method(recv, name, &args)) {
            return vec![(state, value)];
        }
        if let (Some(text), Some(Some(place))) = (extended(recv, name, &args), places.first())
            && state.read(place).as_ref() == Some(recv)
        {
            let mut state = state;
            state.write(place, text);
            return vec![(state, Value::unit())];
        }
        if let ("get_or_init", [init]) = (name.as_str(), &args[..])
            && matches!(init.kind, Kind::Closure(_))
        {
            let kept = self.type_argument(&recv.ty, 0);
            let made = self.call_value(init, Vec::new(), site, state);
            let known = |value: Value| match value.ty {
                Ty::Unknown if kept != Ty::Unknown => value.with_ty(kept.clone()),
                _ => value,
            };
            return made.into_iter().map(|(state, value)| (state, known(value))).collect();
        }
        if let Some(value) = crate::lower::combinator::unlocked(recv, name) {
            return vec![(state, value)];
        }
        if matches!(recv.kind, Kind::Stream(_)) {
            return self.method_of_stream(recv, name, args, site, state);
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
        if !fns.is_empty() && self.inherent(recv, name, &fns).is_none() {
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
        if let Some(value) = crate::lower::combinator::passes_through(recv, name, &args) {
            return vec![(state, value)];
        }
        if matches!(name.as_str(), "next" | "try_next") && args.is_empty() {
            // An iterator or stream of who knows what: reading on from it changes nothing outside.
            return vec![(state, Value::opaque(Ty::Unknown, recv.origin))];
        }
        self.call_unseen_method(recv, args, places, site, state)
    }

    /// A method that nobody can see into: what it was given may have been filled.
    fn call_unseen_method(
        &mut self,
        recv: &Value,
        args: Vec<Value>,
        places: &[Option<Place>],
        site: CallSite,
        mut state: State,
    ) -> Flowing {
        if let Some(wrapped) = wrapped_anew(recv, &args) {
            return vec![(state, wrapped)];
        }
        if matches!(recv.kind, Kind::Closure(_)) {
            // A trait of another crate that closures have (`(|| publish()).retry(..)`): they are there to be called.
            return self.call_value(recv, Vec::new(), site, state);
        }
        let mut all = vec![recv.clone()];
        all.extend(args);
        state.perhaps_filled(places);
        vec![self.call_unknown(&all, site, state)]
    }

    /// A method of a stream with adapters.
    fn method_of_stream(
        &mut self,
        recv: &Value,
        name: &SmolStr,
        args: Vec<Value>,
        site: CallSite,
        state: State,
    ) -> Flowing {
        let known = self.stream_method(recv, name, &args, site, &state);
        known.unwrap_or_else(|| self.call_unseen_method(recv, args, &[], site, state))
    }

    pub(in crate::lower) fn workspace_methods(&self, recv: &Value, name: &str, args: usize) -> Vec<FnId> {
        if recv.ty != Ty::Unknown {
            let inside = || self.wrapped(&recv.ty).map(|ty| self.index.methods(ty, name));
            return [
                self.index.methods(&recv.ty, name),
                self.methods_spelled_otherwise(&recv.ty, name),
            ]
            .into_iter()
            .find(|found| !found.is_empty())
            .or_else(inside)
            .unwrap_or_default();
        }
        if matches!(recv.kind, Kind::Unseen(_) | Kind::Opaque)
            && name.len() > 3
            && !crate::lower::combinator::is_common(name)
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

    /// The client's own method, where the workspace's are those of a trait: a type's own come first.
    fn inherent(&self, recv: &Value, name: &str, fns: &[FnId]) -> Option<&'a crate::catalog::Call> {
        let of_trait = |f: &FnId| self.index.function(*f).of_trait.is_some();
        let Ty::External { path, .. } = &recv.ty else {
            return None;
        };
        let own = || self.catalog.own_method(&self.catalog.canonical(path), name);
        fns.iter().all(of_trait).then(own).flatten()
    }

    /// Methods that the workspace gives to a client's type under another of its paths.
    fn methods_spelled_otherwise(&self, recv: &Ty, name: &str) -> Vec<FnId> {
        let Ty::External { path, .. } = recv else {
            return Vec::new();
        };
        let wanted = self.catalog.canonical(path);
        let behind = self.dereferenced(recv);
        let is_it = |ty: &Ty| match ty {
            Ty::External { path, .. } if self.catalog.canonical(path) == wanted => true,
            Ty::External { args, .. } => {
                // `PgPool` is another name of `Pool<Postgres>`.
                let own = self
                    .dereferenced(ty)
                    .filter(|own| args.is_empty() && !own.arguments().is_empty());
                own.as_ref() == Some(recv) || behind.as_ref() == Some(&self.canonical_ty(ty.clone()))
            }
            _ => false,
        };
        let methods = self.index.methods_named(name).iter();
        let spelled = methods.filter(|f| self.index.function(**f).scope.self_ty.as_ref().is_some_and(is_it));
        spelled.copied().collect()
    }

    /// The workspace's type in a wrapper of which nothing is known (`State<App>` of some web framework): what is asked of such a wrapper, and
    /// the type has, is the type's.
    pub(in crate::lower) fn wrapped<'t>(&self, ty: &'t Ty) -> Option<&'t Ty> {
        let Ty::External { path, args } = ty else { return None };
        let [inner @ Ty::Local { .. }] = &args[..] else {
            return None;
        };
        let is_known = path.starts_with("std::") || !path.contains("::") || self.is_result(ty);
        (!is_known && self.catalog.ty(&self.catalog.canonical(path)).is_none()).then_some(inner)
    }

    /// What a client's type dereferences to.
    pub(in crate::lower) fn dereferenced(&self, ty: &Ty) -> Option<Ty> {
        let Ty::External { path, .. } = ty else { return None };
        let deref = self.catalog.ty(&self.catalog.canonical(path))?.deref.as_ref()?;
        let value = Value::opaque(ty.clone(), Origin::NONE);
        Some(self.canonical_ty(self.type_of_expr(deref, &value, &[])))
    }

    pub(in crate::lower) fn client_method(&self, recv: &Value, name: &str) -> Option<crate::catalog::Call> {
        let path = self.client_path(&recv.ty);
        if let Some(path) = &path
            && let Some(call) = self.catalog.method(path, name)
        {
            return Some(call.clone());
        }
        // What a wrapper dereferences to may be its argument.
        if let Some(behind) = self.dereferenced(&recv.ty).filter(|behind| *behind != recv.ty)
            && let Some(behind) = self.client_path(&behind)
            && let Some(call) = self.catalog.method(&behind, name)
        {
            return Some(call.clone());
        }
        if let Ty::Bounds(bounds) | Ty::Param { bounds, .. } = &recv.ty {
            for bound in bounds.iter() {
                if let crate::resolve::TyBound::External { path, .. } = bound
                    && let Some(call) = self.catalog.method(&self.catalog.canonical(path), name)
                {
                    return Some(call.clone());
                }
            }
        }
        if matches!(recv.ty, Ty::Local { .. }) {
            return None;
        }
        let krate = self
            .frames
            .first()
            .and_then(|frame| frame.function)
            .map(|f| self.index.function(f).krate)?;
        let candidates = self.catalog.by_name(name).into_iter();
        let for_all = |call: &&crate::catalog::Call| self.catalog.ty(call.owner()).is_some_and(|owner| owner.for_all);
        candidates
            .filter(|call| recv.ty == Ty::Unknown || for_all(call))
            .find(|call| self.reaches(krate, &call.package))
            .cloned()
    }

    /// The error type that a method of that name makes of any failure (`anyhow::Context::context`), where the crate uses such a library.
    pub(in crate::lower) fn error_made_by(&self, name: &str) -> Option<Ty> {
        let function = self.frames.first().and_then(|frame| frame.function)?;
        let krate = self.index.function(function).krate;
        let calls = self.catalog.by_name(name).into_iter();
        let made = calls.filter(|call| self.reaches(krate, &call.package));
        let error = made.filter_map(|call| call.error.as_ref()).next()?;
        Some(self.type_of_expr(error, &Value::unknown(), &[]))
    }

    /// The catalog's path of a client type.
    pub(in crate::lower) fn client_path(&self, ty: &Ty) -> Option<SmolStr> {
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
    pub(in crate::lower) fn builder_method(
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
}
