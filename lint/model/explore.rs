//! Breadth-first search: every state that an adversary can bring about, the nearest first.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use super::bounds::{Bounds, Faults, Tier};
use super::judge::{Violation, judge};
use super::program::Program;
use super::state::{Counts, MESSAGES, Message, NONE, Place, Role, Running, State, Ways};
use super::step::{Move, initial, successors};
use super::trace::{Trace, TraceStep};

/// What an exploration looks for.
#[derive(Debug, Clone, Copy)]
pub enum Goal<'g> {
    /// Every violation there is.
    All,
    /// The nearest state that has one of these.
    First(&'g [Violation]),
}

/// What an exploration found.
#[derive(Debug)]
pub struct Exploration {
    /// Distinct states that were seen.
    pub states: usize,
    /// The search gave up at [`Bounds::states`]: what it did not find may still exist.
    pub is_capped: bool,
    /// Each violation with the shortest execution that has it.
    pub violations: BTreeMap<Violation, Trace>,
}

/// Explores what the adversary of a tier can do.
#[must_use]
pub fn explore(program: &Program<'_>, tier: Tier, goal: Goal<'_>) -> Exploration {
    let messages = if tier.is_concurrent() { 1 } else { program.messages };
    let mut search = Search::new(program, tier, messages);
    let mut found: BTreeMap<Violation, (usize, u8)> = BTreeMap::new();
    let mut judged = 0;
    loop {
        while judged < search.len() {
            for (violation, message) in judge(program, search.state(judged)) {
                found.entry(violation).or_insert((judged, message));
            }
            judged += 1;
            if let (Goal::First(wanted), true) = (goal, !found.is_empty()) {
                found.retain(|violation, _| wanted.contains(violation));
                if !found.is_empty() {
                    return search.report(&found);
                }
            }
        }
        if !search.expand_next() {
            return search.report(&found);
        }
    }
}

/// How a state was reached for the first time.
#[derive(Debug, Clone, Copy)]
struct Origin {
    parent: u32,
    choice: u32,
    step: Option<Move>,
}

/// A search in progress. States are kept whole and compared whole; hashes only find candidates.
pub(super) struct Search<'a, 'f> {
    program: &'a Program<'f>,
    tier: Tier,
    states: Vec<State>,
    origins: Vec<Origin>,
    /// The newest state with a hash, and for each state the one before it with the same hash.
    newest: FxHashMap<u64, u32>,
    before: Vec<u32>,
    next: usize,
    is_capped: bool,
    scratch: Vec<(Move, State)>,
}

const NOBODY: u32 = u32::MAX;

impl<'a, 'f> Search<'a, 'f> {
    pub(super) fn new(program: &'a Program<'f>, tier: Tier, messages: u8) -> Self {
        Self::from(program, tier, initial(program, start(program, tier, messages)))
    }

    /// A search that starts in the middle.
    pub(super) fn from(program: &'a Program<'f>, tier: Tier, starts: Vec<State>) -> Self {
        let mut search = Self {
            program,
            tier,
            states: Vec::new(),
            origins: Vec::new(),
            newest: FxHashMap::default(),
            before: Vec::new(),
            next: 0,
            is_capped: false,
            scratch: Vec::new(),
        };
        for state in starts {
            search.add(
                state,
                Origin {
                    parent: NOBODY,
                    choice: 0,
                    step: None,
                },
            );
        }
        search
    }

    /// Adds what can happen in the next state; `false` when there is none.
    pub(super) fn expand_next(&mut self) -> bool {
        if self.next >= self.states.len() || self.is_capped {
            return false;
        }
        let mut moves = std::mem::take(&mut self.scratch);
        successors(self.program, &self.states[self.next], &mut moves);
        let parent = u32::try_from(self.next).unwrap_or(NOBODY);
        for (choice, (step, state)) in (0..).zip(moves.drain(..)) {
            self.add(
                state,
                Origin {
                    parent,
                    choice,
                    step: Some(step),
                },
            );
        }
        self.scratch = moves;
        self.next += 1;
        self.program.work.spend(1);
        self.is_capped = self.states.len() > self.program.scenario.bounds.states || self.program.work.is_spent();
        true
    }

    fn add(&mut self, state: State, origin: Origin) {
        let index = u32::try_from(self.states.len()).unwrap_or(NOBODY);
        let newest = self.newest.entry(hash(&state)).or_insert(NOBODY);
        let mut candidate = *newest;
        while candidate != NOBODY {
            if self.states[candidate as usize] == state {
                return;
            }
            candidate = self.before[candidate as usize];
        }
        self.before.push(std::mem::replace(newest, index));
        self.states.push(state);
        self.origins.push(origin);
    }

    /// The search gave up: there are more states.
    pub(super) fn is_capped(&self) -> bool {
        self.is_capped
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    pub(super) fn state(&self, index: usize) -> &State {
        &self.states[index]
    }

    /// The step by which a state was first reached; `None` at the start.
    pub(super) fn step(&self, index: usize) -> Option<Move> {
        self.origins[index].step
    }

    fn report(&self, found: &BTreeMap<Violation, (usize, u8)>) -> Exploration {
        let violations = found
            .iter()
            .map(|(&violation, &(index, message))| (violation, self.trace(index, message)))
            .collect();
        Exploration {
            states: self.states.len(),
            is_capped: self.is_capped,
            violations,
        }
    }

    fn trace(&self, mut index: usize, message: u8) -> Trace {
        let mut steps = Vec::new();
        while let Some(step) = self.origins[index].step {
            steps.push(told(step, self.origins[index].choice));
            index = self.origins[index].parent as usize;
        }
        steps.reverse();
        let start = u32::try_from(index).unwrap_or(0);
        Trace {
            message,
            tier: self.tier,
            scenario: self.program.scenario,
            start,
            steps,
        }
    }
}

/// The transition system, for another checker to search.
impl Program<'_> {
    /// The states in which an execution may start.
    #[must_use]
    pub fn initial(&self, tier: Tier) -> Vec<State> {
        let messages = if tier.is_concurrent() { 1 } else { self.messages };
        initial(self, start(self, tier, messages))
    }

    /// What may come next.
    #[must_use]
    pub fn successors(&self, state: &State) -> Vec<State> {
        let mut moves = Vec::new();
        successors(self, state, &mut moves);
        moves.into_iter().map(|(_, state)| state).collect()
    }

    /// What is wrong in a state.
    #[must_use]
    pub fn violations(&self, state: &State) -> Vec<Violation> {
        judge(self, state).into_iter().map(|(violation, _)| violation).collect()
    }
}

fn told(step: Move, choice: u32) -> TraceStep {
    let Move {
        actor,
        task,
        message,
        event,
        node,
        then,
    } = step;
    let message = (message != NONE).then_some(message);
    TraceStep {
        actor,
        task,
        message,
        event,
        node,
        then,
        choice,
        text: String::new(),
        at: None,
    }
}

/// The state before anything happened.
pub(super) fn start(program: &Program<'_>, tier: Tier, messages: u8) -> State {
    let caller = program.is_caller();
    let bounds: &Bounds = &program.scenario.bounds;
    let place = |number: usize| match number {
        0 if caller => Place::Held(0),
        _ if number < usize::from(messages) => Place::Ready,
        _ => Place::Refused,
    };
    let message = |number| Message {
        place: place(number),
        deliveries: 0,
        ways: Ways::default(),
        effects: Counts::default(),
        marks: 0,
    };
    let workers = if tier.is_concurrent() && !caller {
        bounds.workers.min(2)
    } else {
        1
    };
    let task = |slot| Running {
        slot,
        process: slot,
        role: Role::Main,
        pc: 0,
        message: if caller { 0 } else { NONE },
        parent: NONE,
        stale: false,
        failed: 0,
        turns: 0,
    };
    State {
        messages: std::array::from_fn::<_, MESSAGES, _>(message),
        tasks: (0..workers).map(task).collect(),
        open: Vec::new(),
        memory: [[0; MESSAGES]; 2],
        down: 0,
        owner: 0,
        left: effective(program, tier.faults(bounds.faults)),
    }
}

/// Faults that cannot happen in this flow are not carried around.
fn effective(program: &Program<'_>, faults: Faults) -> Faults {
    if program.is_caller() {
        Faults {
            leases: 0,
            expiries: 0,
            ..faults
        }
    } else {
        faults
    }
}

fn hash(state: &State) -> u64 {
    let mut hasher = FxHasher::default();
    state.hash(&mut hasher);
    hasher.finish()
}
