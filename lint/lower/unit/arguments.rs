//! What a function is called with, as its callers show it.

use super::{MAX_CALLERS, Run};
use crate::lower::state::State;
use crate::lower::value::Value;
use crate::lower::{Context, Lowering, Tables};
use crate::resolve::{FnId, Ty};
use crate::span::Span;

/// What a function is called with.
#[derive(Clone, Default)]
pub(super) struct Arguments<'a> {
    pub recv: Option<Value>,
    pub args: Vec<Value>,
    /// What closures among them refer to.
    pub tables: Tables<'a>,
}

/// What a function is called with, as far as its callers (and theirs) show.
pub(super) fn arguments<'a>(context: &Context<'a>, f: FnId, up: usize) -> Option<Arguments<'a>> {
    if up == 0 {
        return None;
    }
    for caller in context.index.callers(f).into_iter().take(MAX_CALLERS) {
        if caller == f || context.index.function(caller).hir.body.is_none() {
            continue;
        }
        let known = arguments(context, caller, up - 1).unwrap_or_default();
        let (seen, tables) = Run {
            context,
            f: caller,
            focus: None,
        }
        .capture(f, known);
        let told = |(recv, args, _): &(Option<Value>, Vec<Value>, Span)| {
            recv.iter().chain(args).map(Value::told).sum::<usize>()
        };
        if let Some((recv, args, _)) = seen.into_iter().rev().max_by_key(told) {
            let recv = recv.map(|recv| recv.detached());
            let args = args.iter().map(Value::detached).collect();
            return Some(Arguments { recv, args, tables });
        }
    }
    made_here(context, f)
}

/// The receiver of a method that nobody calls, as the functions give it that make one.
fn made_here<'a>(context: &Context<'a>, f: FnId) -> Option<Arguments<'a>> {
    let info = context.index.function(f);
    let own = info.scope.self_ty.as_ref().filter(|_| info.hir.receiver.is_some())?;
    let Ty::Local { id, .. } = own else { return None };
    let is_own = |ty: &Ty| matches!(ty, Ty::Local { id: other, .. } if other == id);
    let makers = context.index.functions().filter(|maker| {
        let known = context.index.function(*maker);
        let returned = || context.index.returned(*maker);
        let gives = |ty: &Ty| is_own(ty) || ty.arguments().first().is_some_and(is_own);
        known.scope.self_ty.as_ref().is_some_and(is_own)
            && known.hir.receiver.is_none()
            && known.hir.body.is_some()
            && gives(&returned())
    });
    let made = makers.take(MAX_CALLERS).flat_map(|maker| {
        let mut lowering = Lowering::new(context);
        let ended = lowering.root(maker, None, Vec::new(), State::start());
        let tables = Tables {
            scopes: lowering.scopes,
            bodies: lowering.bodies,
            body_ids: lowering.body_ids,
        };
        ended
            .into_iter()
            .map(move |(_, value)| (value.payload_or_self().detached(), tables.clone()))
    });
    let (recv, tables) = made
        .filter(|(made, _)| is_own(&made.ty))
        .max_by_key(|(made, _)| made.told())?;
    Some(Arguments {
        recv: Some(recv),
        args: Vec::new(),
        tables,
    })
}
