//! Producers: functions that publish and that no message calls.
//!
//! Whoever calls them sees how they end, and nobody calls again: what they promise is decided by what they do before they return. The
//! unit is the function in which the publish stands, and each of its callers that writes to a store besides or drops its failure.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::probe::{Named, Wanted, probed};
use super::relays::relays;
use super::{Arguments, LIBRARIES, MAX_CALLERS_UP, Run, Unit, arguments};
use crate::catalog::{Catalog, Role};
use crate::flow::{Effect, EffectKind, Ended, Flow, Node, NodeId, Outcome, Step};
use crate::lower::state::State;
use crate::lower::value::Kind;
use crate::lower::{Context, Lowering, MAX_STEPS_ASKED};
use crate::resolve::FnId;
use crate::span::Span;

/// How far up callers are asked whether a producer is a part of what they do.
const MAX_CALLERS_OF_PRODUCERS_UP: usize = 2;

/// The producers whose publishes no unit of `consumers` reaches.
pub(super) fn producers(context: &Context<'_>, consumers: &[Unit]) -> Vec<Unit> {
    let covered: BTreeSet<Span> = consumers
        .iter()
        .flat_map(|unit| publishes(&unit.flow))
        .map(|effect| effect.at.span)
        .collect();
    let taken: BTreeSet<FnId> = consumers.iter().map(|unit| unit.function).collect();
    let roots: Vec<FnId> = candidates(context).into_iter().filter(|f| !taken.contains(f)).collect();
    let lowered: Vec<Producer> = roots.par_iter().filter_map(|f| produce(context, *f)).collect();
    let own: Vec<Producer> = lowered
        .into_iter()
        .filter(|found| {
            publishes(&found.unit.flow)
                .map(|effect| effect.at.span)
                .any(|at| stands_in(context, found.unit.function, at) && !covered.contains(&at))
        })
        .collect();
    let known: BTreeSet<FnId> = taken
        .into_iter()
        .chain(own.iter().map(|found| found.unit.function))
        .collect();
    let mut all = callers(context, &own, known);
    all.extend(own.into_iter().filter(|found| !found.hands_out).map(|found| found.unit));
    let relayed: Vec<Vec<Unit>> = all.into_par_iter().map(|unit| relays(context, unit)).collect();
    relayed.into_iter().flatten().collect()
}

/// Callers, and their callers, of which a producer is a part: they wait for the confirmation, write to a store besides, or drop a failure.
fn callers(context: &Context<'_>, own: &[Producer], mut known: BTreeSet<FnId>) -> Vec<Unit> {
    let mut found = Vec::new();
    let mut below: BTreeSet<FnId> = own
        .iter()
        .filter(|found| !writes(&found.unit))
        .map(|found| found.unit.function)
        .collect();
    for _ in 0..MAX_CALLERS_OF_PRODUCERS_UP {
        let callers: BTreeSet<FnId> = below.iter().flat_map(|f| context.index.callers(*f)).collect();
        let callers: Vec<FnId> = callers
            .into_iter()
            .filter(|f| known.insert(*f) && is_open(context, *f))
            .collect();
        let lowered: Vec<Producer> = callers.par_iter().filter_map(|f| produce(context, *f)).collect();
        below = lowered
            .iter()
            .filter(|found| !writes(&found.unit))
            .map(|found| found.unit.function)
            .collect();
        let whole = lowered.into_iter().filter(|found| !found.hands_out);
        found.extend(
            whole
                .map(|found| found.unit)
                .filter(|unit| writes(unit) || drops_failures(unit)),
        );
    }
    found
}

/// A function that publishes, lowered.
struct Producer {
    unit: Unit,
    /// What confirms a publish leaves with the function's result: its caller is the unit.
    hands_out: bool,
}

/// A function that publishes, executed.
struct Produced {
    /// Nothing where it could not be understood.
    found: Option<Producer>,
    /// What its callers pass may tell more.
    needs_caller: bool,
}

pub(super) fn publishes(flow: &Flow) -> impl Iterator<Item = &Effect> {
    flow.effects.iter().filter(|effect| effect.kind == EffectKind::Publish)
}

/// Whether something stands in a function's own code, closures included.
fn stands_in(context: &Context<'_>, f: FnId, at: Span) -> bool {
    let info = context.index.function(f);
    let body = info.hir.body.as_ref();
    at.file == info.file && body.is_some_and(|body| body.start <= at.start && at.end <= body.end)
}

fn writes(unit: &Unit) -> bool {
    unit.flow
        .effects
        .iter()
        .any(|effect| effect.kind == EffectKind::Database)
}

/// A function that never returns works in rounds: the end of one is where it goes back, and what failed in it is tried in the next.
fn end_rounds(flow: &mut Flow) {
    let returns = |node: &Node| matches!(node.step, Step::Exit(Ended::Ok));
    let back = back_edges(flow);
    if back.is_empty() || flow.nodes.iter().any(returns) {
        return;
    }
    let well = NodeId(flow.nodes.len() as u32);
    let badly = NodeId(flow.nodes.len() as u32 + 1);
    for (from, when) in back {
        turn(flow, from, when, well);
    }
    let tried: Vec<NodeId> = flow
        .iter()
        .filter(|(_, node)| publishes_in(flow, node) || matches!(node.step, Step::Read { .. }))
        .map(|(id, _)| id)
        .collect();
    for from in tried {
        turn(flow, from, Outcome::Err, badly);
    }
    flow.nodes.extend([Ended::Ok, Ended::Err].map(|ended| Node {
        step: Step::Exit(ended),
        at: None,
        edges: Vec::new(),
        retry: None,
    }));
}

fn turn(flow: &mut Flow, from: NodeId, when: Outcome, to: NodeId) {
    let edges = flow.nodes[from.0 as usize].edges.iter_mut();
    edges.filter(|edge| edge.when == when).for_each(|edge| edge.to = to);
}

pub(super) fn publishes_in(flow: &Flow, node: &Node) -> bool {
    matches!(node.step, Step::Effect { effect, .. } if flow.effect(effect).kind == EffectKind::Publish)
}

/// The edges that lead back to a node on the way to them.
fn back_edges(flow: &Flow) -> Vec<(NodeId, Outcome)> {
    let mut back = Vec::new();
    let start = flow.nodes.first().map(|_| NodeId(0));
    let mut seen: BTreeSet<NodeId> = start.into_iter().collect();
    let mut way: Vec<(NodeId, usize)> = start.map(|start| (start, 0)).into_iter().collect();
    while let Some((at, next)) = way.last_mut() {
        let (at, edge) = (*at, flow.node(*at).edges.get(*next).copied());
        *next += 1;
        let Some(edge) = edge else {
            way.pop();
            continue;
        };
        if way.iter().any(|(node, _)| *node == edge.to) {
            back.push((at, edge.when));
        } else if seen.insert(edge.to) {
            way.push((edge.to, 0));
        }
    }
    back
}

/// Whether the function goes on as if nothing had happened where a publish fails.
fn drops_failures(unit: &Unit) -> bool {
    unit.flow.iter().any(|(_, node)| match &node.step {
        Step::Effect { effect, .. } if unit.flow.effect(*effect).kind == EffectKind::Publish => {
            unit.flow.ignores_failure(node)
        }
        _ => false,
    })
}

/// Functions that mention something that publishes, in crates that depend on the client that it belongs to.
fn candidates(context: &Context<'_>) -> BTreeSet<FnId> {
    let mut named = Named::default();
    for (package, names) in publishing_names(context.catalog) {
        named.note(context, names, |krate| context.reaches(krate, package));
    }
    named.retain(|f| is_open(context, f));
    probed(context, Wanted::Publish, named)
}

/// Whether a function has code, and says nothing of itself.
fn is_open(context: &Context<'_>, f: FnId) -> bool {
    let hir = &context.index.function(f).hir;
    hir.body.is_some() && hir.declaration.is_none()
}

fn publishing_names(catalog: &Catalog) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let calls = catalog.calls().into_iter();
    for call in calls.filter(|call| call.does == Role::Publish && !LIBRARIES.contains(&call.package.as_str())) {
        names.entry(call.package.as_str()).or_default().insert(call.name());
    }
    names
}

/// Lowers one producer; again with what its callers pass, where a client that it uses was made elsewhere.
fn produce(context: &Context<'_>, f: FnId) -> Option<Producer> {
    let at = context.index.function(f).hir.name_span;
    // Messages that are received here belong to other units.
    let run = Run {
        context,
        f,
        focus: Some(at),
    };
    let plain = run.produce(&Arguments::default())?;
    let informed = plain
        .needs_caller
        .then(|| arguments(context, f, MAX_CALLERS_UP))
        .flatten();
    let found = informed.map_or(plain.found, |seen| run.produce(&seen)?.found);
    found.filter(|found| !found.unit.flow.nodes.is_empty() && publishes(&found.unit.flow).next().is_some())
}

impl<'a> Run<'_, 'a> {
    /// The function as somebody calls it, if it publishes anything.
    fn produce(self, known: &Arguments<'a>) -> Option<Produced> {
        let mut lowering = Lowering::new(self.context);
        lowering.adopt(known.tables.clone());
        lowering.limit = MAX_STEPS_ASKED;
        lowering.focus = self.focus;
        let args = lowering.message_arguments(self.f, known.args.clone());
        let mut state = State::start();
        state.holding = true;
        let ended = lowering.root(self.f, known.recv.clone(), args, state);
        if !lowering.graph.publishes() {
            return None;
        }
        let hands_out = ended
            .iter()
            .any(|(_, value)| value.any(&|value| matches!(value.kind, Kind::Pending(..) | Kind::Future(_))));
        let info = self.context.index.function(self.f);
        let met = std::mem::take(&mut lowering.met);
        let needs_caller = info.hir.receiver.is_some() || !met.unresolved.is_empty();
        if !lowering.unknown.is_empty() {
            return Some(Produced {
                found: None,
                needs_caller,
            });
        }
        let at = lowering.site_of(self.f);
        let mut flow = lowering.finish(info.path.clone(), ended, at, true);
        end_rounds(&mut flow);
        let unit = Unit {
            function: self.f,
            flow,
            met,
        };
        let known = unit.flow.unknown.is_empty();
        Some(Produced {
            found: known.then_some(Producer { unit, hands_out }),
            needs_caller,
        })
    }
}
