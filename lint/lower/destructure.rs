//! Taking apart: the parts of a value that a pattern names, with their types.

use smol_str::SmolStr;

use super::Lowering;
use super::control::bound;
use super::pattern::{self, Fit};
use super::shared::Shared;
use super::state::State;
use super::value::{Kind, Value, index_name};
use crate::resolve::Ty;
use crate::source::hir::Pat;

impl Lowering<'_> {
    /// Binds a pattern that is known to match.
    pub(super) fn bind_pat(&mut self, state: State, pat: &Pat, value: &Value) -> State {
        let opened = self.opened(pat, value);
        match pattern::fit(pat, opened.as_ref().unwrap_or(value)) {
            Fit::Yes(bindings) | Fit::Maybe(bindings) => bound(state, bindings),
            Fit::No => state,
        }
    }

    /// The value, opened where the pattern takes a struct or tuple apart of which only the type is known: each part has its own type.
    /// `None` where there is nothing to open.
    pub(super) fn opened(&mut self, pat: &Pat, value: &Value) -> Option<Value> {
        match pat {
            Pat::Bind { sub: Some(pat), .. } | Pat::Typed { pat, .. } => self.opened(pat, value),
            Pat::Struct { path, fields } => {
                let parts: Vec<_> = fields.iter().map(|(name, pat)| (name.clone(), pat)).collect();
                self.opened_parts(pattern::last(path), &parts, value)
            }
            Pat::TupleStruct { path, args } => {
                let parts: Vec<_> = args.iter().enumerate().map(|(i, pat)| (index_name(i), pat)).collect();
                self.opened_parts(pattern::last(path), &parts, value)
            }
            Pat::Tuple(pats) => self.opened_tuple(pats, value),
            Pat::Or(pats) => self.opened_for_all(pats.iter(), value),
            _ => None,
        }
    }

    /// As [`Self::opened`], for several patterns one after the other.
    pub(super) fn opened_for_all<'p>(&mut self, pats: impl Iterator<Item = &'p Pat>, value: &Value) -> Option<Value> {
        pats.fold(None, |opened, pat| {
            let more = self.opened(pat, opened.as_ref().unwrap_or(value));
            more.or(opened)
        })
    }

    fn opened_parts(&mut self, name: &str, parts: &[(SmolStr, &Pat)], value: &Value) -> Option<Value> {
        if value.kind == Kind::Opaque && self.is_struct(&value.ty, name) {
            let parts = parts.iter().map(|(part, pat)| {
                let inner = self.field(value, part);
                (part.clone(), self.opened(pat, &inner).unwrap_or(inner))
            });
            let kind = Kind::Struct(Shared::new(parts.collect()));
            return Some(Value { kind, ..value.clone() });
        }
        let mut opened = None;
        for (part, pat) in parts {
            let inner = known_part(&value.kind, name, part);
            if let Some(inner) = inner.and_then(|inner| self.opened(pat, inner)) {
                let whole = opened.get_or_insert_with(|| value.clone());
                set_part(&mut whole.kind, part, inner);
            }
        }
        opened
    }

    fn opened_tuple(&mut self, pats: &[Pat], value: &Value) -> Option<Value> {
        let (mut parts, mut is_open): (Vec<Value>, bool) = match (&value.kind, &value.ty) {
            (Kind::Tuple(parts), _) => (parts.clone(), false),
            (Kind::Opaque, Ty::Tuple(types)) => {
                let typed = types.iter().map(|ty| self.typed(ty.clone(), value.origin));
                (typed.collect(), true)
            }
            _ => return None,
        };
        if parts.len() != pats.len() {
            return None;
        }
        for (part, pat) in parts.iter_mut().zip(pats) {
            if let Some(opened) = self.opened(pat, part) {
                *part = opened;
                is_open = true;
            }
        }
        let kind = Kind::Tuple(parts);
        is_open.then(|| Value { kind, ..value.clone() })
    }

    /// Whether a type is a struct of the workspace, or a client's of that name whose fields are known.
    fn is_struct(&self, ty: &Ty, name: &str) -> bool {
        match ty {
            Ty::Local { .. } => !self.index.fields(ty).is_empty(),
            Ty::External { path, .. } => {
                let known = self.catalog.ty(&self.catalog.canonical(path));
                path.rsplit("::").next() == Some(name) && known.is_some_and(|known| !known.fields.is_empty())
            }
            _ => false,
        }
    }
}

/// A part of a variant of that name, or of a struct.
fn known_part<'v>(kind: &'v Kind, name: &str, part: &str) -> Option<&'v Value> {
    match kind {
        Kind::Variant { name: known, fields } if known == name => {
            fields.iter().find(|(field, _)| field == part).map(|(_, value)| value)
        }
        Kind::Struct(fields) => fields.get(part),
        _ => None,
    }
}

fn set_part(kind: &mut Kind, part: &str, value: Value) {
    let slot = match kind {
        Kind::Variant { fields, .. } => fields
            .iter_mut()
            .find(|(field, _)| field == part)
            .map(|(_, value)| value),
        Kind::Struct(fields) => fields.get_mut(part),
        _ => None,
    };
    if let Some(slot) = slot {
        *slot = value;
    }
}
