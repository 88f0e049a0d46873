//! What known APIs do, as data.
//!
//! One YAML file a client crate (`lint/catalog/<crate>.yaml`, embedded), more from the user's repository, same schema. A file names types
//! and calls by canonical path; `lower` asks what a call does and never knows a client by name.
//!
//! *Operands* are how an entry refers to the values of a call: `recv` (the receiver), `args.0`, and properties of either:
//! `recv.sql`, `args.2.no_ack`. Properties are what builders and struct literals set; a struct literal's fields are its properties.
//! Types are written as in Rust: `Option<lapin::message::Delivery>`; `Self` is the receiver with all its properties, `_` what the
//! code around the call expects.
//!
//! The *canonical* path is the one under which a client's users know the thing, as short as the client's re-exports allow; every
//! other spelling is an alias. [`Catalog::canonical`] translates; the other lookups expect canonical paths.

mod check;
mod embedded;
mod expr;
mod facts;
mod read;
mod schema;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

pub use embedded::{EmbeddedFile, Used};
pub use expr::{Operand, TypeExpr};
pub use facts::Facts;
pub use schema::{
    Answer, Carries, Condition, Confirm, Covers, Is, Literal, RawCall, RawCase, RawCatalog, RawType, Receive, Role,
    Settle, SettleBy, Unit, When,
};

/// How many aliases may lead to one another before they count as a circle.
const MAX_ALIASES: usize = 8;

/// Everything that is known of client crates.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    types: FxHashMap<SmolStr, Type>,
    calls: FxHashMap<SmolStr, Call>,
    /// The paths of distinctive methods, by name.
    names: FxHashMap<SmolStr, BTreeSet<SmolStr>>,
    aliases: FxHashMap<SmolStr, SmolStr>,
    /// Aliases that end in `::*`, without it.
    modules: FxHashMap<SmolStr, SmolStr>,
    packages: BTreeMap<SmolStr, Package>,
    /// What a derive macro makes: names, and the paths of the types that say what is known of them.
    derived: FxHashMap<SmolStr, BTreeMap<SmolStr, SmolStr>>,
    /// Crates that re-export parts of others, by the crate that they re-export, all as code spells them.
    exporters: BTreeMap<SmolStr, BTreeSet<SmolStr>>,
}

/// A file of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub name: SmolStr,
    /// The version against whose sources the entries were verified.
    pub version: Option<SmolStr>,
    /// Older ones for which the same was done.
    pub older: Vec<SmolStr>,
    /// What only the newer or the older ones of them have: path → version, which counts among those that have it.
    pub since: BTreeMap<SmolStr, SmolStr>,
    pub until: BTreeMap<SmolStr, SmolStr>,
    pub file: SmolStr,
}

/// A function, method or macro: the entry, under one of its paths.
#[derive(Debug, Clone)]
pub struct Call {
    pub path: SmolStr,
    pub package: SmolStr,
    pub file: SmolStr,
    entry: Arc<RawCall>,
}

impl Call {
    /// The last segment of its path.
    #[must_use]
    pub fn name(&self) -> &str {
        last(&self.path)
    }

    /// The path of the type or trait that it is a method of, or of its module.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.path.rsplit_once("::").map_or("", |(owner, _)| owner)
    }
}

impl Deref for Call {
    type Target = RawCall;

    fn deref(&self) -> &RawCall {
        &self.entry
    }
}

/// A type or trait: the entry, under one of its paths.
#[derive(Debug, Clone)]
pub struct Type {
    pub path: SmolStr,
    pub package: SmolStr,
    pub file: SmolStr,
    entry: Arc<RawType>,
}

impl Deref for Type {
    type Target = RawType;

    fn deref(&self) -> &RawType {
        &self.entry
    }
}

/// What is wrong with a catalog file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CatalogError {
    pub file: SmolStr,
    /// Both numbers start at 1.
    pub line: u32,
    pub column: u32,
    pub message: String,
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for CatalogError {}

static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| Catalog::of_embedded(&embedded::newest()));

/// Each path of a group, with its version.
fn expanded(versions: &BTreeMap<SmolStr, SmolStr>) -> BTreeMap<SmolStr, SmolStr> {
    let each = |(path, version): (&SmolStr, &SmolStr)| {
        let version = version.clone();
        check::expand(path).into_iter().map(move |path| (path, version.clone()))
    };
    versions.iter().flat_map(each).collect()
}

impl Catalog {
    /// The catalog that the program carries: the newest version of every crate.
    ///
    /// # Panics
    /// If an embedded file is wrong, which a test rules out.
    #[must_use]
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// As much of the embedded catalog as the packages in use need, each in the version in use.
    ///
    /// # Panics
    /// If an embedded file is wrong, which a test rules out.
    #[must_use]
    pub fn for_packages(used: &Used) -> Self {
        Self::of_embedded(&embedded::needed(used))
    }

    fn of_embedded(files: &[EmbeddedFile]) -> Self {
        let mut catalog = Self::default();
        let errors = catalog.load(files.iter().map(|file| (file.name, file.text)));
        assert!(errors.is_empty(), "the embedded catalog is wrong: {}", errors[0]);
        catalog
    }

    /// What a file must look like, as a JSON schema.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        <RawCatalog as read::FromYaml>::schema()
    }

    /// The embedded files, by name.
    #[must_use]
    pub fn files() -> &'static [EmbeddedFile] {
        embedded::files()
    }

    /// This catalog and the user's own files (path, text), whose entries replace those of the same path. A file with an error is left
    /// out, as far as the error goes.
    #[must_use]
    pub fn with_user(mut self, files: &[(String, String)]) -> (Self, Vec<CatalogError>) {
        let errors = self.load(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        (self, errors)
    }

    /// A catalog of these files alone.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> (Self, Vec<CatalogError>) {
        let mut catalog = Self::default();
        let errors = catalog.load(files.iter().copied());
        (catalog, errors)
    }

    fn load<'a>(&mut self, files: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<CatalogError> {
        let mut errors = Vec::new();
        let mut layer = check::Layer::default();
        for (file, text) in files {
            match check::parse(file, text) {
                Ok(raw) => self.add(file, text, raw, &mut layer, &mut errors),
                Err(error) => errors.push(error),
            }
        }
        self.add_likes();
        check::references(self, &layer, &mut errors);
        errors.sort();
        errors
    }

    fn add(
        &mut self,
        file: &str,
        text: &str,
        raw: RawCatalog,
        layer: &mut check::Layer,
        errors: &mut Vec<CatalogError>,
    ) {
        let file = SmolStr::new(file);
        let package = raw.package;
        errors.extend(layer.admit(&file, text, &raw.types, &raw.calls));
        for (from, to) in raw.aliases {
            let (exporter, home) = (first(&from), first(&to));
            if exporter != home {
                self.exporters.entry(home.into()).or_default().insert(exporter.into());
            }
            match from.strip_suffix("::*") {
                Some(module) => self.modules.insert(module.into(), to.trim_end_matches("::*").into()),
                None => self.aliases.insert(from, to),
            };
        }
        for entry in raw.types {
            let entry = Arc::new(entry);
            for path in check::expand(&entry.path) {
                if let Some(name) = &entry.made_as {
                    for derive in &entry.made_by {
                        let made = self.derived.entry(derive.clone()).or_default();
                        made.insert(name.clone(), path.clone());
                    }
                }
                let known = Type {
                    path: path.clone(),
                    package: package.clone(),
                    file: file.clone(),
                    entry: Arc::clone(&entry),
                };
                self.types.insert(path, known);
            }
        }
        for entry in raw.calls {
            let entry = Arc::new(check::complete(entry));
            for path in check::expand(&entry.path) {
                self.name(&path, entry.distinctive);
                let known = Call {
                    path: path.clone(),
                    package: package.clone(),
                    file: file.clone(),
                    entry: Arc::clone(&entry),
                };
                self.calls.insert(path, known);
            }
        }
        self.packages.entry(package.clone()).or_insert(Package {
            name: package,
            version: raw.version,
            older: raw.older,
            since: expanded(&raw.since),
            until: expanded(&raw.until),
            file,
        });
    }

    /// Gives every type that is `like` another the other's methods.
    fn add_likes(&mut self) {
        let likes: Vec<Type> = self
            .types()
            .into_iter()
            .filter(|ty| !ty.like.is_empty())
            .cloned()
            .collect();
        for ty in likes {
            let models: Vec<Call> = self
                .calls()
                .into_iter()
                .filter(|call| ty.like.iter().any(|model| model == call.owner()))
                .cloned()
                .collect();
            for call in models {
                let path = smol_str::format_smolstr!("{}::{}", ty.path, call.name());
                if !self.calls.contains_key(&path) {
                    self.name(&path, call.distinctive && !ty.queue);
                    let entry = Arc::new(check::alike(&call, ty.is_async, ty.queue));
                    let known = Call {
                        path: path.clone(),
                        package: ty.package.clone(),
                        file: ty.file.clone(),
                        entry,
                    };
                    self.calls.insert(path, known);
                }
            }
        }
    }

    fn name(&mut self, path: &SmolStr, distinctive: bool) {
        let paths = self.names.entry(last(path).into()).or_default();
        if distinctive {
            paths.insert(path.clone());
        } else {
            paths.remove(path);
        }
    }

    /// The canonical spelling of a path: `core` and `alloc` are `std`, and what is re-exported is named after its home.
    #[must_use]
    pub fn canonical(&self, path: &str) -> SmolStr {
        let mut path = in_std(path);
        for _ in 0..MAX_ALIASES {
            match self.alias(&path) {
                Some(next) if next != path => path = next,
                _ => break,
            }
        }
        path
    }

    /// One step: the longest part of the path that has an alias is replaced.
    fn alias(&self, path: &str) -> Option<SmolStr> {
        let mut end = path.len();
        loop {
            let (head, tail) = path.split_at(end);
            let exact = self.aliases.get(head);
            let target = if tail.is_empty() {
                exact
            } else {
                exact.or_else(|| self.modules.get(head))
            };
            if let Some(target) = target {
                return Some(smol_str::format_smolstr!("{target}{tail}"));
            }
            end = head.rfind("::")?;
        }
    }

    /// A function by its path, or a method by its type's path and its name.
    #[must_use]
    pub fn function(&self, path: &str) -> Option<&Call> {
        self.calls.get(path)
    }

    /// A macro: `sqlx::query!`, with or without the exclamation mark.
    #[must_use]
    pub fn macro_(&self, path: &str) -> Option<&Call> {
        if path.ends_with('!') {
            self.calls.get(path)
        } else {
            self.calls.get(format!("{path}!").as_str())
        }
    }

    /// A method of a type: its own, its traits', then those of what it dereferences to.
    #[must_use]
    pub fn method(&self, type_path: &str, name: &str) -> Option<&Call> {
        self.lineage(type_path)
            .into_iter()
            .find_map(|owner| self.own_method(&owner, name))
    }

    /// A method that is a type's own, and no trait's.
    #[must_use]
    pub fn own_method(&self, type_path: &str, name: &str) -> Option<&Call> {
        self.function(&format!("{type_path}::{name}"))
    }

    /// A type or trait by its path.
    #[must_use]
    pub fn ty(&self, path: &str) -> Option<&Type> {
        self.types.get(path)
    }

    /// The type itself, its traits (and theirs), then the same of what it dereferences to.
    #[must_use]
    pub fn lineage(&self, type_path: &str) -> Vec<SmolStr> {
        let mut lineage = vec![SmolStr::new(type_path)];
        let mut next = 0;
        while let Some(path) = lineage.get(next).cloned() {
            next += 1;
            let Some(known) = self.types.get(&path) else { continue };
            let derefs = known.deref.iter().filter_map(TypeExpr::path);
            for parent in known.implements.iter().chain(derefs) {
                if !lineage.contains(parent) {
                    lineage.push(parent.clone());
                }
            }
        }
        lineage
    }

    /// As [`Catalog::method`], for a type with its arguments: the call, and the type that has it, whose arguments `$0` and its like in
    /// the call's `returns` stand for.
    #[must_use]
    pub fn method_of(&self, ty: &TypeExpr, name: &str) -> Option<(&Call, TypeExpr)> {
        let mut open = vec![ty.clone()];
        let mut next = 0;
        while let Some(ty) = open.get(next).cloned() {
            next += 1;
            let Some(path) = ty.path() else { continue };
            if let Some(call) = self.calls.get(format!("{path}::{name}").as_str()) {
                return Some((call, ty));
            }
            let Some(known) = self.types.get(path) else { continue };
            let traits = known.implements.iter().map(|path| TypeExpr::Path {
                path: path.clone(),
                args: ty.args().to_vec(),
            });
            let derefs = known.deref.iter().map(|target| target.with(ty.args()));
            for parent in traits.chain(derefs) {
                if !open.contains(&parent) {
                    open.push(parent);
                }
            }
        }
        None
    }

    /// The database that a value of this type is or leads to; of a generic one (`sqlx::Pool<sqlx::Postgres>`) what its argument says.
    #[must_use]
    pub fn store_of(&self, ty: &TypeExpr) -> Option<SmolStr> {
        let known = self.types.get(ty.path()?)?;
        let own = known.store.clone();
        if own.as_ref().is_some_and(|store| store != "sql") {
            return own;
        }
        let from_args = || ty.args().iter().find_map(|arg| self.store_of(arg));
        let from_target = || {
            known
                .deref
                .as_ref()
                .and_then(|target| self.store_of(&target.with(ty.args())))
        };
        from_args().or_else(from_target).or(own)
    }

    /// The distinctive methods of this name, in the order of their paths.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Vec<&Call> {
        self.names
            .get(name)
            .into_iter()
            .flatten()
            .filter_map(|path| self.calls.get(path))
            .collect()
    }

    /// The one method of a type that changes something outside, if it has exactly one.
    #[must_use]
    pub fn only_action(&self, owner: &str) -> Option<&Call> {
        let changes = |call: &&Call| {
            matches!(
                call.does,
                Role::Effect | Role::Publish | Role::Http | Role::Sql | Role::Document
            )
        };
        let mut acting = self.calls.values().filter(changes).filter(|call| call.owner() == owner);
        acting.next().filter(|_| acting.next().is_none())
    }

    /// The crates by which code can reach a package: its own name, and those that re-export it.
    pub fn ways_to<'c>(&'c self, package: &'c str) -> impl Iterator<Item = &'c str> {
        let exporters = self.exporters.get(package.replace('-', "_").as_str());
        std::iter::once(package).chain(exporters.into_iter().flatten().map(SmolStr::as_str))
    }

    /// The packages that the catalog knows, by name.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// Every call, in the order of their paths.
    #[must_use]
    pub fn calls(&self) -> Vec<&Call> {
        let mut calls: Vec<_> = self.calls.values().collect();
        calls.sort_by(|left, right| left.path.cmp(&right.path));
        calls
    }

    /// Every type, in the order of their paths.
    #[must_use]
    pub fn types(&self) -> Vec<&Type> {
        let mut types: Vec<_> = self.types.values().collect();
        types.sort_by(|left, right| left.path.cmp(&right.path));
        types
    }

    /// The first type, in the order of their paths, of which something is true.
    #[must_use]
    pub fn type_where(&self, is_wanted: impl Fn(&Type) -> bool) -> Option<&Type> {
        let wanted = self.types.values().filter(|ty| is_wanted(ty));
        wanted.min_by(|left, right| left.path.cmp(&right.path))
    }

    /// The types that a derive macro makes: their names, and the paths of what is known of them.
    #[must_use]
    pub fn derived(&self, derive: &str) -> Vec<(SmolStr, SmolStr)> {
        let made = self.derived.get(derive).into_iter().flatten();
        made.map(|(name, path)| (name.clone(), path.clone())).collect()
    }

    /// Every alias as written → target, in order.
    #[must_use]
    pub fn aliases(&self) -> BTreeMap<SmolStr, SmolStr> {
        let modules = self
            .modules
            .iter()
            .map(|(from, to)| (smol_str::format_smolstr!("{from}::*"), to.clone()));
        self.aliases
            .iter()
            .map(|(from, to)| (from.clone(), to.clone()))
            .chain(modules)
            .collect()
    }
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

fn first(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

fn in_std(path: &str) -> SmolStr {
    let path = path.trim_start_matches("::");
    match path.split_once("::") {
        Some(("core" | "alloc", rest)) => smol_str::format_smolstr!("std::{rest}"),
        _ => path.into(),
    }
}
