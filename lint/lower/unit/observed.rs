//! Whether anybody sees that a unit's function has ended.

use rayon::prelude::*;

use super::arguments::remembered;
use super::{MAX_CALLERS, MAX_CALLERS_UP, Run, Unit};
use crate::flow::{Broker, Known};
use crate::lower::state::State;
use crate::lower::{Context, Lowering};
use crate::resolve::FnId;

/// Finds out for each unit whether somebody sees how it ends.
pub(super) fn observe(context: &Context<'_>, units: &mut [Unit]) {
    units.par_iter_mut().for_each(|unit| {
        let known = unit.flow.observed != Known::Unknown || unit.flow.source.broker == Broker::Caller;
        if !known {
            unit.flow.observed = observed(context, unit.function, MAX_CALLERS_UP);
        }
    });
}

/// As [`asked`]: units have callers in common.
fn observed(context: &Context<'_>, f: FnId, up: usize) -> Known {
    remembered(&context.asked.observed, (f, up), || asked(context, f, up))
}

/// Whether somebody sees how a function ends, as far as its callers (and theirs) show.
fn asked(context: &Context<'_>, f: FnId, up: usize) -> Known {
    if up == 0 || context.index.function(f).hir.name == "main" {
        return Known::Unknown;
    }
    let callers = context.index.callers(f).into_iter().take(MAX_CALLERS);
    let callers = callers.filter(|caller| *caller != f && context.index.function(*caller).hir.body.is_some());
    let all = callers.map(|caller| {
        let run = Run {
            context,
            f: caller,
            focus: None,
        };
        run.watch(f).unwrap_or_else(|| observed(context, caller, up - 1))
    });
    let all: Vec<Known> = all.collect();
    let unseen = !all.is_empty() && all.iter().all(|known| *known == Known::No);
    if unseen { Known::No } else { Known::Unknown }
}

impl Run<'_, '_> {
    /// Whether somebody sees how `of` ends, which is called here; `None` where that is whoever calls this function.
    fn watch(self, of: FnId) -> Option<Known> {
        let mut lowering = Lowering::capturing(self.context, of);
        lowering.root(self.f, None, Vec::new(), State::start());
        let calls = lowering.capture.take().map(|capture| capture.calls).unwrap_or_default();
        let Some(first) = calls.first() else {
            return Some(Known::Unknown);
        };
        first.task?;
        let seen = calls.into_iter().map(|call| lowering.sees_call(call));
        let unseen = seen.into_iter().all(|known| known == Known::No);
        Some(if unseen { Known::No } else { Known::Unknown })
    }
}
