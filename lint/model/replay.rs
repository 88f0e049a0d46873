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
    let messages = if trace.tier.is_concurrent() {
        1
    } else {
        program.messages
    };
    let mut states = initial(&program, start(&program, trace.tier, messages));
    let index = usize::try_from(trace.start)
        .ok()
        .filter(|&index| index < states.len())?;
    let mut state = states.swap_remove(index);
    for step in &trace.steps {
        let mut moves = Vec::new();
        successors(&program, &state, &mut moves);
        let index = usize::try_from(step.choice).ok().filter(|&index| index < moves.len())?;
        let (taken, next) = moves.swap_remove(index);
        if taken.event != step.event || taken.node != step.node {
            return None;
        }
        state = next;
    }
    Some(state)
}
