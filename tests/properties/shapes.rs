//! A handler's verdict depends on what it does and in which order, not on how that is written: every order of some steps is written
//! in several ways, and each way must get what the plain one gets.

use std::collections::BTreeMap;

use super::{Tree, check};

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.39\"\nreqwest = \"0.12\"\nsqlx = { version = \"0.8\", features = [\"postgres\"] }\n";

const CONTEXT: &str = "
use rdkafka::Message as _;
use rdkafka::consumer::{CommitMode, Consumer as _, StreamConsumer};
use rdkafka::message::BorrowedMessage;
type Failure = Box<dyn std::error::Error>;
pub struct Shop { pub consumer: StreamConsumer, pub pool: sqlx::PgPool, pub http: reqwest::Client }
";

/// What a step does, as an expression of type `Result<(), Failure>` in an async function that has `shop` and `m`.
const STEPS: [(&str, &str); 4] = [
    ("ack", "shop.consumer.commit_message(m, CommitMode::Sync)?"),
    (
        "add",
        "sqlx::query(\"INSERT INTO orders (body) VALUES ($1)\").bind(m.payload()).execute(&shop.pool).await?",
    ),
    (
        "set",
        "sqlx::query(\"INSERT INTO orders (id, body) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = excluded.body\").bind(m.key()).bind(m.payload()).execute(&shop.pool).await?",
    ),
    (
        "post",
        "shop.http.post(\"http://mail/send\").body(m.payload().unwrap_or_default().to_vec()).send().await?",
    ),
];

/// A way to write a step, given its number and its code.
type Way = (&'static str, fn(&str, &str) -> String);

const WAYS: [Way; 6] = [
    ("plain", |_, code| format!("{code};")),
    ("block", |_, code| format!("{{ {code}; }}")),
    ("helper", |name, _| format!("step_{name}(shop, m).await?;")),
    ("method", |name, _| format!("shop.{name}(m).await?;")),
    ("future", |_, code| {
        format!("async {{ {code}; Ok::<(), Failure>(()) }}.await?;")
    }),
    ("matched", |name, _| {
        format!("match step_{name}(shop, m).await {{ Ok(()) => {{}} Err(error) => return Err(error), }}")
    }),
];

/// Every order of up to three different steps.
fn orders() -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    let mut last = all.clone();
    for _ in 0..3 {
        let longer = last.iter().flat_map(|order| {
            let fresh = (0..STEPS.len()).filter(|step| !order.contains(step));
            fresh.map(|step| [order.as_slice(), &[step]].concat())
        });
        last = longer.collect();
        all.extend(last.iter().cloned());
    }
    all
}

fn module(way: &Way) -> String {
    let helpers = STEPS.map(|(name, code)| {
        format!(
            "async fn step_{name}(shop: &Shop, m: &BorrowedMessage<'_>) -> Result<(), Failure> {{ {code}; Ok(()) }}\n"
        )
    });
    let methods = STEPS.map(|(name, code)| {
        let code = code.replace("shop.", "self.");
        format!("async fn {name}(&self, m: &BorrowedMessage<'_>) -> Result<(), Failure> {{ {code}; Ok(()) }}\n")
    });
    let mut text = format!("{CONTEXT}{}impl Shop {{ {} }}\n", helpers.concat(), methods.concat());
    for order in orders() {
        let name: String = order.iter().map(|step| format!("_{}", STEPS[*step].0)).collect();
        let steps: String = order
            .iter()
            .map(|step| (way.1)(STEPS[*step].0, STEPS[*step].1))
            .collect();
        text += &format!(
            "pub async fn on{name}(shop: &Shop) -> Result<(), Failure> {{ loop {{ let received = shop.consumer.recv().await?; let m = &received; {steps} }} }}\n"
        );
    }
    text
}

#[test]
fn how_a_step_is_written_changes_no_verdict() {
    let mut tree = Tree::from([("Cargo.toml".to_owned(), MANIFEST.to_owned())]);
    let modules: String = WAYS.iter().map(|(name, _)| format!("pub mod {name};\n")).collect();
    tree.insert("src/lib.rs".into(), modules);
    for way in &WAYS {
        tree.insert(format!("src/{}.rs", way.0), module(way));
    }
    let checked = check(tree.iter());
    let mut verdicts: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    for unit in &checked.report.integrations {
        let (module, handler) = unit.function.trim_start_matches("shop::").split_once("::").unwrap();
        // What many handlers do in one helper is told once, so that only verdicts can be compared.
        let said = format!("{:?} {:?}", unit.inferred, unit.verdict);
        verdicts.entry(handler).or_default().insert(module, said);
    }
    let expected = orders().len() - 1;
    assert!(
        verdicts.len() >= expected - 1,
        "{} handlers of {expected} were found",
        verdicts.len()
    );
    let distinct: std::collections::BTreeSet<&String> = verdicts.values().map(|ways| &ways["plain"]).collect();
    assert!(distinct.len() >= 4, "{distinct:?}");
    let mut wrong = Vec::new();
    for (handler, ways) in &verdicts {
        for (way, said) in ways.iter().filter(|(_, said)| **said != ways["plain"]) {
            wrong.push(format!("{handler}: plain {}, {way} {said}", ways["plain"]));
        }
        if ways.len() != WAYS.len() {
            wrong.push(format!("{handler}: found only in {:?}", ways.keys()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
