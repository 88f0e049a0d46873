//! Control: branches, matches, loops, `select!`.

use std::collections::BTreeSet;
use std::rc::Rc;

use smol_str::SmolStr;

use super::expr::place_of;
use super::names::LastUses;
use super::pattern::{self, Fit};
use super::state::{Flowing, State, merge, merge_values};
use super::value::{Kind, Origin, RANGE_FIRST, RANGE_LAST, Value, index_name};
use super::{Jump, LoopFrame, Lowering};
use crate::flow::{CondKind, Known, Outcome, Step, TxId};
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
    /// The messages of a batch.
    Messages(&'a Pat),
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
struct LoopRun<'a> {
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
struct Tried {
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
                    Stmt::Tail(expr) if is_tail => result.extend(self.eval(expr, state)),
                    Stmt::Tail(expr) | Stmt::Expr(expr) => next.extend(self.eval_statement(expr, state)),
                    Stmt::Let {
                        pat,
                        ty,
                        init,
                        otherwise,
                    } => {
                        next.extend(self.eval_let(pat, ty.as_ref(), init.as_ref(), otherwise.as_ref(), state));
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
            state.env.truncate(depth);
        }
        merge_values(result)
    }

    fn last_uses(&mut self, block: &'a Block) -> Rc<LastUses> {
        let known = self
            .last_uses
            .entry(std::ptr::from_ref(block))
            .or_insert_with(|| Rc::new(LastUses::of(block)));
        Rc::clone(known)
    }

    fn eval_statement(&mut self, expr: &'a Expr, state: State) -> Vec<State> {
        let flowing = self.eval(expr, state);
        flowing
            .into_iter()
            .filter(|(_, value)| value.kind != Kind::Never)
            .map(|(state, _)| state)
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
            let mut state = state;
            if let Fit::Yes(bindings) | Fit::Maybe(bindings) = pattern::fit(pat, &value) {
                state.env.extend(bindings);
            }
            return vec![state];
        };
        let (matched, unmatched) = self.split(pat, value, state, at);
        for state in unmatched {
            let flowing = self.eval_block(otherwise, state);
            debug_assert!(flowing.iter().all(|(_, value)| value.kind == Kind::Never) || !flowing.is_empty());
        }
        matched
    }

    // ---- conditions ---------------------------------------------------------------------------------------------------------

    /// The states in which a condition holds, with what its patterns bind, and those in which it does not.
    pub(super) fn decide(&mut self, cond: &'a Expr, state: State) -> (Vec<State>, Vec<State>) {
        match &cond.kind {
            ExprKind::Binary { op, left, right } if op == "&&" => {
                let (trues, mut falses) = self.decide(left, state);
                let (both, not) = self.decide_all(right, trues);
                falses.extend(not);
                (both, merge(falses))
            }
            ExprKind::Binary { op, left, right } if op == "||" => {
                let (mut trues, falses) = self.decide(left, state);
                let (more, neither) = self.decide_all(right, falses);
                trues.extend(more);
                (merge(trues), neither)
            }
            ExprKind::Not(inner) => {
                let (trues, falses) = self.decide(inner, state);
                (falses, trues)
            }
            ExprKind::Let { pat, expr } => {
                let flowing = self.eval(expr, state);
                let at = self.span(expr);
                let mut split = (Vec::new(), Vec::new());
                for (state, value) in flowing {
                    let (matched, unmatched) = self.split(pat, value, state, at);
                    split.0.extend(matched);
                    split.1.extend(unmatched);
                }
                (split.0, merge(split.1))
            }
            _ => {
                let flowing = self.eval(cond, state);
                let (mut trues, mut falses) = self.decide_values(flowing, self.span(cond));
                remember(cond, &mut trues, &Value::bool(true));
                remember(cond, &mut falses, &Value::bool(false));
                (trues, falses)
            }
        }
    }

    fn decide_all(&mut self, cond: &'a Expr, states: Vec<State>) -> (Vec<State>, Vec<State>) {
        let mut all = (Vec::new(), Vec::new());
        for state in states {
            let (trues, falses) = self.decide(cond, state);
            all.0.extend(trues);
            all.1.extend(falses);
        }
        (merge(all.0), merge(all.1))
    }

    fn decide_values(&mut self, flowing: Flowing, at: Span) -> (Vec<State>, Vec<State>) {
        let (mut trues, mut falses) = (Vec::new(), Vec::new());
        for (state, value) in flowing {
            match value.kind {
                Kind::Bool(true) => trues.push(state),
                Kind::Bool(false) => falses.push(state),
                Kind::Never => {}
                _ => {
                    let cases = self.branch(&state, kind_of(value.origin), at, 2);
                    trues.push(cases[0].clone());
                    falses.push(cases[1].clone());
                }
            }
        }
        (merge(trues), merge(falses))
    }

    /// A branch with `n` ways; the states on them.
    pub(super) fn branch(&mut self, state: &State, kind: CondKind, at: Span, n: u8) -> Vec<State> {
        self.branch_on(state, kind, at, "", n)
    }

    /// As [`Self::branch`], for one of several questions about the same place.
    fn branch_on(&mut self, state: &State, kind: CondKind, at: Span, which: &str, n: u8) -> Vec<State> {
        let site = self.site(at);
        let on = self.graph.condition(kind, &site, which);
        let node = self.graph.emit(state, Step::Branch { on }, Some(site));
        (0..n).map(|case| state.after(node, Outcome::Case(case))).collect()
    }

    /// The states in which `pat` matches, with its bindings, and those in which it does not.
    fn split(&mut self, pat: &'a Pat, value: Value, state: State, at: Span) -> (Vec<State>, Vec<State>) {
        let (mut matched, mut unmatched) = (Vec::new(), Vec::new());
        for (state, value) in self.explode(value, &[pat], state, at) {
            match pattern::fit(pat, &value) {
                Fit::Yes(bindings) => matched.push(bound(state, bindings)),
                Fit::No => unmatched.push(state),
                Fit::Maybe(bindings) => {
                    let cases = self.branch(&state, kind_of(value.origin), at, 2);
                    matched.push(bound(cases[0].clone(), bindings));
                    unmatched.push(cases[1].clone());
                }
            }
        }
        (matched, merge(unmatched))
    }

    /// An opaque value becomes one of the variants that `pats` ask about (a branch), or something else.
    pub(super) fn explode(&mut self, value: Value, pats: &[&Pat], state: State, at: Span) -> Flowing {
        let asked = pattern::asked(pats);
        if asked.is_empty() {
            return vec![(state, value)];
        }
        if let Kind::Future(_) = value.kind {
            let forced = self.force(value, state);
            return self.each(forced, |this, state, value| this.explode(value, pats, state, at));
        }
        if value.variant_name().is_some() {
            return self.explode_payloads(value, &asked, state, at);
        }
        if !matches!(value.kind, Kind::Opaque | Kind::Unseen(_)) {
            return vec![(state, value)];
        }
        if asked.iter().any(|(name, _)| matches!(name.as_str(), "Ok" | "Err"))
            && outcome_edges(&value, &state).is_some()
        {
            let mut all = Vec::new();
            for (state, value) in self.explode_fallible(value, state, at) {
                all.extend(self.explode_payloads(value, &asked, state, at));
            }
            return all;
        }
        let variants = self.variants_for(&value, &asked);
        let failing = variants
            .iter()
            .any(|variant| matches!(variant.variant_name(), Some("Err" | "None")));
        let kind = failure_kind(&value, failing);
        let which: Vec<&str> = variants.iter().filter_map(Value::variant_name).collect();
        let cases = self.branch_on(&state, kind, at, &which.join("|"), variants.len() as u8);
        let mut all = Vec::new();
        for (case, variant) in cases.into_iter().zip(variants) {
            all.extend(self.explode_payloads(variant, &asked, case, at));
        }
        all
    }

    fn explode_payloads(
        &mut self,
        value: Value,
        asked: &[(SmolStr, Vec<Vec<&Pat>>)],
        state: State,
        at: Span,
    ) -> Flowing {
        let Kind::Variant { name, fields } = &value.kind else {
            return vec![(state, value)];
        };
        let Some((_, inners)) = asked.iter().find(|(known, _)| known == name) else {
            return vec![(state, value)];
        };
        let [(field, payload)] = fields.as_slice() else {
            return vec![(state, value)];
        };
        let pats: Vec<&Pat> = inners.iter().filter_map(|inner| inner.first().copied()).collect();
        let (name, field, payload) = (name.clone(), field.clone(), payload.clone());
        let exploded = self.explode(payload, &pats, state, at);
        exploded
            .into_iter()
            .map(|(state, payload)| {
                let mut rebuilt = value.clone();
                rebuilt.kind = Kind::Variant {
                    name: name.clone(),
                    fields: vec![(field.clone(), payload)],
                };
                (state, rebuilt)
            })
            .collect()
    }

    /// The variants that an opaque value may turn out to be.
    fn variants_for(&self, value: &Value, asked: &[(SmolStr, Vec<Vec<&Pat>>)]) -> Vec<Value> {
        let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
        if names.iter().any(|name| matches!(*name, "Ok" | "Err")) {
            return self.result_variants(value);
        }
        if names.iter().any(|name| matches!(*name, "Some" | "None")) {
            return self.option_variants(value);
        }
        let known = self.enum_variants(&value.ty);
        let mut variants: Vec<Value> = if known.is_empty() {
            names.iter().map(|name| self.variant_of(value, name)).collect()
        } else {
            known.iter().map(|name| self.variant_of(value, name)).collect()
        };
        if known.is_empty() {
            let other = Kind::Variant {
                name: "_".into(),
                fields: Vec::new(),
            };
            variants.push(Value::new(other, value.ty.clone(), value.origin));
        }
        variants
    }

    fn variant_of(&self, value: &Value, name: &str) -> Value {
        let fields = self
            .index
            .variant(&value.ty, name)
            .map(|info| info.fields)
            .unwrap_or_default();
        let fields: Vec<_> = fields
            .into_iter()
            .map(|(field, ty)| (field, self.typed(ty, value.origin)))
            .collect();
        let fields = if fields.is_empty() {
            vec![(index_name(0), Value::opaque(Ty::Unknown, value.origin))]
        } else {
            fields
        };
        Value::new(
            Kind::Variant {
                name: name.into(),
                fields,
            },
            value.ty.clone(),
            value.origin,
        )
    }

    /// `Ok` and `Err` of an opaque result.
    pub(super) fn result_variants(&self, value: &Value) -> Vec<Value> {
        let inside = self.type_argument(&value.ty, 0);
        let error = self.type_argument(&value.ty, 1);
        let err = Value::opaque(error, value.origin.with(Origin::ERROR));
        vec![Value::ok(self.typed(inside, value.origin)), Value::err(err)]
    }

    /// `Some` and `None` of an opaque option.
    pub(super) fn option_variants(&self, value: &Value) -> Vec<Value> {
        let inside = self.type_argument(&value.ty, 0);
        let mut none = Value::none();
        none.origin = value.origin;
        vec![Value::some(self.typed(inside, value.origin)), none]
    }

    /// An opaque `Result` or `Option` (by its type; `Result` if that is unknown) becomes its two variants. Before a message is at hand
    /// failures are not interesting: they end the unit before it begins.
    pub(super) fn explode_fallible(&mut self, value: Value, state: State, at: Span) -> Flowing {
        if value.variant_name().is_some() {
            return vec![(state, value)];
        }
        if let Kind::Future(_) = value.kind {
            let forced = self.force(value, state);
            return self.each(forced, |this, state, value| this.explode_fallible(value, state, at));
        }
        if let Some((done, failed)) = outcome_edges(&value, &state) {
            let mut variants = self.result_variants(&Value::opaque(value.ty, value.origin)).into_iter();
            return [done, failed].into_iter().zip(variants.by_ref()).collect();
        }
        let is_option = self.is_option(&value.ty);
        let mut variants = if is_option {
            self.option_variants(&value)
        } else {
            self.result_variants(&value)
        };
        if !state.holding {
            variants.truncate(1);
            return vec![(state, variants.remove(0))];
        }
        let kind = failure_kind(&value, true);
        let which = if is_option { "Some|None" } else { "Ok|Err" };
        let cases = self.branch_on(&state, kind, at, which, 2);
        cases.into_iter().zip(variants).collect()
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
                state.env.truncate(depth);
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

    pub(super) fn eval_return(&mut self, value: Option<&'a Expr>, state: State) -> Flowing {
        let flowing = match value {
            Some(value) => self.eval(value, state),
            None => vec![(state, Value::unit())],
        };
        for (state, value) in flowing {
            if value.kind != Kind::Never {
                self.leave(state, value);
            }
        }
        Vec::new()
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

    // ---- loops --------------------------------------------------------------------------------------------------------------

    pub(super) fn eval_loop(&mut self, label: Option<&SmolStr>, body: &'a Block, at: Span, state: State) -> Flowing {
        self.run_loop(label, Round::Always, body, at, state)
    }

    pub(super) fn eval_while(
        &mut self,
        label: Option<&SmolStr>,
        cond: &'a Expr,
        body: &'a Block,
        at: Span,
        state: State,
    ) -> Flowing {
        let tried = self.try_condition(cond, &state);
        if matches!(cond.kind, ExprKind::Let { .. }) && !tried.works {
            return self.run_once(label, cond, body, state);
        }
        let round = if tried.holds {
            Round::Until(cond)
        } else {
            Round::While(cond)
        };
        self.run_loop(label, round, body, at, state)
    }

    /// What a condition does, tried and undone.
    fn try_condition(&mut self, cond: &'a Expr, state: &State) -> Tried {
        let (mark, receives, draft) = (self.graph.mark(), self.receives, self.draft.clone());
        let head = self.graph.emit(state, Step::Pass, None);
        let returned = self.frame().returns.len();
        let (trues, falses) = self.decide(cond, state.after(head, Outcome::Then));
        let returns = self.frame_mut().returns.split_off(returned);
        let emitted = self.graph.since(mark);
        let works = self.receives != receives
            || emitted
                .iter()
                .any(|node| !matches!(node.step, Step::Pass | Step::Branch { .. }));
        let holds = emitted.len() == 1 && !trues.is_empty() && falses.is_empty() && returns.is_empty();
        self.graph.undo(mark);
        self.receives = receives;
        self.draft = draft;
        Tried { works, holds }
    }

    /// `while let` over data: the body runs for one element, or not at all.
    fn run_once(&mut self, label: Option<&SmolStr>, cond: &'a Expr, body: &'a Block, state: State) -> Flowing {
        let depth = state.env.len();
        let (trues, falses) = self.decide(cond, state);
        let mut all: Flowing = falses.into_iter().map(|state| (state, Value::unit())).collect();
        for state in trues {
            all.extend(self.once(label, body, state));
        }
        scoped(all, depth)
    }

    /// The body of a loop, once; `break` and `continue` both end it.
    fn once(&mut self, label: Option<&SmolStr>, body: &'a Block, state: State) -> Flowing {
        let receives = self.receives;
        self.frame_mut().loops.push(LoopFrame::new(label.cloned(), receives));
        let mut all = self.eval_block(body, state);
        if let Some(frame) = self.frame_mut().loops.pop() {
            all.extend(frame.breaks);
            all.extend(frame.continues.into_iter().map(|state| (state, Value::unit())));
        }
        all
    }

    pub(super) fn eval_for(
        &mut self,
        label: Option<&SmolStr>,
        pat: &'a Pat,
        iter: &'a Expr,
        body: &'a Block,
        at: Span,
        state: State,
    ) -> Flowing {
        self.eval_then(iter, state, |this, state, value| {
            if this.is_batch(&value) {
                let element = this.element_of(&value);
                this.batch = Some(element);
                return this.run_loop(label, Round::Messages(pat), body, at, state);
            }
            if this.is_message_stream(&value) {
                this.batch = Some(value);
                return this.run_loop(label, Round::Stream(pat, this.span(iter)), body, at, state);
            }
            if this.is_count(&value) {
                let iter = this.span(iter);
                return this.eval_count(label, (pat, &value, iter), body, at, state);
            }
            this.eval_each(label, pat, &value, body, this.span(iter), state)
        })
    }

    /// A loop over a range.
    fn eval_count(
        &mut self,
        label: Option<&SmolStr>,
        (pat, range, iter): (&'a Pat, &Value, Span),
        body: &'a Block,
        at: Span,
        state: State,
    ) -> Flowing {
        let (from, to) = ends_of(range);
        let count = Count {
            pat,
            at: iter,
            last: from.and(to),
        };
        match from.zip(to) {
            Some((from, to)) if from > to => vec![(state, Value::unit())],
            Some(_) => self.run_loop(label, Round::Count(count), body, at, state),
            None => {
                let cases = self.branch(&state, kind_of(range.origin), iter, 2);
                let mut all = self.run_loop(label, Round::Count(count), body, at, cases[0].clone());
                all.push((cases[1].clone(), Value::unit()));
                merge_values(all)
            }
        }
    }

    /// A loop over data: for one element, or for none.
    fn eval_each(
        &mut self,
        label: Option<&SmolStr>,
        pat: &'a Pat,
        items: &Value,
        body: &'a Block,
        at: Span,
        state: State,
    ) -> Flowing {
        let depth = state.env.len();
        let element = self.element_of(items);
        if items.is_known_empty() {
            return vec![(state, Value::unit())];
        }
        let surely = matches!(items.kind, Kind::List(_));
        let (some, none) = if surely {
            (state, None)
        } else {
            let cases = self.branch(&state, kind_of(items.origin), at, 2);
            (cases[0].clone(), Some(cases[1].clone()))
        };
        let entered = match pattern::fit(pat, &element) {
            Fit::Yes(bindings) | Fit::Maybe(bindings) => bound(some, bindings),
            Fit::No => some,
        };
        let mut all = self.once(label, body, entered);
        all.extend(none.map(|state| (state, Value::unit())));
        for (_, value) in &mut all {
            *value = Value::unit();
        }
        scoped(all, depth)
    }

    /// A loop with back edges. Where it surely goes round once, its head is before the body, else before the question whether it goes round.
    fn run_loop(
        &mut self,
        label: Option<&SmolStr>,
        round: Round<'a>,
        body: &'a Block,
        at: Span,
        state: State,
    ) -> Flowing {
        let depth = state.env.len();
        let (mark, receives) = (self.graph.mark(), self.receives);
        let retry = self.begin_retry(round, at);
        let mut run = LoopRun {
            label: label.cloned(),
            round,
            body,
            at,
            depth,
            entry_open: state.open.clone(),
            batch: self.batch.take(),
            receives,
            exits: Vec::new(),
        };
        self.go_round(&mut run, state);
        self.graph.retry.pop();
        if self.receives != receives || matches!(round, Round::Messages(_)) {
            for node in self.graph.since_mut(mark) {
                node.retry = node.retry.filter(|id| *id != retry);
            }
        }
        scoped(run.exits, depth)
    }

    fn begin_retry(&mut self, round: Round<'a>, at: Span) -> crate::flow::RetryId {
        let bounded = if matches!(round, Round::Count(_)) {
            Known::Yes
        } else {
            Known::Unknown
        };
        let site = self.site(at);
        let retry = self.graph.retry(&site, bounded);
        self.graph.retry.push(retry);
        retry
    }

    fn go_round(&mut self, run: &mut LoopRun<'a>, state: State) {
        let mut heads: Vec<(State, crate::flow::NodeId)> = Vec::new();
        let mut entering = vec![havoc(state, run.body)];
        while let Some(state) = entering.pop() {
            let state = if heads.len() >= MAX_HEADS {
                heads[heads.len() - 1].0.clone().widened(state)
            } else {
                state
            };
            if let Some((_, head)) = heads.iter().find(|(known, _)| known.agrees(&state)) {
                self.graph.close(&state, *head);
                continue;
            }
            if heads.len() > 2 * MAX_HEADS || self.spent() {
                self.give_up(run.at, "the loop's state cannot be followed");
                break;
            }
            let head = self.graph.emit(&state, Step::Pass, None);
            heads.push((state.clone(), head));
            for end in self.one_round(run, state.after(head, Outcome::Then)) {
                entering.extend(self.ask_again(run, havoc(end, run.body)));
            }
            entering = merge(entering);
        }
    }

    /// From the head to where the body ends.
    fn one_round(&mut self, run: &mut LoopRun<'a>, inside: State) -> Vec<State> {
        let entered = match run.round {
            Round::Always | Round::Until(_) => vec![inside],
            Round::While(cond) => self.ask(run, cond, inside),
            Round::Count(count) => {
                let counter = Value::opaque(Ty::Unknown, Origin::COUNTER);
                vec![bind_pat(inside, count.pat, &counter)]
            }
            Round::Messages(pat) => {
                let element = run.batch.clone().unwrap_or_else(Value::unknown);
                let (message, done) = self.next_of_batch(&element, inside, run.at);
                run.exits.extend(done.into_iter().map(|state| (state, Value::unit())));
                message
                    .into_iter()
                    .map(|(state, value)| bind_pat(state, pat, &value))
                    .collect()
            }
            Round::Stream(pat, at) => self.next_of_stream(run, (pat, at), inside),
        };
        self.run_body(run, entered)
    }

    fn next_of_stream(&mut self, run: &mut LoopRun<'a>, (pat, at): (&'a Pat, Span), state: State) -> Vec<State> {
        let stream = run.batch.clone().unwrap_or_else(Value::unknown);
        let mut entered = Vec::new();
        for (state, item) in self.next_message(&stream, at, state) {
            match item.variant_name() {
                Some("Some") => entered.push(bind_pat(state, pat, &item.payload())),
                _ => run.exits.push((state, Value::unit())),
            }
        }
        entered
    }

    /// The states in which a loop's condition holds; in the others the loop is left.
    fn ask(&mut self, run: &mut LoopRun<'a>, cond: &'a Expr, state: State) -> Vec<State> {
        let (trues, falses) = self.decide(cond, state);
        run.exits.extend(falses.into_iter().map(|state| (state, Value::unit())));
        trues
    }

    /// What is asked after a round, for loops whose head is before the body.
    fn ask_again(&mut self, run: &mut LoopRun<'a>, state: State) -> Vec<State> {
        match run.round {
            Round::Until(cond) => self.ask(run, cond, state),
            Round::Count(count) => {
                let cases = self.branch(&state, CondKind::Free, count.at, 2);
                let [again, done] = [cases[0].clone(), cases[1].clone()];
                match count.last.filter(|_| decides(count.pat, run.body)) {
                    // The body may ask whether this is the last time.
                    Some(last) => {
                        let state = bind_pat(done, count.pat, &Value::int(last));
                        let ends = self.run_body(run, vec![state]);
                        run.exits.extend(ends.into_iter().map(|state| (state, Value::unit())));
                    }
                    None => run.exits.push((done, Value::unit())),
                }
                vec![again]
            }
            Round::Always | Round::While(_) | Round::Messages(_) | Round::Stream(..) => vec![state],
        }
    }

    fn run_body(&mut self, run: &mut LoopRun<'a>, entered: Vec<State>) -> Vec<State> {
        self.frame_mut()
            .loops
            .push(LoopFrame::new(run.label.clone(), run.receives));
        let mut ends = Vec::new();
        for state in entered {
            ends.extend(self.eval_block(run.body, state).into_iter().map(|(state, _)| state));
        }
        if let Some(frame) = self.frame_mut().loops.pop() {
            run.exits.extend(frame.breaks);
            ends.extend(frame.continues);
        }
        let received = self.receives != run.receives;
        let ends = merge(ends).into_iter().map(|mut end| {
            end.env.truncate(run.depth);
            end.holding &= !received;
            self.roll_back(end, &run.entry_open, &Value::unit())
        });
        ends.collect()
    }

    // ---- select -------------------------------------------------------------------------------------------------------------

    pub(super) fn eval_select(
        &mut self,
        arms: &'a [SelectArm],
        otherwise: Option<&'a Expr>,
        at: Span,
        state: State,
    ) -> Flowing {
        let depth = state.env.len();
        let all: Vec<&SelectArm> = arms.iter().collect();
        // `default` of the `futures` crate needs no arm to be out.
        let any_time = otherwise.filter(|_| !arms.iter().any(may_drop_out));
        let Some(any_time) = any_time else {
            return scoped(self.select_among(&all, otherwise, at, state), depth);
        };
        let cases = self.branch_on(&state, CondKind::Free, at, "default", 2);
        let mut flowing = self.select_among(&all, otherwise, at, cases[0].clone());
        flowing.extend(self.eval(any_time, cases[1].clone()));
        scoped(flowing, depth)
    }

    /// One of several arms. An arm whose pattern does not match is out, and the others are waited for; where none is left, what is
    /// done otherwise.
    fn select_among(&mut self, arms: &[&'a SelectArm], otherwise: Option<&'a Expr>, at: Span, state: State) -> Flowing {
        if arms.is_empty() {
            return self.select_none(otherwise, at, state);
        }
        let cases = self.branch_on(
            &state,
            CondKind::Free,
            at,
            &format!("{} arms", arms.len()),
            arms.len() as u8,
        );
        let mut all = Vec::new();
        for (i, (case, arm)) in cases.iter().zip(arms).enumerate() {
            let (done, out) = self.select_arm(arm, case.clone());
            all.extend(done);
            let others: Vec<&SelectArm> = arms
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != i)
                .map(|(_, arm)| *arm)
                .collect();
            // Among many arms it is enough that one may be out at a time.
            let left = if others.len() > MAX_SELECT_ARMS {
                others.iter().copied().filter(|arm| !may_drop_out(arm)).collect()
            } else {
                others
            };
            for state in out {
                all.extend(self.select_among(&left, otherwise, at, state));
            }
        }
        merge_values(all)
    }

    fn select_none(&mut self, otherwise: Option<&'a Expr>, at: Span, state: State) -> Flowing {
        match otherwise {
            Some(otherwise) => self.eval(otherwise, state),
            None => {
                self.panic(&state, at);
                Vec::new()
            }
        }
    }

    /// What an arm does, and the states in which its pattern does not match.
    fn select_arm(&mut self, arm: &'a SelectArm, state: State) -> (Flowing, Vec<State>) {
        let at = self.span(&arm.future);
        let (mut done, mut out) = (Vec::new(), Vec::new());
        for (state, value) in self.eval(&arm.future, state) {
            for (state, value) in self.await_value(value, state, at) {
                let depth = state.env.len();
                let (matched, unmatched) = self.split(&arm.pat, value, state, at);
                for state in matched {
                    done.extend(self.eval(&arm.body, state));
                }
                for (state, _) in &mut done {
                    state.env.truncate(depth);
                }
                out.extend(unmatched);
            }
        }
        (merge_values(done), merge(out))
    }
}

/// Why an opaque value may turn out to be a failure (or nothing): the message is malformed, or what was asked for is not there.
fn failure_kind(value: &Value, failing: bool) -> CondKind {
    match kind_of(value.origin) {
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

fn bound(mut state: State, bindings: pattern::Bindings) -> State {
    state.env.extend(bindings);
    state
}

/// Binds a pattern that is known to match.
pub(super) fn bind_pat(state: State, pat: &Pat, value: &Value) -> State {
    match pattern::fit(pat, value) {
        Fit::Yes(bindings) | Fit::Maybe(bindings) => bound(state, bindings),
        Fit::No => state,
    }
}

/// Leaves a scope: variables beyond `depth` are gone.
fn scoped(mut flowing: Flowing, depth: usize) -> Flowing {
    for (state, _) in &mut flowing {
        state.env.truncate(depth);
    }
    flowing.retain(|(_, value)| value.kind != Kind::Never);
    merge_values(flowing)
}

/// Numbers that the loop changes are not known inside it, so that a counter does not unroll it.
fn havoc(mut state: State, body: &Block) -> State {
    for (name, value) in &mut state.env {
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
