//! Batches: commands that are queued, and act together when the batch is executed.

use smol_str::SmolStr;

use super::{Doing, appended};
use crate::catalog::Role;
use crate::flow::{EffectKind, Idempotency, Known, Step};
use crate::lower::Lowering;
use crate::lower::expr::{deep_origin, origin_of};
use crate::lower::state::{Flowing, State};
use crate::lower::value::{Kind, Origin, Value};

/// The property of a batch that holds its commands, by number.
const QUEUED: &str = "(queued)";

/// A command that waits for its batch.
#[derive(Debug, Clone)]
pub(in crate::lower) struct Queued {
    does: Role,
    idempotent: Known,
    why: SmolStr,
    target: SmolStr,
}

impl Lowering<'_> {
    /// Puts a command into its batch.
    pub(in crate::lower) fn queue(&mut self, doing: &Doing<'_>, mut state: State) -> Flowing {
        let (Some(does), Some(batch)) = (doing.queues, &doing.recv) else {
            return self.compute(doing, state);
        };
        let command = Value::int(self.queued.len() as i128);
        self.queued.push(Queued {
            does,
            idempotent: doing.facts.idempotent.unwrap_or(Known::Unknown),
            why: doing.facts.why.clone().unwrap_or_default(),
            target: self.target(doing),
        });
        let batch = self.with_sets(batch.clone(), doing);
        let batch = appended(batch, QUEUED, command, doing.site.label).with_origin(origin_of(&doing.args));
        if let Some(Some(place)) = doing.places.first() {
            state.change(place, batch.clone());
        }
        vec![(state, self.succeed(doing, batch))]
    }

    /// The commands of a batch act together: as one effect, which may be repeated if each of them may.
    pub(in crate::lower) fn execute_queued(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let Some(batch) = doing.recv.as_ref().filter(|_| state.holding) else {
            return self.compute(doing, state);
        };
        let commands = self.commands(batch);
        if commands.is_empty() && !deep_origin(batch).has(Origin::MESSAGE) {
            return self.compute(doing, state);
        }
        let asks = |command: &Queued| matches!(command.does, Role::Read | Role::Check | Role::Pure);
        if !commands.is_empty() && commands.iter().all(asks) {
            return self.read(doing, state);
        }
        let (idempotency, why, target) = together(&commands);
        let effect = self.effect(doing, EffectKind::Cache, idempotency, why, true, target);
        self.two_way(doing, state, Step::Effect { effect, tx: None })
    }

    fn commands(&self, batch: &Value) -> Vec<Queued> {
        let Some(Kind::Tuple(numbers)) = batch.prop(QUEUED).map(|(commands, _)| &commands.kind) else {
            return Vec::new();
        };
        let known = numbers.iter().filter_map(|number| match number.kind {
            Kind::Int(number) => self.queued.get(usize::try_from(number).ok()?),
            _ => None,
        });
        known.cloned().collect()
    }
}

/// Whether commands that act together may be repeated, why, and what the first that may not be changes. One that marks a message may be
/// what keeps the others from being repeated.
fn together(commands: &[Queued]) -> (Idempotency, SmolStr, Option<SmolStr>) {
    let is = |wanted: Known| move |command: &&Queued| command.idempotent == wanted;
    let marks = commands.iter().any(|command| command.does == Role::Mark);
    match commands.iter().find(is(Known::No)) {
        Some(worst) if !marks => (
            Idempotency::NotIdempotent,
            worst.why.clone(),
            Some(worst.target.clone()),
        ),
        None if !commands.is_empty() && commands.iter().all(|command| is(Known::Yes)(&command)) => (
            Idempotency::Idempotent,
            "repeated, its commands leave the same".into(),
            None,
        ),
        _ => (Idempotency::Unknown, "commands queued on a pipeline".into(), None),
    }
}
