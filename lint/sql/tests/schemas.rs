//! Migrations as real services write them.

use smol_str::SmolStr;

use super::super::{Schema, Statement, read};
use crate::flow::{Idempotency, Known};

fn schema(texts: &[&str]) -> Schema {
    let named = |(at, text): (usize, &&str)| (format!("migrations/{at:04}_x.sql"), (*text).to_owned());
    Schema::read(&texts.iter().enumerate().map(named).collect::<Vec<_>>())
}

/// `a,b | c` for two keys.
fn keys(schema: &Schema, table: &str) -> String {
    schema
        .unique_keys(table)
        .iter()
        .map(|key| key.join(","))
        .collect::<Vec<_>>()
        .join(" | ")
}

fn covers(schema: &Schema, table: &str, bound: &[&str]) -> Known {
    schema.covers_unique(table, &bound.iter().copied().map(SmolStr::new).collect::<Vec<_>>())
}

#[test]
fn keys_are_found_wherever_they_are_written() {
    for (text, table, expected) in [
        ("CREATE TABLE t (id BIGINT PRIMARY KEY, a TEXT UNIQUE)", "t", "id | a"),
        (
            "CREATE TABLE IF NOT EXISTS public.t (a int, b int, UNIQUE (a, b), CONSTRAINT pk PRIMARY KEY (b))",
            "t",
            "b | a,b",
        ),
        (
            "create table \"T\" (\"Id\" uuid primary key default gen_random_uuid())",
            "T",
            "Id",
        ),
        ("CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a);", "t", "a"),
        (
            "CREATE TABLE t (a int); CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t USING btree (a, lower(b))",
            "t",
            "a,b",
        ),
        ("CREATE TABLE t (a int); CREATE INDEX i ON t (a)", "t", ""),
        (
            "CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a) WHERE b IS NULL",
            "t",
            "",
        ),
        (
            "CREATE TABLE t (a int, b int); ALTER TABLE ONLY t ADD CONSTRAINT k PRIMARY KEY (a), ADD UNIQUE (b)",
            "t",
            "a | b",
        ),
        (
            "CREATE TABLE t (a int); ALTER TABLE t ADD COLUMN IF NOT EXISTS b uuid UNIQUE",
            "t",
            "b",
        ),
        (
            "CREATE TABLE t (a int UNIQUE); ALTER TABLE t DROP CONSTRAINT t_a_key",
            "t",
            "",
        ),
        (
            "CREATE TABLE t (a int PRIMARY KEY); ALTER TABLE t DROP CONSTRAINT IF EXISTS t_pkey CASCADE",
            "t",
            "",
        ),
        (
            "CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a); DROP INDEX IF EXISTS i",
            "t",
            "",
        ),
        (
            "CREATE TABLE t (a int, b int, UNIQUE (a, b)); ALTER TABLE t DROP COLUMN b",
            "t",
            "",
        ),
        (
            "CREATE TABLE t (a int UNIQUE); ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t RENAME TO u",
            "u",
            "b",
        ),
        (
            "CREATE TABLE t (a int UNIQUE); CREATE TABLE u (LIKE t INCLUDING ALL)",
            "u",
            "a",
        ),
        (
            "CREATE TABLE t (a int, at date, PRIMARY KEY (a, at)) PARTITION BY RANGE (at); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
            "t1",
            "a,at",
        ),
        (
            "CREATE TABLE `t` (`id` bigint unsigned NOT NULL AUTO_INCREMENT, `k` varchar(64) NOT NULL, PRIMARY KEY (`id`), UNIQUE KEY `uk` (`k`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
            "t",
            "id | k",
        ),
        (
            "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, n INTEGER) WITHOUT ROWID",
            "t",
            "id",
        ),
        ("CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER) STRICT", "t", "id"),
        (
            "CREATE TABLE t (a int, EXCLUDE USING gist (a WITH =)); CREATE TABLE u (a int UNIQUE)",
            "u",
            "a",
        ),
        ("nonsense here; CREATE TABLE t (a int UNIQUE); more nonsense", "t", "a"),
        (
            "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN; CREATE TABLE x (a int); END $$ LANGUAGE plpgsql; CREATE TABLE t (a int UNIQUE)",
            "t",
            "a",
        ),
        (
            "-- migrate:up\nCREATE TABLE t (a int UNIQUE);\n-- migrate:down\nDROP TABLE t;",
            "t",
            "a",
        ),
        (
            "-- +goose Up\nCREATE TABLE t (a int UNIQUE);\n-- +goose Down\nDROP TABLE t;",
            "t",
            "a",
        ),
    ] {
        let schema = schema(&[text]);
        assert!(schema.knows(table), "{text}");
        assert_eq!(keys(&schema, table), expected, "{text}");
    }
}

#[test]
fn files_that_undo_are_left_out() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let schema = Schema::read(&[
        file("migrations/2024_a/up.sql", "CREATE TABLE t (a int UNIQUE)"),
        file("migrations/2024_a/down.sql", "DROP TABLE t"),
        file("migrations/2.down.sql", "DROP TABLE t"),
    ]);
    assert_eq!(keys(&schema, "t"), "a");
    assert!(!schema.knows("u"));
}

#[test]
fn cover_is_judged_by_whole_keys() {
    let schema = schema(&[
        include_str!("stock_moves.sql"),
        "CREATE TABLE pairs (a int, b int, c int, PRIMARY KEY (a, b))",
        "CREATE TABLE partial (a int); CREATE UNIQUE INDEX p ON partial (a) WHERE gone IS NULL",
        "CREATE TABLE odd (a int); ALTER TABLE odd ADD CONSTRAINT UNIQUE PRIMARY NONSENSE (a)",
    ]);
    for (table, bound, expected) in [
        ("pairs", &["a", "b", "c"][..], Known::Yes),
        ("public.pairs", &["b", "a"], Known::Yes),
        ("pairs", &["a"], Known::No),
        ("handled_moves", &["message_id", "bin_id"], Known::No),
        ("bins", &["id"], Known::Yes),
        ("partial", &["a"], Known::Unknown),
        ("odd", &["a"], Known::Unknown),
        ("elsewhere", &["a"], Known::Unknown),
    ] {
        assert_eq!(covers(&schema, table, bound), expected, "{table} {bound:?}");
    }
}

#[test]
fn made_up_values_are_known() {
    let schema = schema(&["CREATE TABLE t (
        a BIGSERIAL, b bigint GENERATED ALWAYS AS IDENTITY, c uuid DEFAULT gen_random_uuid(), d bigint DEFAULT nextval('s'),
        e int DEFAULT 0, f int, g timestamptz DEFAULT now(), h int GENERATED ALWAYS AS (f + 1) STORED
    ); ALTER TABLE t ALTER COLUMN f SET DEFAULT nextval('f')", "CREATE TABLE `m` (id int auto_increment, n int); CREATE TABLE lite (id INTEGER PRIMARY KEY AUTOINCREMENT, n int)"]);
    let made = |table, columns: &str| {
        columns
            .chars()
            .filter(|column| schema.generated(table, &column.to_string()))
            .collect::<String>()
    };
    assert_eq!(made("t", "abcdefghx"), "abcdfg");
    assert!(schema.generated("m", "id") && schema.generated("lite", "id") && !schema.generated("m", "n"));
}

#[test]
fn an_insert_is_completed() {
    let schema = schema(&[
        "CREATE TABLE seen (id uuid PRIMARY KEY, at timestamptz)",
        "CREATE TABLE log (id bigserial PRIMARY KEY, body text)",
    ]);
    let completed = |text: &str| {
        let Some(Statement::Insert(mut insert)) = read(text).pop() else {
            panic!("{text}")
        };
        schema.complete(&mut insert);
        (
            insert
                .columns
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
                .join(","),
            insert.idempotency,
        )
    };
    for (text, names, idempotency) in [
        (
            "INSERT INTO seen VALUES ($1, now()) ON CONFLICT DO NOTHING",
            "id,at",
            Idempotency::Idempotent,
        ),
        (
            "INSERT INTO log (body) VALUES ($1) ON CONFLICT DO NOTHING",
            "body",
            Idempotency::NotIdempotent,
        ),
        (
            "INSERT INTO log (id, body) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
            "id,body",
            Idempotency::Idempotent,
        ),
        (
            "INSERT INTO other (body) VALUES ($1) ON CONFLICT DO NOTHING",
            "body",
            Idempotency::Idempotent,
        ),
    ] {
        assert_eq!(completed(text), (names.to_owned(), idempotency), "{text}");
    }
}
