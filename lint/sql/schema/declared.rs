//! Tables that code declares by a macro: `table! { orders (id) { id -> Int8, body -> Text, } }`.
//!
//! Such a declaration names the columns and the primary key. Other unique keys are in the migrations, if the workspace has them.

use smol_str::SmolStr;

use super::{Column, Key, Schema, Table};

impl Schema {
    /// Takes note of a table, unless the migrations tell more of it.
    pub fn declare(&mut self, tokens: &str) {
        let Some((name, table)) = read(tokens) else { return };
        self.tables.entry(name).or_insert(table);
    }

    /// Whether the table has such a column; without a table, whether any has.
    #[must_use]
    pub fn has_column(&self, table: Option<&str>, column: &str) -> bool {
        let has = |table: &Table| table.columns.iter().any(|known| known.name == column);
        match table {
            Some(name) => self.table(name).is_some_and(has),
            None => self.tables.values().any(has),
        }
    }
}

fn read(tokens: &str) -> Option<(SmolStr, Table)> {
    let (head, body) = tokens.split_once('{')?;
    let columns = column_names(body.rsplit_once('}')?.0);
    let (name, keys) = match head.rsplit_once(')') {
        Some((head, rest)) if rest.trim().is_empty() => head.rsplit_once('(')?,
        _ => (head, "id"),
    };
    let name: SmolStr = last_name(name)?.into();
    let primary = Key {
        name: SmolStr::default(),
        columns: keys.split(',').filter_map(last_name).map(SmolStr::from).collect(),
        partial: false,
        primary: true,
    };
    let column = |name: SmolStr| Column { name, generated: false };
    let table = Table {
        columns: columns.into_iter().map(column).collect(),
        keys: vec![primary],
        unsure: true,
    };
    Some((name, table))
}

/// What stands before each arrow.
fn column_names(body: &str) -> Vec<SmolStr> {
    let arrows = body.match_indices("->").map(|(at, _)| &body[..at]);
    let spaced = body.match_indices("- >").map(|(at, _)| &body[..at]);
    arrows.chain(spaced).filter_map(last_name).map(SmolStr::from).collect()
}

/// The name that a text ends with.
fn last_name(text: &str) -> Option<&str> {
    let text = text.trim_end();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let start = text
        .rfind(|c: char| !is_part(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    Some(&text[start..]).filter(|name| !name.is_empty())
}
