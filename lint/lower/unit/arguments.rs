//! What a function is called with, as its callers show it.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::{MAX_CALLERS, Run};
use crate::flow::Known;
use crate::lower::state::State;
use crate::lower::value::Value;
use crate::lower::{Capture, Context, Lowering, SeenCall, Tables};
use crate::resolve::{FnId, Ty, TypeId};

/// What a function is called with.
#[derive(Clone, Default)]
pub(super) struct Arguments<'a> {
    pub recv: Option<Value>,
    pub args: Vec<Value>,
    /// What closures among them refer to.
    pub tables: Tables<'a>,
}

/// What was found out about arguments: units have callers in common, and their callers.
#[derive(Default)]
pub struct Asked<'a> {
    /// By function, and how far up its callers were followed.
    of: Memory<(FnId, usize), Option<Arc<Arguments<'a>>>>,
    /// Receivers, by their type.
    made: Memory<TypeId, Option<Arc<Arguments<'a>>>>,
    /// Whether anybody sees how a function ends, by function, and how far up.
    pub(super) observed: Memory<(FnId, usize), Known>,
}

type Memory<K, V> = Mutex<FxHashMap<K, V>>;

/// What is remembered under `key`. It is found out without the lock: two threads may do so at once, and come to the same.
pub(super) fn remembered<K: Hash + Eq, V: Clone>(memory: &Memory<K, V>, key: K, find: impl FnOnce() -> V) -> V {
    let locked = || memory.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = locked().get(&key) {
        return known.clone();
    }
    let found = find();
    locked().insert(key, found.clone());
    found
}

/// What a function is called with, as far as its callers (and theirs) show.
pub(super) fn arguments<'a>(context: &Context<'a>, f: FnId, up: usize) -> Option<Arc<Arguments<'a>>> {
    if up == 0 {
        return None;
    }
    let passed = remembered(&context.asked.of, (f, up), || passed(context, f, up).map(Arc::new));
    passed.or_else(|| made_here(context, f))
}

/// What the first of its callers that tells something passes to a function.
fn passed<'a>(context: &Context<'a>, f: FnId, up: usize) -> Option<Arguments<'a>> {
    let callers = context.index.callers(f).into_iter().take(MAX_CALLERS);
    let mut followed = callers.filter(|caller| *caller != f && context.index.function(*caller).hir.body.is_some());
    followed.find_map(|caller| passed_by(context, caller, f, up))
}

fn passed_by<'a>(context: &Context<'a>, caller: FnId, f: FnId, up: usize) -> Option<Arguments<'a>> {
    let known = arguments(context, caller, up - 1).unwrap_or_default();
    let run = Run {
        context,
        f: caller,
        focus: None,
    };
    let (seen, tables) = run.capture(f, &known);
    let told = |(recv, args, _): &SeenCall| recv.iter().chain(args).map(Value::told).sum::<usize>();
    let (recv, args, _) = seen.into_iter().rev().max_by_key(told)?;
    Some(Arguments {
        recv: recv.map(|recv| recv.detached()),
        args: args.iter().map(Value::detached).collect(),
        tables,
    })
}

/// The receiver of a method that nobody calls, as the functions give it that make one.
fn made_here<'a>(context: &Context<'a>, f: FnId) -> Option<Arc<Arguments<'a>>> {
    let info = context.index.function(f);
    let own = info.scope.self_ty.as_ref().filter(|_| info.hir.receiver.is_some())?;
    let Ty::Local { id, .. } = own else { return None };
    remembered(&context.asked.made, *id, || made(context, *id).map(Arc::new))
}

/// A value of a type, as those of its functions give it that make one.
fn made<'a>(context: &Context<'a>, ty: TypeId) -> Option<Arguments<'a>> {
    let is_own = |of: &Ty| matches!(of, Ty::Local { id, .. } if *id == ty);
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
        lowering.only_asked();
        let ended = lowering.root(maker, None, Vec::new(), State::start());
        let tables = lowering.into_tables();
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

impl<'a> Lowering<'a> {
    /// A lowering that is only to show what a function is called with.
    pub(in crate::lower) fn capturing(context: &Context<'a>, of: FnId) -> Self {
        let mut lowering = Self::new(context);
        lowering.only_asked();
        lowering.capture = Some(Capture {
            of,
            seen: Vec::new(),
            calls: Vec::new(),
        });
        lowering
    }

    /// What its values refer to.
    pub(super) fn into_tables(self) -> Tables<'a> {
        Tables {
            scopes: self.scopes,
            bodies: self.bodies,
            body_ids: self.body_ids,
        }
    }

    /// Takes over what values of another lowering refer to.
    pub(super) fn adopt(&mut self, tables: Tables<'a>) {
        self.scopes = tables.scopes;
        self.bodies = tables.bodies;
        self.body_ids = tables.body_ids;
    }
}
