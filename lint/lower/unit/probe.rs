//! Whether a function does at all what its text mentions, before everything that it calls is followed.
//!
//! `next`, `send` or `build` stand in half of all functions. A probe executes the function's own body and nothing of what it calls: that
//! gives types to most of what these methods are called on, and costs no more than the body is long.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::Run;
use crate::flow::EffectKind;
use crate::lower::state::State;
use crate::lower::value::{Kind, Origin, Value};
use crate::lower::{Context, Lowering};
use crate::resolve::{FnId, Ty};
use crate::source::hir::{Receiver, Type};

/// A look at one body.
#[derive(Debug, Clone)]
pub(in crate::lower) struct Probe {
    /// The names that made it worth a look.
    names: BTreeSet<String>,
    /// One of them is called on something of which it cannot be told what it is.
    perhaps: bool,
}

/// What a function is looked into for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Receive,
    Publish,
}

/// Functions with those of the names in question that their bodies mention.
pub(super) type Named = BTreeMap<FnId, BTreeSet<String>>;

pub(super) fn note(named: &mut Named, name: &str, by: impl IntoIterator<Item = FnId>) {
    for f in by {
        named.entry(f).or_default().insert(name.to_owned());
    }
}

/// Those of the functions that may do what is wanted.
pub(super) fn probed(context: &Context<'_>, wanted: Wanted, named: Named) -> BTreeSet<FnId> {
    let functions: Vec<(FnId, BTreeSet<String>)> = named.into_iter().collect();
    let may = |(f, names): &(FnId, BTreeSet<String>)| {
        let has_body = context.index.function(*f).hir.body.is_some();
        let run = Run {
            context,
            f: *f,
            focus: None,
        };
        (has_body && run.may(wanted, names)).then_some(*f)
    };
    functions.par_iter().filter_map(may).collect()
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

impl Run<'_, '_> {
    /// Whether a function whose body mentions one of `names` may do what is wanted.
    pub(super) fn may(self, wanted: Wanted, names: &BTreeSet<String>) -> bool {
        let mut lowering = Lowering::new(self.context);
        lowering.probe = Some(Probe {
            names: names.clone(),
            perhaps: false,
        });
        let mut state = State::start();
        let mut args = Vec::new();
        if wanted == Wanted::Publish {
            // Messages that are received here belong to other units.
            lowering.focus = Some(self.context.index.function(self.f).hir.name_span);
            args = lowering.message_arguments(self.f, args);
            state.holding = true;
        }
        lowering.root(self.f, None, args, state);
        let found = match wanted {
            Wanted::Receive => lowering.draft.is_some() || !lowering.registered.is_empty(),
            Wanted::Publish => {
                let mut effects = lowering.graph.effects.iter();
                effects.any(|effect| effect.kind == EffectKind::Publish)
            }
        };
        found || lowering.probe.is_none_or(|probe| probe.perhaps)
    }
}

impl Lowering<'_> {
    /// Takes note of a method that may be what a probe is about.
    pub(in crate::lower) fn probe_method(&mut self, recv: &Value, name: &str, args: &[Value]) {
        if self.probe.as_ref().is_some_and(|probe| probe.names.contains(name)) && self.may_be_a_client(recv, name, args)
        {
            self.probe_perhaps();
        }
    }

    /// Takes note of a function of some other crate that may be what a probe is about.
    pub(in crate::lower) fn probe_function(&mut self, name: &str) {
        if self.probe.as_ref().is_some_and(|probe| probe.names.contains(name)) {
            self.probe_perhaps();
        }
    }

    /// Whether a call of `f` is not followed, since only what a function itself does matters now, or what it passes on.
    pub(in crate::lower) fn stays_aside(&mut self, f: FnId, args: &[Value]) -> bool {
        let is_code = |value: &Value| matches!(value.kind, Kind::Closure(_) | Kind::Future(_) | Kind::Stream(_));
        let gives_code = args.iter().any(|arg| arg.any(&is_code));
        match &mut self.probe {
            Some(probe) => {
                probe.perhaps |= gives_code;
                true
            }
            None => self.capture.is_some() && !gives_code && self.leaves_nothing(f),
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

    fn probe_perhaps(&mut self) {
        if let Some(probe) = &mut self.probe {
            probe.perhaps = true;
        }
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
