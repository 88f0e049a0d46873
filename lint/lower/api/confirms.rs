//! Effects whose success shows later than in their own result: a publish by its confirmation, a request by its status.

use super::*;
use crate::catalog::{Answer, Confirm};
use crate::flow::{CondKind, Edge, EffectId, EffectKind, NodeId, Outcome, Step};
use crate::lower::Lowering;
use crate::lower::expr::list;
use crate::lower::graph::Answered;
use crate::lower::state::{Flowing, State};
use crate::lower::value::{Kind, Origin, Value};
use crate::resolve::Ty;
use crate::span::Span;

impl<'a> Lowering<'a> {
    /// Something is published: what recognises a repetition is its id.
    pub(super) fn publish(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let confirm = doing.facts.confirm.unwrap_or(Confirm::Ok);
        let confirmed = confirm == Confirm::Ok;
        self.note_producer(doing);
        let set = |(value, _): &(Value, Option<Span>)| value.variant_name() != Some("None");
        let id = self.operand_of(doing.facts.key.as_ref(), doing).filter(set);
        let record = self.operand_of(doing.facts.record_key.as_ref(), doing).filter(set);
        let is_fresh = |(value, _): &&(Value, Option<Span>)| deep_origin(value).has(Origin::FRESH);
        let fresh = id.iter().chain(&record).find(is_fresh);
        let (idempotency, why) = match (fresh.is_some(), id.is_some()) {
            (true, _) => (Idempotency::NotIdempotent, "each attempt publishes it under another id"),
            (false, true) => (
                Idempotency::Idempotent,
                "a duplicate is passed on, recognisable by its id",
            ),
            (false, false) => (
                Idempotency::Unknown,
                "a duplicate is passed on, and has no id that the client knows of",
            ),
        };
        let effect = self.effect(doing, EffectKind::Publish, idempotency, why.into(), confirmed, None);
        if let Some((value, at)) = fresh {
            let at = made_at(value, *at, doing);
            self.graph.effects[effect.0 as usize].unstable_key = Some(at);
        }
        let known = &mut self.graph.effects[effect.0 as usize];
        known.volatile = doing.facts.durability == Some(flow::Durability::Memory);
        known.unconfirmed_by = doing.because.filter(|_| confirm == Confirm::Never);
        known.unproved = idempotency == Idempotency::Unknown;
        known.resent = doing.facts.resends == Some(Known::Yes);
        let tx = self.transaction_of(doing, &state);
        let done = self.two_way(doing, state, Step::Effect { effect, tx });
        let failed = |(state, value): (State, Value)| match value.variant_name() {
            // What is refused because it is there already was published before.
            Some("Err") => (state, crate::lower::violation::marked(&value, false)),
            _ => (state, value),
        };
        let flowing = self.repeated(doing, done.into_iter().map(failed).collect());
        self.sent(doing, effect, flowing)
    }

    /// What is given for an effect that went out: where its success shows later, something that still has to be looked at.
    pub(in crate::lower) fn sent(&mut self, doing: &Doing<'_>, effect: EffectId, flowing: Flowing) -> Flowing {
        let useless = self.is_true(doing.facts.confirm_if.as_ref(), doing) == Some(false);
        if doing.facts.confirm != Some(Confirm::Pending) || useless {
            return flowing;
        }
        let refusals = self.graph.effects[effect.0 as usize].kind == EffectKind::Http;
        let mut sent = flowing
            .first()
            .and_then(|(state, _)| state.at.first())
            .map(|dangling| dangling.from);
        let mut all = Vec::new();
        for (mut state, value) in flowing {
            if refusals && state.holding && value.variant_name() == Some("Err") {
                // A request may also fail by its answer: see `confirm_as`.
                let on = self
                    .graph
                    .condition(CondKind::Free, &self.site(doing.site.at), "refusal");
                let refused = self.graph.emit(&state, Step::Branch { on }, None);
                state = state.after(refused, Outcome::Case(0));
                sent = Some(refused);
            }
            all.push((state, value));
        }
        let Some(sent) = sent else { return all };
        all.into_iter()
            .map(|(state, value)| (state, pending_in(value, effect, sent)))
            .collect()
    }

    pub(in crate::lower) fn confirm_call(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let Some(pending) = doing.recv.clone().filter(|recv| matches!(recv.kind, Kind::Pending(..))) else {
            return self.compute(doing, state);
        };
        let given = self.given(doing);
        if doing.facts.outcome == Some(Answer::Flag) {
            return self.confirm_as(&pending, [Value::bool(true), Value::bool(false)], state, doing.site.at);
        }
        if doing.facts.outcome == Some(Answer::Failures) {
            let ways = self.failures(&given.with_origin(Origin::STORE));
            return self.confirm_as(&pending, ways, state, doing.site.at);
        }
        if doing.call.fallible {
            let failure = self.failure(doing);
            return self.confirm_as(&pending, [Value::ok(given), failure], state, doing.site.at);
        }
        let known = self
            .client_path(&given.ty)
            .is_some_and(|path| self.catalog.ty(&path).is_some());
        self.look_at(&pending, !known);
        if let Kind::Pending(effect, _) = pending.kind {
            self.graph.effects[effect.0 as usize].confirmed = true;
        }
        let value = if known { pending.with_ty(given.ty) } else { given };
        vec![(state, value.with_origin(Origin::STORE))]
    }

    /// What failed of a batch, a list or a count: nothing, or something.
    fn failures(&self, given: &Value) -> [Value; 2] {
        let Ty::External { path, .. } = &given.ty else {
            return [given.emptied(), given.clone()];
        };
        match path.as_str() {
            "i32" | "i64" | "usize" => [0, 1].map(|count| Value::int(count).with_origin(given.origin)),
            "std::option::Option" => [0, 1].map(|count| Value::some(Value::int(count)).with_origin(given.origin)),
            _ => {
                let failed = list(&[self.element_of(given).with_origin(Origin::ERROR)]).with_origin(given.origin);
                [given.emptied(), failed]
            }
        }
    }

    /// The confirmation is awaited.
    pub(in crate::lower) fn confirm(&mut self, pending: &Value, state: State, at: Span) -> Flowing {
        let failure = Value::err(Value::failure(Ty::Unknown));
        let given = self.awaited_call(pending).and_then(|call| call.returns.clone());
        let ty = given.map_or(Ty::Unknown, |given| self.type_of_expr(&given, pending, &[]));
        let answer = Value::opaque(ty, Origin::COUNTER);
        self.confirm_as(pending, [Value::ok(answer), failure], state, at)
    }

    /// Only here the failure of what was sent shows.
    fn confirm_as(&mut self, pending: &Value, [good, bad]: [Value; 2], state: State, at: Span) -> Flowing {
        let Kind::Pending(effect, sent) = pending.kind else {
            return Vec::new();
        };
        self.graph.effects[effect.0 as usize].confirmed = true;
        if !state.holding {
            return vec![(state, good)];
        }
        let site = self.graph.effects[effect.0 as usize].at.clone();
        if self.graph.effects[effect.0 as usize].kind == EffectKind::Http {
            return self.answered(effect, sent, [good, bad], &state, &site);
        }
        // The node that sent it becomes a mere local step.
        self.graph.unsend(sent, &self.site(at));
        let node = self.graph.emit(&state, Step::Effect { effect, tx: None }, Some(site));
        vec![
            (state.after(node, Outcome::Ok), good),
            (state.after(node, Outcome::Err), bad),
        ]
    }

    /// The answer to a request is good, or it is a refusal: then the request failed, and its failure leads here.
    fn answered(
        &mut self,
        effect: EffectId,
        sent: NodeId,
        [good, bad]: [Value; 2],
        state: &State,
        site: &flow::Site,
    ) -> Flowing {
        let on = self.graph.condition(CondKind::Store, site, "answer");
        let asked = self.graph.emit(state, Step::Branch { on }, None);
        let earlier = self
            .graph
            .answers
            .iter()
            .filter(|answer| answer.refused.0 == sent)
            .count();
        let way = Outcome::Case(1 + u8::try_from(earlier).unwrap_or(u8::MAX - 1).min(LAST_WAY - 1));
        let refused = (sent, way);
        self.graph.answers.push(Answered { effect, asked, refused });
        vec![
            (state.after(asked, Outcome::Case(0)), good),
            (state.after(sent, way), bad),
        ]
    }

    /// Somebody looks at an answer. `closely`: at more of it than whether it is a success, and so a refusal may be as good.
    pub(in crate::lower) fn look_at(&mut self, value: &Value, closely: bool) {
        let Kind::Pending(effect, _) = value.kind else { return };
        let known = &mut self.graph.effects[effect.0 as usize];
        if known.kind == EffectKind::Http {
            known.confirmed = true;
            if closely && !self.graph.compared.contains(&effect) {
                self.graph.compared.push(effect);
            }
        }
    }

    /// Of an answer that is looked at closely, nobody knows which refusals count as failures.
    pub(in crate::lower) fn settle_answers(&mut self) {
        for answer in std::mem::take(&mut self.graph.answers) {
            let (sent, way) = answer.refused;
            let refusals = &mut self.graph.nodes[sent.0 as usize].edges;
            let Some(index) = refusals.iter().position(|edge| edge.when == way) else {
                continue;
            };
            if self.graph.compared.contains(&answer.effect) {
                let to = refusals.remove(index).to;
                let when = Outcome::Case(1);
                let asked = &mut self.graph.nodes[answer.asked.0 as usize];
                asked.edges.push(Edge { when, to });
                if let Step::Branch { on } = asked.step {
                    self.graph.conditions[on.0 as usize].failing |= 2;
                }
            }
        }
    }
}

/// The last way of a branch that can be told from the others.
const LAST_WAY: u8 = 14;

/// The value of what was sent, waiting for its confirmation.
fn pending_in(value: Value, effect: EffectId, sent: NodeId) -> Value {
    let pending = |ty: Ty| Value::new(Kind::Pending(effect, sent), ty, Origin::NONE);
    match value.variant_name() {
        Some("Ok") => Value::ok(pending(value.payload().ty)),
        Some(_) => value,
        None => pending(value.ty),
    }
}
