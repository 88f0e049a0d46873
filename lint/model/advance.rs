//! Lets a task go on through steps that nobody but itself can see, up to the next one that matters.

use rustc_hash::FxHashSet;

use crate::flow::{Broker, CondId, NodeId, Outcome, Settle, Step};

use super::program::Program;
use super::state::{Message, NONE, Place, State, Ways};

/// Takes a state, and the last node with a site that the task passed on its way there.
pub(super) type Landed<'l> = dyn FnMut(State, Option<NodeId>) + 'l;

/// Silent steps in a row after which a task is taken to spin for ever.
const FUEL: usize = 1_000;

/// What changes of a state while a task only asks its way: where it stands, and which ways it went. The rest stays as it was.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Course {
    pc: NodeId,
    turns: u64,
    ways: Ways,
}

/// A task that goes on by itself.
struct Walk<'w, 'f> {
    program: &'w Program<'f>,
    state: &'w State,
    message: u8,
}

/// Puts a task at a node and lets it run on; one result for each way that undecided branches may go. Ways that meet again in the same
/// state are followed once, so that branches in a row cost their sum and not their product.
pub(super) fn land(program: &Program<'_>, state: State, slot: u8, at: NodeId, landed: &mut Landed<'_>) {
    let Some(task) = state.task(slot) else { return };
    let walk = Walk {
        program,
        state: &state,
        message: task.message,
    };
    let start = Course {
        pc: at,
        turns: task.turns,
        ways: walk.message().map(|message| message.ways).unwrap_or_default(),
    };
    let first = walk.run(start, None);
    if let (course, then, None) = first {
        return landed(arrived(program, state, slot, course), then);
    }
    let mut branched: FxHashSet<Course> = FxHashSet::default();
    let mut waiting = vec![(first.0, first.1)];
    while let Some((course, then)) = waiting.pop() {
        let (course, then, on) = walk.run(course, then);
        match on {
            None => landed(arrived(program, state.clone(), slot, course), then),
            Some(_) if branched.len() >= FUEL => {}
            Some(on) => {
                if branched.insert(course) {
                    let behind = walk.behind(course, on);
                    waiting.extend(behind.into_iter().rev().map(|course| (course, then)));
                }
            }
        }
    }
}

impl Walk<'_, '_> {
    fn message(&self) -> Option<&Message> {
        self.state.messages.get(usize::from(self.message))
    }

    /// Runs up to a step that matters, or to a branch (then with its condition).
    fn run(&self, mut course: Course, mut then: Option<NodeId>) -> (Course, Option<NodeId>, Option<CondId>) {
        let state = self.state;
        for _ in 0..FUEL {
            let id = course.pc;
            let node = self.program.flow.node(id);
            let next = match node.step {
                Step::Pass | Step::Sleep { .. } | Step::ExtendLease => {
                    node.on(Outcome::Then).or_else(|| node.on(Outcome::Ok))
                }
                // With no outage left nothing can come between.
                Step::Read { .. } if state.left.outages == 0 && state.down == 0 => node.on(Outcome::Ok),
                Step::Receive if self.program.is_caller() => node.on(Outcome::Next),
                Step::Branch { on } => {
                    let then = if node.at.is_some() { Some(id) } else { then };
                    return (course, then, Some(on));
                }
                _ => None,
            };
            let Some(next) = next else { break };
            if node.at.is_some() {
                then = Some(id);
            }
            course.pc = next;
        }
        (course, then, None)
    }

    /// The courses behind a branch.
    fn behind(&self, course: Course, on: CondId) -> Vec<Course> {
        let edges = self.program.flow.node(course.pc).edges.iter();
        let ways = edges.filter_map(|edge| way_of(edge.when).map(|way| (way, edge.to)));
        ways.filter(|(way, _)| self.is_open(course, on, *way))
            .map(|(way, to)| self.take(course, on, way, to))
            .collect()
    }

    /// How often each way of the loop that begins here was gone, if one does.
    fn turned(&self, course: Course) -> Option<(u8, u64)> {
        let turn = self.program.loops[course.pc.0 as usize]?;
        Some((turn, course.turns >> (turn * 4) & 0xF))
    }

    /// Whether a branch may go that way now: a condition of the message goes as it went before, and a loop takes no way twice.
    fn is_open(&self, course: Course, on: CondId, way: u8) -> bool {
        if let Some((_, taken)) = self.turned(course).filter(|(_, taken)| *taken != 0) {
            return taken >> way.min(3) & 1 == 0;
        }
        let slot = self.program.slots[on.0 as usize].filter(|_| self.message().is_some());
        let decided = slot.and_then(|slot| course.ways.get(slot));
        decided.is_none_or(|decided| decided == way)
    }

    fn take(&self, mut course: Course, on: CondId, way: u8, to: NodeId) -> Course {
        let turned = self.turned(course);
        if let Some((turn, _)) = turned {
            course.turns |= 1 << (turn * 4 + way.min(3));
        }
        let first = turned.is_none_or(|(_, taken)| taken == 0);
        if let (true, Some(slot), Some(_)) = (first, self.program.slots[on.0 as usize], self.message()) {
            course.ways.set(slot, way);
        }
        course.pc = to;
        course
    }
}

/// The state at the end of a course.
fn arrived(program: &Program<'_>, mut state: State, slot: u8, course: Course) -> State {
    let task = state.task_mut(slot);
    task.pc = u16::try_from(course.pc.0).unwrap_or(u16::MAX);
    task.turns = course.turns;
    let message = usize::from(task.message);
    if let Some(message) = state.messages.get_mut(message) {
        message.ways = course.ways;
    }
    if matches!(program.flow.node(course.pc).step, Step::Receive) && !program.is_caller() {
        arrive(program, &mut state, slot);
    }
    state
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

fn way_of(outcome: Outcome) -> Option<u8> {
    match outcome {
        Outcome::Case(n) => Some(n),
        Outcome::Then | Outcome::Ok => Some(0),
        _ => None,
    }
}
