//! Gathers items into the index: each gets a number, a place and a name in its module.

use rustc_hash::FxHashSet;
use smol_str::{SmolStr, format_smolstr};

use super::imports::Import;
use super::names::{Module, Name, Seen, Space};
use super::tree::{Dirs, Files};
use super::walk::{self, Mention};
use super::{
    ConstId, ConstInfo, Def, FileInput, FnId, FnInfo, ImplId, ImplInfo, Index, ModuleId, Scope, TraitId, TraitInfo, Ty,
    TyBound, TypeId, TypeInfo, TypeKind,
};
use crate::source::hir::{Block, Bound, Const, Function, Generic, Impl, Item, MacroItem, Path, Trait, Type, Use};
use crate::span::FileId;

/// An index in the making.
pub(super) struct Builder<'a> {
    pub index: Index<'a>,
    pub files: Files<'a>,
    pub imports: Vec<Import<'a>>,
}

/// Where items are being gathered.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub module: ModuleId,
    pub file: FileId,
    /// `None` in a function's body, where `mod child;` is not allowed.
    pub dirs: Option<Dirs>,
}

/// What a function or constant belongs to: a module, an impl or a trait.
struct Owner<'a> {
    path: SmolStr,
    scope: Scope<'a>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(index: Index<'a>, files: &[FileInput<'a>]) -> Self {
        Self {
            index,
            files: Files::new(files),
            imports: Vec::new(),
        }
    }

    pub(super) fn collect(&mut self, items: &'a [Item], place: &Place) {
        for item in items {
            self.item(item, place);
        }
    }

    fn item(&mut self, item: &'a Item, place: &Place) {
        match item {
            Item::Fn(function) => {
                let id = self.function(function, place, &self.module_owner(place));
                self.declare_value(place.module, &function.name, Def::Fn(id));
            }
            Item::Impl(item) => self.implementation(item, place),
            Item::Trait(item) => self.a_trait(item, place),
            Item::Struct(item) => {
                item.fields
                    .iter()
                    .for_each(|(_, ty)| self.name_crates_in(ty, place.module));
                self.a_type(&item.name, TypeKind::Struct(item), &item.generics, place);
                for (name, path) in item.derives.iter().flat_map(|derive| self.index.known.derived(derive)) {
                    self.declare_type(place.module, &name, Def::External(path));
                }
            }
            Item::Enum(item) => self.a_type(&item.name, TypeKind::Enum(item), &item.generics, place),
            Item::Alias { name, generics, ty } => self.a_type(name, TypeKind::Alias(ty), generics, place),
            Item::Const(item) => {
                let id = self.constant(item, place, &self.module_owner(place));
                self.declare_value(place.module, &item.name, Def::Const(id));
            }
            Item::Use(item) => self.import(item, place),
            Item::Mod {
                name, content, path, ..
            } => self.a_module(name, content.as_deref(), path.as_deref(), place),
            Item::Macro(call) => {
                if let Some(file) = included(call) {
                    self.include(place, file);
                }
            }
        }
    }

    fn import(&mut self, item: &'a Use, place: &Place) {
        self.imports.push(Import { at: place.module, item });
        if let (Some(name), Some(last)) = (&item.name, item.path.last())
            && name != last
        {
            self.index
                .calls
                .renamed
                .entry(last.clone())
                .or_default()
                .push(name.clone());
        }
        if let Some(first) = item.path.first() {
            self.name_crate(place.module, first);
        }
    }

    /// Remembers what may be a crate's name where no manifest tells.
    fn name_crate(&mut self, at: ModuleId, name: &SmolStr) {
        let krate = self.index.module(at).krate;
        let krate = &mut self.index.crates[krate.0 as usize];
        if !krate.has_manifest {
            krate.named.insert(name.clone());
        }
    }

    /// As [`Self::name_crate`], for the paths in a type.
    fn name_crates_in(&mut self, ty: &Type, at: ModuleId) {
        match ty {
            Type::Path(path) => {
                if let [first, _, ..] = path.segments.as_slice() {
                    self.name_crate(at, &first.name);
                }
                let args = path.segments.iter().flat_map(|segment| &segment.args);
                args.for_each(|arg| self.name_crates_in(arg, at));
            }
            Type::Ref { inner, .. } | Type::Slice(inner) => self.name_crates_in(inner, at),
            Type::Tuple(parts) => parts.iter().for_each(|part| self.name_crates_in(part, at)),
            _ => {}
        }
    }

    fn module_owner(&self, place: &Place) -> Owner<'a> {
        Owner {
            path: self.index.module(place.module).path.clone(),
            scope: Scope::of_module(place.module),
        }
    }

    fn a_module(&mut self, name: &SmolStr, content: Option<&'a [Item]>, path: Option<&str>, place: &Place) {
        let Some(items) = content else {
            return self.mount_child(place, name, path);
        };
        let module = self.add_child(place.module, place.file, name);
        let dirs = place.dirs.as_ref().map(|dirs| dirs.of_inline(name, path));
        self.collect(
            items,
            &Place {
                module,
                file: place.file,
                dirs,
            },
        );
    }

    fn a_type(&mut self, name: &SmolStr, kind: TypeKind<'a>, generics: &'a [Generic], place: &Place) {
        let owner = self.module_owner(place);
        let id = TypeId(self.index.types.len() as u32);
        let path = format_smolstr!("{}::{name}", owner.path);
        self.index.types.push(TypeInfo {
            kind,
            scope: owner.scope.within(generics),
            path,
        });
        self.declare_type(place.module, name, Def::Type(id));
    }

    fn a_trait(&mut self, item: &'a Trait, place: &Place) {
        let id = TraitId(self.index.traits.len() as u32);
        let mut owner = self.module_owner(place);
        owner.path = format_smolstr!("{}::{}", owner.path, item.name);
        owner.scope = owner.scope.within(&item.generics);
        owner.scope.trait_ = Some(id);
        let args = item.generics.iter().map(|generic| Ty::Param {
            name: generic.name.clone(),
            bounds: [].into(),
        });
        let this = TyBound::Local {
            id,
            args: args.collect(),
            bindings: Vec::new(),
        };
        owner.scope.self_ty = Some(Ty::Param {
            name: "Self".into(),
            bounds: [this.clone()].into(),
        });
        self.index.traits.push(TraitInfo {
            hir: item,
            scope: owner.scope.clone(),
            functions: Vec::new(),
            consts: Vec::new(),
            supertraits: Vec::new(),
            path: owner.path.clone(),
        });
        self.declare_type(place.module, &item.name, Def::Trait(id));
        let functions: Vec<FnId> = item
            .functions
            .iter()
            .map(|hir| self.function(hir, place, &owner))
            .collect();
        for f in &functions {
            self.index.fns[f.0 as usize].of_trait = Some(this.clone());
        }
        let consts = item
            .consts
            .iter()
            .map(|hir| self.constant(hir, place, &owner))
            .collect();
        let info = &mut self.index.traits[id.0 as usize];
        (info.functions, info.consts) = (functions, consts);
    }

    fn implementation(&mut self, item: &'a Impl, place: &Place) {
        let id = ImplId(self.index.impls.len() as u32);
        let mut owner = self.module_owner(place);
        owner.path = format_smolstr!("{}::{}", owner.path, head_name(&item.self_ty));
        owner.scope = owner.scope.within(&item.generics);
        owner.scope.impl_ = Some(id);
        self.index.impls.push(ImplInfo {
            hir: item,
            file: place.file,
            scope: owner.scope.clone(),
            self_ty: Ty::Unknown,
            of_trait: None,
            functions: Vec::new(),
            consts: Vec::new(),
        });
        let functions = item
            .functions
            .iter()
            .map(|hir| self.function(hir, place, &owner))
            .collect();
        let consts = item
            .consts
            .iter()
            .map(|hir| self.constant(hir, place, &owner))
            .collect();
        let info = &mut self.index.impls[id.0 as usize];
        (info.functions, info.consts) = (functions, consts);
    }

    fn constant(&mut self, hir: &'a Const, place: &Place, owner: &Owner<'a>) -> ConstId {
        let krate = self.index.module(place.module).krate;
        let path = format_smolstr!("{}::{}", owner.path, hir.name);
        self.index.consts.push(ConstInfo {
            hir,
            krate,
            file: place.file,
            scope: owner.scope.clone(),
            path,
        });
        ConstId(self.index.consts.len() as u32 - 1)
    }

    fn function(&mut self, hir: &'a Function, place: &Place, owner: &Owner<'a>) -> FnId {
        let id = FnId(self.index.fns.len() as u32);
        let krate = self.index.module(place.module).krate;
        let path = format_smolstr!("{}::{}", owner.path, hir.name);
        let scope = owner.scope.clone().within(&hir.generics);
        self.index.fns.push(FnInfo {
            hir,
            krate,
            file: place.file,
            scope,
            of_trait: None,
            path,
        });
        if hir.receiver.is_some() {
            self.index.calls.declared.entry(hir.name.clone()).or_default().push(id);
        }
        for ty in hir.params.iter().map(|(_, ty)| ty).chain(&hir.ret) {
            self.name_crates_in(ty, place.module);
        }
        let items = self.body(id, hir, place);
        if !items.is_empty() {
            self.block(id, &items, place);
        }
        id
    }

    /// Keeps what a body mentions, and gives the items in it. There are none in a body that was not read.
    fn body(&mut self, id: FnId, hir: &'a Function, place: &Place) -> Vec<&'a Item> {
        let Some(body) = &hir.body else { return Vec::new() };
        let Some(block) = body.if_read() else {
            self.index.calls.postpone(id, place.file);
            return Vec::new();
        };
        let seen = Mentioned::of(hir, block);
        self.index.calls.note(id, &seen);
        for path in seen.paths() {
            if let [first, _, ..] = path.segments.as_slice() {
                self.name_crate(place.module, &first.name);
            }
        }
        seen.items
    }

    /// A function's body with items in it is a module of its own; all its blocks together are one.
    fn block(&mut self, id: FnId, items: &[&'a Item], place: &Place) {
        let info = &self.index.fns[id.0 as usize];
        let mut block = Module::new(info.krate, Some(place.module), place.file, info.path.clone());
        block.is_block = true;
        let module = self.add_module(block);
        self.index.fns[id.0 as usize].scope.module = module;
        let inner = Place {
            module,
            file: place.file,
            dirs: None,
        };
        for item in items {
            self.item(item, &inner);
        }
    }

    pub(super) fn declare_type(&mut self, at: ModuleId, name: &str, def: Def) {
        self.declare(at, name, Space::Types, def);
    }

    fn declare_value(&mut self, at: ModuleId, name: &str, def: Def) {
        self.declare(at, name, Space::Values, def);
    }

    /// Of several items by one name (under different `cfg`s) the name means the first.
    fn declare(&mut self, at: ModuleId, name: &str, space: Space, def: Def) {
        let names = self.index.modules[at.0 as usize].names(space);
        names.entry(name.into()).or_insert(Name {
            def,
            seen: Seen::Everywhere,
        });
    }
}

/// What one body mentions.
#[derive(Default)]
pub(super) struct Mentioned<'a> {
    items: Vec<&'a Item>,
    pub methods: Vec<&'a SmolStr>,
    called: Vec<&'a Path>,
    values: Vec<&'a Path>,
    local: FxHashSet<&'a SmolStr>,
}

impl<'a> Mentioned<'a> {
    /// Those of the paths that end in a name.
    pub(super) fn paths_to(&self, name: &str) -> impl Iterator<Item = &'a Path> {
        self.paths()
            .filter(move |path| path.segments.last().is_some_and(|last| last.name == name))
    }

    pub(super) fn of(hir: &'a Function, body: &'a Block) -> Self {
        let mut seen = Self::default();
        hir.params
            .iter()
            .for_each(|(pat, _)| walk::bindings(pat, &mut |mention| seen.note(mention)));
        walk::block(body, &mut |mention| seen.note(mention));
        seen
    }

    fn note(&mut self, mention: Mention<'a>) {
        match mention {
            Mention::Item(item) => self.items.push(item),
            Mention::Method(name) => self.methods.push(name),
            Mention::Path(path) => self.called.push(path),
            Mention::Value(path) => self.values.push(path),
            Mention::Binding(name) => {
                self.local.insert(name);
            }
        }
    }

    /// Paths that may name items: a value by a name that a pattern gives is a local variable.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'a Path> {
        let is_local = |path: &Path| matches!(path.segments.as_slice(), [only] if self.local.contains(&only.name));
        self.called
            .iter()
            .copied()
            .chain(self.values.iter().copied().filter(move |path| !is_local(path)))
    }
}

/// What a path calls the type that an impl is of.
fn head_name(ty: &Type) -> SmolStr {
    match ty {
        Type::Path(path) => path.segments.last().map_or("_".into(), |segment| segment.name.clone()),
        Type::Ref { inner, .. } => head_name(inner),
        Type::Bounds(bounds) => bounds
            .iter()
            .find_map(|bound| match bound {
                Bound::Trait(path) => path.segments.last().map(|segment| segment.name.clone()),
                Bound::Fn { .. } => None,
            })
            .unwrap_or("_".into()),
        _ => "_".into(),
    }
}

/// The file that `include!("…")` names; what a build script makes (`concat!(env!("OUT_DIR"), …)`) is not there to be read.
fn included(call: &MacroItem) -> Option<&str> {
    let is_include = call
        .path
        .segments
        .last()
        .is_some_and(|segment| segment.name == "include");
    let literal = call.tokens.trim().trim_end_matches(',').trim_end();
    let file = literal.strip_prefix('"')?.strip_suffix('"')?;
    (is_include && !file.contains(['"', '\\'])).then_some(file)
}
