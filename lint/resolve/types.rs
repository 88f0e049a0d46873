//! From written types to light ones.

use std::sync::Arc;

use smol_str::SmolStr;

use super::names::{Prefix, Space};
use super::ty::{Bindings, Ty, TyBound, Types};
use super::{Def, FnId, Index, Scope, TypeId, TypeKind, external};
use crate::source::hir::{self, Bound, Segment, Type};

/// How deep types are read: aliases of aliases, arguments of arguments.
pub(super) const DEPTH: u8 = 24;

/// How many parameters' bounds and impls' types are read for one another.
pub(super) const NESTING: u8 = 3;

impl<'a> Index<'a> {
    /// The light type that `ty` means in `scope`.
    #[must_use]
    pub fn ty(&self, scope: &Scope<'a>, ty: &Type) -> Ty {
        self.read(scope, ty, DEPTH)
    }

    /// The declared return type; of an `async fn` what awaiting it gives. In a scope with bindings, read `hir.ret` with [`Self::ty`].
    #[must_use]
    pub fn returned(&self, f: FnId) -> Ty {
        let info = self.function(f);
        info.hir.ret.as_ref().map_or(Ty::UNIT, |ret| self.ty(&info.scope, ret))
    }

    /// The declared types of a function's parameters, without the receiver.
    #[must_use]
    pub fn params(&self, f: FnId) -> Vec<Ty> {
        let info = self.function(f);
        info.hir.params.iter().map(|(_, ty)| self.ty(&info.scope, ty)).collect()
    }

    /// The type of which a path's struct literal or pattern is (`Self { … }`, `Envelope::<T> { … }`); for a variant its enum.
    #[must_use]
    pub fn literal_ty(&self, scope: &Scope<'a>, path: &hir::Path) -> Ty {
        match self.resolve_type(scope, path) {
            Def::Variant(id, _) => match &scope.self_ty {
                Some(own @ Ty::Local { id: this, .. }) if *this == id => own.substitute(&scope.bindings),
                _ => Ty::Local { id, args: Types::NONE },
            },
            _ => self.read_path(scope, path, DEPTH),
        }
    }

    pub(super) fn read(&self, scope: &Scope<'a>, ty: &Type, depth: u8) -> Ty {
        let Some(depth) = depth.checked_sub(1) else {
            return Ty::Unknown;
        };
        match ty {
            Type::Path(path) => self.read_path(scope, path, depth),
            Type::Ref { inner, .. } => self.read(scope, inner, depth),
            Type::Tuple(items) => Ty::Tuple(self.read_all(scope, items, depth).into()),
            Type::Slice(item) => Ty::Slice(Arc::new(self.read(scope, item, depth))),
            Type::Fn { params, ret } => Ty::Fn {
                params: self.read_all(scope, params, depth).into(),
                ret: Arc::new(self.read_ret(scope, ret.as_deref(), depth)),
            },
            Type::Bounds(bounds) => Ty::Bounds(self.read_bounds(scope, bounds, depth).into()),
            Type::Never | Type::Infer => Ty::Unknown,
        }
    }

    fn read_all(&self, scope: &Scope<'a>, types: &[Type], depth: u8) -> Vec<Ty> {
        types.iter().map(|ty| self.read(scope, ty, depth)).collect()
    }

    fn read_ret(&self, scope: &Scope<'a>, ret: Option<&Type>, depth: u8) -> Ty {
        ret.map_or(Ty::UNIT, |ret| self.read(scope, ret, depth))
    }

    fn read_bounds(&self, scope: &Scope<'a>, bounds: &[Bound], depth: u8) -> Vec<TyBound> {
        bounds
            .iter()
            .filter_map(|bound| self.read_bound(scope, bound, depth))
            .collect()
    }

    pub(super) fn read_bound(&self, scope: &Scope<'a>, bound: &Bound, depth: u8) -> Option<TyBound> {
        match bound {
            Bound::Trait(path) => self.read_trait(scope, path, depth),
            Bound::Fn { params, ret, is_async } => Some(TyBound::Fn {
                params: self.read_all(scope, params, depth).into(),
                ret: Arc::new(self.read_ret(scope, ret.as_deref(), depth)),
                is_async: *is_async,
            }),
        }
    }

    /// A trait with its arguments and associated types.
    pub(super) fn read_trait(&self, scope: &Scope<'a>, path: &hir::Path, depth: u8) -> Option<TyBound> {
        let depth = depth.checked_sub(1)?;
        let last = path.segments.last()?;
        let args = self.read_all(scope, &last.args, depth).into();
        let bindings = last
            .bindings
            .iter()
            .map(|(name, ty)| (name.clone(), self.read(scope, ty, depth)))
            .collect();
        match self.plain(scope, path, Space::Types)? {
            Prefix {
                def: Def::Trait(id),
                taken,
            } if taken == path.segments.len() => Some(TyBound::Local { id, args, bindings }),
            Prefix {
                def: Def::External(path),
                ..
            } => Some(TyBound::External { path, args, bindings }),
            _ => None,
        }
    }

    pub(super) fn read_path(&self, scope: &Scope<'a>, path: &hir::Path, depth: u8) -> Ty {
        if let Some(qself) = &path.qself {
            return self.read_qualified(scope, qself, path, depth);
        }
        let Some(first) = path.segments.first() else {
            return Ty::Unknown;
        };
        if let [this, own, rest @ ..] = path.segments.as_slice()
            && this.name == "Self"
            && let Some(written) = self.written_here(scope, &own.name)
        {
            return self.project_all(scope, self.read(scope, written, depth), rest);
        }
        if let (Some(ty), false) = (self.read_param(scope, &first.name, depth), path.global) {
            return self.project_all(scope, ty, &path.segments[1..]);
        }
        let Some(prefix) = self.plain(scope, path, Space::Types) else {
            return Ty::Unknown;
        };
        let (taken, rest) = path.segments.split_at(prefix.taken);
        let args = taken
            .last()
            .map(|segment| self.read_all(scope, &segment.args, depth))
            .unwrap_or_default();
        self.project_all(scope, self.of_def(prefix.def, args, depth), rest)
    }

    /// `<T as Trait>::Name`, `<T>::Name`.
    fn read_qualified(&self, scope: &Scope<'a>, qself: &Type, path: &hir::Path, depth: u8) -> Ty {
        let Some((last, of_trait)) = path.segments.split_last() else {
            return Ty::Unknown;
        };
        let base = self.read(scope, qself, depth);
        let of_trait = hir::Path {
            segments: of_trait.to_vec(),
            qself: None,
            global: path.global,
        };
        let of = self.read_trait(scope, &of_trait, depth);
        self.project(&base, of.as_ref(), &last.name, scope.nesting)
    }

    /// `T`, `Self`.
    pub(super) fn read_param(&self, scope: &Scope<'a>, name: &SmolStr, depth: u8) -> Option<Ty> {
        if let Some((_, ty)) = scope.bindings.iter().rev().find(|(bound, _)| bound == name) {
            return Some(ty.clone());
        }
        if name == "Self" {
            return scope.self_ty.as_ref().map(|ty| ty.substitute(&scope.bindings));
        }
        let generic = scope
            .generics
            .iter()
            .rev()
            .flat_map(|generics| generics.iter())
            .find(|generic| generic.name == *name)?;
        let open = Ty::Param {
            name: name.clone(),
            bounds: [].into(),
        };
        if scope.nesting >= NESTING || generic.bounds.is_empty() {
            return Some(open);
        }
        let mut inner = scope.clone().bind(vec![(name.clone(), open)]);
        inner.nesting += 1;
        Some(Ty::Param {
            name: name.clone(),
            bounds: self.read_bounds(&inner, &generic.bounds, depth).into(),
        })
    }

    /// `ty::A::B` as associated types.
    fn project_all(&self, scope: &Scope<'a>, ty: Ty, names: &[Segment]) -> Ty {
        names
            .iter()
            .fold(ty, |ty, segment| self.project(&ty, None, &segment.name, scope.nesting))
    }

    /// The type that a definition is.
    fn of_def(&self, def: Def, args: Vec<Ty>, depth: u8) -> Ty {
        match def {
            Def::Type(id) => self.of_type(id, args, depth),
            Def::External(path) => external::ty(path, args),
            Def::Trait(id) => {
                let bound = TyBound::Local {
                    id,
                    args: args.into(),
                    bindings: Vec::new(),
                };
                Ty::Bounds([bound].into())
            }
            Def::Param(ty) => ty,
            _ => Ty::Unknown,
        }
    }

    fn of_type(&self, id: TypeId, args: Vec<Ty>, depth: u8) -> Ty {
        let Some(depth) = depth.checked_sub(1) else {
            return Ty::Unknown;
        };
        let bindings = self.arguments(id, &args, depth);
        let info = self.type_info(id);
        match info.kind {
            TypeKind::Struct(_) | TypeKind::Enum(_) => Ty::Local {
                id,
                args: bindings.into_iter().map(|(_, ty)| ty).collect(),
            },
            TypeKind::Alias(ty) => self.read(&info.scope.clone().bind(bindings), ty, depth),
        }
    }

    /// A type's parameters with what they stand for: the arguments, then the defaults, as far as there are any.
    pub(super) fn arguments(&self, id: TypeId, args: &[Ty], depth: u8) -> Bindings {
        let info = self.type_info(id);
        let mut scope = Scope::of_module(info.scope.module);
        let mut args = args.iter().cloned();
        for generic in info.scope.generics.iter().flat_map(|generics| generics.iter()) {
            let default = || Some(self.read(&scope, generic.default.as_ref()?, depth));
            match args.next().or_else(default) {
                Some(ty) => scope.bindings.push((generic.name.clone(), ty)),
                None => break,
            }
        }
        scope.bindings
    }

    /// What a path that does not begin with a parameter names.
    pub(super) fn plain(&self, scope: &Scope<'a>, path: &hir::Path, space: Space) -> Option<Prefix> {
        let names: Vec<&str> = path.segments.iter().map(|segment| segment.name.as_str()).collect();
        self.prefix(scope.module, &names, path.global, space)
    }
}
