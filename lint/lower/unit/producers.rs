//! Producers: functions that publish and that no message calls.
//!
//! Whoever calls them sees how they end, and nobody calls again: what they promise is decided by what they do before they return. The
//! unit is the function in which the publish stands, and each of its callers that waits for what confirms it, writes to a store besides,
//! or drops its failure.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::probe::{Named, Wanted, probed};
use super::relays::relays;
use super::{Arguments, LIBRARIES, MAX_CALLERS_UP, Run, Unit, arguments};
use crate::catalog::{Catalog, Role};
use crate::flow::{Effect, EffectKind, Ended, Flow, Node, NodeId, Outcome, Step, reachable};
use crate::lower::state::State;
use crate::lower::value::{Kind, Value};
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
    let stands = |found: &Producer, is_open: &dyn Fn(&Span) -> bool| {
        let mut places = publishes(&found.unit.flow).map(|effect| effect.at.span);
        places.any(|at| stands_in(context, found.unit.function, at) && is_open(&at))
    };
    let own: Vec<Producer> = lowered.into_iter().filter(|found| stands(found, &|_| true)).collect();
    let parts = consumers.iter().flat_map(|unit| unit.met.functions.iter().copied());
    let known: BTreeSet<FnId> = taken
        .iter()
        .copied()
        .chain(parts)
        .chain(own.iter().map(|found| found.unit.function))
        .collect();
    let mut all = callers(context, &own, known);
    // Who only runs what a message calls is no producer.
    all.retain(|unit| taken.is_disjoint(&unit.met.functions));
    let whole = own.into_iter().filter(|found| !found.hands_out);
    let open = whole.filter(|found| stands(found, &|at| !covered.contains(at)));
    all.extend(open.map(|found| found.unit));
    let relayed: Vec<Vec<Unit>> = all
        .into_par_iter()
        .map(|unit| match is_understood(&unit) {
            true => relays(context, unit),
            false => vec![unit],
        })
        .collect();
    relayed.into_iter().flatten().collect()
}

/// Callers, and their callers, of which a producer is a part: they wait for the confirmation, write to a store besides, or drop a failure.
fn callers(context: &Context<'_>, own: &[Producer], mut known: BTreeSet<FnId>) -> Vec<Unit> {
    let mut found = Vec::new();
    let mut below = parts_of_callers(own);
    for _ in 0..MAX_CALLERS_OF_PRODUCERS_UP {
        let callers = |handing: bool| {
            let wanted = below.iter().filter(move |(_, hands_out)| **hands_out || !handing);
            wanted
                .flat_map(|(f, _)| context.index.callers(*f))
                .collect::<BTreeSet<FnId>>()
        };
        let (waiting, callers) = (callers(true), callers(false));
        let callers: Vec<FnId> = callers
            .into_iter()
            .filter(|f| known.insert(*f) && is_open(context, *f))
            .collect();
        let lowered = callers.par_iter().filter_map(|f| produce(context, *f));
        let lowered: Vec<Producer> = lowered.filter(|found| is_understood(&found.unit)).collect();
        below = parts_of_callers(&lowered);
        let whole = lowered.into_iter().filter(|found| !found.hands_out);
        let is_more = |unit: &Unit| waiting.contains(&unit.function) || writes(unit) || drops_failures(unit);
        found.extend(whole.map(|found| found.unit).filter(is_more));
    }
    found
}

/// The producers that may be a part of what their callers do, and whether what confirms their publish leaves with their result.
fn parts_of_callers(producers: &[Producer]) -> BTreeMap<FnId, bool> {
    let parts = producers
        .iter()
        .filter(|found| is_understood(&found.unit) && !writes(&found.unit));
    parts.map(|found| (found.unit.function, found.hands_out)).collect()
}

/// A function that publishes, lowered.
struct Producer {
    unit: Unit,
    /// What confirms a publish leaves with the function's result: its caller is the unit.
    hands_out: bool,
}

/// A function that publishes, executed.
struct Produced {
    found: Producer,
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

fn is_understood(unit: &Unit) -> bool {
    unit.flow.unknown.is_empty()
}

fn writes(unit: &Unit) -> bool {
    unit.flow
        .effects
        .iter()
        .any(|effect| effect.kind == EffectKind::Database)
}

/// A function that publishes in a task of its own, or in rounds without an end, is found where it does so: its signature says nothing of
/// that.
fn locate(flow: &mut Flow, in_rounds: bool) {
    let publishing = |(_, node): &(NodeId, &Node)| publishes_in(flow, node);
    let Some((first, node)) = flow.iter().find(publishing) else {
        return;
    };
    let itself = reachable(flow, NodeId(0), |when| when != Outcome::Child);
    let Some(at) = node.at.as_ref().filter(|_| in_rounds || !itself.contains(&first)) else {
        return;
    };
    let span = at.via.first().copied().unwrap_or(at.span);
    flow.source.at.span = span;
}

/// A function that never returns works in rounds: the end of one is where it goes back, and what failed in it is tried in the next. Gives
/// whether it does.
fn end_rounds(flow: &mut Flow) -> bool {
    let returns = |node: &Node| matches!(node.step, Step::Exit(Ended::Ok));
    let publishing = flow.iter().filter(|(_, node)| publishes_in(flow, node));
    let after: BTreeSet<NodeId> = publishing.flat_map(|(id, _)| reachable(flow, id, |_| true)).collect();
    // What is tried until it succeeds before anything is published is no round.
    let mut back = back_edges(flow);
    back.retain(|(from, _)| after.contains(from));
    if back.is_empty() || flow.nodes.iter().any(returns) {
        return false;
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
    true
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
    let found = match informed {
        Some(seen) => run.produce(&seen)?.found,
        None => plain.found,
    };
    let is_one = !found.unit.flow.nodes.is_empty() && publishes(&found.unit.flow).next().is_some();
    is_one.then_some(found)
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
        let confirms = |value: &Value| matches!(value.kind, Kind::Pending(..) | Kind::Future(_));
        let hands_out = !lowering.kept.is_empty() || ended.iter().any(|(_, value)| value.any(&confirms));
        let info = self.context.index.function(self.f);
        let met = std::mem::take(&mut lowering.met);
        let needs_caller = info.hir.receiver.is_some() || !met.unresolved.is_empty();
        let at = lowering.site_of(self.f);
        let mut flow = lowering.finish(info.path.clone(), ended, at, true);
        let in_rounds = end_rounds(&mut flow);
        locate(&mut flow, in_rounds);
        let unit = Unit {
            function: self.f,
            flow,
            met,
        };
        Some(Produced {
            found: Producer { unit, hands_out },
            needs_caller,
        })
    }
}
