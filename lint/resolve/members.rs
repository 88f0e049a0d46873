//! What types have: methods, associated items, fields, variants.

use std::sync::Arc;

use smol_str::SmolStr;

use super::impls::unique;
use super::ty::{Bindings, Ty, TyBound};
use super::types::DEPTH;
use super::{ConstId, FnId, ImplId, Index, TraitId, TypeKind, VariantInfo};
use crate::source::hir;

/// How often a receiver is dereferenced in search of a method or field.
const DEREFS: u8 = 4;

/// How far up supertraits are followed.
const SUPERTRAITS: u8 = 8;

impl<'a> Index<'a> {
    /// What `recv.name(…)` can call: inherent methods if there are any, else those of traits that the type implements (an impl's own,
    /// else the trait's default). For a parameter, `impl` or `dyn` type those of all implementors of its traits; a trait's declaration without a
    /// body is given only where nobody implements it. Looks through `Deref`. Empty where nothing in the workspace fits.
    #[must_use]
    pub fn methods(&self, recv: &Ty, name: &str) -> Vec<FnId> {
        let mut recv = recv.clone();
        for _ in 0..DEREFS {
            let mut found = self.assoc_fn(&recv, name);
            found.retain(|f| self.function(*f).hir.receiver.is_some());
            match self.deref(&recv) {
                Some(inner) if found.is_empty() => recv = inner,
                _ => return found,
            }
        }
        Vec::new()
    }

    /// What `ty::name` can be as a function, with or without receiver; as [`Self::methods`] but for `Deref`.
    #[must_use]
    pub fn assoc_fn(&self, ty: &Ty, name: &str) -> Vec<FnId> {
        let provided = self
            .candidates_with(ty, name)
            .filter_map(|id| Some((id, self.provided(id, name)?)));
        let fitting = provided.filter(|(id, _)| self.fits_type(*id, ty).is_some());
        let (inherent, of_traits): (Vec<_>, Vec<_>) =
            fitting.partition(|(id, _)| self.impl_info(*id).hir.of_trait.is_none());
        if !inherent.is_empty() {
            return unique(inherent.into_iter().map(|(_, f)| f));
        }
        unique(of_traits.into_iter().map(|(_, f)| f).chain(self.promised(ty, name)))
    }

    /// What the bounds of a type give: all implementors' functions.
    fn promised(&self, ty: &Ty, name: &str) -> Vec<FnId> {
        let mut found = Vec::new();
        for bound in ty.bounds() {
            let Some(own) = bound.local() else { continue };
            match self.declarer(own, name, SUPERTRAITS) {
                Some((of, f)) if of == own => found.extend(self.implementors(f, |id| self.fulfils(id, bound))),
                Some((_, f)) => found.extend(self.implementors(f, |id| self.also_implements(id, own))),
                None => {}
            }
        }
        found
    }

    /// The trait itself or the supertrait that declares a function.
    fn declarer(&self, t: TraitId, name: &str, depth: u8) -> Option<(TraitId, FnId)> {
        if let Some(f) = self.declared_fn(t, name) {
            return Some((t, f));
        }
        let depth = depth.checked_sub(1)?;
        self.supertraits(t)
            .iter()
            .copied()
            .find_map(|above| self.declarer(above, name, depth))
    }

    /// Implementations of a declared function in the impls that pass; the declaration itself if there are none at all.
    fn implementors(&self, f: FnId, passes: impl Fn(ImplId) -> bool) -> Vec<FnId> {
        let (Some(t), name) = (self.function(f).scope.trait_, &self.function(f).hir.name) else {
            return Vec::new();
        };
        let impls: Vec<ImplId> = self
            .impls_of(t)
            .iter()
            .copied()
            .filter(|id| !self.is_forwarding(*id))
            .collect();
        if impls.is_empty() {
            return vec![f];
        }
        impls
            .into_iter()
            .filter(|id| passes(*id))
            .filter_map(|id| self.provided(id, name))
            .collect()
    }

    /// Whether the impl is of the trait with the bound's arguments and associated types.
    fn fulfils(&self, id: ImplId, bound: &TyBound) -> bool {
        let info = self.impl_info(id);
        let (Some(TyBound::Local { args: own, .. }), TyBound::Local { args, bindings, .. }) = (&info.of_trait, bound)
        else {
            return false;
        };
        let fits = |(pattern, actual): (&Ty, &Ty)| pattern.unify(actual, &mut Bindings::new());
        own.iter().zip(args).all(fits)
            && bindings.iter().all(|(name, ty)| {
                let written = info.hir.types.iter().find(|(own, _)| own == name);
                written.is_none_or(|(_, own)| fits((&self.ty(&info.scope, own), ty)))
            })
    }

    /// Whether what the impl is of has another trait too.
    fn also_implements(&self, id: ImplId, t: TraitId) -> bool {
        let own = &self.impl_info(id).self_ty;
        Ty::of_trait(t).bounds().iter().all(|bound| self.implements(own, bound))
    }

    /// What `ty::NAME` can be; a trait's declaration without a value is given only where nobody implements it.
    #[must_use]
    pub fn assoc_const(&self, ty: &Ty, name: &str) -> Vec<ConstId> {
        let provided = self
            .candidates(ty)
            .filter_map(|id| Some((id, self.provided_const(id, name)?)));
        let own = provided
            .filter(|(id, _)| self.fits_type(*id, ty).is_some())
            .map(|(_, c)| c);
        let promised = ty
            .bounds()
            .iter()
            .filter_map(TyBound::local)
            .flat_map(|t| self.promised_consts(t, name, SUPERTRAITS));
        unique(own.chain(promised))
    }

    fn provided_const(&self, id: ImplId, name: &str) -> Option<ConstId> {
        let info = self.impl_info(id);
        let own = info.consts.iter().copied().find(|c| self.constant(*c).hir.name == name);
        let default = || self.declared_const(info.of_trait.as_ref()?.local()?, name);
        own.or_else(|| default().filter(|c| self.constant(*c).hir.value.is_some()))
    }

    fn declared_const(&self, t: TraitId, name: &str) -> Option<ConstId> {
        self.trait_info(t)
            .consts
            .iter()
            .copied()
            .find(|c| self.constant(*c).hir.name == name)
    }

    fn promised_consts(&self, t: TraitId, name: &str, depth: u8) -> Vec<ConstId> {
        if let Some(declared) = self.declared_const(t, name) {
            let impls: Vec<_> = self.impls_of(t).iter().filter(|id| !self.is_forwarding(**id)).collect();
            let found: Vec<ConstId> = impls.iter().filter_map(|id| self.provided_const(**id, name)).collect();
            return if impls.is_empty() { vec![declared] } else { found };
        }
        let Some(depth) = depth.checked_sub(1) else {
            return Vec::new();
        };
        self.supertraits(t)
            .iter()
            .copied()
            .flat_map(|above| self.promised_consts(above, name, depth))
            .collect()
    }

    /// A field's type, the struct's arguments filled in; tuples have "0", "1", …. Looks through `Deref` and guards.
    #[must_use]
    pub fn field(&self, ty: &Ty, name: &str) -> Option<Ty> {
        let mut ty = ty.clone();
        for _ in 0..DEREFS {
            if let Some(found) = self.own_field(&ty, name) {
                return Some(found);
            }
            ty = self.deref(&ty)?;
        }
        None
    }

    /// The type of a struct literal with what its fields' values tell of its parameters: `Traced { query }` is a `Traced<Query>`.
    #[must_use]
    pub fn learn_parameters<'t>(&self, ty: Ty, values: impl Iterator<Item = (&'t str, &'t Ty)>) -> Ty {
        let Ty::Local { id, args } = &ty else { return ty };
        let TypeKind::Struct(item) = self.type_info(*id).kind else {
            return ty;
        };
        if item.generics.is_empty() || args.iter().any(|arg| !matches!(arg, Ty::Unknown | Ty::Param { .. })) {
            return ty;
        }
        let param = |name: &SmolStr| Ty::Param {
            name: name.clone(),
            bounds: Arc::default(),
        };
        let params: Vec<Ty> = item.generics.iter().map(|generic| param(&generic.name)).collect();
        let open = Ty::Local {
            id: *id,
            args: params.clone().into(),
        };
        let mut found = Bindings::new();
        for (name, actual) in values.filter(|(_, actual)| **actual != Ty::Unknown) {
            if let Some(declared) = self.own_field(&open, name) {
                declared.unify(actual, &mut found);
            }
        }
        if found.is_empty() {
            return ty;
        }
        let learnt = params.iter().map(|param| match param.substitute(&found) {
            Ty::Param { .. } => Ty::Unknown,
            known => known,
        });
        Ty::Local {
            id: *id,
            args: learnt.collect::<Vec<_>>().into(),
        }
    }

    fn own_field(&self, ty: &Ty, name: &str) -> Option<Ty> {
        match ty {
            Ty::Tuple(items) => items.get(name.parse::<usize>().ok()?).cloned(),
            Ty::Local { id, .. } => match self.type_info(*id).kind {
                TypeKind::Struct(item) => {
                    let field = item.fields.iter().find(|(own, _)| own == name)?;
                    self.field_types(ty, std::slice::from_ref(field))
                        .pop()
                        .map(|(_, ty)| ty)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// All fields of a struct with their types.
    #[must_use]
    pub fn fields(&self, ty: &Ty) -> Vec<(SmolStr, Ty)> {
        match ty {
            Ty::Local { id, .. } => match self.type_info(*id).kind {
                TypeKind::Struct(item) => self.field_types(ty, &item.fields),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn field_types(&self, of: &Ty, fields: &[(SmolStr, hir::Type)]) -> Vec<(SmolStr, Ty)> {
        let Ty::Local { id, args } = of else { return Vec::new() };
        let scope = self.type_info(*id).scope.clone().bind(self.arguments(*id, args, DEPTH));
        fields
            .iter()
            .map(|(name, ty)| (name.clone(), self.ty(&scope, ty)))
            .collect()
    }

    /// A variant of an enum of the workspace.
    #[must_use]
    pub fn variant(&self, ty: &Ty, name: &str) -> Option<VariantInfo> {
        let Ty::Local { id, .. } = ty else { return None };
        let TypeKind::Enum(item) = self.type_info(*id).kind else {
            return None;
        };
        let variant = item.variants.iter().find(|variant| variant.name == name)?;
        Some(VariantInfo {
            fields: self.field_types(ty, &variant.fields),
            from: variant.from,
        })
    }
}
