//! A redelivery repeats an effect that does not bear it.

use delivery_grammar::Semantic;

use crate::flow::EffectKind;
use crate::model::{Event, repair};
use crate::report::Remedy;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "non-idempotent-effect",
    code: "D201",
    level: Level::Deny,
    since: "0.1.0",
    summary: "At-least-once delivery reaches an effect that is not idempotent, with no dedup guarding it.",
    doc: include_str!("non_idempotent_effect.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let effect = case.effect().filter(|effect| is_unguarded(case) && effect.kind != EffectKind::Publish)?;
    if effect.kind == EffectKind::Http {
        return None;
    }
    let message = format!("{} is repeated when the message is delivered again: {}", case.name(), effect.why);
    let help = "make it idempotent, or record the message's id in its transaction and skip what is recorded".to_owned();
    let repaired = repair::recorded_with(case.flow, case.violation.effect);
    let site = case.effect_site()?;
    let remedy = (effect.kind == EffectKind::Database).then(|| Remedy::KeepRow {
        at: site.span,
        store: effect.target.split(':').next().unwrap_or_default().into(),
        unique: false,
    });
    let named = Named::at(site, message, help, repaired).remedy(remedy);
    Some(Named { node: case.nodes_of(case.violation.effect).next().map(|(id, _)| id), ..named })
}

/// Nothing even tries to keep the effect from being repeated, or what tries is not asked: a retry in the same delivery.
pub(super) fn is_unguarded(case: &Case<'_>) -> bool {
    let promised = case.promise.semantic != Semantic::AtMostOnce;
    !case.is_loss() && promised && (case.guards().is_empty() || is_repeated_at_once(case))
}

/// Applied twice without having been delivered twice.
pub(super) fn is_repeated_at_once(case: &Case<'_>) -> bool {
    let receives = case.steps().filter(|(_, step)| matches!(step.event, Event::Receive { .. })).count();
    receives == 1
}
