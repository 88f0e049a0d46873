//! An execution, step by step, as plain facts.

use crate::flow::{EffectId, Ended, KeyId, NodeId, TaskId, TxId};

use crate::span::Span;

use super::bounds::Tier;

/// An execution from the start to the state that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The adversary that suffices for it.
    pub tier: Tier,
    /// What the exploration was about: [`replay`](super::replay) needs the same.
    pub scenario: super::Scenario,
    /// The message that it is about, counted from 0.
    pub message: u8,
    /// Which of the initial states it starts in (they differ if the unit decides something before it receives).
    pub start: u32,
    pub steps: Vec<TraceStep>,
}

/// One step of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceStep {
    pub actor: Actor,
    /// Which task of the process.
    pub task: u8,
    /// The message, counted from 0.
    pub message: Option<u8>,
    pub event: Event,
    pub node: Option<NodeId>,
    /// The last node with a site that the task passed in silence after the step (a [`Pass`](crate::flow::Step::Pass), a branch).
    pub then: Option<NodeId>,
    /// Which of the possible successors of the state before this step was taken: what makes a trace replayable.
    pub choice: u32,
    /// For people; filled in by [`narrate`](super::narrate), as is `at`.
    pub text: String,
    /// Where it happens.
    pub at: Option<Span>,
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A process, counted from 1.
    Worker(u8),
    Broker,
    /// A dedup store.
    Store,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// The message is handed out; `again` if not for the first time.
    Receive {
        again: bool,
    },
    /// An effect is applied; `buffered` until its transaction commits.
    Effect {
        effect: EffectId,
        buffered: bool,
    },
    /// An effect fails and the worker sees it. `down`: the dependency stays down.
    EffectFails {
        effect: EffectId,
    },
    /// An effect fails and nobody sees it.
    EffectUnseen {
        effect: EffectId,
    },
    /// An effect is applied, but the worker sees a failure.
    EffectReplyLost {
        effect: EffectId,
    },
    /// The message goes into a queue in memory.
    Handoff,
    HandoffFails,
    /// Whoever drains the queue in memory has processed the message.
    Drained,
    Ack,
    /// The ack is on its way when the connection goes; the worker goes on.
    AckLost,
    AckFails,
    /// The ack worked, but the worker sees a failure.
    AckReplyLost,
    /// The ack becomes part of an open transaction.
    AckBuffered,
    /// The broker ignores the ack of a lease that has ended.
    AckIgnored,
    Nack {
        requeue: bool,
    },
    NackFails,
    /// The message is taken for good; `buffered` until its transaction commits.
    Claim {
        buffered: bool,
    },
    Rewind,
    Check {
        key: KeyId,
        found: bool,
    },
    /// Something is read.
    Read,
    /// A system that is asked does not answer.
    ReadFails,
    CheckFails {
        key: KeyId,
    },
    Mark {
        key: KeyId,
        buffered: bool,
    },
    /// The key is there: the message was processed before, as far as the mark says.
    Duplicate {
        key: KeyId,
    },
    MarkFails {
        key: KeyId,
    },
    MarkReplyLost {
        key: KeyId,
    },
    Unmark {
        key: KeyId,
    },
    UnmarkFails {
        key: KeyId,
    },
    Begin {
        tx: TxId,
    },
    BeginFails {
        tx: TxId,
    },
    Commit {
        tx: TxId,
    },
    CommitFails {
        tx: TxId,
    },
    CommitReplyLost {
        tx: TxId,
    },
    /// The commit is refused: another worker was faster, or this one has lost its message.
    CommitConflict {
        tx: TxId,
    },
    Rollback {
        tx: TxId,
    },
    Spawn {
        task: TaskId,
    },
    Join {
        task: TaskId,
        ok: bool,
    },
    TaskEnds {
        task: TaskId,
        ended: Ended,
    },
    /// The function ends.
    Exit {
        ended: Ended,
    },
    /// The process dies and is started again.
    Crash,
    /// The lease runs out (a log is rebalanced) while the worker goes on.
    LeaseExpires,
    MarkExpires {
        key: KeyId,
    },
}

impl Event {
    /// A stable word for reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Receive { again: false } => "receive",
            Self::Receive { again: true } => "redeliver",
            Self::Effect { .. } => "effect",
            Self::EffectFails { .. } | Self::EffectUnseen { .. } => "effect fails",
            Self::EffectReplyLost { .. } | Self::MarkReplyLost { .. } | Self::CommitReplyLost { .. } => "reply lost",
            Self::Handoff | Self::HandoffFails => "handoff",
            Self::Drained => "processed",
            Self::Ack | Self::AckBuffered => "ack",
            Self::AckLost | Self::AckFails | Self::AckReplyLost | Self::AckIgnored => "ack lost",
            Self::Nack { .. } | Self::NackFails => "nack",
            Self::Claim { .. } => "claim",
            Self::Rewind => "rewind",
            Self::Read | Self::ReadFails => "read",
            Self::Check { .. } | Self::CheckFails { .. } => "check",
            Self::Mark { .. } | Self::MarkFails { .. } => "mark",
            Self::Duplicate { .. } => "skip",
            Self::Unmark { .. } | Self::UnmarkFails { .. } => "unmark",
            Self::Begin { .. } | Self::BeginFails { .. } => "begin",
            Self::Commit { .. } => "commit",
            Self::CommitFails { .. } | Self::CommitConflict { .. } => "commit fails",
            Self::Rollback { .. } => "rollback",
            Self::Spawn { .. } => "spawn",
            Self::Join { .. } => "join",
            Self::TaskEnds { .. } => "task ends",
            Self::Exit { .. } => "exit",
            Self::Crash => "crash",
            Self::LeaseExpires => "lease expires",
            Self::MarkExpires { .. } => "mark expires",
        }
    }

    /// Whether the message was processed before, as far as a mark says.
    #[must_use]
    pub fn is_skip(self) -> bool {
        matches!(self, Self::Duplicate { .. } | Self::Check { found: true, .. })
    }

    /// The effect that failed, seen or unseen.
    #[must_use]
    pub fn failed_effect(self) -> Option<EffectId> {
        match self {
            Self::EffectFails { effect } | Self::EffectUnseen { effect } => Some(effect),
            _ => None,
        }
    }
}
