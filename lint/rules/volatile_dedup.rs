//! Dedup in memory forgets when the process ends.

use delivery_grammar::{Criticality, Semantic};

use crate::flow::{Durability, KeyId};
use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "volatile-dedup",
    code: "D205",
    level: Level::Deny,
    since: "0.1.0",
    summary: "Dedup lives in process memory, or for critical data only in a cache.",
    doc: include_str!("volatile_dedup.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    if case.is_loss() || case.promise.semantic == Semantic::AtMostOnce {
        return None;
    }
    let guards = case.guards();
    let kept = |key: &KeyId| case.flow.key(*key).durability;
    let losable = case.promise.criticality == Criticality::Critical;
    let volatile = |key: &KeyId| kept(key) == Durability::Memory || losable && kept(key) == Durability::Cache;
    let key = guards.iter().copied().find(|_| guards.iter().all(volatile))?;
    let (check, site) = case.check_site(key)?;
    let store = &case.flow.key(key).store;
    let message = format!("what `{store}` remembers is gone after a crash, and {} is repeated", case.name());
    let help = "keep the ids of processed messages in the database that the effect writes to".to_owned();
    let repaired = repair::recorded_with(&repair::durable(case.flow, &guards), case.violation.effect);
    let named = Named::at(site, message, help, repaired);
    Some(Named { node: Some(check), ..named.label(case.effect_site(), "repeated") })
}
