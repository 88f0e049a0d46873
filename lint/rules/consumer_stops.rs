//! A consumer that ends in a task nobody watches looks like a queue that nobody reads.

use crate::flow::{Broker, CondKind, Flow, Known, Node, NodeId, Outcome, Site, Step, reachable};

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
    let loops = flow.iter().filter(|(id, node)| node.step == Step::Receive && goes_on(flow, *id) && !only_empties(flow, node));
    let mut within: Vec<NodeId> = loops.flat_map(|(id, _)| reachable_from(flow, id)).collect();
    let tasks = in_tasks(flow, &within);
    within.retain(|id| !tasks.contains(id));
    let stops = |(id, node): (NodeId, &Node)| within.contains(&id).then(|| stop(flow, id, node)).flatten();
    let mut found: Vec<NodeId> = flow.iter().filter_map(stops).collect();
    found.sort_by_key(|id| site(flow, *id).span.start);
    found.dedup_by_key(|id| site(flow, *id).span);
    found.split_first().map(|(first, others)| cause(flow, *first, others)).into_iter().collect()
}

/// What runs in tasks that are spawned for a message: their end is not the loop's.
fn in_tasks(flow: &Flow, within: &[NodeId]) -> Vec<NodeId> {
    let children = within.iter().filter_map(|id| flow.node(*id).on(Outcome::Child));
    children.flat_map(|child| reachable(flow, child, |_| true)).collect()
}

/// Whether the unit receives again after a message.
fn goes_on(flow: &Flow, receive: NodeId) -> bool {
    reachable_from(flow, receive).iter().any(|id| *id != receive && flow.node(*id).step == Step::Receive)
        || flow.node(receive).on(Outcome::Next).is_some_and(|next| reachable(flow, next, |_| true).contains(&receive))
}

/// Whether a loop over what is kept (the rows of a table) ends anyway when nothing is left: somebody else begins it again.
fn only_empties(flow: &Flow, receive: &Node) -> bool {
    flow.source.kept && receive.on(Outcome::End).is_some_and(|to| ends(flow, to).is_some())
}

/// A receive, and what its message comes to.
fn reachable_from(flow: &Flow, receive: NodeId) -> Vec<NodeId> {
    let next = flow.node(receive).on(Outcome::Next);
    let mut found = vec![receive];
    found.extend(next.into_iter().flat_map(|next| reachable(flow, next, |_| true)));
    found
}

/// The place from which an error ends the loop: a broken stream, a message that cannot be decoded, a step that fails.
fn stop(flow: &Flow, id: NodeId, node: &Node) -> Option<NodeId> {
    let malformed = matches!(node.step, Step::Branch { on } if flow.conditions[on.0 as usize].kind == CondKind::Malformed);
    let errors = node.edges.iter().filter(|edge| malformed || edge.when == Outcome::Err);
    let way = errors.filter_map(|edge| ends(flow, edge.to)).next()?;
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
            Step::Exit(_) | Step::TaskEnd(_) => return Some(last),
            Step::Pass | Step::Sleep { .. } | Step::Rollback { .. } => {
                at = node.on(Outcome::Then).or_else(|| node.on(Outcome::Ok))?;
            }
            Step::Nack { .. } | Step::Rewind => at = node.on(Outcome::Ok).or_else(|| node.on(Outcome::Then))?,
            _ => return None,
        }
    }
    None
}

fn site(flow: &Flow, id: NodeId) -> &Site {
    flow.node(id).at.as_ref().unwrap_or(&flow.source.at)
}

fn cause(flow: &Flow, id: NodeId, others: &[NodeId]) -> Cause {
    let span = site(flow, id).span;
    let message = "one error ends the receive loop for good, in a task whose end nobody observes".to_owned();
    let help = "go on with the next message, or let the end of the task end the process".to_owned();
    let also = |id: &NodeId| (site(flow, *id).span, "and so does one here".to_owned());
    Cause {
        node: Some(id),
        labels: others.iter().map(also).filter(|(other, _)| *other != span).collect(),
        ..finding(&RULE, span, message, help)
    }
}
