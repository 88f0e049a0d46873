//! Where a value comes from: the message, the clock, a store.

use crate::flow::Known;
use crate::span::Span;

/// What a value is made of. A set, so that `format!("{id}-{now}")` is both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    sources: u16,
    /// Where something fresh was made.
    made_at: Option<Span>,
}

impl Origin {
    pub const NONE: Self = Self::of(0);
    /// From the message that is being handled.
    pub const MESSAGE: Self = Self::of(1);
    /// Made fresh: random, or a clock.
    pub const FRESH: Self = Self::of(2);
    /// Changes from one round of a loop to the next.
    pub const COUNTER: Self = Self::of(4);
    /// A failure, or made of one.
    pub const ERROR: Self = Self::of(8);
    /// What a store, or a call that nobody can see into, answered.
    pub const STORE: Self = Self::of(16);
    /// A failure: a unique key refused the row.
    pub const REFUSED: Self = Self::of(32);
    /// A failure of something that a unique key may refuse, for another reason.
    pub const BROKEN: Self = Self::of(64);
    /// Reached through a lock: others see it, too.
    pub const SHARED: Self = Self::of(128);
    /// What a function gives that was not followed, and would be if it mattered.
    pub const UNFOLLOWED: Self = Self::of(256);
    /// Came through a channel in memory: whoever sent it knows what it says.
    pub const PASSED: Self = Self::of(512);
    /// A quantity out of a store, to which something was added, or from which something was taken.
    pub const MOVED: Self = Self::of(1024);
    /// Of a result: whether what a store holds can be read as what it should be.
    pub const DECODED: Self = Self::of(2048);

    const fn of(sources: u16) -> Self {
        Self { sources, made_at: None }
    }

    /// Something fresh, made here.
    #[must_use]
    pub fn fresh(at: Span) -> Self {
        Self {
            made_at: Some(at),
            ..Self::FRESH
        }
    }

    /// Where the fresh part was made.
    #[must_use]
    pub fn made_at(self) -> Option<Span> {
        self.made_at
    }

    /// Whether it is made of the message, and of nothing that is new each time.
    #[must_use]
    pub fn is_message_only(self) -> Known {
        match (self.has(Self::FRESH), self.has(Self::MESSAGE)) {
            (true, _) => Known::No,
            (false, true) => Known::Yes,
            (false, false) => Known::Unknown,
        }
    }

    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            sources: self.sources | other.sources,
            made_at: self.made_at.or(other.made_at),
        }
    }

    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self {
            sources: self.sources & !other.sources,
            ..self
        }
    }

    #[must_use]
    pub fn has(self, other: Self) -> bool {
        self.sources & other.sources != 0
    }
}
