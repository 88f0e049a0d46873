//! Expressions: each gives, for every path that reaches its end, the state there and the value.

mod values;

use std::sync::Arc;

use smol_str::SmolStr;

pub(in crate::lower) use values::*;

use super::call::CallSite;
use super::shared::Shared;
use super::state::{Env, Flowing, State, merge_values};
use super::value::{Future, Kind, Origin, Place, Prop, RANGE_FIRST, RANGE_LAST, Unseen, Value, index_name};
use super::{Lowering, pattern};
use crate::catalog::Role;
use crate::resolve::{Conversion, Def, Ty, TypeKind, Types};
use crate::source::hir::{Expr, ExprKind, Path};
use crate::span::{Pos, Span};

impl<'a> Lowering<'a> {
    /// Evaluates `expr` from `state`.
    pub(super) fn eval(&mut self, expr: &'a Expr, state: State) -> Flowing {
        if self.spent() {
            return Vec::new();
        }
        self.deeper(|this| this.eval_kind(expr, state))
    }

    /// Evaluates `expr` on each path, then does `next` with each value.
    pub(super) fn eval_then(
        &mut self,
        expr: &'a Expr,
        state: State,
        next: impl FnMut(&mut Self, State, Value) -> Flowing,
    ) -> Flowing {
        let flowing = self.eval(expr, state);
        self.each(flowing, next)
    }

    /// Does `next` on each path and merges those that agree afterwards.
    pub(super) fn each(
        &mut self,
        flowing: Flowing,
        mut next: impl FnMut(&mut Self, State, Value) -> Flowing,
    ) -> Flowing {
        let mut all = Vec::new();
        for (state, value) in flowing {
            all.extend(next(self, state, value));
        }
        merge_values(all)
    }

    /// Evaluates several in order; each path ends with all their values.
    pub(super) fn eval_all(&mut self, exprs: impl Iterator<Item = &'a Expr>, state: State) -> Vec<(State, Vec<Value>)> {
        let mut paths = vec![(state, Vec::new())];
        for expr in exprs {
            let mut next = Vec::new();
            for (state, values) in paths {
                for (state, value) in self.eval(expr, state) {
                    next.push((state, [values.clone(), vec![value]].concat()));
                }
            }
            paths = next;
        }
        paths
    }

    fn eval_kind(&mut self, expr: &'a Expr, state: State) -> Flowing {
        match &expr.kind {
            ExprKind::Lit(lit) => vec![(state, literal(lit))],
            ExprKind::Path(path) => self.eval_path(path, state),
            ExprKind::Call { func, args } => self.eval_call(expr, func, args, state),
            ExprKind::MethodCall {
                recv,
                name,
                name_at,
                turbofish,
                args,
            } => self.eval_method(expr, recv, (name, *name_at), turbofish, args, state),
            ExprKind::Field { base, name } => self.eval_then(base, state, |this, state, value| {
                this.read_field(expr, value, name, state)
            }),
            ExprKind::Index { base, index } => self.eval_then(base, state, |this, state, value| {
                let element = this.element_of(&value);
                let states = this.eval(index, state);
                states.into_iter().map(|(state, _)| (state, element.clone())).collect()
            }),
            ExprKind::Ref { expr, .. } | ExprKind::Deref(expr) => self.eval(expr, state),
            ExprKind::Not(inner) => self.eval_then(inner, state, |_, state, value| vec![(state, negate(value))]),
            ExprKind::Neg(inner) => self.eval_then(inner, state, |_, state, value| vec![(state, minus(value))]),
            ExprKind::Binary { op, left, right } => self.eval_binary(op, left, right, state),
            ExprKind::Assign { op, left, right } => self.eval_assign(op, left, right, state),
            ExprKind::Await(inner) => self.eval_then(inner, state, |this, state, value| {
                this.await_value(value, state, this.span(expr))
            }),
            ExprKind::Try(inner) => self.eval_then(inner, state, |this, state, value| {
                this.try_value(value, state, this.span(inner))
            }),
            ExprKind::Block { label, block } => self.eval_labelled(label.as_ref(), block, state),
            ExprKind::Async(block) => {
                let future = Future::Block {
                    body: self.body_of_block(block),
                    code: self.frame().code,
                    captured: self.captured(&state),
                    at: self.span(expr),
                };
                vec![(
                    state,
                    Value::new(Kind::Future(Arc::new(future)), Ty::Unknown, Origin::NONE),
                )]
            }
            ExprKind::Closure { params, body, is_async } => {
                let closure = self.closure(params, body, *is_async, &state);
                vec![(state, closure)]
            }
            ExprKind::If { cond, then, otherwise } => self.eval_if(cond, then, otherwise.as_deref(), state),
            ExprKind::Let { .. } => self.eval_as_bool(expr, state),
            ExprKind::Match { on, arms } => self.eval_match(on, arms, state),
            ExprKind::While { label, cond, body } => {
                self.eval_while(label.as_ref(), cond, body, self.span(expr), state)
            }
            ExprKind::Loop { label, body } => self.eval_loop(label.as_ref(), body, self.span(expr), state),
            ExprKind::For { label, pat, iter, body } => {
                self.eval_for(label.as_ref(), pat, iter, body, self.span(expr), state)
            }
            ExprKind::Break { label, value } => {
                self.eval_break(label.as_ref(), value.as_deref(), self.span(expr), state)
            }
            ExprKind::Continue { label } => self.eval_continue(label.as_ref(), self.span(expr), state),
            ExprKind::Return(value) => self.eval_return(value.as_deref(), self.span(expr), state),
            ExprKind::Struct { path, fields, rest } => self.eval_struct(path, fields, rest.as_deref(), state),
            ExprKind::Tuple(items) => {
                let paths = self.eval_all(items.iter(), state);
                paths
                    .into_iter()
                    .map(|(state, values)| (state, tuple(values)))
                    .collect()
            }
            ExprKind::Array(items) => {
                let paths = self.eval_all(items.iter(), state);
                paths
                    .into_iter()
                    .map(|(state, values)| (state, list(&values)))
                    .collect()
            }
            ExprKind::Range { from, to, inclusive } => {
                self.eval_range(from.as_deref(), to.as_deref(), *inclusive, state)
            }
            ExprKind::Cast { expr, .. } => self.eval(expr, state),
            ExprKind::Select { arms, otherwise } => {
                self.eval_select(arms, otherwise.as_deref(), self.span(expr), state)
            }
            ExprKind::Join { futures, fallible } => self.eval_join(futures, *fallible, self.span(expr), state),
            ExprKind::Format { literal, args } => self.eval_format(literal, args, state),
            ExprKind::Macro { path, args, text } => self.eval_macro(expr, path, args.as_deref(), text.as_ref(), state),
            ExprKind::Other => vec![(state, Value::unknown())],
        }
    }

    /// Where `expr` stands, in the file of the code around it.
    pub(super) fn span(&self, expr: &Expr) -> Span {
        Span {
            file: self.frame().code.file,
            start: expr.start,
            end: expr.end,
        }
    }

    /// From `start` to the end of `expr`.
    pub(super) fn span_from(&self, start: Pos, expr: &Expr) -> Span {
        Span {
            start,
            ..self.span(expr)
        }
    }

    /// A snapshot of what a closure or async block can see.
    pub(super) fn captured(&self, state: &State) -> Env {
        state.env.clone()
    }

    fn eval_path(&mut self, path: &'a Path, state: State) -> Flowing {
        if let [only] = path.segments.as_slice()
            && path.qself.is_none()
            && let Some(value) = state.get(&only.name)
        {
            let value = value.clone();
            return vec![(state, value)];
        }
        let value = self.path_value(path);
        vec![(state, value)]
    }

    fn path_value(&mut self, path: &Path) -> Value {
        match self.index.resolve_in(&self.frame().scope, path) {
            Def::Fn(f) => Value::new(Kind::Function(f), Ty::Unknown, Origin::NONE),
            Def::Const(c) => self.constant(c),
            Def::Variant(id, name) => self.unit_variant(id, &name),
            Def::Type(id) => self.unit_struct(id),
            // What a client's prelude may hold: `orders::table` is none of it.
            Def::External(written) => match path.segments.as_slice() {
                [_, _, ..] => self.table_value(path).unwrap_or_else(|| self.external_value(&written)),
                _ => self.external_value(&written),
            },
            Def::Assoc(ty, name) => self.associated(&ty, &name),
            _ => match pattern::last(path) {
                "None" => Value::none(),
                name @ ("Ok" | "Err" | "Some") => Value::variant(name, Vec::new()),
                "drop" => Value::opaque(Ty::external("std::mem::drop", Vec::new()), Origin::NONE),
                _ => {
                    let made = self.table_value(path).or_else(|| self.named_column(path));
                    made.unwrap_or_else(Value::unknown)
                }
            },
        }
    }

    fn associated(&mut self, ty: &Ty, name: &str) -> Value {
        if let [only] = self.index.assoc_const(ty, name)[..] {
            return self.constant(only);
        }
        match self.index.assoc_fn(ty, name)[..] {
            [only] => Value::new(Kind::Function(only), Ty::Unknown, Origin::NONE),
            _ => Value::unknown(),
        }
    }

    /// A path into another crate as a value: a function by name, or a variant or constant known by its last name.
    fn external_value(&self, written: &SmolStr) -> Value {
        let canonical = self.catalog.canonical(written);
        let ty = Ty::External {
            path: canonical.clone(),
            args: Types::NONE,
        };
        if self.catalog.function(&canonical).is_some() || canonical.chars().next().is_none() {
            return Value::opaque(ty, Origin::NONE);
        }
        let (parent, name) = canonical.rsplit_once("::").unwrap_or(("", &canonical));
        match name {
            "None" => Value::none(),
            _ if name.starts_with(char::is_uppercase) => {
                let kind = Kind::Variant {
                    name: name.into(),
                    fields: Shared::default(),
                };
                Value::new(kind, Ty::external(parent, Vec::new()), Origin::NONE)
            }
            _ => Value::opaque(ty, Origin::NONE),
        }
    }

    /// A constant's value; evaluated once, without a path of its own.
    pub(super) fn constant(&mut self, c: crate::resolve::ConstId) -> Value {
        if let Some(known) = self.constants.get(&c) {
            return known.clone();
        }
        self.constants.insert(c, Value::unknown());
        let info = self.index.constant(c);
        let Some(expr) = &info.hir.value else {
            return Value::unknown();
        };
        let ty = self.index.ty(&info.scope, &info.hir.ty);
        let code = self.scope_id(info.scope.clone(), info.file);
        let paths = self.aside(code, |this| this.eval(expr, State::start()));
        let value = paths
            .into_iter()
            .next()
            .map_or_else(Value::unknown, |(_, value)| value.with_ty(ty));
        self.constants.insert(c, value.clone());
        value
    }

    /// Reading a field of an answer may be what its method of the same name is.
    fn read_field(&mut self, expr: &'a Expr, value: Value, name: &SmolStr, state: State) -> Flowing {
        let told = matches!(value.kind, Kind::Pending(..)).then(|| self.client_method(&value, name));
        let Some(call) = told.flatten().filter(|call| call.does == Role::Confirm) else {
            return vec![(state, self.field(&value, name))];
        };
        let at = self.span(expr);
        self.call_api(&call, Some(value), Vec::new(), &[], CallSite { at, label: at }, state)
    }

    /// The value of a field.
    pub(super) fn field(&mut self, value: &Value, name: &SmolStr) -> Value {
        if let Some((known, _)) = value.prop(name) {
            return known.clone();
        }
        if let Kind::Tuple(values) = &value.kind {
            return name
                .parse::<usize>()
                .ok()
                .and_then(|i| values.get(i))
                .cloned()
                .unwrap_or_else(Value::unknown);
        }
        let ty = self
            .index
            .field(&value.ty, name)
            .or_else(|| self.catalog_field(&value.ty, name))
            .or_else(|| self.index.field(self.wrapped(&value.ty)?, name));
        let origin = value.origin;
        self.typed(ty.unwrap_or(Ty::Unknown), origin)
    }

    /// What stands for a collection's elements.
    pub(super) fn element_of(&self, value: &Value) -> Value {
        match &value.kind {
            Kind::List(element) | Kind::Array { element, .. } => (**element).clone(),
            _ => Value::opaque(self.element_ty(&value.ty), value.origin),
        }
    }

    /// The element type of a collection type.
    pub(super) fn element_ty(&self, ty: &Ty) -> Ty {
        match ty {
            Ty::Slice(inner) => (**inner).clone(),
            Ty::External { path, args } if is_collection(path) => args.last().cloned().unwrap_or(Ty::Unknown),
            _ => Ty::Unknown,
        }
    }

    fn eval_binary(&mut self, op: &'a str, left: &'a Expr, right: &'a Expr, state: State) -> Flowing {
        if (op == "&&" || op == "||") && has_effects(right) {
            return self.eval_condition_value(op, left, right, state);
        }
        self.eval_then(left, state, |this, state, a| {
            this.eval_then(right, state, |this, state, b| {
                this.look_at(&a, true);
                this.look_at(&b, true);
                vec![(state, binary(op, &a, &b))]
            })
        })
    }

    fn eval_condition_value(&mut self, op: &'a str, left: &'a Expr, right: &'a Expr, state: State) -> Flowing {
        let (trues, falses) = self.decide(left, state);
        let (go_on, done) = if op == "&&" { (trues, falses) } else { (falses, trues) };
        let mut all: Flowing = done.into_iter().map(|state| (state, Value::bool(op == "||"))).collect();
        for state in go_on {
            all.extend(self.eval(right, state));
        }
        merge_values(all)
    }

    fn eval_as_bool(&mut self, expr: &'a Expr, state: State) -> Flowing {
        let (trues, falses) = self.decide(expr, state);
        let yes = trues.into_iter().map(|state| (state, Value::bool(true)));
        let no = falses.into_iter().map(|state| (state, Value::bool(false)));
        merge_values(yes.chain(no).collect())
    }

    fn eval_assign(&mut self, op: &'a str, left: &'a Expr, right: &'a Expr, state: State) -> Flowing {
        let place = place_of(left);
        self.eval_then(right, state, |this, mut state, value| {
            let written = if op.is_empty() {
                value
            } else {
                let before = place
                    .as_ref()
                    .and_then(|place| state.read(place))
                    .unwrap_or_else(Value::unknown);
                binary(op, &before, &value)
            };
            if let Some(place) = &place {
                if !place.fields.is_empty() {
                    this.entrust(&written);
                }
                state.write(place, written);
                return vec![(state, Value::unit())];
            }
            let states = this.eval(left, state);
            states.into_iter().map(|(state, _)| (state, Value::unit())).collect()
        })
    }

    fn eval_range(&mut self, from: Option<&'a Expr>, to: Option<&'a Expr>, inclusive: bool, state: State) -> Flowing {
        let ty = Ty::External {
            path: "std::ops::Range".into(),
            args: Types::NONE,
        };
        let paths = self.eval_all(from.into_iter().chain(to), state);
        let range = |ends: &[Value]| {
            let range = Value::opaque(ty.clone(), origin_of(ends));
            let [
                Value {
                    kind: Kind::Int(first), ..
                },
                Value {
                    kind: Kind::Int(end), ..
                },
            ] = ends
            else {
                return range;
            };
            let last = if inclusive { *end } else { end - 1 };
            range.with_prop(RANGE_FIRST.into(), Value::int(*first), None).with_prop(
                RANGE_LAST.into(),
                Value::int(last),
                None,
            )
        };
        paths.into_iter().map(|(state, ends)| (state, range(&ends))).collect()
    }

    fn eval_format(&mut self, literal: &'a SmolStr, args: &'a [Expr], state: State) -> Flowing {
        let paths = self.eval_all(args.iter(), state);
        paths
            .into_iter()
            .map(|(state, values)| (state, formatted(literal, &values)))
            .collect()
    }

    fn eval_struct(
        &mut self,
        path: &'a Path,
        fields: &'a [(SmolStr, Expr)],
        rest: Option<&'a Expr>,
        state: State,
    ) -> Flowing {
        let paths = self.eval_all(fields.iter().map(|(_, expr)| expr).chain(rest), state);
        let ats: Vec<Span> = fields.iter().map(|(_, expr)| self.span(expr)).collect();
        paths
            .into_iter()
            .map(|(state, mut values)| {
                let base = if rest.is_some() { values.pop() } else { None };
                let named = fields
                    .iter()
                    .map(|(name, _)| name.clone())
                    .zip(values)
                    .zip(ats.iter().copied());
                let value = self.literal(path, named.collect(), base);
                (state, value)
            })
            .collect()
    }

    fn literal(&mut self, path: &Path, fields: Vec<((SmolStr, Value), Span)>, base: Option<Value>) -> Value {
        let origin = fields
            .iter()
            .fold(Origin::NONE, |all, ((_, value), _)| all.with(value.origin));
        let scope = &self.frame().scope;
        let ty = self.index.literal_ty(scope, path);
        match self.index.resolve_type(scope, path) {
            Def::Variant(_, name) => {
                let fields = fields.into_iter().map(|(field, _)| field).collect();
                Value::new(Kind::Variant { name, fields }, ty, origin)
            }
            Def::External(written) => {
                let path = self.catalog.canonical(&written);
                let mut api = api_of(base.as_ref());
                for ((name, value), at) in fields {
                    api.props.insert(name, Prop { value, at: Some(at) });
                }
                Value::new(Kind::Api(Arc::new(api)), Ty::external(&path, Vec::new()), origin)
            }
            _ => {
                let mut known = match base.map(|base| base.kind) {
                    Some(Kind::Struct(known)) => known,
                    _ => Shared::default(),
                };
                let values = fields.iter().map(|((name, value), _)| (name.as_str(), &value.ty));
                let ty = self.index.learn_parameters(ty, values);
                for ((name, value), _) in fields {
                    let declared = self.index.field(&ty, &name).unwrap_or(Ty::Unknown);
                    let value = if value.ty == Ty::Unknown {
                        value.with_ty(declared)
                    } else {
                        value
                    };
                    known.insert(name, value);
                }
                Value::new(Kind::Struct(known), ty, origin)
            }
        }
    }

    /// A value of a type, with the fields that decide something left to be asked for.
    pub(super) fn typed(&self, ty: Ty, origin: Origin) -> Value {
        Value::opaque(self.canonical_ty(ty), origin)
    }

    /// `?` on a value: the failure leaves the function (or block).
    pub(super) fn try_value(&mut self, value: Value, state: State, at: Span) -> Flowing {
        match value.variant_name() {
            Some("Ok" | "Some") => return vec![(state, value.payload())],
            Some("Err") => {
                self.fail(value.payload(), state);
                return Vec::new();
            }
            Some("None") => {
                self.leave(state, Value::none());
                return Vec::new();
            }
            _ => {}
        }
        if value.kind == Kind::Never {
            return vec![(state, value)];
        }
        let exploded = self.explode_fallible(value, state, at);
        self.each(exploded, |this, state, value| match value.variant_name() {
            Some("Ok" | "Some") => vec![(state, value.payload())],
            Some("Err") => {
                this.fail(value.payload(), state);
                Vec::new()
            }
            _ => {
                this.leave(state, Value::none());
                Vec::new()
            }
        })
    }

    /// Leaves the function with a failure, converted to its error type.
    fn fail(&mut self, error: Value, state: State) {
        let target = self.frame().error_ty();
        let converted = match target
            .as_ref()
            .and_then(|target| self.index.conversion(&error.ty, target))
        {
            Some(Conversion::Variant(id, name)) => {
                let fields = Shared::new(vec![(index_name(0), error)]);
                let value = Value::new(
                    Kind::Variant { name, fields },
                    Ty::Local { id, args: Types::NONE },
                    Origin::ERROR,
                );
                vec![(state, value)]
            }
            Some(Conversion::Fn(f)) => self.inline(&[f], None, vec![error], None, state, &[]),
            None => vec![(state, error)],
        };
        for (state, error) in converted {
            self.leave(state, Value::err(error.with_origin(Origin::ERROR)));
        }
    }

    /// The variants of a workspace enum.
    pub(super) fn enum_variants(&self, ty: &Ty) -> Vec<SmolStr> {
        match ty {
            Ty::Local { id, .. } => match self.index.type_info(*id).kind {
                TypeKind::Enum(e) => e.variants.iter().map(|variant| variant.name.clone()).collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}

/// The variable, or field of one, that an expression names.
pub(super) fn place_of(expr: &Expr) -> Option<Place> {
    match &expr.kind {
        ExprKind::Path(path) => match path.segments.as_slice() {
            [only] if path.qself.is_none() => Some(Place {
                variable: only.name.clone(),
                fields: Vec::new(),
            }),
            _ => None,
        },
        ExprKind::Field { base, name } => place_of(base).map(|mut place| {
            place.fields.push(name.clone());
            place
        }),
        ExprKind::Ref { expr, .. } | ExprKind::Deref(expr) => place_of(expr),
        ExprKind::MethodCall { recv, name, args, .. }
            if args.is_empty() && matches!(&**name, "as_mut" | "by_ref" | "borrow_mut") =>
        {
            place_of(recv)
        }
        _ => None,
    }
}

/// The variable at the root of a chain of calls that may each hand on what they were called on (`config.set(…).set(…)`).
pub(super) fn chained_place(expr: &Expr) -> Option<Place> {
    match &expr.kind {
        ExprKind::MethodCall { recv, .. } => place_of(recv).or_else(|| chained_place(recv)),
        _ => None,
    }
}

/// Whether evaluating an expression can do anything but compute.
fn has_effects(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Lit(_) | ExprKind::Path(_) => false,
        ExprKind::Field { base, .. }
        | ExprKind::Ref { expr: base, .. }
        | ExprKind::Deref(base)
        | ExprKind::Not(base) => has_effects(base),
        ExprKind::Binary { left, right, .. } => has_effects(left) || has_effects(right),
        ExprKind::MethodCall { recv, args, .. } => has_effects(recv) || args.iter().any(has_effects),
        _ => true,
    }
}

/// A value that says: somebody made this who cannot be seen.
pub(super) fn unseen(span: Span, origin: Origin) -> Value {
    Value::new(Kind::Unseen(Arc::new(Unseen { span, node: None })), Ty::Unknown, origin)
}
