//! HTTP requests, and what a client does again by itself.

use super::operands::UNNAMED;
use super::*;
use crate::catalog::{Confirm, Operand};
use crate::flow::{CondKind, EffectKind, Idempotency, Step};
use crate::lower::Lowering;
use crate::lower::expr::deep_origin;
use crate::lower::state::{Flowing, State};
use crate::lower::time::millis;
use crate::lower::value::{Origin, Value};
use crate::span::Span;

impl<'a> Lowering<'a> {
    pub(super) fn http(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let method = self
            .text_operand(doing.facts.method.as_ref(), doing)
            .unwrap_or_else(|| "?".into())
            .to_uppercase();
        let request = match &doing.facts.method {
            Some(Operand::Prop(request, _)) => request.clone(),
            _ => Box::new(Operand::Recv),
        };
        let unnamed = Operand::Prop(request.clone(), UNNAMED.into());
        let limit = self.operand(&Operand::Prop(request.clone(), "timeout".into()), &doing.operands());
        let header = Operand::Prop(request, "idempotency-key".into());
        let key = self.operand(doing.facts.key.as_ref().unwrap_or(&header), &doing.operands());
        let (idempotency, why) = match (method.as_str(), &key) {
            ("GET" | "HEAD" | "OPTIONS", _) => return self.read(doing, state),
            ("PUT" | "DELETE", _) => (
                Idempotency::Idempotent,
                format!("{method} leaves the same state when it is repeated"),
            ),
            ("POST" | "PATCH", Some((value, _))) if deep_origin(value).has(Origin::FRESH) => (
                Idempotency::NotIdempotent,
                "its idempotency key is made anew on each attempt".into(),
            ),
            ("POST" | "PATCH", Some(_)) => (
                Idempotency::Idempotent,
                "it carries an idempotency key made from the message".into(),
            ),
            ("POST" | "PATCH", None) if self.operand(&unnamed, &doing.operands()).is_some() => (
                Idempotency::Unknown,
                format!("a {method} with headers that cannot be seen may carry an idempotency key"),
            ),
            ("POST" | "PATCH", None) => (
                Idempotency::NotIdempotent,
                format!("a {method} without idempotency key is done again"),
            ),
            _ => (Idempotency::Unknown, "its method is not known".into()),
        };
        let unstable = key
            .filter(|(value, _)| deep_origin(value).has(Origin::FRESH))
            .map(|(value, at)| made_at(&value, at, doing));
        let target = smol_str::format_smolstr!("http:{method}");
        let confirmed = doing.facts.confirm.unwrap_or(Confirm::Ok) == Confirm::Ok;
        let effect = self.effect(
            doing,
            EffectKind::Http,
            idempotency,
            why.into(),
            confirmed,
            Some(target),
        );
        let known = &mut self.graph.effects[effect.0 as usize];
        known.unstable_key = unstable;
        known.limit_millis = limit.and_then(|(limit, _)| millis(&limit, None));
        let done = self.two_way(doing, state, Step::Effect { effect, tx: None });
        let flowing = self.repeated(doing, done);
        self.sent(doing, effect, flowing)
    }

    /// What was done and failed is done again, where the client does that by itself: it gives up some time.
    pub(super) fn repeated(&mut self, doing: &Doing<'_>, flowing: Flowing) -> Flowing {
        let told = self.operand_of(doing.facts.repeats.as_ref(), doing);
        let Some((_, told_at)) = told.filter(|(value, _)| !is_none(value)) else {
            return flowing;
        };
        let mut all = Vec::new();
        for (state, value) in flowing {
            let done = state.at.first().map(|dangling| dangling.from);
            let Some(done) = done.filter(|_| state.holding && value.variant_name() == Some("Err")) else {
                all.push((state, value));
                continue;
            };
            if let Step::Effect { effect, .. } = self.graph.nodes[done.0 as usize].step {
                self.graph.effects[effect.0 as usize].repeated_by = told_at;
            }
            let again = self.branch(&state, CondKind::Free, doing.site.label, 2);
            self.graph.close(&again[0], done);
            all.push((again[1].clone(), value));
        }
        all
    }
}

fn is_none(value: &Value) -> bool {
    value.variant_name() == Some("None") || text_of(value).is_some_and(|text| text == "false")
}

/// Where a key that is not the same on each attempt is made.
pub(super) fn made_at(key: &Value, set_at: Option<Span>, doing: &Doing<'_>) -> Span {
    deep_origin(key).made_at().or(set_at).unwrap_or(doing.site.at)
}
