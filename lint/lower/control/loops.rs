//! Loops: receive loops, retries, loops over data.

use super::*;
use crate::flow::{CondKind, Known, Outcome, Step};
use crate::lower::pattern::{self, Fit};
use crate::lower::state::{Flowing, State, merge, merge_values};
use crate::lower::value::{Kind, Origin, Value};
use crate::lower::{LoopFrame, Lowering};
use crate::resolve::Ty;
use crate::source::hir::{Block, Expr, ExprKind, Pat, SelectArm};
use crate::span::Span;
use smol_str::SmolStr;

impl<'a> Lowering<'a> {
    pub(in crate::lower) fn eval_loop(
        &mut self,
        label: Option<&SmolStr>,
        body: &'a Block,
        at: Span,
        state: State,
    ) -> Flowing {
        self.run_loop(label, Round::Always, body, at, state)
    }

    pub(in crate::lower) fn eval_while(
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
    pub(in crate::lower) fn try_condition(&mut self, cond: &'a Expr, state: &State) -> Tried {
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
    pub(in crate::lower) fn run_once(
        &mut self,
        label: Option<&SmolStr>,
        cond: &'a Expr,
        body: &'a Block,
        state: State,
    ) -> Flowing {
        let depth = state.env.len();
        let (trues, falses) = self.decide(cond, state);
        let mut all: Flowing = falses.into_iter().map(|state| (state, Value::unit())).collect();
        for state in trues {
            all.extend(self.once(label, body, state));
        }
        scoped(all, depth)
    }

    /// The body of a loop, once; `break` and `continue` both end it.
    pub(in crate::lower) fn once(&mut self, label: Option<&SmolStr>, body: &'a Block, state: State) -> Flowing {
        let receives = self.receives;
        self.frame_mut().loops.push(LoopFrame::new(label.cloned(), receives));
        let mut all = self.eval_block(body, state);
        if let Some(frame) = self.frame_mut().loops.pop() {
            all.extend(frame.breaks);
            all.extend(frame.continues.into_iter().map(|state| (state, Value::unit())));
        }
        all
    }

    pub(in crate::lower) fn eval_for(
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
                let message = this.element_of(&value).with_origin(Origin::MESSAGE);
                let entered = this.bind_pat(state, pat, &message);
                return this.once(label, body, entered);
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
    pub(in crate::lower) fn eval_count(
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
    pub(in crate::lower) fn eval_each(
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
        let surely = matches!(items.kind, Kind::List(_) | Kind::Array { .. });
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
    pub(in crate::lower) fn run_loop(
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
        if self.receives != receives {
            for node in self.graph.since_mut(mark) {
                node.retry = node.retry.filter(|id| *id != retry);
            }
        }
        scoped(run.exits, depth)
    }

    pub(in crate::lower) fn begin_retry(&mut self, round: Round<'a>, at: Span) -> crate::flow::RetryId {
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

    pub(in crate::lower) fn go_round(&mut self, run: &mut LoopRun<'a>, state: State) {
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
    pub(in crate::lower) fn one_round(&mut self, run: &mut LoopRun<'a>, inside: State) -> Vec<State> {
        let entered = match run.round {
            Round::Always | Round::Until(_) => vec![inside],
            Round::While(cond) => self.ask(run, cond, inside),
            Round::Count(count) => {
                let counter = Value::opaque(Ty::Unknown, Origin::COUNTER);
                vec![self.bind_pat(inside, count.pat, &counter)]
            }
            Round::Stream(pat, at) => self.next_of_stream(run, (pat, at), inside),
        };
        self.run_body(run, entered)
    }

    pub(in crate::lower) fn next_of_stream(
        &mut self,
        run: &mut LoopRun<'a>,
        (pat, at): (&'a Pat, Span),
        state: State,
    ) -> Vec<State> {
        let stream = run.batch.clone().unwrap_or_else(Value::unknown);
        let mut entered = Vec::new();
        for (state, item) in self.next_message(&stream, at, state) {
            match item.variant_name() {
                Some("Some") => entered.push(self.bind_pat(state, pat, &item.payload())),
                _ => run.exits.push((state, Value::unit())),
            }
        }
        entered
    }

    /// The states in which a loop's condition holds; in the others the loop is left.
    pub(in crate::lower) fn ask(&mut self, run: &mut LoopRun<'a>, cond: &'a Expr, state: State) -> Vec<State> {
        let (trues, falses) = self.decide(cond, state);
        run.exits.extend(falses.into_iter().map(|state| (state, Value::unit())));
        trues
    }

    /// What is asked after a round, for loops whose head is before the body.
    pub(in crate::lower) fn ask_again(&mut self, run: &mut LoopRun<'a>, state: State) -> Vec<State> {
        match run.round {
            Round::Until(cond) => self.ask(run, cond, state),
            Round::Count(count) => {
                let cases = self.branch(&state, CondKind::Free, count.at, 2);
                let [again, done] = [cases[0].clone(), cases[1].clone()];
                match count.last.filter(|_| decides(count.pat, run.body)) {
                    // The body may ask whether this is the last time.
                    Some(last) => {
                        let state = self.bind_pat(done, count.pat, &Value::int(last));
                        let ends = self.run_body(run, vec![state]);
                        run.exits.extend(ends.into_iter().map(|state| (state, Value::unit())));
                    }
                    None => run.exits.push((done, Value::unit())),
                }
                vec![again]
            }
            Round::Always | Round::While(_) | Round::Stream(..) => vec![state],
        }
    }

    pub(in crate::lower) fn run_body(&mut self, run: &mut LoopRun<'a>, entered: Vec<State>) -> Vec<State> {
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
            end.leave_scope(run.depth);
            end.holding &= !received;
            self.roll_back(end, &run.entry_open, &Value::unit())
        });
        ends.collect()
    }

    pub(in crate::lower) fn eval_select(
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
    pub(in crate::lower) fn select_among(
        &mut self,
        arms: &[&'a SelectArm],
        otherwise: Option<&'a Expr>,
        at: Span,
        state: State,
    ) -> Flowing {
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

    pub(in crate::lower) fn select_none(&mut self, otherwise: Option<&'a Expr>, at: Span, state: State) -> Flowing {
        match otherwise {
            Some(otherwise) => self.eval(otherwise, state),
            None => {
                self.panic(&state, at);
                Vec::new()
            }
        }
    }

    /// What an arm does, and the states in which its pattern does not match.
    pub(in crate::lower) fn select_arm(&mut self, arm: &'a SelectArm, state: State) -> (Flowing, Vec<State>) {
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
                    state.leave_scope(depth);
                }
                out.extend(unmatched);
            }
        }
        (merge_values(done), merge(out))
    }
}
