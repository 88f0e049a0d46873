//! What happens to the workers and stores without their doing: crashes, expired leases, expired marks.

use crate::flow::{Broker, Durability, KeyId, Known, NodeId};

use super::advance::land;
use super::state::{NONE, Place, Role, State};
use super::step::{Move, Stepper};
use super::tasks::{end_process, restarted};
use super::trace::{Actor, Event};

impl Stepper<'_, '_> {
    pub(super) fn faults(&mut self) {
        if self.from.left.crashes > 0 {
            self.crashes();
        }
        if self.from.left.leases > 0 {
            self.leases();
        }
        if self.from.left.expiries > 0 {
            self.expiries();
        }
    }

    fn crashes(&mut self) {
        let mains = self.from.tasks.iter().filter(|task| task.role == Role::Main);
        for main in mains {
            let process = main.process;
            let busy = self
                .from
                .tasks
                .iter()
                .any(|task| task.process == process && task.message != NONE);
            let holds = self
                .from
                .messages
                .iter()
                .any(|message| message.place == Place::Held(process));
            if busy || holds {
                self.crash(process, main.slot);
            }
        }
    }

    fn crash(&mut self, process: u8, slot: u8) {
        let mut state = self.from.clone();
        state.left.crashes -= 1;
        let mut step = fault(Actor::Worker(process + 1), Event::Crash);
        let held = |task: &&super::state::Running| task.process == process && task.message != NONE;
        step.message = self.from.tasks.iter().find(held).map_or(NONE, |task| task.message);
        if self.program.is_caller() {
            state.messages[0].place = Place::Abandoned;
            state.tasks.clear();
            state.open.clear();
            return self.out.push((step, state));
        }
        end_process(&mut state, process, slot);
        let main = state.task_mut(slot);
        *main = restarted(main);
        let out = &mut *self.out;
        land(self.program, state, slot, NodeId(0), &mut |state, _| {
            out.push((step, state))
        });
    }

    /// A queue gives one message to somebody else; a log gives all that is not committed to the other worker.
    fn leases(&mut self) {
        for task in &self.from.tasks {
            let message = usize::from(task.message);
            let held = Place::Held(task.process);
            let worked_on = self
                .from
                .messages
                .get(message)
                .is_some_and(|message| message.place == held);
            let first = !self
                .from
                .tasks
                .iter()
                .any(|t| t.slot < task.slot && t.message == task.message);
            if worked_on && first && !task.stale {
                let step = Move {
                    message: task.message,
                    ..fault(Actor::Broker, Event::LeaseExpires)
                };
                let state = self.without_lease(task.process, task.message);
                self.out.push((step, state));
            }
        }
    }

    fn without_lease(&self, process: u8, message: u8) -> State {
        let mut state = self.from.clone();
        state.left.leases -= 1;
        let log = self.program.flow.source.broker == Broker::Log;
        for (number, held) in (0..).zip(&mut state.messages) {
            if held.place == Place::Held(process) && (log || number == message) {
                held.place = Place::Ready;
            }
        }
        for task in &mut state.tasks {
            task.stale |= task.process == process && task.message != NONE && (log || task.message == message);
        }
        if log {
            state.owner = 1 - process;
        }
        state
    }

    /// A mark goes that lives shorter than duplicates may still come, or that a cache may lose.
    fn expiries(&mut self) {
        for (number, key) in (0..).map(KeyId).zip(&self.program.flow.keys) {
            let window = self.program.scenario.window_millis;
            let short = key.ttl_millis.zip(window).is_some_and(|(ttl, window)| ttl < window);
            let losable = key.durability == Durability::Cache && self.program.scenario.cache_may_lose;
            if !(short || losable) || key.from_message == Known::No || key.durability == Durability::Memory {
                continue;
            }
            for message in 0..self.program.messages {
                let mut state = self.from.clone();
                let marks = &mut state.messages[usize::from(message)].marks;
                if *marks >> number.0 & 1 == 0 {
                    continue;
                }
                *marks &= !(1 << number.0);
                state.left.expiries -= 1;
                let step = Move {
                    message,
                    ..fault(Actor::Store, Event::MarkExpires { key: number })
                };
                self.out.push((step, state));
            }
        }
    }
}

fn fault(actor: Actor, event: Event) -> Move {
    Move {
        actor,
        task: NONE,
        message: NONE,
        event,
        node: None,
        then: None,
    }
}
