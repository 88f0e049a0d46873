//! What a new row is recognised by.

use smol_str::{SmolStr, format_smolstr};

use super::{Judged, MARK_COLUMNS, Query, value_origin};
use crate::flow::{Durability, Idempotency, Key, KeyId, Known};
use crate::lower::Lowering;
use crate::lower::value::Origin;
use crate::span::Span;
use crate::sql::{Conflict, Insert, Value};

impl Lowering<'_> {
    pub(super) fn row_key(&mut self, query: &Query, table: &str, unique: Known, from: Origin) -> KeyId {
        self.graph.key(Key {
            store: query.target(table),
            durability: Durability::Durable,
            ttl_millis: None,
            ttl_at: None,
            unique,
            removed: Known::Unknown,
            from_message: from.is_message_only(),
            made_at: from.made_at(),
        })
    }

    /// What a new row is recognised by: the columns of its key, as far as the statement or the schema names them.
    pub(super) fn key_origin(&self, insert: &Insert, query: &Query) -> (Origin, bool) {
        let of = |names: &[SmolStr]| -> Vec<Origin> {
            let named = insert.columns.iter().filter(|(name, _)| names.contains(name));
            named.map(|(_, value)| value_origin(value, query)).collect()
        };
        let target = match &insert.conflict {
            Conflict::DoNothing { target } => of(target),
            _ => Vec::new(),
        };
        let shown = self
            .schema
            .unique_keys(&insert.table)
            .into_iter()
            .map(|names| of(&names));
        let shown = shown
            .filter(|origins| origins.iter().any(|origin| origin.has(Origin::MESSAGE)))
            .max_by_key(Vec::len);
        let messages: Vec<Origin> = insert
            .columns
            .iter()
            .map(|(_, value)| value_origin(value, query))
            .filter(|origin| origin.has(Origin::MESSAGE))
            .collect();
        let key = if target.is_empty() {
            shown.unwrap_or_default()
        } else {
            target
        };
        let all = insert.columns.iter().map(|(_, value)| value_origin(value, query));
        let (key, bare) = match (key.is_empty(), messages.is_empty()) {
            (true, true) => (all.collect(), true),
            (true, false) => (messages.clone(), messages.len() <= MARK_COLUMNS),
            (false, _) => {
                let held = key.iter().filter(|origin| origin.has(Origin::MESSAGE)).count();
                (key, messages.len() <= held)
            }
        };
        (key.into_iter().fold(Origin::NONE, Origin::with), bare)
    }

    /// Whether an insert may be repeated that leaves or changes the row that is there.
    pub(super) fn judged(&self, insert: &Insert, query: &Query) -> Judged {
        if let Some((name, made)) = self.fresh_column(insert, query) {
            let why = format_smolstr!("`{name}` is new each time, so that no row ever conflicts");
            return (Idempotency::NotIdempotent, why, made);
        }
        match self.perhaps_fresh(insert, query) {
            Some((name, made)) if insert.idempotency == Idempotency::Idempotent => {
                let why = format_smolstr!(
                    "`{name}` is new each time: only another unique key of `{}` would refuse the row",
                    insert.table
                );
                (Idempotency::Unknown, why, made.or(Some(query.at)))
            }
            _ => (insert.idempotency, insert.why.clone(), None),
        }
    }

    /// A column of the key whose value is new each time, and where it is made: no row ever conflicts.
    fn fresh_column(&self, insert: &Insert, query: &Query) -> Option<(SmolStr, Option<Span>)> {
        let fresh = |names: &[SmolStr]| {
            let named = insert.columns.iter().filter(|(name, _)| names.contains(name));
            let origins = named.map(|(name, value)| (name.clone(), value_origin(value, query)));
            let mut fresh = origins.filter(|(_, origin)| origin.has(Origin::FRESH));
            fresh.next().map(|(name, origin)| (name, origin.made_at()))
        };
        match &insert.conflict {
            Conflict::DoNothing { target } | Conflict::DoUpdate { target, .. } if !target.is_empty() => fresh(target),
            Conflict::Merge => None,
            // Any key of the table may refuse the row.
            _ => {
                let keys = self.schema.unique_keys(&insert.table);
                let fresh: Option<Vec<_>> = keys.iter().map(|names| fresh(names)).collect();
                fresh?.into_iter().next()
            }
        }
    }

    /// What looks like the row's primary key and is new each time, where neither the statement nor the schema tells which key may refuse
    /// the row.
    fn perhaps_fresh(&self, insert: &Insert, query: &Query) -> Option<(SmolStr, Option<Span>)> {
        let told = match &insert.conflict {
            Conflict::DoNothing { target } | Conflict::DoUpdate { target, .. } => !target.is_empty(),
            Conflict::Merge => true,
            _ => false,
        };
        if told || !self.schema.unique_keys(&insert.table).is_empty() {
            return None;
        }
        let is_fresh = |value: &Value| {
            matches!(value, Value::Fresh | Value::Default) || value_origin(value, query).has(Origin::FRESH)
        };
        let columns = insert.columns.iter().enumerate();
        let mut fresh =
            columns.filter(|(i, (name, value))| is_fresh(value) && names_the_row(name, &insert.table, *i == 0));
        let (_, (name, value)) = fresh.next()?;
        Some((name.clone(), value_origin(value, query).made_at()))
    }
}

/// Whether a column's name says that it tells the rows of a table apart.
fn names_the_row(column: &str, table: &str, is_first: bool) -> bool {
    let table = table.rsplit('.').next().unwrap_or(table);
    let own = column
        .strip_suffix("_id")
        .is_some_and(|stem| is_first || table.starts_with(stem));
    own || matches!(column, "id" | "uuid" | "guid" | "pk")
}
