//! What a run may cost: it is counted, grows with the code that was read, and is shared by all that are looked at.
//!
//! Nothing is timed, and what each may cost depends on the others only by numbers that are the same in every run: the same workspace is
//! judged alike on any machine, by any number of threads.

use std::ops::RangeInclusive;

/// How much there is, in whatever is counted.
#[derive(Debug)]
pub struct Allowance {
    /// What a run may always cost.
    pub of_a_run: usize,
    /// What it may cost more for each byte of code that was read.
    pub a_byte: usize,
    /// What each may cost at least, and at most, however many there are.
    pub each: RangeInclusive<usize>,
}

impl Allowance {
    /// What a run may cost that has read so many bytes.
    pub fn of(&self, bytes: usize) -> usize {
        bytes.saturating_mul(self.a_byte).saturating_add(self.of_a_run)
    }

    /// What each of so many may cost. One more or less rarely changes what the others may.
    pub fn share(&self, bytes: usize, among: usize) -> usize {
        let share = self.of(bytes) / among.next_power_of_two();
        share.clamp(*self.each.start(), *self.each.end())
    }
}
