//! The clients' sources, read as far as a path, a method, its arguments and its result can be looked up in them.
//!
//! Every crate is read whole, through its `mod` declarations and whatever `cfg` says; what stands in a macro invocation is read as items
//! where it is (`cfg_rt! { … }`). What a macro makes otherwise cannot be read. There the fall-back is text: a method counts as there if
//! `fn name` stands in a macro of the crate whose text names the type as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;

/// How many re-exports and aliases may lead to one another.
const MAX_STEPS: usize = 24;

/// Where a module or item is: its crate, its module's path in it, its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Def {
    krate: String,
    module: Vec<String>,
    name: String,
}

/// What a path leads to.
#[derive(Debug, Clone)]
pub enum Target {
    Module(Def),
    /// A type or trait.
    Type(Def),
    Fn(Fun),
    Macro,
    Other,
}

impl Target {
    fn is_value(&self) -> bool {
        matches!(self, Self::Fn(_) | Self::Macro | Self::Other)
    }
}

/// What can be called.
#[derive(Debug, Clone)]
pub struct Fun {
    pub receiver: bool,
    /// Without the receiver; unknown for what a macro makes.
    pub args: Option<usize>,
    pub is_async: bool,
    /// The text of the result's type; unknown for what a macro makes.
    pub output: Option<String>,
}

/// The packages that the fixtures depend on.
pub struct Sources {
    /// Library name → versions with the path of the root file.
    packages: BTreeMap<String, BTreeMap<String, PathBuf>>,
    chosen: BTreeMap<String, String>,
    crates: BTreeMap<String, Crate>,
    /// What the self types of impl blocks are: crate, module, path as written.
    self_types: BTreeMap<(String, Vec<String>, Vec<String>), Option<Def>>,
}

#[derive(Default)]
struct Crate {
    modules: BTreeMap<Vec<String>, Module>,
    /// Methods of impl blocks with the module and self type of the block.
    impls: Vec<Impl>,
    /// The texts of macros that could not be read as items: identifiers, and functions with their numbers of arguments.
    opaque: Vec<Opaque>,
    macros: BTreeSet<String>,
}

#[derive(Default)]
struct Module {
    items: BTreeMap<String, Vec<Item>>,
    uses: Vec<Use>,
}

enum Item {
    Module,
    Fn(Fun),
    Trait(BTreeMap<String, Fun>),
    Type {
        fields: BTreeSet<String>,
        variants: BTreeMap<String, usize>,
        derives_default: bool,
    },
    /// `type X = Y<Z>`.
    Alias(Vec<String>),
    Other,
}

struct Use {
    path: Vec<String>,
    /// `None` for `*`.
    name: Option<String>,
}

struct Impl {
    module: Vec<String>,
    ty: Vec<String>,
    of_trait: Option<String>,
    methods: BTreeMap<String, Fun>,
}

#[derive(Default)]
struct Opaque {
    idents: BTreeSet<String>,
    /// What follows `trait`, `struct`, `enum` or `type`.
    types: BTreeSet<String>,
    functions: BTreeMap<String, Fun>,
}

impl Sources {
    /// Asks cargo where the sources are; downloads nothing.
    pub fn of(manifest: &Path) -> Result<Self, String> {
        let output = Command::new(env!("CARGO"))
            .args([
                "metadata",
                "--format-version=1",
                "--locked",
                "--offline",
                "--all-features",
                "--manifest-path",
            ])
            .arg(manifest)
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!(
                "run `cargo fetch --manifest-path {}` first: {errors}",
                manifest.display()
            ));
        }
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        let mut packages: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
        for package in metadata["packages"].as_array().into_iter().flatten() {
            let version = package["version"].as_str().unwrap_or_default();
            for target in package["targets"].as_array().into_iter().flatten() {
                let library = target["kind"]
                    .as_array()
                    .is_some_and(|kinds| kinds.iter().any(|kind| kind == "lib" || kind == "proc-macro"));
                if library && let (Some(name), Some(root)) = (target["name"].as_str(), target["src_path"].as_str()) {
                    packages
                        .entry(name.replace('-', "_"))
                        .or_default()
                        .insert(version.to_owned(), root.into());
                }
            }
        }
        Ok(Self {
            packages,
            chosen: BTreeMap::new(),
            crates: BTreeMap::new(),
            self_types: BTreeMap::new(),
        })
    }

    /// From here on `library` means this version.
    pub fn choose(&mut self, library: &str, version: &str) -> Result<(), String> {
        let versions = self
            .packages
            .get(library)
            .ok_or_else(|| format!("`{library}` is no dependency of the fixtures"))?;
        if !versions.contains_key(version) {
            let there: Vec<_> = versions.keys().cloned().collect();
            return Err(format!(
                "the file names {library} {version}, and the fixtures have {}",
                there.join(", ")
            ));
        }
        self.chosen.insert(library.to_owned(), version.to_owned());
        Ok(())
    }

    /// What a path leads to, re-exports and aliases followed; a method or variant counts as a function.
    pub fn find(&mut self, path: &str) -> Option<Target> {
        let parts: Vec<String> = path.split("::").map(str::to_owned).collect();
        let (krate, rest) = parts.split_first()?;
        self.load(krate);
        let mut target = Target::Module(Def {
            krate: krate.clone(),
            module: Vec::new(),
            name: String::new(),
        });
        for (index, part) in rest.iter().enumerate() {
            target = self.step(&target, part, index + 1 == rest.len())?;
        }
        Some(target)
    }

    fn step(&mut self, target: &Target, name: &str, last: bool) -> Option<Target> {
        match target {
            Target::Module(at) => self.in_module(&at.krate, &path_of(at), name, last, 0),
            Target::Type(of) => self.member(of, name).map(Target::Fn),
            _ => None,
        }
    }

    /// The type that a path leads to, through `type` aliases.
    pub fn ty(&mut self, path: &str) -> Option<Def> {
        match self.find(path)? {
            Target::Type(def) => Some(def),
            _ => None,
        }
    }

    /// Whether a type has a public field of this name.
    pub fn has_field(&self, of: &Def, name: &str) -> bool {
        self.items(of)
            .iter()
            .any(|item| matches!(item, Item::Type { fields, .. } if fields.contains(name)))
    }

    /// Whether a trait is at that place, which nothing else implements.
    pub fn is_trait(&self, of: &Def) -> bool {
        self.items(of).iter().any(|item| matches!(item, Item::Trait(_)))
    }

    /// Whether there is an `impl Trait for Type`, or one for every type, or a macro that could hold one.
    pub fn implements(&mut self, of: &Def, trait_name: &str) -> bool {
        let crates: Vec<String> = self.crates.keys().cloned().collect();
        crates.iter().any(|krate| {
            let impls = self.impls_of(krate, of, Some(trait_name));
            impls > 0
                || self.crates[krate]
                    .opaque
                    .iter()
                    .any(|text| text.idents.contains(trait_name))
        })
    }

    /// Whether a result of this text is a future: it says so, or its name has an `impl Future`. `Self` is `owner`.
    pub fn is_future(&self, output: &str, owner: &str, krate: &str) -> bool {
        let outermost = output.split('<').next().unwrap_or_default().trim();
        let name = match outermost.rsplit([':', ' ']).next().unwrap_or_default() {
            "Self" => owner,
            name => name,
        };
        let of_future = |found: &Impl| {
            found.of_trait.as_deref() == Some("Future") && found.ty.last().is_some_and(|last| last == name)
        };
        let in_text = |text: &Opaque| text.idents.contains("Future") && text.idents.contains(name);
        let libraries = self
            .crates
            .iter()
            .filter(|(library, _)| *library == krate || library.starts_with("futures"));
        output.contains("Future")
            || libraries
                .into_iter()
                .any(|(_, found)| found.impls.iter().any(of_future) || found.opaque.iter().any(in_text))
    }

    fn load(&mut self, krate: &str) {
        if self.crates.contains_key(krate) {
            return;
        }
        let root = self
            .packages
            .get(krate)
            .and_then(|versions| match self.chosen.get(krate) {
                Some(version) => versions.get(version),
                None => versions
                    .iter()
                    .max_by_key(|(version, _)| numbers(version))
                    .map(|(_, root)| root),
            });
        let mut found = Crate::default();
        if let Some(root) = root {
            let folder = root.parent().map(Path::to_path_buf).unwrap_or_default();
            Reader {
                krate: &mut found,
                here: PathBuf::new(),
            }
            .file(root, &folder, &[]);
        }
        self.crates.insert(krate.to_owned(), found);
    }

    fn items(&self, of: &Def) -> &[Item] {
        self.crates
            .get(&of.krate)
            .and_then(|krate| krate.modules.get(&of.module))
            .and_then(|module| module.items.get(&of.name))
            .map_or(&[], Vec::as_slice)
    }

    /// A name in a module: an item, something imported, or a macro of the root. Where a module or type and a function share a name,
    /// `value` says which is meant.
    fn in_module(&mut self, krate: &str, module: &[String], name: &str, value: bool, depth: usize) -> Option<Target> {
        if depth > MAX_STEPS {
            return None;
        }
        self.load(krate);
        if name.ends_with('!') {
            return self.macro_named(krate, module, name.trim_end_matches('!'), depth);
        }
        let def = Def {
            krate: krate.to_owned(),
            module: module.to_vec(),
            name: name.to_owned(),
        };
        let mut targets = self.own(&def, depth);
        for path in self.imports(krate, module, name) {
            if targets.iter().any(|target| target.is_value() == value) {
                break;
            }
            targets.extend(self.from_module(krate, module, &path, value, depth + 1));
        }
        let best = targets
            .iter()
            .position(|target| target.is_value() == value)
            .unwrap_or(0);
        targets.into_iter().nth(best).or_else(|| self.made_by_macro(def))
    }

    /// The fall-back for a trait or type that a macro of the crate makes.
    fn made_by_macro(&self, def: Def) -> Option<Target> {
        let krate = &self.crates[&def.krate];
        let named = krate.opaque.iter().any(|text| text.types.contains(&def.name));
        (krate.modules.contains_key(&def.module) && named).then_some(Target::Type(def))
    }

    fn own(&mut self, def: &Def, depth: usize) -> Vec<Target> {
        let mut aliases = Vec::new();
        let mut targets = Vec::new();
        for item in self.items(def) {
            match item {
                Item::Module => targets.push(Target::Module(def.clone())),
                Item::Fn(found) => targets.push(Target::Fn(found.clone())),
                Item::Trait(_) | Item::Type { .. } => targets.push(Target::Type(def.clone())),
                Item::Alias(path) => aliases.push(path.clone()),
                Item::Other => targets.push(Target::Other),
            }
        }
        for path in aliases {
            // What an alias stands for may be outside of what was read (`Pin<Box<dyn …>>`).
            let through = self.from_module(&def.krate, &def.module, &path, false, depth + 1);
            targets.push(through.unwrap_or_else(|| Target::Type(def.clone())));
        }
        targets
    }

    /// The paths that a `use` of this module gives to a name, explicit ones first.
    fn imports(&self, krate: &str, module: &[String], name: &str) -> Vec<Vec<String>> {
        let Some(module) = self.crates.get(krate).and_then(|krate| krate.modules.get(module)) else {
            return Vec::new();
        };
        let explicit = module
            .uses
            .iter()
            .filter(|found| found.name.as_deref() == Some(name))
            .map(|found| found.path.clone());
        let globs = module.uses.iter().filter(|found| found.name.is_none()).map(|found| {
            let mut path = found.path.clone();
            path.push(name.to_owned());
            path
        });
        explicit.chain(globs).collect()
    }

    /// A path as it stands in a module.
    fn from_module(
        &mut self,
        krate: &str,
        module: &[String],
        path: &[String],
        value: bool,
        depth: usize,
    ) -> Option<Target> {
        if depth > MAX_STEPS {
            return None;
        }
        let (first, mut rest) = path.split_first()?;
        let at = |module: &[String]| {
            Target::Module(Def {
                krate: krate.to_owned(),
                module: module.to_vec(),
                name: String::new(),
            })
        };
        let mut target = match first.as_str() {
            "crate" | "$crate" => at(&[]),
            "self" => at(module),
            "super" => {
                let mut up = module.len().checked_sub(1)?;
                while let Some((next, after)) = rest.split_first().filter(|(next, _)| *next == "super") {
                    let _ = next;
                    rest = after;
                    up = up.checked_sub(1)?;
                }
                at(&module[..up])
            }
            name if name != krate && self.packages.contains_key(name) && !self.declares(krate, module, name) => {
                self.load(name);
                Target::Module(Def {
                    krate: name.to_owned(),
                    module: Vec::new(),
                    name: String::new(),
                })
            }
            name => self.in_module(krate, module, name, value && rest.is_empty(), depth + 1)?,
        };
        for (index, part) in rest.iter().enumerate() {
            if part == "self" && index + 1 == rest.len() {
                break;
            }
            target = match &target {
                Target::Module(at) => {
                    let at = at.clone();
                    self.in_module(
                        &at.krate,
                        &path_of(&at),
                        part,
                        value && index + 1 == rest.len(),
                        depth + 1,
                    )?
                }
                Target::Type(of) => {
                    let of = of.clone();
                    self.member(&of, part).map(Target::Fn)?
                }
                _ => return None,
            };
        }
        Some(target)
    }

    fn declares(&self, krate: &str, module: &[String], name: &str) -> bool {
        self.crates
            .get(krate)
            .and_then(|krate| krate.modules.get(module))
            .is_some_and(|module| module.items.contains_key(name))
    }

    fn macro_named(&mut self, krate: &str, module: &[String], name: &str, depth: usize) -> Option<Target> {
        if depth > MAX_STEPS {
            return None;
        }
        self.load(krate);
        if self.crates[krate].macros.contains(name) {
            return Some(Target::Macro);
        }
        for path in self.imports(krate, module, name) {
            let (first, rest) = path.split_first()?;
            if first != krate && self.packages.contains_key(first) && !rest.is_empty() {
                let (last, modules) = rest.split_last()?;
                if let Some(found) = self.macro_named(first, modules, last, depth + 1) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// A method, associated function, variant or tuple constructor of a type.
    fn member(&mut self, of: &Def, name: &str) -> Option<Fun> {
        for item in self.items(of) {
            match item {
                Item::Trait(methods) => {
                    if let Some(found) = methods.get(name) {
                        return Some(found.clone());
                    }
                }
                Item::Type {
                    variants,
                    derives_default,
                    ..
                } => {
                    if let Some(args) = variants.get(name) {
                        return Some(Fun {
                            receiver: false,
                            args: Some(*args),
                            is_async: false,
                            output: None,
                        });
                    }
                    if *derives_default && name == "default" {
                        return Some(Fun {
                            receiver: false,
                            args: Some(0),
                            is_async: false,
                            output: None,
                        });
                    }
                }
                _ => {}
            }
        }
        self.method(of, name).or_else(|| self.in_macro(of, name))
    }

    fn method(&mut self, of: &Def, name: &str) -> Option<Fun> {
        let candidates: Vec<(Vec<String>, Vec<String>, Fun)> = self
            .crates
            .get(&of.krate)?
            .impls
            .iter()
            .filter_map(|found| Some((found.module.clone(), found.ty.clone(), found.methods.get(name)?.clone())))
            .collect();
        candidates
            .into_iter()
            .find_map(|(module, ty, found)| self.is(&of.krate, &module, &ty, of).then_some(found))
    }

    fn impls_of(&mut self, krate: &str, of: &Def, trait_name: Option<&str>) -> usize {
        let candidates: Vec<(Vec<String>, Vec<String>)> = self.crates[krate]
            .impls
            .iter()
            .filter(|found| found.of_trait.as_deref() == trait_name)
            .map(|found| (found.module.clone(), found.ty.clone()))
            .collect();
        let for_all = |ty: &[String]| ty.len() == 1 && ty[0].len() <= 2 && ty[0].starts_with(char::is_uppercase);
        candidates
            .iter()
            .filter(|(module, ty)| for_all(ty) || self.is(krate, module, ty, of))
            .count()
    }

    /// Whether the self type of an impl is the type. Where its path cannot be followed, its name decides.
    fn is(&mut self, krate: &str, module: &[String], ty: &[String], of: &Def) -> bool {
        let place = (krate.to_owned(), module.to_vec(), ty.to_vec());
        if !self.self_types.contains_key(&place) {
            let def = match self.from_module(krate, module, ty, false, 0) {
                Some(Target::Type(def)) => Some(def),
                _ => None,
            };
            self.self_types.insert(place.clone(), def);
        }
        match &self.self_types[&place] {
            Some(def) => def == of,
            None => ty.last() == Some(&of.name),
        }
    }

    /// The fall-back: `fn name` in a macro that names the type, or in a macro of a type that a macro makes.
    fn in_macro(&self, of: &Def, name: &str) -> Option<Fun> {
        let texts = &self.crates.get(&of.krate)?.opaque;
        let named = texts.iter().any(|text| text.idents.contains(&of.name));
        named
            .then(|| texts.iter().find_map(|text| text.functions.get(name).cloned()))
            .flatten()
    }
}

fn path_of(at: &Def) -> Vec<String> {
    let mut path = at.module.clone();
    if !at.name.is_empty() {
        path.push(at.name.clone());
    }
    path
}

fn numbers(version: &str) -> Vec<u64> {
    version
        .split(['.', '-', '+'])
        .map_while(|part| part.parse().ok())
        .collect()
}

/// Reads the files of a crate.
struct Reader<'a> {
    krate: &'a mut Crate,
    /// The folder of the file that is being read.
    here: PathBuf,
}

impl Reader<'_> {
    /// `folder` is where the files of its modules are.
    fn file(&mut self, path: &Path, folder: &Path, module: &[String]) {
        let Ok(text) = std::fs::read_to_string(path) else {
            return;
        };
        let Ok(file) = syn::parse_file(&text) else { return };
        let here = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let outer = std::mem::replace(&mut self.here, here);
        self.items(&file.items, folder, module);
        self.here = outer;
    }

    fn items(&mut self, items: &[syn::Item], folder: &Path, module: &[String]) {
        self.krate.modules.entry(module.to_vec()).or_default();
        for item in items {
            self.item(item, folder, module);
        }
    }

    fn item(&mut self, item: &syn::Item, folder: &Path, module: &[String]) {
        match item {
            syn::Item::Mod(found) => self.module(found, folder, module),
            syn::Item::Use(found) => self.import(&found.tree, &mut Vec::new(), module),
            syn::Item::ExternCrate(found) => {
                let name = found.rename.as_ref().map_or(&found.ident, |(_, name)| name).to_string();
                self.add_use(vec![found.ident.to_string()], Some(name), module);
            }
            syn::Item::Fn(found) => self.add(&found.sig.ident, Item::Fn(signature(&found.sig)), module),
            syn::Item::Trait(found) => {
                let methods = found.items.iter().filter_map(|item| match item {
                    syn::TraitItem::Fn(method) => Some((method.sig.ident.to_string(), signature(&method.sig))),
                    _ => None,
                });
                let methods = methods.collect();
                self.add(&found.ident, Item::Trait(methods), module);
            }
            syn::Item::Struct(found) => {
                let fields = found
                    .fields
                    .iter()
                    .filter(|field| matches!(field.vis, syn::Visibility::Public(_)));
                let fields = fields
                    .filter_map(|field| Some(field.ident.as_ref()?.to_string()))
                    .collect();
                let item = Item::Type {
                    fields,
                    variants: BTreeMap::new(),
                    derives_default: derives_default(&found.attrs),
                };
                self.add(&found.ident, item, module);
            }
            syn::Item::Enum(found) => {
                let variants = found
                    .variants
                    .iter()
                    .map(|variant| (variant.ident.to_string(), variant.fields.len()))
                    .collect();
                let item = Item::Type {
                    fields: BTreeSet::new(),
                    variants,
                    derives_default: derives_default(&found.attrs),
                };
                self.add(&found.ident, item, module);
            }
            syn::Item::Type(found) => self.alias(found, module),
            syn::Item::Const(found) => self.add(&found.ident, Item::Other, module),
            syn::Item::Static(found) => self.add(&found.ident, Item::Other, module),
            syn::Item::Impl(found) => self.implementation(found, module),
            syn::Item::Macro(found) => self.invocation(found, folder, module),
            _ => {}
        }
    }

    fn alias(&mut self, found: &syn::ItemType, module: &[String]) {
        let text = found.ty.to_token_stream();
        if text.to_string().contains("Future") {
            self.opaque(quote::quote!(Future #text), Some(&found.ident.to_string()));
        }
        let item = type_path(&found.ty).map_or(Item::Other, Item::Alias);
        self.add(&found.ident, item, module);
    }

    fn add(&mut self, name: &syn::Ident, item: Item, module: &[String]) {
        let module = self.krate.modules.entry(module.to_vec()).or_default();
        module.items.entry(name.to_string()).or_default().push(item);
    }

    fn add_use(&mut self, path: Vec<String>, name: Option<String>, module: &[String]) {
        self.krate
            .modules
            .entry(module.to_vec())
            .or_default()
            .uses
            .push(Use { path, name });
    }

    fn module(&mut self, found: &syn::ItemMod, folder: &Path, module: &[String]) {
        let name = found.ident.to_string();
        let mut inner = module.to_vec();
        inner.push(name.clone());
        self.add(&found.ident, Item::Module, module);
        let folder_of_it = folder.join(&name);
        if let Some((_, items)) = &found.content {
            return self.items(items, &folder_of_it, &inner);
        }
        for attribute in found.attrs.iter().filter(|attribute| attribute.path().is_ident("path")) {
            if let syn::Meta::NameValue(pair) = &attribute.meta
                && let syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(path),
                    ..
                }) = &pair.value
            {
                let path = folder.join(path.value());
                let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
                return self.file(&path, &folder, &inner);
            }
        }
        self.file(&folder.join(format!("{name}.rs")), &folder_of_it, &inner);
        self.file(&folder_of_it.join("mod.rs"), &folder_of_it, &inner);
    }

    fn import(&mut self, tree: &syn::UseTree, path: &mut Vec<String>, module: &[String]) {
        match tree {
            syn::UseTree::Path(found) => {
                path.push(found.ident.to_string());
                self.import(&found.tree, path, module);
                path.pop();
            }
            syn::UseTree::Name(found) => {
                let name = if found.ident == "self" {
                    path.last().cloned()
                } else {
                    Some(found.ident.to_string())
                };
                self.add_use([&path[..], &[found.ident.to_string()]].concat(), name, module);
            }
            syn::UseTree::Rename(found) => {
                self.add_use(
                    [&path[..], &[found.ident.to_string()]].concat(),
                    Some(found.rename.to_string()),
                    module,
                );
            }
            syn::UseTree::Glob(_) => self.add_use(path.clone(), None, module),
            syn::UseTree::Group(found) => found.items.iter().for_each(|tree| self.import(tree, path, module)),
        }
    }

    fn implementation(&mut self, found: &syn::ItemImpl, module: &[String]) {
        let Some(ty) = type_path(&found.self_ty) else { return };
        let of_trait = found
            .trait_
            .as_ref()
            .and_then(|(path, _)| Some(path.segments.last()?.ident.to_string()));
        let mut methods = BTreeMap::new();
        for item in &found.items {
            match item {
                syn::ImplItem::Fn(method) => {
                    methods.insert(method.sig.ident.to_string(), signature(&method.sig));
                }
                syn::ImplItem::Macro(found) => self.opaque(found.mac.tokens.clone(), ty.last()),
                _ => {}
            }
        }
        self.krate.impls.push(Impl {
            module: module.to_vec(),
            ty,
            of_trait,
            methods,
        });
    }

    /// A macro's definition is opaque; an invocation is read as items where it is, also in its braces (`cfg_if!`).
    fn invocation(&mut self, found: &syn::ItemMacro, folder: &Path, module: &[String]) {
        let tokens = found.mac.tokens.clone();
        if found.mac.path.is_ident("include") {
            let Ok(path) = syn::parse2::<syn::LitStr>(tokens) else {
                return;
            };
            return self.file(&self.here.join(path.value()), folder, module);
        }
        if let Some(name) = &found.ident {
            self.krate.macros.insert(name.to_string());
            return self.opaque(tokens, None);
        }
        if !self.inner_items(&tokens, folder, module) {
            self.opaque(tokens, None);
        }
    }

    fn inner_items(&mut self, tokens: &TokenStream, folder: &Path, module: &[String]) -> bool {
        if let Ok(file) = syn::parse2::<syn::File>(tokens.clone()) {
            self.items(&file.items, folder, module);
            return true;
        }
        let mut any = false;
        for token in tokens.clone() {
            if let TokenTree::Group(group) = token
                && group.delimiter() == Delimiter::Brace
                && let Ok(file) = syn::parse2::<syn::File>(group.stream())
            {
                self.items(&file.items, folder, module);
                any = true;
            }
        }
        any
    }

    fn opaque(&mut self, tokens: TokenStream, of: Option<&String>) {
        let mut text = Opaque::default();
        text.idents.extend(of.cloned());
        text.read(tokens);
        self.krate.opaque.push(text);
    }
}

impl Opaque {
    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(name) if name == "fn" => self.function(&tokens[index + 1..]),
                TokenTree::Ident(keyword) if ["trait", "struct", "enum", "type"].iter().any(|word| keyword == word) => {
                    if let Some(TokenTree::Ident(name)) = tokens.get(index + 1) {
                        self.types.insert(name.to_string());
                    }
                }
                TokenTree::Ident(name) => {
                    self.idents.insert(name.to_string());
                }
                TokenTree::Group(group) => self.read(group.stream()),
                _ => {}
            }
        }
    }

    /// `name<…>(…)` after `fn`.
    fn function(&mut self, after: &[TokenTree]) {
        let Some(TokenTree::Ident(name)) = after.first() else {
            return;
        };
        let arguments = after[1..].iter().find_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group.stream()),
            _ => None,
        });
        let Some(arguments) = arguments else { return };
        let parsed =
            syn::parse::Parser::parse2(Punctuated::<syn::FnArg, syn::Token![,]>::parse_terminated, arguments).ok();
        let args = parsed.map(|args| args.iter().filter(|arg| matches!(arg, syn::FnArg::Typed(_))).count());
        self.functions.insert(
            name.to_string(),
            Fun {
                receiver: true,
                args,
                is_async: false,
                output: None,
            },
        );
    }
}

fn signature(signature: &syn::Signature) -> Fun {
    let receiver = signature.receiver().is_some();
    let output = match &signature.output {
        syn::ReturnType::Default => String::new(),
        syn::ReturnType::Type(_, ty) => ty.to_token_stream().to_string(),
    };
    Fun {
        receiver,
        args: Some(signature.inputs.len() - usize::from(receiver)),
        is_async: signature.asyncness.is_some(),
        output: Some(output),
    }
}

fn type_path(ty: &syn::Type) -> Option<Vec<String>> {
    match ty {
        syn::Type::Path(found) => Some(found.path.segments.iter().map(|part| part.ident.to_string()).collect()),
        syn::Type::Reference(found) => type_path(&found.elem),
        syn::Type::Paren(found) => type_path(&found.elem),
        syn::Type::Group(found) => type_path(&found.elem),
        _ => None,
    }
}

fn derives_default(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("derive") && attribute.meta.to_token_stream().to_string().contains("Default")
    })
}
