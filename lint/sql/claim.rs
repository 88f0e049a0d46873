//! Rows taken for processing by a change of their state, and given back.

use smol_str::SmolStr;
use sqlparser::ast::Expr;

use super::expr::{Facts, text_of};
use super::filter::{Assignments, Pick, ages, conjuncts, states};
use super::time::after_now;
use super::{Age, Claim, Reclaim};

/// States in which somebody works on a row.
const IN_PROGRESS: &[&str] = &[
    "running",
    "processing",
    "in_progress",
    "in-progress",
    "inprogress",
    "in progress",
    "claimed",
    "locked",
    "taken",
    "working",
    "busy",
    "picked",
    "picked_up",
    "sending",
    "publishing",
    "dispatching",
    "leased",
    "executing",
    "acquired",
    "in_flight",
    "inflight",
    "delivering",
    "syncing",
    "dequeued",
];

/// States that may be business as well: they count where `SKIP LOCKED` shows a queue.
const PERHAPS: &[&str] = &["started", "reserved", "assigned", "active", "ongoing", "fetched"];

/// Columns that say who works on a row, or since when, or until when.
const HOLDS: &[&str] = &[
    "locked",
    "claimed",
    "leased",
    "picked",
    "taken",
    "lock",
    "lease",
    "claim",
    "worker",
    "processing",
    "in_progress",
    "running",
    "visible",
    "heartbeat",
    "invisible",
    "acquired",
    "in_flight",
    "dequeued",
];

/// The same, where `SKIP LOCKED` or an age shows a queue.
const PERHAPS_HOLDS: &[&str] = &["started", "reserved", "owner", "owned", "updated", "attempted"];

/// Columns that hold a state.
const STATES: &[&str] = &["status", "state", "stage", "phase"];

/// States that end like one of somebody at work, and are none.
const IDLE: &[&str] = &["pending", "waiting", "incoming", "outstanding", "missing", "existing"];

/// Whether a constant is a state in which somebody works on the row.
pub fn in_progress(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    IN_PROGRESS.contains(&text.as_str()) || text.ends_with("ing") && !IDLE.contains(&text.as_str())
}

/// Whether a column says that somebody works on the row.
fn holds(column: &str) -> bool {
    begins(column, HOLDS)
}

/// The same, where something else shows a queue.
fn may_hold(column: &str) -> bool {
    holds(column) || begins(column, PERHAPS_HOLDS)
}

fn begins(column: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        column
            .strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    })
}

/// The claim that an update is, if it is one.
pub(super) fn claim(doing: &Assignments<'_>, condition: Option<&Expr>, picks: &[Pick]) -> Option<Claim> {
    let skips = picks.iter().any(|pick| pick.skips_locked);
    let conditions: Vec<&Expr> = conditions(condition, picks);
    let guard = conditions.iter().find_map(|condition| doing.guard(Some(condition)));
    let exclusive = guard.is_some() || skips;
    let changes = |column: &str| skips && guard.as_ref().is_some_and(|guard| guard.column == column);
    let taking = |(column, given): &&(SmolStr, &Expr)| takes(column, given, skips) || changes(column);
    let (column, given) = doing.sets.iter().find(taking)?;
    let lease_millis = doing.sets.iter().find_map(|(_, given)| after_now(given));
    Some(Claim {
        column: column.clone(),
        to: text_of(given),
        from: conditions.iter().find_map(|condition| from(condition, column)),
        free: conditions
            .iter()
            .flat_map(|condition| states(Some(condition)))
            .collect(),
        exclusive,
        expires: conditions.iter().any(|condition| expires(condition, doing)),
        lease_millis,
    })
}

/// `WHERE`, and the conditions of the subqueries that choose the rows.
fn conditions<'a>(condition: Option<&'a Expr>, picks: &'a [Pick]) -> Vec<&'a Expr> {
    condition
        .into_iter()
        .chain(picks.iter().filter_map(|pick| pick.condition.as_ref()))
        .collect()
}

/// Whether an assignment takes the row.
fn takes(column: &str, given: &Expr, queue: bool) -> bool {
    let holds = holds(column) || (queue && may_hold(column));
    match text_of(given) {
        Some(text) if holds => ["true", "1", "t"].contains(&text.as_str()) || in_progress(&text),
        Some(text) => in_progress(&text) || (queue && PERHAPS.contains(&text.as_str())),
        None => holds && Facts::of(given).columns.is_empty(),
    }
}

/// Whether a column says when a claim ends.
fn ends(column: &str) -> bool {
    [
        "_until",
        "expires_at",
        "_expiry",
        "_deadline",
        "visible_at",
        "expires",
        "_expires_at",
    ]
    .iter()
    .any(|end| column.ends_with(end))
}

fn from(condition: &Expr, column: &str) -> Option<SmolStr> {
    states(Some(condition))
        .into_iter()
        .find(|(name, _)| name == column)
        .map(|(_, state)| state)
}

/// Whether a condition also takes rows whose claim is old.
fn expires(condition: &Expr, doing: &Assignments<'_>) -> bool {
    ages(Some(condition)).iter().any(|(column, age, either)| {
        let old = matches!(age, Age::Millis(_)) || (*either && *age != Age::Unknown);
        old || ends(column) || (doing.given(column).is_some() && may_hold(column))
    })
}

/// Whether a query takes rows whose claim is old, beside free ones.
pub(super) fn takes_expired(condition: Option<&Expr>) -> bool {
    ages(condition)
        .iter()
        .any(|(column, age, either)| ends(column) || (*age != Age::Unknown && (*either || may_hold(column))))
}

/// What an update gives back, if it changes the state of rows that nobody names, and takes none of them.
pub(super) fn reclaim(doing: &Assignments<'_>, condition: Option<&Expr>, picks: &[Pick]) -> Option<Reclaim> {
    let named = super::filter::by(condition, &doing.target.names)
        .iter()
        .any(|by| doing.given(&by.column).is_none());
    if named || picks.iter().any(|pick| pick.skips_locked) {
        return None;
    }
    let conditions = conditions(condition, picks);
    let ages: Vec<_> = conditions.iter().flat_map(|condition| ages(Some(condition))).collect();
    let older_than = ages.first().map(|(_, age, _)| *age);
    doing.sets.iter().find_map(|(column, given)| {
        let to = text_of(given);
        let frees = !to.as_ref().is_some_and(|to| in_progress(to)) && Facts::of(given).columns.is_empty();
        let from = conditions
            .iter()
            .find_map(|condition| from(condition, column))
            .filter(|from| from != "null" && Some(from) != to.as_ref());
        let compares = super::filter::by(condition, &doing.target.names)
            .iter()
            .any(|by| by.column == *column);
        let held = to.is_some()
            && may_hold(column)
            && (older_than.is_some() || conditions.iter().any(|condition| is_held(condition, column)));
        let aged = to.is_some() && is_state(column) && older_than.is_some();
        let found = frees && (from.is_some() || compares || held || aged);
        found.then(|| Reclaim {
            column: column.clone(),
            from,
            older_than,
        })
    })
}

/// Whether a column holds a state.
fn is_state(column: &str) -> bool {
    STATES
        .iter()
        .any(|state| column == *state || column.strip_suffix(state).is_some_and(|rest| rest.ends_with('_')))
}

/// `locked_by IS NOT NULL`
fn is_held(condition: &Expr, column: &str) -> bool {
    let named = |expr: &Expr| super::expr::column_of(expr).is_some_and(|found| found.name == column);
    conjuncts(Some(condition))
        .into_iter()
        .any(|part| matches!(part, Expr::IsNotNull(expr) if named(expr)))
}
