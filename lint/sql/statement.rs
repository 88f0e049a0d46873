//! One parsed statement, or several of a `WITH`, as delivery sees them.

use std::ops::ControlFlow;

use smol_str::{SmolStr, format_smolstr};
use sqlparser::ast::{
    self, CopySource, Cte, Query, SetExpr, TransactionIsolationLevel, TransactionMode, TransactionModifier, Visit,
};

use super::expr::{ident, table_name};
use super::update::Around;
use super::{Conflict, Delete, Insert, Read, Statement, Update, insert, select, update};
use crate::flow::Idempotency;

/// Reads a parsed statement into `found`.
pub(super) fn lower(statement: &ast::Statement, around: Around<'_>, found: &mut Vec<Statement>) {
    use ast::Statement as Sql;
    match statement {
        Sql::Query(query) => lower_query(query, around, found),
        Sql::Insert(insert) => lower_insert(insert, around, found),
        Sql::Update(update) => found.push(update::update(update, around)),
        Sql::Delete(delete) => found.push(update::delete(delete, around)),
        Sql::Merge(merge) => found.push(insert::merge(merge, around)),
        Sql::Truncate(truncate) => found.extend(
            truncate
                .table_names
                .iter()
                .map(|table| emptied(table_name(&table.name))),
        ),
        Sql::Copy {
            source: CopySource::Table { table_name, columns },
            to: false,
            ..
        } => found.push(insert::copy(table_name, columns)),
        Sql::Call(function) => found.push(select::call(function)),
        Sql::NOTIFY { channel, .. } => found.push(Statement::Notify {
            channel: Some(ident(channel)),
            binds: Vec::new(),
        }),
        Sql::Lock(lock) => found.extend(lock.tables.iter().map(|table| locked(table_name(&table.name)))),
        Sql::LockTables { tables } => found.extend(tables.iter().map(|table| locked(ident(&table.table)))),
        other => found.push(control(other)),
    }
}

/// Statements about transactions, and the rest.
fn control(statement: &ast::Statement) -> Statement {
    use ast::Statement as Sql;
    match statement {
        Sql::StartTransaction { modes, modifier, .. } => {
            let exclusive = matches!(
                modifier,
                Some(TransactionModifier::Immediate | TransactionModifier::Exclusive)
            );
            Statement::Begin {
                serializable: exclusive || serializable(modes),
            }
        }
        Sql::Commit { .. } => Statement::Commit,
        Sql::Rollback { savepoint: Some(_), .. } | Sql::Savepoint { .. } | Sql::ReleaseSavepoint { .. } => {
            Statement::Savepoint
        }
        Sql::Rollback { .. } => Statement::Rollback,
        Sql::Set(ast::Set::SetTransaction { modes, .. }) if isolates(modes) => Statement::SetIsolation {
            serializable: serializable(modes),
        },
        Sql::Execute { name, .. } => Statement::Call {
            name: name.as_ref().map(table_name).unwrap_or_default(),
            binds: Vec::new(),
        },
        Sql::ShowTables { .. } | Sql::ShowVariable { .. } | Sql::Pragma { .. } => Statement::Read(Read::default()),
        _ => Statement::Other,
    }
}

fn isolates(modes: &[TransactionMode]) -> bool {
    modes
        .iter()
        .any(|mode| matches!(mode, TransactionMode::IsolationLevel(_)))
}

fn serializable(modes: &[TransactionMode]) -> bool {
    modes.contains(&TransactionMode::IsolationLevel(
        TransactionIsolationLevel::Serializable,
    ))
}

fn emptied(table: SmolStr) -> Statement {
    Statement::Delete(Delete {
        table,
        by: Vec::new(),
        older_than: None,
        pops: false,
        returning: false,
    })
}

fn locked(table: SmolStr) -> Statement {
    Statement::LockTable { table }
}

/// The parts of a `WITH` that change data, then the query itself, unless it only reads what they gave.
fn lower_query(query: &Query, around: Around<'_>, found: &mut Vec<Statement>) {
    let with = query
        .with
        .as_ref()
        .map(|with| with.cte_tables.as_slice())
        .unwrap_or_default();
    let inner = Around {
        with: if with.is_empty() { around.with } else { with },
        ..around
    };
    let before = found.len();
    let gates = lower_with(with, inner, found);
    let reads_only = found.len() > before;
    let body = found.len();
    match &*query.body {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => {
            lower(statement, inner, found);
            pass(&gates, statement, &mut found[body..]);
        }
        SetExpr::Query(query) => lower_query(query, inner, found),
        _ if reads_only => {}
        _ => found.push(select::select(query)),
    }
}

/// Lowers the parts of a `WITH` that change data; gives the names of those that give rows only the first time.
fn lower_with(with: &[Cte], around: Around<'_>, found: &mut Vec<Statement>) -> Vec<SmolStr> {
    let mut gates = Vec::new();
    for part in with.iter().filter(|part| changes(&part.query)) {
        let before = found.len();
        lower_query(&part.query, around, found);
        pass(&gates, &*part.query, &mut found[before..]);
        if found.last().is_some_and(is_gate) {
            gates.push(ident(&part.alias.name));
        }
    }
    gates
}

/// Whether a statement gives rows the first time it is executed, and none the second.
fn is_gate(statement: &Statement) -> bool {
    match statement {
        Statement::Insert(insert) => {
            let absent = matches!(insert.conflict, Conflict::DoNothing { .. } | Conflict::Ignore);
            absent && insert.returning && insert.idempotency == Idempotency::Idempotent
        }
        Statement::Update(update) => {
            update.guarded && update.returning && update.idempotency == Idempotency::Idempotent
        }
        Statement::Delete(delete) => delete.returning && !delete.pops,
        _ => false,
    }
}

/// What happens only with the rows that a gate gives happens once.
fn pass(gates: &[SmolStr], statement: &impl Visit, found: &mut [Statement]) {
    let Some(gate) = gates.iter().find(|gate| mentions(statement, gate)) else {
        return;
    };
    let why = format_smolstr!("happens only with a row that `{gate}` gives, which gives none the second time");
    for statement in found {
        match statement {
            Statement::Insert(Insert {
                idempotency,
                why: reason,
                ..
            })
            | Statement::Update(Update {
                idempotency,
                why: reason,
                ..
            }) if *idempotency != Idempotency::Idempotent => {
                (*idempotency, *reason) = (Idempotency::Idempotent, why.clone());
            }
            _ => {}
        }
    }
}

/// Whether a statement reads a part of its `WITH`.
fn mentions(statement: &impl Visit, name: &str) -> bool {
    let found = ast::visit_relations(statement, |relation| match table_name(relation) == name {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// Whether a query changes data.
fn changes(query: &Query) -> bool {
    match &*query.body {
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => true,
        SetExpr::Query(query) => changes(query),
        _ => query
            .with
            .as_ref()
            .is_some_and(|with| with.cte_tables.iter().any(|part| changes(&part.query))),
    }
}

/// An `INSERT … WITH … SELECT` has its `WITH` inside.
fn lower_insert(statement: &ast::Insert, around: Around<'_>, found: &mut Vec<Statement>) {
    let with = statement.source.as_ref().and_then(|source| source.with.as_ref());
    let gates = lower_with(
        with.map(|with| with.cte_tables.as_slice()).unwrap_or_default(),
        around,
        found,
    );
    let before = found.len();
    found.push(insert::insert(statement, around));
    pass(&gates, statement, &mut found[before..]);
}
