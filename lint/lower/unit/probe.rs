//! Whether a function does at all what its text mentions, before everything that it calls is followed.
//!
//! `next`, `send` or `build` stand in half of all functions. A probe executes the function's own body and nothing of what it calls: that
//! gives types to most of what these methods are called on, and costs no more than the body is long.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::lower::state::State;
use crate::lower::value::{BodyId, Future, Kind, Origin, Value};
use crate::lower::{Body, Context, Lowering};
use crate::resolve::{CrateId, FnId, Ty};
use crate::source::hir::{Receiver, Type};
use crate::span::{FileId, Span};

/// A look at one body.
#[derive(Debug, Clone)]
pub(in crate::lower) struct Probe {
    /// The names that made it worth a look.
    names: BTreeSet<SmolStr>,
    /// One of them is called on something of which it cannot be told what it is.
    perhaps: bool,
}

/// What a function is looked into for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'q> {
    Receive,
    /// Something is published, mailed or posted, or put into one of these lists, which somebody pops from.
    Delivery(&'q Arc<BTreeSet<SmolStr>>),
}

/// Functions with those of the names in question that their bodies mention.
#[derive(Default)]
pub(super) struct Named(BTreeMap<FnId, BTreeSet<SmolStr>>);

impl Named {
    /// Adds the functions that mention one of a package's names, in crates that can reach it.
    pub(super) fn note(&mut self, context: &Context<'_>, names: BTreeSet<&str>, may: impl Fn(CrateId) -> bool) {
        for name in names {
            for f in context.index.mentions(name, &may) {
                self.0.entry(f).or_default().insert(name.into());
            }
        }
    }

    /// Keeps only those functions.
    pub(super) fn retain(&mut self, keep: impl Fn(FnId) -> bool) {
        self.0.retain(|f, _| keep(*f));
    }
}

/// Those of the functions that may do what is wanted.
pub(super) fn probed(context: &Context<'_>, wanted: Wanted<'_>, named: Named) -> BTreeSet<FnId> {
    let may = |(f, names): (FnId, BTreeSet<SmolStr>)| {
        let has_body = context.index.function(f).hir.body.is_some();
        (has_body && may(context, f, wanted, names)).then_some(f)
    };
    named.0.into_par_iter().filter_map(may).collect()
}

/// Whether a function whose body mentions these names may do what is wanted.
fn may(context: &Context<'_>, f: FnId, wanted: Wanted<'_>, names: BTreeSet<SmolStr>) -> bool {
    let mut lowering = Lowering::new(context);
    lowering.probe = Some(Probe { names, perhaps: false });
    let mut state = State::start();
    let mut args = Vec::new();
    if let Wanted::Delivery(lists) = wanted {
        lowering.lists = Arc::clone(lists);
        // Messages that are received here belong to other units.
        lowering.focus = Some(context.index.function(f).hir.name_span);
        args = lowering.message_arguments(f, args);
        state.holding = true;
    }
    lowering.root(f, None, args, state);
    let found = match wanted {
        Wanted::Receive => lowering.draft.is_some() || !lowering.registered.is_empty(),
        Wanted::Delivery(_) => lowering.graph.delivers(),
    };
    found || lowering.probe.is_none_or(|probe| probe.perhaps)
}

/// Whether a type leaves it to the code behind it what a value is: `impl Stream`, `Box<dyn Stream>`, `T`. What the workspace's own traits
/// promise is known.
pub(in crate::lower) fn leaves_open(ty: &Ty) -> bool {
    match ty {
        Ty::Bounds(bounds) | Ty::Param { bounds, .. } => {
            bounds.is_empty() || bounds.iter().any(|bound| bound.local().is_none())
        }
        Ty::External { args, .. } | Ty::Local { args, .. } | Ty::Tuple(args) => args.iter().any(leaves_open),
        Ty::Slice(item) => leaves_open(item),
        Ty::Fn { .. } | Ty::Unknown => false,
    }
}

impl Lowering<'_> {
    /// Takes note of a method that may be what a probe is about.
    pub(in crate::lower) fn probe_method(&mut self, recv: &Value, name: &str, args: &[Value]) {
        let asked = self.probe.as_ref().is_some_and(|probe| probe.names.contains(name));
        if asked && self.may_be_a_client(recv, name, args) {
            self.probe_function(name);
        }
    }

    /// Takes note of a function of some other crate that may be what a probe is about.
    pub(in crate::lower) fn probe_function(&mut self, name: &str) {
        if let Some(probe) = &mut self.probe {
            probe.perhaps |= probe.names.contains(name);
        }
    }

    /// Whether a call of `f` is not followed, since only what a function itself does matters now, or what it passes on.
    pub(in crate::lower) fn stays_aside(&mut self, f: FnId, args: &[Value]) -> bool {
        if self.probe.is_none() && self.capture.is_none() {
            return false;
        }
        let asks = |probe| args.iter().any(|arg| arg.any(&|part| self.is_asked_in(part, probe)));
        let perhaps = self.probe.as_ref().is_some_and(asks);
        if let Some(probe) = &mut self.probe {
            probe.perhaps |= perhaps;
            return true;
        }
        let is_code = |value: &Value| matches!(value.kind, Kind::Closure(_) | Kind::Future(_) | Kind::Stream(_));
        !args.iter().any(|arg| arg.any(&is_code)) && self.leaves_nothing(f)
    }

    /// Whether a value that is passed on is code that mentions what a probe is about: other code does nothing that was not seen.
    fn is_asked_in(&self, value: &Value, probe: &Probe) -> bool {
        let mentions = |body: BodyId, file: FileId| {
            let (start, end) = match self.bodies[body.0 as usize] {
                Body::Closure { body, .. } => (body.start, body.end),
                Body::Block(block) => (block.start, block.end),
            };
            let code = (self.text)(Span { file, start, end });
            probe.names.iter().any(|name| code.contains(name.as_str()))
        };
        match &value.kind {
            Kind::Closure(closure) => mentions(closure.body, closure.code.file),
            Kind::Future(future) => match &**future {
                Future::Block { body, code, .. } => mentions(*body, code.file),
                Future::Pull { .. } | Future::Take { .. } => true,
                _ => false,
            },
            Kind::Stream(_) => true,
            _ => false,
        }
    }

    /// Whether a function gives nothing back, and changes nothing that it is given.
    fn leaves_nothing(&self, f: FnId) -> bool {
        let hir = self.index.function(f).hir;
        let changes = |ty: &Type| matches!(ty, Type::Ref { mutable: true, .. });
        let nothing = |ty: &Ty| matches!(ty, Ty::Tuple(parts) if parts.is_empty());
        let gives = self.index.returned(f);
        let gives_nothing = nothing(&gives) || self.is_result(&gives) && gives.arguments().first().is_some_and(nothing);
        gives_nothing && hir.receiver != Some(Receiver::RefMut) && !hir.params.iter().any(|(_, ty)| changes(ty))
    }

    /// Whether a value may turn out to be a client's once the function is followed that gave it.
    fn may_be_a_client(&self, recv: &Value, name: &str, args: &[Value]) -> bool {
        let is_open = match &recv.ty {
            Ty::Unknown | Ty::Param { .. } | Ty::Bounds(_) => true,
            Ty::External { path, .. } => {
                let own = path.starts_with("std::") || !path.contains("::") || path.starts_with("tokio::");
                !own && self.client_method(recv, name).is_none()
            }
            Ty::Local { .. } => true,
            Ty::Tuple(_) | Ty::Slice(_) | Ty::Fn { .. } => false,
        };
        is_open && recv.origin.has(Origin::UNFOLLOWED) && self.workspace_methods(recv, name, args.len()).is_empty()
    }
}
