//! Handlers: functions that a framework calls for each message, and whose result settles it.
//!
//! Three things make a function a handler: it is registered (`post(handle)`, `service_fn(|event| handle(event, &pool))`), it takes what
//! only a framework hands out (`LambdaEvent<SqsEvent>`), or it implements a framework's trait (`AsyncRunnable::run`). The unit is then
//! that function; a closure that does more than to pass its message on is followed where it is registered.

use std::collections::{BTreeMap, BTreeSet};

use super::api::{Doing, Operands, text_of};
use super::expr::deep_origin;
use super::receive::Draft;
use super::state::{Flowing, State};
use super::unit::MAX_CALLERS;
use super::value::{Closure, Kind, Origin, Value};
use super::{Body, Context, Lowering};
use crate::catalog::{Call, Receive, Role, Type};
use crate::flow::{Ended, Outcome, Settle, Step};
use crate::resolve::{FnId, Ty, TyBound};
use crate::source::hir::{Block, Expr, ExprKind, Stmt};

/// A function that is called for each message, and where its messages come from.
#[derive(Debug, Clone)]
pub(super) struct Handler {
    pub f: FnId,
    pub draft: Draft,
    /// Registered as whatever a function is called with that fulfils a bound.
    given: bool,
}

/// Every handler of the workspace, by function.
pub(super) fn handlers(context: &Context<'_>) -> BTreeMap<FnId, Handler> {
    let registrations = registrations(context);
    let mut all: BTreeMap<FnId, Handler> = implementing(context).map(|handler| (handler.f, handler)).collect();
    let implementing: BTreeSet<FnId> = all.keys().copied().collect();
    for handler in registrations.iter().flat_map(|seen| &seen.handlers) {
        let known = all.entry(handler.f).or_insert_with(|| handler.clone());
        if implementing.contains(&handler.f) {
            known.set_up(handler);
        }
    }
    // Functions whose closures are followed where they stand, with everything that those call.
    let followed: BTreeSet<FnId> = registrations
        .iter()
        .filter(|seen| seen.in_place)
        .map(|seen| seen.by)
        .collect();
    let handed: BTreeMap<FnId, Handler> = handed(context).map(|handler| (handler.f, handler)).collect();
    for (f, handler) in &handed {
        let called_by_one = context
            .index
            .callers(*f)
            .into_iter()
            .any(|caller| caller != *f && (handed.contains_key(&caller) || followed.contains(&caller)));
        if !called_by_one || all.contains_key(f) {
            all.insert(*f, handler.clone());
        }
    }
    for handler in named_to_framework(context) {
        all.entry(handler.f).or_insert(handler);
    }
    all
}

/// Functions that declare where their messages come from, and are named where a framework learns of its handlers (`route("/", post(f))`):
/// what they take (a text, bytes) may be anything elsewhere.
fn named_to_framework(context: &Context<'_>) -> Vec<Handler> {
    let calls = context.catalog.calls().into_iter();
    let registering: Vec<_> = calls
        .filter_map(|call| Some((call, call.facts.registers.as_ref()?)))
        .collect();
    let declared = functions(context).filter_map(|f| Some((f, declared_source(context, f)?)));
    let mut found = Vec::new();
    for (f, source) in declared.filter(|(f, _)| takes_a_message(context, *f)) {
        let callers = context.index.callers(f);
        let names_it = |(call, receive): &&(&Call, &Receive)| {
            let by = context
                .index
                .mentions(call.name(), |krate| context.reaches(krate, &call.package));
            receive.transport == source.transport.as_str() && callers.iter().any(|caller| by.contains(caller))
        };
        let receive = registering.iter().find(names_it).map(|(_, receive)| *receive);
        found.extend(receive.map(|receive| Handler::new(context, f, receive)));
    }
    found
}

fn declared_source<'c>(context: &'c Context<'_>, f: FnId) -> Option<&'c delivery_grammar::Address> {
    context
        .index
        .function(f)
        .hir
        .declaration
        .as_ref()?
        .declaration
        .source
        .as_ref()
}

fn takes_a_message(context: &Context<'_>, f: FnId) -> bool {
    let lowering = Lowering::new(context);
    let params = context.index.params(f).into_iter();
    params
        .map(|ty| lowering.canonical_ty(ty))
        .any(|ty| !lowering.is_tool(&ty))
}

/// What a function registers.
struct Registrations {
    by: FnId,
    handlers: Vec<Handler>,
    /// It registers a closure that is followed where it stands.
    in_place: bool,
}

fn registrations(context: &Context<'_>) -> Vec<Registrations> {
    let registering = context
        .catalog
        .calls()
        .into_iter()
        .filter(|call| call.does == Role::Receive && call.facts.closure.is_some());
    let mut by: BTreeSet<FnId> = BTreeSet::new();
    for call in registering {
        let may = |krate| context.reaches(krate, &call.package);
        by.extend(context.index.mentions(call.name(), may));
    }
    let seen = by.into_iter().map(|by| {
        let mut lowering = Lowering::new(context);
        lowering.root(by, None, Vec::new(), State::start());
        let in_place = lowering.draft.is_some();
        let mut handlers = lowering.registered;
        if handlers.iter().any(|handler| handler.given) {
            let given = given_to(context, by);
            let own = |handler: &Handler| context.index.function(handler.f).scope.self_ty.clone();
            handlers.retain(|handler| {
                !handler.given || own(handler).is_some_and(|own| given.iter().any(|ty| same_type(ty, &own)))
            });
        }
        Registrations { by, handlers, in_place }
    });
    seen.collect()
}

/// The types of what a function's callers give it.
fn given_to(context: &Context<'_>, f: FnId) -> Vec<Ty> {
    let callers = context.index.callers(f).into_iter().take(MAX_CALLERS);
    let seen = callers.flat_map(|caller| {
        let mut lowering = Lowering::capturing(context, f);
        lowering.root(caller, None, Vec::new(), State::start());
        lowering.capture.take().map(|capture| capture.seen).unwrap_or_default()
    });
    seen.flat_map(|(_, args, _)| args).map(|arg| arg.ty).collect()
}

fn same_type(a: &Ty, b: &Ty) -> bool {
    matches!((a, b), (Ty::Local { id, .. }, Ty::Local { id: other, .. }) if id == other)
}

/// Functions that implement a method of a framework's trait.
fn implementing<'c>(context: &'c Context<'_>) -> impl Iterator<Item = Handler> + 'c {
    functions(context).filter_map(move |f| {
        let info = context.index.function(f);
        let Some(TyBound::External { path, .. }) = &info.of_trait else {
            return None;
        };
        let known = context.catalog.ty(&context.catalog.canonical(path))?;
        let receive = known.handles.get(&info.hir.name)?;
        Some(Handler::new(context, f, receive))
    })
}

/// Functions that take what only a framework hands out.
fn handed<'c>(context: &'c Context<'_>) -> impl Iterator<Item = Handler> + 'c {
    functions(context).filter_map(move |f| {
        let receive = context
            .index
            .params(f)
            .iter()
            .find_map(|ty| handed_in(context, ty))?
            .handed
            .as_ref()?;
        let declares_source = || declared_source(context, f).is_some();
        (!receive.declared || declares_source()).then(|| Handler::new(context, f, receive))
    })
}

fn functions<'c>(context: &'c Context<'_>) -> impl Iterator<Item = FnId> + 'c {
    context
        .index
        .functions()
        .filter(|f| context.index.function(*f).hir.body.is_some())
}

/// The part of a type that only a framework hands out.
fn handed_in<'c>(context: &Context<'c>, ty: &Ty) -> Option<&'c Type> {
    let Ty::External { path, args } = ty else { return None };
    let own = context.catalog.ty(&context.catalog.canonical(path));
    own.filter(|known| known.handed.is_some())
        .or_else(|| args.iter().find_map(|arg| handed_in(context, arg)))
}

impl Handler {
    fn new(context: &Context<'_>, f: FnId, receive: &Receive) -> Self {
        let lowering = Lowering::new(context);
        let operands = Operands {
            recv: None,
            args: &[],
            result: None,
        };
        let draft = lowering.draft_of(receive, &operands, lowering.site_of(f));
        Self { f, draft, given: false }
    }

    /// What is set where a framework is given what implements its trait. Where that is done twice, and not alike, nothing is known.
    fn set_up(&mut self, registered: &Self) {
        let (known, set) = (&mut self.draft, &registered.draft);
        if known.assumed || known.settle == set.settle {
            *known = set.clone();
        } else {
            *known = Draft {
                settle: Settle::Manual,
                assumed: true,
                ..set.clone()
            };
        }
    }
}

impl<'a> Lowering<'a> {
    /// A function or closure is registered with a framework. What follows the registration of a closure runs when all is over.
    pub(super) fn register(
        &mut self,
        receive: Option<&Receive>,
        callee: &Value,
        doing: &Doing<'_>,
        state: State,
    ) -> Flowing {
        let closure = match &callee.kind {
            Kind::Function(f) => return self.registered_as(*f, receive, doing, state),
            Kind::Closure(closure) => std::sync::Arc::clone(closure),
            _ => return self.register_object(receive, callee, doing, state),
        };
        if self.capture.is_some() {
            let mark = self.graph.mark();
            let args = self.closure_arguments(&closure);
            let called = self.run_closure(&closure, args, doing.site.at, state.clone());
            self.each(called, |this, state, value| {
                this.await_value(value, state, doing.site.at)
            });
            self.graph.undo(mark);
        }
        if let Some(f) = self.passes_on_to(&closure) {
            return self.registered_as(f, receive, doing, state);
        }
        let receive = receive.cloned().or_else(|| self.closure_receives(&closure));
        match receive {
            Some(receive) => self.run_handler(&receive, &closure, doing, state),
            None => self.compute(doing, state),
        }
    }

    fn registered_as(&mut self, f: FnId, receive: Option<&Receive>, doing: &Doing<'_>, state: State) -> Flowing {
        if let Some(receive) = receive {
            let draft = self.draft_of(receive, &doing.operands(), self.site_of(f));
            self.registered.push(Handler { f, draft, given: false });
        }
        self.compute(doing, state)
    }

    /// An object is registered whose type, or whatever it may be, implements a framework's trait: the code stands there, and the settings here.
    fn register_object(
        &mut self,
        receive: Option<&Receive>,
        object: &Value,
        doing: &Doing<'_>,
        state: State,
    ) -> Flowing {
        if let Some(receive) = receive {
            let given = !matches!(object.ty, Ty::Local { .. });
            let handling: Vec<FnId> = self.handling(&object.ty).collect();
            for f in handling {
                let draft = self.draft_of(receive, &doing.operands(), self.site_of(f));
                self.registered.push(Handler { f, draft, given });
            }
        }
        self.compute(doing, state)
    }

    /// The methods of a type that a framework calls for each message; of a parameter those of all types that it may be.
    fn handling(&self, ty: &Ty) -> impl Iterator<Item = FnId> {
        let is_it = |f: &FnId| {
            let info = self.index.function(*f);
            let Some(TyBound::External { path, .. }) = &info.of_trait else {
                return false;
            };
            let path = self.catalog.canonical(path);
            let called = self
                .catalog
                .ty(&path)
                .is_some_and(|known| known.handles.contains_key(&info.hir.name));
            called && info.hir.body.is_some() && match ty {
                Ty::Param { bounds, .. } | Ty::Bounds(bounds) => bounds.iter().any(|bound| {
                    matches!(bound, TyBound::External { path: bound, .. } if self.catalog.canonical(bound) == path)
                }),
                Ty::Local { id, .. } => matches!(&info.scope.self_ty, Some(Ty::Local { id: own, .. }) if own == id),
                _ => false,
            }
        };
        self.index.functions().filter(is_it)
    }

    /// Runs a closure for a message, where it is registered.
    fn run_handler(&mut self, receive: &Receive, closure: &Closure, doing: &Doing<'_>, state: State) -> Flowing {
        let site = doing.site;
        if !self.receive_sites.contains(&site.at) {
            self.receive_sites.push(site.at);
        }
        let other = self.focus.is_some_and(|focus| focus != site.at);
        if other || self.draft.as_ref().is_some_and(|draft| draft.site.span != site.at) {
            return self.compute(doing, state);
        }
        let draft = self.draft_of(receive, &doing.operands(), self.site(site.at));
        let manual = draft.settle == Settle::Manual;
        self.draft.get_or_insert(draft);
        let node = self.graph.emit(&state, Step::Receive, Some(self.site(site.at)));
        self.receives += 1;
        let mut state = state.after(node, Outcome::Next);
        state.holding = true;
        let outer = std::mem::replace(&mut self.is_handed, true);
        let args = self.closure_arguments(closure);
        let called = self.run_closure(closure, args, site.at, state);
        let ended = self.each(called, |this, state, value| this.await_value(value, state, site.at));
        self.is_handed = outer;
        for (mut state, value) in ended {
            if manual {
                state.holding = false;
                self.graph.close(&state, node);
            } else {
                let how = self.ended(&value, doing.site.at);
                self.graph.emit(&state, Step::Exit(how), None);
            }
        }
        Vec::new()
    }

    /// What a closure is called with for a message.
    fn closure_arguments(&self, closure: &Closure) -> Vec<Value> {
        let Body::Closure { params, .. } = self.bodies[closure.body.0 as usize] else {
            return Vec::new();
        };
        let scope = &self.scopes[closure.code.scope as usize].0;
        let message = |ty: Ty| {
            let origin = if self.is_tool(&ty) {
                Origin::NONE
            } else {
                Origin::MESSAGE
            };
            self.typed(ty, origin)
        };
        params
            .iter()
            .map(|(_, ty)| {
                message(
                    ty.as_ref()
                        .map_or(Ty::Unknown, |ty| self.canonical_ty(self.index.ty(scope, ty))),
                )
            })
            .collect()
    }

    /// How messages come to a closure, by the types that it names.
    fn closure_receives(&self, closure: &Closure) -> Option<Receive> {
        let args = self.closure_arguments(closure);
        let handed = args.iter().find_map(|arg| self.handed_type(&arg.ty)?.handed.clone());
        handed.filter(|receive| !receive.declared)
    }

    /// The part of a type that only a framework hands out.
    pub(super) fn handed_type(&self, ty: &Ty) -> Option<&'a Type> {
        let Ty::External { path, args } = ty else { return None };
        let own = self.catalog.ty(&self.catalog.canonical(path));
        own.filter(|known| known.handed.is_some())
            .or_else(|| args.iter().find_map(|arg| self.handed_type(arg)))
    }

    /// The function that a closure passes its message on to, and does nothing else.
    fn passes_on_to(&mut self, closure: &Closure) -> Option<FnId> {
        let Body::Closure { body, .. } = self.bodies[closure.body.0 as usize] else {
            return None;
        };
        let ExprKind::Call { func, args } = &last_of(body)?.kind else {
            return None;
        };
        let ExprKind::Path(path) = &func.kind else { return None };
        if args.is_empty() {
            return None;
        }
        let frame = self.plain_frame(closure.code, Ty::Unknown);
        self.frames.push(frame);
        let callee = self.callee_by_path(path);
        self.frames.pop();
        callee.only()
    }

    /// How a handler ends that gives this value: whether that accepts its message.
    pub(super) fn ended(&mut self, value: &Value, at: crate::span::Span) -> Ended {
        if value.variant_name() == Some("Err") {
            return Ended::Err;
        }
        let answer = match value.variant_name() {
            Some("Ok") => value.payload(),
            _ => value.clone(),
        };
        match self.accepts(&answer) {
            Some(false) => Ended::Err,
            Some(true) => Ended::Ok,
            None => {
                if self.is_unclear(&answer) {
                    self.give_up(at, "which messages the answer accepts cannot be seen");
                }
                Ended::Ok
            }
        }
    }

    /// The ends of a function that answers whoever calls it: an answer that nobody can see to be a good one, beside one that is, tells of a
    /// failure. Where none can be seen to be good, nothing is known of what is told.
    pub(super) fn told_apart(&mut self, f: FnId, ended: Flowing) -> Flowing {
        if !matches!(self.index.returned(f), Ty::Bounds(_) | Ty::External { .. }) {
            return ended;
        }
        let answers: Vec<Option<bool>> = ended.iter().map(|(_, value)| self.accepts(value)).collect();
        let is_open = |(answer, (_, value)): (&Option<bool>, &(State, Value))| {
            answer.is_none() && !matches!(value.variant_name(), Some("Ok" | "Err"))
        };
        let open: Vec<bool> = answers.iter().zip(&ended).map(is_open).collect();
        if !answers.contains(&Some(true)) {
            return ended;
        }
        let told = ended.into_iter().zip(open);
        told.map(|((state, value), is_open)| match is_open {
            true => (state, Value::err(value)),
            false => (state, value),
        })
        .collect()
    }

    /// Whether an answer may be a refusal, for all that can be seen of it.
    fn is_unclear(&self, answer: &Value) -> bool {
        let answered = self.draft.as_ref().is_some_and(|draft| draft.answered);
        let is_own = !matches!(answer.ty, Ty::External { .. } | Ty::Tuple(_));
        let plain = matches!(answer.kind, Kind::Text(_) | Kind::Tuple(_));
        (self.is_handed || answered) && self.is_answer(answer) || answered && is_own && !plain
    }

    /// Whether an answer accepts the message; `None` where that cannot be seen, or where it is no answer.
    fn accepts(&self, answer: &Value) -> Option<bool> {
        if let Kind::Tuple(parts) = &answer.kind {
            return parts
                .iter()
                .find(|part| self.is_answer(part))
                .and_then(|part| self.accepts(part));
        }
        let known = self.catalog.ty(&self.client_path(&answer.ty)?)?;
        if let Some(field) = &known.gives_back {
            let Some((listed, _)) = answer.prop(field) else {
                return matches!(answer.kind, Kind::Api(_)).then_some(true);
            };
            let nothing_of_it = !deep_origin(listed).has(Origin::MESSAGE);
            return match &listed.kind {
                Kind::List(_) | Kind::Array { .. } => Some(listed.is_known_empty()),
                Kind::Tuple(appended) => Some(appended.is_empty()),
                _ => nothing_of_it.then_some(true),
            };
        }
        if known.accepts.is_empty() {
            return None;
        }
        let said = match answer.prop("answer") {
            Some((inner, _)) if self.is_answer(inner) => return self.accepts(inner),
            Some((inner, _)) => text_of(inner),
            None => text_of(answer),
        }?;
        Some(known.accepts.contains(&said))
    }

    /// Whether a value's type decides whether the message is accepted.
    fn is_answer(&self, value: &Value) -> bool {
        if let Kind::Tuple(parts) = &value.kind {
            return parts.iter().any(|part| self.is_answer(part));
        }
        let known = self.client_path(&value.ty).and_then(|path| self.catalog.ty(&path));
        known.is_some_and(|known| known.gives_back.is_some() || !known.accepts.is_empty())
    }
}

/// The expression whose value a body gives, if what stands before it only names things.
fn last_of(body: &Expr) -> Option<&Expr> {
    match &body.kind {
        ExprKind::Await(inner) => last_of(inner),
        ExprKind::Block { label: None, block } | ExprKind::Async(block) => tail_of(block),
        _ => Some(body),
    }
}

fn tail_of(block: &Block) -> Option<&Expr> {
    let (last, names) = block.statements.split_last()?;
    let only_names = names
        .iter()
        .all(|statement| matches!(statement, Stmt::Let { otherwise: None, .. }));
    match last {
        Stmt::Tail(tail) if only_names => last_of(tail),
        _ => None,
    }
}
