//! Batches: commands that are queued, and act together when the batch is executed.

use smol_str::SmolStr;

use super::{Doing, appended, text_of};
use crate::catalog::Role;
use crate::flow::{Ack, Covers, EffectKind, Idempotency, Key, Known, MarkMode, Outcome, Site, Step, TxId};
use crate::lower::Lowering;
use crate::lower::expr::{deep_origin, origin_of};
use crate::lower::state::{Flowing, State, merge_values};
use crate::lower::value::{Kind, Origin, Value};

/// The property of a batch that holds its commands, by number.
const QUEUED: &str = "(queued)";
/// The property of a batch whose commands take effect together.
const ATOMIC: &str = "atomic";

/// A command that waits for its batch.
#[derive(Debug, Clone)]
pub(in crate::lower) struct Queued {
    does: Role,
    idempotent: Known,
    why: SmolStr,
    target: SmolStr,
    /// What it records or takes back.
    key: Option<Key>,
    mode: MarkMode,
    site: Site,
}

impl Lowering<'_> {
    /// Puts a command into its batch.
    pub(in crate::lower) fn queue(&mut self, doing: &Doing<'_>, mut state: State) -> Flowing {
        let (Some(does), Some(batch)) = (doing.queues, &doing.recv) else {
            return self.compute(doing, state);
        };
        let command = Value::int(self.queued.len() as i128);
        let records = matches!(does, Role::Mark | Role::Unmark);
        let queued = Queued {
            does,
            idempotent: doing.facts.idempotent.unwrap_or(Known::Unknown),
            why: doing.facts.why.clone().unwrap_or_default(),
            target: self.target(doing),
            key: records.then(|| self.key_made(doing)),
            mode: doing.facts.mode.unwrap_or(MarkMode::Plain),
            site: self.site(doing.site.label),
        };
        self.queued.push(queued);
        let batch = self.with_sets(batch.clone(), doing);
        let batch = appended(batch, QUEUED, command, doing.site.label).with_origin(origin_of(&doing.args));
        if let Some(Some(place)) = doing.places.first() {
            state.change(place, batch.clone());
        }
        vec![(state, self.succeed(doing, batch))]
    }

    /// The commands of a batch act together: as one effect, which may be repeated if each of them may. Where they also record something,
    /// that may be what keeps the others from being repeated: then each is a step.
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
        let tx = self.transaction_of(doing, &state);
        let records = commands.iter().any(|command| command.key.is_some());
        let changes = commands
            .iter()
            .any(|command| command.idempotent != Known::Yes && !asks(command));
        let settles = commands.iter().any(|command| command.does == Role::Ack);
        if records && changes || settles {
            let atomic = batch.prop(ATOMIC).and_then(|(value, _)| text_of(value));
            return match (tx, atomic.as_deref()) {
                (None, Some("true")) if commands.len() > 1 => self.in_own_transaction(doing, state, &commands),
                _ => self.one_by_one(doing, state, &commands, tx),
            };
        }
        let (idempotency, why, target) = together(&commands);
        let effect = self.effect(doing, EffectKind::Cache, idempotency, why, true, target);
        self.two_way(doing, state, Step::Effect { effect, tx })
    }

    /// The commands take effect together.
    fn in_own_transaction(&mut self, doing: &Doing<'_>, state: State, commands: &[Queued]) -> Flowing {
        let site = self.site(doing.site.at);
        let store = doing.facts.store.clone().unwrap_or_else(|| "redis".into());
        let tx = self.graph.transaction(store, &site);
        let node = self.graph.emit(&state, Step::Begin { tx }, Some(site));
        let mut begun = state.after(node, Outcome::Ok);
        begun.open.insert(tx);
        let mut all = vec![(state.after(node, Outcome::Err), self.failure(doing))];
        for (state, value) in self.one_by_one(doing, begun, commands, Some(tx)) {
            all.extend(self.end_transaction(doing, tx, state, value));
        }
        merge_values(all)
    }

    /// Each command is a step, in the order in which they were queued.
    fn one_by_one(&mut self, doing: &Doing<'_>, state: State, commands: &[Queued], tx: Option<TxId>) -> Flowing {
        let (mut on, mut failed) = (vec![state], Vec::new());
        for command in commands {
            let Some(step) = self.queued_step(doing, command, tx) else {
                continue;
            };
            let site = match step {
                Step::Effect { .. } => self.site(doing.site.at),
                _ => command.site.clone(),
            };
            let entered = std::mem::take(&mut on);
            for state in entered {
                let node = self.graph.emit(&state, step.clone(), Some(site.clone()));
                on.extend(
                    super::step_outcomes(&step)
                        .into_iter()
                        .map(|outcome| state.after(node, outcome)),
                );
                failed.push((state.after(node, Outcome::Err), self.failure(doing)));
            }
            on = merge_values(on.into_iter().map(|state| (state, Value::unit())).collect())
                .into_iter()
                .map(|(state, _)| state)
                .collect();
        }
        let value = self.given(doing);
        let done = on.into_iter().map(|state| (state, self.succeed(doing, value.clone())));
        merge_values(done.chain(failed).collect())
    }

    fn queued_step(&mut self, doing: &Doing<'_>, command: &Queued, tx: Option<TxId>) -> Option<Step> {
        match (command.does, &command.key) {
            (Role::Mark, Some(key)) => Some(Step::Mark {
                key: self.graph.key(key.clone()),
                tx,
                mode: command.mode,
                effect: None,
            }),
            (Role::Unmark, Some(key)) => Some(Step::Unmark {
                key: self.graph.key(key.clone()),
                tx,
            }),
            (Role::Ack, _) => Some(Step::Ack(Ack {
                tx,
                ..Ack::of(Covers::One)
            })),
            (Role::Read | Role::Check | Role::Pure, _) => None,
            _ => {
                let idempotency = match command.idempotent {
                    Known::Yes => Idempotency::Idempotent,
                    Known::No => Idempotency::NotIdempotent,
                    Known::Unknown => Idempotency::Unknown,
                };
                let (why, target) = (command.why.clone(), Some(command.target.clone()));
                let effect = self.effect(doing, EffectKind::Cache, idempotency, why, true, target);
                Some(Step::Effect { effect, tx })
            }
        }
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

/// Whether commands that act together may be repeated, why, and what the first that may not be changes.
fn together(commands: &[Queued]) -> (Idempotency, SmolStr, Option<SmolStr>) {
    let is = |wanted: Known| move |command: &&Queued| command.idempotent == wanted;
    match commands.iter().find(is(Known::No)) {
        Some(worst) => (
            Idempotency::NotIdempotent,
            worst.why.clone(),
            Some(worst.target.clone()),
        ),
        None if !commands.is_empty() && commands.iter().all(|command| is(Known::Yes)(&command)) => (
            Idempotency::Idempotent,
            "repeated, its commands leave the same".into(),
            None,
        ),
        None => (Idempotency::Unknown, "commands queued on a pipeline".into(), None),
    }
}
