//! Patterns.

use smol_str::SmolStr;

use super::{Converter, exact, literal::lit_of, name_of};
use crate::source::hir::{Pat, Path, Segment};

impl Converter<'_> {
    pub(super) fn pat(&mut self, pat: &syn::Pat) -> Pat {
        match pat {
            syn::Pat::Ident(ident) => self.ident_pat(ident),
            syn::Pat::Guard(guard) => self.pat(&guard.pat),
            syn::Pat::Lit(lit) => lit_of(&lit.lit).map_or(Pat::Opaque, Pat::Lit),
            syn::Pat::Or(or) => Pat::Or(exact(or.cases.iter().map(|case| self.pat(case)))),
            syn::Pat::Paren(paren) => self.pat(&paren.pat),
            syn::Pat::Path(path) => Pat::Path(self.path(path.qself.as_ref(), &path.path)),
            syn::Pat::Reference(reference) => self.pat(&reference.pat),
            syn::Pat::Slice(slice) => Pat::Slice(exact(slice.elems.iter().map(|elem| self.pat(elem)))),
            syn::Pat::Struct(fields) => self.struct_pat(fields),
            syn::Pat::Tuple(tuple) => Pat::Tuple(exact(tuple.elems.iter().map(|elem| self.pat(elem)))),
            syn::Pat::TupleStruct(tuple) => Pat::TupleStruct {
                path: self.path(tuple.qself.as_ref(), &tuple.path),
                args: exact(tuple.elems.iter().map(|elem| self.pat(elem))),
            },
            syn::Pat::Type(typed) => Pat::Typed {
                pat: Box::new(self.pat(&typed.pat)),
                ty: self.ty(&typed.ty),
            },
            syn::Pat::Wild(_) | syn::Pat::Rest(_) => Pat::Wild,
            _ => Pat::Opaque,
        }
    }

    fn ident_pat(&mut self, pat: &syn::PatIdent) -> Pat {
        let name = name_of(&pat.ident);
        let plain = pat.by_ref.is_none() && pat.mutability.is_none() && pat.subpat.is_none();
        if plain && name.starts_with(char::is_uppercase) {
            return Pat::Path(single(name));
        }
        let sub = pat.subpat.as_ref().map(|(_, sub)| Box::new(self.pat(sub)));
        Pat::Bind { name, sub }
    }

    fn struct_pat(&mut self, pat: &syn::PatStruct) -> Pat {
        let path = self.path(pat.qself.as_ref(), &pat.path);
        let fields = exact(
            pat.fields
                .iter()
                .map(|field| (member(&field.member), self.pat(&field.pat))),
        );
        Pat::Struct { path, fields }
    }

    /// A parameter of a closure: the type beside the pattern.
    pub(super) fn closure_param(&mut self, pat: &syn::Pat) -> (Pat, Option<crate::source::hir::Type>) {
        match pat {
            syn::Pat::Type(typed) => (self.pat(&typed.pat), Some(self.ty(&typed.ty))),
            _ => (self.pat(pat), None),
        }
    }
}

/// A path of one segment.
pub(super) fn single(name: SmolStr) -> Path {
    Path {
        segments: vec![Segment {
            name,
            args: Vec::new(),
            bindings: Vec::new(),
        }],
        qself: None,
        global: false,
    }
}

/// A field's name; those of tuples are numbers.
pub(super) fn member(member: &syn::Member) -> SmolStr {
    match member {
        syn::Member::Named(ident) => name_of(ident),
        syn::Member::Unnamed(index) => SmolStr::from(index.index.to_string()),
    }
}
