//! Light types: as much of a type as signatures, fields and annotations show.

use std::ops::Deref;
use std::sync::Arc;

use smol_str::SmolStr;

use super::{TraitId, TypeId};

/// A type without references and owning pointers.
///
/// `&T`, `&mut T`, `*const T`, `Box<T>`, `Arc<T>`, `Rc<T>`, `Cow<T>` and `Pin<T>` are all `T`; aliases are expanded; `()` and `!`
/// are [`Ty::UNIT`] and [`Ty::Unknown`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ty {
    /// A struct or enum of the workspace.
    Local {
        id: TypeId,
        args: Types,
    },
    /// A type of another crate by its path as written, after imports and renames. `core::` and `alloc::` are spelled `std::`,
    /// names of the prelude in full (`std::option::Option`), primitive types by their name alone (`u8`, `str`).
    External {
        path: SmolStr,
        args: Types,
    },
    Tuple(Types),
    /// `[T]`, `[T; n]`.
    Slice(Arc<Ty>),
    /// `fn(A) -> B`.
    Fn {
        params: Types,
        ret: Arc<Ty>,
    },
    /// A type parameter that nothing is bound to; `Self` in a trait.
    Param {
        name: SmolStr,
        bounds: Arc<[TyBound]>,
    },
    /// `impl A + B`, `dyn A + B`.
    Bounds(Arc<[TyBound]>),
    Unknown,
}

/// What a parameter, an `impl` or a `dyn` type promises.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TyBound {
    Local {
        id: TraitId,
        args: Types,
        bindings: Bindings,
    },
    External {
        path: SmolStr,
        args: Types,
        bindings: Bindings,
    },
    Fn {
        params: Types,
        ret: Arc<Ty>,
        is_async: bool,
    },
}

/// Types by the name of a parameter or of an associated type.
pub type Bindings = Vec<(SmolStr, Ty)>;

/// Types in a row. Types are copied far more often than they are made: the copies share what they hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Types(Option<Arc<[Ty]>>);

impl Types {
    /// No types.
    pub const NONE: Self = Self(None);
}

impl Deref for Types {
    type Target = [Ty];

    fn deref(&self) -> &[Ty] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl From<Vec<Ty>> for Types {
    fn from(types: Vec<Ty>) -> Self {
        Self((!types.is_empty()).then(|| types.into()))
    }
}

impl FromIterator<Ty> for Types {
    fn from_iter<I: IntoIterator<Item = Ty>>(types: I) -> Self {
        types.into_iter().collect::<Vec<_>>().into()
    }
}

impl<'a> IntoIterator for &'a Types {
    type Item = &'a Ty;
    type IntoIter = std::slice::Iter<'a, Ty>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Ty {
    /// `()`.
    pub const UNIT: Self = Self::Tuple(Types::NONE);

    /// An external type.
    #[must_use]
    pub fn external(path: &str, args: Vec<Self>) -> Self {
        Self::External {
            path: path.into(),
            args: args.into(),
        }
    }

    /// `Result<ok, err>`.
    #[must_use]
    pub fn result(ok: Self, err: Self) -> Self {
        Self::external("std::result::Result", vec![ok, err])
    }

    /// What a trait of the workspace promises, and nothing else.
    #[must_use]
    pub fn of_trait(id: TraitId) -> Self {
        let bound = TyBound::Local {
            id,
            args: Types::NONE,
            bindings: Bindings::new(),
        };
        Self::Bounds([bound].into())
    }

    /// The path and arguments of an external type.
    #[must_use]
    pub fn as_external(&self) -> Option<(&str, &[Self])> {
        match self {
            Self::External { path, args } => Some((path, args)),
            _ => None,
        }
    }

    /// What stands for its parameters.
    #[must_use]
    pub fn arguments(&self) -> &[Self] {
        match self {
            Self::External { args, .. } | Self::Local { args, .. } => args,
            _ => &[],
        }
    }

    /// Arguments of the external type `path`, if that is what it is.
    #[must_use]
    pub fn args_of(&self, path: &str) -> Option<&[Self]> {
        self.as_external().filter(|(own, _)| *own == path).map(|(_, args)| args)
    }

    /// The bounds of a parameter, `impl` or `dyn` type; empty for all others.
    #[must_use]
    pub fn bounds(&self) -> &[TyBound] {
        match self {
            Self::Param { bounds, .. } | Self::Bounds(bounds) => bounds,
            _ => &[],
        }
    }

    /// The type with parameters replaced.
    #[must_use]
    pub fn substitute(&self, with: &[(SmolStr, Self)]) -> Self {
        if with.is_empty() {
            return self.clone();
        }
        match self {
            Self::Param { name, bounds } => with.iter().find(|(param, _)| param == name).map_or_else(
                || Self::Param {
                    name: name.clone(),
                    bounds: each_bound(bounds, with),
                },
                |(_, ty)| ty.clone(),
            ),
            Self::Local { id, args } => Self::Local {
                id: *id,
                args: each(args, with),
            },
            Self::External { path, args } => Self::External {
                path: path.clone(),
                args: each(args, with),
            },
            Self::Tuple(items) => Self::Tuple(each(items, with)),
            Self::Slice(item) => Self::Slice(Arc::new(item.substitute(with))),
            Self::Fn { params, ret } => Self::Fn {
                params: each(params, with),
                ret: Arc::new(ret.substitute(with)),
            },
            Self::Bounds(bounds) => Self::Bounds(each_bound(bounds, with)),
            Self::Unknown => Self::Unknown,
        }
    }

    /// A type of the workspace with the arguments that `other` names, where that is the same type and says more: `Queue::new()` is a
    /// `Queue` of anything, and a function that gives it as `Queue<Orders>` says of what. `None` where it does not say more.
    #[must_use]
    pub fn told_by(&self, other: &Self) -> Option<Self> {
        let (Self::Local { id, args: own }, Self::Local { id: same, args: told }) = (self, other) else {
            return None;
        };
        let is_open = |ty: &Self| matches!(ty, Self::Unknown | Self::Param { .. });
        let at = |i: usize| match (own.get(i), &told[i]) {
            (Some(own), told) if is_open(told) || !is_open(own) => own.clone(),
            (_, told) => told.clone(),
        };
        let args: Types = (0..told.len()).map(at).collect();
        (id == same && own.len() <= told.len() && args != *own).then_some(Self::Local { id: *id, args })
    }

    /// Whether `self`, a type with parameters, can be `actual`; what its parameters then are is added to `found`.
    ///
    /// Says yes where it cannot know. Bounds are not looked at ([`super::Index::implements`] does).
    pub fn unify(&self, actual: &Self, found: &mut Bindings) -> bool {
        match (self, actual) {
            (Self::Param { name, bounds }, _) => bind(name, actual, found) && unify_bounds(bounds, actual, found),
            (
                Self::Local { id, args },
                Self::Local {
                    id: other,
                    args: others,
                },
            ) => id == other && unify_all(args, others, found),
            (
                Self::External { path, args },
                Self::External {
                    path: other,
                    args: others,
                },
            ) => path == other && unify_all(args, others, found),
            (Self::Tuple(items), Self::Tuple(others)) => items.len() == others.len() && unify_all(items, others, found),
            (Self::Slice(item), Self::Slice(other)) => item.unify(other, found),
            (Self::Slice(item), Self::External { path, args }) if path == "std::vec::Vec" => {
                args.first().is_none_or(|arg| item.unify(arg, found))
            }
            (
                Self::Fn { params, ret },
                Self::Fn {
                    params: others,
                    ret: other,
                },
            ) => params.len() == others.len() && unify_all(params, others, found) && ret.unify(other, found),
            (Self::Bounds(bounds), _) => unify_bounds(bounds, actual, found),
            (Self::Unknown, _) | (_, Self::Unknown | Self::Param { .. } | Self::Bounds(_)) => true,
            _ => false,
        }
    }
}

impl TyBound {
    /// The associated types that the bound names.
    #[must_use]
    pub fn bindings(&self) -> &[(SmolStr, Ty)] {
        match self {
            Self::Local { bindings, .. } | Self::External { bindings, .. } => bindings,
            Self::Fn { .. } => &[],
        }
    }

    /// The trait of the workspace.
    #[must_use]
    pub const fn local(&self) -> Option<TraitId> {
        match self {
            Self::Local { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The path of a trait of another crate.
    #[must_use]
    pub fn external(&self) -> Option<&str> {
        match self {
            Self::External { path, .. } => Some(path),
            _ => None,
        }
    }

    /// The bound with parameters replaced.
    #[must_use]
    pub fn substitute(&self, with: &[(SmolStr, Ty)]) -> Self {
        match self {
            Self::Local { id, args, bindings } => Self::Local {
                id: *id,
                args: each(args, with),
                bindings: each_binding(bindings, with),
            },
            Self::External { path, args, bindings } => Self::External {
                path: path.clone(),
                args: each(args, with),
                bindings: each_binding(bindings, with),
            },
            Self::Fn { params, ret, is_async } => Self::Fn {
                params: each(params, with),
                ret: Arc::new(ret.substitute(with)),
                is_async: *is_async,
            },
        }
    }
}

fn each(types: &[Ty], with: &[(SmolStr, Ty)]) -> Types {
    types.iter().map(|ty| ty.substitute(with)).collect()
}

fn each_bound(bounds: &[TyBound], with: &[(SmolStr, Ty)]) -> Arc<[TyBound]> {
    bounds.iter().map(|bound| bound.substitute(with)).collect()
}

fn each_binding(bindings: &[(SmolStr, Ty)], with: &[(SmolStr, Ty)]) -> Bindings {
    bindings
        .iter()
        .map(|(name, ty)| (name.clone(), ty.substitute(with)))
        .collect()
}

/// The first binding that says something stays; a later one has to agree with it.
fn bind(name: &SmolStr, actual: &Ty, found: &mut Bindings) -> bool {
    match found.iter().position(|(param, _)| param == name) {
        None => found.push((name.clone(), actual.clone())),
        Some(at) if found[at].1 == Ty::Unknown => found[at].1 = actual.clone(),
        Some(at) => return found[at].1.clone().unify(actual, &mut Vec::new()),
    }
    true
}

fn unify_all(patterns: &[Ty], actuals: &[Ty], found: &mut Bindings) -> bool {
    patterns
        .iter()
        .zip(actuals)
        .all(|(pattern, actual)| pattern.unify(actual, found))
}

/// Learns from closures and associated types; a bound never refuses here.
fn unify_bounds(bounds: &[TyBound], actual: &Ty, found: &mut Bindings) -> bool {
    for bound in bounds {
        match (bound, actual) {
            (
                TyBound::Fn { params, ret, .. },
                Ty::Fn {
                    params: others,
                    ret: other,
                },
            ) => {
                unify_all(params, others, found);
                ret.unify(other, found);
            }
            (_, Ty::Bounds(others) | Ty::Param { bounds: others, .. }) => {
                others.iter().for_each(|other| unify_bound(bound, other, found));
            }
            _ => {}
        }
    }
    true
}

fn unify_bound(bound: &TyBound, other: &TyBound, found: &mut Bindings) {
    if let (
        TyBound::Fn { params, ret, .. },
        TyBound::Fn {
            params: others,
            ret: other,
            ..
        },
    ) = (bound, other)
    {
        unify_all(params, others, found);
        ret.unify(other, found);
    }
    for (name, ty) in bound.bindings() {
        for (_, actual) in other.bindings().iter().filter(|(own, _)| own == name) {
            ty.unify(actual, found);
        }
    }
}
