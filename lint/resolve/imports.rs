//! Links `use` items: each name gets its meaning, in as many rounds as re-exports are deep.

use smol_str::SmolStr;

use super::collect::Builder;
use super::names::{Glob, Name, Pending, Seen, Space};
use super::{Def, ModuleId};
use crate::source::hir::Use;

/// A `use` leaf and the module that it stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Import<'a> {
    pub at: ModuleId,
    pub item: &'a Use,
}

impl Import<'_> {
    fn seen(&self) -> Seen {
        if self.item.public {
            Seen::Everywhere
        } else {
            Seen::Inside
        }
    }

    fn segments(&self) -> Vec<&str> {
        let mut segments: Vec<&str> = self.item.path.iter().map(SmolStr::as_str).collect();
        if segments.len() > 1 && segments.last() == Some(&"self") {
            segments.pop();
        }
        segments
    }
}

impl Builder<'_> {
    /// Links all imports. First only through what is sure; then names that nothing defines are taken for crates.
    pub(super) fn link(&mut self) {
        let mut open: Vec<Import<'_>> = std::mem::take(&mut self.imports);
        open.retain(|import| import.item.glob || import.item.name.is_some());
        for import in &open {
            let module = &mut self.index.modules[import.at.0 as usize];
            module
                .pending
                .extend(import.item.name.clone().filter(|_| !import.item.glob));
        }
        self.link_rounds(&mut open);
        self.index.is_linked = true;
        self.link_rounds(&mut open);
        for import in open.iter().filter(|import| !import.item.glob) {
            self.close(import);
        }
    }

    /// Repeats until a round links nothing more.
    fn link_rounds(&mut self, open: &mut Vec<Import<'_>>) {
        loop {
            let before = open.len();
            open.retain(|import| !self.link_one(import));
            if open.len() == before {
                return;
            }
        }
    }

    fn link_one(&mut self, import: &Import<'_>) -> bool {
        if import.item.glob {
            self.link_glob(import)
        } else {
            self.link_name(import)
        }
    }

    fn link_glob(&mut self, import: &Import<'_>) -> bool {
        match self.meaning(import, Space::Types) {
            Ok(Some(from)) => {
                let glob = Glob {
                    from,
                    seen: import.seen(),
                };
                self.index.modules[import.at.0 as usize].globs.push(glob);
                true
            }
            _ => false,
        }
    }

    /// A name may be imported as a type and as a value at once.
    fn link_name(&mut self, import: &Import<'_>) -> bool {
        self.close(import);
        let meanings = (self.meaning(import, Space::Types), self.meaning(import, Space::Values));
        let (Ok(ty), Ok(value)) = meanings else {
            return self.reopen(import);
        };
        if ty.is_none() && value.is_none() {
            return self.reopen(import);
        }
        self.define(import, Space::Types, ty.filter(|def| !is_named_like_crate(import, def)));
        self.define(import, Space::Values, value);
        true
    }

    /// What the whole path means.
    fn meaning(&self, import: &Import<'_>, space: Space) -> Result<Option<Def>, Pending> {
        let segments = import.segments();
        let prefix = self.index.walk_path(import.at, &segments, import.item.global, space)?;
        let found = prefix
            .filter(|prefix| prefix.taken == segments.len())
            .map(|prefix| prefix.def);
        Ok(found.or_else(|| self.whole_crate(import, &segments, space)))
    }

    /// `use aws_sdk_sqs as sqs`, where no manifest lists the crates.
    fn whole_crate(&self, import: &Import<'_>, segments: &[&str], space: Space) -> Option<Def> {
        let krate = self.index.module(import.at).krate;
        let unlisted = self.index.is_linked && !self.index.crates[krate.0 as usize].has_manifest;
        match segments {
            [name] if unlisted && space == Space::Types && name.starts_with(|c: char| c.is_ascii_lowercase()) => {
                Some(Def::External((*name).into()))
            }
            _ => None,
        }
    }

    fn define(&mut self, import: &Import<'_>, space: Space, def: Option<Def>) {
        let (Some(def), Some(name)) = (def, &import.item.name) else {
            return;
        };
        let names = self.index.modules[import.at.0 as usize].names(space);
        names.entry(name.clone()).or_insert(Name {
            def,
            seen: import.seen(),
        });
    }

    /// Its name is looked for again.
    fn reopen(&mut self, import: &Import<'_>) -> bool {
        self.index.modules[import.at.0 as usize]
            .pending
            .extend(import.item.name.clone());
        false
    }

    /// The import no longer holds up others that look for its name.
    fn close(&mut self, import: &Import<'_>) {
        let pending = &mut self.index.modules[import.at.0 as usize].pending;
        if let Some(at) = import
            .item
            .name
            .as_ref()
            .and_then(|name| pending.iter().position(|own| own == name))
        {
            pending.swap_remove(at);
        }
    }
}

/// `use anyhow::anyhow` imports a macro (or function): `anyhow::Error` still begins with the crate.
fn is_named_like_crate(import: &Import<'_>, def: &Def) -> bool {
    let path = &import.item.path;
    matches!(def, Def::External(_)) && path.len() > 1 && path.first() == import.item.name.as_ref()
}
