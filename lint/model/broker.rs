//! Handing out messages and settling them.

use crate::flow::{Ack, Broker, Covers, DeadLetter, NodeId, Outcome, Settle, TxId};

use super::state::{NONE, Place, Running, State};
use super::step::{Move, Stepper};
use super::trace::Event;

impl Stepper<'_, '_> {
    pub(super) fn receive(&mut self, task: &Running, id: NodeId) {
        let Some(message) = self.next_message(task.process) else {
            return;
        };
        let again = self.from.messages[usize::from(message)].deliveries > 0;
        let mut state = self.from.clone();
        state.messages[usize::from(message)].deliveries += 1;
        let runner = state.task_mut(task.slot);
        runner.message = message;
        let to = self.program.flow.node(id).on(Outcome::Next);
        let on_receive = matches!(self.program.flow.source.settle, Settle::OnReceive { .. });
        let step = Move {
            message,
            ..Move::of(task, id, Event::Receive { again })
        };
        if on_receive || self.program.flow.source.broker == Broker::Volatile {
            let mut settled = state.clone();
            self.cover(&mut settled, task.process, message, Covers::UpTo);
            settled.messages[usize::from(message)].place = Place::Done;
            self.go(settled, step, to);
        }
        if !on_receive && self.program.flow.source.broker != Broker::Volatile || on_receive && self.program.is_log() {
            state.messages[usize::from(message)].place = Place::Held(task.process);
            self.go(state, step, to);
        }
    }

    /// The message that the broker hands to a process next. The second worker gets none before the first had one: they are alike.
    fn next_message(&self, process: u8) -> Option<u8> {
        let bounds = &self.program.scenario.bounds;
        let mut messages = (0..self.program.messages).zip(&self.from.messages);
        if process > 0 && self.from.messages.iter().all(|message| message.deliveries == 0) {
            return None;
        }
        let (number, message) = messages.find(|(_, message)| message.place == Place::Ready)?;
        let mine = !self.program.is_log() || self.from.owner == process;
        (mine && message.deliveries < bounds.deliveries).then_some(number)
    }

    /// The messages that settling `message` settles, one bit each.
    fn covered(&self, state: &State, process: u8, message: u8, covers: Covers) -> u8 {
        let covers = if self.program.is_log() && covers == Covers::One {
            Covers::UpTo
        } else {
            covers
        };
        let held = |number: u8| match state.messages[usize::from(number)].place {
            Place::Held(holder) => holder == process,
            Place::Claimed => number == message,
            Place::Ready => self.program.is_log() && number <= message && message != NONE,
            _ => false,
        };
        let reached = |number: u8| match covers {
            Covers::One => number == message,
            Covers::UpTo => number <= message && message != NONE,
            Covers::AllReceived => true,
        };
        (0..self.program.messages)
            .filter(|&n| reached(n) && held(n))
            .fold(0, |bits, n| bits | 1 << n)
    }

    pub(super) fn cover(&self, state: &mut State, process: u8, message: u8, covers: Covers) {
        let bits = self.covered(state, process, message, covers);
        settle(state, bits);
    }

    pub(super) fn ack(&mut self, task: &Running, id: NodeId, ack: &Ack) {
        if task.message == NONE && ack.covers != Covers::AllReceived {
            return self.ok(self.from.clone(), Move::of(task, id, Event::Ack));
        }
        if let Some(tx) = ack.tx {
            return self.ack_in_transaction(task, id, ack, tx);
        }
        if task.stale {
            return self.late_ack(task, id);
        }
        let mut settled = self.from.clone();
        self.cover(&mut settled, task.process, task.message, ack.covers);
        if let Some(faulty) = self.spend_outage(&settled) {
            self.err(faulty, Move::of(task, id, Event::AckReplyLost));
        }
        self.ok(settled, Move::of(task, id, Event::Ack));
        let Some(faulty) = self.spend_outage(self.from) else {
            return;
        };
        if self.has_err(id) {
            self.err(faulty.clone(), Move::of(task, id, Event::AckFails));
        }
        if self.program.is_final_ack(id) || !self.has_err(id) {
            self.ok(faulty, Move::of(task, id, Event::AckLost));
        }
    }

    fn ack_in_transaction(&mut self, task: &Running, id: NodeId, ack: &Ack, tx: TxId) {
        let mut state = self.from.clone();
        if !self.open(&mut state, task, tx) {
            return;
        }
        let bits = self.covered(&state, task.process, task.message, ack.covers);
        if let Some(open) = state.open_mut(task.slot, tx.0 as u8) {
            open.acks |= bits | own(task.message);
        }
        self.ok(state, Move::of(task, id, Event::AckBuffered));
    }

    /// The lease ended and somebody else may have the message: a queue may still take the ack or ignore it, a log refuses it.
    /// Where work is still to come, an ack whose call succeeds counts as settled (an assumption), and so this one is refused.
    fn late_ack(&mut self, task: &Running, id: NodeId) {
        let message = usize::from(task.message);
        let last = self.program.is_final_ack(id);
        let open = matches!(self.from.messages[message].place, Place::Ready | Place::Held(_));
        if last && open && !self.program.is_log() {
            let mut state = self.from.clone();
            state.messages[message].place = Place::Done;
            self.ok(state, Move::of(task, id, Event::Ack));
        }
        if last || !self.has_err(id) {
            self.ok(self.from.clone(), Move::of(task, id, Event::AckIgnored));
        }
        self.err(self.from.clone(), Move::of(task, id, Event::AckFails));
    }

    /// The row's state says that somebody has it: at once, or with the commit.
    pub(super) fn claim(&mut self, task: &Running, id: NodeId, tx: Option<TxId>) {
        let mut state = self.from.clone();
        let step = Move::of(task, id, Event::Claim { buffered: tx.is_some() });
        if task.message == NONE {
            return self.ok(state, step);
        }
        // Who has lost the row does not get it by claiming it.
        if task.stale {
            return self.err(state, Move::of(task, id, Event::AckFails));
        }
        match tx {
            Some(tx) if !self.open(&mut state, task, tx) => return,
            Some(tx) => {
                if let Some(open) = state.open_mut(task.slot, tx.0 as u8) {
                    open.claims |= own(task.message);
                }
            }
            None => take_for_good(&mut state, usize::from(task.message)),
        }
        self.ok(state, step);
        if let Some(faulty) = self.spend_outage(self.from).filter(|_| self.has_err(id)) {
            self.err(faulty, Move::of(task, id, Event::AckFails));
        }
    }

    pub(super) fn nack(&mut self, task: &Running, id: NodeId, requeue: bool, multiple: bool) {
        let mut state = self.from.clone();
        if task.message != NONE && !task.stale {
            if requeue {
                self.release(&mut state, task, multiple);
            } else {
                self.reject(&mut state, task, multiple);
            }
        }
        self.ok(state, Move::of(task, id, Event::Nack { requeue }));
        if let Some(faulty) = self.spend_outage(self.from) {
            self.err(faulty, Move::of(task, id, Event::NackFails));
        }
    }

    pub(super) fn rewind(&mut self, task: &Running, id: NodeId) {
        let mut state = self.from.clone();
        if task.message != NONE && !task.stale {
            self.release(&mut state, task, false);
        }
        self.ok(state, Move::of(task, id, Event::Rewind));
    }

    fn release(&self, state: &mut State, task: &Running, multiple: bool) {
        let held = Place::Held(task.process);
        for (number, message) in (0..).zip(&mut state.messages) {
            let meant = if self.program.is_log() {
                number >= task.message
            } else {
                multiple && number <= task.message
            };
            let own = number == task.message;
            if message.place == held && (meant || own) || message.place == Place::Claimed && own {
                message.place = Place::Ready;
            }
        }
        state.task_mut(task.slot).stale = true;
    }

    fn reject(&self, state: &mut State, task: &Running, multiple: bool) {
        let to = match self.program.flow.source.dead_letter {
            DeadLetter::Declared => Place::DeadLettered,
            DeadLetter::Absent => Place::Dropped,
            DeadLetter::Unknown => Place::PerhapsDropped,
        };
        for (number, message) in (0..).zip(&mut state.messages) {
            let meant = number == task.message || multiple && number <= task.message;
            let claimed = message.place == Place::Claimed && number == task.message;
            if meant && message.place == Place::Held(task.process) || claimed {
                message.place = to;
            }
        }
    }
}

fn own(message: u8) -> u8 {
    if message == NONE { 0 } else { 1 << message }
}

/// Nobody else gets the message, unless its worker gives it back.
pub(super) fn take_for_good(state: &mut State, message: usize) {
    let place = &mut state.messages[message].place;
    if matches!(place, Place::Held(_)) {
        *place = Place::Claimed;
    }
}

/// Marks messages (one bit each) as settled, unless they are already.
pub(super) fn settle(state: &mut State, bits: u8) {
    for (number, message) in (0..).zip(&mut state.messages) {
        if bits >> number & 1 == 1 && matches!(message.place, Place::Held(_) | Place::Ready | Place::Claimed) {
            message.place = Place::Done;
        }
    }
}
