//! What each unit may cost: every exploration is bounded, and every unit, but the sum of all units is what somebody waits for.
//!
//! Work is counted and not timed, and what a unit may cost depends on the others only by numbers that are the same in every run: the same
//! workspace is judged alike on any machine, by any number of threads.

use rayon::prelude::*;

use super::Progress;
use super::assemble::{self, Said, Setting};
use crate::lower::Unit;
use crate::model::Bounds;

/// Work that a run may always do, and more of it for each byte of code that was read.
const OF_A_RUN: usize = 4_000_000;
const A_BYTE: usize = 10;
/// What each unit may cost at first.
const AT_FIRST: std::ops::RangeInclusive<usize> = 20_000..=250_000;

/// Judges units: each for as much as most need many times over, and those for which that is not enough once more, for what is left.
pub(super) fn judge(units: &[Unit], setting: &Setting<'_>, bytes: usize, progress: &Progress) -> Vec<Said> {
    let all = bytes.saturating_mul(A_BYTE).saturating_add(OF_A_RUN);
    let first = all / units.len().next_power_of_two();
    let first = first.clamp(*AT_FIRST.start(), *AT_FIRST.end());
    let judge = |unit: &Unit, work: usize| {
        let bounds = Bounds {
            work,
            ..Bounds::default()
        };
        assemble::judge(unit, setting, bounds)
    };
    let once = |unit: &Unit| {
        let said = judge(unit, first);
        progress.judged();
        said
    };
    let mut said: Vec<Said> = units.par_iter().map(once).collect();
    let spent: usize = said.iter().map(|said| said.work).sum();
    let open = said.iter().filter(|said| said.gave_up).count();
    let share = all.saturating_sub(spent).checked_div(open).unwrap_or(0);
    let share = share.min(Bounds::default().work);
    if share > first {
        let unfinished = said.par_iter_mut().zip(units).filter(|(said, _)| said.gave_up);
        unfinished.for_each(|(said, unit)| *said = judge(unit, share));
    }
    said
}
