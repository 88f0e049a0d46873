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
        match pattern::fit(pat, &self.opened(pat, value)) {
            Fit::Yes(bindings) | Fit::Maybe(bindings) => bound(state, bindings),
            Fit::No => state,
        }
    }

    /// The value, opened where the pattern takes a struct or tuple apart of which only the type is known: each part has its own type.
    pub(super) fn opened(&mut self, pat: &Pat, value: &Value) -> Value {
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
            Pat::Or(pats) => pats.iter().fold(value.clone(), |value, pat| self.opened(pat, &value)),
            _ => value.clone(),
        }
    }

    fn opened_parts(&mut self, name: &str, parts: &[(SmolStr, &Pat)], value: &Value) -> Value {
        let mut opened = value.clone();
        match &mut opened.kind {
            Kind::Variant { name: known, fields } if known == name => {
                for (field, inner) in fields.iter_mut() {
                    if let Some((_, pat)) = parts.iter().find(|(part, _)| part == field) {
                        *inner = self.opened(pat, inner);
                    }
                }
            }
            Kind::Struct(fields) => {
                for (part, pat) in parts {
                    if let Some(inner) = fields.get_mut(part) {
                        *inner = self.opened(pat, inner);
                    }
                }
            }
            Kind::Opaque if self.is_struct(&value.ty, name) => {
                let parts = parts.iter().map(|(part, pat)| {
                    let inner = self.field(value, part);
                    (part.clone(), self.opened(pat, &inner))
                });
                opened.kind = Kind::Struct(Shared::new(parts.collect()));
            }
            _ => {}
        }
        opened
    }

    fn opened_tuple(&mut self, pats: &[Pat], value: &Value) -> Value {
        let parts: Vec<Value> = match (&value.kind, &value.ty) {
            (Kind::Tuple(parts), _) => parts.to_vec(),
            (Kind::Opaque, Ty::Tuple(types)) => types.iter().map(|ty| self.typed(ty.clone(), value.origin)).collect(),
            _ => return value.clone(),
        };
        if parts.len() != pats.len() {
            return value.clone();
        }
        let mut opened = value.clone();
        let parts = pats.iter().zip(&parts).map(|(pat, part)| self.opened(pat, part));
        opened.kind = Kind::Tuple(parts.collect());
        opened
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
