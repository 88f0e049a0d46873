//! What a path in a function or impl means: names, and what is associated with types.

use smol_str::{SmolStr, format_smolstr};

use super::names::{Prefix, Space};
use super::ty::Ty;
use super::types::DEPTH;
use super::{Def, FnId, Index, ModuleId, Scope};
use crate::source::hir::{Path, Segment, Type};

impl<'a> Index<'a> {
    /// What `path` means in a module: a value if there is one by that name, else a type, trait or module.
    /// In a function or impl ask [`Self::resolve_in`].
    #[must_use]
    pub fn resolve(&self, at: ModuleId, path: &Path) -> Def {
        self.resolve_in(&Scope::of_module(at), path)
    }

    /// What `path` means in a function or impl, with `Self`, type parameters and associated items (`Self::load`, `H::NAME`, `<T as Tr>::f`).
    #[must_use]
    pub fn resolve_in(&self, scope: &Scope<'a>, path: &Path) -> Def {
        match self.resolve_as(scope, path, Space::Values) {
            Def::Unknown => self.resolve_as(scope, path, Space::Types),
            def => def,
        }
    }

    /// As [`Self::resolve_in`], for a path in the position of a type or of a struct literal.
    #[must_use]
    pub fn resolve_type(&self, scope: &Scope<'a>, path: &Path) -> Def {
        self.resolve_as(scope, path, Space::Types)
    }

    fn resolve_as(&self, scope: &Scope<'a>, path: &Path, space: Space) -> Def {
        if let Some(qself) = &path.qself {
            return self.qualified(scope, qself, path);
        }
        let Some(first) = path.segments.first() else {
            return Def::Unknown;
        };
        let is_type = space == Space::Types || path.segments.len() > 1 || first.name == "Self";
        if let (true, Some(ty)) = (is_type && !path.global, self.read_param(scope, &first.name, DEPTH)) {
            return self.associated(ty, &path.segments[1..]);
        }
        let Some(prefix) = self.plain(scope, path, space) else {
            return Def::Unknown;
        };
        self.beyond(scope, path, prefix)
    }

    /// What comes of a prefix that names a type or trait when more segments follow.
    fn beyond(&self, scope: &Scope<'a>, path: &Path, prefix: Prefix) -> Def {
        let rest = &path.segments[prefix.taken..];
        match (prefix.def, rest) {
            (def, []) => def,
            (Def::Trait(id), [item]) => self
                .declared_in(id, &item.name)
                .unwrap_or_else(|| Def::Assoc(Ty::of_trait(id), item.name.clone())),
            (Def::Type(_), _) => {
                let of_type = Path {
                    segments: path.segments[..prefix.taken].to_vec(),
                    qself: None,
                    global: path.global,
                };
                self.associated(self.ty(scope, &Type::Path(of_type)), rest)
            }
            _ => Def::Unknown,
        }
    }

    /// `ty::name`, `ty::Name::name`.
    fn associated(&self, ty: Ty, rest: &[Segment]) -> Def {
        match rest {
            [] => match ty {
                Ty::Local { id, .. } => Def::Type(id),
                Ty::External { path, .. } => Def::External(path),
                ty => Def::Param(ty),
            },
            [item] => self.associated_item(ty, &item.name),
            [first, rest @ ..] => self.associated(self.assoc_ty(&ty, &first.name), rest),
        }
    }

    fn associated_item(&self, ty: Ty, name: &SmolStr) -> Def {
        if let Ty::Local { id, .. } = ty
            && self.has_variant(id, name)
        {
            return Def::Variant(id, name.clone());
        }
        match (
            self.assoc_fn(&ty, name).as_slice(),
            self.assoc_const(&ty, name).as_slice(),
            &ty,
        ) {
            ([f], _, _) => Def::Fn(*f),
            ([], [c], _) => Def::Const(*c),
            ([], [], Ty::External { path, .. }) => Def::External(format_smolstr!("{path}::{name}")),
            ([], [], Ty::Unknown) => Def::Unknown,
            _ => Def::Assoc(ty, name.clone()),
        }
    }

    /// `<T as Trait>::name`: what `T` itself has, else the trait's.
    fn qualified(&self, scope: &Scope<'a>, qself: &Type, path: &Path) -> Def {
        let Some((item, of_trait)) = path.segments.split_last() else {
            return Def::Unknown;
        };
        let ty = self.ty(scope, qself);
        if of_trait.is_empty() {
            return self.associated_item(ty, &item.name);
        }
        let of_trait = Path {
            segments: of_trait.to_vec(),
            qself: None,
            global: path.global,
        };
        match self.resolve_type(scope, &of_trait) {
            Def::External(path) if self.assoc_fn(&ty, &item.name).is_empty() => {
                Def::External(format_smolstr!("{path}::{}", item.name))
            }
            Def::Trait(id) if ty == Ty::Unknown => self.declared_in(id, &item.name).unwrap_or(Def::Unknown),
            _ => self.associated_item(ty, &item.name),
        }
    }

    /// The declaration in a trait, of a function or constant.
    fn declared_in(&self, id: super::TraitId, name: &str) -> Option<Def> {
        let info = self.trait_info(id);
        let function = info.functions.iter().find(|f| self.function(**f).hir.name == name);
        let constant = || info.consts.iter().find(|c| self.constant(**c).hir.name == name);
        function
            .map(|f| Def::Fn(*f))
            .or_else(|| constant().map(|c| Def::Const(*c)))
    }

    /// The scope of `f`, called on a receiver or through a type `self_ty`: its impl's parameters and `Self` are bound.
    #[must_use]
    pub fn scope_for(&self, f: FnId, self_ty: &Ty) -> Scope<'a> {
        let mut scope = self.function(f).scope.clone();
        if let Some(id) = scope.impl_ {
            let mut found = Vec::new();
            self.impl_info(id).self_ty.unify(self_ty, &mut found);
            found.retain(|(_, ty)| *ty != Ty::Unknown);
            return scope.bind(found);
        }
        if scope.trait_.is_some() && *self_ty != Ty::Unknown {
            scope.self_ty = Some(self_ty.clone());
        }
        scope
    }
}
