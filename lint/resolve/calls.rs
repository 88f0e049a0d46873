//! Who mentions a function, by call or by name.

use std::collections::{HashMap, HashSet};

use smol_str::SmolStr;

use super::{Def, FnId, Index};
use crate::source::hir::Path;

/// What bodies mention, by the last name.
#[derive(Debug, Default)]
pub(super) struct Calls<'a> {
    by_name: HashMap<SmolStr, Vec<FnId>>,
    methods: HashMap<SmolStr, Vec<FnId>>,
    paths: HashMap<SmolStr, Vec<(FnId, &'a Path)>>,
    /// Functions with a receiver.
    pub declared: HashMap<SmolStr, Vec<FnId>>,
    /// By a function's own name, those that imports give it.
    pub renamed: HashMap<SmolStr, Vec<SmolStr>>,
}

impl<'a> Calls<'a> {
    pub(super) fn method(&mut self, by: FnId, name: &SmolStr) {
        push(&mut self.methods, name, by);
        push(&mut self.by_name, name, by);
    }

    pub(super) fn path(&mut self, by: FnId, path: &'a Path) {
        if let Some(last) = path.segments.last() {
            self.paths.entry(last.name.clone()).or_default().push((by, path));
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

    fn paths(&self, name: &str) -> Vec<(FnId, &'a Path)> {
        let others = self.renamed.get(name).into_iter().flatten().map(SmolStr::as_str);
        let names = std::iter::once(name).chain(others);
        names
            .filter_map(|name| self.paths.get(name))
            .flatten()
            .copied()
            .collect()
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
        let mut found: Vec<FnId> = Vec::new();
        if hir.receiver.is_some() {
            found.extend(self.calls.methods.get(&hir.name).into_iter().flatten());
        }
        let mut seen: HashSet<FnId> = found.iter().copied().collect();
        for (by, path) in self.calls.paths(&hir.name) {
            if !seen.contains(&by) && self.can_mean(by, path, f) {
                seen.insert(by);
                found.push(by);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether `path`, written in `by`, can be `f`.
    fn can_mean(&self, by: FnId, path: &Path, f: FnId) -> bool {
        match self.resolve_in(&self.function(by).scope, path) {
            Def::Fn(found) => found == f || self.declaration(f) == Some(found),
            Def::Assoc(ty, name) => self.assoc_fn(&ty, &name).contains(&f),
            Def::Unknown => path.segments.len() > 1,
            _ => false,
        }
    }
}
