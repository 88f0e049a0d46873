//! `INSERT`, `REPLACE`, `MERGE`, `COPY … FROM`.

use smol_str::{SmolStr, format_smolstr};
use sqlparser::ast::{
    self, ConflictTarget, Expr, MergeAction, MergeInsertKind, MergeUpdateKind, ObjectName, OnConflictAction, OnInsert,
    Query, SelectItem, SetExpr, SqliteOnConflict, TableAlias, TableFactor, TableObject, Visit, Visitor,
};

use super::expr::{Target, column_of, ident, table_name, value};
use super::filter::{Assignments, picks, select_of};
use super::update::{Around, Verdict, judge, named, pairs};
use super::{Conflict, Insert, Statement, Value};
use crate::flow::Idempotency;

/// Reads an `INSERT` or `REPLACE`.
pub(super) fn insert(statement: &ast::Insert, around: Around<'_>) -> Statement {
    let table = match &statement.table {
        TableObject::TableName(name) => table_name(name),
        _ => SmolStr::default(),
    };
    let values = row(statement);
    let columns = columns(statement, &values);
    let (conflict, verdict) = on_conflict(statement, &table, &columns, around);
    Statement::Insert(Insert {
        from_select: from_select(statement, &values),
        table,
        columns,
        conflict,
        idempotency: verdict.idempotency,
        why: verdict.why,
        overwrites: verdict.overwrites,
        returning: statement.returning.is_some() || statement.output.is_some(),
    })
}

/// A row to be inserted, as far as it can be seen.
type Row = Option<Vec<Value>>;

fn row(statement: &ast::Insert) -> Row {
    if !statement.assignments.is_empty() {
        return Some(
            pairs(&statement.assignments)
                .into_iter()
                .map(|(_, given)| plain(given))
                .collect(),
        );
    }
    statement.source.as_deref().and_then(row_of)
}

fn plain(expr: &Expr) -> Value {
    value(expr, &Target::default())
}

/// The first row of `VALUES`, or of a `SELECT` of binds.
fn row_of(query: &Query) -> Row {
    match &*query.body {
        SetExpr::Values(values) => values.rows.first().map(|row| row.content.iter().map(plain).collect()),
        SetExpr::Query(query) => row_of(query),
        _ => {
            let select = select_of(query)?;
            let source = select
                .from
                .first()
                .map(|from| bound(&from.relation))
                .unwrap_or_default();
            let item = |item: &SelectItem| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => vec![source.value(expr)],
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => source.values.clone(),
                SelectItem::ExprWithAliases { .. } => vec![Value::Other],
            };
            Some(select.projection.iter().flat_map(item).collect())
        }
    }
}

/// A table made of binds: `UNNEST($1, $2) AS t(a, b)`, `(VALUES ($1, $2)) AS t(a, b)`, `(SELECT $1 AS a)`.
#[derive(Debug, Default)]
struct Bound {
    names: Vec<SmolStr>,
    values: Vec<Value>,
}

impl Bound {
    fn value(&self, expr: &Expr) -> Value {
        let named = column_of(expr).and_then(|column| self.names.iter().position(|name| *name == column.name));
        named
            .and_then(|at| self.values.get(at).cloned())
            .unwrap_or_else(|| plain(expr))
    }
}

fn bound(factor: &TableFactor) -> Bound {
    let (alias, values, named) = match factor {
        TableFactor::UNNEST { alias, array_exprs, .. } => (alias, array_exprs.iter().map(plain).collect(), Vec::new()),
        TableFactor::Table {
            name,
            alias,
            args: Some(given),
            ..
        } if table_name(name) == "unnest" => (
            alias,
            given.args.iter().filter_map(super::expr::argument).map(plain).collect(),
            Vec::new(),
        ),
        TableFactor::Function { name, alias, args, .. } if table_name(name) == "unnest" => (
            alias,
            args.iter().filter_map(super::expr::argument).map(plain).collect(),
            Vec::new(),
        ),
        TableFactor::Derived { subquery, alias, .. } => {
            (alias, row_of(subquery).unwrap_or_default(), projected(subquery))
        }
        _ => return Bound::default(),
    };
    let names = alias
        .as_ref()
        .map(alias_names)
        .filter(|names| !names.is_empty())
        .unwrap_or(named);
    Bound { names, values }
}

fn alias_names(alias: &TableAlias) -> Vec<SmolStr> {
    if alias.columns.is_empty() {
        return Vec::new();
    }
    alias.columns.iter().map(|column| ident(&column.name)).collect()
}

/// The names of what a query selects.
fn projected(query: &Query) -> Vec<SmolStr> {
    let name = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => ident(alias),
        SelectItem::UnnamedExpr(expr) => column_of(expr).map(|column| column.name).unwrap_or_default(),
        _ => SmolStr::default(),
    };
    select_of(query)
        .map(|select| select.projection.iter().map(name).collect())
        .unwrap_or_default()
}

fn columns(statement: &ast::Insert, values: &Row) -> Vec<(SmolStr, Value)> {
    let values = values.as_deref().unwrap_or_default();
    let mut names: Vec<SmolStr> = statement.columns.iter().map(table_name).collect();
    names.extend(pairs(&statement.assignments).into_iter().map(|(name, _)| name));
    if names.is_empty() {
        return values.iter().map(|value| (SmolStr::default(), value.clone())).collect();
    }
    let each = |(at, name)| (name, values.get(at).cloned().unwrap_or(Value::Other));
    names.into_iter().enumerate().map(each).collect()
}

/// Whether rows come from other tables.
fn from_select(statement: &ast::Insert, values: &Row) -> bool {
    let selects = statement
        .source
        .as_deref()
        .and_then(select_of)
        .is_some_and(|select| !select.from.is_empty());
    let known = values
        .as_ref()
        .is_some_and(|values| !values.is_empty() && !values.contains(&Value::Other));
    selects && !known
}

fn on_conflict(
    statement: &ast::Insert,
    table: &str,
    columns: &[(SmolStr, Value)],
    around: Around<'_>,
) -> (Conflict, Verdict) {
    match (&statement.on, statement.or) {
        (Some(OnInsert::OnConflict(on)), _) => {
            let target = match &on.conflict_target {
                Some(ConflictTarget::Columns(columns)) => columns.iter().map(ident).collect(),
                _ => Vec::new(),
            };
            match &on.action {
                OnConflictAction::DoNothing => (
                    Conflict::DoNothing { target: target.clone() },
                    if_absent(&target, columns),
                ),
                OnConflictAction::DoUpdate(update) => {
                    let verdict = upsert(statement, table, &update.assignments, update.selection.as_ref(), around);
                    let guarded = verdict.guard.is_some();
                    let verdict = fresh_key(&target, columns).map_or(verdict, not_idempotent);
                    (Conflict::DoUpdate { target, guarded }, verdict)
                }
            }
        }
        (Some(OnInsert::DuplicateKeyUpdate(assignments)), _) => {
            let verdict = upsert(statement, table, assignments, None, around);
            (
                Conflict::DoUpdate {
                    target: Vec::new(),
                    guarded: false,
                },
                verdict,
            )
        }
        (_, Some(SqliteOnConflict::Ignore)) => (Conflict::Ignore, if_absent(&[], columns)),
        (_, Some(SqliteOnConflict::Replace)) => (Conflict::Replace, replace()),
        _ if statement.replace_into => (Conflict::Replace, replace()),
        _ if statement.ignore => (Conflict::Ignore, if_absent(&[], columns)),
        _ if not_exists(statement, table) => (
            Conflict::NotExists,
            idempotent(SmolStr::new("inserts only where there is no such row yet")),
        ),
        _ => (
            Conflict::None,
            not_idempotent(SmolStr::new("nothing in the statement refuses a second row")),
        ),
    }
}

fn idempotent(why: SmolStr) -> Verdict {
    Verdict {
        idempotency: Idempotency::Idempotent,
        why,
        guard: None,
        overwrites: false,
    }
}

fn not_idempotent(why: SmolStr) -> Verdict {
    Verdict {
        idempotency: Idempotency::NotIdempotent,
        why,
        guard: None,
        overwrites: false,
    }
}

fn replace() -> Verdict {
    Verdict {
        overwrites: true,
        ..idempotent(SmolStr::new("replaces the row that has the same key"))
    }
}

fn if_absent(target: &[SmolStr], columns: &[(SmolStr, Value)]) -> Verdict {
    match fresh_key(target, columns) {
        Some(why) => not_idempotent(why),
        None => idempotent(SmolStr::new("a row that is there already is left alone")),
    }
}

/// Why no row can ever conflict: a column of the key is new each time.
fn fresh_key(target: &[SmolStr], columns: &[(SmolStr, Value)]) -> Option<SmolStr> {
    let fresh =
        |(name, value): &&(SmolStr, Value)| target.contains(name) && matches!(value, Value::Fresh | Value::Default);
    let (name, _) = columns.iter().find(fresh)?;
    Some(format_smolstr!(
        "`{name}` is new each time, so that no row ever conflicts"
    ))
}

/// Judges what an upsert does to the row that is there.
fn upsert(
    statement: &ast::Insert,
    table: &str,
    assignments: &[ast::Assignment],
    condition: Option<&Expr>,
    around: Around<'_>,
) -> Verdict {
    let alias = statement.table_alias.as_ref().map(|alias| ident(&alias.alias));
    let names = [SmolStr::new(table)].into_iter().chain(alias).collect();
    let doing = Assignments::new(pairs(assignments), names);
    judge(&doing, condition, around.partial)
}

/// `INSERT … SELECT … WHERE NOT EXISTS (SELECT … FROM the same table)`
fn not_exists(statement: &ast::Insert, table: &str) -> bool {
    struct Negated<'t>(&'t str, bool);
    impl Visitor for Negated<'_> {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> std::ops::ControlFlow<()> {
            let subquery = match expr {
                Expr::Exists {
                    subquery,
                    negated: true,
                }
                | Expr::InSubquery {
                    subquery,
                    negated: true,
                    ..
                } => Some(subquery),
                Expr::UnaryOp {
                    op: ast::UnaryOperator::Not,
                    expr,
                } => match super::expr::bare(expr) {
                    Expr::Exists { subquery, .. } => Some(subquery),
                    _ => None,
                },
                _ => None,
            };
            self.1 |= subquery.is_some_and(|subquery| !picks(&**subquery, self.0).is_empty());
            std::ops::ControlFlow::Continue(())
        }
    }
    let mut negated = Negated(table, false);
    let _ = statement.source.visit(&mut negated);
    negated.1
}

/// Reads a `MERGE`.
pub(super) fn merge(statement: &ast::Merge, around: Around<'_>) -> Statement {
    let names = named(&statement.table);
    let table = names.first().cloned().unwrap_or_default();
    let source = bound(&statement.source);
    let mut insert = Insert {
        table,
        columns: Vec::new(),
        conflict: Conflict::Merge,
        idempotency: Idempotency::Idempotent,
        why: SmolStr::new("merges into the row that matches"),
        overwrites: false,
        returning: statement.output.is_some(),
        from_select: source.values.is_empty(),
    };
    for clause in &statement.clauses {
        match &clause.action {
            MergeAction::Insert(action) => insert.columns = merged(&action.columns, &action.kind, &source),
            MergeAction::Update(action) => {
                let condition = clause.predicate.as_ref().or(action.update_predicate.as_ref());
                update_part(&mut insert, &action.kind, condition, &names, around);
            }
            MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => {}
        }
    }
    Statement::Insert(insert)
}

fn merged(columns: &[ObjectName], kind: &MergeInsertKind, source: &Bound) -> Vec<(SmolStr, Value)> {
    let MergeInsertKind::Values(values) = kind else {
        return Vec::new();
    };
    let row = values
        .rows
        .first()
        .map(|row| row.content.as_slice())
        .unwrap_or_default();
    columns
        .iter()
        .map(table_name)
        .zip(row.iter().map(|expr| source.value(expr)))
        .collect()
}

fn update_part(
    insert: &mut Insert,
    kind: &MergeUpdateKind,
    condition: Option<&Expr>,
    names: &[SmolStr],
    around: Around<'_>,
) {
    let MergeUpdateKind::Set(assignments) = kind else {
        return;
    };
    let doing = Assignments::new(pairs(assignments), names.to_vec());
    let verdict = judge(&doing, condition, around.partial);
    insert.overwrites |= verdict.overwrites;
    if verdict.idempotency != Idempotency::Idempotent {
        insert.idempotency = verdict.idempotency;
        insert.why = verdict.why;
    }
}

/// Reads a `COPY … FROM`.
pub(super) fn copy(table: &ObjectName, columns: &[ast::Ident]) -> Statement {
    let verdict = not_idempotent(SmolStr::new("nothing in the statement refuses a second row"));
    Statement::Insert(Insert {
        table: table_name(table),
        columns: columns.iter().map(|column| (ident(column), Value::Other)).collect(),
        conflict: Conflict::None,
        idempotency: verdict.idempotency,
        why: verdict.why,
        overwrites: false,
        returning: false,
        from_select: false,
    })
}
