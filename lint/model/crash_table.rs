//! What a crash between two steps of a fault-free run does.

use std::collections::BTreeMap;

use crate::flow::{EffectId, NodeId};

use super::bounds::{Faults, Tier};
use super::explore::Search;
use super::judge::{Property, Violation, judge};
use super::program::Program;
use super::state::{Place, State};
use super::step::successors;
use super::trace::Event;
use super::work::Work;

/// A point between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrashPoint {
    /// The step after which the process dies.
    pub after: NodeId,
    pub event: Event,
    pub outcome: CrashOutcome,
    /// What is repeated or lost; numbers beyond the flow's effects are handoffs.
    pub effect: Option<EffectId>,
    /// Whether the message is delivered again after the crash.
    pub comes_again: bool,
}

/// What becomes of the message, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CrashOutcome {
    /// It comes again and nothing has happened yet, or all was done.
    NothingLost,
    /// It comes again and the repetition changes nothing.
    Absorbed,
    /// It comes again and an effect is repeated.
    Repeated,
    /// It does not come again, and an effect is missing.
    Lost,
}

/// Ways through one node, and states after one crash, that are looked at: the table is an illustration of the verdict, not its proof,
/// and must not cost more than the search itself.
const WAYS_THROUGH: usize = 8;
const STATES_AFTER: usize = 2_000;
/// Fault-free states.
const CALM_STATES: usize = 4_000;
/// States after all crashes together: of what lies behind them the table tells nothing.
const STATES_IN_ALL: usize = 1_000_000;

/// The crash points of the fault-free runs, in the order of their nodes; of several ways through a node the worst counts.
///
/// `sound`: no adversary breaks anything, so that nobody has to follow what comes of each crash.
pub(super) fn crash_table(program: &Program<'_>, sound: bool) -> Vec<CrashPoint> {
    let program = &program.with(&Work::of(CALM_STATES + STATES_IN_ALL));
    let mut calm = Search::new(program, Tier::Calm, 1);
    while calm.len() < CALM_STATES && calm.expand_next() {}
    let mut points: BTreeMap<NodeId, CrashPoint> = BTreeMap::new();
    let mut looked: BTreeMap<NodeId, usize> = BTreeMap::new();
    for index in 0..calm.len() {
        let (Some(step), state) = (calm.step(index), calm.state(index)) else {
            continue;
        };
        let node = step
            .node
            .filter(|_| step.event != Event::Read && !is_undone(program, step.event));
        let (Some(after), false) = (node, is_over(program, state)) else {
            continue;
        };
        if program.work.is_spent() {
            break;
        }
        let looked = looked.entry(after).or_default();
        *looked += 1;
        let Some(end) = (*looked <= WAYS_THROUGH)
            .then(|| crashed(program, state, sound))
            .flatten()
        else {
            continue;
        };
        let point = CrashPoint {
            after,
            event: step.event,
            outcome: end.outcome,
            effect: end.effect,
            comes_again: end.comes_again,
        };
        match points.get(&after) {
            Some(known) if known.outcome >= point.outcome => {}
            _ => drop(points.insert(after, point)),
        }
    }
    points.into_values().collect()
}

/// Whether an event stands for what never happens.
fn is_undone(program: &Program<'_>, event: Event) -> bool {
    matches!(event, Event::Effect { effect, .. } if program.flow.effect(effect).undone.is_some())
}

/// Only the first attempt counts, and only while something works on the message.
fn is_over(program: &Program<'_>, state: &State) -> bool {
    let message = &state.messages[0];
    message.deliveries != 1 && !program.is_caller() || state.is_quiet(0)
}

/// How an execution ends, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    outcome: CrashOutcome,
    effect: Option<EffectId>,
    comes_again: bool,
}

/// The worst that can come of a crash in `state`, if nothing else fails.
fn crashed(program: &Program<'_>, state: &State, sound: bool) -> Option<End> {
    let mut before = state.clone();
    before.left = Faults {
        crashes: 1,
        ..Faults::default()
    };
    let touched = !before.messages[0].effects.is_empty() || before.messages[0].marks != 0;
    let mut moves = Vec::new();
    successors(program, &before, &mut moves);
    let after = moves
        .into_iter()
        .filter(|(step, _)| step.event == Event::Crash)
        .map(|(_, state)| state);
    after.map(|state| end(program, state, touched, sound)).max()
}

fn end(program: &Program<'_>, crashed: State, touched: bool, sound: bool) -> End {
    let comes_again = crashed.messages[0].place == Place::Ready;
    let best = End {
        outcome: if touched && comes_again {
            CrashOutcome::Absorbed
        } else {
            CrashOutcome::NothingLost
        },
        effect: None,
        comes_again,
    };
    if sound {
        return best;
    }
    let mut calm = Search::from(program, Tier::Calm, vec![crashed]);
    while calm.len() < STATES_AFTER && calm.expand_next() {}
    let found = (0..calm.len()).flat_map(|index| judge(program, calm.state(index)));
    let certain = found
        .map(|(violation, _)| violation)
        .filter(|violation| violation.is_certain(program));
    let ends = certain.map(|violation| End {
        outcome: violation.outcome(),
        effect: Some(violation.effect),
        comes_again,
    });
    ends.max().unwrap_or(best)
}

impl Violation {
    /// What it comes to for the message.
    #[must_use]
    pub fn outcome(self) -> CrashOutcome {
        match self.property {
            Property::Lost | Property::PerhapsLost => CrashOutcome::Lost,
            Property::Repeated => CrashOutcome::Repeated,
        }
    }
}
