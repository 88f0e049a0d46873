//! What an entry's operands and types mean, and what a call gives.

use super::*;
use crate::catalog::{Operand, TypeExpr};
use crate::flow::{self};
use crate::lower::Lowering;
use crate::lower::expr::origin_of;
use crate::lower::receive::Waiting;
use crate::lower::state::{Flowing, State};
use crate::lower::value::{Api, Kind, Origin, Place, Value};
use crate::resolve::Ty;
use crate::span::Span;
use smol_str::SmolStr;
use std::sync::Arc;

/// The property of a part that names the variable it is a part of.
const LENDER: &str = "(lender)";

/// The property of a request some of whose headers have names that cannot be seen.
pub(super) const UNNAMED: &str = "(unnamed)";

impl<'a> Lowering<'a> {
    /// The value of an operand and where it was set. Properties that are not set have the type's default, if the object is known.
    pub(in crate::lower) fn operand(
        &self,
        operand: &Operand,
        operands: &Operands<'_>,
    ) -> Option<(Value, Option<Span>)> {
        match operand {
            Operand::Recv => operands.recv.map(|value| (value.clone(), None)),
            Operand::Arg(i) => operands.args.get(*i).map(|value| (value.clone(), None)),
            Operand::Rest(from) => {
                let rest: Vec<Value> = operands.args.iter().skip(*from).cloned().collect();
                let origin = origin_of(&rest);
                Some((Value::new(Kind::Tuple(rest), Ty::Unknown, origin), None))
            }
            Operand::Result => operands.result.map(|value| (value.clone(), None)),
            Operand::Literal(text) => Some((Value::text(text.clone()), None)),
            Operand::Prop(base, name) => {
                let (base, _) = self.operand(base, operands)?;
                if let Some((value, at)) = base.prop(name) {
                    return Some((value.clone(), at));
                }
                if !matches!(&base.kind, Kind::Api(api) if !api.partial) {
                    return None;
                }
                let path = self.client_path(&base.ty)?;
                let default = self.catalog.ty(&path)?.defaults.get(name)?;
                Some((literal(default), None))
            }
        }
    }

    pub(in crate::lower) fn operand_of(
        &self,
        operand: Option<&Operand>,
        doing: &Doing<'_>,
    ) -> Option<(Value, Option<Span>)> {
        self.operand(operand?, &doing.operands())
    }

    pub(in crate::lower) fn text_operand(&self, operand: Option<&Operand>, doing: &Doing<'_>) -> Option<SmolStr> {
        self.operand_of(operand, doing).and_then(|(value, _)| text_of(&value))
    }

    pub(in crate::lower) fn is_true(&self, operand: Option<&Operand>, doing: &Doing<'_>) -> Option<bool> {
        match self.operand_of(operand, doing)?.0.kind {
            Kind::Bool(known) => Some(known),
            Kind::Text(text) if text == "true" => Some(true),
            Kind::Text(text) if text == "false" => Some(false),
            _ => None,
        }
    }

    /// The type that an entry's expression means for these values.
    pub(in crate::lower) fn type_of_expr(&self, expr: &TypeExpr, recv: &Value, args: &[Value]) -> Ty {
        match expr {
            TypeExpr::Path { path, args: inner } => {
                let args = inner.iter().map(|arg| self.type_of_expr(arg, recv, args)).collect();
                let path = match path.as_str() {
                    "Option" => "std::option::Option".into(),
                    "Result" => "std::result::Result".into(),
                    "Vec" => "std::vec::Vec".into(),
                    "String" => "std::string::String".into(),
                    _ => path.clone(),
                };
                Ty::External { path, args }
            }
            TypeExpr::Tuple(items) => Ty::Tuple(items.iter().map(|item| self.type_of_expr(item, recv, args)).collect()),
            TypeExpr::Receiver => recv.ty.clone(),
            TypeExpr::Generic(_) | TypeExpr::Expected => self.expected.clone().unwrap_or(Ty::Unknown),
            TypeExpr::Param(i) => self.type_argument(&recv.ty, *i),
            TypeExpr::Argument(i) => args.get(*i).map_or(Ty::Unknown, |arg| arg.ty.clone()),
        }
    }

    /// The receiver of a method that it has by dereferencing, as the type whose arguments the method's result speaks of.
    fn as_owner(&self, recv: &Value, returns: &TypeExpr, doing: &Doing<'_>) -> Option<Value> {
        const MAX_DEREFS: usize = 4;
        if !speaks_of_arguments(returns) {
            return None;
        }
        let mut ty = recv.ty.clone();
        for _ in 0..MAX_DEREFS {
            if self.client_path(&ty)? == doing.call.owner() {
                return Some(Value { ty, ..recv.clone() });
            }
            ty = self.dereferenced(&ty)?;
        }
        None
    }

    /// The value that a call gives when it succeeds, without the `Result` around it.
    pub(in crate::lower) fn given(&self, doing: &Doing<'_>) -> Value {
        let unknown = Value::unknown();
        let recv = doing.recv.as_ref().unwrap_or(&unknown);
        let origin = origin_of(doing.recv.iter().chain(&doing.args));
        let owner = doing.returns.and_then(|returns| self.as_owner(recv, returns, doing));
        let recv = owner.as_ref().unwrap_or(recv);
        let receiver = matches!(doing.returns, Some(TypeExpr::Receiver));
        if receiver && doing.recv.is_some() {
            return self.with_sets(recv.clone().with_origin(origin), doing);
        }
        if let Some((known, _)) = self.operand_of(doing.facts.gives.as_ref(), doing) {
            // The receiver itself: what it is given makes no difference.
            let itself = doing.facts.gives == Some(Operand::Recv);
            return if itself { known } else { known.with_origin(origin) };
        }
        if let Some(TypeExpr::Tuple(parts)) = doing.returns
            && !doing.call.set.is_empty()
        {
            return self.given_parts(parts, doing, origin);
        }
        let ty = match doing.returns {
            Some(TypeExpr::Receiver) => self.made_type(doing),
            Some(expr) => self.expected_inside(self.type_of_expr(expr, recv, &doing.args), doing),
            None => Ty::Unknown,
        };
        let keeps =
            doing.call.keeps || doing.call.constructs || !doing.call.set.is_empty() || doing.call.set_entry.is_some();
        let known_type = self
            .client_path(&ty)
            .is_some_and(|path| self.catalog.ty(&path).is_some());
        if !keeps && !known_type {
            return Value::opaque(ty, origin);
        }
        let props = match (&recv.kind, doing.call.keeps) {
            (Kind::Api(api), true) => api.props.clone(),
            _ => Default::default(),
        };
        let unseen = doing.recv.is_some() && !matches!(recv.kind, Kind::Api(_));
        if doing.call.keeps && doing.call.set.is_empty() && unseen {
            // What was set on what it is made of is not known, so its defaults say nothing.
            return Value::opaque(ty, origin);
        }
        let inherited = match (&recv.kind, doing.call.keeps) {
            (Kind::Api(api), true) => api.constructed,
            _ => None,
        };
        let partial = matches!(&recv.kind, Kind::Api(api) if doing.call.keeps && api.partial);
        let constructed = if doing.call.constructs {
            Some(doing.site.label)
        } else {
            inherited
        };
        if !doing.call.constructs
            && !doing.call.keeps
            && doing.call.set.is_empty()
            && matches!(recv.kind, Kind::Api(_))
            && doing.recv.is_some()
        {
            return Value::opaque(ty, origin);
        }
        let api = Value::new(
            Kind::Api(Arc::new(Api {
                props,
                constructed,
                partial,
            })),
            ty,
            origin,
        );
        self.with_sets(api, doing)
    }

    /// The type that a constructor was called on.
    fn made_type(&self, doing: &Doing<'_>) -> Ty {
        let owner = doing.call.owner();
        let is_one = |ty: &&Ty| {
            let path = self.client_path(ty);
            path.is_some_and(|path| self.catalog.lineage(&path).iter().any(|known| known == owner))
        };
        let named = self.expected.as_ref().filter(is_one);
        named.cloned().unwrap_or_else(|| Ty::external(owner, Vec::new()))
    }

    /// Several things made by one call (a client and its event loop): each has the properties that the call sets.
    fn given_parts(&self, parts: &[TypeExpr], doing: &Doing<'_>, origin: Origin) -> Value {
        let constructed = doing.call.constructs.then_some(doing.site.label);
        let unknown = Value::unknown();
        let recv = doing.recv.as_ref().unwrap_or(&unknown);
        let part = |expr: &TypeExpr| {
            let props = Default::default();
            let api = Kind::Api(Arc::new(Api {
                props,
                constructed,
                partial: false,
            }));
            self.with_sets(
                Value::new(api, self.type_of_expr(expr, recv, &doing.args), origin),
                doing,
            )
        };
        Value::new(Kind::Tuple(parts.iter().map(part).collect()), Ty::Unknown, origin)
    }

    /// `_` behind a fallible call: what is expected may be written with its `Result`.
    pub(in crate::lower) fn expected_inside(&self, ty: Ty, doing: &Doing<'_>) -> Ty {
        if doing.call.fallible
            && self.is_result(&ty)
            && matches!(doing.returns, Some(TypeExpr::Expected | TypeExpr::Generic(_)))
        {
            return self.type_argument(&ty, 0);
        }
        self.canonical_ty(ty)
    }

    /// `let reply: Option<Reply> = …`: what may be nothing is asked for as such.
    fn perhaps_wrapped(&self, ty: Ty, doing: &Doing<'_>) -> Ty {
        let expected = self.expected.clone().map(|expected| match self.is_result(&expected) {
            true if doing.call.fallible => self.type_argument(&expected, 0),
            _ => expected,
        });
        let wraps =
            |expected: &Ty| self.is_option(expected) && self.canonical_ty(self.type_argument(expected, 0)) == ty;
        expected.filter(wraps).unwrap_or(ty)
    }

    /// The value with the properties that the call sets.
    pub(in crate::lower) fn with_sets(&self, mut value: Value, doing: &Doing<'_>) -> Value {
        let operands = doing.operands();
        for (name, operand) in &doing.call.set {
            // Whoever is given a part of the receiver may make anything of it.
            let lent = (*operand == Operand::Result).then(|| (Value::unknown(), None));
            if let Some((set, at)) = lent.or_else(|| self.operand(operand, &operands)) {
                value = value.with_prop(name.clone(), set, at.or(Some(doing.site.label)));
            }
        }
        if let Some([key, set]) = &doing.call.set_entry
            && let (Some((key, _)), Some((set, _))) = (self.operand(key, &operands), self.operand(set, &operands))
        {
            let name = text_of(&key).map_or_else(|| UNNAMED.into(), |name| name.to_lowercase().into());
            value = value.with_prop(name, set, Some(doing.site.label));
        }
        if let Some([column, given]) = &doing.call.assigns
            && let (Some((column, _)), Some((given, _))) =
                (self.operand(column, &operands), self.operand(given, &operands))
            && let Some(assignment) = crate::lower::built::method(&column, "eq", &[given])
        {
            value = appended(value, "set", assignment, doing.site.label);
        }
        let item = || doing.args.first().cloned().unwrap_or_else(Value::unit);
        let added = doing.facts.append.iter().map(|property| (property.as_str(), item()));
        let written = doing.facts.writes.iter().map(|text| ("sql", Value::text(text.clone())));
        for (property, item) in added.chain(written) {
            value = appended(value, property, item, doing.site.label);
        }
        if let Some((other, _)) = doing
            .call
            .merge
            .as_ref()
            .and_then(|operand| self.operand(operand, &operands))
            && let Kind::Api(api) = &other.kind
        {
            for (name, prop) in &api.props {
                value = value.with_prop(name.clone(), prop.value.clone(), prop.at);
            }
        }
        value
    }

    /// Changes the receiver where the call does.
    pub(in crate::lower) fn mutated(&self, doing: &Doing<'_>, mut state: State) -> State {
        if doing.call.mutates
            && let (Some(recv), Some(Some(place))) = (&doing.recv, doing.places.first())
        {
            state.change(place, self.with_sets(recv.clone(), doing));
            if let Some(place) = lender(recv)
                && let Some(value) = state.get(&place.variable).cloned()
            {
                state.change(&place, self.with_sets(value, doing));
            }
        }
        state
    }

    /// The part of a receiver that a call gives knows whose it is.
    fn lent(&self, given: Value, doing: &Doing<'_>) -> Value {
        match (doing.facts.lends, doing.places.first()) {
            (Some(Known::Yes), Some(Some(place))) if place.fields.is_empty() => {
                given.with_prop(LENDER.into(), Value::text(place.variable.clone()), None)
            }
            _ => given,
        }
    }

    pub(in crate::lower) fn succeed(&self, doing: &Doing<'_>, value: Value) -> Value {
        if doing.call.fallible { Value::ok(value) } else { value }
    }

    pub(in crate::lower) fn error_ty(&self, doing: &Doing<'_>) -> Ty {
        let unknown = Value::unknown();
        let recv = doing.recv.as_ref().unwrap_or(&unknown);
        doing
            .call
            .error
            .as_ref()
            .map_or(Ty::Unknown, |error| self.type_of_expr(error, recv, &doing.args))
    }

    pub(in crate::lower) fn failure(&self, doing: &Doing<'_>) -> Value {
        Value::err(Value::failure(self.error_ty(doing)))
    }

    pub(in crate::lower) fn compute(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let value = self.lent(self.given(doing), doing);
        let state = self.mutated(doing, state);
        vec![(state, self.succeed(doing, value))]
    }

    /// Reads from outside; it may fail, and then nothing happened.
    pub(in crate::lower) fn read(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        if let (Some(recv), Some(catalog::Confirm::Ok)) = (&doing.recv, doing.facts.confirm) {
            self.look_at(recv, false);
        }
        if !state.holding && self.relays == Some(doing.site.at) {
            return self.relay_rows(doing, state);
        }
        self.note_poll(doing);
        let value = if state.holding {
            self.given(doing).with_origin(Origin::STORE)
        } else {
            self.given(doing)
        };
        let state = self.mutated(doing, state);
        if !doing.call.fallible || !state.holding {
            return vec![(state, self.succeed(doing, value))];
        }
        let step = flow::Step::Read {
            from: self.asked(doing),
        };
        let node = self.graph.emit(&state, step, Some(self.site(doing.site.at)));
        vec![
            (state.after(node, flow::Outcome::Ok), Value::ok(value)),
            (state.after(node, flow::Outcome::Err), self.failure(doing)),
        ]
    }

    /// Decoding: opaque until somebody looks whether it failed.
    pub(in crate::lower) fn decode(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let value = self.given(doing);
        if !doing.call.fallible {
            return vec![(state, value)];
        }
        let ty = Ty::result(value.ty.clone(), self.error_ty(doing));
        vec![(state, Value::opaque(ty, value.origin.with(Origin::DECODED)))]
    }

    /// Takes from a queue in memory: a receive, where a client puts its messages there.
    pub(in crate::lower) fn take(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        if let Some(answered) = self.take_answer(doing, &state) {
            return answered;
        }
        let given = self.given(doing).ty;
        let receive = self.handed_type(&given).and_then(|known| known.handed.clone());
        match receive {
            Some(receive) => self.receive(
                &receive,
                &doing.operands(),
                (given, Waiting::Forever),
                doing.site,
                state,
            ),
            None => {
                let taken = self.compute(doing, state).into_iter();
                let passed = |(state, value): (State, Value)| {
                    let origin = value.origin.with(Origin::PASSED);
                    (state, value.with_origin(origin))
                };
                taken.map(passed).collect()
            }
        }
    }

    pub(in crate::lower) fn receive_call(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let receive = doing.facts.receive.clone();
        if doing.facts.closure.is_some() {
            let callee = self.operand_of(doing.facts.closure.as_ref(), doing);
            return match callee {
                Some((callee, _)) => self.register(receive.as_ref(), &callee, doing, state),
                None => self.compute(doing, state),
            };
        }
        let Some(receive) = receive else {
            return self.compute(doing, state);
        };
        let unknown = Value::unknown();
        let recv = doing.recv.as_ref().unwrap_or(&unknown);
        let inner = doing
            .returns
            .map_or(Ty::Unknown, |expr| self.type_of_expr(expr, recv, &doing.args));
        let inner = self.perhaps_wrapped(self.expected_inside(inner, doing), doing);
        let chosen = matches!(doing.returns, Some(TypeExpr::Expected | TypeExpr::Generic(_)));
        self.shaped_here |= chosen && self.is_shaped_here(&receive, &inner, doing);
        let given = if doing.call.fallible {
            Ty::result(inner, self.error_ty(doing))
        } else {
            inner
        };
        self.receive(
            &receive,
            &doing.operands(),
            (given, Waiting::OrNothing),
            doing.site,
            state,
        )
    }
}

/// Whether a type names an argument of the receiver's (`$0`).
fn speaks_of_arguments(ty: &TypeExpr) -> bool {
    matches!(ty, TypeExpr::Param(_)) || ty.args().iter().any(speaks_of_arguments)
}

/// The bound values, where they can be told apart.
pub(super) fn bound(binds: Option<&Value>) -> Vec<Value> {
    match binds.map(|binds| &binds.kind) {
        Some(Kind::Tuple(items) | Kind::Array { items, .. }) => items.clone(),
        Some(_) => binds.into_iter().cycle().take(32).cloned().collect(),
        None => Vec::new(),
    }
}

/// The variable that holds what a value is a part of.
pub(super) fn lender(part: &Value) -> Option<Place> {
    part.prop(LENDER).and_then(|(lender, _)| text_of(lender)).map(Place::of)
}
