//! Literals.

use smol_str::SmolStr;

use super::Converter;
use crate::source::hir::{ExprKind, Lit};

impl Converter<'_> {
    pub(super) fn literal(&self, lit: &syn::Lit) -> ExprKind {
        lit_of(lit).map_or(ExprKind::Other, ExprKind::Lit)
    }
}

/// The literal's value; `None` for syntax that syn does not know.
pub(super) fn lit_of(lit: &syn::Lit) -> Option<Lit> {
    Some(match lit {
        syn::Lit::Str(text) => Lit::Str(SmolStr::from(text.value())),
        syn::Lit::ByteStr(_) | syn::Lit::CStr(_) => Lit::ByteStr,
        syn::Lit::Byte(byte) => Lit::Int(i128::from(byte.value())),
        syn::Lit::Char(char) => Lit::Char(char.value()),
        syn::Lit::Int(int) => integer(int),
        syn::Lit::Float(float) => Lit::Float(float.base10_parse().ok()?),
        syn::Lit::Bool(bool) => Lit::Bool(bool.value),
        _ => return None,
    })
}

/// An integer; one beyond `i128` is kept as the nearest float.
fn integer(int: &syn::LitInt) -> Lit {
    match int.base10_parse() {
        Ok(value) => Lit::Int(value),
        Err(_) => Lit::Float(int.base10_digits().parse().unwrap_or(f64::MAX)),
    }
}
