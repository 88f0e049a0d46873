//! Who mentions a function, by call or by name.

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use smol_str::SmolStr;

use super::{Def, FnId, Index};
use crate::source::hir::Path;

/// What bodies mention, by the last name.
#[derive(Debug, Default)]
pub(super) struct Calls<'a> {
    by_name: HashMap<SmolStr, Vec<FnId>>,
    methods: HashMap<SmolStr, Vec<FnId>>,
    paths: HashMap<SmolStr, Paths<'a>>,
    /// Functions with a receiver.
    pub declared: HashMap<SmolStr, Vec<FnId>>,
    /// By a function's own name, those that imports give it.
    pub renamed: HashMap<SmolStr, Vec<SmolStr>>,
}

/// Paths that end in one name.
#[derive(Debug, Default)]
struct Paths<'a> {
    written: Vec<(FnId, &'a Path)>,
    /// Resolved together when first asked for.
    callers: OnceLock<Callers>,
}

/// Who names which function.
#[derive(Debug, Default)]
struct Callers {
    of: HashMap<FnId, Vec<FnId>>,
    /// Those whose path may be anything.
    of_any: Vec<FnId>,
}

impl<'a> Calls<'a> {
    pub(super) fn method(&mut self, by: FnId, name: &SmolStr) {
        push(&mut self.methods, name, by);
        push(&mut self.by_name, name, by);
    }

    pub(super) fn path(&mut self, by: FnId, path: &'a Path) {
        if let Some(last) = path.segments.last() {
            self.paths
                .entry(last.name.clone())
                .or_default()
                .written
                .push((by, path));
            push(&mut self.by_name, &last.name, by);
        }
    }

    /// Bodies are entered one within another, so numbers do not come in order.
    pub(super) fn finish(&mut self) {
        for list in self
            .by_name
            .values_mut()
            .chain(self.methods.values_mut())
            .chain(self.declared.values_mut())
        {
            list.sort_unstable();
            list.dedup();
        }
    }

    /// Paths that end in the name or in one that imports give it.
    fn paths(&self, name: &str) -> Vec<&Paths<'a>> {
        let others = self.renamed.get(name).into_iter().flatten().map(SmolStr::as_str);
        let names: BTreeSet<&str> = std::iter::once(name).chain(others).collect();
        names.into_iter().filter_map(|name| self.paths.get(name)).collect()
    }
}

fn push(lists: &mut HashMap<SmolStr, Vec<FnId>>, name: &SmolStr, f: FnId) {
    let list = lists.entry(name.clone()).or_default();
    if list.last() != Some(&f) {
        list.push(f);
    }
}

impl Index<'_> {
    /// Functions in whose bodies `name` is a method's name or the last segment of a path (a macro's too).
    #[must_use]
    pub fn mentions(&self, name: &str) -> &[FnId] {
        self.calls.by_name.get(name).map_or(&[], Vec::as_slice)
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
        let methods = self.calls.methods.get(&hir.name).filter(|_| hir.receiver.is_some());
        let declared = self.declaration(f);
        let by_path = self.calls.paths(&hir.name).into_iter().flat_map(|paths| {
            let callers = paths.callers.get_or_init(|| self.resolve_callers(&paths.written));
            let of = [Some(f), declared]
                .into_iter()
                .flatten()
                .filter_map(|f| callers.of.get(&f))
                .flatten();
            of.chain(&callers.of_any)
        });
        let mut found: Vec<FnId> = methods.into_iter().flatten().chain(by_path).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
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
