//! At most once needs the ack before the effect.

use delivery_grammar::Semantic;

use crate::flow::{NodeId, Outcome, Step, reachable};
use crate::model::repair;

use super::dedup_race::is_race;
use super::non_idempotent_effect::is_repeated_at_once;
use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "commit-after-process",
    code: "D210",
    level: Level::Deny,
    since: "0.1.0",
    summary: "Declared `at_most_once`, but the ack comes after an effect: a redelivery repeats it.",
    doc: include_str!("commit_after_process.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let promised = case.promise.semantic == Semantic::AtMostOnce;
    if case.is_loss() || !promised || is_repeated_at_once(case) || is_race(case) {
        return None;
    }
    let (effect, _) = case.nodes_of(case.violation.effect).next()?;
    let after = reachable(case.flow, effect, |when| when != Outcome::Err);
    let is_ack = |id: &NodeId| matches!(case.node(*id).step, Step::Ack(_));
    let ack = after.into_iter().find(is_ack);
    // One that comes first, and fails unheard, is no ack that comes too late.
    let comes_first = ack.is_none() && case.flow.iter().any(|(id, _)| is_ack(&id));
    if comes_first {
        return None;
    }
    let message = format!("the ack comes after {}: a crash in between repeats it", case.name());
    let help = "acknowledge before the effect, or promise more than `at_most_once`".to_owned();
    let named = Named::at(case.site(ack), message, help, repair::ack_first(case.flow));
    Some(Named { node: ack, ..named.label(case.effect_site(), "repeated") })
}
