//! A consumer that ends in a task nobody watches looks like a queue that nobody reads.

use crate::flow::{Broker, CondKind, Flow, Known, Node, NodeId, Outcome, Step};
use crate::model::reachable;

use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "consumer-stops",
    code: "D115",
    level: Level::Warn,
    since: "0.1.0",
    summary: "One bad message or a broken stream ends the receive loop for good, in a task whose end nobody observes.",
    doc: include_str!("consumer_stops.md"),
    check: Check::Flow(check),
};

fn check(flow: &Flow, _: &Promise) -> Vec<Cause> {
    if flow.observed != Known::No || matches!(flow.source.broker, Broker::Caller) {
        return Vec::new();
    }
    let loops = |id: NodeId| {
        let next = flow.node(id).on(Outcome::Next);
        next.is_some_and(|next| reachable(flow, next, |_| true).into_iter().any(|id| flow.node(id).step == Step::Receive))
    };
    let receives = flow.iter().filter(|(id, node)| node.step == Step::Receive && loops(*id)).map(|(id, _)| id);
    let broken = receives.filter(|&id| flow.node(id).on(Outcome::Err).is_some_and(|to| ends(flow, to).is_some()));
    let mut found: Vec<NodeId> = broken.collect();
    found.extend(flow.iter().filter_map(|(id, node)| bad_message(flow, id, node)));
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|id| cause(flow, id)).collect()
}

/// The place from which a message that cannot be decoded ends the loop.
fn bad_message(flow: &Flow, id: NodeId, node: &Node) -> Option<NodeId> {
    let Step::Branch { on } = node.step else { return None };
    let malformed = flow.conditions[on.0 as usize].kind == CondKind::Malformed;
    let way = node.edges.iter().find_map(|edge| ends(flow, edge.to)).filter(|_| malformed)?;
    Some(way.unwrap_or(id))
}

/// Whether a path that does nothing ends the function; the last place it passes.
#[allow(clippy::option_option, reason = "whether it ends, and where it was last")]
fn ends(flow: &Flow, start: NodeId) -> Option<Option<NodeId>> {
    let (mut at, mut last) = (start, None);
    for _ in 0..flow.nodes.len() {
        let node = flow.node(at);
        last = node.at.as_ref().map(|_| at).or(last);
        match node.step {
            Step::Exit(_) => return Some(last),
            Step::Pass | Step::Sleep { .. } | Step::Rollback { .. } => {
                at = node.on(Outcome::Then).or_else(|| node.on(Outcome::Ok))?;
            }
            _ => return None,
        }
    }
    None
}

fn cause(flow: &Flow, id: NodeId) -> Cause {
    let span = flow.node(id).at.as_ref().unwrap_or(&flow.source.at).span;
    let message = "one error ends the receive loop for good, in a task whose end nobody observes".to_owned();
    let help = "go on with the next message, or let the end of the task end the process".to_owned();
    Cause { node: Some(id), ..finding(&RULE, span, message, help) }
}
