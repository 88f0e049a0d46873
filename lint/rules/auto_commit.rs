//! A transport that acknowledges by itself loses what was not processed yet.

use crate::flow::Settle;
use crate::model::repair;
use crate::report::Remedy;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "auto-commit",
    code: "D102",
    level: Level::Deny,
    since: "0.1.0",
    summary: "The transport acknowledges by itself before processing ends.",
    doc: include_str!("auto_commit.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let Settle::OnReceive { at, why } = &case.flow.source.settle else { return None };
    if !case.is_loss() {
        return None;
    }
    let source = &case.flow.source;
    let primary = at.or(source.constructed_at).unwrap_or(source.at.span);
    let message = format!("the message is acknowledged when it is handed over, before {} is done: {why}", case.name());
    let help = format!("turn that off, and acknowledge after {}", case.name());
    let repaired = repair::settle_at_end(case.flow);
    let named = Named { primary, ..Named::at(&source.at, message, help, repaired) };
    let named = named.remedy(at.map(Remedy::Reset));
    Some(named.label(Some(&source.at), "received here").label(case.effect_site(), "not done yet when the ack is sent"))
}
