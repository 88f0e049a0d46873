//! A key that is new on each attempt recognises nothing.

use delivery_grammar::Semantic;

use crate::flow::{KeyId, Known};
use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "unstable-dedup-key",
    code: "D206",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A dedup or idempotency key, or a published id, is made fresh on each attempt.",
    doc: include_str!("unstable_dedup_key.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    if case.is_loss() || case.promise.semantic == Semantic::AtMostOnce {
        return None;
    }
    own_key(case).or_else(|| dedup_key(case))
}

/// The request's or the record's own key.
fn own_key(case: &Case<'_>) -> Option<Named> {
    let made = case.effect()?.unstable_key?;
    let message = format!("the key of {} is new on each attempt, so that no repetition is recognised", case.name());
    let repaired = repair::idempotent(case.flow, case.violation.effect);
    let named = Named::at(case.effect_site()?, message, HELP.into(), repaired);
    Some(Named { primary: made, ..named }.label(case.effect_site(), "repeated under another key"))
}

/// The key by which messages are recognised.
fn dedup_key(case: &Case<'_>) -> Option<Named> {
    let fresh = |key: &KeyId| case.flow.key(*key).from_message == Known::No;
    let key = case.guards().into_iter().find(fresh)?;
    let (node, site) = case.check_site(key)?;
    let store = &case.flow.key(key).store;
    let message = format!("the key in `{store}` is new on each attempt, so that no repetition is recognised");
    let named = Named::at(site, message, HELP.into(), repair::stable(case.flow, &[key]));
    let primary = case.flow.key(key).made_at.unwrap_or(named.primary);
    Some(Named { node: Some(node), primary, ..named }.label(case.effect_site(), "repeated"))
}

const HELP: &str = "make the key from the message: its id, or a hash of what identifies it";
