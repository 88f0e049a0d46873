//! CQL, as far as it differs from SQL: an insert puts its row in the place of the one that has the same key, a change may be made only
//! `IF` something holds, and what is written may have a lifetime.

/// A statement of SQL that does the same.
#[must_use]
pub fn to_sql(text: &str) -> String {
    let text = without_using(text.trim().trim_end_matches(';'));
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("insert") {
        return match lower.rfind("if not exists") {
            Some(at) => format!("{}ON CONFLICT DO NOTHING", &text[..at]),
            None => format!("REPLACE{}", &text["insert".len()..]),
        };
    }
    let conditional = ["update", "delete"].iter().any(|word| lower.starts_with(word));
    match lower.rfind(" if ").filter(|_| conditional) {
        Some(at) if lower[at..].trim() == "if exists" => text[..at].to_owned(),
        Some(at) => format!("{} AND {}", &text[..at], &text[at + " if ".len()..]),
        None => text,
    }
}

/// Without `USING TTL ? AND TIMESTAMP ?`.
fn without_using(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    let is = |word: Option<&&str>, names: &[&str]| {
        word.is_some_and(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)))
    };
    while let Some(word) = words.next() {
        let begins = word.eq_ignore_ascii_case("using") && is(words.peek(), &["ttl", "timestamp"]);
        if !begins {
            kept.push(word);
            continue;
        }
        while is(words.peek(), &["ttl", "timestamp", "and"]) {
            if !is(words.next().as_ref(), &["and"]) {
                words.next();
            }
        }
    }
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::to_sql;

    #[test]
    fn what_differs_is_written_as_sql_has_it() {
        let told = [
            ("INSERT INTO t (a) VALUES (?)", "REPLACE INTO t (a) VALUES (?)"),
            (
                "INSERT INTO t (a) VALUES (?) IF NOT EXISTS;",
                "INSERT INTO t (a) VALUES (?) ON CONFLICT DO NOTHING",
            ),
            (
                "INSERT INTO t (a) VALUES (?) USING TTL 60 AND TIMESTAMP ?",
                "REPLACE INTO t (a) VALUES (?)",
            ),
            (
                "UPDATE t USING TTL ? SET a = ? WHERE id = ?",
                "UPDATE t SET a = ? WHERE id = ?",
            ),
            (
                "UPDATE t SET v = ? WHERE id = ? IF v = ?",
                "UPDATE t SET v = ? WHERE id = ? AND v = ?",
            ),
            (
                "UPDATE t SET v = ? WHERE id = ? IF EXISTS",
                "UPDATE t SET v = ? WHERE id = ?",
            ),
            (
                "UPDATE c SET n = n + 1 WHERE id = ?",
                "UPDATE c SET n = n + 1 WHERE id = ?",
            ),
        ];
        for (cql, sql) in told {
            assert_eq!(to_sql(cql), sql);
        }
    }
}
