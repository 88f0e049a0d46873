//! The intermediate representation: one message's way through a handler, as a graph of delivery steps.
//!
//! A [`Flow`] is what `lower` makes of a unit (a receive point with everything it reaches, callees inlined) and what `model`
//! executes. It knows no Rust and no client crate: a Kafka offset commit and an AMQP ack are both [`Step::Ack`]. It is plain data
//! that prints itself, so that lowering is tested as "source in, text out" and a result can be cached.
//!
//! Reading a flow: a *task* (the unit's own loop, or something it spawned) stands at a node, performs its step, and follows the
//! edge that belongs to the outcome. A task holds at most one message, the one its last [`Step::Receive`] gave it or the one its
//! parent held when it was spawned.

mod effect;
mod text;
mod usual;
mod walk;

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::span::Span;

pub use effect::{Effect, EffectKind, Idempotency, Undone};
pub use walk::reachable;

/// An index into [`Flow::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// An index into [`Flow::effects`]. Copies of one call on several paths share their effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EffectId(pub u32);

/// An index into [`Flow::keys`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyId(pub u32);

/// An index into [`Flow::transactions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TxId(pub u32);

/// An index into [`Flow::tasks`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u32);

/// An index into [`Flow::conditions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CondId(pub u32);

/// An index into [`Flow::retries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RetryId(pub u32);

/// A unit, ready to be executed. `nodes[0]` is the entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// The canonical path of the unit's function.
    pub function: SmolStr,
    pub source: Source,
    pub nodes: Vec<Node>,
    pub effects: Vec<Effect>,
    pub keys: Vec<Key>,
    pub transactions: Vec<Transaction>,
    pub tasks: Vec<Task>,
    pub conditions: Vec<Condition>,
    pub retries: Vec<Retry>,
    /// Why the control itself cannot be seen, where it cannot (no ack found, a handler's body out of reach, too many paths).
    /// A flow with entries here is never verified and never refuted.
    pub unknown: Vec<Unknown>,
    /// What has to be true for the flow to be the whole truth, in a reader's words ("the row's key is unique").
    pub assumptions: Vec<SmolStr>,
    /// Whether somebody sees how the unit's function ends (`No`: it runs in a task that nobody joins).
    #[serde(default)]
    pub observed: Known,
    /// What stands in for the work where none is seen (a message is only logged, or only collected in memory). Such a flow is never
    /// verified and never refuted; whether its messages are settled before or after that is known.
    #[serde(default)]
    pub stands_in: Option<Site>,
}

/// Why a flow is not understood in which nothing happens that anybody else could see.
pub const NO_WORK: &str = "nothing is seen that is done with a message";

/// Where messages come from and how they are settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// `kafka`, `amqp`, …; for a producer `call`.
    pub transport: SmolStr,
    /// Topic, queue, subject, where the code shows it.
    pub address: Option<SmolStr>,
    pub broker: Broker,
    pub settle: Settle,
    /// The receive; for a producer or a framework's handler its signature.
    pub at: Site,
    /// Where a rejected message goes.
    pub dead_letter: DeadLetter,
    /// What is not settled is there for the next receive (a row that stays in its table): leaving a message is giving it back.
    #[serde(default)]
    pub kept: bool,
    /// Construction of the client that receives (label of a default that decides), and of the transactional producer, if seen.
    pub constructed_at: Option<Span>,
    /// After which an unsettled message is delivered to somebody else, where the code shows it.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// Construction of the producer that a consume-process-produce transaction would belong to, if seen.
    #[serde(default)]
    pub producer_at: Option<Span>,
    /// The store whose transactions can take its positions, together with what they write.
    #[serde(default)]
    pub positions_in: Option<SmolStr>,
    /// Whether it hands out only what is committed: `No` where the messages of aborted transactions are read, too.
    #[serde(default)]
    pub committed_only: Known,
    /// Whether its messages come in order as long as nothing gives one back.
    #[serde(default)]
    pub ordered: bool,
}

/// How long a message belongs to the worker that received it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub millis: u64,
    /// Where it is set.
    pub at: Option<Span>,
}

/// What kind of system hands out messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Broker {
    /// Each message is settled on its own; an unsettled one is delivered again when its holder is gone or its lease ends.
    Queue,
    /// A log with one cumulative position for each consumer: settling a message settles all before it.
    Log,
    /// Keeps nothing: what is not processed now is gone (UDP, core NATS, Redis pub/sub).
    Volatile,
    /// No messages: somebody calls the function and sees its result. Nothing is redelivered.
    Caller,
}

/// Who settles a message, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Settle {
    /// By [`Step::Ack`] and its kin only.
    Manual,
    /// By the transport, at or before the moment it is handed over. `at` is the setting, or the construction where a default decides.
    OnReceive { at: Option<Span>, why: SmolStr },
    /// By the framework: acked when the handler ends well, redelivered when it ends in an error or a panic.
    OnOk,
    /// By the framework: acked however the handler ends, unless it panics.
    OnReturn,
    /// The position lives in the sink's own transaction or checkpoint and needs no ack. What is below it is never delivered again.
    InSink,
    /// Not settled at all (a producer).
    Never,
}

/// Where a message goes that is rejected without requeue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeadLetter {
    /// The workspace declares a target.
    Declared,
    /// The workspace declares the queue, and no target.
    Absent,
    /// The queue is declared elsewhere.
    Unknown,
}

/// One step and where control goes from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    pub step: Step,
    /// `None` for steps that no code stands for (a branch of `select!` that lost, an implicit rollback).
    pub at: Option<Site>,
    /// In the order in which a reader expects them; never two with one outcome.
    pub edges: Vec<Edge>,
    /// The innermost retry that the step is in.
    pub retry: Option<RetryId>,
}

/// Where control goes after an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edge {
    pub when: Outcome,
    pub to: NodeId,
}

/// What can come of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The only way on.
    Then,
    Ok,
    /// The caller sees a failure. The step may have been applied all the same (the reply was lost).
    Err,
    /// A conditional mark: the key was absent and is now set.
    Fresh,
    /// A conditional mark: the key was there.
    Duplicate,
    /// A check: the key is there.
    Found,
    /// A check: it is not.
    Absent,
    /// A receive: here is a message.
    Next,
    /// A receive: the stream has ended.
    End,
    /// The n-th way of a branch.
    Case(u8),
    /// A spawn: where the child begins.
    Child,
}

/// A place in the code, with the calls that lead there from the unit's function, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Site {
    pub span: Span,
    pub via: Vec<Span>,
    /// What stands there, for people: `consumer.commit_message`, `UPDATE accounts`.
    pub text: SmolStr,
}

/// What a task does at a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Step {
    /// `Next`, and where the code has them `Err` and `End`. A task that comes back here has finished with its message; if it did not
    /// settle it, the message stays unsettled (and a log goes on to the next one).
    Receive,
    /// Settles the task's message. `Ok`, `Err`.
    Ack(Ack),
    /// `requeue`: the broker delivers it again. Otherwise it is dropped or dead-lettered. `Ok`, `Err`.
    Nack { requeue: bool, multiple: bool },
    /// The message is taken for good: from here on it is given to nobody else, whatever becomes of its worker (the row's state says that
    /// somebody works on it, and nothing ever takes it back). `Ok`, `Err`.
    Claim { tx: Option<TxId> },
    /// Sets the log's position back to the task's message, so that it is delivered again (`seek`).
    Rewind,
    /// `Ok`, `Err`. In a transaction it becomes durable with the commit, else at once. A step without an `Err` edge cannot be seen to fail:
    /// if it does, control goes on at `Ok`.
    Effect { effect: EffectId, tx: Option<TxId> },
    /// A call that nobody can see into and that receives message data. `Ok`, `Err`. Counts as processing when loss is judged.
    Opaque { effect: EffectId },
    /// Asks a system outside for something; nothing changes. `from`: the system and what it is asked for (`postgres:orders`), as far as
    /// that is known. `Ok`, `Err`.
    Read { from: SmolStr },
    /// Asks whether a key is there. `Found`, `Absent`, `Err`.
    Check { key: KeyId, tx: Option<TxId>, locks: bool },
    /// Records a key. `effect` is set where the row is a business row, too.
    /// `Plain`: `Ok`, `Err`. `Unique`: `Ok`, `Err` (a duplicate is an error). `IfAbsent`: `Fresh`, `Duplicate`, `Err`.
    Mark {
        key: KeyId,
        tx: Option<TxId>,
        mode: MarkMode,
        effect: Option<EffectId>,
    },
    /// Takes back a key (a failed handler that releases its claim). `Ok`, `Err`.
    Unmark { key: KeyId, tx: Option<TxId> },
    /// `Ok`, `Err`.
    Begin { tx: TxId },
    /// `Ok`, `Err`.
    Commit { tx: TxId },
    /// Explicit, or a transaction dropped. `Then` (an explicit one may have `Ok` and `Err`).
    Rollback { tx: TxId },
    /// `Child` is where the new task begins, holding its parent's message; `Then` is where the parent goes on.
    Spawn { task: TaskId },
    /// Waits for the task's end. `Ok`: it ended well; `Err`: it ended in an error or a panic.
    Join { task: TaskId },
    /// The message, or data made of it, goes into a queue in memory. `Ok`, `Err`. If `carries_ack`, what settles it travels along and the
    /// receiver of the queue is responsible from here on.
    Handoff { carries_ack: bool },
    /// `Case(n)`.
    Branch { on: CondId },
    /// Time passes. `Then`.
    Sleep { millis: Option<u64> },
    /// The lease of the task's message is extended. `Ok`, `Err`.
    ExtendLease,
    /// Nothing; joins paths. `Then`.
    Pass,
    /// The unit's function ends (and with it the process, or for a framework the call).
    Exit(Ended),
    /// A spawned task ends.
    TaskEnd(Ended),
}

/// How an ack works.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ack {
    /// Which messages it covers.
    pub covers: Covers,
    /// Inside a transaction of the broker, or of the store that holds the position: durable with its commit.
    pub tx: Option<TxId>,
    /// In a transaction: whether the broker refuses it from a worker that has lost the message to another one.
    #[serde(default)]
    pub fenced: Known,
    /// Whether the call ends only when the broker has it; `No` where it is sent in the background.
    #[serde(default)]
    pub awaited: Known,
}

/// Which messages an ack settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Covers {
    /// The task's message alone.
    One,
    /// The task's message and all before it.
    UpTo,
    /// Everything handed out so far, finished or not.
    AllReceived,
}

/// How a key is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MarkMode {
    Plain,
    Unique,
    IfAbsent,
}

/// How a function or task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ended {
    Ok,
    Err,
    Panic,
}

/// What a message is recognised by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// `postgres:processed_messages`, `redis:sms:handled:*`, `memory:recent`.
    pub store: SmolStr,
    pub durability: Durability,
    /// After which the mark is gone; `None`: never, as far as is known.
    pub ttl_millis: Option<u64>,
    /// Where the TTL is written.
    pub ttl_at: Option<Span>,
    /// Whether the store refuses a second row of the key: the workspace's schema shows a unique key, or shows that there is none.
    pub unique: Known,
    /// Whether the key is made of the message and of nothing else.
    pub from_message: Known,
    /// Whether what is recorded is removed one day (it expires, or something in the workspace cleans up). Business rows are
    /// [`Known::Unknown`]: they are kept for their own sake.
    #[serde(default)]
    pub removed: Known,
    /// Where the key is made, for a key that is not (only) made from the message.
    #[serde(default)]
    pub made_at: Option<Span>,
}

/// How long a dedup mark lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Durability {
    Durable,
    /// A cache that can lose it (Redis).
    Cache,
    /// The process' own memory.
    Memory,
}

/// Yes, no, or nobody knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Known {
    Yes,
    No,
    #[default]
    Unknown,
}

/// What commits together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transaction {
    /// `postgres`, `kafka`, `redis`.
    pub store: SmolStr,
    pub isolation: Isolation,
    /// Whether the client that begins it is set up for transactions.
    #[serde(default)]
    pub enabled: Known,
    /// The construction of that client, if seen.
    #[serde(default)]
    pub client_at: Option<Span>,
}

/// How two transactions see each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Isolation {
    /// The database's default (read committed).
    Default,
    /// One of two that conflict fails.
    Serializable,
    /// The second waits for the first (an advisory lock on the key, taken first).
    Locked,
}

/// Something that runs beside its parent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub at: Site,
    /// One of many that run at once, each with a message of its own (`for_each_concurrent`): the parent goes on receiving.
    pub per_message: bool,
}

/// What a branch depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    pub kind: CondKind,
    pub at: Option<Span>,
    /// For people: `post.silent`, `decoding fails`.
    pub text: SmolStr,
    /// Asks whether one quantity is larger than another (`attempts >= MAX`).
    #[serde(default)]
    pub measures: bool,
    /// One bit a way: on it, something has failed (`Err` of a `Result`).
    #[serde(default)]
    pub failing: u32,
}

impl Condition {
    /// Whether something has failed where control goes this way.
    #[must_use]
    pub fn fails(&self, way: Outcome) -> bool {
        matches!(way, Outcome::Case(n) if self.failing >> u32::from(n) & 1 == 1)
    }
}

/// How a condition behaves when the same message comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CondKind {
    /// Depends on the message (or on nothing that is known to change): the same on every attempt.
    Fixed,
    /// Decoding or validating the message fails in one of the cases; the same on every attempt.
    Malformed,
    /// Depends on what a store, or a call that cannot be seen into, answers: the same on every attempt as far as loss goes, but it may be
    /// what keeps a repetition from happening.
    Store,
    /// May differ each time control comes by (a counter, a timeout, another branch of `select!`).
    Free,
}

/// A retry around steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// The loop or the retry call.
    pub at: Site,
    /// Whether it ever gives up.
    pub bounded: Known,
}

/// What could not be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    pub at: Option<Span>,
    pub why: SmolStr,
}

impl Flow {
    /// Whether all of it can be seen, so that it may be verified or refuted.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        self.unknown.is_empty() && self.stands_in.is_none()
    }

    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    #[must_use]
    pub fn effect(&self, id: EffectId) -> &Effect {
        &self.effects[id.0 as usize]
    }

    #[must_use]
    pub fn key(&self, id: KeyId) -> &Key {
        &self.keys[id.0 as usize]
    }

    /// Where control comes to from `id`, past what does nothing.
    #[must_use]
    pub fn past_marks(&self, id: NodeId) -> NodeId {
        let next = |id: &NodeId| match self.node(*id).step {
            Step::Pass => self.node(*id).on(Outcome::Then),
            _ => None,
        };
        let way = std::iter::successors(Some(id), next);
        way.take(self.nodes.len()).last().unwrap_or(id)
    }

    /// Whether a step's failure goes the way of its success.
    #[must_use]
    pub fn ignores_failure(&self, node: &Node) -> bool {
        let past = |when| node.on(when).map(|to| self.past_marks(to));
        past(Outcome::Err).is_none_or(|to| past(Outcome::Ok) == Some(to))
    }

    /// Every node with its id, in order.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0..).map(NodeId).zip(&self.nodes)
    }
}

impl Node {
    /// Where control goes after `outcome`.
    #[must_use]
    pub fn on(&self, outcome: Outcome) -> Option<NodeId> {
        self.edges.iter().find(|edge| edge.when == outcome).map(|edge| edge.to)
    }
}

impl Ack {
    /// An ack outside of any transaction.
    #[must_use]
    pub fn of(covers: Covers) -> Self {
        Self {
            covers,
            tx: None,
            fenced: Known::Unknown,
            awaited: Known::Unknown,
        }
    }
}

impl Transaction {
    /// A transaction of which no client is known.
    #[must_use]
    pub fn of(store: impl Into<SmolStr>, isolation: Isolation) -> Self {
        Self {
            store: store.into(),
            isolation,
            enabled: Known::Unknown,
            client_at: None,
        }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}
