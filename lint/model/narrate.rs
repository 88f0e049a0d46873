//! Tells an execution as an incident report would: who did what, with which consequence.

use crate::flow::{EffectId, Ended, Flow, KeyId, NodeId};

use super::trace::{Actor, Event, Trace, TraceStep};

/// Fills in the text and the place of each step. `flow` is the one that the execution is of.
#[must_use]
pub fn narrate(flow: &Flow, mut trace: Trace) -> Trace {
    let several = trace.steps.iter().any(|step| step.message == Some(1));
    // What was read shows in what is done then.
    trace.steps.retain(|step| step.event != Event::Read);
    for step in &mut trace.steps {
        let message = match step.message {
            Some(number) if several => format!("message {}", number + 1),
            _ => "the message".to_owned(),
        };
        step.text = capitalised(&tell(flow, step, &message));
        step.at = step
            .node
            .and_then(|node| flow.node(node).at.as_ref())
            .map(|site| site.span);
    }
    trace
}

fn tell(flow: &Flow, step: &TraceStep, message: &str) -> String {
    match step.event {
        Event::Receive { again: false } => format!("{} receives {message}", actor(step)),
        Event::Receive { again: true } => format!("the broker delivers {message} again, to {}", actor(step)),
        Event::Ack
        | Event::AckBuffered
        | Event::AckLost
        | Event::AckFails
        | Event::AckReplyLost
        | Event::AckIgnored => tell_ack(flow, step, message),
        Event::Nack { requeue: true } => format!("{message} goes back to the queue"),
        Event::Nack { requeue: false } => format!("{message} is rejected"),
        Event::NackFails => format!("the broker does not learn that {message} is rejected"),
        Event::Rewind => format!("the position goes back to {message}"),
        Event::Handoff => format!("{message} goes into a queue in memory"),
        Event::HandoffFails => format!("the queue in memory does not take {message}"),
        Event::Drained => format!("the queue's reader has processed {message}"),
        Event::Crash => format!("{} crashes and is started again", actor(step)),
        Event::LeaseExpires => format!("the lease on {message} runs out; its worker does not know and goes on"),
        Event::Claim { buffered: false } => format!("{} takes {message} for good", site(flow, step.node)),
        Event::Claim { buffered: true } => {
            format!(
                "{} takes {message}, for good once the transaction commits",
                site(flow, step.node)
            )
        }
        Event::Exit { ended } => format!("the function ends {}", how(ended)),
        Event::TaskEnds { ended, .. } => format!("the spawned task ends {}", how(ended)),
        Event::Spawn { .. } => format!("a task is spawned for {message}"),
        Event::Join { ok: true, .. } => "the spawned task has ended well".into(),
        Event::Join { ok: false, .. } => "the spawned task has failed, and its parent sees it".into(),
        _ => tell_store(flow, step, message),
    }
}

fn tell_ack(flow: &Flow, step: &TraceStep, message: &str) -> String {
    let what = site(flow, step.node);
    match step.event {
        Event::AckBuffered => format!("{what} becomes part of the transaction"),
        Event::AckLost => format!("{what} does not reach the broker: {message} stays unsettled"),
        Event::AckFails => format!("{what} fails: {message} stays unsettled"),
        Event::AckReplyLost => format!("{what} settles {message}, but the worker sees a failure"),
        Event::AckIgnored => format!("{what} comes too late, and the broker ignores it"),
        _ => format!("{what} settles {message}: it will not come again"),
    }
}

fn tell_store(flow: &Flow, step: &TraceStep, message: &str) -> String {
    if let Some(told) = tell_undone(flow, step) {
        return told;
    }
    match step.event {
        Event::Effect {
            effect,
            buffered: false,
        } => format!("{} is done", name(flow, effect)),
        Event::Effect { effect, buffered: true } => format!("{} is done, and waits for the commit", name(flow, effect)),
        Event::EffectFails { effect } => format!("{} fails", name(flow, effect)),
        Event::EffectUnseen { effect } => format!("{} fails, and nobody sees it", name(flow, effect)),
        Event::EffectReplyLost { effect } => format!("{} is done, but its reply is lost", name(flow, effect)),
        Event::ReadFails => format!("{} fails", site(flow, step.node)),
        Event::Check { key, found: true } | Event::Duplicate { key } => {
            format!("{} knows {message}: it is skipped", store(flow, key))
        }
        Event::Check { key, found: false } => format!("{} does not know {message}", store(flow, key)),
        Event::CheckFails { key } | Event::MarkFails { key } | Event::UnmarkFails { key } => {
            format!("{} does not answer", store(flow, key))
        }
        Event::Mark { key, buffered: false } => format!("{message} is recorded in {}", store(flow, key)),
        Event::Mark { key, buffered: true } => {
            format!(
                "{message} is recorded in {}, and waits for the commit",
                store(flow, key)
            )
        }
        Event::MarkReplyLost { key } => format!("{message} is recorded in {}, but the reply is lost", store(flow, key)),
        Event::Unmark { key } => format!("{message} is removed from {}", store(flow, key)),
        Event::MarkExpires { key } => format!("the mark of {message} in {} is gone", store(flow, key)),
        Event::Begin { .. } => "a transaction begins".into(),
        Event::BeginFails { .. } => "no transaction can be begun".into(),
        Event::Commit { .. } => "the transaction commits".into(),
        Event::CommitFails { .. } => "the commit fails, and nothing of the transaction remains".into(),
        Event::CommitReplyLost { .. } => "the transaction commits, but the worker sees a failure".into(),
        Event::CommitConflict { .. } => "the commit is refused: another worker was faster".into(),
        _ => "the transaction is rolled back".into(),
    }
}

/// What is not even begun, also where the search looks at something else and takes it for done.
fn tell_undone(flow: &Flow, step: &TraceStep) -> Option<String> {
    let (Event::Effect { effect, .. } | Event::EffectUnseen { effect }) = step.event else {
        return None;
    };
    let undone = flow.effects.get(effect.0 as usize)?.undone?;
    let at = flow.node(step.node?).at.as_ref()?;
    Some(format!("{} is not done: {}", name(flow, effect), undone.tell(at)))
}

fn actor(step: &TraceStep) -> String {
    match step.actor {
        Actor::Worker(number) => format!("worker {number}"),
        Actor::Broker => "the broker".into(),
        Actor::Store => "the store".into(),
    }
}

fn name(flow: &Flow, effect: EffectId) -> String {
    flow.effects
        .get(effect.0 as usize)
        .map_or_else(|| "the handoff".into(), |effect| format!("`{}`", effect.at.text))
}

fn store(flow: &Flow, key: KeyId) -> String {
    format!("`{}`", flow.key(key).store)
}

fn site(flow: &Flow, node: Option<NodeId>) -> String {
    let at = node.and_then(|node| flow.node(node).at.as_ref());
    at.map_or_else(|| "the call".into(), |at| format!("`{}`", at.text))
}

fn how(ended: Ended) -> &'static str {
    match ended {
        Ended::Ok => "well",
        Ended::Err => "with an error",
        Ended::Panic => "in a panic",
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
