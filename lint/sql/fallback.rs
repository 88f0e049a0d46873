//! What can be said of a statement that does not parse: its first words tell what it does, and to which table.

use smol_str::SmolStr;

use super::text::HOLE;
use super::{Conflict, Delete, Insert, Read, Statement, Update};
use crate::flow::Idempotency;

/// Words that begin statements that are nothing to delivery.
const OTHER: &[&str] = &[
    "create",
    "alter",
    "drop",
    "set",
    "grant",
    "revoke",
    "analyze",
    "vacuum",
    "listen",
    "unlisten",
    "comment",
    "refresh",
    "reindex",
    "use",
    "reset",
    "discard",
    "attach",
    "detach",
    "optimize",
    "declare",
    "fetch",
    "close",
    "deallocate",
    "prepare",
    "cluster",
    "checkpoint",
    "security",
    "import",
    "flush",
    "kill",
    "unlock",
    "do",
];

/// Reads a statement by its words.
pub(super) fn guess(text: &str) -> Statement {
    let words: Vec<String> = words(text).take(20_000).collect();
    let main = words.iter().position(|word| MAIN.contains(&word.as_str()));
    let with = words.first().is_some_and(|word| word == "with");
    let start = if with { main.unwrap_or(0) } else { 0 };
    let words = &words[start.min(words.len())..];
    match words.first().map(String::as_str) {
        Some("insert" | "replace" | "merge") => insert(words),
        Some("update") => update(words),
        Some("delete" | "truncate") => delete(words),
        Some("select" | "values" | "table" | "show" | "explain" | "pragma" | "describe" | "with") => read(words),
        Some("begin" | "start") => Statement::Begin {
            serializable: has(words, &["serializable"]),
        },
        Some("commit" | "end") => Statement::Commit,
        Some("rollback" | "abort") if has(words, &["to"]) => Statement::Savepoint,
        Some("rollback" | "abort") => Statement::Rollback,
        Some("savepoint" | "release") => Statement::Savepoint,
        Some("set") if has(words, &["isolation", "level"]) => Statement::SetIsolation {
            serializable: has(words, &["serializable"]),
        },
        Some("notify") => Statement::Notify {
            channel: words.get(1).map(name),
            binds: Vec::new(),
        },
        Some("call" | "exec" | "execute") => Statement::Call {
            name: words.get(1).map(name).unwrap_or_default(),
            binds: Vec::new(),
        },
        Some(first) if OTHER.contains(&first) => Statement::Other,
        _ => Statement::Unparsed,
    }
}

/// What may follow a `WITH`.
const MAIN: &[&str] = &["insert", "update", "delete", "merge", "replace"];

/// The words of a text in lower case, strings left out, dotted names in one.
fn words(text: &str) -> impl Iterator<Item = String> {
    let unquoted = text.split('\'').step_by(2);
    let part = |character: char| !(character.is_alphanumeric() || "_.\"`$".contains(character));
    unquoted
        .flat_map(move |text| text.split(part))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

fn name(word: impl AsRef<str>) -> SmolStr {
    let word = word.as_ref();
    let last = word.rsplit('.').next().unwrap_or(word);
    last.trim_matches(['"', '`']).replace(HOLE, "{}").into()
}

/// Whether words follow each other somewhere.
fn has(words: &[String], wanted: &[&str]) -> bool {
    words.windows(wanted.len()).any(|window| window == wanted)
}

/// The table named after one of some words.
fn after(words: &[String], marks: &[&str]) -> Option<SmolStr> {
    let at = words.iter().position(|word| marks.contains(&word.as_str()))?;
    let named = words[at + 1..]
        .iter()
        .find(|word| !["only", "table", "into", "from", "ignore", "or"].contains(&word.as_str()))?;
    Some(name(named))
}

fn unread() -> SmolStr {
    SmolStr::new_static("the statement cannot be read in full")
}

fn insert(words: &[String]) -> Statement {
    let (conflict, idempotency) = match () {
        () if has(words, &["do", "nothing"]) => (Conflict::DoNothing { target: Vec::new() }, Idempotency::Idempotent),
        () if has(words, &["ignore"]) => (Conflict::Ignore, Idempotency::Idempotent),
        () if has(words, &["do", "update"]) || has(words, &["duplicate", "key"]) => (
            Conflict::DoUpdate {
                target: Vec::new(),
                guarded: false,
            },
            Idempotency::Unknown,
        ),
        () if words[0] == "merge" => (Conflict::Merge, Idempotency::Unknown),
        () if words[0] == "replace" || has(words, &["or", "replace"]) => (Conflict::Replace, Idempotency::Idempotent),
        () => (Conflict::None, Idempotency::Unknown),
    };
    Statement::Insert(Insert {
        table: after(words, &["into"])
            .or_else(|| words.get(1).map(name))
            .unwrap_or_default(),
        columns: Vec::new(),
        conflict,
        idempotency,
        why: unread(),
        overwrites: false,
        returning: has(words, &["returning"]),
        from_select: has(words, &["select"]),
    })
}

fn update(words: &[String]) -> Statement {
    Statement::Update(Update {
        table: after(words, &["update"]).unwrap_or_default(),
        idempotency: Idempotency::Unknown,
        why: unread(),
        guarded: false,
        guard_binds: Vec::new(),
        overwrites: false,
        sets: Vec::new(),
        by: Vec::new(),
        claim: None,
        reclaim: None,
        returning: has(words, &["returning"]),
    })
}

fn delete(words: &[String]) -> Statement {
    Statement::Delete(Delete {
        table: after(words, &["from", "truncate"]).unwrap_or_default(),
        by: Vec::new(),
        older_than: None,
        pops: false,
        returning: has(words, &["returning"]),
    })
}

fn read(words: &[String]) -> Statement {
    Statement::Read(Read {
        table: after(words, &["from"]),
        locks: has(words, &["for", "update"]) || has(words, &["for", "share"]) || has(words, &["key", "update"]),
        skips_locked: has(words, &["skip", "locked"]),
        ..Read::default()
    })
}

/// The table that a statement of DDL is about.
pub(super) fn subject(text: &str) -> Option<SmolStr> {
    let words: Vec<String> = words(text)
        .take(40)
        .filter(|word| !["if", "exists", "not", "only"].contains(&word.as_str()))
        .collect();
    let index = words.iter().take(4).any(|word| word == "index");
    after(&words, if index { &["on"] } else { &["table"] })
}
