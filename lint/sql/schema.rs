//! The unique keys that migration files show.

mod declared;

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};
use sqlparser::ast::{
    self, AlterColumnOperation, AlterTableOperation as Alter, ColumnDef, ColumnOption, IndexColumn, ObjectType,
    RenameTableNameKind, TableConstraint,
};

use super::expr::{Facts, ident, table_name};
use super::{Conflict, Insert, Value, fallback, parse, text};
use crate::flow::{Idempotency, Known};

/// What the workspace's migrations say about tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    tables: BTreeMap<SmolStr, Table>,
    /// Tables from which something in the files removes rows: a function, a job, partitions that are dropped.
    cleared: BTreeSet<SmolStr>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Table {
    columns: Vec<Column>,
    keys: Vec<Key>,
    /// A statement about its keys could not be read.
    unsure: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: SmolStr,
    generated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    name: SmolStr,
    columns: Vec<SmolStr>,
    /// It holds for some rows only (`WHERE deleted_at IS NULL`).
    partial: bool,
    primary: bool,
}

/// The tables that follow `DELETE FROM`, and those that are parted.
fn cleared(text: &str) -> Vec<SmolStr> {
    let text = text.to_ascii_lowercase();
    let after = |phrase: &'static str| {
        let begins = text.match_indices(phrase).map(|(at, _)| &text[at + phrase.len()..]);
        begins.filter_map(name_at).collect::<Vec<_>>()
    };
    let mut found = after("delete from ");
    if text.contains("partition by ") {
        found.extend(after("create table "));
        found.extend(after("create table if not exists "));
    }
    found
}

/// The last part of the name that a text begins with.
fn name_at(text: &str) -> Option<SmolStr> {
    let part = |c: char| c.is_alphanumeric() || "_.\"`".contains(c);
    let name = text.trim_start().split(|c| !part(c)).next()?;
    let last = name.rsplit('.').next()?.trim_matches(['"', '`']);
    (!last.is_empty()).then(|| last.into())
}

impl Schema {
    /// Reads migration files, given in the order in which they are applied, as (path, text). Files and sections that undo
    /// (`down.sql`, `-- +goose Down`) are left out; a statement that does not parse is skipped.
    #[must_use]
    pub fn read(files: &[(String, String)]) -> Self {
        let mut schema = Self::default();
        let upward = files
            .iter()
            .filter(|(path, _)| !path.to_lowercase().ends_with("down.sql"));
        super::with_stack(|| {
            upward.for_each(|(_, text)| {
                schema.cleared.extend(cleared(upwards(text)));
                text::prepare(upwards(text))
                    .statements
                    .iter()
                    .for_each(|statement| schema.apply(statement))
            });
        });
        schema
    }

    /// Whether something in the files removes rows of the table, wherever it stands (in a function, in a job).
    #[must_use]
    pub fn removes(&self, table: &str) -> bool {
        self.cleared.contains(table)
    }

    /// Whether a migration creates the table.
    #[must_use]
    pub fn knows(&self, table: &str) -> bool {
        self.table(table).is_some()
    }

    /// The columns of each unique key, the primary one first. Keys that hold for some rows only are left out.
    #[must_use]
    pub fn unique_keys(&self, table: &str) -> Vec<Vec<SmolStr>> {
        let Some(table) = self.table(table) else {
            return Vec::new();
        };
        let mut keys: Vec<&Key> = table.keys.iter().filter(|key| !key.partial).collect();
        keys.sort_by_key(|key| !key.primary);
        keys.into_iter().map(|key| key.columns.clone()).collect()
    }

    /// Whether the database makes the column's value up for each row (serial, identity, `DEFAULT gen_random_uuid()`, `DEFAULT now()`).
    #[must_use]
    pub fn generated(&self, table: &str, column: &str) -> bool {
        self.table(table).is_some_and(|table| table.generates(column))
    }

    /// Whether the columns bound in an insert cover a unique key. `Unknown` if the table is not in the schema, or the key holds for
    /// some rows only.
    #[must_use]
    pub fn covers_unique(&self, table: &str, bound: &[SmolStr]) -> Known {
        let Some(table) = self.table(table) else {
            return Known::Unknown;
        };
        let covered: Vec<&Key> = table
            .keys
            .iter()
            .filter(|key| key.columns.iter().all(|column| bound.contains(column)))
            .collect();
        match covered.as_slice() {
            [] if !table.unsure => Known::No,
            keys if keys.iter().any(|key| !key.partial) => Known::Yes,
            _ => Known::Unknown,
        }
    }

    /// Names the columns of an insert that lists none, and takes back that it is idempotent if its `ON CONFLICT` can never happen
    /// (each unique key has a column that is new for each row).
    pub fn complete(&self, insert: &mut Insert) {
        let Some(table) = self.table(&insert.table) else { return };
        if insert.columns.iter().all(|(name, _)| name.is_empty()) {
            insert
                .columns
                .iter_mut()
                .zip(&table.columns)
                .for_each(|((name, _), column)| *name = column.name.clone());
        }
        let relies = matches!(
            insert.conflict,
            Conflict::DoNothing { .. } | Conflict::Ignore | Conflict::DoUpdate { .. } | Conflict::Replace
        );
        if relies
            && !table.unsure
            && !insert.columns.is_empty()
            && !table.keys.iter().any(|key| table.may_conflict(key, &insert.columns))
        {
            insert.idempotency = Idempotency::NotIdempotent;
            insert.why = format_smolstr!("no unique key of `{}` ever conflicts", insert.table);
        }
    }

    fn table(&self, name: &str) -> Option<&Table> {
        let last = name
            .rsplit('.')
            .next()
            .unwrap_or(name)
            .trim_matches(['"', '`', '[', ']']);
        self.tables
            .get(last)
            .or_else(|| self.tables.get(last.to_ascii_lowercase().as_str()))
    }

    fn apply(&mut self, text: &str) {
        let first = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        if !["create", "alter", "drop", "rename"].contains(&first.as_str()) {
            return;
        }
        match parse::parse(text) {
            Some(parsed) => self.apply_parsed(&parsed.statement),
            None => self.doubt(text),
        }
    }

    /// What could not be read may have been about a key.
    fn doubt(&mut self, text: &str) {
        let lower = text.to_ascii_lowercase();
        if (lower.contains("unique") || lower.contains("primary"))
            && let Some(table) = fallback::subject(text).and_then(|name| self.tables.get_mut(&name))
        {
            table.unsure = true;
        }
    }

    fn apply_parsed(&mut self, statement: &ast::Statement) {
        use ast::Statement as Sql;
        match statement {
            Sql::CreateTable(create) => self.create(create),
            Sql::CreateIndex(index) if index.unique => {
                let name = index.name.as_ref().map(table_name).unwrap_or_default();
                let key = Key {
                    name,
                    columns: indexed(&index.columns),
                    partial: index.predicate.is_some(),
                    primary: false,
                };
                self.add(&table_name(&index.table_name), key);
            }
            Sql::AlterTable(alter) => {
                let mut table = table_name(&alter.name);
                for operation in &alter.operations {
                    self.alter(&mut table, operation);
                }
            }
            Sql::Drop {
                object_type: ObjectType::Table,
                names,
                ..
            } => names.iter().for_each(|name| {
                self.tables.remove(&table_name(name));
            }),
            Sql::Drop {
                object_type: ObjectType::Index,
                names,
                ..
            } => names.iter().for_each(|name| self.drop_index(&table_name(name))),
            Sql::RenameTable(renames) => {
                renames
                    .iter()
                    .for_each(|rename| self.rename(&table_name(&rename.old_name), &table_name(&rename.new_name)));
            }
            _ => {}
        }
    }

    fn create(&mut self, create: &ast::CreateTable) {
        let name = table_name(&create.name);
        if self.tables.contains_key(&name) && create.if_not_exists {
            return;
        }
        let model = match &create.like {
            Some(ast::CreateTableLikeKind::Parenthesized(like) | ast::CreateTableLikeKind::Plain(like)) => {
                Some(&like.name)
            }
            None => create.partition_of.as_ref(),
        };
        let mut table = model
            .and_then(|model| self.table(&table_name(model)).cloned())
            .unwrap_or_default();
        create.columns.iter().for_each(|column| table.define(&name, column));
        create
            .constraints
            .iter()
            .filter_map(|constraint| key_of(&name, constraint))
            .for_each(|key| table.keys.push(key));
        let primary: Vec<SmolStr> = create
            .primary_key
            .iter()
            .flat_map(|expr| Facts::of(expr).columns)
            .map(|column| column.name)
            .collect();
        if !primary.is_empty() {
            table.keys.push(Key::primary(&name, primary));
        }
        self.tables.insert(name, table);
    }

    fn add(&mut self, table: &str, key: Key) {
        if let Some(table) = self.tables.get_mut(table) {
            table.keys.push(key);
        }
    }

    fn drop_index(&mut self, name: &str) {
        self.tables
            .values_mut()
            .for_each(|table| table.keys.retain(|key| key.name != name));
    }

    fn rename(&mut self, from: &str, to: &str) {
        if let Some(table) = self.tables.remove(from) {
            self.tables.insert(to.into(), table);
        }
    }

    fn alter(&mut self, name: &mut SmolStr, operation: &Alter) {
        if let Alter::RenameTable {
            table_name: RenameTableNameKind::To(to) | RenameTableNameKind::As(to),
        } = operation
        {
            let to = table_name(to);
            self.rename(name, &to);
            *name = to;
        } else if let Some(table) = self.tables.get_mut(name) {
            table.alter(name, operation);
        }
    }
}

/// A migration's text without the section that undoes it.
fn upwards(text: &str) -> &str {
    let undoes = |line: &str| {
        let line = line.trim().to_ascii_lowercase();
        let tool = ["migrate", "goose", "rambler", "migration"]
            .iter()
            .any(|tool| line.contains(tool));
        line.starts_with("--")
            && tool
            && line
                .trim_end_matches(['-', ' '])
                .split([' ', ':'])
                .any(|word| word == "down")
    };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if undoes(line) {
            return &text[..at];
        }
        at += line.len();
    }
    text
}

impl Key {
    fn primary(table: &str, columns: Vec<SmolStr>) -> Self {
        Self {
            name: format_smolstr!("{table}_pkey"),
            columns,
            partial: false,
            primary: true,
        }
    }

    fn unique(table: &str, columns: Vec<SmolStr>) -> Self {
        Self {
            name: format_smolstr!("{table}_{}_key", columns.join("_")),
            columns,
            partial: false,
            primary: false,
        }
    }

    fn called(mut self, name: Option<&ast::Ident>) -> Self {
        if let Some(name) = name {
            self.name = ident(name);
        }
        self
    }
}

/// The columns of an index; of an expression (`lower(email)`), those that it reads.
fn indexed(columns: &[IndexColumn]) -> Vec<SmolStr> {
    columns
        .iter()
        .flat_map(|column| Facts::of(&column.column.expr).columns)
        .map(|column| column.name)
        .collect()
}

fn key_of(table: &str, constraint: &TableConstraint) -> Option<Key> {
    match constraint {
        TableConstraint::PrimaryKey(key) => Some(Key::primary(table, indexed(&key.columns)).called(key.name.as_ref())),
        TableConstraint::Unique(key) => {
            Some(Key::unique(table, indexed(&key.columns)).called(key.name.as_ref().or(key.index_name.as_ref())))
        }
        _ => None,
    }
}

impl Table {
    fn generates(&self, column: &str) -> bool {
        self.columns.iter().any(|found| found.name == column && found.generated)
    }

    /// Whether a second row like this one can meet the first under a key.
    fn may_conflict(&self, key: &Key, row: &[(SmolStr, Value)]) -> bool {
        key.columns
            .iter()
            .all(|column| match row.iter().find(|(name, _)| name == column) {
                Some((_, Value::Default)) | None => !self.generates(column),
                Some((_, value)) => *value != Value::Fresh,
            })
    }

    fn define(&mut self, table: &str, column: &ColumnDef) {
        let name = ident(&column.name);
        let options = || column.options.iter().map(|option| &option.option);
        for option in options() {
            match option {
                ColumnOption::PrimaryKey(_) => self.keys.push(Key::primary(table, vec![name.clone()])),
                ColumnOption::Unique(_) => self.keys.push(Key::unique(table, vec![name.clone()])),
                _ => {}
            }
        }
        // SQLite's `INTEGER PRIMARY KEY` counts up by itself.
        let kind = column.data_type.to_string().to_ascii_lowercase();
        let rowid = kind == "integer" && options().any(|option| matches!(option, ColumnOption::PrimaryKey(_)));
        let generated = rowid || kind.ends_with("serial") || kind.starts_with("serial") || options().any(generates);
        self.columns.retain(|column| column.name != name);
        self.columns.push(Column { name, generated });
    }

    fn alter(&mut self, table: &str, operation: &Alter) {
        match operation {
            Alter::AddConstraint { constraint, .. } => self.keys.extend(key_of(table, constraint)),
            Alter::AddColumn { column_def, .. } => self.define(table, column_def),
            Alter::DropConstraint { name, .. } | Alter::DropIndex { name } => {
                let name = ident(name);
                self.keys.retain(|key| key.name != name);
            }
            Alter::DropPrimaryKey { .. } => self.keys.retain(|key| !key.primary),
            Alter::DropColumn { column_names, .. } => {
                column_names.iter().for_each(|name| self.drop_column(&ident(name)))
            }
            Alter::RenameColumn {
                old_column_name,
                new_column_name,
            } => self.rename(&ident(old_column_name), &ident(new_column_name)),
            Alter::RenameConstraint { old_name, new_name } => {
                let (old, new) = (ident(old_name), ident(new_name));
                self.keys
                    .iter_mut()
                    .filter(|key| key.name == old)
                    .for_each(|key| key.name = new.clone());
            }
            Alter::AlterColumn { column_name, op } => self.alter_column(&ident(column_name), op),
            _ => {}
        }
    }

    fn drop_column(&mut self, name: &SmolStr) {
        self.columns.retain(|column| column.name != *name);
        self.keys.retain(|key| !key.columns.contains(name));
    }

    fn rename(&mut self, old: &SmolStr, new: &SmolStr) {
        let names = self
            .columns
            .iter_mut()
            .map(|column| &mut column.name)
            .chain(self.keys.iter_mut().flat_map(|key| &mut key.columns));
        names.filter(|name| *name == old).for_each(|name| *name = new.clone());
    }

    fn alter_column(&mut self, name: &str, operation: &AlterColumnOperation) {
        let generated = match operation {
            AlterColumnOperation::SetDefault { value } => fresh(value),
            AlterColumnOperation::DropDefault => false,
            AlterColumnOperation::AddGenerated { .. } => true,
            _ => return,
        };
        self.columns
            .iter_mut()
            .filter(|column| column.name == name)
            .for_each(|column| column.generated = generated);
    }
}

/// Whether an option of a column makes its value up.
fn generates(option: &ColumnOption) -> bool {
    match option {
        ColumnOption::Default(expr) => fresh(expr),
        ColumnOption::Generated {
            generation_expr: None, ..
        }
        | ColumnOption::Identity(_) => true,
        ColumnOption::DialectSpecific(tokens) => tokens.iter().any(|token| {
            ["auto_increment", "autoincrement"].contains(&token.to_string().to_ascii_lowercase().as_str())
        }),
        _ => false,
    }
}

fn fresh(expr: &ast::Expr) -> bool {
    let facts = Facts::of(expr);
    facts.fresh || facts.now
}
