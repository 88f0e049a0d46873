//! Control: branches, matches, loops, `select!`.

mod conditions;
mod loops;

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use super::expr::place_of;
use super::names::LastUses;
use super::pattern::{self, Fit};
use super::state::{Flowing, State, merge, merge_values};
use super::value::{Kind, Origin, RANGE_FIRST, RANGE_LAST, Value};
use super::{Jump, LoopFrame, Lowering};
use crate::flow::{CondKind, Outcome, Step, TxId};
use crate::resolve::Ty;
use crate::source::hir::{Arm, Block, Expr, ExprKind, Pat, SelectArm, Stmt};
use crate::span::Span;

/// With more arms than this a `select!` is not followed through every order in which they may drop out.
const MAX_SELECT_ARMS: usize = 2;

/// A loop is entered with at most so many different states of its variables; then they are joined.
const MAX_HEADS: usize = 6;

/// What decides whether a loop goes round again.
#[derive(Clone, Copy)]
pub(super) enum Round<'a> {
    Always,
    While(&'a Expr),
    /// As `While`, where the condition is known to hold the first time.
    Until(&'a Expr),
    Count(Count<'a>),
    /// What a synchronous stream of messages (at this place) gives.
    Stream(&'a Pat, Span),
}

/// A loop over a range that goes round at least once. How often, nobody knows; but what its last number is, if that is given.
#[derive(Clone, Copy)]
pub(super) struct Count<'a> {
    pat: &'a Pat,
    /// Where the range stands.
    at: Span,
    last: Option<i128>,
}

/// A loop that is being followed.
pub(in crate::lower) struct LoopRun<'a> {
    label: Option<SmolStr>,
    round: Round<'a>,
    body: &'a Block,
    at: Span,
    /// How many variables there are outside it.
    depth: usize,
    /// The transactions that were open before.
    entry_open: BTreeSet<TxId>,
    batch: Option<Value>,
    /// How many receives there were before.
    receives: usize,
    exits: Flowing,
}

/// What is learnt by trying a loop's condition.
pub(in crate::lower) struct Tried {
    /// It does more than look: it receives, or takes a step.
    works: bool,
    /// It surely holds, and nothing has to be done to know that.
    holds: bool,
}

impl<'a> Lowering<'a> {
    // ---- blocks -------------------------------------------------------------------------------------------------------------

    /// A block in a scope of its own.
    pub(super) fn eval_block(&mut self, block: &'a Block, state: State) -> Flowing {
        let depth = state.env.len();
        let uses = self.last_uses(block);
        let mut states = vec![state];
        let mut result = Vec::new();
        for (i, statement) in block.statements.iter().enumerate() {
            let is_tail = i + 1 == block.statements.len();
            let mut next = Vec::new();
            for state in states {
                match statement {
                    Stmt::Tail(expr) if is_tail => result.extend(self.eval_tail(block, expr, state)),
                    Stmt::Tail(expr) | Stmt::Expr(expr) => next.extend(self.eval_statement(expr, state)),
                    Stmt::Let {
                        pat,
                        ty,
                        init,
                        otherwise,
                    } => {
                        let bound = self.eval_let(pat, ty.as_deref(), init.as_ref(), otherwise.as_deref(), state);
                        let unused = |name: &str| !uses.is_used_after(name, i);
                        let kept = bound
                            .into_iter()
                            .map(|state| self.abandon_unused(pat, init.as_ref(), unused, state));
                        next.extend(kept);
                    }
                    Stmt::Item(_) => next.push(state),
                }
            }
            for state in &mut next {
                forget_unused(state, depth, i, &uses);
            }
            states = merge(next);
        }
        if !matches!(block.statements.last(), Some(Stmt::Tail(_))) {
            result.extend(states.into_iter().map(|state| (state, Value::unit())));
        }
        for (state, _) in &mut result {
            state.leave_scope(depth);
        }
        merge_values(result)
    }

    /// The last expression of a block. That of a function's body is expected to be what the function returns.
    fn eval_tail(&mut self, block: &'a Block, expr: &'a Expr, state: State) -> Flowing {
        let inner = match &expr.kind {
            ExprKind::Await(inner) => inner,
            _ => expr,
        };
        let frame = self.frame();
        let body = frame.function.and_then(|f| self.index.function(f).hir.body.as_ref());
        let is_body = body.is_some_and(|body| std::ptr::eq(&raw const **body, block));
        if !is_body || self.expected.is_some() || !matches!(inner.kind, ExprKind::MethodCall { .. }) {
            return self.eval(expr, state);
        }
        let returned = self.canonical_ty(frame.returned.clone());
        self.expected = Some(returned).filter(|ty| *ty != Ty::Unknown);
        let flowing = self.eval(expr, state);
        self.expected = None;
        flowing
    }

    fn last_uses(&mut self, block: &'a Block) -> Arc<LastUses> {
        let known = self
            .last_uses
            .entry(std::ptr::from_ref(block))
            .or_insert_with(|| Arc::new(LastUses::of(block)));
        Arc::clone(known)
    }

    fn eval_statement(&mut self, expr: &'a Expr, state: State) -> Vec<State> {
        let flowing = self.eval(expr, state);
        flowing.iter().for_each(|(state, value)| self.let_go(value, state));
        let at = self.span(expr);
        let going_on = flowing.into_iter().filter(|(_, value)| value.kind != Kind::Never);
        going_on
            .map(|(state, value)| {
                let state = self.abandon(expr, &value, state);
                self.drop_failure(&value, state, at)
            })
            .collect()
    }

    fn eval_let(
        &mut self,
        pat: &'a Pat,
        ty: Option<&'a crate::source::hir::Type>,
        init: Option<&'a Expr>,
        otherwise: Option<&'a Block>,
        mut state: State,
    ) -> Vec<State> {
        let declared = ty.map(|ty| self.index.ty(&self.frame().scope, ty));
        let Some(init) = init else {
            for (name, value) in pattern::bind_all(pat, Origin::NONE) {
                state.bind(name, value.with_ty(declared.clone().unwrap_or(Ty::Unknown)));
            }
            return vec![state];
        };
        let outer = std::mem::replace(&mut self.expected, declared.clone());
        let flowing = self.eval(init, state);
        self.expected = outer;
        let mut states = Vec::new();
        for (state, value) in flowing {
            let value = self.annotated(value, declared.as_ref());
            self.bound_to(pat, &value, &state);
            let state = match pat {
                Pat::Wild => {
                    let state = self.abandon(init, &value, state);
                    self.drop_failure(&value, state, self.span(init))
                }
                _ => state,
            };
            states.extend(self.bind_let(pat, otherwise, value, state, self.span(init)));
        }
        states
    }

    fn annotated(&self, mut value: Value, declared: Option<&Ty>) -> Value {
        if let Some(ty) = declared
            && (value.ty == Ty::Unknown || matches!(value.kind, Kind::Opaque))
        {
            value.ty = self.canonical_ty(ty.clone());
        }
        value
    }

    fn bind_let(
        &mut self,
        pat: &'a Pat,
        otherwise: Option<&'a Block>,
        value: Value,
        state: State,
        at: Span,
    ) -> Vec<State> {
        let Some(otherwise) = otherwise else {
            return vec![self.bind_pat(state, pat, &value)];
        };
        let (matched, unmatched) = self.split(pat, value, state, at);
        for state in unmatched {
            let flowing = self.eval_block(otherwise, state);
            debug_assert!(flowing.iter().all(|(_, value)| value.kind == Kind::Never) || !flowing.is_empty());
        }
        matched
    }

    // ---- if, match ----------------------------------------------------------------------------------------------------------

    pub(super) fn eval_if(
        &mut self,
        cond: &'a Expr,
        then: &'a Block,
        otherwise: Option<&'a Expr>,
        state: State,
    ) -> Flowing {
        let depth = state.env.len();
        let (trues, falses) = self.decide(cond, state);
        let mut all = Vec::new();
        for state in trues {
            all.extend(self.eval_block(then, state));
        }
        for state in falses {
            match otherwise {
                Some(otherwise) => all.extend(self.eval(otherwise, state)),
                None => all.push((state, Value::unit())),
            }
        }
        scoped(all, depth)
    }

    pub(super) fn eval_match(&mut self, on: &'a Expr, arms: &'a [Arm], state: State) -> Flowing {
        let at = self.span(on);
        self.eval_then(on, state, |this, state, value| {
            let pats: Vec<&Pat> = arms.iter().map(|arm| &arm.pat).collect();
            if !pats.iter().all(|pat| pattern::irrefutable(pat)) {
                this.look_at(&value, true);
            }
            let exploded = this.explode(value, &pats, state, at);
            let mut all = Vec::new();
            for (state, value) in exploded {
                all.extend(this.eval_arms(arms, &value, state, at));
            }
            merge_values(all)
        })
    }

    fn eval_arms(&mut self, arms: &'a [Arm], value: &Value, state: State, at: Span) -> Flowing {
        let depth = state.env.len();
        let mut left = vec![state];
        let mut all = Vec::new();
        for (i, arm) in arms.iter().enumerate() {
            let is_last = !arms[i + 1..]
                .iter()
                .any(|later| pattern::fit(&later.pat, value) != Fit::No);
            let mut next = Vec::new();
            for state in left {
                let (entered, passed) = self.enter_arm((i, arm), value, state, at, is_last);
                for state in entered {
                    all.extend(self.eval(&arm.body, state));
                }
                next.extend(passed);
            }
            for state in &mut next {
                state.leave_scope(depth);
            }
            left = merge(next);
            if left.is_empty() {
                break;
            }
        }
        scoped(all, depth)
    }

    fn enter_arm(
        &mut self,
        (i, arm): (usize, &'a Arm),
        value: &Value,
        state: State,
        at: Span,
        is_last: bool,
    ) -> (Vec<State>, Vec<State>) {
        let (candidate, mut passed) = match pattern::fit(&arm.pat, value) {
            Fit::No => return (Vec::new(), vec![state]),
            Fit::Yes(bindings) => (bound(state, bindings), Vec::new()),
            Fit::Maybe(bindings) if is_last => (bound(state, bindings), Vec::new()),
            Fit::Maybe(bindings) => {
                let cases = self.branch_on(&state, kind_of(value.origin), at, &format!("arm {i}"), 2);
                (bound(cases[0].clone(), bindings), vec![cases[1].clone()])
            }
        };
        let Some(guard) = &arm.guard else {
            return (vec![candidate], passed);
        };
        let (trues, falses) = self.decide(guard, candidate);
        passed.extend(falses);
        (trues, passed)
    }

    // ---- jumps --------------------------------------------------------------------------------------------------------------

    pub(super) fn eval_break(
        &mut self,
        label: Option<&SmolStr>,
        value: Option<&'a Expr>,
        at: Span,
        state: State,
    ) -> Flowing {
        let flowing = match value {
            Some(value) => self.eval(value, state),
            None => vec![(state, Value::unit())],
        };
        let leaves = self.leaves_receiving(label);
        for (state, value) in flowing {
            let state = if leaves {
                self.pass_mark(&state, at, "break")
            } else {
                state
            };
            self.jump(Jump::Break, label, state, value);
        }
        Vec::new()
    }

    pub(super) fn eval_continue(&mut self, label: Option<&SmolStr>, at: Span, state: State) -> Flowing {
        let state = self.leave_mark(state, at, "continue");
        self.jump(Jump::Continue, label, state, Value::unit());
        Vec::new()
    }

    pub(super) fn eval_return(&mut self, value: Option<&'a Expr>, at: Span, state: State) -> Flowing {
        let flowing = match value {
            Some(value) => self.eval(value, state),
            None => vec![(state, Value::unit())],
        };
        for (state, value) in flowing {
            if value.kind != Kind::Never {
                let state = self.leave_mark(state, at, "return");
                self.leave(state, value);
            }
        }
        Vec::new()
    }

    /// A failure that nobody looks at any more. That of an ack is none of the message.
    pub(super) fn drop_failure(&mut self, value: &Value, state: State, at: Span) -> State {
        let settles = |dangling: &super::graph::Dangling| {
            let step = &self.graph.nodes[dangling.from.0 as usize].step;
            matches!(step, Step::Ack(_) | Step::Nack { .. } | Step::Rewind)
        };
        match value.variant_name() {
            Some("Err") if !state.at.iter().all(settles) => self.leave_mark(state, at, "dropped"),
            _ => state,
        }
    }

    /// A node that stands for the place where a path leaves its message.
    fn leave_mark(&mut self, state: State, at: Span, text: &str) -> State {
        if state.holding {
            self.pass_mark(&state, at, text)
        } else {
            state
        }
    }

    fn pass_mark(&mut self, state: &State, at: Span, text: &str) -> State {
        let mut site = self.site(at);
        site.text = text.into();
        let node = self.graph.emit(state, Step::Pass, Some(site));
        state.after(node, Outcome::Then)
    }

    /// Whether a `break` ends a loop that receives.
    fn leaves_receiving(&mut self, label: Option<&SmolStr>) -> bool {
        let receives = self.receives;
        self.target_of(label)
            .is_some_and(|frame| !frame.is_block && frame.receives != receives)
    }

    pub(super) fn eval_labelled(&mut self, label: Option<&SmolStr>, block: &'a Block, state: State) -> Flowing {
        let Some(label) = label else {
            return self.eval_block(block, state);
        };
        let depth = state.env.len();
        self.frame_mut().loops.push(LoopFrame::block(label.clone()));
        let mut all = self.eval_block(block, state);
        let frame = self.frame_mut().loops.pop();
        all.extend(frame.into_iter().flat_map(|frame| frame.breaks));
        scoped(all, depth)
    }
}

/// Why an opaque value may turn out to be a failure (or nothing): the message is malformed, or what was asked for is not there.
fn failure_kind(value: &Value, failing: bool) -> CondKind {
    match kind_of(value.origin) {
        // What was stored is what it is.
        CondKind::Store if failing && value.origin.has(Origin::DECODED) => CondKind::Fixed,
        CondKind::Fixed if failing && value.origin.has(Origin::MESSAGE) => CondKind::Malformed,
        kind => kind,
    }
}

/// The two ways out of an opaque step, where nothing has happened since.
fn outcome_edges(value: &Value, state: &State) -> Option<(State, State)> {
    let Kind::Unseen(unseen) = &value.kind else { return None };
    let node = unseen.node?;
    match state.at.as_slice() {
        [only] if only.from == node && only.when == Outcome::Ok => {
            Some((state.clone(), state.after(node, Outcome::Err)))
        }
        _ => None,
    }
}

/// How a condition behaves that depends on such a value.
pub(super) fn kind_of(origin: Origin) -> CondKind {
    if origin.has(Origin::COUNTER) || origin.has(Origin::FRESH) {
        CondKind::Free
    } else if origin.has(Origin::STORE) {
        CondKind::Store
    } else {
        CondKind::Fixed
    }
}

/// A variable that was asked for its truth is known from here on.
fn remember(asked: &Expr, states: &mut [State], answer: &Value) {
    if let Some(place) = place_of(asked).filter(|place| place.fields.is_empty()) {
        states.iter_mut().for_each(|state| state.write(&place, answer.clone()));
    }
}

/// With these variables.
pub(super) fn bound(mut state: State, bindings: pattern::Bindings) -> State {
    for (name, value) in bindings {
        state.bind(name, value);
    }
    state
}

/// Leaves a scope: variables beyond `depth` are gone.
fn scoped(mut flowing: Flowing, depth: usize) -> Flowing {
    for (state, _) in &mut flowing {
        state.leave_scope(depth);
    }
    flowing.retain(|(_, value)| value.kind != Kind::Never);
    merge_values(flowing)
}

/// Numbers that the loop changes are not known inside it, so that a counter does not unroll it.
fn havoc(mut state: State, body: &Block) -> State {
    for (name, value) in state.env.iter_mut() {
        if matches!(value.kind, Kind::Int(_)) && super::names::assigned_in(name, body) {
            *value = Value::opaque(value.ty.clone(), value.origin.with(Origin::COUNTER));
        }
    }
    state
}

/// Whether an arm of `select!` may be out: its pattern need not match, or it is not always waited for.
fn may_drop_out(arm: &SelectArm) -> bool {
    arm.guard.is_some() || !pattern::irrefutable(&arm.pat)
}

/// The first and the last number of a range, where they are known.
fn ends_of(range: &Value) -> (Option<i128>, Option<i128>) {
    let end = |name: &str| match range.prop(name)?.0.kind {
        Kind::Int(known) => Some(known),
        _ => None,
    };
    (end(RANGE_FIRST), end(RANGE_LAST))
}

/// Whether something in a loop's body depends on which time it is.
fn decides(pat: &Pat, body: &Block) -> bool {
    let names = pattern::bind_all(pat, Origin::NONE);
    names.iter().any(|(name, _)| super::names::compared_in(name, body))
}

/// Variables of this block that no later statement mentions decide nothing any more; but a transaction lives until the block ends.
fn forget_unused(state: &mut State, depth: usize, i: usize, uses: &LastUses) {
    let mut at = 0;
    state.env.retain(|(name, value)| {
        at += 1;
        at <= depth || uses.is_used_after(name, i) || value.any(&|value| matches!(value.kind, Kind::Tx(_)))
    });
}
