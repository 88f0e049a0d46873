//! Statements as real services write them.

use super::*;

/// A statement in one line.
fn brief(statement: &Statement) -> String {
    match statement {
        Statement::Read(read) => brief_read(read),
        Statement::Insert(insert) => brief_insert(insert),
        Statement::Update(update) => brief_update(update),
        Statement::Delete(delete) => brief_delete(delete),
        Statement::AdvisoryLock {
            transaction_scoped,
            tries,
            binds,
        } => {
            format!(
                "lock{}{} {binds:?}",
                flag(" xact", *transaction_scoped),
                flag(" tries", *tries)
            )
        }
        Statement::LockTable { table } => format!("lock table {table}"),
        Statement::Begin { serializable } => format!("begin{}", flag(" serializable", *serializable)),
        Statement::SetIsolation { serializable } => format!("isolation{}", flag(" serializable", *serializable)),
        Statement::Notify { channel, binds } => format!("notify {} {binds:?}", channel.as_deref().unwrap_or("?")),
        Statement::Call { name, binds } => format!("call {name} {binds:?}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn flag(text: &str, set: bool) -> &str {
    if set { text } else { "" }
}

fn by(by: &[By]) -> String {
    let each: Vec<_> = by.iter().map(|by| format!("{}={}", by.column, by.bind)).collect();
    if each.is_empty() {
        String::new()
    } else {
        format!(" by {}", each.join(","))
    }
}

fn values(values: &[(SmolStr, Value)]) -> String {
    let value = |value: &Value| match value {
        Value::Bind(bind) => format!("${bind}"),
        Value::Derived(binds) => format!("f{binds:?}"),
        Value::Const(text) => format!("'{text}'"),
        other => format!("{other:?}").to_lowercase(),
    };
    let each: Vec<_> = values
        .iter()
        .map(|(name, given)| format!("{name}={}", value(given)))
        .collect();
    format!("({})", each.join(" "))
}

fn idempotency(idempotency: Idempotency) -> &'static str {
    match idempotency {
        Idempotency::Idempotent => "idempotent",
        Idempotency::NotIdempotent => "repeats",
        Idempotency::Unknown => "unknown",
    }
}

fn brief_read(read: &Read) -> String {
    let answer = match read.answer {
        Answer::Rows => "",
        Answer::Exists { negated: false } => " exists",
        Answer::Exists { negated: true } => " missing",
        Answer::Count => " count",
    };
    let states: String = read
        .states
        .iter()
        .map(|(column, state)| format!(" {column}:{state}"))
        .collect();
    let table = read.table.as_deref().unwrap_or("-");
    let locks = flag(" locks", read.locks);
    format!(
        "read {table}{}{states}{answer}{locks}{}{}",
        by(&read.by),
        flag(" skips", read.skips_locked),
        flag(" expired", read.takes_expired)
    )
}

fn brief_insert(insert: &Insert) -> String {
    let conflict = match &insert.conflict {
        Conflict::None => "plain".to_owned(),
        Conflict::DoNothing { target } => format!("nothing[{}]", target.join(",")),
        Conflict::DoUpdate { target, guarded } => format!("upsert[{}]{}", target.join(","), flag(" guarded", *guarded)),
        other => format!("{other:?}").to_lowercase(),
    };
    format!(
        "insert {}{} {conflict} {}{}{}{}",
        insert.table,
        values(&insert.columns),
        idempotency(insert.idempotency),
        flag(" overwrites", insert.overwrites),
        flag(" returning", insert.returning),
        flag(" select", insert.from_select),
    )
}

fn brief_update(update: &Update) -> String {
    let mut text = format!(
        "update {}{}{} {}",
        update.table,
        values(&update.sets),
        by(&update.by),
        idempotency(update.idempotency)
    );
    if update.guarded {
        text += &format!(" guarded{:?}", update.guard_binds);
    }
    text += flag(" overwrites", update.overwrites);
    if let Some(claim) = &update.claim {
        let state = |state: &Option<SmolStr>| state.clone().unwrap_or_else(|| "?".into());
        text += &format!(
            " claim {}:{}->{}{}{}",
            claim.column,
            state(&claim.from),
            state(&claim.to),
            flag(" shared", !claim.exclusive),
            flag(" expires", claim.expires)
        );
        text += &claim
            .lease_millis
            .map(|millis| format!(" {millis}"))
            .unwrap_or_default();
    }
    if let Some(reclaim) = &update.reclaim {
        text += &format!(
            " reclaim {}:{} {}",
            reclaim.column,
            reclaim.from.as_deref().unwrap_or("?"),
            age(reclaim.older_than)
        );
    }
    text + flag(" returning", update.returning)
}

fn age(age: Option<Age>) -> String {
    match age {
        None => "any".into(),
        Some(Age::Millis(millis)) => millis.to_string(),
        Some(Age::Bind(bind)) => format!("${bind}"),
        Some(Age::Unknown) => "?".into(),
    }
}

fn brief_delete(delete: &Delete) -> String {
    let older = delete
        .older_than
        .map(|older| format!(" older {}", age(Some(older))))
        .unwrap_or_default();
    format!(
        "delete {}{}{older}{}{}",
        delete.table,
        by(&delete.by),
        flag(" pops", delete.pops),
        flag(" returning", delete.returning)
    )
}

fn all(text: &str) -> String {
    read(text).iter().map(brief).collect::<Vec<_>>().join("; ")
}

/// `statements.txt`: a statement a line (`\n` for a line break), what is found indented below it, `#` before remarks.
#[test]
#[expect(clippy::disallowed_methods, reason = "`BLESS=1` rewrites the expectations")]
fn statements_are_read_as_expected() {
    let mut found = String::new();
    let expected = include_str!("tests/statements.txt");
    for line in expected.lines().filter(|line| !line.starts_with("    ")) {
        found.push_str(line);
        found.push('\n');
        if !line.is_empty() && !line.starts_with('#') {
            found.push_str(&format!("    {}\n", all(&line.replace("\\n", "\n"))));
        }
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(
            concat!(env!("CARGO_MANIFEST_DIR"), "/lint/sql/tests/statements.txt"),
            &found,
        )
        .expect("written");
    }
    similar_asserts::assert_eq!(found, expected);
}

mod hostile;
mod schemas;
