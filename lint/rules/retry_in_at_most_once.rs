//! A retry repeats what at most once excludes.

use delivery_grammar::Semantic;

use crate::flow::{NodeId, Site};
use crate::model::repair;

use super::non_idempotent_effect::is_repeated_at_once;
use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "retry-in-at-most-once",
    code: "D209",
    level: Level::Deny,
    since: "0.1.0",
    summary: "An integration declared `at_most_once` retries an effect.",
    doc: include_str!("retry_in_at_most_once.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let promised = case.promise.semantic == Semantic::AtMostOnce;
    if case.is_loss() || !promised || !is_repeated_at_once(case) {
        return None;
    }
    let nodes: Vec<NodeId> = case.nodes_of(case.violation.effect).map(|(id, _)| id).collect();
    let retry = nodes.iter().find_map(|&id| case.node(id).retry);
    let by_client = case.effect().and_then(|effect| effect.repeated_by);
    let by_client = by_client.map(|span| Site { span, via: Vec::new(), text: "the client's policy".into() });
    let own = retry.map(|retry| &case.flow.retries[retry.0 as usize].at);
    let site = own.or(by_client.as_ref()).or_else(|| case.effect_site())?;
    let message = format!("{} is tried again after a failure that may only have been a lost reply", case.name());
    let help = "try once, or promise more than `at_most_once` and make the effect idempotent".to_owned();
    let named = Named::at(site, message, help, repair::without_retry(case.flow, &nodes));
    Some(named.label(case.effect_site(), "perhaps done twice"))
}
