//! Functions followed as if they had received a message, whether anything receives in them or not.

use super::{Arguments, MAX_CALLERS_UP, arguments};
use crate::flow::{Flow, Outcome, Step};
use crate::lower::queues::Queue;
use crate::lower::state::{Flowing, State};
use crate::lower::upkeep::{Return, Seen};
use crate::lower::{Context, Lowering};
use crate::resolve::FnId;

/// Lowers every function as if it were called with a message: whether lowering bears any code at all.
#[must_use]
pub fn every_function(context: &Context<'_>) -> Vec<Flow> {
    use rayon::prelude::*;
    let functions: Vec<FnId> = context
        .index
        .functions()
        .filter(|f| context.index.function(*f).hir.body.is_some())
        .collect();
    functions
        .par_iter()
        .map(|f| called_with_a_message(context, *f))
        .collect()
}

fn called_with_a_message(context: &Context<'_>, f: FnId) -> Flow {
    let info = context.index.function(f);
    let (lowering, ended) = rehearse(context, f, &Arguments::default());
    let at = lowering.site_of(f);
    lowering.finish(info.path.clone(), ended, at, false)
}

/// What a function clears, what it takes back, and which queues it declares, as far as it, or its callers, show.
pub(in crate::lower) fn rehearsed(context: &Context<'_>, f: FnId) -> (Vec<Seen>, Vec<Return>, Vec<Queue>) {
    let known = arguments(context, f, MAX_CALLERS_UP).unwrap_or_default();
    let lowering = rehearse(context, f, &known).0;
    (lowering.removals, lowering.returns, lowering.queues)
}

/// Follows a function as if it had received a message.
fn rehearse<'a>(context: &Context<'a>, f: FnId, known: &Arguments<'a>) -> (Lowering<'a>, Flowing) {
    let mut lowering = Lowering::new(context);
    lowering.adopt(known.tables.clone());
    let at = lowering.site_of(f);
    let args = lowering.message_arguments(f, known.args.clone());
    let mut state = State::start();
    let node = lowering.graph.emit(&state, Step::Receive, Some(at));
    state = state.after(node, Outcome::Next);
    state.holding = true;
    let ended = lowering.root(f, known.recv.clone(), args, state);
    (lowering, ended)
}
