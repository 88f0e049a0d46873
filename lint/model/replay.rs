//! Takes an execution again, from its start.

use crate::flow::Flow;

use super::explore::start;
use super::program::Program;
use super::state::State;
use super::step::{initial, successors};
use super::trace::Trace;

/// The state in which an execution ends; `None` if the flow cannot do one of its steps.
#[must_use]
pub fn replay(flow: &Flow, trace: &Trace) -> Option<State> {
    let program = Program::new(flow, trace.scenario).ok()?;
    replay_states(&program, trace)?.pop()
}

/// The states before, between and after the steps of an execution.
#[must_use]
pub fn replay_states(program: &Program<'_>, trace: &Trace) -> Option<Vec<State>> {
    let messages = if trace.tier.is_concurrent() {
        1
    } else {
        program.messages
    };
    let starts = initial(program, start(program, trace.tier, messages));
    let mut state = starts.into_iter().nth(usize::try_from(trace.start).ok()?)?;
    let mut states = Vec::with_capacity(trace.steps.len() + 1);
    for step in &trace.steps {
        let mut moves = Vec::new();
        successors(program, &state, &mut moves);
        let (taken, next) = moves.into_iter().nth(usize::try_from(step.choice).ok()?)?;
        if taken.event != step.event || taken.node != step.node {
            return None;
        }
        states.push(std::mem::replace(&mut state, next));
    }
    states.push(state);
    Some(states)
}
