//! The clients' sources, read as far as a path, a method, its arguments and its result can be looked up in them.
//!
//! Every crate is read whole, through its `mod` declarations and whatever `cfg` says; what stands in a macro invocation is read as items
//! where it is (`cfg_rt! { … }`). What a macro makes otherwise cannot be read. There the fall-back is text: a method counts as there if
//! `fn name` stands in a macro of the crate whose text names the type as well.

mod cargo;
mod reader;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo::Package;
use reader::*;

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
    packages: Vec<Package>,
    libraries: BTreeSet<String>,
    /// Library → place of the package that it means.
    chosen: BTreeMap<String, usize>,
    crates: BTreeMap<String, Crate>,
    /// What the self types of impl blocks are: crate, module, path as written.
    self_types: BTreeMap<(String, Vec<String>, Vec<String>), Option<Def>>,
    /// Every word of the catalog's paths.
    wanted: BTreeSet<String>,
    /// Where the present lookup has been.
    visited: BTreeSet<(String, Vec<String>, String, bool)>,
}

#[derive(Default)]
struct Crate {
    modules: BTreeMap<Vec<String>, Module>,
    /// Methods of impl blocks with the module and self type of the block.
    impls: Vec<Impl>,
    /// The texts of macros that could not be read as items: identifiers, and functions with their numbers of arguments.
    opaque: Vec<Opaque>,
    macros: BTreeSet<String>,
    /// What follows `trait`, `struct`, `enum` or `type` in those macros.
    macro_types: BTreeSet<String>,
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
    types: BTreeSet<String>,
    functions: BTreeMap<String, Fun>,
}

impl Sources {
    /// Asks cargo where the sources are; fetches them if they are not there yet.
    pub fn of(manifest: &Path) -> Result<Self, String> {
        let packages = cargo::packages(manifest)?;
        Ok(Self {
            libraries: packages.iter().map(|package| package.library.clone()).collect(),
            packages,
            chosen: BTreeMap::new(),
            crates: BTreeMap::new(),
            self_types: BTreeMap::new(),
            wanted: BTreeSet::new(),
            visited: BTreeSet::new(),
        })
    }

    /// What will be asked for: the paths of a catalog.
    pub fn want<'p>(&mut self, paths: impl Iterator<Item = &'p str>) {
        let words = paths.flat_map(|path| path.split("::")).map(str::to_owned);
        self.wanted.extend(words);
    }

    /// From here on the library of this package means this version of it.
    pub fn choose(&mut self, package: &str, version: &str) -> Result<(), String> {
        let place = self.place(package, version)?;
        self.chosen.insert(self.packages[place].library.clone(), place);
        Ok(())
    }

    /// As [`Sources::choose`], and what the package depends on means the versions that it depends on. Gives the library's name.
    pub fn choose_with_dependencies(&mut self, package: &str, version: &str) -> Result<String, String> {
        let first = self.place(package, version)?;
        let mut open = vec![first];
        while let Some(place) = open.pop() {
            let found = &self.packages[place];
            if let Entry::Vacant(free) = self.chosen.entry(found.library.clone()) {
                free.insert(place);
                open.extend(&found.dependencies);
            }
        }
        Ok(self.packages[first].library.clone())
    }

    fn place(&self, package: &str, version: &str) -> Result<usize, String> {
        let is = |found: &Package| found.name.replace('-', "_") == package.replace('-', "_");
        let there: Vec<&str> = self
            .packages
            .iter()
            .filter(|found| is(found))
            .map(|found| found.version.as_str())
            .collect();
        if there.is_empty() {
            return Err(format!("`{package}` is no dependency of the fixtures"));
        }
        let wanted = |found: &Package| is(found) && found.version == version;
        self.packages.iter().position(wanted).ok_or_else(|| {
            format!(
                "the file names {package} {version}, and the fixtures have {}",
                there.join(", ")
            )
        })
    }

    /// The package whose library it is: the chosen one, else the newest.
    fn package_of(&self, library: &str) -> Option<&Package> {
        let newest = || {
            let versions = self.packages.iter().filter(|found| found.library == library);
            versions.max_by_key(|found| numbers(&found.version))
        };
        let chosen = self.chosen.get(library).map(|place| &self.packages[*place]);
        chosen.or_else(newest)
    }

    /// Whether a version was chosen that has this path.
    pub fn speaks_of(&mut self, path: &str) -> bool {
        let library = path.split("::").next().unwrap_or_default();
        self.chosen.contains_key(library) && self.find(path).is_some()
    }

    /// Forgets what was read: other versions may be chosen.
    pub fn forget(&mut self) {
        self.chosen.clear();
        self.crates.clear();
        self.self_types.clear();
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
            .filter(|(library, _)| library.starts_with(krate) || library.starts_with("futures"));
        output.contains("Future")
            || libraries
                .into_iter()
                .any(|(_, found)| found.impls.iter().any(of_future) || found.opaque.iter().any(in_text))
    }

    fn load(&mut self, krate: &str) {
        if self.crates.contains_key(krate) {
            return;
        }
        let root = self.package_of(krate).map(|package| package.root.clone());
        let mut found = Crate::default();
        if let Some(root) = &root {
            let folder = root.parent().map(Path::to_path_buf).unwrap_or_default();
            Reader {
                krate: &mut found,
                here: PathBuf::new(),
                wanted: &self.wanted,
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
        if depth == 0 {
            self.visited.clear();
        }
        let place = (krate.to_owned(), module.to_vec(), name.to_owned(), value);
        if !self.visited.insert(place.clone()) || depth > MAX_STEPS {
            return None;
        }
        let found = self.look_in(krate, module, name, value, depth);
        if found.is_some() {
            // Another glob may lead through the same module.
            self.visited.remove(&place);
        }
        found
    }

    fn look_in(&mut self, krate: &str, module: &[String], name: &str, value: bool, depth: usize) -> Option<Target> {
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
            targets.extend(self.follow(krate, module, &path, value, depth + 1));
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
        let named = krate.macro_types.contains(&def.name);
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
            let through = self.follow(&def.krate, &def.module, &path, false, depth + 1);
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
    fn follow(&mut self, krate: &str, module: &[String], path: &[String], value: bool, depth: usize) -> Option<Target> {
        if depth == 0 {
            self.visited.clear();
        }
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
            name if name != krate && self.libraries.contains(name) && !self.declares(krate, module, name) => {
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
            if first != krate && self.libraries.contains(first) && !rest.is_empty() {
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
            let def = match self.follow(krate, module, ty, false, 0) {
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

/// `0.38.0+1` → 0, 38, 0, 1.
pub fn numbers(version: &str) -> Vec<u64> {
    version
        .split(['.', '-', '+'])
        .map_while(|part| part.parse().ok())
        .collect()
}
