//! Work that is never begun: a future that nobody awaits, a request that is built and never sent.
//!
//! Rust's futures do nothing until they are polled, and builders nothing until they are sent. Where the value of such an expression is
//! dropped on the spot, what it would have done is certain not to happen, and nobody is told.

use super::Lowering;
use super::call::future;
use super::expr::place_of;
use super::state::State;
use super::value::{Call, Future, Kind, Target, Value};
use crate::catalog::{self, Operand};
use crate::flow::{Effect, EffectId, Idempotency, Outcome, Step, Undone};
use crate::resolve::{FnId, Ty};
use crate::source::hir::{Expr, ExprKind, Pat};
use crate::span::Span;

/// Attributes that leave an `async fn` one.
const HARMLESS: [&str; 14] = [
    "allow",
    "async_recursion",
    "async_trait",
    "cfg",
    "cold",
    "deny",
    "deprecated",
    "doc",
    "expect",
    "inline",
    "instrument",
    "must_use",
    "track_caller",
    "warn",
];

impl<'a> Lowering<'a> {
    /// The value of `expr` is dropped as soon as it is made.
    pub(super) fn abandon(&mut self, expr: &Expr, value: &Value, state: State) -> State {
        if !state.holding || !makes(expr) || self.changes_variable(expr, value, &state) {
            return state;
        }
        let at = self.span(expr);
        let Some((work, how)) = self.not_begun(value, at) else {
            return state;
        };
        let Some(effect) = self.would_do(work, how, at, &state) else {
            return state;
        };
        let node = self
            .graph
            .emit(&state, Step::Effect { effect, tx: None }, Some(self.site(at)));
        state.after(node, Outcome::Ok)
    }

    /// The value of `init` is bound to a variable that nobody mentions again.
    pub(super) fn abandon_unused(
        &mut self,
        pat: &Pat,
        init: Option<&Expr>,
        unused: impl Fn(&str) -> bool,
        state: State,
    ) -> State {
        match (pat, init) {
            (Pat::Bind { name, .. }, Some(init)) if unused(name) => match state.get(name).cloned() {
                Some(value) => self.abandon(init, &value, state),
                None => state,
            },
            _ => state,
        }
    }

    /// What would have been done if somebody had awaited or sent the value; `None` where that is not certain.
    fn not_begun(&self, value: &Value, at: Span) -> Option<(Value, Undone)> {
        match &value.kind {
            Kind::Future(future) => self.surely_waits(future).then(|| (value.clone(), Undone::NeverAwaited)),
            Kind::Variant { fields, .. } => match &fields[..] {
                [(_, only)] if matches!(only.kind, Kind::Future(_)) => self.not_begun(only, at),
                _ => None,
            },
            Kind::Api(_) | Kind::Opaque => self.not_sent(value, at),
            _ => None,
        }
    }

    /// Whether it is certain that a future has done nothing yet.
    fn surely_waits(&self, future: &Future) -> bool {
        let waits = |value: &Value| matches!(&value.kind, Kind::Future(future) if self.surely_waits(future));
        match future {
            // A method of something of which nothing is known may be another one of that name, which acts at once.
            Future::Call(call) if call.recv.as_ref().is_some_and(|recv| recv.ty == Ty::Unknown) => false,
            Future::Call(call) => match &call.target {
                Target::Workspace(fns) => fns.iter().all(|f| self.stays_async(*f)),
                Target::Closure(_) | Target::Api(_) => true,
            },
            Future::Block { .. } | Future::Apply { .. } => true,
            Future::All { futures, .. } => futures.iter().all(waits),
            Future::Then { inner, .. } | Future::Limited { inner, .. } => waits(inner),
            Future::Pull { .. } | Future::Take { .. } => false,
        }
    }

    /// Whether no attribute may make something else of an `async fn` (`#[tokio::main]` runs it at the call).
    fn stays_async(&self, f: FnId) -> bool {
        let attrs = &self.index.function(f).hir.attrs;
        let name = |path: &'a str| path.rsplit("::").next().unwrap_or(path);
        attrs.iter().all(|attr| HARMLESS.contains(&name(&attr.path)))
    }

    /// A builder of which the catalog knows what it comes to, by its own properties alone.
    fn not_sent(&self, value: &Value, at: Span) -> Option<(Value, Undone)> {
        let path = self.client_path(&value.ty)?;
        let known = self.catalog.ty(&path)?;
        if known.awaits.is_some() {
            return Some((value.clone(), Undone::NeverAwaited));
        }
        let send = known.builder.then(|| self.catalog.only_action(&path)).flatten();
        let send = send.filter(|call| is_of_receiver(call))?;
        Some((sending(send, value, at), Undone::NeverSent))
    }

    /// `let mut cmd = …; cmd.arg(…);`: a builder that is changed where it is kept.
    fn changes_variable(&self, expr: &Expr, value: &Value, state: &State) -> bool {
        let mut root = expr;
        while let ExprKind::MethodCall { recv, .. } = &root.kind {
            root = recv;
        }
        let kept = place_of(root).and_then(|place| state.read(&place));
        kept.is_some_and(|kept| kept.ty == value.ty && !matches!(value.kind, Kind::Future(_)))
    }

    /// The first effect of work that is never begun, as one that never happens.
    fn would_do(&mut self, work: Value, how: Undone, at: Span, state: &State) -> Option<EffectId> {
        let found = self.rehearse_work(work, at, state)?;
        let effect = Effect {
            idempotency: Idempotency::Idempotent,
            why: "it is never done".into(),
            confirmed: false,
            undone: Some(how),
            unconfirmed_by: None,
            ..self.graph.effects[found.0 as usize].clone()
        };
        let mut site = self.site(at);
        // What is awaited elsewhere is another effect.
        site.via.push(at);
        Some(self.graph.effect(|| effect, &site))
    }

    /// Follows the work aside, and leaves nothing of it.
    fn rehearse_work(&mut self, work: Value, at: Span, state: &State) -> Option<EffectId> {
        let mark = self.graph.mark();
        let (receives, unknown) = (self.receives, self.unknown.len());
        let (assumptions, escaped) = (self.assumptions.clone(), self.escaped);
        self.await_value(work, state.clone(), at);
        let effects = self.graph.since(mark).iter().filter_map(|node| match node.step {
            Step::Effect { effect, .. } => Some(effect),
            Step::Mark { effect, .. } => effect,
            _ => None,
        });
        let first = effects.take(1).next();
        let is_own = self.receives == receives && self.unknown.len() == unknown;
        self.graph.undo(mark);
        self.unknown.truncate(unknown);
        (self.receives, self.assumptions, self.escaped) = (receives, assumptions, escaped);
        first.filter(|_| is_own)
    }
}

/// Whether an expression makes its value: naming a variable drops nothing.
fn makes(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Call { .. } | ExprKind::MethodCall { .. } | ExprKind::Async(_)
    )
}

/// Whether what a call does is told by the properties of its receiver.
fn is_of_receiver(call: &catalog::Call) -> bool {
    let operands = call.facts.operands();
    let is_own = |operand: &&Operand| *operand.root() == Operand::Recv;
    operands.iter().any(|(_, operand)| matches!(operand, Operand::Prop(..)))
        && operands.iter().all(|(_, operand)| is_own(operand))
}

/// The call that sends a builder.
fn sending(call: &catalog::Call, builder: &Value, at: Span) -> Value {
    future(Future::Call(Call {
        target: Target::Api(call.path.clone()),
        recv: Some(builder.clone()),
        args: Vec::new(),
        at,
        label: at,
        places: Vec::new(),
        expected: None,
    }))
}
