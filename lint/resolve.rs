//! What names and types mean, without a compiler: an index of a workspace, and questions to it.
//!
//! The index is built once from parsed files ([`Index::build`]), borrows them, and never changes afterwards. It knows modules,
//! imports (renames, globs, re-exports, also across the crates of the workspace), items, impls, and types as far as signatures,
//! fields and annotations show them ([`Ty`]). It infers nothing inside bodies: that is `lower`'s work, which asks here.
//!
//! What it cannot know it calls `Unknown`; it never guesses. Answers of several things come in the order of the source
//! (crates as given, then files, then lines), so that they are the same on every run.
//!
//! A file that two targets declare as a module (`mod config;` in both `main.rs` and `lib.rs`) is one module, that of the first.

mod input;
mod ty;

use smol_str::SmolStr;

pub use input::{CrateInput, CrateKind, Dependency, FileInput};
pub use ty::{Bindings, Ty, TyBound};

use crate::source::hir;
use crate::span::FileId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
    )*};
}

ids! {
    /// A target of a package.
    CrateId
    /// A module; a function body with items in it is one too.
    ModuleId
    /// A function with or without a body: free, in an impl, or in a trait.
    FnId
    /// A struct, an enum or an alias.
    TypeId
    TraitId
    /// A constant or static, free or associated.
    ConstId
    ImplId
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Def {
    Module(ModuleId),
    Fn(FnId),
    /// A struct, enum or alias; as a value the constructor of a tuple or unit struct.
    Type(TypeId),
    Variant(TypeId, SmolStr),
    Trait(TraitId),
    Const(ConstId),
    /// A type parameter, or `Self` where it is not a type of the workspace.
    Param(Ty),
    /// `T::name` where it has several meanings or none that can be told from the path: ask [`Index::assoc_fn`] and
    /// [`Index::assoc_const`], which fan out.
    Assoc(Ty, SmolStr),
    /// Something of another crate, spelled as in [`Ty::External`]: `rdkafka::consumer::StreamConsumer`, `sqlx::query`.
    External(SmolStr),
    Unknown,
}

/// Where a name or type is written: a module, and the `Self` and the parameters that are in scope.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    pub module: ModuleId,
    /// In an impl or trait.
    pub self_ty: Option<Ty>,
    pub impl_: Option<ImplId>,
    pub trait_: Option<TraitId>,
    /// What parameters stand for here; see [`Scope::bind`].
    pub bindings: Bindings,
    /// Of the impl or trait, then of the function.
    pub generics: Vec<&'a [hir::Generic]>,
}

/// A function and where it stands.
#[derive(Debug, Clone)]
pub struct FnInfo<'a> {
    pub hir: &'a hir::Function,
    pub krate: CrateId,
    pub file: FileId,
    /// For everything written in the signature and in the body. Its module is the body's own if there are items in it.
    pub scope: Scope<'a>,
    /// The trait that the function implements or is declared in.
    pub of_trait: Option<TyBound>,
    /// `krate::module::Type::name`; in a trait `krate::module::Trait::name`.
    pub path: SmolStr,
}

/// A constant and where it stands.
#[derive(Debug, Clone)]
pub struct ConstInfo<'a> {
    pub hir: &'a hir::Const,
    pub krate: CrateId,
    pub file: FileId,
    pub scope: Scope<'a>,
    pub path: SmolStr,
}

/// An impl and what it is of.
#[derive(Debug, Clone)]
pub struct ImplInfo<'a> {
    pub hir: &'a hir::Impl,
    pub file: FileId,
    pub scope: Scope<'a>,
    pub self_ty: Ty,
    pub of_trait: Option<TyBound>,
    pub functions: Vec<FnId>,
    pub consts: Vec<ConstId>,
}

/// A trait of the workspace.
#[derive(Debug, Clone)]
pub struct TraitInfo<'a> {
    pub hir: &'a hir::Trait,
    pub scope: Scope<'a>,
    pub functions: Vec<FnId>,
    pub consts: Vec<ConstId>,
    pub path: SmolStr,
}

/// A struct, enum or alias of the workspace.
#[derive(Debug, Clone)]
pub struct TypeInfo<'a> {
    pub kind: TypeKind<'a>,
    pub scope: Scope<'a>,
    pub path: SmolStr,
}

/// What declares a type.
#[derive(Debug, Clone, Copy)]
pub enum TypeKind<'a> {
    Struct(&'a hir::Struct),
    Enum(&'a hir::Enum),
    Alias(&'a hir::Type),
}

/// A variant with the types of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantInfo {
    /// A tuple variant's fields are named "0", "1", ….
    pub fields: Vec<(SmolStr, Ty)>,
    /// `?` makes it of its field's type (`#[from]`).
    pub from: bool,
}

/// How a value becomes one of another type in `?`, `.into()` or `T::from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conversion {
    /// `From::from` or `Into::into` of an impl in the workspace.
    Fn(FnId),
    /// A variant with `#[from]`.
    Variant(TypeId, SmolStr),
}

/// A workspace's names, items and impls.
#[derive(Debug)]
pub struct Index<'a> {
    fns: Vec<FnInfo<'a>>,
}

#[allow(unused_variables, clippy::todo, missing_docs, clippy::missing_panics_doc)]
impl<'a> Index<'a> {
    /// Indexes `files`. The crates' roots and their `mod` items say which module each file is; a file that none of them reaches
    /// becomes a module by its path.
    pub fn build(crates: &[CrateInput], files: &[FileInput<'a>]) -> Self {
        todo!()
    }
    /// What `path` means in a module: a value if there is one by that name, else a type, trait or module. Prefer [`Self::resolve_in`].
    pub fn resolve(&self, at: ModuleId, path: &hir::Path) -> Def {
        todo!()
    }
    /// What `path` means in a function or impl, with `Self`, type parameters and associated items (`Self::load`, `H::NAME`, `<T as Tr>::f`).
    pub fn resolve_in(&self, scope: &Scope<'a>, path: &hir::Path) -> Def {
        todo!()
    }
    /// As [`Self::resolve_in`], for a path in the position of a type or of a struct literal.
    pub fn resolve_type(&self, scope: &Scope<'a>, path: &hir::Path) -> Def {
        todo!()
    }
    /// The light type that `ty` means in `scope`.
    pub fn ty(&self, scope: &Scope<'a>, ty: &hir::Type) -> Ty {
        todo!()
    }
    /// The type that a path of a struct literal or pattern makes (`Self { … }`, `Envelope::<T> { … }`); for a variant its enum.
    pub fn literal_ty(&self, scope: &Scope<'a>, path: &hir::Path) -> Ty {
        todo!()
    }
    /// Return type as declared (of an `async fn` what awaiting it gives; see `hir.is_async`).
    pub fn returned(&self, f: FnId) -> Ty {
        todo!()
    }
    pub fn params(&self, f: FnId) -> Vec<Ty> {
        todo!()
    }
    pub fn function(&self, f: FnId) -> &FnInfo<'a> {
        todo!()
    }
    pub fn functions(&self) -> impl Iterator<Item = FnId> + use<> {
        [].into_iter()
    }
    pub fn constant(&self, c: ConstId) -> &ConstInfo<'a> {
        todo!()
    }
    pub fn type_info(&self, t: TypeId) -> &TypeInfo<'a> {
        todo!()
    }
    pub fn trait_info(&self, t: TraitId) -> &TraitInfo<'a> {
        todo!()
    }
    pub fn impl_info(&self, i: ImplId) -> &ImplInfo<'a> {
        todo!()
    }
    /// What `recv.name(…)` can call: inherent methods first, then those of traits that the type implements (an impl's own, else the
    /// trait's default). For a parameter, `impl` or `dyn` type those of all implementors of its traits. A trait's declaration without a body is
    /// given only where nobody implements it. Looks through `Deref` impls. Empty where nothing in the workspace fits.
    pub fn methods(&self, recv: &Ty, name: &str) -> Vec<FnId> {
        todo!()
    }
    /// Every function with a receiver by that name: for a receiver of unknown type.
    pub fn methods_named(&self, name: &str) -> &[FnId] {
        todo!()
    }
    /// What `ty::name` can be as a function, with or without receiver; as [`Self::methods`] but for `Deref`.
    pub fn assoc_fn(&self, ty: &Ty, name: &str) -> Vec<FnId> {
        todo!()
    }
    /// What `ty::NAME` can be.
    pub fn assoc_const(&self, ty: &Ty, name: &str) -> Vec<ConstId> {
        todo!()
    }
    /// What `ty::Name` is: from an impl, or from a bound's bindings. `Unknown` if there are several.
    pub fn assoc_ty(&self, ty: &Ty, name: &str) -> Ty {
        todo!()
    }
    /// The implementations of a trait's function, default body included if an implementor uses it.
    pub fn implementations(&self, f: FnId) -> Vec<FnId> {
        todo!()
    }
    /// The declaration in a trait of the workspace that a function of an impl fulfils (its attributes count for all).
    pub fn declaration(&self, f: FnId) -> Option<FnId> {
        todo!()
    }
    /// The scope of `f`, called on a receiver or through a type `self_ty`: the parameters of its impl, and `Self`, are bound.
    pub fn scope_for(&self, f: FnId, self_ty: &Ty) -> Scope<'a> {
        todo!()
    }
    pub fn impls_of(&self, t: TraitId) -> &[ImplId] {
        todo!()
    }
    /// Impls of a trait of another crate, by its canonical path.
    pub fn impls_external(&self, trait_path: &str) -> &[ImplId] {
        todo!()
    }
    pub fn implements(&self, ty: &Ty, bound: &TyBound) -> bool {
        todo!()
    }
    /// A field's type, the struct's arguments filled in; tuples have "0", "1", …. Looks through `Deref` and guards.
    pub fn field(&self, ty: &Ty, name: &str) -> Option<Ty> {
        todo!()
    }
    pub fn variant(&self, ty: &Ty, name: &str) -> Option<VariantInfo> {
        todo!()
    }
    /// The way from one type to another, if the workspace defines it.
    pub fn conversion(&self, from: &Ty, to: &Ty) -> Option<Conversion> {
        todo!()
    }
    /// What a `Deref` impl or a guard (`MutexGuard<T>`, `web::Data<T>`) gives.
    pub fn deref(&self, ty: &Ty) -> Option<Ty> {
        todo!()
    }
    /// Without `Mutex`, `RwLock`, cells, guards and `Deref` around it.
    pub fn peel(&self, ty: &Ty) -> Ty {
        todo!()
    }
    /// Functions that call `f`, or pass it on by name.
    pub fn callers(&self, f: FnId) -> Vec<FnId> {
        todo!()
    }
    /// Functions in whose bodies `name` is a method's name or the last segment of a path.
    pub fn mentions(&self, name: &str) -> &[FnId] {
        todo!()
    }
    /// Whether `krate` depends on `package` directly (`-` and `_` are the same). Without a manifest: whether it names it.
    pub fn crate_depends(&self, krate: CrateId, package: &str) -> bool {
        todo!()
    }
}

impl Scope<'_> {
    /// The scope with parameters standing for types.
    #[must_use]
    pub fn bind(mut self, bindings: Bindings) -> Self {
        self.bindings.extend(bindings);
        self
    }
}
