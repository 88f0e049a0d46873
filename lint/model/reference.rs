//! The fault-free runs of one message: what every other execution is compared with.

use rustc_hash::FxHashSet;

use crate::flow::{Ended, NodeId};

use super::bounds::{Bounds, Tier};
use super::explore::Search;
use super::program::Program;
use super::state::{Counts, Place, State, Ways};
use super::trace::Event;

/// One fault-free run, from the receive to where nothing works on the message any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Run {
    /// How the conditions went that belong to the message.
    pub ways: Ways,
    pub effects: Counts,
    pub place: Place,
    /// The last step, and the last place that it passed.
    pub last: Option<NodeId>,
    pub then: Option<NodeId>,
}

/// The fault-free runs that end the message's way: runs that ask for a redelivery are attempts, not results. And whether there are
/// more than were looked at.
pub(super) fn runs(program: &Program<'_>) -> (Vec<Run>, bool) {
    let mut search = Search::new(program, Tier::Calm, 1);
    while search.expand_next() {}
    let mut runs: Vec<Run> = Vec::new();
    let mut known: FxHashSet<Run> = FxHashSet::default();
    for index in 0..search.len() {
        let state = search.state(index);
        if !is_finished(program, state) {
            continue;
        }
        let step = search.step(index);
        let well = step.is_none_or(|step| {
            !matches!(
                step.event,
                Event::Exit {
                    ended: Ended::Err | Ended::Panic
                }
            )
        });
        if state.messages[0].place == Place::Ready && !(well && ends_call(step.map(|step| step.event))) {
            continue;
        }
        let message = state.messages[0];
        let (last, then) = step.map_or((None, None), |step| (step.node, step.then));
        let run = Run {
            ways: message.ways,
            effects: message.effects,
            place: message.place,
            last,
            then,
        };
        if runs.len() > Bounds::RUNS {
            break;
        }
        if known.insert(run) {
            runs.push(run);
        }
    }
    let is_partial = search.is_capped() || runs.len() > Bounds::RUNS;
    (runs, is_partial)
}

fn ends_call(event: Option<Event>) -> bool {
    matches!(event, Some(Event::Exit { ended: Ended::Ok }))
}

/// Nothing works on the message, and it was handed out.
fn is_finished(program: &Program<'_>, state: &State) -> bool {
    let handed_out = program.is_caller() || state.messages[0].deliveries > 0;
    handed_out
        && state.messages[0].deliveries <= 1
        && state.is_quiet(0)
        && !matches!(state.messages[0].place, Place::Refused | Place::Abandoned)
}
