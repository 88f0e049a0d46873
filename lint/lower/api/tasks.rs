//! Tasks, queues in memory, and time.

use super::*;
use crate::flow::{self, Known, Outcome, Step};
use crate::lower::Lowering;
use crate::lower::expr::deep_origin;
use crate::lower::state::{Flowing, State, merge_values};
use crate::lower::value::{Future, Kind, Origin, Value};
use std::sync::Arc;

/// The property of both ends of a queue through which the answer to a message comes.
const REPLY: &str = "(reply)";

/// How code that takes everything out of a collection may look like.
const DRAINS: [&str; 7] = [
    "mem::take",
    "mem::replace",
    "mem::swap",
    ".drain(",
    "pop_front(",
    "split_off(",
    ".pop()",
];

impl<'a> Lowering<'a> {
    pub(in crate::lower) fn spawn_call(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let task = self
            .operand_of(doing.facts.task.as_ref(), doing)
            .map(|(value, _)| value);
        let Some(task) = task.or_else(|| doing.args.last().cloned()) else {
            return self.compute(doing, state);
        };
        let answers = task.any(&|value| value.prop(REPLY).is_some());
        let (mut state, handle) = self.spawn(task, doing.site.at, false, state);
        let handle = handle.with_ty(self.given(doing).ty);
        if doing.call.mutates {
            self.keep(&handle);
        }
        let spawned = state.at.first().filter(|_| answers);
        self.graph.replies.extend(spawned.map(|spawned| spawned.from));
        if let (Some(recv), Some(Some(place))) = (&doing.recv, doing.places.first()) {
            let list = Value::new(Kind::List(Box::new(handle.clone())), recv.ty.clone(), recv.origin);
            state.write(place, list);
        }
        vec![(state, handle)]
    }

    pub(in crate::lower) fn join_call(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let target = self
            .operand_of(doing.facts.task.as_ref(), doing)
            .map(|(value, _)| value)
            .or_else(|| doing.recv.clone());
        let optional = doing.call.name().starts_with("join_next");
        let nothing_spawned = target
            .as_ref()
            .is_some_and(|target| matches!(target.kind, Kind::Api(_)) || target.is_known_empty());
        if optional && nothing_spawned {
            return vec![(state, Value::none())];
        }
        let Some(task) = target.as_ref().and_then(task_in) else {
            let future = target.filter(|target| matches!(target.kind, Kind::Future(_) | Kind::Unseen(_)));
            return match future.filter(|_| doing.facts.task != Some(Operand::Recv)) {
                // `runtime.block_on(future)`
                Some(future) => self.await_value(future, state, doing.site.at),
                None => self.compute(doing, state),
            };
        };
        let joined = self.join(task, state, doing.site.at);
        if !optional {
            return joined;
        }
        // One task stands for all of a set: when it has ended, none is left.
        let taken = joined.into_iter().map(|(mut state, value)| {
            if let (Some(Some(place)), Some(set)) = (doing.places.first(), &target) {
                state.write(place, set.emptied());
            }
            (state, Value::some(value))
        });
        taken.collect()
    }

    pub(in crate::lower) fn send(&mut self, doing: &Doing<'_>, mut state: State) -> Flowing {
        let value = self
            .operand_of(doing.facts.value.as_ref(), doing)
            .map(|(value, _)| value)
            .or_else(|| doing.args.first().cloned());
        // How a task ends its parent asks the task.
        let whose = self.ends.running.is_empty();
        state.told |= whose && value.as_ref().and_then(Value::variant_name) == Some("Err");
        let Some(value) = value.filter(|value| deep_origin(value).has(Origin::MESSAGE) && state.holding) else {
            return self.signal(doing, state);
        };
        let carries_ack = self.settles(&value);
        let answered = value.any(&|value| value.prop(REPLY).is_some());
        let flowing = self.two_way(doing, state, Step::Handoff { carries_ack });
        let sent = flowing.first().and_then(|(state, _)| state.at.first());
        self.graph
            .replies
            .extend(sent.filter(|_| answered).map(|sent| sent.from));
        flowing
    }

    /// Whether a method puts something into a queue in memory that others empty: one that is reached through a lock.
    pub(in crate::lower) fn is_shared_queue(&self, recv: &Value, name: &str) -> bool {
        let queues = name != "insert" && recv.origin.has(Origin::SHARED);
        queues && DRAINS.iter().any(|drain| (self.mentions)(drain))
    }

    /// The message, or what is made of it, is left in memory for others.
    pub(in crate::lower) fn leave_for_others(&mut self, item: &Value, site: CallSite, state: State) -> Flowing {
        if !state.holding || !deep_origin(item).has(Origin::MESSAGE) {
            return vec![(state, Value::unit())];
        }
        let carries_ack = self.settles(item);
        let at = self.site(site.at);
        let node = self.graph.emit(&state, Step::Handoff { carries_ack }, Some(at));
        self.graph.left.push(node);
        vec![(state.after(node, Outcome::Ok), Value::unit())]
    }

    /// Code that works on a message itself keeps books in memory, and leaves nothing for others.
    pub(in crate::lower) fn forget_bookkeeping(&mut self) {
        let works =
            |node: &flow::Node| matches!(node.step, Step::Effect { .. } | Step::Opaque { .. } | Step::Mark { .. });
        if !self.graph.nodes.iter().any(works) {
            return;
        }
        for id in std::mem::take(&mut self.graph.left) {
            let node = &mut self.graph.nodes[id.0 as usize];
            if node.step == (Step::Handoff { carries_ack: false }) {
                node.step = Step::Pass;
                node.at = None;
                node.edges.iter_mut().for_each(|edge| edge.when = Outcome::Then);
            }
        }
    }

    /// Something other than a message is sent.
    fn signal(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        if self.capture.is_none() {
            return self.compute(doing, state);
        }
        let node = self.graph.emit(&state, Step::Pass, None);
        self.signals_from(node);
        self.compute(doing, state.after(node, Outcome::Then))
    }

    /// A queue that is made for a message is there for the answer to it.
    pub(in crate::lower) fn channel(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let flowing = self.compute(doing, state);
        let ends = |(state, value): (State, Value)| match value.ty.clone() {
            Ty::Tuple(ends) if state.holding => {
                let end = |ty| {
                    let end = Value::new(Kind::Api(Arc::default()), ty, Origin::NONE);
                    end.with_prop(REPLY.into(), Value::unit(), None)
                };
                let ends = ends.iter().cloned().map(end).collect();
                (state, Value::new(Kind::Tuple(ends), Ty::Unknown, Origin::NONE))
            }
            _ => (state, value),
        };
        flowing.into_iter().map(ends).collect()
    }

    /// The answer to a message that was handed over tells that whoever took it has processed it: what was a mere handover until here
    /// is a call.
    pub(in crate::lower) fn take_answer(&mut self, doing: &Doing<'_>, state: &State) -> Option<Flowing> {
        let answer = doing.recv.as_ref().is_some_and(|recv| recv.prop(REPLY).is_some());
        let sent = self.graph.replies.last().copied().filter(|_| answer && state.holding)?;
        let site = self.graph.nodes[sent.0 as usize]
            .at
            .clone()
            .unwrap_or_else(|| self.site(doing.site.at));
        self.graph.unsend(sent, &site);
        let effect = self.opaque_effect(&site);
        Some(self.two_way(doing, state.clone(), Step::Opaque { effect }))
    }

    pub(in crate::lower) fn sleep(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let value = self.given(doing);
        if !state.holding {
            return vec![(state, value)];
        }
        let millis = self.duration(doing);
        let node = self
            .graph
            .emit(&state, Step::Sleep { millis }, Some(self.site(doing.site.at)));
        vec![(state.after(node, Outcome::Then), value)]
    }

    fn duration(&self, doing: &Doing<'_>) -> Option<u64> {
        let (value, _) = self.operand_of(doing.facts.duration.as_ref(), doing)?;
        millis(&value, doing.facts.duration_unit)
    }

    pub(in crate::lower) fn timeout(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let task = self
            .operand_of(doing.facts.task.as_ref(), doing)
            .map(|(value, _)| value)
            .or_else(|| doing.args.last().cloned());
        let Some(inner) = task else {
            return self.compute(doing, state);
        };
        let limit = self.duration(doing);
        self.run_future(
            &Arc::new(Future::Limited {
                inner,
                limit,
                at: doing.site.at,
            }),
            state,
        )
    }

    /// A closure that is called again while it fails.
    pub(in crate::lower) fn retry(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let closure = self.operand_of(doing.facts.closure.as_ref(), doing);
        let closure = closure.map(|(value, _)| value);
        if closure.is_none() && doing.facts.value.is_some() {
            return self.apply(doing, state);
        }
        let Some(closure) = closure.or_else(|| doing.recv.clone()) else {
            return self.compute(doing, state);
        };
        let site = self.site(doing.site.label);
        let retry = self.graph.retry(&site, Known::Yes);
        self.graph.retry.push(retry);
        let head = self.graph.emit(&state, Step::Pass, None);
        let ended = self.call_with_value(&closure, doing, state.after(head, Outcome::Then));
        let mut all = Vec::new();
        for (state, value) in ended {
            if value.variant_name() != Some("Err") || !state.holding {
                all.push((state, value));
                continue;
            }
            let cases = self.branch(&state, flow::CondKind::Free, doing.site.label, 2);
            self.graph.close(&cases[0], head);
            all.push((cases[1].clone(), value));
        }
        self.graph.retry.pop();
        merge_values(all)
    }

    /// Calls a closure that a client was given earlier. Without one in sight nobody knows what is called.
    pub(in crate::lower) fn apply(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        if doing.facts.value.is_none() {
            return self.compute(doing, state);
        }
        let closure = self.operand_of(doing.facts.closure.as_ref(), doing);
        let closure = closure.map_or_else(Value::unknown, |(closure, _)| closure);
        self.call_with_value(&closure, doing, state)
    }

    /// Calls a closure with the value that the entry names, or with none, and waits for what it gives.
    fn call_with_value(&mut self, closure: &Value, doing: &Doing<'_>, state: State) -> Flowing {
        let value = self.operand_of(doing.facts.value.as_ref(), doing);
        let args = value.map(|(value, _)| value).into_iter().collect();
        let called = match doing.facts.value {
            Some(_) => self.call_value(closure, args, doing.site, state),
            None => return self.run_callable(closure.clone(), doing.site.at, state),
        };
        self.each(called, |this, state, value| {
            this.await_value(value, state, doing.site.at)
        })
    }
}
