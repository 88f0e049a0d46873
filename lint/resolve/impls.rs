//! Impls: what they are of, and which of them a type has.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::collect::Builder;
use super::ty::{Bindings, Ty, TyBound};
use super::{FnId, ImplId, Index, Scope, TraitId, TypeId, external};

/// How far impls lead to other impls: `impl<T: A> B for T`, `impl<T: B> C for T`, ….
const DEPTH: u8 = 4;

/// How deep the types of an impl's head are read.
const HEAD_DEPTH: u8 = 16;

/// Impls by what they are of.
#[derive(Debug, Default)]
pub(super) struct Impls {
    by_head: FxHashMap<Head, Vec<ImplId>>,
    /// `impl<T: …> Trait for T`.
    blanket: Vec<ImplId>,
    by_trait: FxHashMap<TraitId, Vec<ImplId>>,
    by_external: FxHashMap<SmolStr, Vec<ImplId>>,
    /// The impls that provide a function of a name, in order.
    by_function: FxHashMap<SmolStr, Vec<ImplId>>,
}

/// The outermost constructor of a type: what an impl is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Head {
    Local(TypeId),
    External(SmolStr),
    Dyn(TraitId),
    Tuple,
    Slice,
    Fn,
}

impl Head {
    /// `None` for a type that any impl may be of.
    pub(super) fn of(ty: &Ty) -> Option<Self> {
        Some(match ty {
            Ty::Local { id, .. } => Self::Local(*id),
            Ty::External { path, .. } => Self::External(path.clone()),
            Ty::Tuple(_) => Self::Tuple,
            Ty::Slice(_) => Self::Slice,
            Ty::Fn { .. } => Self::Fn,
            Ty::Bounds(bounds) => Self::Dyn(bounds.iter().find_map(TyBound::local)?),
            Ty::Param { .. } | Ty::Unknown => return None,
        })
    }
}

impl Builder<'_> {
    /// Reads what each impl is of, and passes it on to the items in it.
    pub(super) fn read_impls(&mut self) {
        for number in 0..self.index.impls.len() {
            let info = &self.index.impls[number];
            let self_ty = self.index.read(&info.scope, &info.hir.self_ty, HEAD_DEPTH);
            let mut scope = info.scope.clone();
            scope.self_ty = Some(self_ty.clone());
            let of_trait = info
                .hir
                .of_trait
                .as_ref()
                .and_then(|path| self.index.read_trait(&scope, path, HEAD_DEPTH));
            self.set_impl(ImplId(number as u32), self_ty, of_trait);
        }
    }

    fn set_impl(&mut self, id: ImplId, self_ty: Ty, of_trait: Option<TyBound>) {
        self.file_impl(id, &self_ty, of_trait.as_ref());
        self.file_functions(id, of_trait.as_ref().and_then(TyBound::local));
        let info = &mut self.index.impls[id.0 as usize];
        for f in &info.functions {
            let function = &mut self.index.fns[f.0 as usize];
            function.scope.self_ty = Some(self_ty.clone());
            function.of_trait.clone_from(&of_trait);
        }
        for c in &info.consts {
            self.index.consts[c.0 as usize].scope.self_ty = Some(self_ty.clone());
        }
        info.scope.self_ty = Some(self_ty.clone());
        (info.self_ty, info.of_trait) = (self_ty, of_trait);
    }

    fn file_functions(&mut self, id: ImplId, of: Option<TraitId>) {
        let Index {
            impls,
            traits,
            fns,
            impl_lists,
            ..
        } = &mut self.index;
        let default = of.map(|of| &traits[of.0 as usize].functions);
        for f in impls[id.0 as usize]
            .functions
            .iter()
            .chain(default.into_iter().flatten())
        {
            let name = &fns[f.0 as usize].hir.name;
            let list = impl_lists.by_function.entry(name.clone()).or_default();
            if list.last() != Some(&id) {
                list.push(id);
            }
        }
    }

    fn file_impl(&mut self, id: ImplId, self_ty: &Ty, of_trait: Option<&TyBound>) {
        let impls = &mut self.index.impl_lists;
        match (Head::of(self_ty), self_ty) {
            (Some(head), _) => impls.by_head.entry(head).or_default().push(id),
            (None, Ty::Param { .. }) => impls.blanket.push(id),
            (None, _) => {}
        }
        match of_trait {
            Some(TyBound::Local { id: of, .. }) => impls.by_trait.entry(*of).or_default().push(id),
            Some(TyBound::External { path, .. }) => impls.by_external.entry(path.clone()).or_default().push(id),
            _ => {}
        }
    }
}

impl Builder<'_> {
    /// Reads which traits of the workspace each trait requires.
    pub(super) fn read_supertraits(&mut self) {
        for number in 0..self.index.traits.len() {
            let info = &self.index.traits[number];
            let scope = Scope::of_module(info.scope.module);
            let bounds = info
                .hir
                .bounds
                .iter()
                .filter_map(|bound| self.index.read_bound(&scope, bound, HEAD_DEPTH));
            let supertraits = bounds.filter_map(|bound| bound.local()).collect();
            self.index.traits[number].supertraits = supertraits;
        }
    }
}

impl<'a> Index<'a> {
    /// Impls of a trait of the workspace.
    #[must_use]
    pub fn impls_of(&self, t: TraitId) -> &[ImplId] {
        self.impl_lists.by_trait.get(&t).map_or(&[], Vec::as_slice)
    }

    /// Impls of a trait of another crate, by its path as the workspace spells it.
    #[must_use]
    pub fn impls_external(&self, trait_path: &str) -> &[ImplId] {
        self.impl_lists.by_external.get(trait_path).map_or(&[], Vec::as_slice)
    }

    /// Whether a type has a trait, as far as it can be told: what another crate may implement or a macro derive is taken for granted.
    #[must_use]
    pub fn implements(&self, ty: &Ty, bound: &TyBound) -> bool {
        self.implements_at(ty, bound, DEPTH)
    }

    pub(super) fn implements_at(&self, ty: &Ty, bound: &TyBound, depth: u8) -> bool {
        match (bound, ty) {
            (_, Ty::Unknown) | (TyBound::External { .. }, _) => true,
            (TyBound::Fn { .. }, Ty::Fn { .. }) => true,
            (TyBound::Fn { .. }, _) => ty.bounds().iter().any(|own| matches!(own, TyBound::Fn { .. })),
            (TyBound::Local { id, .. }, _) => {
                self.has_bound(ty, *id, depth)
                    || depth > 0 && self.impls_of(*id).iter().any(|i| self.grants(*i, ty, depth - 1))
            }
        }
    }

    /// Whether an impl is of `ty`. A parameter is no type in particular, so only an impl for all types is of it.
    fn grants(&self, id: ImplId, ty: &Ty, depth: u8) -> bool {
        let is_particular = !matches!(self.impl_info(id).self_ty, Ty::Param { .. });
        !(is_particular && matches!(ty, Ty::Param { .. } | Ty::Bounds(_))) && self.fits(id, ty, depth).is_some()
    }

    /// Whether a parameter, `impl` or `dyn` type promises the trait, also by a supertrait.
    fn has_bound(&self, ty: &Ty, of: TraitId, depth: u8) -> bool {
        ty.bounds()
            .iter()
            .filter_map(TyBound::local)
            .any(|own| self.is_or_extends(own, of, depth))
    }

    pub(super) fn is_or_extends(&self, own: TraitId, of: TraitId, depth: u8) -> bool {
        own == of
            || depth > 0
                && self
                    .supertraits(own)
                    .iter()
                    .any(|above| self.is_or_extends(*above, of, depth - 1))
    }

    /// The traits of the workspace that a trait's implementors have as well.
    pub(super) fn supertraits(&self, t: TraitId) -> &[TraitId] {
        &self.trait_info(t).supertraits
    }

    /// What an impl's parameters are if it is of `ty`; `None` if it is not.
    pub(super) fn fits(&self, id: ImplId, ty: &Ty, depth: u8) -> Option<Bindings> {
        let pattern = &self.impl_info(id).self_ty;
        let mut found = Vec::new();
        let is_bounded = |bound: &TyBound| self.implements_at(ty, bound, depth);
        let fits = match pattern {
            Ty::Unknown => false,
            Ty::Param { bounds, .. } => !self.is_forwarding(id) && bounds.iter().all(is_bounded),
            _ => true,
        };
        (fits && pattern.unify(ty, &mut found)).then_some(found)
    }

    /// `impl<T: Trait> Trait for Arc<T>` only passes calls on: pointers are no types of their own here.
    pub(super) fn is_forwarding(&self, id: ImplId) -> bool {
        let info = self.impl_info(id);
        let of = info.of_trait.as_ref().and_then(TyBound::local);
        of.is_some_and(|of| info.self_ty.bounds().iter().any(|bound| bound.local() == Some(of)))
    }

    /// Impls that `ty` may have, in the order of the source; those for all types of some kind come last.
    pub(super) fn candidates(&self, ty: &Ty) -> impl Iterator<Item = ImplId> {
        let lists = &self.impl_lists;
        let own = Head::of(ty)
            .and_then(|head| lists.by_head.get(&head))
            .into_iter()
            .flatten();
        let is_vec = ty.args_of("std::vec::Vec").is_some();
        let slice = lists.by_head.get(&Head::Slice).filter(|_| is_vec).into_iter().flatten();
        let blanket = lists.blanket.iter().filter(|_| *ty != Ty::Unknown);
        own.chain(slice).chain(blanket).copied()
    }

    /// Of these, the ones that may have a function of this name: what the type has itself comes before what all types of a kind have.
    pub(super) fn candidates_with(&self, ty: &Ty, name: &str) -> impl Iterator<Item = ImplId> {
        let having = self.impl_lists.by_function.get(name).map_or(&[][..], Vec::as_slice);
        let all = (!having.is_empty()).then(|| self.candidates(ty));
        let own = !having.is_empty() && external::has_method(ty, name);
        let is_blanket = |id: &ImplId| matches!(self.impl_info(*id).self_ty, Ty::Param { .. });
        all.into_iter()
            .flatten()
            .filter(|id| having.binary_search(id).is_ok())
            .filter(move |id| !(own && is_blanket(id)))
    }

    /// What an impl's parameters are if it is of `ty`; `None` if it is not.
    pub(super) fn fits_type(&self, id: ImplId, ty: &Ty) -> Option<Bindings> {
        self.fits(id, ty, DEPTH)
    }

    /// The scope of an impl with its parameters bound.
    pub(super) fn impl_scope(&self, id: ImplId, bindings: Bindings, nesting: u8) -> Scope<'a> {
        let mut scope = self.impl_info(id).scope.clone().bind(bindings);
        scope.nesting = nesting;
        scope
    }

    /// The function of an impl by that name, else its trait's default.
    pub(super) fn provided(&self, id: ImplId, name: &str) -> Option<FnId> {
        let info = self.impl_info(id);
        let own = info
            .functions
            .iter()
            .copied()
            .find(|f| self.function(*f).hir.name == name);
        own.or_else(|| self.default_body(info.of_trait.as_ref()?.local()?, name))
    }

    fn default_body(&self, t: TraitId, name: &str) -> Option<FnId> {
        self.declared_fn(t, name)
            .filter(|f| self.function(*f).hir.body.is_some())
    }

    pub(super) fn declared_fn(&self, t: TraitId, name: &str) -> Option<FnId> {
        self.trait_info(t)
            .functions
            .iter()
            .copied()
            .find(|f| self.function(*f).hir.name == name)
    }

    /// The implementations of a trait's function; its default body too if an implementor uses it.
    #[must_use]
    pub fn implementations(&self, f: FnId) -> Vec<FnId> {
        let info = self.function(f);
        let Some(t) = info.scope.trait_ else { return Vec::new() };
        let impls = self.impls_of(t).iter().filter(|id| !self.is_forwarding(**id));
        unique(impls.filter_map(|id| self.provided(*id, &info.hir.name)))
    }

    /// The declaration in a trait of the workspace that a function of an impl fulfils (its attributes count for all).
    #[must_use]
    pub fn declaration(&self, f: FnId) -> Option<FnId> {
        let info = self.function(f);
        info.scope.impl_?;
        self.declared_fn(info.of_trait.as_ref()?.local()?, &info.hir.name)
    }

    /// What a `Deref` impl or a guard (`MutexGuard<T>`, `web::Data<T>`) gives.
    #[must_use]
    pub fn deref(&self, ty: &Ty) -> Option<Ty> {
        if let Some(inner) = external::deref(ty) {
            return Some(inner.clone());
        }
        let impls = self.impls_external("std::ops::Deref").iter();
        let (id, found) = impls.filter_map(|id| Some((*id, self.fits(*id, ty, DEPTH)?))).next()?;
        let (_, target) = self.impl_info(id).hir.types.iter().find(|(name, _)| name == "Target")?;
        Some(self.ty(&self.impl_scope(id, found, 0), target)).filter(|target| target != ty && *target != Ty::Unknown)
    }

    /// Without `Mutex`, `RwLock`, cells, guards and `Deref` around it.
    #[must_use]
    pub fn peel(&self, ty: &Ty) -> Ty {
        let mut ty = ty.clone();
        for _ in 0..8 {
            let inner = external::held(&ty).cloned().or_else(|| self.deref(&ty));
            match inner {
                Some(inner) => ty = inner,
                None => break,
            }
        }
        ty
    }

    pub(super) fn has_variant(&self, id: TypeId, name: &str) -> bool {
        match self.type_info(id).kind {
            super::TypeKind::Enum(item) => item.variants.iter().any(|variant| variant.name == name),
            _ => false,
        }
    }
}

/// In order, each once.
pub(super) fn unique<T: Copy + PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for item in items {
        if !found.contains(&item) {
            found.push(item);
        }
    }
    found
}
