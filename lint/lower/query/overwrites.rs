//! Whether a statement replaces what other messages have written.

use smol_str::SmolStr;

use super::{Query, value_origin};
use crate::lower::value::Origin;
use crate::sql::{self, Conflict, Insert};

/// Columns that name one message: no later one has the same.
const OWN_IDS: [&str; 8] = [
    "message_id",
    "msg_id",
    "event_id",
    "delivery_id",
    "request_id",
    "idempotency_key",
    "dedup_key",
    "correlation_id",
];

/// Whether no two messages have the same in that column.
pub(in crate::lower) fn names_one_message(column: &str) -> bool {
    OWN_IDS.contains(&column)
}

/// Whether values of the message replace those of a row that the message names, and that others may name, too.
pub(super) fn replaces(sets: &[(SmolStr, sql::Value)], by: &[sql::By], query: &Query) -> bool {
    let shared = by.iter().any(|by| query.origin(by.bind).has(Origin::MESSAGE))
        && !by.iter().any(|by| names_one_message(&by.column));
    shared
        && sets
            .iter()
            .any(|(_, value)| value_origin(value, query).has(Origin::MESSAGE))
}

/// The same of a row that is put in the place of another.
pub(super) fn replaces_row(insert: &Insert, query: &Query) -> bool {
    let target = match &insert.conflict {
        Conflict::DoUpdate { target, .. } => target.as_slice(),
        _ => &[],
    };
    let is_key = |column: &SmolStr| target.contains(column);
    let own = insert
        .columns
        .iter()
        .any(|(column, _)| names_one_message(column) && (is_key(column) || target.is_empty()));
    let mut values = insert.columns.iter().filter(|(column, _)| !is_key(column));
    !own && values.any(|(_, value)| value_origin(value, query).has(Origin::MESSAGE))
}
