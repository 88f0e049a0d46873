//! A repeated request without an idempotency key is done twice.

use crate::flow::EffectKind;
use crate::model::repair;

use super::non_idempotent_effect::is_unguarded;
use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "missing-idempotency-key",
    code: "D207",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A retried or redelivered POST or PATCH carries no idempotency key.",
    doc: include_str!("missing_idempotency_key.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    case.effect().filter(|effect| is_unguarded(case) && effect.kind == EffectKind::Http)?;
    let message = format!("{} is sent again when the message is, and carries no key to recognise it by", case.name());
    let help = "send an `Idempotency-Key` that is made from the message".to_owned();
    let named = Named::at(case.effect_site()?, message, help, repair::idempotent(case.flow, case.violation.effect));
    Some(Named { node: case.nodes_of(case.violation.effect).next().map(|(id, _)| id), ..named })
}
