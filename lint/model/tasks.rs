//! Tasks: how they are spawned, joined and how they end.

use crate::flow::{Ended, NodeId, Outcome, Settle, Step, TaskId};

use super::advance::land;
use super::program::settles_at_end;
use super::state::{MESSAGES, NONE, Place, Role, Running, State};
use super::step::{Move, Stepper};
use super::trace::Event;
use crate::flow::Covers;

impl Stepper<'_, '_> {
    /// Adds a task that holds its parent's message. `false`: there is no room.
    pub(super) fn add_task(&self, state: &mut State, parent: &Running, role: Role) -> bool {
        let room = self.program.scenario.bounds.tasks;
        let Some(slot) = (0..room).find(|&slot| state.task(slot).is_none()) else {
            return false;
        };
        let child = Running {
            slot,
            role,
            parent: parent.slot,
            failed: 0,
            turns: 0,
            ..*parent
        };
        state.tasks.push(child);
        state.tasks.sort_unstable();
        true
    }

    pub(super) fn spawn(&mut self, task: &Running, id: NodeId, child: TaskId) {
        let node = self.program.flow.node(id);
        let Some(start) = node.on(Outcome::Child) else { return };
        let then = node.on(Outcome::Then).or_else(|| node.on(Outcome::Ok));
        if self.is_one_of_many(task, child) {
            return self.go(
                self.from.clone(),
                Move::of(task, id, Event::Spawn { task: child }),
                then,
            );
        }
        let mut state = self.from.clone();
        let known: Vec<u8> = state.tasks.iter().map(|task| task.slot).collect();
        if !self.add_task(&mut state, task, Role::Child(u8::try_from(child.0).unwrap_or(NONE))) {
            return;
        }
        let slot = state
            .tasks
            .iter()
            .map(|task| task.slot)
            .find(|slot| !known.contains(slot))
            .unwrap_or(NONE);
        let step = Move::of(task, id, Event::Spawn { task: child });
        let program = self.program;
        land(program, state, slot, start, &mut |state, _| self.go(state, step, then));
    }

    /// Workers that take messages of their own from a queue are alike: what one more of them could do in this process, the other process
    /// does.
    pub(super) fn is_one_of_many(&self, task: &Running, child: TaskId) -> bool {
        let role = Role::Child(u8::try_from(child.0).unwrap_or(NONE));
        let is_alike = |other: &Running| other.process == task.process && other.role == role;
        task.message == NONE && !self.program.is_log() && self.from.tasks.iter().any(is_alike)
    }

    pub(super) fn join(&mut self, task: &Running, id: NodeId, child: TaskId) {
        let role = Role::Child(u8::try_from(child.0).unwrap_or(NONE));
        if self
            .from
            .tasks
            .iter()
            .any(|other| other.parent == task.slot && other.role == role)
        {
            return;
        }
        let mut state = self.from.clone();
        let failed = &mut state.task_mut(task.slot).failed;
        let bad = *failed >> child.0 & 1 == 1;
        *failed &= !(1 << child.0);
        let step = Move::of(task, id, Event::Join { task: child, ok: !bad });
        if bad && self.has_err(id) {
            self.err(state, step)
        } else {
            self.ok(state, step)
        }
    }

    pub(super) fn task_end(&mut self, task: &Running, id: NodeId, ended: Ended) {
        let mut state = self.from.clone();
        let child = match task.role {
            Role::Child(child) => child,
            Role::Main | Role::Drain(_) => return self.exit(task, id, ended),
        };
        if ended != Ended::Ok && task.parent != NONE {
            state.task_mut(task.parent).failed |= 1 << child;
        }
        remove(&mut state, task.slot);
        let event = Event::TaskEnds {
            task: TaskId(child.into()),
            ended,
        };
        self.out.push((Move::of(task, id, event), state));
    }

    /// A message that was handed over is processed, in the order of the messages.
    pub(super) fn drain(&mut self, task: &Running, handoff: u8) {
        let first = |other: &Running| {
            matches!(other.role, Role::Drain(_)) && other.process == task.process && other.message < task.message
        };
        if self.from.tasks.iter().any(first) {
            return;
        }
        let id = self.program.handoffs[usize::from(handoff)];
        let mut state = self.from.clone();
        let effect = self.program.handoff_effect(usize::from(handoff));
        if let Some(tally) = self.program.tally(effect) {
            state.messages[usize::from(task.message)]
                .effects
                .add(tally, self.program.most(effect));
        }
        if self.program.flow.node(id).step == (Step::Handoff { carries_ack: true }) && !task.stale {
            self.cover(&mut state, task.process, task.message, Covers::One);
        }
        remove(&mut state, task.slot);
        self.out.push((Move::of(task, id, Event::Drained), state));
    }

    /// The unit's function ends: a call, if the unit is called for each message, else the process.
    pub(super) fn exit(&mut self, task: &Running, id: NodeId, ended: Ended) {
        let step = Move::of(task, id, Event::Exit { ended });
        let mut state = self.from.clone();
        if self.program.is_caller() {
            let place = if ended == Ended::Ok {
                Place::Done
            } else {
                Place::Refused
            };
            state.messages[0].place = place;
            remove(&mut state, task.slot);
            return self.out.push((step, state));
        }
        if ended == Ended::Ok && self.has_workers(task) {
            return;
        }
        self.settle_at_end(&mut state, task, ended);
        if self.program.is_loop && ended != Ended::Ok {
            end_process(&mut state, task.process, task.slot);
        }
        state.open.retain(|open| open.slot != task.slot);
        let runner = state.task_mut(task.slot);
        *runner = restarted(runner);
        free_unheld(&mut state, task.process);
        self.go(state, step, Some(NodeId(0)));
    }

    /// Whether whoever started workers has ended well and they go on: the process lives, and nobody starts them again.
    fn has_workers(&self, task: &Running) -> bool {
        let is_worker = |other: &Running| other.parent == task.slot && matches!(other.role, Role::Child(_));
        task.message == NONE && self.from.tasks.iter().any(is_worker)
    }

    fn settle_at_end(&self, state: &mut State, task: &Running, ended: Ended) {
        let settle = &self.program.flow.source.settle;
        let done = match settle {
            Settle::OnOk => ended == Ended::Ok,
            Settle::OnReturn => ended != Ended::Panic,
            _ => false,
        };
        if task.message == NONE || task.stale || !settles_at_end(settle) {
            return;
        }
        if done {
            self.cover(state, task.process, task.message, Covers::One);
        } else if state.messages[usize::from(task.message)].place == Place::Held(task.process) {
            state.messages[usize::from(task.message)].place = Place::Ready;
        }
    }
}

/// Ends every other task of a process and gives its messages back.
pub(super) fn end_process(state: &mut State, process: u8, survivor: u8) {
    let gone: Vec<u8> = state
        .tasks
        .iter()
        .filter(|t| t.process == process)
        .map(|t| t.slot)
        .collect();
    state.open.retain(|open| !gone.contains(&open.slot));
    state
        .tasks
        .retain(|task| task.process != process || task.slot == survivor);
    state.memory[usize::from(process)] = [0; MESSAGES];
    for message in &mut state.messages {
        if message.place == Place::Held(process) {
            message.place = Place::Ready;
        }
    }
}

/// Gives back what a process holds and no task of it works on.
fn free_unheld(state: &mut State, process: u8) {
    for number in 0..MESSAGES {
        let message = u8::try_from(number).unwrap_or(NONE);
        let worked_on = state
            .tasks
            .iter()
            .any(|task| task.process == process && task.message == message);
        if state.messages[number].place == Place::Held(process) && !worked_on {
            state.messages[number].place = Place::Ready;
        }
    }
}

/// The main task of a process that starts (again).
pub(super) fn restarted(task: &Running) -> Running {
    Running {
        role: Role::Main,
        message: NONE,
        parent: NONE,
        stale: false,
        failed: 0,
        turns: 0,
        pc: 0,
        ..*task
    }
}

/// A task is gone, its transactions with it; its children go on on their own.
fn remove(state: &mut State, slot: u8) {
    state.tasks.retain(|task| task.slot != slot);
    state.open.retain(|open| open.slot != slot);
    for task in &mut state.tasks {
        if task.parent == slot {
            task.parent = NONE;
        }
    }
}
