//! `SELECT`: reads, locks, calls.

use std::ops::ControlFlow;

use smol_str::SmolStr;
use sqlparser::ast::{
    Expr, Function, Query, Select, SelectItem, TableFactor, TableWithJoins, UnaryOperator, Visit, Visitor,
};

use super::expr::{Facts, argument, arguments, bare, table_name, text_of};
use super::filter::{by, names_of, select_of, skips, states};
use super::{Answer, Read, Statement, claim};

/// Functions of the database's own that change nothing, by their beginnings.
const HARMLESS: &[&str] = &[
    "pg_",
    "current_",
    "json",
    "to_",
    "date_",
    "array_",
    "regexp_",
    "string_",
    "uuid",
    "gen_random",
    "inet_",
    "has_",
    "ts_",
    "sqlite_",
    "last_insert",
    "row_",
];

/// The same, in full.
const HARMLESS_NAMES: &[&str] = &[
    "version",
    "database",
    "schema",
    "user",
    "now",
    "count",
    "sum",
    "max",
    "min",
    "avg",
    "coalesce",
    "greatest",
    "least",
    "nullif",
    "random",
    "rand",
    "nextval",
    "currval",
    "lastval",
    "setval",
    "set_config",
    "length",
    "lower",
    "upper",
    "concat",
    "hashtext",
    "hashtextextended",
    "md5",
    "sha256",
    "encode",
    "decode",
    "extract",
    "round",
    "floor",
    "ceil",
    "abs",
    "exists",
    "if",
    "ifnull",
    "iif",
    "cast",
    "changes",
    "total_changes",
    "connection_id",
    "session_user",
    "unixepoch",
    "datetime",
    "strftime",
    "date",
    "time",
    "julianday",
    "unnest",
    "generate_series",
    "txid_current",
    "found_rows",
    "row_count",
    "scope_identity",
    "sleep",
    "load_extension",
    "timezone",
    "format",
    "quote_ident",
    "quote_literal",
    "replace",
    "substring",
    "substr",
    "trim",
    "bool_and",
    "bool_or",
    "every",
    "any_value",
];

/// Reads a `SELECT`.
pub(super) fn select(query: &Query) -> Statement {
    let Some(select) = select_of(query) else {
        return Statement::Read(Read::default());
    };
    if let Some(statement) = calls(select) {
        return statement;
    }
    let locks = &query.locks;
    let mut read = read_of(select);
    if let Some((negated, inner)) = exists(select) {
        read = select_of(inner).map(read_of).unwrap_or_default();
        read.answer = Answer::Exists { negated };
        read.locks |= !inner.locks.is_empty();
    }
    read.locks |= !locks.is_empty();
    read.skips_locked |= locks.iter().any(skips);
    Statement::Read(read)
}

fn read_of(select: &Select) -> Read {
    if let Some(TableFactor::Derived { subquery, .. }) = select.from.first().map(|from| &from.relation)
        && let Some(inner) = select_of(subquery)
    {
        let mut read = read_of(inner);
        read.locks = !subquery.locks.is_empty();
        read.skips_locked = subquery.locks.iter().any(skips);
        return read;
    }
    let condition = select.selection.as_ref();
    Read {
        table: select
            .from
            .first()
            .and_then(|from| names_of(&from.relation))
            .and_then(|names| names.into_iter().next()),
        by: by(condition, &[]),
        locks: false,
        skips_locked: false,
        answer: if counts(select) { Answer::Count } else { Answer::Rows },
        states: states(condition),
        columns: columns(select),
        finds_by: finds_by(select),
        takes_expired: claim::takes_expired(condition),
    }
}

fn items(select: &Select) -> impl Iterator<Item = &Expr> {
    select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    })
}

/// `SELECT EXISTS (…)`, and whether it is negated.
fn exists(select: &Select) -> Option<(bool, &Query)> {
    match items(select).next().map(bare)? {
        Expr::Exists { subquery, negated } => Some((*negated, subquery)),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => match bare(expr) {
            Expr::Exists { subquery, negated } => Some((!negated, subquery)),
            _ => None,
        },
        _ => None,
    }
}

/// `SELECT count(*)`, `SELECT count(*) > 0`
fn counts(select: &Select) -> bool {
    struct Counts;
    impl Visitor for Counts {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Function(function) if table_name(&function.name) == "count" => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    let grouped = !matches!(&select.group_by, sqlparser::ast::GroupByExpr::Expressions(by, _) if by.is_empty());
    !grouped && select.projection.len() == 1 && items(select).any(|expr| expr.visit(&mut Counts).is_break())
}

/// What a `SELECT` is that is there for a function's sake.
fn calls(select: &Select) -> Option<Statement> {
    let called = functions(select);
    let of = |names: &[&str]| called.iter().find(|call| names.contains(&call.name.as_str()));
    if let Some(lock) = called.iter().find(|call| is_advisory(&call.name)) {
        return Some(Statement::AdvisoryLock {
            transaction_scoped: lock.name.contains("_xact_"),
            tries: lock.name.contains("_try_"),
            binds: lock.binds.clone(),
        });
    }
    if let Some(notify) = of(&["pg_notify"]) {
        return Some(Statement::Notify {
            channel: notify.first.clone(),
            binds: notify.binds.clone(),
        });
    }
    let own = called.iter().find(|call| !is_harmless(&call.name))?;
    let only = select.from.is_empty() || select.from.iter().all(|from| names_of(&from.relation).is_none());
    only.then(|| Statement::Call {
        name: own.path.clone(),
        binds: own.binds.clone(),
    })
}

fn is_advisory(name: &str) -> bool {
    name == "get_lock" || (name.starts_with("pg_") && name.contains("advisory") && !name.contains("unlock"))
}

fn is_harmless(name: &str) -> bool {
    HARMLESS_NAMES.contains(&name) || HARMLESS.iter().any(|begin| name.starts_with(begin))
}

/// A function that a `SELECT` calls at its outside.
struct Called {
    name: SmolStr,
    /// With its schema.
    path: SmolStr,
    binds: Vec<usize>,
    /// The first argument, if it is a constant.
    first: Option<SmolStr>,
}

fn functions(select: &Select) -> Vec<Called> {
    let outer = items(select).filter_map(|expr| match bare(expr) {
        Expr::Function(function) => Some(called(function)),
        _ => None,
    });
    let from = select.from.iter().filter_map(|from| match &from.relation {
        TableFactor::Table {
            name,
            args: Some(given),
            ..
        } => Some((name, &given.args)),
        TableFactor::Function { name, args, .. } => Some((name, args)),
        _ => None,
    });
    let from = from.map(|(name, given)| {
        let given: Vec<&Expr> = given.iter().filter_map(argument).collect();
        Called {
            name: table_name(name).to_ascii_lowercase().into(),
            path: name.to_string().into(),
            binds: given.iter().flat_map(|expr| Facts::of(expr).binds).collect(),
            first: given.first().and_then(|expr| text_of(expr)),
        }
    });
    outer.chain(from).collect()
}

fn called(function: &Function) -> Called {
    let given = arguments(function);
    Called {
        name: table_name(&function.name).to_ascii_lowercase().into(),
        path: function.name.to_string().into(),
        binds: given.iter().flat_map(|expr| Facts::of(expr).binds).collect(),
        first: given.first().and_then(|expr| text_of(expr)),
    }
}

/// Reads a `CALL`.
pub(super) fn call(function: &Function) -> Statement {
    let called = called(function);
    Statement::Call {
        name: called.path,
        binds: called.binds,
    }
}

/// Every column that is named, if there is one table, and all that is selected has a name.
fn columns(select: &Select) -> Option<Vec<SmolStr>> {
    let whole = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    let named = has_one_table(select) && !select.projection.iter().any(whole);
    named.then(|| names(select)).flatten()
}

/// Every column on which it depends whether there is a row.
fn finds_by(select: &Select) -> Option<Vec<SmolStr>> {
    let condition = select.selection.as_ref().filter(|_| has_one_table(select))?;
    names(condition)
}

fn has_one_table(select: &Select) -> bool {
    let one = |from: &TableWithJoins| from.joins.is_empty() && matches!(from.relation, TableFactor::Table { .. });
    matches!(select.from.as_slice(), [from] if one(from)) && select.having.is_none()
}

fn names(part: &impl Visit) -> Option<Vec<SmolStr>> {
    let mut facts = Facts::default();
    let _ = part.visit(&mut facts);
    let known = !facts.subquery && !facts.hole;
    known.then(|| facts.columns.into_iter().map(|column| column.name).collect())
}
