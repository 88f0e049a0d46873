//! A function of the workspace around its body: its frame, what it is given, what it leaves behind.

use super::*;
use crate::lower::state::{Flowing, State, merge_values};
use crate::lower::value::{Kind, Origin, Place, Value};
use crate::lower::{Frame, Lowering};
use crate::resolve::{FnId, Ty};
use crate::source::hir::Receiver;
use crate::span::Span;
use smol_str::SmolStr;

impl<'a> Lowering<'a> {
    /// A value of which nothing else tells the type (`config.create()?`) has the one that its function promises.
    pub(in crate::lower) fn returning(&self, mut value: Value, promised: &Ty) -> Value {
        if let (Ty::Tuple(promised), Kind::Tuple(values)) = (promised, &mut value.kind) {
            for (value, promised) in values.iter_mut().zip(promised) {
                *value = self.returning(value.clone(), promised);
            }
            return value;
        }
        let inside = match value.variant_name() {
            Some("Ok" | "Some") => Some(0),
            Some("Err") => Some(1),
            _ => None,
        };
        if let (Some(i), Ty::External { args, .. }, Kind::Variant { fields, .. }) = (inside, promised, &mut value.kind)
        {
            if let (Some((_, payload)), Some(promised)) = (fields.first_mut(), args.get(i)) {
                *payload = self.returning(payload.clone(), promised);
            }
            return value;
        }
        if let Some(known) = value.ty.told_by(promised) {
            value.ty = self.canonical_ty(known);
            return value;
        }
        let tells = matches!(promised, Ty::Local { .. } | Ty::External { .. });
        if tells && value.ty == Ty::Unknown && matches!(value.kind, Kind::Opaque | Kind::Api(_)) {
            value.ty = self.canonical_ty(promised.clone());
        }
        value
    }

    /// A function's body; its parameters stay readable afterwards.
    pub(in crate::lower) fn eval_block_keeping(
        &mut self,
        body: &'a crate::source::hir::Block,
        state: State,
    ) -> Flowing {
        let mut ended = self.eval_block(body, state);
        let returned = std::mem::take(&mut self.frame_mut().returns);
        ended.extend(returned);
        ended
    }

    pub(in crate::lower) fn bind_params(
        &mut self,
        f: FnId,
        frame: &Frame<'a>,
        recv: Option<Value>,
        args: Vec<Value>,
        mut state: State,
    ) -> State {
        let info = self.index.function(f);
        if info.hir.receiver.is_some() {
            let own = frame.scope.self_ty.clone().unwrap_or(Ty::Unknown);
            let recv = recv.unwrap_or_else(Value::unknown);
            let ty = if recv.ty == Ty::Unknown || matches!(recv.ty, Ty::Bounds(_) | Ty::Param { .. }) {
                own
            } else {
                recv.ty.clone()
            };
            state.bind("self".into(), recv.with_ty(ty));
        }
        for (i, (pat, ty)) in info.hir.params.iter().enumerate() {
            let declared = self.canonical_ty(self.index.ty(&frame.scope, ty));
            let mut value = args
                .get(i)
                .cloned()
                .unwrap_or_else(|| Value::opaque(declared.clone(), Origin::NONE));
            if value.ty == Ty::Unknown {
                value.ty = declared;
            }
            state = self.bind_pat(state, pat, &value);
        }
        state
    }

    /// The frame of a function, with `Self` and type parameters standing for what the call shows.
    pub(in crate::lower) fn frame_for(&mut self, f: FnId, self_ty: &Ty, args: &[Value]) -> Frame<'a> {
        let info = self.index.function(f);
        let mut scope = if *self_ty == Ty::Unknown {
            info.scope.clone()
        } else {
            self.index.scope_for(f, self_ty)
        };
        let mut bindings = Vec::new();
        for ((_, ty), value) in info.hir.params.iter().zip(args) {
            if let Ty::Param { name, .. } = self.index.ty(&scope, ty)
                && value.ty != Ty::Unknown
            {
                bindings.push((name, value.ty.clone()));
            }
        }
        scope = scope.bind(bindings);
        let returned = info.hir.ret.as_ref().map_or(Ty::UNIT, |ty| self.index.ty(&scope, ty));
        let code = self.scope_id(scope.clone(), info.file);
        Frame {
            code,
            scope,
            function: Some(f),
            returns: Vec::new(),
            returned,
            loops: Vec::new(),
        }
    }

    /// What a function changed through `&mut` is changed for its caller.
    pub(in crate::lower) fn write_back(
        &mut self,
        f: FnId,
        ended: Flowing,
        outer: &Env,
        before: &std::collections::BTreeSet<crate::flow::TxId>,
        places: &[Option<Place>],
    ) -> Flowing {
        let info = self.index.function(f);
        let mut names: Vec<Option<SmolStr>> = Vec::new();
        if let Some(receiver) = info.hir.receiver {
            names.push((receiver != Receiver::Value).then(|| "self".into()));
        }
        names.extend(info.hir.params.iter().map(|(pat, _)| match pat {
            crate::source::hir::Pat::Bind { name, .. } => Some(name.clone()),
            _ => None,
        }));
        let mut all = Vec::new();
        for (state, value) in ended {
            let changed: Vec<Option<Value>> = names
                .iter()
                .map(|name| {
                    name.as_ref()
                        .and_then(|name| state.env.iter().find(|(n, _)| n == name))
                        .map(|(_, v)| v.clone())
                })
                .collect();
            let mut state = state.with_env(outer.clone());
            for (place, value) in places.iter().zip(changed) {
                let Some((place, value)) = place.as_ref().zip(value) else {
                    continue;
                };
                if !matches!(value.kind, Kind::Opaque) {
                    state.change(place, value);
                } else {
                    state.perhaps_filled(std::slice::from_ref(&Some(place.clone())));
                }
            }
            state = self.roll_back(state, before, &value);
            all.push((state, value));
        }
        merge_values(all)
    }

    /// The result of a function that is not executed.
    pub(in crate::lower) fn unseen_result(&mut self, f: FnId, origin: Origin, at: Option<Span>) -> Value {
        let Some(at) = at else {
            return self.returned_value(f, origin);
        };
        let mut value = unseen(at, origin);
        value.ty = self.canonical_ty(self.index.returned(f));
        value
    }

    pub(in crate::lower) fn returned_value(&self, f: FnId, origin: Origin) -> Value {
        self.typed(self.index.returned(f), origin)
    }
}
