//! Whether what the catalog says is so in the clients' sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_delivery::catalog::{Call, Catalog, Operand, Package, RawCall, Type, TypeExpr};
use smol_str::SmolStr;

use crate::sources::{Fun, Sources, Target, numbers};

/// What is wrong with the entries of some of the files, each with the file and the entry.
pub fn problems(catalog: &Catalog, sources: &mut Sources, files: impl Fn(&str) -> bool) -> Vec<String> {
    want(catalog, sources);
    let mut problems = BTreeSet::new();
    for package in catalog.packages() {
        let Some(version) = &package.version else { continue };
        if let Err(problem) = sources.choose(&package.name, version) {
            problems.insert(format!("{}: {problem}", package.file));
        }
    }
    let meant = |path: &str, file: &str| {
        let package = catalog.packages().find(|package| package.file == file);
        package.is_none_or(|package| is_meant(path, package, package.version.as_deref()))
    };
    let entries = Entries::of(catalog, |path, file| !is_std(path) && files(file));
    let as_written = |path: &str| vec![path.to_owned()];
    problems.extend(entries.problems(sources, meant, as_written));
    problems.into_iter().collect()
}

/// The same of one of the older versions for which a file speaks as well: what it lacks has a `since` or `until`, or another spelling that
/// the file knows.
pub fn older_problems(
    catalog: &Catalog,
    package: &Package,
    older: &str,
    aliases: &BTreeMap<String, String>,
    sources: &mut Sources,
) -> Vec<String> {
    let (name, version) = named(package, older);
    sources.forget();
    want(catalog, sources);
    let library = match sources.choose_with_dependencies(name, version) {
        Ok(library) => library,
        Err(problem) => return vec![format!("{}: {problem}", package.file)],
    };
    let own = package.name.replace('-', "_");
    let is_own = |path: &str| path.split("::").next() == Some(&own);
    let entries = Entries::of(catalog, |path, file| file == package.file && is_own(path));
    let spellings = |path: &str| {
        let others = aliases.iter().filter_map(|(from, to)| respelt(path, from, to));
        let all = std::iter::once(path.to_owned()).chain(others);
        all.map(|path| path.replacen(&own, &library, 1)).collect()
    };
    let found = entries.problems(sources, |path, _| is_meant(path, package, Some(version)), spellings);
    found
        .into_iter()
        .map(|problem| format!("{problem} ({older})"))
        .collect()
}

/// A version, with the package's name, which may be another one then.
fn named<'a>(package: &'a Package, version: &'a str) -> (&'a str, &'a str) {
    version.rsplit_once(' ').unwrap_or((&package.name, version))
}

/// A path as an alias spells it.
fn respelt(path: &str, from: &str, to: &str) -> Option<String> {
    let is_glob = from.ends_with("::*");
    let (from, to) = (from.trim_end_matches("::*"), to.trim_end_matches("::*"));
    let rest = path.strip_prefix(to)?;
    let below = rest.starts_with("::");
    (below || !is_glob && rest.is_empty()).then(|| format!("{from}{rest}"))
}

/// The aliases that are no path of any of the versions that the file speaks for.
pub fn lost<'a>(package: &Package, aliases: impl Iterator<Item = &'a String>, sources: &mut Sources) -> Vec<&'a str> {
    let mut open: Vec<&str> = aliases.map(String::as_str).collect();
    sources.want(open.iter().copied());
    for version in package.version.iter().chain(&package.older) {
        let (name, version) = named(package, version);
        sources.forget();
        // A version that is not there is told of elsewhere.
        let _ = sources.choose_with_dependencies(name, version);
        open.retain(|alias| sources.find(alias.trim_end_matches("::*")).is_none());
    }
    open
}

fn want(catalog: &Catalog, sources: &mut Sources) {
    let (types, calls) = (catalog.types(), catalog.calls());
    let types = types.iter().map(|ty| ty.path.as_str());
    sources.want(types.chain(calls.iter().map(|call| call.path.as_str())));
}

/// The entries that are looked up.
struct Entries<'c> {
    types: Vec<&'c Type>,
    calls: Vec<&'c Call>,
    /// The calls that stand for awaiting a value.
    awaited: BTreeSet<SmolStr>,
    likes: Likes,
}

impl<'c> Entries<'c> {
    /// Those whose path and file are wanted.
    fn of(catalog: &'c Catalog, wanted: impl Fn(&str, &str) -> bool) -> Self {
        let (types, calls) = (catalog.types(), catalog.calls());
        Self {
            awaited: types.iter().filter_map(|ty| ty.awaits.clone()).collect(),
            likes: Likes::of(catalog),
            types: types.into_iter().filter(|ty| wanted(&ty.path, &ty.file)).collect(),
            calls: calls
                .into_iter()
                .filter(|call| wanted(&call.path, &call.file))
                .collect(),
        }
    }

    /// What is wrong with them, where some of them (by path and file) are meant to be there, and may be spelt so.
    fn problems(
        &self,
        sources: &mut Sources,
        meant: impl Fn(&str, &str) -> bool,
        spellings: impl Fn(&str) -> Vec<String>,
    ) -> Vec<String> {
        let mut problems = Vec::new();
        for ty in &self.types {
            let there = spellings(&ty.path).into_iter().find(|path| sources.ty(path).is_some());
            let meant = meant(&ty.path, &ty.file);
            let found = match there {
                Some(path) if meant => of_type(ty, &path, sources),
                found => unexpected(found.is_some(), meant, "is no type of that crate"),
            };
            problems.extend(
                found
                    .iter()
                    .map(|problem| format!("{}: `{}` {problem}", ty.file, ty.path)),
            );
        }
        for call in &self.calls {
            let there = spellings(&call.path).into_iter().find_map(|path| {
                let found = sources
                    .find(&path)
                    .or_else(|| self.likes.of_trait(call, &path, sources));
                Some((path, found?))
            });
            let meant = meant(&call.path, &call.file);
            let found = match there {
                Some((path, found)) if meant => of_call(call, &path, found, self.awaited.contains(&call.path), sources),
                found => unexpected(found.is_some(), meant, "is not there"),
            };
            problems.extend(
                found
                    .iter()
                    .map(|problem| format!("{}: `{}` {problem}", call.file, call.path)),
            );
        }
        problems
    }
}

/// What is wrong if something is there or not, and should be or not.
fn unexpected(there: bool, meant: bool, missing: &str) -> Vec<String> {
    match (there, meant) {
        (true, false) => vec!["is there, and `since` or `until` says that it is not".to_owned()],
        (false, true) => vec![missing.to_owned()],
        _ => Vec::new(),
    }
}

/// Whether a version of a package has what is at a path, by what its file says.
fn is_meant(path: &str, package: &Package, version: Option<&str>) -> bool {
    let Some(version) = version.map(numbers) else {
        return true;
    };
    // `0.38` ends with the last 0.38.
    let cut = |bound: &[u64]| version[..bound.len().min(version.len())].to_vec();
    let since = bounds(path, &package.since).all(|bound| cut(&bound) >= bound);
    since && bounds(path, &package.until).all(|bound| cut(&bound) <= bound)
}

fn bounds<'a>(path: &'a str, of: &'a BTreeMap<SmolStr, SmolStr>) -> impl Iterator<Item = Vec<u64>> + 'a {
    of.iter()
        .filter(|(whole, _)| is_below(path, whole))
        .map(|(_, bound)| numbers(bound))
}

/// What a file says of versions although nothing of it is about that path, or no version is left out.
pub fn idle_bounds(catalog: &Catalog, package: &Package) -> Vec<String> {
    let versions = || package.version.iter().chain(&package.older);
    let (types, calls) = (catalog.types(), catalog.calls());
    let paths = || {
        types
            .iter()
            .map(|ty| &ty.path)
            .chain(calls.iter().map(|call| &call.path))
    };
    let is_idle = |whole: &str| {
        let about = paths().any(|path| is_below(path, whole));
        !about || versions().all(|version| is_meant(whole, package, Some(version)))
    };
    let all = package.since.keys().chain(package.until.keys());
    all.filter(|whole| is_idle(whole))
        .map(|whole| format!("{}: `{whole}` in `since` or `until` excludes nothing", package.file))
        .collect()
}

fn is_below(path: &str, whole: &str) -> bool {
    path.strip_prefix(whole)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn is_std(path: &str) -> bool {
    path.starts_with("std::")
}

fn of_type(ty: &Type, path: &str, sources: &mut Sources) -> Vec<String> {
    let Some(def) = sources.ty(path) else {
        return Vec::new();
    };
    let fields = ty.fields.keys().chain(&ty.gives_back);
    let missing = fields.filter(|field| !sources.has_field(&def, field));
    let mut problems: Vec<_> = missing.map(|field| format!("has no public field `{field}`")).collect();
    for method in ty.handles.keys() {
        if !matches!(sources.find(&format!("{path}::{method}")), Some(Target::Fn(_))) {
            problems.push(format!("has no method `{method}`"));
        }
    }
    for parent in &ty.implements {
        let name = parent.rsplit("::").next().unwrap_or(parent);
        if sources.speaks_of(parent) && !sources.is_trait(&def) && !sources.implements(&def, name) {
            problems.push(format!("does not implement `{parent}`"));
        }
    }
    problems
}

/// Which types have the methods of which others.
struct Likes(BTreeMap<String, Vec<String>>);

impl Likes {
    fn of(catalog: &Catalog) -> Self {
        let models = |ty: &Type| ty.like.iter().map(ToString::to_string).collect();
        Self(
            catalog
                .types()
                .into_iter()
                .map(|ty| (ty.path.to_string(), models(ty)))
                .collect(),
        )
    }

    /// The method of a trait that the call's type, spelt as in this path, implements and is like.
    fn of_trait(&self, call: &Call, path: &str, sources: &mut Sources) -> Option<Target> {
        let def = sources.ty(path.rsplit_once("::")?.0)?;
        self.0.get(call.owner())?.iter().find_map(|model| {
            let name = model.rsplit("::").next().unwrap_or(model);
            let found = sources.find(&format!("{model}::{}", call.name()));
            found.filter(|_| sources.implements(&def, name))
        })
    }
}

fn of_call(call: &Call, path: &str, found: Target, awaited: bool, sources: &Sources) -> Vec<String> {
    match found {
        Target::Fn(found) => of_function(call, path, &found, awaited, sources),
        Target::Macro if path.ends_with('!') => Vec::new(),
        // A tuple struct's constructor.
        Target::Type(_) if call.name().starts_with(char::is_uppercase) => Vec::new(),
        _ => vec!["is neither a function nor a macro".to_owned()],
    }
}

fn of_function(call: &Call, path: &str, found: &Fun, awaited: bool, sources: &Sources) -> Vec<String> {
    let mut problems = Vec::new();
    let operands = operands(call);
    if let Some(args) = found.args
        && let Some(operand) = operands
            .iter()
            .find(|operand| matches!(operand.root(), Operand::Arg(index) if *index >= args))
    {
        problems.push(format!("takes {args} arguments, and `{operand}` is referred to"));
    }
    if !found.receiver
        && !awaited
        && let Some(operand) = operands.iter().find(|operand| *operand.root() == Operand::Recv)
    {
        problems.push(format!("has no receiver, and `{operand}` is referred to"));
    }
    // What is awaited is described by what awaiting it gives.
    if !awaited {
        problems.extend(of_result(call, path, found, sources));
    }
    problems
}

/// Asynchrony and failure, where the source shows them.
fn of_result(call: &Call, path: &str, found: &Fun, sources: &Sources) -> Option<String> {
    let output = found.output.as_ref()?;
    let krate = path.split("::").next().unwrap_or_default();
    let owner = call.owner().rsplit("::").next().unwrap_or_default();
    let future = found.is_async || sources.is_future(output, owner, krate);
    if call.is_async && !future {
        return Some(format!("is not asynchronous: it returns `{output}`"));
    }
    if !call.is_async && found.is_async {
        return Some("is asynchronous".to_owned());
    }
    let plain = found.is_async || !future;
    if call.fallible && plain && !output.contains("Result") {
        return Some(format!("cannot fail: it returns `{output}`"));
    }
    let outermost = output
        .split('<')
        .next()
        .unwrap_or_default()
        .trim()
        .rsplit("::")
        .next()
        .unwrap_or_default()
        .trim();
    // What gives its receiver back gives the receiver's `Result` back.
    let own = call.returns == Some(TypeExpr::Receiver);
    (!call.fallible && !own && plain && outermost.ends_with("Result"))
        .then(|| format!("can fail: it returns `{output}`"))
}

fn operands(call: &RawCall) -> Vec<Operand> {
    let mut operands: Vec<Operand> = call
        .set
        .values()
        .chain(call.set_entry.iter().flatten())
        .chain(&call.merge)
        .cloned()
        .collect();
    operands.extend(call.facts.operands().into_iter().map(|(_, operand)| operand.clone()));
    operands.extend(call.returns.iter().flat_map(argument_types));
    if call.facts.append.is_some() {
        operands.push(Operand::Arg(0));
    }
    for case in &call.cases {
        operands.extend(case.when.0.iter().map(|condition| condition.operand.clone()));
        operands.extend(case.facts.operands().into_iter().map(|(_, operand)| operand.clone()));
    }
    operands
}

fn argument_types(ty: &TypeExpr) -> Vec<Operand> {
    match ty {
        TypeExpr::Argument(index) => vec![Operand::Arg(*index)],
        other => other.args().iter().flat_map(argument_types).collect(),
    }
}

/// The same for the standard library, by the documentation that rustup installs: whether what is named is there.
///
/// `Err` is why nothing was checked.
pub fn std_problems(catalog: &Catalog) -> Result<Vec<String>, String> {
    let docs = std_docs()?;
    let calls = catalog.calls().into_iter().filter(|call| is_std(&call.path));
    Ok(calls
        .filter(|call| !in_docs(&docs, &call.path))
        .map(|call| format!("{}: `{}` is not there", call.file, call.path))
        .collect())
}

fn std_docs() -> Result<PathBuf, String> {
    let output = std::process::Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .map_err(|error| error.to_string())?;
    let docs = Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("share/doc/rust/html");
    if docs.join("std/index.html").is_file() {
        Ok(docs)
    } else {
        Err("the component rust-docs is not installed".to_owned())
    }
}

/// A function and a macro have a page of their own, a method a place on its type's.
fn in_docs(docs: &Path, path: &str) -> bool {
    let parts: Vec<&str> = path.split("::").collect();
    let [modules @ .., owner, name] = &parts[..] else {
        return false;
    };
    let module = docs.join(modules.join("/"));
    if let Some(name) = name.strip_suffix('!') {
        return module.join(owner).join(format!("macro.{name}.html")).is_file();
    }
    if module.join(owner).join(format!("fn.{name}.html")).is_file() {
        return true;
    }
    let pages = ["struct", "trait", "enum"].map(|kind| module.join(format!("{kind}.{owner}.html")));
    let text = pages
        .iter()
        .find_map(|page| std::fs::read_to_string(page).ok())
        .unwrap_or_default();
    ["method", "tymethod"]
        .iter()
        .any(|kind| text.contains(&format!("id=\"{kind}.{name}\"")))
}
