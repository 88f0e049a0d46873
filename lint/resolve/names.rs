//! What a path names: through modules, imports, globs, re-exports, other crates and the prelude.

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::{CrateId, Def, Index, ModuleId, external};
use crate::source::hir;
use crate::span::FileId;

/// Rust's two name spaces that matter here; macros are looked for among values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Types,
    Values,
}

/// A module's own names and where else it looks.
#[derive(Debug)]
pub(super) struct Module {
    pub krate: CrateId,
    pub parent: Option<ModuleId>,
    pub file: FileId,
    pub path: SmolStr,
    /// A function's body: names that it lacks are looked for in its parent, and `self` is not it.
    pub is_block: bool,
    pub types: FxHashMap<SmolStr, Name>,
    pub values: FxHashMap<SmolStr, Name>,
    pub globs: Vec<Glob>,
    /// Names of imports that are not linked yet.
    pub pending: Vec<SmolStr>,
    /// Modules declared by the same name under another `cfg`.
    pub twins: Vec<ModuleId>,
}

/// What a name in a module means, and who sees it.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub def: Def,
    pub seen: Seen,
}

/// Whether a glob of another module takes a name along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// An item or a `pub use`.
    Everywhere,
    /// A plain `use`: only by modules inside.
    Inside,
}

/// A linked `use …::*`.
#[derive(Debug)]
pub(super) struct Glob {
    pub from: Def,
    pub seen: Seen,
}

/// A target and the crates it can name.
#[derive(Debug)]
pub(super) struct Crate {
    pub package: SmolStr,
    pub root: ModuleId,
    /// Of the root file.
    pub dir: PathBuf,
    /// By the name in paths.
    pub externs: FxHashMap<SmolStr, Extern>,
    /// The packages that they come from, as paths spell them.
    pub packages: FxHashSet<SmolStr>,
    /// Whether a manifest says what the crate depends on.
    pub has_manifest: bool,
    /// First segments of its paths that nothing in the workspace defines.
    pub named: FxHashSet<SmolStr>,
}

/// What the name of a crate stands for.
#[derive(Debug, Clone)]
pub(super) enum Extern {
    Local(CrateId),
    /// The name that the crate's own paths begin with.
    External(SmolStr),
}

/// An import in the way is not linked yet: ask again later.
#[derive(Debug)]
pub(super) struct Pending;

type Found = Result<Option<Def>, Pending>;

/// A path's longest prefix that names something, and how many segments that took.
#[derive(Debug, Clone)]
pub(super) struct Prefix {
    pub def: Def,
    pub taken: usize,
}

/// A search for one name that may lead through several modules.
struct Search<'n> {
    name: &'n str,
    space: Space,
    /// The module that asks.
    from: ModuleId,
    visited: Vec<ModuleId>,
    /// What the name would be by globs of other crates' modules.
    candidates: Vec<SmolStr>,
}

impl Module {
    pub(super) fn new(krate: CrateId, parent: Option<ModuleId>, file: FileId, path: SmolStr) -> Self {
        Self {
            krate,
            parent,
            file,
            path,
            is_block: false,
            types: FxHashMap::default(),
            values: FxHashMap::default(),
            globs: Vec::new(),
            pending: Vec::new(),
            twins: Vec::new(),
        }
    }

    pub(super) fn names(&mut self, space: Space) -> &mut FxHashMap<SmolStr, Name> {
        match space {
            Space::Types => &mut self.types,
            Space::Values => &mut self.values,
        }
    }

    fn name(&self, space: Space, name: &str) -> Option<&Name> {
        match space {
            Space::Types => self.types.get(name),
            Space::Values => self.values.get(name),
        }
    }
}

impl<'a> Index<'a> {
    /// The longest prefix of `segments` that is known when everything is linked.
    pub(super) fn prefix(&self, at: ModuleId, segments: &[&str], global: bool, space: Space) -> Option<Prefix> {
        self.walk_path(at, segments, global, space).ok().flatten()
    }

    /// Takes segments as long as they name something in a module or in another crate.
    pub(super) fn walk_path(
        &self,
        at: ModuleId,
        segments: &[&str],
        global: bool,
        space: Space,
    ) -> Result<Option<Prefix>, Pending> {
        let space_of = |index: usize| {
            if index + 1 == segments.len() {
                space
            } else {
                Space::Types
            }
        };
        let Some((mut def, mut taken)) = self.start(at, segments, global, space_of(0))? else {
            return Ok(None);
        };
        while taken < segments.len() {
            let next = match &def {
                Def::External(path) => {
                    let whole = format_smolstr!("{path}::{}", segments[taken..].join("::"));
                    return Ok(Some(Prefix {
                        def: Def::External(external::respelled(whole)),
                        taken: segments.len(),
                    }));
                }
                _ => self.member(&def, segments[taken], space_of(taken), at)?,
            };
            match next {
                Some(next) => def = next,
                None if matches!(def, Def::Module(_)) => return Ok(None),
                None => break,
            }
            taken += 1;
        }
        Ok(Some(Prefix { def, taken }))
    }

    /// What the first segments name: `crate`, `self`, `super::super`, or a name in scope.
    fn start(
        &self,
        at: ModuleId,
        segments: &[&str],
        global: bool,
        space: Space,
    ) -> Result<Option<(Def, usize)>, Pending> {
        let Some(first) = segments.first() else { return Ok(None) };
        let here = self.real_module(at);
        Ok(match *first {
            "crate" | "$crate" => Some((Def::Module(self.root_of(at)), 1)),
            "self" if segments.len() > 1 || space == Space::Types => self.climb(here, &segments[1..], 1),
            "super" => self.climb(here, segments, 0),
            name if global => self
                .krate(at, name)
                .or_else(|| Some(Def::External(name.into())))
                .map(|def| (def, 1)),
            name => self.in_scope(at, name, space, segments.len() > 1)?.map(|def| (def, 1)),
        })
    }

    /// Goes up one module for each `super`.
    fn climb(&self, mut module: ModuleId, segments: &[&str], mut taken: usize) -> Option<(Def, usize)> {
        for _ in segments.iter().take_while(|segment| **segment == "super") {
            module = self.real_module(self.module(module).parent?);
            taken += 1;
        }
        Some((Def::Module(module), taken))
    }

    /// The module around a block.
    pub(super) fn real_module(&self, mut at: ModuleId) -> ModuleId {
        while let (true, Some(parent)) = (self.module(at).is_block, self.module(at).parent) {
            at = parent;
        }
        at
    }

    pub(super) fn root_of(&self, at: ModuleId) -> ModuleId {
        self.crates[self.module(at).krate.0 as usize].root
    }

    pub(super) fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// A name without a path: the module's own, else a crate's, else the prelude's. `is_prefix`: more segments follow.
    pub(super) fn in_scope(&self, at: ModuleId, name: &str, space: Space, is_prefix: bool) -> Found {
        let mut search = Search {
            name,
            space,
            from: at,
            visited: Vec::new(),
            candidates: Vec::new(),
        };
        let mut module = at;
        loop {
            if let Some(def) = self.search_module(module, &mut search)? {
                return Ok(Some(def));
            }
            match self.module(module).parent {
                Some(parent) if self.module(module).is_block => module = parent,
                _ => break,
            }
        }
        Ok(self.outside(at, &search, is_prefix))
    }

    /// A name that the module itself does not have.
    fn outside(&self, at: ModuleId, search: &Search<'_>, is_prefix: bool) -> Option<Def> {
        let krate = || {
            if search.space == Space::Types {
                self.krate(at, search.name)
            } else {
                None
            }
        };
        let known = || {
            search
                .candidates
                .iter()
                .find(|path| self.known.describes(path) || external::is_known(path))
                .cloned()
        };
        let prelude = || {
            match search.space {
                Space::Types => external::prelude_type(search.name),
                Space::Values => external::prelude_value(search.name),
            }
            .map(SmolStr::new_static)
        };
        let only = || match (self.is_linked, search.candidates.as_slice()) {
            (true, [path]) => Some(path.clone()),
            _ => None,
        };
        let crate_name = || {
            let is_crate = self.is_linked && is_prefix && search.name.starts_with(|c: char| c.is_ascii_lowercase());
            is_crate.then(|| SmolStr::new(search.name))
        };
        // Without a manifest the names of crates are not known: then a path begins with one rather than with what a glob may bring.
        let has_manifest = self.crates[self.module(at).krate.0 as usize].has_manifest;
        let unlisted = || if has_manifest { None } else { crate_name() };
        krate().or_else(|| {
            known()
                .or_else(prelude)
                .or_else(unlisted)
                .or_else(only)
                .or_else(crate_name)
                .map(Def::External)
        })
    }

    /// A crate that the one around `at` can name.
    fn krate(&self, at: ModuleId, name: &str) -> Option<Def> {
        match name {
            "std" | "core" | "alloc" => return Some(Def::External("std".into())),
            _ => {}
        }
        match self.crates[self.module(at).krate.0 as usize].externs.get(name)? {
            Extern::Local(krate) => Some(Def::Module(self.crates[krate.0 as usize].root)),
            Extern::External(name) => Some(Def::External(name.clone())),
        }
    }

    /// `def::name`, where `def` is a module or an enum.
    fn member(&self, def: &Def, name: &str, space: Space, from: ModuleId) -> Found {
        match def {
            Def::Module(module) => {
                let mut search = Search {
                    name,
                    space,
                    from,
                    visited: Vec::new(),
                    candidates: Vec::new(),
                };
                let found = self.search_module(*module, &mut search)?;
                Ok(found.or_else(|| self.among_candidates(&search)))
            }
            Def::Type(id) if self.has_variant(*id, name) => Ok(Some(Def::Variant(*id, name.into()))),
            _ => Ok(None),
        }
    }

    /// What a module re-exports by a glob of another crate's.
    fn among_candidates(&self, search: &Search<'_>) -> Option<Def> {
        let known = search
            .candidates
            .iter()
            .find(|path| self.known.describes(path) || external::is_known(path));
        match (known, search.candidates.as_slice()) {
            (Some(path), _) => Some(Def::External(path.clone())),
            (None, [path]) if self.is_linked => Some(Def::External(path.clone())),
            _ => None,
        }
    }

    /// A name of a module: its own, else by its globs, else its twins'.
    fn search_module(&self, at: ModuleId, search: &mut Search<'_>) -> Found {
        if search.visited.contains(&at) {
            return Ok(None);
        }
        search.visited.push(at);
        let module = self.module(at);
        let is_inside = self.is_inside(search.from, at);
        match module.name(search.space, search.name) {
            Some(name) if is_inside || name.seen == Seen::Everywhere => return Ok(Some(name.def.clone())),
            _ if module.pending.iter().any(|name| name == search.name) => return Err(Pending),
            _ => {}
        }
        for glob in module
            .globs
            .iter()
            .filter(|glob| is_inside || glob.seen == Seen::Everywhere)
        {
            if let Some(def) = self.search_glob(&glob.from, search)? {
                return Ok(Some(def));
            }
        }
        for twin in &module.twins {
            if let Some(def) = self.search_module(*twin, search)? {
                return Ok(Some(def));
            }
        }
        Ok(None)
    }

    fn search_glob(&self, from: &Def, search: &mut Search<'_>) -> Found {
        match from {
            Def::Module(module) => self.search_module(*module, search),
            Def::Type(id) if self.has_variant(*id, search.name) => Ok(Some(Def::Variant(*id, search.name.into()))),
            Def::External(path) => {
                search.candidates.push(format_smolstr!("{path}::{}", search.name));
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Whether `inner` is `outer` or a module in it.
    fn is_inside(&self, inner: ModuleId, outer: ModuleId) -> bool {
        let mut at = Some(inner);
        while let Some(module) = at {
            if module == outer {
                return true;
            }
            at = self.module(module).parent;
        }
        false
    }

    /// The path of a macro that is called by `path`; `Unknown` for those of the workspace.
    #[must_use]
    pub fn resolve_macro(&self, at: ModuleId, path: &hir::Path) -> Def {
        let names: Vec<&str> = path.segments.iter().map(|segment| segment.name.as_str()).collect();
        let found = [Space::Values, Space::Types]
            .into_iter()
            .filter_map(|space| self.prefix(at, &names, path.global, space))
            .find(|prefix| matches!(prefix.def, Def::External(_)) && prefix.taken == names.len());
        // `use client::*` may bring anything, and hardly ever a `println!`.
        let known = match names.as_slice() {
            [name] => external::prelude_macro(name),
            _ => None,
        };
        let found = || found.map_or(Def::Unknown, |prefix| prefix.def);
        known.map_or_else(found, |path| Def::External(path.into()))
    }
}
