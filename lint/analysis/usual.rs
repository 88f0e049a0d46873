//! The steps of a message's usual way, as a report tells them.

use smol_str::SmolStr;

use crate::flow::{EffectKind, Flow, Node, Settle, Step, TxId};
use crate::report::UsualStep;

/// What happens to a message if nothing fails, with what a framework or a transport does of its own accord.
pub(super) fn usual_steps(flow: &Flow) -> Vec<UsualStep> {
    let way = flow.usual_way().into_iter().map(|id| flow.node(id));
    let mut steps: Vec<UsualStep> = way
        .filter(|node| node.step.is_told())
        .map(|node| told(flow, node))
        .collect();
    match &flow.source.settle {
        Settle::OnReceive { at, .. } => {
            let first = steps
                .iter()
                .position(|step| step.event == "receive")
                .map_or(0, |receive| receive + 1);
            steps.insert(first, by_itself("ack", *at));
        }
        Settle::OnOk | Settle::OnReturn => steps.push(by_itself("ack", None)),
        Settle::Manual | Settle::InSink | Settle::Never => {}
    }
    steps
}

fn by_itself(event: &'static str, at: Option<crate::span::Span>) -> UsualStep {
    UsualStep {
        event,
        text: String::new(),
        target: None,
        at,
        tx: None,
    }
}

fn told(flow: &Flow, node: &Node) -> UsualStep {
    let (event, target, tx) = what(flow, &node.step);
    UsualStep {
        event,
        text: node.at.as_ref().map(|site| site.text.to_string()).unwrap_or_default(),
        target,
        at: node.at.as_ref().map(|site| site.span),
        tx: tx.map(|tx| tx.0),
    }
}

fn what(flow: &Flow, step: &Step) -> (&'static str, Option<SmolStr>, Option<TxId>) {
    let store = |key: &crate::flow::KeyId| Some(flow.key(*key).store.clone());
    let transaction = |tx: &TxId| flow.transactions.get(tx.0 as usize).map(|tx| tx.store.clone());
    match step {
        Step::Receive => ("receive", None, None),
        Step::Ack(ack) => ("ack", None, ack.tx),
        Step::Nack { .. } => ("nack", None, None),
        Step::Claim { tx } => ("claim", None, *tx),
        Step::Rewind => ("rewind", None, None),
        Step::Effect { effect, tx } => {
            let effect = flow.effect(*effect);
            let event = if effect.kind == EffectKind::Publish {
                "publish"
            } else {
                "effect"
            };
            (event, Some(effect.target.clone()), *tx)
        }
        Step::Opaque { .. } => ("opaque", None, None),
        Step::Read { from } => ("read", Some(from.clone()), None),
        Step::Check { key, tx, .. } => ("check", store(key), *tx),
        Step::Mark { key, tx, .. } => ("mark", store(key), *tx),
        Step::Unmark { key, tx } => ("unmark", store(key), *tx),
        Step::Begin { tx } => ("begin", transaction(tx), Some(*tx)),
        Step::Commit { tx } => ("commit", transaction(tx), Some(*tx)),
        Step::Rollback { tx } => ("rollback", transaction(tx), Some(*tx)),
        Step::Spawn { .. } => ("spawn", None, None),
        Step::Handoff { .. } => ("handoff", None, None),
        Step::ExtendLease => ("extend", None, None),
        Step::Join { .. }
        | Step::Branch { .. }
        | Step::Sleep { .. }
        | Step::Pass
        | Step::Exit(_)
        | Step::TaskEnd(_) => ("pass", None, None),
    }
}
