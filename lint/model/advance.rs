//! Lets a task go on through steps that nobody but itself can see, up to the next one that matters.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use crate::flow::{Broker, CondId, NodeId, Outcome, Settle, Step};

use super::explore::Mix;
use super::program::Program;
use super::state::{NONE, Place, State};

/// Takes a state, and the last node with a site that the task passed on its way there.
pub(super) type Landed<'l> = dyn FnMut(State, Option<NodeId>) + 'l;

/// Silent steps in a row after which a task is taken to spin for ever.
const FUEL: usize = 1_000;

/// Puts a task at a node and lets it run on; one result for each way that undecided branches may go. Ways that meet again in the same
/// state are followed once, so that branches in a row cost their sum and not their product.
pub(super) fn land(program: &Program<'_>, mut state: State, slot: u8, at: NodeId, landed: &mut Landed<'_>) {
    state.task_mut(slot).pc = u16::try_from(at.0).unwrap_or(u16::MAX);
    let (state, then, on) = run(program, state, slot, None);
    let Some(on) = on else { return landed(state, then) };
    let mut branched: HashSet<State, BuildHasherDefault<Mix>> = HashSet::default();
    branched.insert(state.clone());
    let mut waiting: Vec<_> = ways(program, &state, slot, on)
        .into_iter()
        .rev()
        .map(|state| (state, then))
        .collect();
    while let Some((state, then)) = waiting.pop() {
        let (state, then, on) = run(program, state, slot, then);
        match on {
            None => landed(state, then),
            Some(_) if branched.len() >= FUEL => {}
            Some(on) => {
                if branched.insert(state.clone()) {
                    waiting.extend(
                        ways(program, &state, slot, on)
                            .into_iter()
                            .rev()
                            .map(|state| (state, then)),
                    );
                }
            }
        }
    }
}

/// Runs up to a step that matters, or to a branch (then with its condition).
fn run(
    program: &Program<'_>,
    mut state: State,
    slot: u8,
    mut then: Option<NodeId>,
) -> (State, Option<NodeId>, Option<CondId>) {
    for _ in 0..FUEL {
        let id = NodeId(state.task_mut(slot).pc.into());
        let node = program.flow.node(id);
        let next = match node.step {
            Step::Pass | Step::Sleep { .. } | Step::ExtendLease => {
                node.on(Outcome::Then).or_else(|| node.on(Outcome::Ok))
            }
            // With no outage left nothing can come between.
            Step::Read { .. } if state.left.outages == 0 && state.down == 0 => node.on(Outcome::Ok),
            Step::Receive if program.is_caller() => node.on(Outcome::Next),
            Step::Branch { on } => {
                let then = if node.at.is_some() { Some(id) } else { then };
                return (state, then, Some(on));
            }
            Step::Receive => {
                arrive(program, &mut state, slot);
                None
            }
            _ => None,
        };
        let Some(next) = next else { break };
        if node.at.is_some() {
            then = Some(id);
        }
        state.task_mut(slot).pc = u16::try_from(next.0).unwrap_or(u16::MAX);
    }
    (state, then, None)
}

/// The task has finished with its message.
fn arrive(program: &Program<'_>, state: &mut State, slot: u8) {
    let task = state.task_mut(slot);
    let message = std::mem::replace(&mut task.message, NONE);
    task.stale = false;
    task.turns = 0;
    let flushed =
        matches!(program.flow.source.settle, Settle::OnReceive { .. }) && program.flow.source.broker == Broker::Log;
    if flushed && message != NONE {
        let place = &mut state.messages[usize::from(message)].place;
        if matches!(place, Place::Held(_)) {
            *place = Place::Done;
        }
    }
}

/// The states behind a branch.
fn ways(program: &Program<'_>, state: &State, slot: u8, on: CondId) -> Vec<State> {
    let pc = state.task(slot).map_or(0, |task| task.pc);
    let edges = program.flow.node(NodeId(pc.into())).edges.iter();
    let open = edges.filter_map(|edge| way_of(edge.when).map(|way| (way, edge.to)));
    open.filter(|(way, _)| is_open(program, state, slot, on, *way))
        .map(|(way, to)| {
            let mut state = state.clone();
            take(program, &mut state, slot, on, way);
            state.task_mut(slot).pc = u16::try_from(to.0).unwrap_or(u16::MAX);
            state
        })
        .collect()
}

fn way_of(outcome: Outcome) -> Option<u8> {
    match outcome {
        Outcome::Case(n) => Some(n),
        Outcome::Then | Outcome::Ok => Some(0),
        _ => None,
    }
}

/// Whether a branch may go that way now: a condition of the message goes as it went before, and a loop takes no way twice.
fn is_open(program: &Program<'_>, state: &State, slot: u8, on: CondId, way: u8) -> bool {
    let Some(task) = state.task(slot) else { return false };
    let taken = program.loops[usize::from(task.pc)].map_or(0, |turn| task.turns >> (turn * 4) & 0xF);
    if taken != 0 {
        return taken >> way.min(3) & 1 == 0;
    }
    let decided = known_way(program, state, task.message, on);
    decided.is_none_or(|decided| decided == way)
}

fn known_way(program: &Program<'_>, state: &State, message: u8, on: CondId) -> Option<u8> {
    let slot = program.slots[on.0 as usize]?;
    state.messages.get(usize::from(message))?.ways.get(slot)
}

fn take(program: &Program<'_>, state: &mut State, slot: u8, on: CondId, way: u8) {
    let task = state.task_mut(slot);
    let message = usize::from(task.message);
    let mut first = true;
    if let Some(turn) = program.loops[usize::from(task.pc)] {
        first = task.turns >> (turn * 4) & 0xF == 0;
        task.turns |= 1 << (turn * 4 + way.min(3));
    }
    if let (true, Some(slot), Some(message)) = (first, program.slots[on.0 as usize], state.messages.get_mut(message)) {
        message.ways.set(slot, way);
    }
}
