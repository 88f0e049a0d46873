//! What a crash between two steps of a fault-free run does.

use std::collections::BTreeMap;

use crate::flow::NodeId;

use super::bounds::{Faults, Tier};
use super::explore::Search;
use super::judge::{Property, judge};
use super::program::Program;
use super::state::{Place, State};
use super::step::successors;
use super::trace::Event;

/// A point between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrashPoint {
    /// The step after which the process dies.
    pub after: NodeId,
    pub event: Event,
    pub outcome: CrashOutcome,
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

/// The crash points of the fault-free runs, in the order of their nodes; of several ways through a node the worst counts.
///
/// `sound`: no adversary breaks anything, so that nobody has to follow what comes of each crash.
pub(super) fn crash_table(program: &Program<'_>, sound: bool) -> Vec<CrashPoint> {
    let mut calm = Search::new(program, Tier::Calm, 1);
    while calm.len() < CALM_STATES && calm.expand_next() {}
    let mut points: BTreeMap<NodeId, CrashPoint> = BTreeMap::new();
    let mut looked: BTreeMap<NodeId, usize> = BTreeMap::new();
    for index in 0..calm.len() {
        let (Some(step), state) = (calm.step(index), calm.state(index)) else {
            continue;
        };
        let (Some(after), false) = (step.node, is_over(program, state)) else {
            continue;
        };
        let looked = looked.entry(after).or_default();
        *looked += 1;
        let Some(outcome) = (*looked <= WAYS_THROUGH)
            .then(|| crashed(program, state, sound))
            .flatten()
        else {
            continue;
        };
        let point = CrashPoint {
            after,
            event: step.event,
            outcome,
        };
        points
            .entry(after)
            .and_modify(|known| known.outcome = known.outcome.max(outcome))
            .or_insert(point);
    }
    points.into_values().collect()
}

/// Only the first attempt counts, and only while something works on the message.
fn is_over(program: &Program<'_>, state: &State) -> bool {
    let message = &state.messages[0];
    message.deliveries != 1 && !program.is_caller() || state.is_quiet(0)
}

/// The worst that can come of a crash in `state`, if nothing else fails.
fn crashed(program: &Program<'_>, state: &State, sound: bool) -> Option<CrashOutcome> {
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
    after.map(|state| outcome(program, state, touched, sound)).max()
}

fn outcome(program: &Program<'_>, crashed: State, touched: bool, sound: bool) -> CrashOutcome {
    let comes_again = crashed.messages[0].place == Place::Ready;
    let best = if touched && comes_again {
        CrashOutcome::Absorbed
    } else {
        CrashOutcome::NothingLost
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
    let outcomes = certain.map(|violation| match violation.property {
        Property::Lost | Property::PerhapsLost => CrashOutcome::Lost,
        Property::Repeated => CrashOutcome::Repeated,
    });
    outcomes.max().unwrap_or(best)
}
