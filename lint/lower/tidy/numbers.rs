//! What nodes mention, numbered in the order in which it is mentioned; what none mentions is dropped.

use crate::flow::{CondId, EffectId, Flow, KeyId, Step, TaskId, TxId};

/// Renumbers all that the nodes of a flow refer to.
pub(super) fn renumber(flow: &mut Flow) {
    let mut numbers = Numbers::default();
    for node in &mut flow.nodes {
        numbers.step(&mut node.step);
        if let Some(retry) = &mut node.retry {
            retry.0 = numbers.retries.of(retry.0);
        }
    }
    flow.effects = numbers.effects.pick(&flow.effects);
    flow.keys = numbers.keys.pick(&flow.keys);
    flow.transactions = numbers.transactions.pick(&flow.transactions);
    flow.tasks = numbers.tasks.pick(&flow.tasks);
    flow.conditions = numbers.conditions.pick(&flow.conditions);
    flow.retries = numbers.retries.pick(&flow.retries);
}

/// Old numbers in the order of their new ones.
#[derive(Default)]
struct Order(Vec<u32>);

impl Order {
    fn of(&mut self, old: u32) -> u32 {
        let known = self.0.iter().position(|known| *known == old);
        let new = known.unwrap_or_else(|| {
            self.0.push(old);
            self.0.len() - 1
        });
        u32::try_from(new).unwrap_or(u32::MAX)
    }

    fn pick<T: Clone>(&self, all: &[T]) -> Vec<T> {
        self.0
            .iter()
            .filter_map(|old| all.get(*old as usize).cloned())
            .collect()
    }
}

#[derive(Default)]
struct Numbers {
    effects: Order,
    keys: Order,
    transactions: Order,
    tasks: Order,
    conditions: Order,
    retries: Order,
}

impl Numbers {
    fn step(&mut self, step: &mut Step) {
        match step {
            Step::Ack(ack) => self.tx(&mut ack.tx),
            Step::Effect { effect, tx } => {
                self.effect(effect);
                self.tx(tx);
            }
            Step::Opaque { effect } => self.effect(effect),
            Step::Read { .. } => {}
            Step::Claim { tx } => self.tx(tx),
            Step::Check { key, tx, .. } | Step::Unmark { key, tx } => {
                self.key(key);
                self.tx(tx);
            }
            Step::Mark { key, tx, effect, .. } => {
                self.key(key);
                self.tx(tx);
                effect.iter_mut().for_each(|effect| self.effect(effect));
            }
            Step::Begin { tx: TxId(id) } | Step::Commit { tx: TxId(id) } | Step::Rollback { tx: TxId(id) } => {
                *id = self.transactions.of(*id);
            }
            Step::Spawn { task: TaskId(id) } | Step::Join { task: TaskId(id) } => *id = self.tasks.of(*id),
            Step::Branch { on: CondId(id) } => *id = self.conditions.of(*id),
            Step::Receive
            | Step::Nack { .. }
            | Step::Rewind
            | Step::Handoff { .. }
            | Step::Sleep { .. }
            | Step::ExtendLease
            | Step::Pass
            | Step::Exit(_)
            | Step::TaskEnd(_) => {}
        }
    }

    fn effect(&mut self, EffectId(id): &mut EffectId) {
        *id = self.effects.of(*id);
    }

    fn key(&mut self, KeyId(id): &mut KeyId) {
        *id = self.keys.of(*id);
    }

    fn tx(&mut self, tx: &mut Option<TxId>) {
        if let Some(TxId(id)) = tx {
            *id = self.transactions.of(*id);
        }
    }
}
