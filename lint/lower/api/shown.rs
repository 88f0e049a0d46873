//! What is only logged, or only collected in memory.
//!
//! A handler that does nothing else with its messages is a placeholder, or leaves them to somebody who cannot be seen. What it shows of
//! them stands in for the work: that says whether they are settled before or after it, and refutes nothing.

use super::Doing;
use crate::flow::{NodeId, Outcome, Site, Step};
use crate::lower::Lowering;
use crate::lower::expr::deep_origin;
use crate::lower::state::{Flowing, State};
use crate::lower::value::{Origin, Value};
use crate::lower::work::works;
use crate::span::Span;

/// Where a message is shown, in the order in which that is met.
#[derive(Debug, Default)]
pub struct Shown {
    logged: Vec<(NodeId, Site)>,
    collected: Vec<(NodeId, Site)>,
}

impl Lowering<'_> {
    /// Something is logged.
    pub(in crate::lower) fn log(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let names_message = doing.args.iter().any(|arg| deep_origin(arg).has(Origin::MESSAGE));
        let (state, shown) = self.shown_at(names_message, doing.site.at, state);
        self.graph.shown.logged.extend(shown);
        self.compute(doing, state)
    }

    /// Something is put into a collection.
    pub(in crate::lower) fn collect(&mut self, item: &Value, at: Span, state: State) -> State {
        let is_message = deep_origin(item).has(Origin::MESSAGE) && !self.settles(item);
        let (state, shown) = self.shown_at(is_message, at, state);
        self.graph.shown.collected.extend(shown);
        state
    }

    /// Notes the place, unless something else is known to be done.
    fn shown_at(&mut self, is_message: bool, at: Span, state: State) -> (State, Option<(NodeId, Site)>) {
        let counts = is_message && state.holding && self.capture.is_none();
        if !counts || self.graph.nodes.iter().any(|node| works(&node.step)) {
            return (state, None);
        }
        let site = self.site(at);
        let node = self.graph.emit(&state, Step::Pass, None);
        (state.after(node, Outcome::Then), Some((node, site)))
    }

    /// Lets what is shown first stand in for the work, wherever paths lead there; gives where that is.
    pub(in crate::lower) fn stand_in(&mut self) -> Option<Site> {
        let Shown { logged, collected } = std::mem::take(&mut self.graph.shown);
        let is_there = |(id, _): &(NodeId, Site)| {
            let node = self.graph.nodes.get(id.0 as usize);
            node.is_some_and(|node| node.step == Step::Pass && node.on(Outcome::Then).is_some())
        };
        let in_memory = collected.iter().any(is_there);
        let mut shown = if in_memory { collected } else { logged };
        shown.retain(is_there);
        let (_, first) = shown.first()?.clone();
        for (id, site) in shown.into_iter().filter(|(_, site)| site.span == first.span) {
            let step = match in_memory {
                true => Step::Handoff { carries_ack: false },
                false => Step::Opaque {
                    effect: self.opaque_effect(&site),
                },
            };
            let node = &mut self.graph.nodes[id.0 as usize];
            node.step = step;
            node.at = Some(site);
            node.edges.iter_mut().for_each(|edge| edge.when = Outcome::Ok);
        }
        Some(first)
    }
}
