//! A mark that is durable before the effect makes the redelivery skip it.

use crate::flow::Broker;
use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "dedup-mark-before-effect",
    code: "D110",
    level: Level::Deny,
    since: "0.1.0",
    summary: "The dedup mark becomes durable before the effect: a crash in between makes the redelivery skip the effect.",
    doc: include_str!("dedup_mark_before_effect.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    // Nobody calls a producer again: no redelivery is there to be skipped.
    let comes_again = case.flow.source.broker != Broker::Caller;
    let key = case.skipped_by().filter(|_| comes_again && case.is_loss() && !case.is_opaque())?;
    let (mark, site) = case.mark_site(key)?;
    let store = &case.flow.key(key).store;
    let message = format!("the message is recorded in `{store}` before {} is done: after a crash it is skipped", case.name());
    let help = format!("record it in the transaction of {}, or after it", case.name());
    let named = Named::at(site, message, help, repair::without_guard(case.flow, key));
    Some(Named { node: Some(mark), ..named.label(case.effect_site(), "skipped when the message comes again") })
}
