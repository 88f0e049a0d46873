//! Whether what the catalog says is so in the clients' sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_delivery::catalog::{Call, Catalog, Operand, RawCall, Type, TypeExpr};

use crate::sources::{Fun, Sources, Target};

/// What is wrong, each with the file and the entry.
pub fn problems(catalog: &Catalog, sources: &mut Sources) -> Vec<String> {
    let mut problems = BTreeSet::new();
    let (types, calls) = (catalog.types(), catalog.calls());
    let paths = types
        .iter()
        .map(|ty| ty.path.as_str())
        .chain(calls.iter().map(|call| call.path.as_str()));
    sources.want(paths);
    for package in catalog.packages() {
        let Some(version) = &package.version else { continue };
        if let Err(problem) = sources.choose(&package.name.replace('-', "_"), version) {
            problems.insert(format!("{}: {problem}", package.file));
        }
    }
    for ty in catalog.types().into_iter().filter(|ty| !is_std(&ty.path)) {
        problems.extend(
            of_type(ty, sources)
                .into_iter()
                .map(|problem| format!("{}: `{}` {problem}", ty.file, ty.path)),
        );
    }
    let likes = Likes::of(catalog);
    let awaited: BTreeSet<_> = catalog.types().into_iter().filter_map(|ty| ty.awaits.clone()).collect();
    for call in catalog.calls().into_iter().filter(|call| !is_std(&call.path)) {
        problems.extend(
            of_call(call, &likes, awaited.contains(&call.path), sources)
                .into_iter()
                .map(|problem| format!("{}: `{}` {problem}", call.file, call.path)),
        );
    }
    problems.into_iter().collect()
}

fn is_std(path: &str) -> bool {
    path.starts_with("std::")
}

fn of_type(ty: &Type, sources: &mut Sources) -> Vec<String> {
    let Some(def) = sources.ty(&ty.path) else {
        return vec!["is no type of that crate".to_owned()];
    };
    let fields = ty.fields.keys().chain(&ty.gives_back);
    let missing = fields.filter(|field| !sources.has_field(&def, field));
    let mut problems: Vec<_> = missing.map(|field| format!("has no public field `{field}`")).collect();
    for method in ty.handles.keys() {
        if !matches!(sources.find(&format!("{}::{method}", ty.path)), Some(Target::Fn(_))) {
            problems.push(format!("has no method `{method}`"));
        }
    }
    for parent in &ty.implements {
        let name = parent.rsplit("::").next().unwrap_or(parent);
        if !sources.is_trait(&def) && !sources.implements(&def, name) {
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

    /// The method of a trait that the call's type implements and is like.
    fn of_trait(&self, call: &Call, sources: &mut Sources) -> Option<Target> {
        let def = sources.ty(call.owner())?;
        self.0.get(call.owner())?.iter().find_map(|model| {
            let name = model.rsplit("::").next().unwrap_or(model);
            let found = sources.find(&format!("{model}::{}", call.name()));
            found.filter(|_| sources.implements(&def, name))
        })
    }
}

fn of_call(call: &Call, likes: &Likes, awaited: bool, sources: &mut Sources) -> Vec<String> {
    let found = sources.find(&call.path);
    match found.or_else(|| likes.of_trait(call, sources)) {
        None => vec!["is not there".to_owned()],
        Some(Target::Fn(found)) => of_function(call, &found, awaited, sources),
        Some(Target::Macro) if call.path.ends_with('!') => Vec::new(),
        // A tuple struct's constructor.
        Some(Target::Type(_)) if call.name().starts_with(char::is_uppercase) => Vec::new(),
        Some(_) => vec!["is neither a function nor a macro".to_owned()],
    }
}

fn of_function(call: &Call, found: &Fun, awaited: bool, sources: &Sources) -> Vec<String> {
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
        problems.extend(of_result(call, found, sources));
    }
    problems
}

/// Asynchrony and failure, where the source shows them.
fn of_result(call: &Call, found: &Fun, sources: &Sources) -> Option<String> {
    let output = found.output.as_ref()?;
    let krate = call.path.split("::").next().unwrap_or_default();
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

/// A function has a page of its own, a method a place on its type's.
fn in_docs(docs: &Path, path: &str) -> bool {
    let parts: Vec<&str> = path.split("::").collect();
    let [modules @ .., owner, name] = &parts[..] else {
        return false;
    };
    let module = docs.join(modules.join("/"));
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
