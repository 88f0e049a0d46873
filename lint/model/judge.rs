//! The properties: is a message lost in this state, is an effect repeated?

use crate::flow::{EffectId, EffectKind, Idempotency};

use super::program::Program;
use super::reference::Run;
use super::state::{Counts, MESSAGES, Message, Place, State, effects_of};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// The message is settled, nothing works on it any more, and an effect of its fault-free run is missing.
    Lost,
    /// The same, if no dead-letter target exists: the queue is declared elsewhere.
    PerhapsLost,
    /// An effect was applied more often than in any fault-free run of the message.
    Repeated,
}

/// A property that does not hold, and the effect that shows it. Numbers beyond the flow's effects are handoffs
/// ([`Program::handoff`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Violation {
    pub property: Property,
    pub effect: EffectId,
}

/// Runs that are compared in the time that a state takes.
const RUNS_A_STATE: usize = 16;

/// What is wrong in a state.
pub(super) fn judge(program: &Program<'_>, state: &State) -> Vec<(Violation, u8)> {
    let mut all = Vec::new();
    for number in 0..MESSAGES {
        let mut found = Vec::new();
        judge_message(program, state, number, &mut found);
        all.extend(
            found
                .into_iter()
                .map(|violation| (violation, u8::try_from(number).unwrap_or(0))),
        );
    }
    all
}

fn judge_message(program: &Program<'_>, state: &State, number: usize, found: &mut Vec<Violation>) {
    let message = &state.messages[number];
    if message.deliveries > 0 || program.is_caller() {
        repeated(program, message, found);
        let property = match message.place {
            Place::PerhapsDropped => Property::PerhapsLost,
            Place::Abandoned => return torn(program, message, found),
            place if place.is_settled() => Property::Lost,
            _ => return,
        };
        if state.is_quiet(number) {
            lost(program, message, property, found);
        }
    }
}

fn repeated(program: &Program<'_>, message: &Message, found: &mut Vec<Violation>) {
    for effect in message.effects.iter().filter(|&effect| message.effects.get(effect) > 1) {
        let runs = program.runs.iter().filter(|run| run.ways.agrees(message.ways));
        if runs.map(|run| run.effects.get(effect)).max() == Some(1) {
            found.push(Violation {
                property: Property::Repeated,
                effect: EffectId(effect.into()),
            });
        }
    }
}

/// Some message that went the same ways so far should have had effects that this one has not.
fn lost(program: &Program<'_>, message: &Message, property: Property, found: &mut Vec<Violation>) {
    if is_recorded(program, message.effects) {
        return;
    }
    let lacked = program.lacked(message.ways, message.effects, || lacked(program, message));
    found.extend(effects_of(lacked).map(|effect| Violation {
        property,
        effect: EffectId(effect.into()),
    }));
}

/// The effects that a message lacks which ends here, as bits like those of [`Counts::applied`].
fn lacked(program: &Program<'_>, message: &Message) -> u128 {
    let mut all = 0;
    program.work.spend(program.runs.len() / RUNS_A_STATE);
    for run in program.runs.iter().filter(|run| run.ways.agrees(message.ways)) {
        let missing = run.effects.applied() & !message.effects.applied();
        if missing & !all != 0 && !lacks_less(program, message, run) {
            all |= missing;
        }
    }
    all
}

/// A failure record or a dead letter was written: something that only happens after a failure.
fn is_recorded(program: &Program<'_>, effects: Counts) -> bool {
    effects.applied() & !program.routine != 0
}

/// Whether some run that goes the message's ways and those of `run` lacks less of what was applied, or nothing: then `run` went on by chance
/// where the message need not have.
fn lacks_less(program: &Program<'_>, message: &Message, run: &Run) -> bool {
    let ways = message.ways.and(run.ways);
    let missing = |of: &Run| of.effects.applied() & !message.effects.applied();
    let ended = program.runs.iter().filter(|other| !other.is_attempt);
    let mut same = ended.filter(|other| other.ways.agrees(ways));
    same.any(|other| missing(other) != missing(run) && missing(other) & !missing(run) == 0)
}

/// A producer died between a write and a delivery: one is there, the other never will be.
fn torn(program: &Program<'_>, message: &Message, found: &mut Vec<Violation>) {
    let kind = |effect: u8| program.flow.effects.get(usize::from(effect)).map(|effect| effect.kind);
    let delivers = |effect| kind(effect).is_some_and(EffectKind::delivers);
    let stored = |kind| {
        matches!(
            kind,
            Some(EffectKind::Database | EffectKind::Cache | EffectKind::Object | EffectKind::File)
        )
    };
    for run in program.runs.iter().filter(|run| run.ways.agrees(message.ways)) {
        let is_done = |effect: &u8| message.effects.get(*effect) > 0;
        let (done, missing): (Vec<u8>, Vec<u8>) = run.effects.iter().partition(is_done);
        for &effect in &missing {
            let parted = done
                .iter()
                .any(|&other| delivers(effect) && stored(kind(other)) || stored(kind(effect)) && delivers(other));
            if parted {
                found.push(Violation {
                    property: Property::Lost,
                    effect: EffectId(effect.into()),
                });
            }
        }
    }
}

impl Violation {
    /// Whether only steps that are certain take part: an opaque call may do nothing, an effect of which nothing is known may be
    /// idempotent, an undeclared queue may have a dead-letter target.
    #[must_use]
    pub fn is_certain(self, program: &Program<'_>) -> bool {
        let Some(effect) = program.flow.effects.get(self.effect.0 as usize) else {
            return true;
        };
        match self.property {
            Property::Lost => true,
            Property::PerhapsLost => false,
            Property::Repeated => effect.idempotency == Idempotency::NotIdempotent && effect.kind != EffectKind::Opaque,
        }
    }
}
