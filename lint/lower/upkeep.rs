//! Upkeep: which tables the workspace clears of old rows, how old rows get there, and which queues it declares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};

use smol_str::SmolStr;

use super::Context;
use super::Lowering;
use super::phrases::Phrases;
use super::query::Query;
use super::queues::Queue;
use super::time;
use super::unit::rehearsed;
use crate::resolve::{ConstId, FnId};
use crate::span::Span;
use crate::sql::{Age, Delete, Statement};

/// How a statement that clears a table begins.
static CLEARS: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&["delete from"]));

/// How one begins that may take rows back.
static CHANGES: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&["update "]));

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

/// A statement takes rows back whose worker is gone: by a change of their state, or by taking them again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Return {
    table: SmolStr,
    /// Out of this state, if that is known.
    from: Option<SmolStr>,
}

/// How the workspace gets rid of old rows, by table, and how it takes back what somebody claimed. Looked for where somebody asks.
#[derive(Debug, Default)]
pub struct Upkeep(Option<Known>);

/// What was found so far. Two that ask at once may both look: neither waits for the other, who may do work of its own meanwhile.
#[derive(Debug, Default)]
struct Known {
    removals: Mutex<Option<Arc<Removals>>>,
    returns: Mutex<BTreeMap<SmolStr, Vec<Return>>>,
    queues: Mutex<Option<Arc<Vec<Queue>>>>,
}

type Removals = BTreeMap<SmolStr, Removal>;

impl Upkeep {
    /// Nothing was found yet.
    #[must_use]
    pub fn unknown() -> Self {
        Self(Some(Known::default()))
    }

    fn removals(&self, context: &Context<'_>) -> Option<Arc<Removals>> {
        let known = self.0.as_ref()?;
        let found = known.removals.lock().ok().and_then(|found| found.clone());
        found.or_else(|| {
            let found = Arc::new(removals(context));
            *known.removals.lock().ok()? = Some(Arc::clone(&found));
            Some(found)
        })
    }
}

/// Follows every function that declares a queue.
fn queues(context: &Context<'_>) -> Vec<Queue> {
    let calls = context.catalog.calls();
    let declaring = calls.iter().filter(|call| call.facts.declares.is_some());
    let names: BTreeSet<&str> = declaring.map(|call| call.name()).collect();
    let functions = functions_with(context, &[], |text| names.iter().any(|name| text.contains(name)));
    functions.into_iter().flat_map(|f| rehearsed(context, f).2).collect()
}

/// Follows every function that clears a table.
fn removals(context: &Context<'_>) -> Removals {
    let constants = constants_with(context, clears);
    let found = functions_with(context, &constants, clears);
    let written = |seen: Seen| seen.where_written(context, &constants);
    let mut tables = Removals::new();
    for seen in found.into_iter().flat_map(|f| rehearsed(context, f).0).map(written) {
        tables
            .entry(seen.table)
            .and_modify(|known| *known = sooner(*known, seen.removal))
            .or_insert(seen.removal);
    }
    tables
}

/// What takes rows of a table back: every function is followed that changes it or reads it for work.
fn returns_of(context: &Context<'_>, table: &str) -> Vec<Return> {
    let may_return = |text: &str| text.contains(table) && CHANGES.are_in(text);
    let functions = functions_with(context, &constants_with(context, may_return), may_return);
    let found = functions.into_iter().flat_map(|f| rehearsed(context, f).1);
    found.filter(|found| found.table == table).collect()
}

/// Nothing is known, and nothing is looked for.
static UNASKED: Upkeep = Upkeep(None);

/// The removal that takes rows first; a known age tells more than an unknown one.
fn sooner(a: Removal, b: Removal) -> Removal {
    match (a.millis, b.millis) {
        (Some(x), Some(y)) if y < x => b,
        (None, Some(_)) => b,
        _ => a,
    }
}

fn clears(text: &str) -> bool {
    CLEARS.are_in(text)
}

/// Constants whose text has something, and where that is written.
pub(super) fn constants_with(context: &Context<'_>, has: impl Fn(&str) -> bool) -> Vec<(ConstId, Span)> {
    let written = |c: ConstId| {
        let info = context.index.constant(c);
        let value = info.hir.value.as_ref()?;
        let at = Span {
            file: info.file,
            start: value.start,
            end: value.end,
        };
        has((context.text)(at)).then_some((c, at))
    };
    context.index.constants().filter_map(written).collect()
}

/// Functions whose text, or one of the constants that they name, has something.
fn functions_with(context: &Context<'_>, constants: &[(ConstId, Span)], has: impl Fn(&str) -> bool) -> Vec<FnId> {
    let mut found = naming(context, constants);
    found.extend(context.index.functions().filter(|f| has(body_text(context, *f))));
    found.into_iter().collect()
}

/// Functions that name one of the constants.
pub(super) fn naming(context: &Context<'_>, constants: &[(ConstId, Span)]) -> BTreeSet<FnId> {
    let index = context.index;
    let names = constants.iter().map(|(c, _)| &index.constant(*c).hir.name);
    names.flat_map(|name| index.mentions(name, |_| true)).collect()
}

/// The text of a function's body, which is not parsed for that.
pub(super) fn body_text<'c>(context: &'c Context<'_>, f: FnId) -> &'c str {
    let info = context.index.function(f);
    info.hir.body.as_ref().map_or("", |body| {
        (context.text)(Span {
            file: info.file,
            start: body.start,
            end: body.end,
        })
    })
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

impl<'a> Lowering<'a> {
    /// Whether something takes rows back that were claimed by a change of their state to `to`.
    pub(super) fn is_taken_back(&self, table: &str, to: Option<&SmolStr>) -> bool {
        let Some(Known { returns: known, .. }) = &self.upkeep.0 else {
            return true;
        };
        let fits = |found: &Return| found.from.is_none() || to.is_none() || found.from.as_ref() == to;
        let seen = |all: &BTreeMap<SmolStr, Vec<Return>>| all.get(table).map(|found| found.iter().any(fits));
        if let Some(known) = known.lock().ok().and_then(|all| seen(&all)) {
            return known;
        }
        let found = returns_of(&self.unasked(), table);
        let back = found.iter().any(fits);
        if let Ok(mut all) = known.lock() {
            all.insert(table.into(), found);
        }
        back
    }

    /// The queues that the workspace declares, unless this is looked for right now.
    pub(super) fn declared_queues(&self) -> Option<Arc<Vec<Queue>>> {
        let known = self.upkeep.0.as_ref()?;
        let found = known.queues.lock().ok().and_then(|found| found.clone());
        found.or_else(|| {
            let found = Arc::new(queues(&self.unasked()));
            *known.queues.lock().ok()? = Some(Arc::clone(&found));
            Some(found)
        })
    }

    /// How rows of the table are removed, if they are.
    pub(super) fn removal(&self, table: &str) -> Option<Removal> {
        self.upkeep.removals(&self.unasked())?.get(table).copied()
    }

    /// For following functions that are not this unit's, and ask nothing of this kind.
    fn unasked(&self) -> Context<'a> {
        Context {
            index: self.index,
            catalog: self.catalog,
            schema: self.schema,
            upkeep: &UNASKED,
            text: self.text,
            mentions: self.mentions,
            asked: Arc::default(),
            bytes: 0,
            steps: self.most,
        }
    }

    /// Takes note of a statement that takes back what somebody claimed.
    pub(super) fn note_claims(&mut self, statement: &Statement) {
        let found = match statement {
            Statement::Update(update) => match (&update.claim, &update.reclaim) {
                (Some(claim), _) if claim.expires => Some((&update.table, claim.to.clone())),
                (None, Some(reclaim)) => Some((&update.table, reclaim.from.clone())),
                _ => None,
            },
            Statement::Read(read) if read.takes_expired => read.table.as_ref().map(|table| (table, None)),
            _ => None,
        };
        self.returns.extend(found.map(|(table, from)| Return {
            table: table.clone(),
            from,
        }));
    }

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
