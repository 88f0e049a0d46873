//! Upkeep: which tables the workspace clears of old rows, and how old rows get there.

use std::collections::BTreeMap;

use rayon::prelude::*;
use smol_str::SmolStr;

use super::Lowering;
use super::query::Query;
use super::time;
use super::unit::rehearsed;
use super::{Context, Upkeep};
use crate::resolve::{ConstId, FnId};
use crate::span::Span;
use crate::sql::{Age, Delete};

/// How a statement that clears a table begins.
const CLEARS: [&str; 3] = ["DELETE FROM", "delete from", "Delete from"];

/// A table is cleared of rows older than `millis` (of some rows, where nobody can tell which).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Removal {
    pub millis: Option<u64>,
    pub at: Span,
}

/// What was seen of clearing while code was followed.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    table: SmolStr,
    removal: Removal,
}

impl Upkeep {
    /// How rows of the table are removed, if they are.
    pub(super) fn of(&self, table: &str) -> Option<Removal> {
        self.tables.get(table).copied()
    }
}

/// Follows every function that clears a table.
#[must_use]
pub fn upkeep(context: &Context<'_>) -> Upkeep {
    let constants = clearing_constants(context);
    let functions = clearing(context, &constants);
    let found: Vec<Vec<Seen>> = functions.par_iter().map(|f| rehearsed(context, *f)).collect();
    let written = |seen: Seen| seen.where_written(context, &constants);
    let mut tables: BTreeMap<SmolStr, Removal> = BTreeMap::new();
    for seen in found.into_iter().flatten().map(written) {
        tables
            .entry(seen.table)
            .and_modify(|known| *known = sooner(*known, seen.removal))
            .or_insert(seen.removal);
    }
    Upkeep { tables }
}

/// The removal that takes rows first; a known age tells more than an unknown one.
fn sooner(a: Removal, b: Removal) -> Removal {
    match (a.millis, b.millis) {
        (Some(x), Some(y)) if y < x => b,
        (None, Some(_)) => b,
        _ => a,
    }
}

fn clears(text: &str) -> bool {
    CLEARS.iter().any(|begin| text.contains(begin))
}

/// Constants whose text clears a table, and where that is written.
fn clearing_constants(context: &Context<'_>) -> Vec<(ConstId, Span)> {
    let written = |c: ConstId| {
        let info = context.index.constant(c);
        let value = info.hir.value.as_ref()?;
        let at = Span {
            file: info.file,
            start: value.start,
            end: value.end,
        };
        clears((context.text)(at)).then_some((c, at))
    };
    context.index.constants().filter_map(written).collect()
}

/// Functions whose text, or that of a constant that they name, clears a table.
fn clearing(context: &Context<'_>, constants: &[(ConstId, Span)]) -> Vec<FnId> {
    let index = context.index;
    let mut found: Vec<FnId> = constants
        .iter()
        .flat_map(|(c, _)| index.mentions(&index.constant(*c).hir.name, |_| true))
        .collect();
    found.extend(index.functions().filter(|f| {
        let info = index.function(*f);
        let body = info.hir.body.as_ref();
        body.is_some_and(|body| {
            clears((context.text)(Span {
                file: info.file,
                start: body.start,
                end: body.end,
            }))
        })
    }));
    found.sort_unstable();
    found.dedup();
    found
}

impl Seen {
    /// The statement's own place, where it is a constant that is executed elsewhere.
    fn where_written(mut self, context: &Context<'_>, constants: &[(ConstId, Span)]) -> Self {
        if !clears((context.text)(self.removal.at)) {
            let named = |(_, at): &&(ConstId, Span)| (context.text)(*at).contains(self.table.as_str());
            if let Some((_, at)) = constants.iter().find(named) {
                self.removal.at = *at;
            }
        }
        self
    }
}

impl Lowering<'_> {
    /// Takes note of a statement that removes rows by their age, or whatever rows there are. One that names its rows takes back what
    /// somebody recorded.
    pub(super) fn note_removal(&mut self, delete: &Delete, query: &Query) {
        let millis = match delete.older_than {
            None if !delete.by.is_empty() || delete.pops => return,
            Some(Age::Millis(millis)) => Some(millis),
            Some(Age::Bind(bind)) => query.binds.get(bind).and_then(time::age),
            None | Some(Age::Unknown) => None,
        };
        self.removals.push(Seen {
            table: delete.table.clone(),
            removal: Removal { millis, at: query.at },
        });
    }
}
