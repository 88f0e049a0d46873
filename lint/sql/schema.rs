//! The unique keys that migration files show.

use smol_str::SmolStr;

use super::Insert;
use crate::flow::Known;

/// What the workspace's migrations say about tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {}

impl Schema {
    /// Reads migration files, given in the order in which they are applied, as (path, text).
    #[must_use]
    pub fn read(files: &[(String, String)]) -> Self {
        let _ = files;
        Self {}
    }

    /// Whether a migration creates the table.
    #[must_use]
    pub fn knows(&self, table: &str) -> bool {
        let _ = table;
        false
    }

    /// The columns of each unique key, the primary one first.
    #[must_use]
    pub fn unique_keys(&self, table: &str) -> Vec<Vec<SmolStr>> {
        let _ = table;
        Vec::new()
    }

    /// Whether the database makes the column's value up for each row (serial, identity, `DEFAULT gen_random_uuid()`).
    #[must_use]
    pub fn generated(&self, table: &str, column: &str) -> bool {
        let _ = (table, column);
        false
    }

    /// Whether the columns bound in an insert cover a unique key. `Unknown` if the table is not in the schema.
    #[must_use]
    pub fn covers_unique(&self, table: &str, bound: &[SmolStr]) -> Known {
        let _ = (table, bound);
        Known::Unknown
    }

    /// Names the columns of an insert that lists none.
    pub fn complete(&self, insert: &mut Insert) {
        let _ = insert;
    }
}
