//! How much may still be looked at: each exploration is bounded, and so is their sum.

use std::cell::Cell;
use std::rc::Rc;

/// Work that is left, shared by all explorations about one question. It is counted, not timed: the same flow comes to the same end on
/// any machine.
#[derive(Debug, Clone)]
pub struct Work(Rc<Cell<usize>>);

impl Work {
    /// So much work, and no more.
    #[must_use]
    pub fn of(left: usize) -> Self {
        Self(Rc::new(Cell::new(left)))
    }

    /// Whether nothing more may be looked at.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    /// How much there is left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.get()
    }

    pub(super) fn spend(&self, work: usize) {
        self.0.set(self.0.get().saturating_sub(work));
    }
}
