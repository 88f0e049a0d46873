//! `UPDATE` and `DELETE`.

use smol_str::{SmolStr, format_smolstr};
use sqlparser::ast::{
    self, Assignment, AssignmentTarget, Cte, Expr, FromTable, SelectItem, TableWithJoins, UpdateTableFromKind,
};

use super::expr::{Change, Facts, change, column_of, shown, table_name, value};
use super::filter::{Assignments, Guard, Pick, ages, all_names, by, names_of, picks};
use super::{Age, Delete, Statement, Update, Value, claim};
use crate::flow::Idempotency;

/// What stands around a statement.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around<'a> {
    /// The queries of its `WITH`.
    pub with: &'a [Cte],
    /// Some of the text could not be seen.
    pub partial: bool,
}

impl Around<'_> {
    /// The subqueries over `table`, in the statement itself and in its `WITH`.
    fn picks(&self, condition: Option<&Expr>, from: &[TableWithJoins], table: &str) -> Vec<Pick> {
        let mut found = condition.map(|condition| picks(condition, table)).unwrap_or_default();
        found.extend(from.iter().flat_map(|from| picks(from, table)));
        found.extend(self.with.iter().flat_map(|part| picks(&part.query, table)));
        found
    }
}

/// Each assigned column with what it is given.
pub(super) fn pairs(assignments: &[Assignment]) -> Vec<(SmolStr, &Expr)> {
    let mut pairs = Vec::new();
    for assignment in assignments {
        match &assignment.target {
            AssignmentTarget::ColumnName(name) => pairs.push((table_name(name), &assignment.value)),
            AssignmentTarget::Tuple(names) => {
                let given = match &assignment.value {
                    Expr::Tuple(values) => values.as_slice(),
                    _ => &[],
                };
                let each = |(at, name)| (table_name(name), given.get(at).unwrap_or(&assignment.value));
                pairs.extend(names.iter().enumerate().map(each));
            }
        }
    }
    pairs
}

/// What a statement does to a row that is there: is it the same twice, and why.
#[derive(Debug)]
pub(super) struct Verdict {
    pub idempotency: Idempotency,
    pub why: SmolStr,
    pub guard: Option<Guard>,
    pub overwrites: bool,
}

/// Judges assignments under a condition.
pub(super) fn judge(doing: &Assignments<'_>, condition: Option<&Expr>, partial: bool) -> Verdict {
    let guard = doing.guard(condition);
    let changes: Vec<_> = doing
        .sets
        .iter()
        .map(|(column, given)| (column, *given, change(given, column, &doing.target)))
        .collect();
    let worst = changes.iter().max_by_key(|(_, _, change)| *change);
    let unseen = partial || condition.is_some_and(|condition| Facts::of(condition).hole);
    let (idempotency, why) = match (worst, &guard) {
        (_, Some(guard)) => (
            Idempotency::Idempotent,
            format_smolstr!("`WHERE` compares `{}`, which the statement changes", guard.column),
        ),
        (Some((column, given, change @ (Change::Accumulates | Change::Fresh | Change::Unknown))), None) => {
            (verdict(*change, unseen), reason(*change, column, given))
        }
        _ => (
            Idempotency::Idempotent,
            SmolStr::new("a second execution sets the same values again"),
        ),
    };
    let orders = guard.as_ref().is_some_and(|guard| guard.orders) || doing.ordered(condition) || unseen;
    let overwrites = !orders
        && changes
            .iter()
            .any(|(_, given, change)| *change == Change::Absolute && varies(given, doing));
    Verdict {
        idempotency,
        why,
        guard,
        overwrites,
    }
}

fn verdict(change: Change, unseen: bool) -> Idempotency {
    if unseen || change == Change::Unknown {
        Idempotency::Unknown
    } else {
        Idempotency::NotIdempotent
    }
}

fn reason(change: Change, column: &str, given: &Expr) -> SmolStr {
    let given = shown(given);
    match change {
        Change::Fresh => format_smolstr!("`{column} = {given}` gives another value each time"),
        Change::Unknown => format_smolstr!("`{column} = {given}` may build on what is there"),
        _ => format_smolstr!("`{column} = {given}` builds on a value that the statement changes"),
    }
}

/// Whether a value differs from message to message.
fn varies(given: &Expr, doing: &Assignments<'_>) -> bool {
    matches!(
        value(given, &doing.target),
        Value::Bind(_) | Value::Derived(_) | Value::Other
    )
}

/// Reads an `UPDATE`.
pub(super) fn update(statement: &ast::Update, around: Around<'_>) -> Statement {
    let from = from_of(statement);
    let names = target(statement, from);
    let table = names.first().cloned().unwrap_or_default();
    let condition = statement.selection.as_ref();
    let picks = around.picks(condition, from, &table);
    let doing = Assignments::new(pairs(&statement.assignments), names);
    let mut verdict = judge(&doing, condition, around.partial);
    if let Some(found) = picked_guard(&doing, &picks)
        && verdict.guard.is_none()
    {
        verdict.idempotency = Idempotency::Idempotent;
        verdict.why = format_smolstr!("rows are chosen by `{}`, which the statement changes", found.column);
        verdict.overwrites &= !found.orders;
        verdict.guard = Some(found);
    }
    if statement.limit.is_some() || picks.iter().any(|pick| pick.limited) {
        verdict.idempotency = Idempotency::Unknown;
        verdict.why = SmolStr::new("takes whatever row comes first: a second execution may take another");
    }
    Statement::Update(Update {
        table,
        idempotency: verdict.idempotency,
        why: verdict.why,
        guarded: verdict.guard.is_some(),
        guard_binds: verdict.guard.map(|guard| guard.binds).unwrap_or_default(),
        overwrites: verdict.overwrites,
        sets: doing
            .sets
            .iter()
            .map(|(column, given)| (column.clone(), value(given, &doing.target)))
            .collect(),
        by: by(condition, &doing.target.names),
        claim: claim::claim(&doing, condition, &picks),
        reclaim: claim::reclaim(&doing, condition, &picks),
        returning: statement.returning.is_some() || statement.output.is_some(),
    })
}

fn from_of(statement: &ast::Update) -> &[TableWithJoins] {
    match &statement.from {
        Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => from,
        None => &[],
    }
}

/// The names of the table that is changed: with joins, that of the first assigned column; an alias is looked up in `FROM`.
fn target(statement: &ast::Update, from: &[TableWithJoins]) -> Vec<SmolStr> {
    let tables = all_names(std::slice::from_ref(&statement.table));
    let qualifier = statement
        .assignments
        .first()
        .and_then(|assignment| match &assignment.target {
            AssignmentTarget::ColumnName(name) if name.0.len() > 1 => {
                name.0[name.0.len() - 2].as_ident().map(super::expr::ident)
            }
            _ => None,
        });
    let named = qualifier.and_then(|qualifier| tables.iter().find(|names| names.contains(&qualifier)).cloned());
    let names = named.or_else(|| tables.into_iter().next()).unwrap_or_default();
    let aliased = |found: &Vec<SmolStr>| found.len() > 1 && names.len() == 1 && found[1..] == names[..];
    all_names(from).into_iter().find(aliased).unwrap_or(names)
}

/// The guard in the subqueries that choose the rows.
fn picked_guard(doing: &Assignments<'_>, picks: &[Pick]) -> Option<Guard> {
    picks.iter().find_map(|pick| {
        let mut inner = Assignments::new(doing.sets.clone(), doing.target.names.clone());
        inner.target.names.extend(pick.names.iter().cloned());
        inner.guard(pick.condition.as_ref())
    })
}

/// Reads a `DELETE`.
pub(super) fn delete(statement: &ast::Delete, around: Around<'_>) -> Statement {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &statement.from;
    let listed = statement.tables.first().map(|name| vec![table_name(name)]);
    let found = all_names(from);
    let names = match listed {
        Some(listed) => found
            .into_iter()
            .find(|names| listed.iter().all(|name| names.contains(name)))
            .unwrap_or(listed),
        None => found.into_iter().next().unwrap_or_default(),
    };
    let table = names.first().cloned().unwrap_or_default();
    let condition = statement.selection.as_ref();
    let using = statement.using.as_deref().unwrap_or_default();
    let picks = around.picks(condition, using, &table);
    let returning = statement.returning.is_some() || statement.output.is_some();
    let limited = statement.limit.is_some() || picks.iter().any(|pick| pick.limited || pick.skips_locked);
    let older_than = age(condition, &picks);
    let given = statement.returning.as_deref().unwrap_or_default();
    let clears = !picks.iter().any(|pick| pick.skips_locked) && only_counts(given, condition);
    Statement::Delete(Delete {
        by: by(condition, &names),
        pops: limited && returning && older_than.is_none() && !clears,
        older_than,
        returning,
        table,
    })
}

/// Whether rows that are removed give nothing of themselves but what they were chosen by: then they are only counted, in batches.
fn only_counts(given: &[SelectItem], condition: Option<&Expr>) -> bool {
    let mut chosen = Vec::new();
    chosen_by(condition, &mut chosen);
    let is_told =
        |expr: &Expr| column(expr).is_some_and(|name| chosen.contains(&name)) || matches!(expr, Expr::Value(_));
    let counts = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => is_told(expr),
        _ => false,
    };
    !given.is_empty() && given.iter().all(counts)
}

/// The columns that are compared with those of other rows.
fn chosen_by(condition: Option<&Expr>, chosen: &mut Vec<SmolStr>) {
    match condition {
        Some(Expr::Nested(inner)) => chosen_by(Some(inner), chosen),
        Some(Expr::BinaryOp { left, right, .. }) => {
            chosen.extend(column(left));
            chosen_by(Some(left), chosen);
            chosen_by(Some(right), chosen);
        }
        Some(Expr::InSubquery { expr, .. }) => chosen.extend(column(expr)),
        _ => {}
    }
}

fn column(expr: &Expr) -> Option<SmolStr> {
    column_of(expr).map(|column| column.name)
}

/// How old the rows of a cleanup are; subqueries that choose them count.
fn age(condition: Option<&Expr>, picks: &[Pick]) -> Option<Age> {
    let conditions = condition
        .into_iter()
        .chain(picks.iter().filter_map(|pick| pick.condition.as_ref()));
    let mut found = conditions
        .flat_map(|condition| ages(Some(condition)))
        .map(|(_, age, _)| age);
    found.next()
}

/// The names of a table that a statement names outright.
pub(super) fn named(factor: &ast::TableFactor) -> Vec<SmolStr> {
    names_of(factor).unwrap_or_default()
}
