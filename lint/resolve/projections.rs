//! Associated types: `Self::Event`, `H::Event`, `<T as Service>::Response`.

use super::ty::{Bindings, Ty, TyBound};
use super::types::NESTING;
use super::{ImplId, Index, Scope};
use crate::source::hir;

impl<'a> Index<'a> {
    /// What `ty::Name` is: from a bound's bindings or from an impl. `Unknown` if impls differ.
    #[must_use]
    pub fn assoc_ty(&self, ty: &Ty, name: &str) -> Ty {
        self.project(ty, None, name, 0)
    }

    /// `<ty as of>::name`. Impls' types are read for one another only so far: each may fan out again.
    pub(super) fn project(&self, ty: &Ty, of: Option<&TyBound>, name: &str, nesting: u8) -> Ty {
        if let Some(bound) = ty.bounds().iter().find_map(|bound| named_by(bound, name)) {
            return bound;
        }
        if nesting >= NESTING {
            return Ty::Unknown;
        }
        let own = self
            .candidates(ty)
            .filter(|id| self.is_impl_of(*id, of))
            .filter_map(|id| {
                let written = self.written_ty(id, name)?;
                Some(self.ty(&self.impl_scope(id, self.fits_type(id, ty)?, nesting + 1), written))
            });
        let promised = ty
            .bounds()
            .iter()
            .filter_map(TyBound::local)
            .flat_map(|t| self.impls_of(t));
        let theirs = promised.filter_map(|id| {
            let written = self.written_ty(*id, name)?;
            Some(self.ty(&self.impl_scope(*id, Bindings::new(), NESTING), written))
        });
        only(own.chain(theirs)).unwrap_or(Ty::Unknown)
    }

    /// `Self::name` in an impl that says what it is: other impls of the same type may say otherwise.
    pub(super) fn written_here(&self, scope: &Scope<'a>, name: &str) -> Option<&'a hir::Type> {
        self.written_ty(scope.impl_?, name)
    }

    /// `type Name = …;` of an impl.
    pub(super) fn written_ty(&self, id: ImplId, name: &str) -> Option<&'a hir::Type> {
        let hir: &'a hir::Impl = self.impl_info(id).hir;
        hir.types.iter().find(|(own, _)| own == name).map(|(_, ty)| ty)
    }

    fn is_impl_of(&self, id: ImplId, of: Option<&TyBound>) -> bool {
        let args_fit = |own: &[Ty], args: &[Ty]| {
            own.iter()
                .zip(args)
                .all(|(own, arg)| own.unify(arg, &mut Bindings::new()))
        };
        match (of, &self.impl_info(id).of_trait) {
            (None, _) => true,
            (
                Some(TyBound::Local { id, args, .. }),
                Some(TyBound::Local {
                    id: own, args: theirs, ..
                }),
            ) => id == own && args_fit(theirs, args),
            (
                Some(TyBound::External { path, args, .. }),
                Some(TyBound::External {
                    path: own,
                    args: theirs,
                    ..
                }),
            ) => path == own && args_fit(theirs, args),
            _ => false,
        }
    }
}

/// The one that all are.
fn only(mut types: impl Iterator<Item = Ty>) -> Option<Ty> {
    let first = types.next()?;
    types.all(|other| other == first).then_some(first)
}

/// `Item = T` of a bound; `Output` of a closure.
fn named_by(bound: &TyBound, name: &str) -> Option<Ty> {
    match bound {
        TyBound::Fn { ret, .. } if name == "Output" => Some((**ret).clone()),
        _ => bound
            .bindings()
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, ty)| ty.clone()),
    }
}
