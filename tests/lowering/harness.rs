//! From source to text.

use std::fmt::Write as _;

use cargo_delivery::analysis;
use cargo_delivery::catalog::Catalog;
use cargo_delivery::lower::Unit;
use cargo_delivery::source::Sources;
use cargo_delivery::workspace::Workspace;
use expect_test::Expect;

/// What every single-file test begins with.
const PRELUDE: &str = r#"
use anyhow::{Context, Result, anyhow, bail, ensure};
use futures::{StreamExt, TryStreamExt, future::{join_all, try_join_all}};
use lapin::{Consumer, message::Delivery, options::*};
use rdkafka::{ClientConfig, Message, consumer::{CommitMode, Consumer as _, StreamConsumer}, message::{BorrowedMessage, OwnedMessage}};
use reqwest::Client;
use serde::Deserialize;
use sqlx::{PgPool, Postgres, Transaction};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet, time::{sleep, timeout}};

#[derive(Clone, Deserialize)]
struct Order { id: String, total: i64, kind: Kind }
#[derive(Clone, Deserialize)]
enum Kind { New, Paid, Cancelled }

fn decode(body: &[u8]) -> Result<Order> {
    Ok(serde_json::from_slice(body)?)
}
async fn pay(http: &Client, body: &[u8]) -> Result<()> {
    http.post("https://pay.example").body(body.to_vec()).send().await?;
    Ok(())
}
async fn mail(http: &Client, body: &[u8]) -> Result<()> {
    http.put("https://mail.example").body(body.to_vec()).send().await?;
    Ok(())
}
fn kafka() -> StreamConsumer {
    let consumer: StreamConsumer = ClientConfig::new().set("group.id", "orders").set("enable.auto.commit", "false").create().unwrap();
    consumer.subscribe(&["orders"]).unwrap();
    consumer
}
"#;

/// Checks the flows of one file that begins with [`PRELUDE`].
pub fn check(source: &str, expected: Expect) {
    let file = format!("{PRELUDE}{source}");
    expected.assert_eq(&flows(&[("main.rs", &file)]));
}

/// The flow of what is done for each message of a queue: `body` is a receive loop's, `items` stand beside it.
pub fn lowered_each(items: &str, body: &str) -> String {
    let run = format!(
        r#"{items}
async fn run(mut consumer: Consumer, http: Client, pool: PgPool) -> Result<()> {{
    while let Some(Ok(delivery)) = consumer.next().await {{
        {body}
    }}
    Ok(())
}}"#
    );
    lowered(&run)
}

/// Checks [`lowered_each`].
pub fn check_each(items: &str, body: &str, expected: Expect) {
    expected.assert_eq(&lowered_each(items, body));
}

/// Checks the flows of several files.
pub fn check_files(files: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&flows(files));
}

/// The flows of one file that begins with [`PRELUDE`].
pub fn lowered(source: &str) -> String {
    flows(&[("main.rs", &format!("{PRELUDE}{source}"))])
}

/// Every unit's flow as text; the function's name stands above each where there are several.
pub fn flows(files: &[(&str, &str)]) -> String {
    let units = units(files);
    let mut text = String::new();
    for unit in &units {
        if units.len() > 1 {
            writeln!(text, "== {}", unit.flow.function).expect("a string takes everything");
        }
        write!(text, "{}", unit.flow).expect("a string takes everything");
    }
    text
}

/// Every unit's function and line, and why it is not understood where it is not.
pub fn places(files: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for unit in units(files) {
        let (function, line) = (&unit.flow.function, unit.flow.source.at.span.start.line);
        write!(text, "{function}:{line}").expect("a string takes everything");
        for unknown in &unit.flow.unknown {
            write!(text, " # {}", unknown.why).expect("a string takes everything");
        }
        text.push('\n');
    }
    text
}

fn units(files: &[(&str, &str)]) -> Vec<Unit> {
    let workspace = Workspace::in_memory(files);
    let sources = Sources::parse(&workspace, false);
    let problems: Vec<_> = sources.problems().collect();
    assert!(problems.is_empty(), "{problems:#?}");
    let catalog = Catalog::embedded();
    let index = analysis::index(&workspace, &sources, catalog);
    analysis::units(&index, &sources, catalog, &analysis::schema(&workspace, &sources))
}
