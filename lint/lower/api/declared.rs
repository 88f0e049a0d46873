//! Steps that an attribute declares.

use super::*;
use crate::flow::{self, Ack, Durability, Effect, EffectKind, Idempotency, Key, KeyId, Known, MarkMode, Outcome, Step};
use crate::lower::Lowering;
use crate::lower::expr::origin_of;
use crate::lower::state::{Flowing, State};
use crate::lower::value::Value;
use crate::span::Span;

impl<'a> Lowering<'a> {
    /// The step that `#[delivery::step]` gives a function, or the trait's function that it implements.
    pub(in crate::lower) fn declared_step(
        &self,
        f: crate::resolve::FnId,
        at: Option<Span>,
    ) -> Option<(delivery_grammar::StepKind, Span)> {
        let at = at?;
        let own = self.index.function(f).hir.step;
        let step = own.or_else(|| {
            self.index
                .declaration(f)
                .and_then(|declaration| self.index.function(declaration).hir.step)
        });
        step.map(|(kind, _)| (kind, at))
    }

    /// Does what a wrapper's attribute says.
    pub(in crate::lower) fn declared(
        &mut self,
        f: crate::resolve::FnId,
        kind: &delivery_grammar::StepKind,
        recv: Option<Value>,
        args: Vec<Value>,
        at: Span,
        state: State,
    ) -> Flowing {
        let origin = origin_of(recv.iter().chain(&args));
        let result = self.returned_value(f, origin);
        let Some(step) = self.step_of(kind, at, &args) else {
            return vec![(state, result)];
        };
        if !state.holding {
            return vec![(state, result)];
        }
        let outcomes = step_outcomes(&step);
        let node = self.graph.emit(&state, step, Some(self.site(at)));
        let fallible = self.is_result(&result.ty);
        let inside = self.type_argument(&result.ty, 0);
        let mut all = Vec::new();
        for outcome in outcomes {
            let value = match outcome {
                Outcome::Found | Outcome::Fresh => Value::bool(true),
                Outcome::Absent | Outcome::Duplicate => Value::bool(false),
                _ => self.typed(if fallible { inside.clone() } else { result.ty.clone() }, origin),
            };
            all.push((
                state.after(node, outcome),
                if fallible { Value::ok(value) } else { value },
            ));
        }
        if fallible {
            all.push((
                state.after(node, Outcome::Err),
                Value::err(Value::failure(self.type_argument(&result.ty, 1))),
            ));
        }
        all
    }

    pub(in crate::lower) fn step_of(
        &mut self,
        kind: &delivery_grammar::StepKind,
        at: Span,
        args: &[Value],
    ) -> Option<Step> {
        use delivery_grammar::{Confirmation, Idempotency as Said, StepKind};
        let site = self.site(at);
        let effect = |this: &mut Self, kind, idempotency, confirmed| {
            let why = "declared by its attribute".into();
            let make = || Effect {
                confirmed,
                ..Effect::new(kind, site.text.clone(), idempotency, why, site.clone())
            };
            Step::Effect {
                effect: this.graph.effect(make, &site),
                tx: args.iter().find_map(transaction_in),
            }
        };
        Some(match kind {
            StepKind::Ack => Step::Ack(Ack::of(flow::Covers::One)),
            StepKind::Nack => Step::Nack {
                requeue: true,
                multiple: false,
            },
            StepKind::Reject => Step::Nack {
                requeue: false,
                multiple: false,
            },
            StepKind::Effect(Said::Idempotent) => effect(self, EffectKind::Opaque, Idempotency::Idempotent, true),
            StepKind::Effect(Said::NonIdempotent) => effect(self, EffectKind::Opaque, Idempotency::NotIdempotent, true),
            StepKind::Publish(Confirmation::Confirmed) => {
                effect(self, EffectKind::Publish, Idempotency::Idempotent, true)
            }
            StepKind::Publish(Confirmation::Unconfirmed) => {
                effect(self, EffectKind::Publish, Idempotency::Idempotent, false)
            }
            StepKind::DedupCheck => Step::Check {
                key: self.declared_key(),
                tx: args.iter().find_map(transaction_in),
                locks: false,
            },
            StepKind::DedupMark => Step::Mark {
                key: self.declared_key(),
                tx: args.iter().find_map(transaction_in),
                mode: MarkMode::Plain,
                effect: None,
            },
            StepKind::Begin | StepKind::Commit | StepKind::Rollback | StepKind::Receive | StepKind::None => {
                return None;
            }
        })
    }

    pub(in crate::lower) fn declared_key(&mut self) -> KeyId {
        self.graph.key(Key {
            store: "declared".into(),
            durability: Durability::Durable,
            ttl_millis: None,
            ttl_at: None,
            unique: Known::Unknown,
            removed: Known::Unknown,
            from_message: Known::Unknown,
            made_at: None,
        })
    }
}
