//! Dedup marks that nothing ever removes.

use crate::flow::{Durability, Flow, KeyId, Known, Node, NodeId, Outcome, Step};

use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "unbounded-dedup-store",
    code: "D213",
    level: Level::Note,
    since: "0.1.0",
    summary: "Dedup marks are never removed: no TTL, no cleanup, no declared retention.",
    doc: include_str!("unbounded_dedup_store.md"),
    check: Check::Flow(check),
};

fn check(flow: &Flow, promise: &Promise) -> Vec<Cause> {
    if promise.retention_millis.is_some() {
        return Vec::new();
    }
    let stays = |(id, node): (NodeId, &Node)| match node.step {
        Step::Mark { key, effect: None, .. } => {
            let kept = flow.key(key);
            let stays = kept.removed == Known::No && kept.durability != Durability::Memory;
            (stays && decides(flow, node, key)).then_some((id, key))
        }
        _ => None,
    };
    let mut stores = Vec::new();
    let mut found = Vec::new();
    for (id, key) in flow.iter().filter_map(stays) {
        if !stores.contains(&key) {
            stores.push(key);
            found.push(cause(flow, id, &flow.key(key).store));
        }
    }
    found
}

/// Whether anything is done or left because of what is recorded: else it is no dedup mark.
fn decides(flow: &Flow, mark: &Node, key: KeyId) -> bool {
    let asks = |node: &Node| matches!(node.step, Step::Check { key: k, .. } if k == key);
    mark.on(Outcome::Fresh) != mark.on(Outcome::Duplicate) || flow.nodes.iter().any(asks)
}

fn cause(flow: &Flow, id: NodeId, store: &str) -> Cause {
    let span = flow.node(id).at.as_ref().unwrap_or(&flow.source.at).span;
    let message = format!("`{store}` gets an entry with each message, and nothing ever removes one");
    let help = "delete marks that are older than the longest redelivery, or let them expire; declare how long with \
                `dedup(retention = …)` if something else does"
        .to_owned();
    Cause {
        node: Some(id),
        ..finding(&RULE, span, message, help)
    }
}
