//! Texts that nobody means well by.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::{Schema, bind_names, read};

/// Longer than this, in a debug build on a busy machine, would be a fault.
const PATIENCE: Duration = Duration::from_secs(20);

/// What nests, chains or never ends.
const PARTS: &[&str] = &[
    "(",
    "((1)",
    "[",
    "{",
    "1+",
    "x.",
    "NOT ",
    "- ",
    "CASE ",
    "CASE WHEN 1 THEN ",
    "(SELECT ",
    "a AND ",
    "a OR b = ",
    "x::int",
    "'",
    "\"",
    "$$",
    "/*",
    "BEGIN ",
    "f(",
    "IF(",
    "EXISTS(",
    "a IN (",
    "a, ",
    "(a), ",
    "x IS NULL ",
    "1 UNION SELECT ",
    "t JOIN ",
    "(t JOIN ",
    "WITH a AS (",
    "INTERVAL ",
    "ARRAY[",
    "a[",
    "|| ",
    "? ",
    "?",
    ":a ",
    "ON CONFLICT (",
    "{} ",
    "COALESCE(x, ",
    "x = x + ",
    "é",
    ";",
    "a;",
    "@",
    "x -> ",
    "FOR UPDATE OF a, ",
    "LATERAL ",
    "VALUES (",
    "::",
    "- -",
    "DATE ",
    "(VALUES ",
    "x COLLATE ",
    "x AT TIME ZONE ",
    "ROW(",
    "(,",
    "x::ARRAY<",
    "CAST(x AS STRUCT<a ",
    "x::Nullable(",
    "EXPLAIN ",
    "t NATURAL JOIN ",
    "t CROSS JOIN ",
    "PREPARE a AS ",
    "IN (SELECT ",
    "ANY(",
];

#[test]
fn depth_and_length_are_bounded() {
    for (head, length) in [
        ("", 300_000),
        ("SELECT ", 3_000),
        ("SELECT * FROM ", 1_000),
        ("UPDATE t SET x = ", 1_000),
    ] {
        for part in PARTS {
            let text = format!("{head}{}", part.repeat(length / part.len()));
            let start = Instant::now();
            let _ = read(&text);
            assert!(
                start.elapsed() < PATIENCE,
                "{head}{part} × {length}: {:?}",
                start.elapsed()
            );
        }
    }
}

#[test]
fn long_conditions_are_walked() {
    for condition in ["a = $1 AND ", "n = n + 1 OR ", "NOT a AND ", "x || "] {
        let chain = condition.repeat(250);
        for text in [
            format!("UPDATE t SET n = n + 1 WHERE {chain} b = 2"),
            format!("UPDATE t SET n = {chain} n WHERE id IN (SELECT id FROM t WHERE {chain} b)"),
            format!("INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET n = {chain} t.n WHERE {chain} c"),
        ] {
            assert_eq!(read(&text).len(), 1, "{condition}");
        }
    }
}

/// A text of SQL's words in no order.
fn salad() -> impl Strategy<Value = String> {
    let words = [
        "SELECT",
        "INSERT INTO",
        "UPDATE",
        "DELETE FROM",
        "SET",
        "WHERE",
        "VALUES",
        "ON CONFLICT",
        "DO NOTHING",
        "DO UPDATE SET",
        "FROM",
        "t",
        "a",
        "b.c",
        "=",
        "+",
        "-",
        "(",
        ")",
        ",",
        "$1",
        "?",
        ":x",
        "'s'",
        "1",
        "NULL",
        "now()",
        "interval '1 day'",
        "<",
        "AND",
        "OR",
        "NOT",
        "EXISTS",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "WITH",
        "AS",
        "RETURNING",
        "FOR UPDATE",
        "SKIP LOCKED",
        "LIMIT",
        "{}",
        "||",
        "::jsonb",
        "IN",
        "IS",
        "COALESCE(",
        "MERGE INTO",
        "USING",
        "MATCHED",
        "CREATE TABLE",
        "PRIMARY KEY",
        "UNIQUE",
        "ALTER TABLE",
        "ADD",
        "DROP",
        "CONSTRAINT",
        "INDEX",
        ";",
        "\"q\"",
        "`q`",
        "--\n",
        "$$",
        "é",
        "make_interval(days =>",
        "OF",
        "IF(",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..24).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn anything_is_read(text in any::<String>()) {
        let _ = read(&text);
        let _ = bind_names(&text);
        let _ = Schema::read(&[("a.sql".to_owned(), text)]);
    }

    #[test]
    fn words_in_any_order_are_read(text in salad()) {
        let _ = read(&text);
        let _ = Schema::read(&[("a.sql".to_owned(), text)]);
    }
}
