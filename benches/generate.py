#!/usr/bin/env python3
"""Writes a Rust workspace of a given size, always the same: services with consumers among a lot of code that has none.

    benches/generate.py target/generated --lines 1000000

Of a hundred files two hold a consumer, four call a client, the others are what services are made of: types, conversions, errors,
validation, handlers of requests, tests.
"""

import argparse
import pathlib
import random

WORDS = """order invoice payment customer product basket shipment refund account ledger price stock warehouse carrier label
address region currency discount voucher review rating session token device event audit report batch window snapshot index shard
replica segment cursor schema column row cell filter query plan stage worker queue topic offset lease quota budget limit""".split()
TYPES = ["u32", "u64", "i64", "bool", "String", "Option<String>", "Vec<u8>", "Vec<String>", "std::time::Duration"]

MANIFEST = """[package]
name = "{name}"
version = "0.1.0"
edition = "2021"

[dependencies]
{dependencies}"""

CLIENTS = """rdkafka = "0.39"
lapin = "3"
sqlx = { version = "0.8", features = ["postgres"] }
"""

STORE = """
async fn store_{name}(pool: &sqlx::PgPool, {name}: &{kind}) -> anyhow::Result<()> {{
    sqlx::query("INSERT INTO {name} (id, total) VALUES ($1, $2){conflict}")
        .bind({name}.id as i64)
        .bind({name}.total as i64)
        .execute(pool)
        .await?;
    Ok(())
}}
"""

KAFKA = """
pub async fn consume_{name}(consumer: rdkafka::consumer::StreamConsumer, pool: sqlx::PgPool) -> anyhow::Result<()> {{
    use rdkafka::consumer::{{CommitMode, Consumer}};
    use rdkafka::Message;
    loop {{
        let message = consumer.recv().await?;
        let Some(payload) = message.payload() else {{ continue }};
        let {name}: {kind} = match parse_{name}(payload) {{
            Ok({name}) => {name},
            Err(error) => {{
                tracing::warn!(%error, "skipped");
                consumer.commit_message(&message, CommitMode::Async)?;
                continue;
            }}
        }};
        {first}
        {second}
    }}
}}
""" + STORE

RABBIT = """
pub async fn serve_{name}(channel: lapin::Channel, pool: sqlx::PgPool) -> anyhow::Result<()> {{
    use futures::StreamExt;
    let mut consumer = channel
        .basic_consume("{name}s".into(), "worker".into(), lapin::options::BasicConsumeOptions::default(), Default::default())
        .await?;
    while let Some(delivery) = consumer.next().await {{
        let delivery = delivery?;
        let {name} = parse_{name}(&delivery.data)?;
        if let Err(error) = store_{name}(&pool, &{name}).await {{
            tracing::error!(%error, "not stored");
        }}
        delivery.ack(lapin::options::BasicAckOptions::default()).await?;
    }}
    Ok(())
}}
""" + STORE

PARSE = """
fn parse_{name}(bytes: &[u8]) -> anyhow::Result<{kind}> {{
    serde_json::from_slice(bytes).map_err(|error| anyhow::anyhow!("no {name}: {{error}}"))
}}
"""

QUERY = """
pub async fn find_{name}(pool: &sqlx::PgPool, id: i64) -> anyhow::Result<Option<i64>> {{
    let row: Option<(i64,)> = sqlx::query_as("SELECT total FROM {name} WHERE id = $1")
        .bind(id)
        .fetch_optional(pool)
        .await?;
    Ok(row.map(|(total,)| total))
}}
"""


def kind_of(name):
    return name.capitalize()


def structure(rng, name):
    fields = ["    pub id: u64,", "    pub total: u64,"]
    for word in rng.sample(WORDS, 6):
        if word != name:
            fields.append(f"    pub {word}: {rng.choice(TYPES)},")
    head = f"/// One {name}, as the store keeps it.\n#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]"
    return f"{head}\npub struct {kind_of(name)} {{\n" + "\n".join(fields) + "\n}\n"


def method(rng, name, number):
    word, other = rng.sample(WORDS, 2)
    body = [
        f"        let mut {word} = Vec::with_capacity(self.total as usize % 64);",
        f"        for {other} in 0..self.total {{",
        f"            match {other} % {rng.randint(2, 9)} {{",
        f"                0 => {word}.push({other}.wrapping_mul({rng.randint(3, 99)})),",
        f"                1 if {other} > limit => break,",
        "                _ => continue,",
        "            }",
        "        }",
        f"        let sum: u64 = {word}.iter().map(|value| value % 7).filter(|value| *value > {rng.randint(0, 5)}).sum();",
        f'        if sum > limit {{ return Err(format!("{word} of {{}} is over {{limit}}", self.id)); }}',
        "        Ok(sum)",
    ]
    head = f"    /// What the {word} of this {name} comes to, at most `limit`.\n"
    return head + f"    pub fn {word}_{number}(&self, limit: u64) -> Result<u64, String> {{\n" + "\n".join(body) + "\n    }\n"


def plain_file(rng, lines):
    name = rng.choice(WORDS)
    out = [f"//! What belongs to a {name}.\n", structure(rng, name), f"impl {kind_of(name)} {{\n"]
    number = 0
    while sum(part.count("\n") for part in out) < lines - 12:
        out.append(method(rng, name, number))
        number += 1
    out.append("}\n")
    out.append(f"\n#[cfg(test)]\nmod tests {{\n    use super::*;\n\n    #[test]\n    fn is_itself() {{\n        fn same(a: &{kind_of(name)}) -> bool {{ a == &a.clone() }}\n        let _ = same;\n    }}\n}}\n")
    return name, "".join(out)


def file(rng, number, lines):
    name, text = plain_file(rng, lines)
    share = number % 100
    if share in (7, 57):
        acks_first = rng.random() < 0.3
        ack, store = "consumer.commit_message(&message, CommitMode::Async)?;", f"store_{name}(&pool, &{name}).await?;"
        first, second = (ack, store) if acks_first else (store, ack)
        conflict = rng.choice(["", " ON CONFLICT (id) DO NOTHING"])
        parts = {"name": name, "kind": kind_of(name), "first": first, "second": second, "conflict": conflict}
        text += PARSE.format(**parts) + (KAFKA if share == 7 else RABBIT).format(**parts)
    elif share in (11, 36, 61, 86):
        text += QUERY.format(name=name)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    args = parser.parse_args()
    written = number = krate = 0
    members = []
    while written < args.lines:
        name = f"part{krate}"
        source = args.folder / name / "src"
        source.mkdir(parents=True, exist_ok=True)
        modules = []
        for _ in range(40):
            if written >= args.lines:
                break
            rng = random.Random(number)
            text = file(rng, number, rng.choice([60, 120, 240, 300, 480, 900]))
            (source / f"m{number}.rs").write_text(text)
            modules.append(f"pub mod m{number};\n")
            written += text.count("\n")
            number += 1
        (source / "lib.rs").write_text("".join(modules))
        before = f'part{krate - 1} = {{ path = "../part{krate - 1}" }}\n' if krate else ""
        (args.folder / name / "Cargo.toml").write_text(MANIFEST.format(name=name, dependencies=CLIENTS + before))
        members.append(name)
        krate += 1
    listed = ", ".join(f'"{name}"' for name in members)
    (args.folder / "Cargo.toml").write_text(f'[workspace]\nresolver = "2"\nmembers = [{listed}]\n')
    print(f"{written} lines in {number} files of {krate} packages")


if __name__ == "__main__":
    main()
