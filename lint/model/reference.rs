//! The fault-free runs of one message: what every other execution is compared with.

use rustc_hash::FxHashSet;

use crate::flow::{Broker, Ended, NodeId};

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
    /// It failed by chance, or left the message where it comes again: that nothing happened in it says nothing of a message that is settled.
    pub is_attempt: bool,
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
            is_attempt: is_attempt(program, message.place, step.map(|step| step.event)),
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

/// Whether a run leaves the message unsettled and ends with a failure; or leaves it to a queue of which nothing but an ack of its own takes it.
fn is_attempt(program: &Program<'_>, place: Place, last: Option<Event>) -> bool {
    let failed = matches!(
        last,
        Some(Event::Exit { ended } | Event::TaskEnds { ended, .. }) if ended != Ended::Ok
    );
    let kept = program.flow.source.broker == Broker::Queue && program.messages == 1;
    matches!(place, Place::Held(_) | Place::Ready) && (failed || kept)
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

#[cfg(test)]
mod tests {
    use delivery_grammar::Semantic;

    use crate::model::testing::flow;
    use crate::model::{Scenario, analyse};

    fn given(text: &str) -> Option<Semantic> {
        analyse(&flow(text), Scenario::default(), Semantic::AtLeastOnce).inferred
    }

    /// What fails by chance and leaves the message in the queue says nothing of a message that is acked without its mail; what is acked by
    /// chance may be meant to go without.
    #[test]
    fn a_run_that_leaves_the_message_in_its_queue_excuses_no_loss() {
        let marked = |failed: &str| {
            format!(
                "source sqs queue manual\n effect mail smtp plain mail\n key seen dynamodb:seen unique\n cond clock free\n
                again:  receive ?
                        branch clock 0=mark 1={failed}
                mark:   mark seen if-absent dup=ack err=again
                        effect mail err=again
                ack:    ack ok=again ?"
            )
        };
        assert_eq!(given(&marked("again")), Some(Semantic::AtMostOnce));
        assert_eq!(given(&marked("ack")), Some(Semantic::EffectivelyOnce));
    }

    /// A task that fails on its own is no reason for another one's commit to cover its message; a buffer that is not full is.
    #[test]
    fn a_run_that_fails_excuses_no_loss() {
        let failing =
            "source kafka log manual\n effect save postgres:rows idem\n cond encoded free\n task w per-message\n
            again:  receive ?
                    spawn w child=work then=again
            work:   branch encoded 0=good 1=bad
            good:   effect save err=bad
                    ack up-to ok=fin err=bad
            bad:    end err
            fin:    end ok";
        assert_eq!(given(failing), Some(Semantic::AtMostOnce));
        let buffered = "source kafka log manual\n effect save postgres:rows idem\n cond full free\n
            again:  receive ?
                    branch full 0=again 1=flush
            flush:  effect save ?
                    ack up-to ok=again ?";
        assert_eq!(given(buffered), Some(Semantic::EffectivelyOnce));
    }
}
