//! A lease that ends while its worker still works hands the message to a second one.

use std::collections::BTreeMap;

use delivery_grammar::Duration;

use crate::flow::{Broker, Flow, NodeId, Settle, Site, Step};
use crate::span::Span;

use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "visibility-timeout-too-short",
    code: "D208",
    level: Level::Deny,
    since: "0.1.0",
    summary: "The lease is shorter than the processing that it covers, and nothing extends it.",
    doc: include_str!("visibility_timeout_too_short.md"),
    check: Check::Flow(check),
};

fn check(flow: &Flow, promise: &Promise) -> Vec<Cause> {
    let leased = flow.source.broker == Broker::Queue && matches!(flow.source.settle, Settle::Manual | Settle::OnOk);
    if !leased || flow.nodes.iter().any(|node| node.step == Step::ExtendLease) {
        return Vec::new();
    }
    let seen = flow.source.lease.map(|lease| (lease.millis, lease.at));
    let said = promise.lease_millis.map(|millis| (millis, None));
    let Some((lease, at)) = seen.or(said) else {
        return Vec::new();
    };
    let declared = promise.processing_millis.map(|millis| (millis, None));
    let longest = longest_wait(flow).map(|(millis, site)| (millis, Some(site)));
    let work = declared.into_iter().chain(longest).max_by_key(|(millis, _)| *millis);
    work.filter(|(millis, _)| *millis > lease)
        .map(|(millis, site)| cause(flow, at, (lease, millis), site))
        .into_iter()
        .collect()
}

fn cause(flow: &Flow, at: Option<Span>, (lease, work): (u64, u64), site: Option<&Site>) -> Cause {
    let (lease, work) = (Duration::from_millis(lease), Duration::from_millis(work));
    let primary = at.unwrap_or(flow.source.at.span);
    let message = format!(
        "the message belongs to its worker for {lease}, but processing it may take {work}: a second worker gets it meanwhile"
    );
    let help = format!("make the lease longer than {work}, or extend it while the work goes on");
    let mut cause = finding(&RULE, primary, message, help);
    cause
        .labels
        .extend(site.map(|site| (site.span, format!("this may take {work}"))));
    cause
}

/// The longest that a message is waited with before it is settled: one step's time, or that of several one after the other.
fn longest_wait(flow: &Flow) -> Option<(u64, &Site)> {
    let mut walk = Walk {
        flow,
        known: BTreeMap::new(),
    };
    let starts: Vec<NodeId> = flow
        .iter()
        .filter(|(_, node)| node.step == Step::Receive)
        .flat_map(|(_, node)| node.edges.iter().map(|edge| edge.to))
        .collect();
    starts.into_iter().filter_map(|start| walk.from(start)).max_by_key(|(millis, _)| *millis)
}

struct Walk<'f> {
    flow: &'f Flow,
    /// The longest wait from a node on; `None` while it is looked for, so that loops count once.
    known: BTreeMap<NodeId, Option<(u64, &'f Site)>>,
}

impl<'f> Walk<'f> {
    fn from(&mut self, id: NodeId) -> Option<(u64, &'f Site)> {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        self.known.insert(id, None);
        let node = self.flow.node(id);
        if matches!(node.step, Step::Receive | Step::Ack(_) | Step::Nack { .. } | Step::Rewind) {
            return None;
        }
        let rest = node.edges.iter().filter_map(|edge| self.from(edge.to)).max_by_key(|(millis, _)| *millis);
        let own = match node.step {
            Step::Sleep { millis: Some(millis) } => node.at.as_ref().map(|at| (millis, at)),
            Step::Effect { effect, .. } => self.flow.effect(effect).limit_millis.zip(node.at.as_ref()),
            _ => None,
        };
        let longest = match (own, rest) {
            (Some((a, at)), Some((b, later))) => Some((a.saturating_add(b), if a >= b { at } else { later })),
            (own, rest) => own.or(rest),
        };
        self.known.insert(id, longest);
        longest
    }
}

#[cfg(test)]
mod tests {
    use delivery_grammar::Semantic;

    use super::*;
    use crate::flow::Lease;
    use crate::model::testing::flow;

    fn found(limit: &str) -> usize {
        let text = format!(
            "source postgres queue manual\n effect call http:POST idem http {limit}\n
            again:  receive ?
                    effect call ok=ack err=again
            ack:    ack ok=again ?"
        );
        let mut flow = flow(&text);
        flow.source.lease = Some(Lease { millis: 30_000, at: None });
        check(&flow, &Promise::assumed(Semantic::AtLeastOnce)).len()
    }

    #[test]
    fn a_request_may_take_as_long_as_its_client_waits() {
        assert_eq!(found("limit=90000"), 1);
        assert_eq!(found("limit=20000"), 0);
        assert_eq!(found(""), 0, "nobody knows how long it takes");
    }
}
