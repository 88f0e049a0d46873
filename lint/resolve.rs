//! What names and types mean, without a compiler: an index of a workspace, and questions to it.
//!
//! The index is built once from parsed files ([`Index::of`]), borrows them, and never changes afterwards. It knows modules,
//! imports (renames, globs, re-exports, also across the crates of the workspace), items, impls, and types as far as signatures,
//! fields and annotations show them ([`Ty`]). It infers nothing inside bodies: that is `lower`'s work, which asks here.
//!
//! What it cannot know it calls `Unknown`; it never guesses. One thing is taken for granted: a path's first segment that nothing defines
//! is the name of a crate. Answers of several things come in the order in which modules were read (libraries first, then as given),
//! so that they are the same on every run.
//!
//! A file that two targets declare as a module (`mod config;` in both `main.rs` and `lib.rs`) is one module, that of the first.

mod calls;
mod collect;
mod conversions;
mod external;
mod impls;
mod imports;
mod input;
mod members;
mod names;
mod paths;
mod projections;
mod show;
#[cfg(test)]
mod tests;
mod tree;
mod ty;
mod types;
mod walk;

use std::fmt;

use smol_str::SmolStr;

use input::{CrateInput, CrateKind, FileInput};
pub use ty::{Bindings, Ty, TyBound, Types};

use crate::source::{STACK_BYTES, hir};
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
    /// How many parameters' bounds and impls' types this one is read for.
    nesting: u8,
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
    /// Of the workspace.
    pub supertraits: Vec<TraitId>,
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

/// What is known of other crates, which are not read.
pub trait Clients: Send + Sync {
    /// Whether something is known by a path (`lapin::options::BasicAckOptions`): that decides what a name means where several crates'
    /// modules are imported by globs.
    fn describes(&self, path: &str) -> bool;

    /// The types that a derive macro (`DeriveEntityModel`) makes beside the one that it stands on: their names, and the paths of what is
    /// known of them.
    fn derived(&self, derive: &str) -> Vec<(SmolStr, SmolStr)>;
}

/// See [`Clients`].
pub type Known<'a> = &'a dyn Clients;

/// A workspace's names, items and impls.
pub struct Index<'a> {
    crates: Vec<names::Crate>,
    modules: Vec<names::Module>,
    fns: Vec<FnInfo<'a>>,
    types: Vec<TypeInfo<'a>>,
    traits: Vec<TraitInfo<'a>>,
    consts: Vec<ConstInfo<'a>>,
    impls: Vec<ImplInfo<'a>>,
    impl_lists: impls::Impls,
    conversions: conversions::Conversions,
    calls: calls::Calls<'a>,
    known: Known<'a>,
    /// Whether imports are linked as far as the workspace alone can tell: what is still unknown then is another crate's.
    is_linked: bool,
}

impl<'a> Index<'a> {
    /// Indexes `files`. The crates' roots and their `mod` items say which module each file is; a file that none of them reaches
    /// becomes a module by its path, or a crate of its own where it is in no crate's folder.
    ///
    /// Bodies may be deep, so that walking them takes a large stack.
    fn build(crates: &[CrateInput], files: &[FileInput<'a>], known: Known<'a>) -> Self {
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new()
                .name("resolve".into())
                .stack_size(STACK_BYTES);
            let building = builder.spawn_scoped(scope, || Self::build_here(crates, files, known));
            let built = building.expect("a thread can be started").join();
            built.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn build_here(crates: &[CrateInput], files: &[FileInput<'a>], known: Known<'a>) -> Self {
        let mut builder = collect::Builder::new(Self::empty(known), files);
        builder.mount(crates);
        builder.link();
        builder.read_supertraits();
        builder.read_impls();
        builder.gather_conversions();
        builder.index
    }

    fn empty(known: Known<'a>) -> Self {
        Self {
            crates: Vec::new(),
            modules: Vec::new(),
            fns: Vec::new(),
            types: Vec::new(),
            traits: Vec::new(),
            consts: Vec::new(),
            impls: Vec::new(),
            impl_lists: impls::Impls::default(),
            conversions: conversions::Conversions::default(),
            calls: calls::Calls::default(),
            known,
            is_linked: false,
        }
    }

    /// A function by its number.
    #[must_use]
    pub fn function(&self, f: FnId) -> &FnInfo<'a> {
        &self.fns[f.0 as usize]
    }

    /// All functions, those in traits and in bodies included.
    pub fn functions(&self) -> impl Iterator<Item = FnId> + use<> {
        (0..self.fns.len() as u32).map(FnId)
    }

    /// Every constant's number, in the order of the files.
    pub fn constants(&self) -> impl Iterator<Item = ConstId> + use<> {
        (0..self.consts.len() as u32).map(ConstId)
    }

    /// A constant by its number.
    #[must_use]
    pub fn constant(&self, c: ConstId) -> &ConstInfo<'a> {
        &self.consts[c.0 as usize]
    }

    /// A type by its number.
    #[must_use]
    pub fn type_info(&self, t: TypeId) -> &TypeInfo<'a> {
        &self.types[t.0 as usize]
    }

    /// A trait by its number.
    #[must_use]
    pub fn trait_info(&self, t: TraitId) -> &TraitInfo<'a> {
        &self.traits[t.0 as usize]
    }

    /// An impl by its number.
    #[must_use]
    pub fn impl_info(&self, i: ImplId) -> &ImplInfo<'a> {
        &self.impls[i.0 as usize]
    }

    /// A module's path: `krate::handlers::orders`.
    #[must_use]
    pub fn module_path(&self, m: ModuleId) -> &SmolStr {
        &self.module(m).path
    }

    /// The package that a crate belongs to.
    #[must_use]
    pub fn package(&self, krate: CrateId) -> &SmolStr {
        &self.crates[krate.0 as usize].package
    }

    /// Whether `krate` depends on `package` directly (`-` and `_` are the same). Without a manifest: whether a path in it begins so.
    #[must_use]
    pub fn crate_depends(&self, krate: CrateId, package: &str) -> bool {
        let krate = &self.crates[krate.0 as usize];
        let package = tree::snake(package);
        krate.packages.contains(&package) || krate.named.contains(&package)
    }
}

impl fmt::Debug for Index<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("modules", &self.modules.len())
            .field("fns", &self.fns.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Scope<'a> {
    /// The scope of a module's own items.
    #[must_use]
    pub const fn of_module(module: ModuleId) -> Self {
        Self {
            module,
            self_ty: None,
            impl_: None,
            trait_: None,
            bindings: Vec::new(),
            generics: Vec::new(),
            nesting: 0,
        }
    }

    /// The scope with parameters standing for types.
    #[must_use]
    pub fn bind(mut self, bindings: Bindings) -> Self {
        self.bindings.extend(bindings);
        self
    }

    /// The scope with more parameters declared.
    fn within(mut self, generics: &'a [hir::Generic]) -> Self {
        if !generics.is_empty() {
            self.generics.push(generics);
        }
        self
    }
}
