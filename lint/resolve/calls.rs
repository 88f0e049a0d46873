//! Who mentions a function, by call or by name.
//!
//! Bodies that were parsed with their files are noted when the index is built. Others are asked about one name at a time: those whose
//! text holds it as a word are parsed then.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::collect::Mentioned;
use super::{CrateId, Def, FnId, FnInfo, Index};
use crate::source::hir::{Function, Path};
use crate::span::FileId;

/// What bodies mention, by the last name.
#[derive(Debug, Default)]
pub(super) struct Calls<'a> {
    noted: FxHashMap<SmolStr, Named<'a>>,
    /// Functions whose bodies have not been looked into, by file.
    unread: Vec<(FileId, Vec<FnId>)>,
    /// With what was found in unread bodies.
    complete: Mutex<FxHashMap<SmolStr, Arc<Complete>>>,
    /// Functions with a receiver.
    pub declared: FxHashMap<SmolStr, Vec<FnId>>,
    /// By a function's own name, those that imports give it.
    pub renamed: FxHashMap<SmolStr, Vec<SmolStr>>,
}

/// Who mentions one name in a body that was noted.
#[derive(Debug, Default)]
struct Named<'a> {
    by_method: Vec<FnId>,
    by_path: Vec<(FnId, &'a Path)>,
}

/// Everyone who mentions one name.
#[derive(Debug, Default)]
struct Complete {
    by_method: Vec<FnId>,
    /// In bodies that were noted.
    by_path: Vec<FnId>,
    /// In others.
    by_late_path: Vec<FnId>,
    /// Resolved together when first asked for.
    callers: OnceLock<Callers>,
}

/// Who names which function.
#[derive(Debug, Default)]
struct Callers {
    of: FxHashMap<FnId, Vec<FnId>>,
    /// Those whose path may be anything.
    of_any: Vec<FnId>,
}

impl<'a> Calls<'a> {
    /// Notes what a body mentions.
    pub(super) fn note(&mut self, by: FnId, seen: &Mentioned<'a>) {
        for name in &seen.methods {
            push(&mut self.named(name).by_method, by);
        }
        for path in seen.paths() {
            if let Some(last) = path.segments.last() {
                self.named(&last.name).by_path.push((by, path));
            }
        }
    }

    /// Leaves a body for later.
    pub(super) fn postpone(&mut self, by: FnId, file: FileId) {
        match self.unread.last_mut() {
            Some((last, functions)) if *last == file => functions.push(by),
            _ => self.unread.push((file, vec![by])),
        }
    }

    fn named(&mut self, name: &SmolStr) -> &mut Named<'a> {
        self.noted.entry(name.clone()).or_default()
    }

    /// Everyone who mentions the name; `functions` are those of the index.
    fn complete(&self, name: &str, functions: &[FnInfo<'a>]) -> Arc<Complete> {
        let known = || self.complete.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(name) {
            return Arc::clone(found);
        }
        let mut found = Complete::default();
        if let Some(noted) = self.noted.get(name) {
            found.by_method.clone_from(&noted.by_method);
            found.by_path.extend(noted.by_path.iter().map(|(by, _)| *by));
        }
        for f in self.unread_with(name, functions, |_| true) {
            let mentions = Complete::of(f, name, functions[f.0 as usize].hir).unwrap_or_default();
            found.by_method.extend(mentions.by_method);
            found.by_late_path.extend(mentions.by_late_path);
        }
        let found = Arc::new(found);
        Arc::clone(known().entry(name.into()).or_insert(found))
    }

    /// The paths that end in a name.
    fn paths(&self, name: &str, late: &[FnId], functions: &[FnInfo<'a>]) -> Vec<(FnId, &'a Path)> {
        let noted = self
            .noted
            .get(name)
            .into_iter()
            .flat_map(|noted| &noted.by_path)
            .copied();
        let of = |by: &FnId| {
            let (by, hir) = (*by, functions[by.0 as usize].hir);
            let seen = hir.body.as_ref().map(|body| Mentioned::of(hir, body.peek()));
            let paths: Vec<&Path> = seen.iter().flat_map(|seen| seen.paths_to(name)).collect();
            paths.into_iter().map(move |path| (by, path))
        };
        noted.chain(late.iter().flat_map(of)).collect()
    }

    /// Functions with unread bodies in whose text the name is a word, of those that are asked about.
    fn unread_with(&self, name: &str, functions: &[FnInfo<'a>], is_asked: impl Fn(&FnId) -> bool) -> Vec<FnId> {
        let body = |f: &FnId| functions[f.0 as usize].hir.body.as_ref();
        let may = |list: &&Vec<FnId>| {
            let first = list.first().filter(|f| is_asked(f)).and_then(body);
            first.is_some_and(|body| body.file_may_say(name))
        };
        let lists = self.unread.iter().map(|(_, list)| list).filter(may);
        let says = |f: &FnId| body(f).is_some_and(|body| body.says(name));
        lists.flatten().copied().filter(says).collect()
    }
}

impl Complete {
    /// How one function mentions a name, if it does.
    fn of(by: FnId, name: &str, hir: &Function) -> Option<Self> {
        let seen = Mentioned::of(hir, hir.body.as_ref()?.peek());
        let mut found = Self::default();
        if seen.methods.iter().any(|method| *method == name) {
            found.by_method.push(by);
        }
        if seen.paths_to(name).next().is_some() {
            found.by_late_path.push(by);
        }
        (!found.by_method.is_empty() || !found.by_late_path.is_empty()).then_some(found)
    }
}

fn push(list: &mut Vec<FnId>, f: FnId) {
    if list.last() != Some(&f) {
        list.push(f);
    }
}

impl Index<'_> {
    /// Functions of these crates in whose bodies `name` is a method's name or the last segment of a path (a macro's too).
    pub fn mentions(&self, name: &str, is_asked: impl Fn(CrateId) -> bool) -> BTreeSet<FnId> {
        let is_of = |f: &FnId| is_asked(self.function(*f).krate);
        let noted = self.calls.noted.get(name).into_iter();
        let noted = noted.flat_map(|named| named.by_path.iter().map(|(by, _)| by).chain(&named.by_method));
        let late = self.calls.unread_with(name, &self.fns, is_of);
        let says = |f: &FnId| Complete::of(*f, name, self.function(*f).hir).is_some();
        // Their bodies are parsed for that.
        let late: Vec<FnId> = late.into_par_iter().filter(says).collect();
        noted.copied().filter(is_of).chain(late).collect()
    }

    /// Every function with a receiver by that name: for a receiver of unknown type.
    #[must_use]
    pub fn methods_named(&self, name: &str) -> &[FnId] {
        self.calls.declared.get(name).map_or(&[], Vec::as_slice)
    }

    /// Functions that may call `f`, or pass it on by name. A method counts wherever its name is called on anything.
    #[must_use]
    pub fn callers(&self, f: FnId) -> Vec<FnId> {
        let hir = self.function(f).hir;
        let own = hir.name.as_str();
        let renamed = self.calls.renamed.get(own).into_iter().flatten().map(SmolStr::as_str);
        let names: BTreeSet<&str> = std::iter::once(own).chain(renamed).collect();
        let all = names
            .into_iter()
            .map(|name| (name, self.calls.complete(name, &self.fns)));
        let all: Vec<(&str, Arc<Complete>)> = all.collect();
        let declared = self.declaration(f);
        let by_path = all.iter().flat_map(|(name, found)| {
            let paths = || self.calls.paths(name, &found.by_late_path, &self.fns);
            let callers = found.callers.get_or_init(|| self.resolve_callers(&paths()));
            let of = [Some(f), declared]
                .into_iter()
                .flatten()
                .filter_map(|f| callers.of.get(&f))
                .flatten();
            of.chain(&callers.of_any)
        });
        let own = all.iter().filter(|(name, _)| hir.receiver.is_some() && *name == own);
        let by_method = own.flat_map(|(_, found)| &found.by_method);
        let found: BTreeSet<FnId> = by_method.chain(by_path).copied().collect();
        found.into_iter().collect()
    }

    fn resolve_callers(&self, written: &[(FnId, &Path)]) -> Callers {
        let mut callers = Callers::default();
        for (by, path) in written {
            match self.resolve_in(&self.function(*by).scope, path) {
                Def::Fn(f) => callers.of.entry(f).or_default().push(*by),
                Def::Assoc(ty, name) => {
                    self.assoc_fn(&ty, &name)
                        .into_iter()
                        .for_each(|f| callers.of.entry(f).or_default().push(*by));
                }
                Def::Unknown if path.segments.len() > 1 => callers.of_any.push(*by),
                _ => {}
            }
        }
        callers
    }
}
