//! A state: everything that decides what can happen next, packed so that it is cheap to copy, compare and hash.

use super::bounds::Faults;

/// No message, no parent.
pub(super) const NONE: u8 = u8::MAX;
/// The most messages that an exploration uses.
pub(super) const MESSAGES: usize = 2;

/// Where a message is, as its broker sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Waiting to be handed out (again). In a log: not below the position.
    Ready,
    /// Handed out to a process and not settled.
    Held(u8),
    /// Taken for good: whoever took it may still settle it or give it back, and nobody else gets it.
    Claimed,
    /// Settled: never handed out again.
    Done,
    /// Rejected into a dead-letter target.
    DeadLettered,
    /// Rejected, and gone.
    Dropped,
    /// Rejected; nobody knows whether a dead-letter target exists.
    PerhapsDropped,
    /// The caller saw an error, and knows (producers only).
    Refused,
    /// The process died during the call (producers only).
    Abandoned,
}

impl Place {
    /// Never handed out again.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Claimed | Self::Done | Self::Dropped | Self::PerhapsDropped)
    }
}

/// Where the way of a condition is kept: so many bits from there on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub shift: u32,
    pub width: u32,
}

impl Slot {
    fn mask(self) -> u128 {
        ((1 << self.width) - 1) << self.shift
    }
}

/// The ways that a message's conditions went, where decided: for each condition as many bits as its ways need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ways {
    decided: u128,
    value: u128,
}

impl Ways {
    pub(super) fn get(self, slot: Slot) -> Option<u8> {
        let way = u8::try_from((self.value & slot.mask()) >> slot.shift).unwrap_or(0);
        (self.decided & slot.mask() != 0).then_some(way)
    }

    pub(super) fn set(&mut self, slot: Slot, way: u8) {
        self.decided |= slot.mask();
        self.value = self.value & !slot.mask() | u128::from(way) << slot.shift & slot.mask();
    }

    /// Whether no condition went differently in the two.
    pub(super) fn agrees(self, other: Self) -> bool {
        (self.value ^ other.value) & self.decided & other.decided == 0
    }

    /// Both together; they must agree.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            decided: self.decided | other.decided,
            value: self.value | other.value,
        }
    }
}

/// How often each effect was applied: two bits an effect, so that 2 means "more than once".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Counts(u128);

impl Counts {
    pub(super) fn get(self, effect: u8) -> u8 {
        u8::try_from(self.0 >> (u32::from(effect) * 2) & 3).unwrap_or(3)
    }

    /// One more, up to `most` (1 for what is idempotent).
    pub(super) fn add(&mut self, effect: u8, most: u8) {
        let shift = u32::from(effect) * 2;
        if self.get(effect) < most {
            self.0 += 1 << shift;
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One bit an effect: applied at all. In the lower bit of each pair.
    pub(super) fn applied(self) -> u128 {
        const LOW: u128 = u128::MAX / 3;
        (self.0 | self.0 >> 1) & LOW
    }

    /// The effects that were applied, in order.
    pub(super) fn iter(self) -> impl Iterator<Item = u8> {
        effects_of(self.applied())
    }
}

/// The effects of a set as [`Counts::applied`] gives it, in order.
pub(super) fn effects_of(applied: u128) -> impl Iterator<Item = u8> {
    (0..64).filter(move |&effect| applied >> (u32::from(effect) * 2) & 1 == 1)
}

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Message {
    pub place: Place,
    pub deliveries: u8,
    pub ways: Ways,
    pub effects: Counts,
    /// One bit a key: recorded in its store. Keys in a process' memory are in [`State::memory`].
    pub marks: u32,
}

/// What a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    /// The unit's own function.
    Main,
    /// A spawned [`Task`](crate::flow::Task).
    Child(u8),
    /// Whoever drains an in-memory queue: works off one message that was handed over, the number says at which handoff.
    Drain(u8),
}

/// A running task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Running {
    /// Identifies the task while it lives.
    pub slot: u8,
    pub process: u8,
    pub role: Role,
    /// The node where it stands.
    pub pc: u16,
    /// The message it holds, or [`NONE`].
    pub message: u8,
    /// The slot of the task that spawned it, or [`NONE`].
    pub parent: u8,
    /// Its message was handed to somebody else meanwhile.
    pub stale: bool,
    /// One bit a [`Task`](crate::flow::Task): a child of that kind ended badly and was not joined yet.
    pub failed: u16,
    /// Four bits a loop: the ways it went since the task got its message.
    pub turns: u64,
}

/// A transaction that a task has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Open {
    pub slot: u8,
    pub tx: u8,
    pub effects: [Counts; MESSAGES],
    /// One bit a message: for it something is written that is not counted.
    pub uncounted: u8,
    /// Keys to be set, to be removed, and those seen absent.
    pub marks: [u32; MESSAGES],
    pub unmarks: [u32; MESSAGES],
    pub reads: [u32; MESSAGES],
    /// One bit a message that the commit settles.
    pub acks: u8,
    /// One bit a message that the commit takes for good.
    pub claims: u8,
    /// The message whose task began it (for locks), or [`NONE`].
    pub message: u8,
    /// Another transaction that it conflicts with has committed.
    pub doomed: bool,
}

impl Open {
    pub(super) fn new(slot: u8, tx: u8, message: u8) -> Self {
        Self {
            slot,
            tx,
            effects: [Counts::default(); MESSAGES],
            uncounted: 0,
            marks: [0; MESSAGES],
            unmarks: [0; MESSAGES],
            reads: [0; MESSAGES],
            acks: 0,
            claims: 0,
            message,
            doomed: false,
        }
    }

    /// Whether its commit would change anything about `message`.
    pub(super) fn concerns(&self, message: usize) -> bool {
        !self.effects[message].is_empty()
            || self.marks[message] != 0
            || (self.acks | self.claims | self.uncounted) >> message & 1 == 1
    }
}

/// A state of the whole system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    pub(super) messages: [Message; MESSAGES],
    /// Ordered by slot.
    pub(super) tasks: Vec<Running>,
    /// Ordered by slot and transaction.
    pub(super) open: Vec<Open>,
    /// `memory[process][message]`: one bit a key.
    pub(super) memory: [[u32; MESSAGES]; 2],
    /// One bit a dependency that is down.
    pub(super) down: u32,
    /// The process that a log's partition is assigned to.
    pub(super) owner: u8,
    /// Faults that may still happen.
    pub(super) left: Faults,
}

impl State {
    pub(super) fn task(&self, slot: u8) -> Option<&Running> {
        self.tasks.iter().find(|task| task.slot == slot)
    }

    /// # Panics
    /// If the task has ended; callers just found it.
    pub(super) fn task_mut(&mut self, slot: u8) -> &mut Running {
        self.tasks
            .iter_mut()
            .find(|task| task.slot == slot)
            .expect("a living task")
    }

    pub(super) fn open_mut(&mut self, slot: u8, tx: u8) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.slot == slot && open.tx == tx)
    }

    /// No task, channel or transaction still works on the message.
    pub(super) fn is_quiet(&self, message: usize) -> bool {
        let number = u8::try_from(message).unwrap_or(NONE);
        self.tasks.iter().all(|task| task.message != number) && self.open.iter().all(|open| !open.concerns(message))
    }

    /// Where the message (counted from 0) is.
    #[must_use]
    pub fn place(&self, message: usize) -> Place {
        self.messages[message].place
    }

    /// How often an effect of the message was applied; 2 is "more than once".
    #[must_use]
    pub fn applied(&self, message: usize, effect: crate::flow::EffectId) -> u8 {
        u8::try_from(effect.0).map_or(0, |effect| self.messages[message].effects.get(effect))
    }
}

impl State {
    /// Whether some task still works on the message (counted from 0).
    #[must_use]
    pub fn is_worked_on(&self, message: u8) -> bool {
        self.tasks.iter().any(|task| task.message == message)
    }
}
