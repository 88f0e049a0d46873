//! From functions to flows: an abstract interpreter over bodies.
//!
//! A unit's function is executed with abstract values (`value::Value`): every path through it is followed, calls into the workspace are
//! inlined, calls into client crates do what the catalog says. What a path does for delivery is emitted as nodes of a
//! [`crate::flow::Flow`]; paths that agree in what they know become one again (`state::merge`). So a flow has no variables: where a
//! result decides, there are two paths.
//!
//! Folders: `expr`, `control`, `pattern` know Rust's language; `call`, `combinator` know calls and the standard library's `Option`,
//! `Result`, iterators and futures; `api`, `sql` turn what the catalog says into steps; `unit` finds units; `finish` tidies a flow.

mod api;
mod built;
mod call;
mod clues;
mod combinator;
mod control;
mod destructure;
mod ends;
mod expr;
mod finish;
mod future;
mod given;
mod graph;
mod handler;
mod macros;
mod met;
mod names;
mod pattern;
mod phrases;
mod query;
mod queues;
mod receive;
mod replaced;
mod shared;
mod state;
mod stream;
mod tidy;
mod time;
mod undone;
mod unit;
mod upkeep;
mod value;
mod violation;
mod work;

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::allowance::Allowance;
use crate::catalog::Catalog;
use crate::flow::{Lease, Outcome, Site, Step, TaskId, TxId, Unknown};
use crate::resolve::{ConstId, CrateId, FnId, Index, Scope, Ty};
use crate::source::hir;
use crate::span::{FileId, Span};
use crate::sql::Schema;
use graph::Graph;
use handler::Handler;
use receive::Draft;
use state::{Flowing, State, merge_values};
use value::{BodyId, Closure, CodeScope, Kind, Value};

pub use clues::clues;
pub use met::Met;
pub use unit::{Asked, Unit, every_function, units};
pub use upkeep::Upkeep;

/// Calls deeper than this are not followed.
const MAX_DEPTH: usize = 220;
const MAX_INLINED: usize = 28;
/// A unit that needs more evaluations than this is not understood.
pub const MAX_STEPS: usize = 60_000;
/// Where it is only asked what a function is called with, or whether it has to do with messages at all, this many have to do.
const MAX_STEPS_ASKED: usize = 20_000;
/// And once a call was seen, this many more.
const MAX_STEPS_MORE: usize = 4_000;
/// Evaluations of a run, and of each unit in it.
const STEPS: Allowance = Allowance {
    of_a_run: 4_000_000,
    a_byte: 20,
    each: 2_000..=MAX_STEPS,
};
/// A flow with more nodes than this is not understood.
const MAX_NODES: usize = 4_000;

/// What lowering works with: the same for all units.
pub struct Context<'a> {
    pub index: &'a Index<'a>,
    pub catalog: &'a Catalog,
    pub schema: &'a Schema,
    pub upkeep: &'a Upkeep,
    /// The text at a place, for what is quoted to people.
    pub text: &'a (dyn Fn(Span) -> &'a str + Sync),
    /// Whether the workspace's code contains a text (the name of a setting).
    pub mentions: &'a (dyn Fn(&str) -> bool + Sync),
    pub asked: Arc<Asked<'a>>,
    /// How much code was read.
    pub bytes: usize,
    /// Evaluations that one unit may take, at most [`MAX_STEPS`].
    pub steps: usize,
}

impl<'a> Context<'a> {
    /// The same for so many functions in question: what all of them cost together grows with the code, and not with how many there are.
    fn shared_by(&self, functions: usize) -> Self {
        let steps = STEPS.share(self.bytes, functions);
        // What was found out in fewer steps, or in more, is not what would be found out now.
        let asked = if steps == self.steps {
            Arc::clone(&self.asked)
        } else {
            Arc::default()
        };
        Self { asked, steps, ..*self }
    }

    /// Whether a crate can reach what a package exports: by depending on it, or on one that re-exports it.
    fn reaches(&self, krate: CrateId, package: &str) -> bool {
        reaches(self.index, self.catalog, krate, package)
    }
}

fn reaches(index: &Index<'_>, catalog: &Catalog, krate: CrateId, package: &str) -> bool {
    catalog.ways_to(package).any(|way| index.crate_depends(krate, way))
}

/// The lowering of one unit.
struct Lowering<'a> {
    index: &'a Index<'a>,
    catalog: &'a Catalog,
    schema: &'a Schema,
    upkeep: &'a Upkeep,
    text: &'a (dyn Fn(Span) -> &'a str + Sync),
    mentions: &'a (dyn Fn(&str) -> bool + Sync),
    graph: Graph,
    frames: Vec<Frame<'a>>,
    scopes: Vec<(Scope<'a>, FileId)>,
    bodies: Vec<Body<'a>>,
    body_ids: FxHashMap<usize, BodyId>,
    constants: FxHashMap<ConstId, Value>,
    /// Where each block's variables are used last.
    last_uses: FxHashMap<*const hir::Block, Arc<names::LastUses>>,
    /// The calls from the unit's function to here.
    via: Vec<Span>,
    /// What the code around an expression expects (a `let`'s type).
    expected: Option<Ty>,
    /// Where messages come from, once that is known.
    draft: Option<Draft>,
    /// The client that receives, as it was then.
    receiver: Option<Value>,
    /// The receive that this unit is about; others never give anything.
    focus: Option<Span>,
    /// Transactions that end with the closure that runs in them.
    enclosing: Vec<TxId>,
    /// The read whose rows are the messages of this unit, although it keeps nobody else from them.
    relays: Option<Span>,
    /// Every receive that was met.
    receive_sites: Vec<Span>,
    /// How many receives were emitted.
    receives: usize,
    /// The unit's function is called with its message.
    is_handed: bool,
    /// Functions that were registered with a framework, which calls them for each message.
    registered: Vec<Handler>,
    /// The rows that this unit takes.
    rows: Option<api::rows::Rows>,
    /// The element of the batch that the next loop goes over.
    batch: Option<Value>,
    /// Commands that were put into batches.
    queued: Vec<api::queued::Queued>,
    /// The type of what is received is the code's own choice: what a loop goes over that takes it apart are the messages.
    shaped_here: bool,
    unknown: Vec<Unknown>,
    assumptions: BTreeSet<SmolStr>,
    /// Whether what settles a message went where it cannot be followed.
    escaped: Option<Span>,
    /// Tasks whose handles were given to somebody else, who may wait for them.
    kept: BTreeSet<TaskId>,
    /// Lists in caches that are taken from as queues.
    lists: Arc<BTreeSet<SmolStr>>,
    /// Where the producers were constructed that messages go to, by transport.
    producers: FxHashMap<SmolStr, Span>,
    /// The lease that a statement gives the row it takes.
    lease: Option<Lease>,
    /// Statements that clear a table, and those that take back what somebody claimed.
    removals: Vec<upkeep::Seen>,
    met: Met,
    returns: Vec<upkeep::Return>,
    queues: Vec<queues::Queue>,
    /// What tasks give.
    task_ends: FxHashMap<TaskId, future::TaskEnds>,
    ends: ends::Ends,
    /// What to record instead of following a call: the arguments of calls of a function.
    capture: Option<Capture>,
    /// Only the function's own body is looked into.
    probe: Option<unit::Probe>,
    /// What functions made of what they were given, where they did nothing else.
    answers: call::Answers,
    depth: usize,
    steps: usize,
    /// How many there may be, and how many once it is seen to be worth it.
    limit: usize,
    most: usize,
}

/// What closures and futures refer to: code, and what names mean there.
#[derive(Clone, Default)]
struct Tables<'a> {
    scopes: Vec<(Scope<'a>, FileId)>,
    bodies: Vec<Body<'a>>,
    body_ids: FxHashMap<usize, BodyId>,
}

/// A call that was seen: receiver, arguments, place.
type SeenCall = (Option<Value>, Vec<Value>, Span);

/// Arguments seen at the calls of a function.
struct Capture {
    of: FnId,
    seen: Vec<SeenCall>,
    calls: Vec<ends::Watched>,
}

/// The code of a closure or an async block.
#[derive(Clone, Copy)]
enum Body<'a> {
    Closure {
        params: &'a [(hir::Pat, Option<hir::Type>)],
        body: &'a hir::Expr,
        is_async: bool,
    },
    Block(&'a hir::Block),
}

/// A function, closure or async block that is being executed.
struct Frame<'a> {
    code: CodeScope,
    scope: Scope<'a>,
    function: Option<FnId>,
    /// What it returned so far.
    returns: Flowing,
    returned: Ty,
    loops: Vec<LoopFrame>,
}

impl Frame<'_> {
    /// The error type of what the function returns.
    fn error_ty(&self) -> Option<Ty> {
        match &self.returned {
            Ty::External { path, args } if path.ends_with("Result") => args.get(1).cloned(),
            _ => None,
        }
    }
}

/// A loop or labelled block that is being executed.
struct LoopFrame {
    label: Option<SmolStr>,
    is_block: bool,
    /// How many receives there were before it.
    receives: usize,
    breaks: Flowing,
    continues: Vec<State>,
}

impl LoopFrame {
    fn new(label: Option<SmolStr>, receives: usize) -> Self {
        Self {
            label,
            is_block: false,
            receives,
            breaks: Vec::new(),
            continues: Vec::new(),
        }
    }

    fn block(label: SmolStr) -> Self {
        Self {
            label: Some(label),
            is_block: true,
            receives: 0,
            breaks: Vec::new(),
            continues: Vec::new(),
        }
    }
}

/// A way to leave a loop's body early.
#[derive(Clone, Copy, PartialEq)]
enum Jump {
    Break,
    Continue,
}

impl<'a> Lowering<'a> {
    /// As [`Context::reaches`].
    fn reaches(&self, krate: CrateId, package: &str) -> bool {
        reaches(self.index, self.catalog, krate, package)
    }

    fn new(context: &Context<'a>) -> Self {
        Self {
            index: context.index,
            catalog: context.catalog,
            schema: context.schema,
            upkeep: context.upkeep,
            text: context.text,
            mentions: context.mentions,
            graph: Graph::default(),
            frames: Vec::new(),
            scopes: Vec::new(),
            bodies: Vec::new(),
            body_ids: FxHashMap::default(),
            constants: FxHashMap::default(),
            last_uses: FxHashMap::default(),
            via: Vec::new(),
            expected: None,
            draft: None,
            receiver: None,
            focus: None,
            enclosing: Vec::new(),
            relays: None,
            receive_sites: Vec::new(),
            receives: 0,
            is_handed: false,
            registered: Vec::new(),
            rows: None,
            batch: None,
            queued: Vec::new(),
            shaped_here: false,
            unknown: Vec::new(),
            assumptions: BTreeSet::new(),
            escaped: None,
            kept: BTreeSet::new(),
            lists: Arc::default(),
            producers: FxHashMap::default(),
            lease: None,
            removals: Vec::new(),
            met: Met::default(),
            returns: Vec::new(),
            queues: Vec::new(),
            task_ends: FxHashMap::default(),
            ends: ends::Ends::default(),
            capture: None,
            probe: None,
            answers: call::Answers::default(),
            depth: 0,
            steps: 0,
            limit: context.steps,
            most: context.steps,
        }
    }

    fn frame(&self) -> &Frame<'a> {
        self.frames.last().expect("code is evaluated inside a frame")
    }

    fn frame_mut(&mut self) -> &mut Frame<'a> {
        self.frames.last_mut().expect("code is evaluated inside a frame")
    }

    /// One more evaluation; whether there have been too many.
    fn spent(&mut self) -> bool {
        self.steps += 1;
        if self.steps > self.limit && self.limit < self.most && self.is_worth_more() {
            self.limit = self.most;
        }
        let spent = self.steps > self.limit || self.graph.nodes.len() > MAX_NODES;
        if spent && self.unknown.is_empty() {
            self.unknown.push(Unknown {
                at: None,
                why: "the unit has too many paths to follow".into(),
            });
        }
        spent
    }

    /// It is only asked whether a function has to do with messages, or what it is called with.
    fn only_asked(&mut self) {
        self.limit = self.limit.min(MAX_STEPS_ASKED);
    }

    /// Whether a function in question turned out to have to do with messages.
    fn is_worth_more(&self) -> bool {
        self.capture.is_none() && (self.draft.is_some() || self.graph.publishes())
    }

    fn give_up(&mut self, at: Span, why: &str) {
        self.unknown.push(Unknown {
            at: Some(at),
            why: why.into(),
        });
    }

    /// Evaluates one level deeper, or not at all if that is too deep.
    fn deeper(&mut self, work: impl FnOnce(&mut Self) -> Flowing) -> Flowing {
        if self.depth >= MAX_DEPTH {
            return Vec::new();
        }
        self.depth += 1;
        let flowing = work(self);
        self.depth -= 1;
        flowing
    }

    /// The place of a node, with the calls that lead there.
    fn site(&self, span: Span) -> Site {
        Site {
            span,
            via: self.via.clone(),
            text: self.snippet(span),
        }
    }

    /// The code at `span` on one line, cut to what a reader can take in.
    fn snippet(&self, span: Span) -> SmolStr {
        const MOST: usize = 60;
        let code = (self.text)(span);
        let mut words = code.split_whitespace().collect::<Vec<_>>().join(" ");
        for (spaced, tight) in [(" .", "."), ("( ", "("), (", )", ")"), (" )", ")"), (" ?", "?")] {
            words = words.replace(spaced, tight);
        }
        if words.chars().count() > MOST {
            words = words.chars().take(MOST - 1).chain(['…']).collect();
        }
        words.into()
    }

    fn scope_id(&mut self, scope: Scope<'a>, file: FileId) -> CodeScope {
        self.scopes.push((scope, file));
        CodeScope {
            scope: self.scopes.len() as u32 - 1,
            file,
        }
    }

    fn body_of_block(&mut self, block: &'a hir::Block) -> BodyId {
        self.body_id(std::ptr::from_ref(block) as usize, Body::Block(block))
    }

    fn body_id(&mut self, key: usize, body: Body<'a>) -> BodyId {
        let next = BodyId(self.bodies.len() as u32);
        let id = *self.body_ids.entry(key).or_insert(next);
        if id == next {
            self.bodies.push(body);
        }
        id
    }

    fn closure(
        &mut self,
        params: &'a [(hir::Pat, Option<hir::Type>)],
        body: &'a hir::Expr,
        is_async: bool,
        state: &State,
    ) -> Value {
        let key = std::ptr::from_ref(body) as usize;
        let id = self.body_id(key, Body::Closure { params, body, is_async });
        let closure = Closure {
            body: id,
            code: self.frame().code,
            captured: self.captured(state),
        };
        let origin = expr::origin_of(closure.captured.iter().map(|(_, value)| value));
        Value::new(Kind::Closure(closure.into()), Ty::Unknown, origin)
    }

    /// Runs `work` as a function of its own, and gives what it returned or ended with.
    fn in_frame(&mut self, frame: Frame<'a>, work: impl FnOnce(&mut Self) -> Flowing) -> Flowing {
        self.frames.push(frame);
        let outer_expected = self.expected.take();
        let mut ended = work(self);
        self.expected = outer_expected;
        let frame = self.frames.pop().expect("the frame that was pushed");
        ended.extend(frame.returns);
        ended.retain(|(_, value)| value.kind != Kind::Never);
        merge_values(ended)
    }

    /// Evaluates code that has no part in the unit's control (a constant).
    fn aside(&mut self, code: CodeScope, work: impl FnOnce(&mut Self) -> Flowing) -> Flowing {
        let mark = self.graph.mark();
        let frame = self.plain_frame(code, Ty::Unknown);
        let result = self.in_frame(frame, work);
        self.graph.undo(mark);
        result
    }

    fn plain_frame(&self, code: CodeScope, returned: Ty) -> Frame<'a> {
        let scope = self.scopes[code.scope as usize].0.clone();
        Frame {
            code,
            scope,
            function: None,
            returns: Vec::new(),
            returned,
            loops: Vec::new(),
        }
    }

    /// The function returns `value`.
    fn leave(&mut self, state: State, value: Value) {
        self.frame_mut().returns.push((state, value));
    }

    /// The loop or block that a jump is about.
    fn target_of(&mut self, label: Option<&SmolStr>) -> Option<&mut LoopFrame> {
        let fits = |frame: &&mut LoopFrame| match label {
            Some(label) => frame.label.as_ref() == Some(label),
            None => !frame.is_block,
        };
        self.frame_mut().loops.iter_mut().rev().find(fits)
    }

    fn jump(&mut self, jump: Jump, label: Option<&SmolStr>, state: State, value: Value) {
        let Some(frame) = self.target_of(label) else { return };
        if jump == Jump::Break {
            frame.breaks.push((state, value));
        } else {
            frame.continues.push(state);
        }
    }

    /// Transactions that were begun since `before` and are dropped here roll back, unless `kept` still holds them.
    fn roll_back(&mut self, mut state: State, before: &BTreeSet<TxId>, kept: &Value) -> State {
        let dropped: Vec<TxId> = state.open.difference(before).copied().collect();
        for tx in dropped {
            let holds = |value: &Value| value.any(&|value| value.kind == Kind::Tx(tx));
            if self.enclosing.contains(&tx) || holds(kept) || state.env.iter().any(|(_, value)| holds(value)) {
                continue;
            }
            let node = self.graph.emit(&state, Step::Rollback { tx }, None);
            state = state.after(node, Outcome::Then);
            state.open.remove(&tx);
        }
        state
    }

    /// The process or task dies here.
    fn panic(&mut self, state: &State, at: Span) {
        let site = self.site(at);
        let ended = crate::flow::Ended::Panic;
        let step = if self.ends.running.last().is_some() {
            Step::TaskEnd(ended)
        } else {
            Step::Exit(ended)
        };
        self.graph.emit(state, step, Some(site));
    }

    /// The i-th type argument.
    fn type_argument(&self, ty: &Ty, i: usize) -> Ty {
        match ty {
            Ty::External { args, .. } | Ty::Local { args, .. } => args.get(i).cloned().unwrap_or(Ty::Unknown),
            _ => Ty::Unknown,
        }
    }

    fn is_option(&self, ty: &Ty) -> bool {
        external_name(ty) == Some("Option")
    }

    fn is_result(&self, ty: &Ty) -> bool {
        external_name(ty) == Some("Result")
    }

    /// A type with the catalog's spelling of client paths.
    fn canonical_ty(&self, ty: Ty) -> Ty {
        match ty {
            Ty::External { path, args } => Ty::External {
                path: self.catalog.canonical(&path),
                args: args.iter().cloned().map(|arg| self.canonical_ty(arg)).collect(),
            },
            other => other,
        }
    }

    /// The field of a client's type.
    fn catalog_field(&self, ty: &Ty, name: &str) -> Option<Ty> {
        let Ty::External { path, .. } = ty else { return None };
        let path = self.catalog.canonical(path);
        let lineage = self.catalog.lineage(&path);
        let found = lineage
            .iter()
            .find_map(|owner| self.catalog.ty(owner)?.fields.get(name));
        found.map(|field| self.type_of_expr(field, &Value::opaque(ty.clone(), value::Origin::NONE), &[]))
    }
}

/// The last name of a type of another crate.
fn external_name(ty: &Ty) -> Option<&str> {
    match ty {
        Ty::External { path, .. } => path.rsplit("::").next(),
        _ => None,
    }
}
