//! Types, paths, generics and bounds.

use smol_str::SmolStr;
use syn::{GenericArgument, GenericParam, PathArguments, ReturnType, TypeParamBound, WherePredicate};

use super::{Converter, exact, name_of, shrunk};
use crate::source::hir::{Bound, Generic, Path, Segment, Type};

impl Converter<'_> {
    pub(super) fn ty(&mut self, ty: &syn::Type) -> Type {
        match ty {
            syn::Type::Array(array) => Type::Slice(Box::new(self.ty(&array.elem))),
            syn::Type::Slice(slice) => Type::Slice(Box::new(self.ty(&slice.elem))),
            syn::Type::FnPtr(pointer) => self.fn_pointer(pointer),
            syn::Type::Group(group) => self.ty(&group.elem),
            syn::Type::Paren(paren) => self.ty(&paren.elem),
            syn::Type::ImplTrait(bounds) => Type::Bounds(self.bounds(bounds.bounds.iter())),
            syn::Type::TraitObject(bounds) => Type::Bounds(self.bounds(bounds.bounds.iter())),
            syn::Type::Never(_) => Type::Never,
            syn::Type::Path(path) => Type::Path(self.path(path.qself.as_ref(), &path.path)),
            syn::Type::Ptr(pointer) => {
                let mutable = matches!(pointer.mutability, syn::PointerMutability::Mut(_));
                Type::Ref {
                    mutable,
                    inner: Box::new(self.ty(&pointer.elem)),
                }
            }
            syn::Type::Reference(reference) => Type::Ref {
                mutable: reference.mutability.is_some(),
                inner: Box::new(self.ty(&reference.elem)),
            },
            syn::Type::Tuple(tuple) => Type::Tuple(exact(tuple.elems.iter().map(|elem| self.ty(elem)))),
            _ => Type::Infer,
        }
    }

    fn fn_pointer(&mut self, pointer: &syn::TypeFnPtr) -> Type {
        let params = exact(pointer.inputs.iter().map(|arg| self.ty(&arg.ty)));
        Type::Fn {
            params,
            ret: self.return_type(&pointer.output).map(Box::new),
        }
    }

    pub(super) fn return_type(&mut self, ret: &ReturnType) -> Option<Type> {
        match ret {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(self.ty(ty)),
        }
    }

    pub(super) fn path(&mut self, qself: Option<&syn::QSelf>, path: &syn::Path) -> Path {
        Path {
            segments: exact(path.segments.iter().map(|segment| self.segment(segment))),
            qself: qself.map(|qself| Box::new(self.ty(&qself.ty))),
            global: path.leading_colon.is_some() && qself.is_none(),
        }
    }

    fn segment(&mut self, segment: &syn::PathSegment) -> Segment {
        let name = name_of(&segment.ident);
        let (args, bindings) = match &segment.arguments {
            PathArguments::None => (Vec::new(), Vec::new()),
            PathArguments::AngleBracketed(generics) => self.arguments(generics),
            PathArguments::Parenthesized(inputs) => self.fn_arguments(inputs),
        };
        Segment { name, args, bindings }
    }

    fn arguments(&mut self, generics: &syn::AngleBracketedGenericArguments) -> (Vec<Type>, Vec<(SmolStr, Type)>) {
        let (mut args, mut bindings) = (Vec::with_capacity(generics.args.len()), Vec::new());
        for argument in &generics.args {
            match argument {
                GenericArgument::Type(ty) => args.push(self.ty(ty)),
                GenericArgument::AssocType(assoc) => bindings.push((name_of(&assoc.ident), self.ty(&assoc.ty))),
                GenericArgument::Constraint(constraint) => {
                    let bounds = self.bounds(constraint.bounds.iter());
                    bindings.push((name_of(&constraint.ident), Type::Bounds(bounds)));
                }
                _ => {}
            }
        }
        (args, shrunk(bindings))
    }

    /// The `(A) -> B` of `Fn(A) -> B`, where it is no bound: as `Fn<(A,), Output = B>`.
    fn fn_arguments(&mut self, inputs: &syn::ParenthesizedGenericArguments) -> (Vec<Type>, Vec<(SmolStr, Type)>) {
        let params = exact(inputs.inputs.iter().map(|arg| self.ty(&arg.ty)));
        let output = self
            .return_type(&inputs.output)
            .map(|ty| (SmolStr::new_static("Output"), ty));
        (vec![Type::Tuple(params)], output.into_iter().collect())
    }

    /// The type arguments of `::<…>`.
    pub(super) fn turbofish(&mut self, generics: Option<&syn::AngleBracketedGenericArguments>) -> Vec<Type> {
        generics.map_or_else(Vec::new, |generics| self.arguments(generics).0)
    }

    pub(super) fn bounds<'b>(&mut self, bounds: impl Iterator<Item = &'b TypeParamBound>) -> Vec<Bound> {
        shrunk(bounds.filter_map(|bound| self.bound(bound)).collect())
    }

    fn bound(&mut self, bound: &TypeParamBound) -> Option<Bound> {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        if bound.maybe.is_some() {
            return None;
        }
        let last = bound.path.segments.last()?;
        let PathArguments::Parenthesized(inputs) = &last.arguments else {
            return Some(Bound::Trait(self.path(None, &bound.path)));
        };
        let params = exact(inputs.inputs.iter().map(|arg| self.ty(&arg.ty)));
        let ret = self.return_type(&inputs.output).map(Box::new);
        Some(Bound::Fn {
            params,
            ret,
            is_async: last.ident.to_string().starts_with("Async"),
        })
    }

    /// Type parameters, with the bounds of the `where` clause that are about them alone.
    pub(super) fn generics(&mut self, generics: &syn::Generics) -> Vec<Generic> {
        let mut all = Vec::new();
        for param in &generics.params {
            if let GenericParam::Type(param) = param {
                let bounds = self.bounds(param.bounds.iter());
                all.push(Generic {
                    name: name_of(&param.ident),
                    bounds,
                    default: param.default.as_ref().map(|(_, ty)| self.ty(ty)),
                });
            }
        }
        for predicate in generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
            self.predicate(predicate, &mut all);
        }
        all
    }

    fn predicate(&mut self, predicate: &WherePredicate, generics: &mut [Generic]) {
        let WherePredicate::Type(predicate) = predicate else {
            return;
        };
        let syn::Type::Path(bounded) = &predicate.bounded_ty else {
            return;
        };
        let Some(name) = bounded.path.get_ident().map(name_of) else {
            return;
        };
        if let Some(generic) = generics.iter_mut().find(|generic| generic.name == name) {
            generic.bounds.extend(self.bounds(predicate.bounds.iter()));
        }
    }
}
