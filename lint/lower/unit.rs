//! Units: which functions receive messages, and what they are called with.

mod arguments;
mod deliveries;
mod observed;
mod probe;
mod producers;
mod rehearsal;
mod relays;
mod rounds;

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

pub use arguments::Asked;
use arguments::{Arguments, arguments};
use probe::{Named, Wanted, probed};
pub(super) use probe::{Probe, leaves_open};
pub use rehearsal::every_function;
pub(super) use rehearsal::rehearsed;

use super::api::rows::may_take;
use super::clues::sockets;
use super::handler::{Handler, handlers};
use super::receive::Draft;
use super::state::State;
use super::upkeep::{body_text, constants_with, naming};
use super::value::{Origin, Value};
use super::{Context, Lowering, Met, SeenCall, Tables};
use crate::catalog::{Catalog, Role, Type};
use crate::flow::{Broker, EffectKind, Flow, Idempotency, Outcome, Settle, Site, Step};
use crate::resolve::{FnId, Ty, TyBound};
use crate::span::Span;

/// Methods that take from a stream, whatever its type.
const STREAM_METHODS: [&str; 8] = [
    "next",
    "try_next",
    "for_each",
    "for_each_concurrent",
    "try_for_each",
    "try_for_each_concurrent",
    "select_next_some",
    "recv",
];

/// How far up the calls are followed to learn how a receiver was made.
const MAX_CALLERS_UP: usize = 3;
/// How many callers of a function are looked at.
pub(super) const MAX_CALLERS: usize = 6;
/// Receives in one function: each is a unit, for which the function is followed once more.
const MAX_SITES: usize = 32;

/// A unit, lowered.
#[derive(Debug, Clone)]
pub struct Unit {
    pub function: FnId,
    pub flow: Flow,
    /// What was met on the way, beside its steps.
    pub met: Met,
}

/// Lowers every unit of the functions in `candidates`.
#[must_use]
pub fn units(context: &Context<'_>) -> Vec<Unit> {
    use rayon::prelude::*;
    let handlers = handlers(context);
    let roots: Vec<FnId> = candidates(context)
        .into_iter()
        .filter(|f| !handlers.contains_key(f))
        .collect();
    let context = &context.shared_by(roots.len() + handlers.len());
    let lowered: Vec<Vec<Lowered>> = roots.par_iter().map(|f| lower_all(context, *f)).collect();
    let called: Vec<Lowered> = handlers
        .par_iter()
        .map(|(_, handler)| lower_handler(context, handler))
        .collect();
    let mut units: Vec<Lowered> = lowered.into_iter().flatten().chain(called).collect();
    let escalated: BTreeSet<FnId> = units
        .iter()
        .filter(|unit| unit.hands_out)
        .flat_map(|unit| context.index.callers(unit.unit.function))
        .collect();
    let known: BTreeSet<FnId> = roots.iter().copied().collect();
    let more: Vec<FnId> = escalated.into_iter().filter(|f| !known.contains(f)).collect();
    let lowered: Vec<Vec<Lowered>> = more.par_iter().map(|f| lower_all(context, *f)).collect();
    units.extend(lowered.into_iter().flatten());
    units.retain(|unit| !unit.moves);
    let mut all = keep_outermost(context, units);
    observed::observe(context, &mut all);
    all.extend(producers::producers(context, &all));
    all.sort_by_key(|unit| {
        (
            context.index.function(unit.function).hir.name_span,
            unit.flow.source.at.span,
        )
    });
    all
}

/// Functions that mention something that receives, in crates that depend on the client that it belongs to, and those that are declared.
fn candidates(context: &Context<'_>) -> Vec<FnId> {
    let mut named = Named::default();
    for (package, names) in receiving_names(context.catalog) {
        let is_library = LIBRARIES.contains(&package);
        if is_library && !sockets(context.catalog).iter().any(|name| (context.mentions)(name)) {
            continue;
        }
        named.note(context, names, |krate| is_library || context.reaches(krate, package));
    }
    let mut all = probed(context, Wanted::Receive, named);
    all.extend(takers(context));
    all.extend(
        context
            .index
            .functions()
            .filter(|f| context.index.function(*f).hir.declaration.is_some()),
    );
    all.retain(|f| context.index.function(*f).hir.body.is_some());
    all.into_iter().collect()
}

/// Functions that run SQL, and in which there is a statement that may take rows.
fn takers<'c>(context: &'c Context<'_>) -> impl Iterator<Item = FnId> + 'c {
    let calls = context.catalog.calls().into_iter();
    let named: BTreeSet<(&str, &str)> = calls
        .filter(|call| call.does == Role::Sql || call.cases.iter().any(|case| case.does == Some(Role::Sql)))
        .map(|call| (call.package.as_str(), call.name()))
        .collect();
    let mentioning = named.into_iter().flat_map(move |(package, name)| {
        let may = |krate| context.reaches(krate, package);
        context.index.mentions(name, may)
    });
    let naming = naming(context, &constants_with(context, may_take));
    mentioning.filter(move |f| naming.contains(f) || may_take(body_text(context, *f)))
}

/// Packages that nearly every crate depends on: there only the names of their own receives count.
pub(super) const LIBRARIES: [&str; 2] = ["std", "tokio"];

/// The names by which each package's messages are taken.
fn receiving_names(catalog: &Catalog) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for call in catalog.calls() {
        if call.does == Role::Receive || call.cases.iter().any(|case| case.does == Some(Role::Receive)) {
            names.entry(call.package.as_str()).or_default().insert(call.name());
        }
    }
    // `for message in consumer.iter()`
    let gives_stream = |call: &&crate::catalog::Call| {
        let given = call
            .returns
            .as_ref()
            .and_then(crate::catalog::TypeExpr::path)
            .and_then(|path| catalog.ty(path));
        given.is_some_and(|ty| ty.receive.is_some())
    };
    for call in catalog
        .calls()
        .into_iter()
        .filter(|call| !call.is_async)
        .filter(gives_stream)
    {
        names.entry(call.package.as_str()).or_default().insert(call.name());
    }
    for ty in catalog.types().into_iter().filter(|ty| ty.receive.is_some()) {
        names.entry(ty.package.as_str()).or_default().extend(STREAM_METHODS);
    }
    names
}

/// A lowered unit with what else was seen.
struct Lowered {
    unit: Unit,
    receive: Option<Span>,
    /// The message leaves with the function's result: its caller is the unit.
    hands_out: bool,
    /// Messages are only put elsewhere.
    moves: bool,
}

fn lower_all(context: &Context<'_>, f: FnId) -> Vec<Lowered> {
    let Some((mut first, sites)) = lower(context, f, None) else {
        return Vec::new();
    };
    if sites.len() > MAX_SITES {
        first.unit.flow.unknown.push(crate::flow::Unknown {
            at: first.receive,
            why: "it receives in more places than can be followed".into(),
        });
    }
    if sites.len() < 2 || sites.len() > MAX_SITES {
        return vec![first];
    }
    sites
        .into_iter()
        .filter_map(|site| lower(context, f, Some(site)).map(|(lowered, _)| lowered))
        .collect()
}

/// Lowers one function about one receive; again with what its callers pass, where that decides.
fn lower(context: &Context<'_>, f: FnId, focus: Option<Span>) -> Option<(Lowered, Vec<Span>)> {
    let plain = Run { context, f, focus }.execute(&Arguments::default())?;
    if !plain.0.needs_caller {
        return Some((plain.0.lowered, plain.1));
    }
    let seen = arguments(context, f, MAX_CALLERS_UP);
    let Some(seen) = seen else {
        return Some((plain.0.lowered, plain.1));
    };
    let informed = Run { context, f, focus }.execute(&seen);
    informed
        .map(|(outcome, sites)| (outcome.lowered, sites))
        .or(Some((plain.0.lowered, plain.1)))
}

/// Lowers a function that a framework calls; again with what its callers pass, where that decides.
fn lower_handler(context: &Context<'_>, handler: &Handler) -> Lowered {
    let run = Run {
        context,
        f: handler.f,
        focus: None,
    };
    let plain = run.called_for_each_message(&handler.draft, &Arguments::default());
    if !plain.needs_caller {
        return plain.lowered;
    }
    match arguments(context, handler.f, MAX_CALLERS_UP) {
        Some(seen) => run.called_for_each_message(&handler.draft, &seen).lowered,
        None => plain.lowered,
    }
}

/// One execution of a function as a root.
#[derive(Clone, Copy)]
struct Run<'c, 'a> {
    context: &'c Context<'a>,
    f: FnId,
    focus: Option<Span>,
}

struct Executed {
    lowered: Lowered,
    needs_caller: bool,
}

impl<'a> Run<'_, 'a> {
    fn capture(self, of: FnId, known: &Arguments<'a>) -> (Vec<SeenCall>, Tables<'a>) {
        let mut lowering = Lowering::capturing(self.context, of);
        lowering.adopt(known.tables.clone());
        lowering.root(self.f, known.recv.clone(), known.args.clone(), State::start());
        let seen = lowering.capture.take().map(|capture| capture.seen).unwrap_or_default();
        (seen, lowering.into_tables())
    }

    fn execute(self, known: &Arguments<'a>) -> Option<(Executed, Vec<Span>)> {
        self.follow(known, None)
    }

    /// Executes the function; the rows of the read at `relays` are its messages.
    fn follow(self, known: &Arguments<'a>, relays: Option<Span>) -> Option<(Executed, Vec<Span>)> {
        let mut lowering = Lowering::new(self.context);
        lowering.adopt(known.tables.clone());
        if self.context.index.function(self.f).hir.declaration.is_none() {
            lowering.only_asked();
        }
        lowering.focus = self.focus;
        lowering.relays = relays;
        let ended = lowering.root(self.f, known.recv.clone(), known.args.clone(), State::start());
        let info = self.context.index.function(self.f);
        if lowering.draft.is_none() {
            let declaration = info.hir.declaration.as_ref()?;
            return self.handler(&declaration.declaration, known);
        }
        let sites = lowering.receive_sites.clone();
        let draft = lowering.draft.as_ref()?;
        let receive = draft.site.span;
        let gives_message = ended.iter().any(|(_, value)| {
            value.any(&|value| lowering.settles(value)) || value.payload_or_self().origin.has(Origin::MESSAGE)
        });
        let acts = lowering.graph.nodes.iter().any(|node| acts_on(&node.step));
        let hands_out = !acts && (gives_message || lowering.receives == 0);
        let leased = draft.lease.or(lowering.lease).is_some();
        let needs_caller = draft.assumed
            || lowering.is_doubtful()
            || leased && lowering.may_take_long()
            || !lowering.unknown.is_empty()
            || !lowering.met.unresolved.is_empty();
        let met = std::mem::take(&mut lowering.met);
        let at = lowering.site_of(self.f);
        let moves = draft.moves && !hands_out;
        let flow = lowering.finish(info.path.clone(), ended, at, false);
        let moves = moves && flow.nodes.iter().all(|node| !acts_on(&node.step));
        let unit = Unit {
            function: self.f,
            flow,
            met,
        };
        Some((
            Executed {
                lowered: Lowered {
                    unit,
                    receive: Some(receive),
                    hands_out,
                    moves,
                },
                needs_caller,
            },
            sites,
        ))
    }

    /// A function that a framework calls with a message from `draft`.
    fn called_for_each_message(self, draft: &Draft, known: &Arguments<'a>) -> Executed {
        let info = self.context.index.function(self.f);
        let mut lowering = Lowering::new(self.context);
        lowering.adopt(known.tables.clone());
        lowering.draft = Some(draft.clone());
        lowering.is_handed = true;
        let args = lowering.message_arguments(self.f, known.args.clone());
        let without_message = !args.iter().any(|arg| arg.origin.has(Origin::MESSAGE));
        let recv = known
            .recv
            .clone()
            .or_else(|| lowering.own_message(self.f, without_message));
        let mut state = State::start();
        let node = lowering.graph.emit(&state, Step::Receive, Some(draft.site.clone()));
        lowering.receives += 1;
        state = state.after(node, Outcome::Next);
        state.holding = true;
        let ended = lowering.root(self.f, recv, args, state);
        let met = std::mem::take(&mut lowering.met);
        let needs_caller = !met.unresolved.is_empty() || !lowering.unknown.is_empty() || lowering.is_doubtful();
        let flow = lowering.finish(info.path.clone(), ended, draft.site.clone(), false);
        let unit = Unit {
            function: self.f,
            flow,
            met,
        };
        let lowered = Lowered {
            unit,
            receive: Some(draft.site.span),
            hands_out: false,
            moves: false,
        };
        Executed { lowered, needs_caller }
    }

    /// A declared function in which nothing receives: a handler that a framework or a loop elsewhere calls, or a producer.
    fn handler(
        self,
        declaration: &delivery_grammar::Declaration,
        known: &Arguments<'a>,
    ) -> Option<(Executed, Vec<Span>)> {
        let info = self.context.index.function(self.f);
        let mut lowering = Lowering::new(self.context);
        lowering.adopt(known.tables.clone());
        let at = Site {
            span: info.hir.name_span,
            via: Vec::new(),
            text: info.hir.name.clone(),
        };
        let settle = match declaration.settle {
            delivery_grammar::Settle::OnOk => Some(Settle::OnOk),
            delivery_grammar::Settle::OnReturn => Some(Settle::OnReturn),
            delivery_grammar::Settle::OnReceive => Some(Settle::OnReceive {
                at: None,
                why: "declared by `settle = on_receive`".into(),
            }),
            delivery_grammar::Settle::Manual => None,
        };
        let args = lowering.message_arguments(self.f, known.args.clone());
        let carries = args.iter().any(|value| lowering.settles(value));
        let consumes = settle.is_some() || carries;
        let mut state = State::start();
        if consumes {
            let node = lowering.graph.emit(&state, Step::Receive, Some(at.clone()));
            lowering.receives += 1;
            state = state.after(node, Outcome::Next);
        }
        state.holding = true;
        let ended = lowering.root(self.f, known.recv.clone(), args, state);
        let met = std::mem::take(&mut lowering.met);
        let acts = lowering
            .graph
            .nodes
            .iter()
            .any(|node| matches!(node.step, Step::Effect { .. } | Step::Mark { .. }));
        if !consumes && !acts {
            return None;
        }
        let mut flow = lowering.finish(info.path.clone(), ended, at.clone(), !consumes);
        if !consumes && (declaration.source.is_some() || !met.unresolved.is_empty()) {
            flow.unknown.push(crate::flow::Unknown {
                at: Some(at.span),
                why: "its receive cannot be seen".into(),
            });
        }
        if consumes {
            let source = declaration.source.as_ref();
            flow.source.transport = source.map_or_else(|| "call".into(), |source| source.transport.as_str().into());
            flow.source.address = source.map(|source| SmolStr::new(&source.address));
            flow.source.broker = Broker::Queue;
            flow.source.settle = settle.unwrap_or(Settle::Manual);
        }
        let unit = Unit {
            function: self.f,
            flow,
            met,
        };
        let lowered = Lowered {
            unit,
            receive: consumes.then_some(at.span),
            hands_out: false,
            moves: false,
        };
        Some((
            Executed {
                lowered,
                needs_caller: false,
            },
            Vec::new(),
        ))
    }
}

/// Whether a step does something with the message.
fn acts_on(step: &Step) -> bool {
    matches!(step, Step::Effect { .. } | Step::Ack(_) | Step::Opaque { .. })
}

impl Lowering<'_> {
    /// The place of a function: its signature.
    pub(super) fn site_of(&self, f: FnId) -> Site {
        let hir = &self.index.function(f).hir;
        Site {
            span: hir.name_span,
            via: Vec::new(),
            text: hir.name.clone(),
        }
    }

    /// Executes a function as the unit's own.
    pub(super) fn root(
        &mut self,
        f: FnId,
        recv: Option<Value>,
        args: Vec<Value>,
        state: State,
    ) -> super::state::Flowing {
        let recv = recv.or_else(|| self.index.function(f).hir.receiver.map(|_| Value::unknown()));
        self.enter_root(f, recv, args, state)
    }

    /// Whether it is not known of some effect that it may be repeated.
    fn is_doubtful(&self) -> bool {
        let effects = &self.graph.effects;
        effects
            .iter()
            .any(|effect| effect.idempotency == Idempotency::Unknown && effect.kind != EffectKind::Publish)
    }

    /// Whether a request is made of which it is not known how long its client waits.
    fn may_take_long(&self) -> bool {
        let effects = &self.graph.effects;
        effects
            .iter()
            .any(|effect| effect.kind == EffectKind::Http && effect.limit_millis.is_none())
    }

    /// The receiver of a handler that is a method: the message itself, where it takes no other.
    fn own_message(&self, f: FnId, is_message: bool) -> Option<Value> {
        self.index.function(f).hir.receiver?;
        let ty = self.index.function(f).scope.self_ty.clone()?;
        let origin = if is_message { Origin::MESSAGE } else { Origin::NONE };
        Some(self.typed(ty, origin))
    }

    /// The parameters of a handler: what is not a client's object is the message.
    fn message_arguments(&self, f: FnId, args: Vec<Value>) -> Vec<Value> {
        if !args.is_empty() {
            return args;
        }
        let params = self.index.params(f);
        params
            .into_iter()
            .map(|ty| {
                let ty = self.canonical_ty(ty);
                let origin = if self.is_tool(&ty) {
                    Origin::NONE
                } else {
                    Origin::MESSAGE
                };
                self.typed(ty, origin)
            })
            .collect()
    }

    /// Whether a type is a client's object rather than a message: a pool, a connection, a producer.
    pub(super) fn is_tool(&self, ty: &Ty) -> bool {
        let carries = |known: &Type| {
            let request = known.handed.as_ref().is_some_and(|handed| handed.declared);
            known.settles || known.item.is_some() || request
        };
        let own = self
            .client_path(ty)
            .and_then(|path| Some(!carries(self.catalog.ty(&path)?)));
        let inside = match ty {
            Ty::External { args, .. } => args.iter().any(|arg| self.is_tool(arg)),
            Ty::Bounds(bounds) | Ty::Param { bounds, .. } => bounds.iter().any(|bound| match bound {
                TyBound::External { path, .. } => self.is_tool(&Ty::external(path, Vec::new())),
                _ => false,
            }),
            _ => false,
        };
        own.unwrap_or(false) || inside
    }
}

/// Of several units about one receive the declared one stays, else the one that uses the message (not the one that only hands it out).
fn keep_outermost(context: &Context<'_>, units: Vec<Lowered>) -> Vec<Unit> {
    let declared = |f: FnId| context.index.function(f).hir.declaration.is_some();
    let covered: BTreeSet<Span> = units
        .iter()
        .filter(|unit| declared(unit.unit.function))
        .filter_map(|unit| unit.receive)
        .collect();
    let used: BTreeSet<Span> = units
        .iter()
        .filter(|unit| !unit.hands_out)
        .filter_map(|unit| unit.receive)
        .collect();
    let is_own = |unit: &Lowered| unit.unit.flow.source.at.via.is_empty() && !unit.hands_out;
    let owned: BTreeSet<Span> = units
        .iter()
        .filter(|unit| is_own(unit))
        .filter_map(|unit| unit.receive)
        .collect();
    units
        .into_iter()
        .filter(|unit| {
            let Some(receive) = unit.receive else { return true };
            let shadowed = covered.contains(&receive) && !declared(unit.unit.function);
            // A function that only calls the one that receives and uses the message.
            let calls = owned.contains(&receive) && !is_own(unit) && !declared(unit.unit.function);
            !shadowed && !calls && (!unit.hands_out || !used.contains(&receive))
        })
        .map(|lowered| {
            let mut unit = lowered.unit;
            if lowered.hands_out {
                let why = "the message is handed to a caller that cannot be followed".into();
                unit.flow.unknown.push(crate::flow::Unknown {
                    at: lowered.receive,
                    why,
                });
            }
            unit
        })
        .collect()
}
