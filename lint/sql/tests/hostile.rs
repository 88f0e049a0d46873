//! Texts that nobody means well by.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::{Schema, bind_names, read};

/// Within the length that is read, and beyond it.
const LENGTHS: [usize; 4] = [1_000, 6_000, 45_000, 1_000_000];

#[test]
fn depth_and_length_are_bounded() {
    let heads = ["", "SELECT ", "SELECT * FROM ", "UPDATE t SET x = ", "INSERT INTO t (a) VALUES ", "DELETE FROM t WHERE "];
    let parts = [
        "(", "((1)", "[", "{", "1+", "x.", "NOT ", "- ", "CASE ", "CASE WHEN 1 THEN ", "(SELECT ", "a AND ", "a OR b = ", "x::int", "'", "\"", "$$",
        "/*", "BEGIN ", "f(", "IF(", "EXISTS(", "a IN (", "a, ", "(a), ", "x IS NULL ", "1 UNION SELECT ", "t JOIN ", "(t JOIN ", "WITH a AS (",
        "INTERVAL ", "ARRAY[", "a[", "|| ", "? ", "?", ":a ", "ON CONFLICT (", "{} ", "COALESCE(x, ", "x = x + ", "é", ";", "a;", "@", "x -> ",
        "FOR UPDATE OF a, ", "LATERAL ", "VALUES (", "::", "- -", "DATE ", "(VALUES ", "x COLLATE ", "x AT TIME ZONE ", "ROW(", "(,",
    ];
    for head in heads {
        for part in parts {
            for length in LENGTHS {
                let text = format!("{head}{}", part.repeat(length / part.len()));
                eprintln!("TRY {head}{part} {length}"); let start = Instant::now();
                let _ = read(&text);
                if start.elapsed() > Duration::from_millis(400) { println!("SLOW {head}{part} x {length}: {:?}", start.elapsed()); }
                assert!(start.elapsed() < Duration::from_secs(50), "{head}{part} × {length}: {:?}", start.elapsed());
            }
        }
    }
}

/// A text of SQL's words in no order.
fn salad() -> impl Strategy<Value = String> {
    let words = [
        "SELECT", "INSERT INTO", "UPDATE", "DELETE FROM", "SET", "WHERE", "VALUES", "ON CONFLICT", "DO NOTHING", "DO UPDATE SET", "FROM",
        "t", "a", "b.c", "=", "+", "-", "(", ")", ",", "$1", "?", ":x", "'s'", "1", "NULL", "now()", "interval '1 day'", "<", "AND", "OR",
        "NOT", "EXISTS", "CASE", "WHEN", "THEN", "ELSE", "END", "WITH", "AS", "RETURNING", "FOR UPDATE", "SKIP LOCKED", "LIMIT", "{}",
        "||", "::jsonb", "IN", "IS", "COALESCE(", "MERGE INTO", "USING", "MATCHED", "CREATE TABLE", "PRIMARY KEY", "UNIQUE", "ALTER TABLE",
        "ADD", "DROP", "CONSTRAINT", "INDEX", ";", "\"q\"", "`q`", "--\n", "$$", "é", "make_interval(days =>", "OF", "IF(",
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
