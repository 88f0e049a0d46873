//! What each unit may cost: every exploration is bounded, and every unit, but the sum of all units is what somebody waits for.

use rayon::prelude::*;

use super::Progress;
use super::assemble::{self, Said, Setting};
use crate::allowance::Allowance;
use crate::lower::Unit;
use crate::model::Bounds;

/// The work of a run, and of each unit at first.
const WORK: Allowance = Allowance {
    of_a_run: 4_000_000,
    a_byte: 10,
    each: 20_000..=250_000,
};

/// Judges units: each for as much as most need many times over, and those for which that is not enough once more, for what is left.
pub(super) fn judge(units: &[Unit], setting: &Setting<'_>, bytes: usize, progress: &Progress) -> Vec<Said> {
    let first = WORK.share(bytes, units.len());
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
    let share = WORK.of(bytes).saturating_sub(spent).checked_div(open).unwrap_or(0);
    let share = share.min(Bounds::default().work);
    if share > first {
        let unfinished = said.par_iter_mut().zip(units).filter(|(said, _)| said.gave_up);
        unfinished.for_each(|(said, unit)| *said = judge(unit, share));
    }
    said
}
