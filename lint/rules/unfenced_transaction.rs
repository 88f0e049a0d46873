//! A worker that lost its partition must not commit any more.

use crate::flow::{Flow, Known, Step};

use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "unfenced-transaction",
    code: "D303",
    level: Level::Deny,
    since: "0.1.0",
    summary: "The offset commit of a transaction does not carry the consumer's current group metadata: a replaced worker commits, too.",
    doc: include_str!("unfenced_transaction.md"),
    check: Check::Flow(check),
};

fn check(flow: &Flow, promise: &Promise) -> Vec<Cause> {
    if !promise.is_judged() {
        return Vec::new();
    }
    let unfenced = |step: &Step| matches!(step, Step::Ack(ack) if ack.tx.is_some() && ack.fenced == Known::No);
    let nodes = flow.iter().filter(|(_, node)| unfenced(&node.step));
    nodes
        .filter_map(|(id, node)| {
            let site = node.at.as_ref()?;
            let message = format!(
                "`{}` does not carry the membership that the consumer has now: a worker that lost its partition can commit a second time",
                site.text
            );
            let help = "take `group_metadata()` from the consumer that received the message, after it did, for each transaction".to_owned();
            Some(Cause { node: Some(id), ..finding(&RULE, site.span, message, help) })
        })
        .collect()
}
