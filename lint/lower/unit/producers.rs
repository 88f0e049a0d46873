//! Producers: functions that deliver something and that no message calls.
//!
//! Whoever calls them sees how they end, and nobody calls again: what they promise is decided by what they do before they return. The
//! unit is the function in which the publish stands, and each of its callers that waits for what confirms it, writes to a store besides,
//! or drops its failure. A mail is delivered like a publish. A request to somebody else is a delivery only where a database is changed
//! besides: most requests ask, and most functions that make them are clients.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::{SmolStr, format_smolstr};

use super::deliveries::{deliveries, is_detached, keeps};
use super::probe::{Named, Wanted, probed};
use super::relays::relays;
use super::rounds::{end_rounds, locate};
use super::{Arguments, LIBRARIES, MAX_CALLERS_UP, Run, Unit, arguments};
use crate::catalog::{Call, Catalog, Facts, Role};
use crate::flow::{EffectKind, Known, Step};
use crate::lower::state::State;
use crate::lower::value::{Kind, Value};
use crate::lower::{Context, Lowering};
use crate::resolve::FnId;
use crate::span::Span;

/// How far up callers are asked whether a producer is a part of what they do.
const MAX_CALLERS_OF_PRODUCERS_UP: usize = 2;

/// The producers whose deliveries no unit of `consumers` reaches.
pub(super) fn producers(context: &Context<'_>, consumers: &[Unit]) -> Vec<Unit> {
    let lists = lists(consumers);
    let covered: BTreeSet<Span> = consumers
        .iter()
        .flat_map(|unit| &unit.flow.effects)
        .filter(|effect| effect.kind.delivers())
        .map(|effect| effect.at.span)
        .collect();
    let taken: BTreeSet<FnId> = consumers.iter().map(|unit| unit.function).collect();
    let candidates = candidates(context, &lists);
    let roots: Vec<FnId> = candidates.into_iter().filter(|f| !taken.contains(f)).collect();
    let context = &context.shared_by(roots.len());
    let made = roots.par_iter().filter_map(|f| produce(context, *f, &lists));
    let lowered: Vec<Producer> = made.collect();
    let own: Vec<Producer> = lowered
        .into_iter()
        .filter(|found| found.stands(context, |_| true))
        .collect();
    let parts = consumers.iter().flat_map(|unit| unit.met.functions.iter().copied());
    let known: BTreeSet<FnId> = taken
        .iter()
        .copied()
        .chain(parts)
        .chain(own.iter().map(|found| found.unit.function))
        .collect();
    let mut all = callers(context, &own, known, &lists);
    // Who only runs what a message calls is no producer.
    all.retain(|unit| taken.is_disjoint(&unit.met.functions));
    let is_whole = |found: &Producer| {
        let asked_only = found.kinds().iter().all(|kind| *kind == EffectKind::Http) && !keeps(&found.unit.flow);
        let is_counted = found.unit.flow.is_understood() || found.kinds().contains(&EffectKind::Publish);
        !found.hands_out && !asked_only && is_counted
    };
    let whole = own.into_iter().filter(is_whole);
    let open = whole.filter(|found| found.stands(context, |at| !covered.contains(&at)));
    all.extend(open.map(|found| found.unit));
    let relayed: Vec<Vec<Unit>> = all
        .into_par_iter()
        .map(|unit| match unit.flow.is_understood() {
            true => relays(context, unit),
            false => vec![unit],
        })
        .collect();
    relayed.into_iter().flatten().collect()
}

/// The lists in a cache that somebody in the workspace takes messages from, with their store: what is put into one is published.
fn lists(consumers: &[Unit]) -> Arc<BTreeSet<SmolStr>> {
    let sources = consumers.iter().map(|unit| &unit.flow.source);
    let named = sources.filter_map(|source| Some(format_smolstr!("{}:{}", source.transport, source.address.as_ref()?)));
    Arc::new(named.collect())
}

/// Callers, and their callers, of which a producer is a part: they wait for the confirmation, write to a store besides, or drop a failure.
fn callers(
    context: &Context<'_>,
    own: &[Producer],
    mut known: BTreeSet<FnId>,
    lists: &Arc<BTreeSet<SmolStr>>,
) -> Vec<Unit> {
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
        let lowered = callers.par_iter().filter_map(|f| produce(context, *f, lists));
        let lowered: Vec<Producer> = lowered.filter(|found| found.unit.flow.is_understood()).collect();
        below = parts_of_callers(&lowered);
        let whole = lowered.into_iter().filter(|found| !found.hands_out);
        let more = whole.filter(|found| found.is_more(waiting.contains(&found.unit.function)));
        found.extend(more.map(|found| found.unit));
    }
    found
}

/// The producers that may be a part of what their callers do, and whether what confirms their publish leaves with their result. A mail that
/// nobody waits for is no part of what anybody does.
fn parts_of_callers(producers: &[Producer]) -> BTreeMap<FnId, bool> {
    let left = |found: &Producer| is_detached(&found.unit.flow) && !found.kinds().contains(&EffectKind::Publish);
    let parts = producers
        .iter()
        .filter(|found| found.unit.flow.is_understood() && !writes(&found.unit) && !left(found));
    parts.map(|found| (found.unit.function, found.hands_out)).collect()
}

/// A function that delivers something, lowered.
struct Producer {
    unit: Unit,
    /// What confirms a publish leaves with the function's result: its caller is the unit.
    hands_out: bool,
}

/// A function that delivers something, executed.
struct Produced {
    found: Producer,
    /// What its callers pass may tell more.
    needs_caller: bool,
}

impl Producer {
    /// Whether something that it delivers stands in its own code, at a place that counts.
    fn stands(&self, context: &Context<'_>, counts: impl Fn(Span) -> bool) -> bool {
        let mut places = deliveries(&self.unit.flow).map(|(_, effect)| effect.at.span);
        places.any(|at| stands_in(context, self.unit.function, at) && counts(at))
    }

    fn kinds(&self) -> BTreeSet<EffectKind> {
        deliveries(&self.unit.flow).map(|(_, effect)| effect.kind).collect()
    }

    /// Whether it does more than the one that it calls: waits for what confirms its publish, changes a database besides, or drops a failure.
    fn is_more(&self, waits: bool) -> bool {
        let publishes = self.kinds().contains(&EffectKind::Publish);
        publishes && (waits || writes(&self.unit)) || keeps(&self.unit.flow) || drops_failures(&self.unit)
    }
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

/// Whether the function goes on as if nothing had happened where a publish or a mail fails.
fn drops_failures(unit: &Unit) -> bool {
    unit.flow.iter().any(|(_, node)| match &node.step {
        Step::Effect { effect, .. } => {
            let kind = unit.flow.effect(*effect).kind;
            matches!(kind, EffectKind::Publish | EffectKind::Mail) && unit.flow.ignores_failure(node)
        }
        _ => false,
    })
}

/// Functions that mention something that delivers, in crates that depend on the client that it belongs to.
fn candidates(context: &Context<'_>, lists: &Arc<BTreeSet<SmolStr>>) -> BTreeSet<FnId> {
    let mut named = Named::default();
    for (package, names) in delivering_names(context.catalog, !lists.is_empty()) {
        named.note(context, names, |krate| context.reaches(krate, package));
    }
    named.retain(|f| is_open(context, f));
    probed(context, Wanted::Delivery(lists), named)
}

/// Whether a function has code, and says nothing of itself.
fn is_open(context: &Context<'_>, f: FnId) -> bool {
    let hir = &context.index.function(f).hir;
    hir.body.is_some() && hir.declaration.is_none()
}

/// The names by which each package's messages, mails and requests go out, and what is put into its lists if those may be queues.
fn delivering_names(catalog: &Catalog, with_lists: bool) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let adds = |facts: &Facts| facts.kind == Some(EffectKind::Cache) && facts.idempotent == Some(Known::No);
    let delivers = |call: &&Call| match call.does {
        Role::Publish | Role::Http => !LIBRARIES.contains(&call.package.as_str()),
        Role::Effect => {
            let lists = adds(&call.facts) || call.cases.iter().any(|case| adds(&case.facts));
            call.facts.kind == Some(EffectKind::Mail) || with_lists && lists
        }
        _ => false,
    };
    for call in catalog.calls().into_iter().filter(delivers) {
        names.entry(call.package.as_str()).or_default().insert(call.name());
    }
    names
}

/// Lowers one producer; again with what its callers pass, where a client that it uses was made elsewhere.
fn produce(context: &Context<'_>, f: FnId, lists: &Arc<BTreeSet<SmolStr>>) -> Option<Producer> {
    let at = context.index.function(f).hir.name_span;
    // Messages that are received here belong to other units.
    let run = Run {
        context,
        f,
        focus: Some(at),
    };
    let plain = run.produce(&Arguments::default(), lists)?;
    // Of a request it is enough that it is made.
    let asks_only = plain.found.kinds().iter().all(|kind| *kind == EffectKind::Http);
    let informed = (plain.needs_caller && !asks_only)
        .then(|| arguments(context, f, MAX_CALLERS_UP))
        .flatten();
    let found = match informed {
        Some(seen) => run.produce(&seen, lists)?.found,
        None => plain.found,
    };
    let is_one = !found.unit.flow.nodes.is_empty() && deliveries(&found.unit.flow).next().is_some();
    is_one.then_some(found)
}

impl<'a> Run<'_, 'a> {
    /// The function as somebody calls it, if it delivers anything.
    fn produce(self, known: &Arguments<'a>, lists: &Arc<BTreeSet<SmolStr>>) -> Option<Produced> {
        let mut lowering = Lowering::new(self.context);
        lowering.lists = Arc::clone(lists);
        lowering.adopt(known.tables.clone());
        lowering.only_asked();
        lowering.focus = self.focus;
        let args = lowering.message_arguments(self.f, known.args.clone());
        let mut state = State::start();
        state.holding = true;
        let ended = lowering.root(self.f, known.recv.clone(), args, state);
        if !lowering.graph.delivers() {
            return None;
        }
        let effects = &lowering.graph.effects;
        let confirms = |value: &Value| match value.kind {
            Kind::Pending(effect, _) => effects[effect.0 as usize].kind == EffectKind::Publish,
            Kind::Future(_) => true,
            _ => false,
        };
        let hands_out = !lowering.kept.is_empty() || ended.iter().any(|(_, value)| value.any(&confirms));
        let info = self.context.index.function(self.f);
        let met = std::mem::take(&mut lowering.met);
        let ended = lowering.told_apart(self.f, ended);
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
