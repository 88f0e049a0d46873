//! The transition relation: from a state to everything that can happen next, in an order that is always the same.

use crate::flow::{EffectId, EffectKind, Isolation, NodeId, Outcome, Step, TxId};

use super::advance::land;
use super::program::Program;
use super::state::{NONE, Role, Running, State};
use super::trace::{Actor, Event};

/// A transition's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    pub actor: Actor,
    pub task: u8,
    pub message: u8,
    pub event: Event,
    pub node: Option<NodeId>,
    pub then: Option<NodeId>,
}

impl Move {
    pub(super) fn of(task: &Running, node: NodeId, event: Event) -> Self {
        let actor = Actor::Worker(task.process + 1);
        Self {
            actor,
            task: task.slot,
            message: task.message,
            event,
            node: Some(node),
            then: None,
        }
    }
}

/// Collects the successors of one state.
pub(super) struct Stepper<'a, 'f> {
    pub program: &'a Program<'f>,
    pub from: &'a State,
    pub out: &'a mut Vec<(Move, State)>,
}

/// Everything that can happen in `from`, appended to `out`.
pub(super) fn successors(program: &Program<'_>, from: &State, out: &mut Vec<(Move, State)>) {
    let mut stepper = Stepper { program, from, out };
    match from.tasks.iter().find(|task| stepper.is_alone(task)) {
        Some(task) => stepper.step(task),
        None => from.tasks.iter().for_each(|task| stepper.step(task)),
    }
    stepper.faults();
}

/// The states from which an execution may start: every process stands at the unit's first step.
pub(super) fn initial(program: &Program<'_>, start: State) -> Vec<State> {
    let slots: Vec<u8> = start.tasks.iter().map(|task| task.slot).collect();
    slots.into_iter().fold(vec![start], |states, slot| {
        let mut next = Vec::new();
        for state in states {
            land(program, state, slot, NodeId(0), &mut |state, _| next.push(state));
        }
        next
    })
}

impl Stepper<'_, '_> {
    /// Whether the task's next step commutes with whatever other tasks do: it adds to a count, at once or in a transaction of its own, or
    /// starts a worker. Then it may as well come first (partial-order reduction); faults still come before it.
    fn is_alone(&self, task: &Running) -> bool {
        if matches!(task.role, Role::Drain(_)) || self.from.tasks.len() < 2 {
            return false;
        }
        match self.program.flow.node(NodeId(task.pc.into())).step {
            Step::Effect { tx: None, .. } | Step::Opaque { .. } | Step::Read { .. } => true,
            Step::Effect { tx: Some(tx), .. } => self
                .from
                .open
                .iter()
                .any(|o| o.slot == task.slot && u32::from(o.tx) == tx.0),
            Step::Begin { tx } => self.program.flow.transactions[tx.0 as usize].isolation != Isolation::Locked,
            // One that starts nobody changes nothing, and must not come first for ever.
            Step::Spawn { task: child } => task.message == NONE && !self.is_one_of_many(task, child),
            _ => false,
        }
    }

    fn step(&mut self, task: &Running) {
        if let Role::Drain(handoff) = task.role {
            return self.drain(task, handoff);
        }
        let id = NodeId(task.pc.into());
        match &self.program.flow.node(id).step {
            Step::Receive => self.receive(task, id),
            Step::Ack(ack) => self.ack(task, id, ack),
            Step::Nack { requeue, multiple } => self.nack(task, id, *requeue, *multiple),
            Step::Claim { tx } => self.claim(task, id, *tx),
            Step::Rewind => self.rewind(task, id),
            Step::Effect { effect, tx } => self.effect(task, id, *effect, *tx),
            Step::Opaque { effect } => self.effect(task, id, *effect, None),
            Step::Read { .. } => self.read(task, id),
            Step::Check { key, tx, .. } => self.check(task, id, *key, *tx),
            Step::Mark { key, tx, mode, effect } => self.mark(task, id, *key, *tx, *mode, *effect),
            Step::Unmark { key, tx } => self.unmark(task, id, *key, *tx),
            Step::Begin { tx } => self.begin(task, id, *tx),
            Step::Commit { tx } => self.commit(task, id, *tx),
            Step::Rollback { tx } => self.rollback(task, id, *tx),
            Step::Spawn { task: child } => self.spawn(task, id, *child),
            Step::Join { task: child } => self.join(task, id, *child),
            Step::Handoff { .. } => self.handoff(task, id),
            Step::Exit(ended) if task.role == Role::Main => self.exit(task, id, *ended),
            Step::Exit(ended) | Step::TaskEnd(ended) => self.task_end(task, id, *ended),
            Step::Branch { .. } | Step::Sleep { .. } | Step::ExtendLease | Step::Pass => {}
        }
    }

    /// The task goes on at `to`; a step without that edge leads nowhere.
    pub(super) fn go(&mut self, state: State, step: Move, to: Option<NodeId>) {
        let Some(to) = to else { return };
        let out = &mut *self.out;
        land(self.program, state, step.task, to, &mut |state, then| {
            out.push((Move { then, ..step }, state))
        });
    }

    /// The step worked, as far as the worker can see.
    pub(super) fn ok(&mut self, state: State, step: Move) {
        let node = step.node.map(|id| self.program.flow.node(id));
        let to = node.and_then(|node| {
            [Outcome::Ok, Outcome::Then, Outcome::Fresh]
                .into_iter()
                .find_map(|when| node.on(when))
        });
        self.go(state, step, to);
    }

    /// The worker sees a failure. Where no code looks at it, this leads nowhere.
    pub(super) fn err(&mut self, state: State, step: Move) {
        let to = step.node.and_then(|id| self.program.flow.node(id).on(Outcome::Err));
        self.go(state, step, to);
    }

    pub(super) fn has_err(&self, id: NodeId) -> bool {
        self.program.flow.node(id).on(Outcome::Err).is_some()
    }

    /// `state` with one outage less to come, if there is one left.
    pub(super) fn spend_outage(&self, state: &State) -> Option<State> {
        let mut state = state.clone();
        state.left.outages = state.left.outages.checked_sub(1)?;
        Some(state)
    }

    /// The state in which a dependency is down and its step fails: it was down before, or goes down now.
    /// Once something failed, what only failures lead to may fail as well.
    pub(super) fn fail(&self, dependency: u8, record: bool) -> Option<State> {
        let mut state = self.from.clone();
        if state.down >> dependency & 1 == 0 {
            if !record || state.down == 0 {
                state.left.outages = state.left.outages.checked_sub(1)?;
            }
            state.down |= 1 << dependency;
        }
        Some(state)
    }

    /// The state in which a dependency is up.
    pub(super) fn up(&self, dependency: u8) -> State {
        let mut state = self.from.clone();
        state.down &= !(1 << dependency);
        state
    }

    fn effect(&mut self, task: &Running, id: NodeId, effect: EffectId, tx: Option<TxId>) {
        let buffered = tx.is_some();
        let number = u8::try_from(effect.0).unwrap_or(NONE);
        let dependency = self.program.effect_dep(effect);
        let mut applied = self.up(dependency);
        if !self.apply(&mut applied, task, number, tx) {
            return;
        }
        if let Some(lost) = self.spend_outage(&applied).filter(|_| !buffered) {
            self.err(lost, Move::of(task, id, Event::EffectReplyLost { effect }));
        }
        self.ok(applied, Move::of(task, id, Event::Effect { effect, buffered }));
        let Some(failed) = self.fail(dependency, self.program.is_failure_record(number)) else {
            return;
        };
        // Of a call that nobody can see into it is not certain that it fails unseen.
        let confirmed = self.program.flow.effect(effect).confirmed || buffered;
        let opaque = self.program.flow.effect(effect).kind == EffectKind::Opaque;
        if !confirmed || !self.has_err(id) && !opaque {
            self.ok(failed.clone(), Move::of(task, id, Event::EffectUnseen { effect }));
        }
        self.err(failed, Move::of(task, id, Event::EffectFails { effect }));
    }

    fn read(&mut self, task: &Running, id: NodeId) {
        let Some(dependency) = self.program.read_dep(id) else {
            return;
        };
        self.ok(self.up(dependency), Move::of(task, id, Event::Read));
        if let Some(failed) = self.fail(dependency, false) {
            self.err(failed, Move::of(task, id, Event::ReadFails));
        }
    }

    fn handoff(&mut self, task: &Running, id: NodeId) {
        let Some(index) = self.program.handoffs.iter().position(|&handoff| handoff == id) else {
            return;
        };
        let mut state = self.from.clone();
        let role = Role::Drain(u8::try_from(index).unwrap_or(NONE));
        if task.message != NONE && !self.add_task(&mut state, task, role) {
            return;
        }
        self.ok(state, Move::of(task, id, Event::Handoff));
        if let Some(failed) = self.spend_outage(self.from) {
            self.err(failed, Move::of(task, id, Event::HandoffFails));
        }
    }
}
