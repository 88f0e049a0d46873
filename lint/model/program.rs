//! A flow made ready for execution: what can be known about its nodes before the first step is taken.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::flow::{
    Broker, CondKind, Covers, EffectId, Flow, Idempotency, KeyId, Known, MarkMode, NodeId, Outcome, Settle, Step,
    reachable,
};

use super::bounds::Bounds;
use super::reference::Run;
use super::state::{Counts, NONE, Slot, Ways};
use super::work::Work;

/// What an exploration is about, apart from the flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scenario {
    pub bounds: Bounds,
    /// The longest time after which a duplicate may still come, in milliseconds. A mark that lives shorter may expire before it;
    /// where the window is not known, no mark expires (and the analysis says that it assumes so).
    pub window_millis: Option<u64>,
    /// Whether dedup marks in a cache may get lost.
    pub cache_may_lose: bool,
}

/// A flow with the tables that executing it needs.
#[derive(Debug, Clone)]
pub struct Program<'f> {
    pub(super) flow: &'f Flow,
    pub(super) scenario: Scenario,
    /// What its explorations may still cost.
    pub(super) work: Work,
    /// Messages that an exploration uses.
    pub(super) messages: u8,
    /// Up to which number applications of each effect are counted: 1 for what collapses. Handoffs come after the flow's effects.
    most: Vec<u8>,
    /// Under which number each effect and handoff is counted; [`NONE`] where another one is in focus ([`Program::focused`]).
    pub(super) tallies: Vec<u8>,
    effect_deps: Vec<u8>,
    key_deps: Vec<u8>,
    tx_deps: Vec<u8>,
    /// By node.
    read_deps: BTreeMap<NodeId, u8>,
    /// For each condition that is remembered for a message: its place in [`Ways`](super::state::Ways).
    pub(super) slots: Vec<Option<Slot>>,
    /// For each branch that decides whether a loop goes on: its number.
    pub(super) loops: Vec<Option<u8>>,
    pub(super) handoffs: Vec<NodeId>,
    /// Acks after which nothing is left to do.
    pub(super) final_acks: Vec<bool>,
    /// Keys whose store refuses a second row.
    unique: Vec<bool>,
    /// Whether the unit receives again after a message, or is called for each.
    pub(super) is_loop: bool,
    /// What fault-free runs leave.
    pub(super) runs: Vec<Run>,
    /// What messages lack that end with these ways and effects, as far as it was asked.
    lacked: RefCell<FxHashMap<(Ways, Counts), u128>>,
    /// There are more fault-free runs than were looked at.
    pub(super) is_partial: bool,
    /// Effects that some fault-free run applies, one bit in two.
    pub(super) routine: u128,
}

impl<'f> Program<'f> {
    /// Prepares a flow.
    ///
    /// # Errors
    /// If it does not fit the checker's state; the text says what there is too much of.
    pub fn new(flow: &'f Flow, scenario: Scenario) -> Result<Self, String> {
        Self::within(flow, scenario, &Work::of(scenario.bounds.work))
    }

    /// As [`Program::new`], of which the explorations take from `work`.
    ///
    /// # Errors
    /// As there.
    pub fn within(flow: &'f Flow, scenario: Scenario, work: &Work) -> Result<Self, String> {
        let mut program = Self::unexplored(flow, scenario, work)?;
        program.run_without_faults();
        program.routine = program.routine();
        Ok(program)
    }

    /// What messages leave that can be read. What is done only about those that cannot is done about a failure, like a dead letter.
    fn routine(&self) -> u128 {
        let conditions = || self.flow.conditions.iter().zip(&self.slots);
        let is_read = |run: &&Run| {
            !conditions().any(|(condition, slot)| {
                let way = slot.and_then(|slot| run.ways.get(slot)).map(Outcome::Case);
                condition.kind == CondKind::Malformed && way.is_some_and(|way| condition.fails(way))
            })
        };
        let read = self.runs.iter().filter(is_read);
        read.fold(0, |all, run| all | run.effects.applied())
    }

    /// The same program, of which the explorations take from `work`.
    pub(super) fn with(&self, work: &Work) -> Self {
        Self {
            work: work.clone(),
            ..self.clone()
        }
    }

    /// The program without its fault-free runs.
    pub(super) fn unexplored(flow: &'f Flow, scenario: Scenario, work: &Work) -> Result<Self, String> {
        fits(flow)?;
        let mut program = Self {
            flow,
            scenario,
            work: work.clone(),
            messages: if covers_others(flow) {
                scenario.bounds.log_messages
            } else {
                1
            },
            most: flow.effects.iter().map(|effect| counted(effect.idempotency)).collect(),
            tallies: Vec::new(),
            effect_deps: Vec::new(),
            key_deps: Vec::new(),
            tx_deps: Vec::new(),
            read_deps: BTreeMap::new(),
            slots: vec![None; flow.conditions.len()],
            loops: vec![None; flow.nodes.len()],
            handoffs: handoffs(flow),
            final_acks: flow.iter().map(|(id, _)| is_final_ack(flow, id)).collect(),
            unique: (0..)
                .take(flow.keys.len())
                .map(|key| is_unique(flow, KeyId(key)))
                .collect(),
            is_loop: is_loop(flow),
            runs: Vec::new(),
            lacked: RefCell::default(),
            is_partial: false,
            routine: 0,
        };
        program.most.extend(program.handoffs.iter().map(|_| 1));
        program.tallies = (0..).take(program.most.len()).collect();
        program.name_dependencies()?;
        program.number_conditions()?;
        Ok(program)
    }

    /// Finds out what is left of a message when nothing fails.
    pub(super) fn run_without_faults(&mut self) {
        (self.runs, self.is_partial) = super::reference::runs(self);
    }

    fn name_dependencies(&mut self) -> Result<(), String> {
        let mut names = BTreeMap::new();
        let mut number = |name: &'f str| {
            let next = names.len();
            *names.entry(system(name)).or_insert(next)
        };
        let mut narrow = |name: &'f str| {
            u8::try_from(number(name))
                .ok()
                .filter(|&dep| dep < 32)
                .ok_or("dependencies")
        };
        let flow = self.flow;
        self.effect_deps = flow
            .effects
            .iter()
            .map(|e| narrow(&e.target))
            .collect::<Result<_, _>>()?;
        self.key_deps = flow.keys.iter().map(|k| narrow(&k.store)).collect::<Result<_, _>>()?;
        self.tx_deps = flow
            .transactions
            .iter()
            .map(|t| narrow(&t.store))
            .collect::<Result<_, _>>()?;
        for (id, node) in flow.iter() {
            if let Step::Read { from } = &node.step {
                self.read_deps.insert(id, narrow(from)?);
            }
        }
        Ok(())
    }

    fn number_conditions(&mut self) -> Result<(), String> {
        let (mut used, mut loops) = (0, 0);
        let widths = widths(self.flow);
        for (id, node) in self.flow.iter() {
            let Step::Branch { on } = node.step else { continue };
            let turns = is_loop_control(self.flow, id);
            if turns {
                self.loops[id.0 as usize] = Some(loops);
                loops += 1;
            }
            let fixed = self.flow.conditions[on.0 as usize].kind != CondKind::Free;
            let slot = &mut self.slots[on.0 as usize];
            if (fixed || turns) && slot.is_none() {
                let width = widths[on.0 as usize];
                if used + width > Bounds::WAYS {
                    return Err("conditions".into());
                }
                *slot = Some(Slot { shift: used, width });
                used += width;
            }
        }
        if usize::from(loops) <= Bounds::LOOPS {
            Ok(())
        } else {
            Err("loops".into())
        }
    }

    /// The number under which an effect is counted, if it is.
    pub(super) fn tally(&self, effect: u8) -> Option<u8> {
        let tally = self.tallies[usize::from(effect)];
        (tally != NONE).then_some(tally)
    }

    pub(super) fn most(&self, effect: u8) -> u8 {
        self.most[usize::from(effect)]
    }

    pub(super) fn effect_dep(&self, effect: EffectId) -> u8 {
        self.effect_deps[effect.0 as usize]
    }

    pub(super) fn key_dep(&self, key: KeyId) -> u8 {
        self.key_deps[key.0 as usize]
    }

    pub(super) fn read_dep(&self, node: NodeId) -> Option<u8> {
        self.read_deps.get(&node).copied()
    }

    pub(super) fn tx_dep(&self, tx: u8) -> u8 {
        self.tx_deps[usize::from(tx)]
    }

    /// What a message lacks that ends with these ways and effects: searches come to the same ones again and again.
    pub(super) fn lacked(&self, ways: Ways, effects: Counts, find: impl FnOnce() -> u128) -> u128 {
        if let Some(&known) = self.lacked.borrow().get(&(ways, effects)) {
            return known;
        }
        let found = find();
        self.lacked.borrow_mut().insert((ways, effects), found);
        found
    }

    pub(super) fn is_final_ack(&self, node: NodeId) -> bool {
        self.final_acks[node.0 as usize]
    }

    pub(super) fn is_unique(&self, key: KeyId) -> bool {
        self.unique[key.0 as usize]
    }

    /// Whether only paths after a failure apply the effect: a failure record, a dead letter.
    pub(super) fn is_failure_record(&self, effect: u8) -> bool {
        self.routine >> (u32::from(effect) * 2) & 1 == 0
    }

    pub(super) fn is_caller(&self) -> bool {
        self.flow.source.broker == Broker::Caller
    }

    pub(super) fn is_log(&self) -> bool {
        self.flow.source.broker == Broker::Log
    }

    /// The number under which a handoff is counted among the effects.
    pub(super) fn handoff_effect(&self, handoff: usize) -> u8 {
        u8::try_from(self.flow.effects.len() + handoff).unwrap_or(u8::MAX)
    }

    /// The handoff that stands behind an effect's number, if it is none of the flow's effects.
    #[must_use]
    pub fn handoff(&self, effect: EffectId) -> Option<NodeId> {
        let index = (effect.0 as usize).checked_sub(self.flow.effects.len())?;
        self.handoffs.get(index).copied()
    }

    /// What fault-free runs leave: the effects that each applies.
    pub fn reference(&self) -> impl Iterator<Item = Vec<EffectId>> + '_ {
        self.runs
            .iter()
            .map(|run| run.effects.iter().map(|effect| EffectId(effect.into())).collect())
    }
}

/// The system that a target or a store belongs to: they go down together.
pub(super) fn system(target: &str) -> &str {
    target.split_once(':').map_or(target, |(system, _)| system)
}

fn counted(idempotency: Idempotency) -> u8 {
    match idempotency {
        Idempotency::Idempotent => 1,
        Idempotency::NotIdempotent | Idempotency::Unknown => 2,
    }
}

fn fits(flow: &Flow) -> Result<(), String> {
    let size = flow.nodes.len();
    let effects = flow.effects.len() + handoffs(flow).len();
    let dangling = flow
        .iter()
        .flat_map(|(_, node)| &node.edges)
        .any(|edge| edge.to.0 as usize >= size);
    let problem = match () {
        () if size == 0 || dangling => "steps that lead nowhere",
        () if size >= usize::from(u16::MAX) => "steps",
        () if effects > Bounds::EFFECTS => "effects",
        () if flow.keys.len() > Bounds::KEYS => "keys",
        () if flow.tasks.len() > 16 => "tasks",
        () => return Ok(()),
    };
    Err(problem.into())
}

/// How many bits the ways of each condition take.
fn widths(flow: &Flow) -> Vec<u32> {
    let mut last = vec![1_u8; flow.conditions.len()];
    for (_, node) in flow.iter() {
        let Step::Branch { on } = node.step else { continue };
        for edge in &node.edges {
            if let Outcome::Case(n) = edge.when {
                last[on.0 as usize] = last[on.0 as usize].max(n);
            }
        }
    }
    last.into_iter().map(|last| u8::BITS - last.leading_zeros()).collect()
}

fn handoffs(flow: &Flow) -> Vec<NodeId> {
    flow.iter()
        .filter(|(_, node)| matches!(node.step, Step::Handoff { .. }))
        .map(|(id, _)| id)
        .collect()
}

/// Whether settling one message may settle another.
fn covers_others(flow: &Flow) -> bool {
    let cumulative = flow.iter().any(|(_, node)| match &node.step {
        Step::Ack(ack) => ack.covers != Covers::One,
        Step::Nack { multiple, .. } => *multiple,
        _ => false,
    });
    match flow.source.broker {
        Broker::Log => true,
        Broker::Queue => cumulative,
        Broker::Volatile | Broker::Caller => false,
    }
}

/// A second row of the key is refused: the schema says so, or the code that locks the row before it writes relies on it.
fn is_unique(flow: &Flow, key: KeyId) -> bool {
    let relies = || {
        flow.iter()
            .any(|(_, node)| matches!(node.step, Step::Check { key: k, locks: true, .. } if k == key))
    };
    match flow.key(key).unique {
        Known::Yes => true,
        Known::No => false,
        Known::Unknown => relies(),
    }
}

fn is_loop(flow: &Flow) -> bool {
    let receives = flow.iter().filter(|(_, node)| matches!(node.step, Step::Receive));
    let mut starts = receives.filter_map(|(_, node)| node.on(Outcome::Next));
    starts.any(|start| {
        reachable(flow, start, |_| true)
            .into_iter()
            .any(|id| flow.node(id).step == Step::Receive)
    })
}

/// Whether a branch decides if a loop takes another turn: one of its ways leads back to it, and nowhere else without a failure.
fn is_loop_control(flow: &Flow, branch: NodeId) -> bool {
    flow.node(branch).edges.iter().any(|way| {
        let turn = body(flow, branch, way.to);
        turn.contains(&branch) && !turn.iter().any(|&id| leaves(&flow.node(id).step))
    })
}

/// What a turn through `start` can reach without a failure before it comes back to the branch.
fn body(flow: &Flow, branch: NodeId, start: NodeId) -> Vec<NodeId> {
    let mut found = vec![start];
    let mut next = 0;
    while let Some(&id) = found.get(next) {
        next += 1;
        if id == branch || leaves(&flow.node(id).step) {
            continue;
        }
        for edge in &flow.node(id).edges {
            if edge.when != Outcome::Err && !found.contains(&edge.to) {
                found.push(edge.to);
            }
        }
    }
    found
}

fn leaves(step: &Step) -> bool {
    matches!(step, Step::Receive | Step::Exit(_) | Step::TaskEnd(_))
}

/// Whether a step does something for the message that could be lost.
pub(super) fn is_processing(step: &Step) -> bool {
    match step {
        Step::Effect { .. } | Step::Opaque { .. } | Step::Handoff { .. } | Step::Spawn { .. } => true,
        Step::Mark { effect, .. } => effect.is_some(),
        _ => false,
    }
}

fn is_final_ack(flow: &Flow, id: NodeId) -> bool {
    let node = flow.node(id);
    let Step::Ack(_) = node.step else { return false };
    let Some(after) = node.on(Outcome::Ok).or_else(|| node.on(Outcome::Then)) else {
        return true;
    };
    !reachable(flow, after, |_| true)
        .into_iter()
        .any(|id| is_processing(&flow.node(id).step))
}

/// How a mark works, given what is known of its store.
pub(super) fn effective_mode(program: &Program<'_>, key: KeyId, mode: MarkMode) -> MarkMode {
    if mode == MarkMode::Plain && program.is_unique(key) {
        MarkMode::Unique
    } else {
        mode
    }
}

/// Whether the framework settles the message when the function ends.
pub(super) fn settles_at_end(settle: &Settle) -> bool {
    matches!(settle, Settle::OnOk | Settle::OnReturn)
}
