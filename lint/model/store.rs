//! Effects, dedup marks and transactions.

use crate::flow::{Durability, EffectId, Isolation, KeyId, Known, MarkMode, NodeId, Outcome, Settle, Step, TxId};

use super::broker::{settle, take_for_good};
use super::program::effective_mode;
use super::state::{MESSAGES, NONE, Open, Running, State};
use super::step::{Move, Stepper};
use super::trace::Event;

impl Stepper<'_, '_> {
    /// Applies an effect, at once or with its transaction. `false`: the task has to wait for a lock.
    pub(super) fn apply(&self, state: &mut State, task: &Running, effect: u8, tx: Option<TxId>) -> bool {
        if task.message == NONE {
            return true;
        }
        let (message, tally) = (usize::from(task.message), self.program.tally(effect));
        let Some(tx) = tx else {
            if let Some(tally) = tally {
                state.messages[message].effects.add(tally, self.program.most(effect));
            }
            return true;
        };
        if !self.open(state, task, tx) {
            return false;
        }
        if let Some(open) = state.open_mut(task.slot, number(tx)) {
            match tally {
                Some(tally) => open.effects[message].add(tally, self.program.most(effect)),
                None => open.uncounted |= 1 << message,
            }
        }
        true
    }

    /// Makes sure that the task has the transaction open. `false`: it has to wait for another one's lock.
    pub(super) fn open(&self, state: &mut State, task: &Running, tx: TxId) -> bool {
        if state.open_mut(task.slot, number(tx)).is_some() {
            return true;
        }
        let wanted = &self.program.flow.transactions[tx.0 as usize];
        let conflicts = |open: &Open| {
            let other = &self.program.flow.transactions[usize::from(open.tx)];
            open.slot != task.slot
                && open.message == task.message
                && other.isolation == Isolation::Locked
                && other.store == wanted.store
        };
        if wanted.isolation == Isolation::Locked && state.open.iter().any(conflicts) {
            return false;
        }
        state.open.push(Open::new(task.slot, number(tx), task.message));
        state.open.sort_unstable();
        true
    }

    fn is_memory(&self, key: KeyId) -> bool {
        self.program.flow.key(key).durability == Durability::Memory
    }

    /// Whether the task sees the key of its message: its own transaction's changes count.
    fn sees(&self, task: &Running, key: KeyId, tx: Option<TxId>) -> bool {
        if task.message == NONE || self.program.flow.key(key).from_message == Known::No {
            return false;
        }
        let (message, bit) = (usize::from(task.message), 1 << key.0);
        if self.is_memory(key) {
            return self.from.memory[usize::from(task.process)][message] & bit != 0;
        }
        let own = tx.and_then(|tx| {
            self.from
                .open
                .iter()
                .find(|open| open.slot == task.slot && open.tx == number(tx))
        });
        let (set, unset) = own.map_or((0, 0), |open| (open.marks[message], open.unmarks[message]));
        (self.from.messages[message].marks | set) & !unset & bit != 0
    }

    /// Records (or takes back) the key of the task's message. `false`: the task has to wait for a lock.
    fn write_key(&self, state: &mut State, task: &Running, key: KeyId, tx: Option<TxId>, set: bool) -> bool {
        if task.message == NONE {
            return true;
        }
        let (message, bit) = (usize::from(task.message), 1 << key.0);
        if self.is_memory(key) {
            put(&mut state.memory[usize::from(task.process)][message], bit, set);
            return true;
        }
        let Some(tx) = tx else {
            put(&mut state.messages[message].marks, bit, set);
            self.doom(state, task.slot, message, if set { bit } else { 0 });
            return true;
        };
        if !self.open(state, task, tx) {
            return false;
        }
        if let Some(open) = state.open_mut(task.slot, number(tx)) {
            put(&mut open.marks[message], bit, set);
            put(&mut open.unmarks[message], bit, !set);
        }
        true
    }

    pub(super) fn check(&mut self, task: &Running, id: NodeId, key: KeyId, tx: Option<TxId>) {
        let found = self.sees(task, key, tx);
        let dependency = self.program.key_dep(key);
        let mut state = self.up(dependency);
        if let Some(tx) = tx {
            if !self.open(&mut state, task, tx) {
                return;
            }
            if let (false, Some(open)) = (found || task.message == NONE, state.open_mut(task.slot, number(tx))) {
                open.reads[usize::from(task.message)] |= 1 << key.0;
            }
        }
        let to = self
            .program
            .flow
            .node(id)
            .on(if found { Outcome::Found } else { Outcome::Absent });
        self.go(state, Move::of(task, id, Event::Check { key, found }), to);
        if let Some(failed) = self.fail(dependency, false).filter(|_| !self.is_memory(key)) {
            self.err(failed, Move::of(task, id, Event::CheckFails { key }));
        }
    }

    pub(super) fn mark(
        &mut self,
        task: &Running,
        id: NodeId,
        key: KeyId,
        tx: Option<TxId>,
        mode: MarkMode,
        effect: Option<EffectId>,
    ) {
        let mode = effective_mode(self.program, key, mode);
        if mode != MarkMode::Plain && self.is_contended(task, key) {
            return;
        }
        let dependency = self.program.key_dep(key);
        if mode != MarkMode::Plain && self.sees(task, key, tx) {
            let step = Move::of(task, id, Event::Duplicate { key });
            let node = self.program.flow.node(id);
            let to = if mode == MarkMode::IfAbsent {
                node.on(Outcome::Duplicate)
            } else {
                node.on(Outcome::Err)
            };
            let to = to.or_else(|| node.on(Outcome::Ok)).or_else(|| node.on(Outcome::Then));
            self.go(self.up(dependency), step, to);
        } else {
            self.set_mark(task, id, key, tx, effect);
        }
        let Some(failed) = self.fail(dependency, false).filter(|_| !self.is_memory(key)) else {
            return;
        };
        let step = Move::of(task, id, Event::MarkFails { key });
        if self.has_err(id) {
            self.err(failed, step)
        } else {
            self.ok(failed, step)
        }
    }

    fn set_mark(&mut self, task: &Running, id: NodeId, key: KeyId, tx: Option<TxId>, effect: Option<EffectId>) {
        let mut marked = self.up(self.program.key_dep(key));
        if !self.write_key(&mut marked, task, key, tx, true) {
            return;
        }
        let effect = effect.and_then(|effect| u8::try_from(effect.0).ok());
        if effect.is_some_and(|effect| !self.apply(&mut marked, task, effect, tx)) {
            return;
        }
        let durable = tx.is_none() && !self.is_memory(key);
        if let Some(lost) = self.spend_outage(&marked).filter(|_| durable) {
            self.err(lost, Move::of(task, id, Event::MarkReplyLost { key }));
        }
        let to = [Outcome::Fresh, Outcome::Ok, Outcome::Then]
            .into_iter()
            .find_map(|o| self.program.flow.node(id).on(o));
        self.go(
            marked,
            Move::of(
                task,
                id,
                Event::Mark {
                    key,
                    buffered: tx.is_some(),
                },
            ),
            to,
        );
    }

    /// Another open transaction has written the same key: who comes second waits for its end.
    fn is_contended(&self, task: &Running, key: KeyId) -> bool {
        let message = usize::from(task.message);
        let contended = |open: &Open| open.slot != task.slot && open.marks[message] >> key.0 & 1 == 1;
        message < MESSAGES
            && self.program.flow.key(key).from_message != Known::No
            && self.from.open.iter().any(contended)
    }

    pub(super) fn unmark(&mut self, task: &Running, id: NodeId, key: KeyId, tx: Option<TxId>) {
        let dependency = self.program.key_dep(key);
        let mut state = self.up(dependency);
        if !self.write_key(&mut state, task, key, tx, false) {
            return;
        }
        self.ok(state, Move::of(task, id, Event::Unmark { key }));
        if let Some(failed) = self.fail(dependency, true).filter(|_| !self.is_memory(key)) {
            let step = Move::of(task, id, Event::UnmarkFails { key });
            if self.has_err(id) {
                self.err(failed, step)
            } else {
                self.ok(failed, step)
            }
        }
    }

    pub(super) fn begin(&mut self, task: &Running, id: NodeId, tx: TxId) {
        let dependency = self.program.tx_dep(number(tx));
        let mut state = self.up(dependency);
        close(&mut state, task.slot, tx);
        if !self.open(&mut state, task, tx) {
            return;
        }
        self.ok(state, Move::of(task, id, Event::Begin { tx }));
        if let Some(failed) = self.fail(dependency, false) {
            self.err(failed, Move::of(task, id, Event::BeginFails { tx }));
        }
    }

    pub(super) fn commit(&mut self, task: &Running, id: NodeId, tx: TxId) {
        let dependency = self.program.tx_dep(number(tx));
        let mut closed = self.up(dependency);
        let Some(open) = close(&mut closed, task.slot, tx) else {
            return self.ok(closed, Move::of(task, id, Event::Commit { tx }));
        };
        let position = open.acks | open.claims != 0 || self.program.flow.source.settle == Settle::InSink;
        if open.doomed || task.stale && position && !self.is_unfenced(&open) {
            let step = Move::of(task, id, Event::CommitConflict { tx });
            return if self.has_err(id) {
                self.err(closed, step)
            } else {
                self.ok(closed, step)
            };
        }
        let mut committed = closed.clone();
        self.make_durable(&mut committed, &open);
        if let Some(lost) = self.spend_outage(&committed) {
            self.err(lost, Move::of(task, id, Event::CommitReplyLost { tx }));
        }
        self.ok(committed, Move::of(task, id, Event::Commit { tx }));
        let Some(mut failed) = self.fail(dependency, false) else {
            return;
        };
        close(&mut failed, task.slot, tx);
        let step = Move::of(task, id, Event::CommitFails { tx });
        if self.has_err(id) {
            self.err(failed, step)
        } else {
            self.ok(failed, step)
        }
    }

    /// Whether the broker takes the position from a worker that has lost the message.
    fn is_unfenced(&self, open: &Open) -> bool {
        self.program.flow.iter().any(|(_, node)| match &node.step {
            Step::Ack(ack) => ack.tx.map(number) == Some(open.tx) && ack.fenced == Known::No,
            _ => false,
        })
    }

    fn make_durable(&self, state: &mut State, open: &Open) {
        let in_sink = self.program.flow.source.settle == Settle::InSink;
        for message in 0..MESSAGES {
            for effect in open.effects[message].iter() {
                for _ in 0..open.effects[message].get(effect) {
                    state.messages[message].effects.add(effect, self.program.most(effect));
                }
            }
            let marks = &mut state.messages[message].marks;
            *marks = (*marks | open.marks[message]) & !open.unmarks[message];
            self.doom(state, open.slot, message, open.marks[message]);
            if open.claims >> message & 1 == 1 {
                take_for_good(state, message);
            }
            if open.acks >> message & 1 == 1 || in_sink && open.concerns(message) {
                settle(state, 1 << message);
            }
        }
    }

    /// Serializable transactions that saw one of the keys absent can no longer commit.
    fn doom(&self, state: &mut State, slot: u8, message: usize, keys: u32) {
        for open in &mut state.open {
            let serializable =
                self.program.flow.transactions[usize::from(open.tx)].isolation == Isolation::Serializable;
            open.doomed |= serializable && open.slot != slot && open.reads[message] & keys != 0;
        }
    }

    pub(super) fn rollback(&mut self, task: &Running, id: NodeId, tx: TxId) {
        let mut state = self.from.clone();
        close(&mut state, task.slot, tx);
        self.ok(state, Move::of(task, id, Event::Rollback { tx }));
    }
}

/// Takes a transaction out of the state: it ends, one way or another.
fn close(state: &mut State, slot: u8, tx: TxId) -> Option<Open> {
    let index = state
        .open
        .iter()
        .position(|open| open.slot == slot && open.tx == number(tx))?;
    Some(state.open.remove(index))
}

fn number(tx: TxId) -> u8 {
    u8::try_from(tx.0).unwrap_or(NONE)
}

fn put(keys: &mut u32, bit: u32, set: bool) {
    if set { *keys |= bit } else { *keys &= !bit }
}
