//! What is seen of a workspace, and why a unit was judged as it was.

use super::*;

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
    [dependencies]\nrdkafka = \"0.39\"\nfancy-kafka-client = \"1\"\nshop-sdk = \"1\"\n";
const LOCK: &str = "version = 4\n[[package]]\nname = \"rdkafka\"\nversion = \"0.39.0\"\n";
const ORDERS: &str = "use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};\n\
    use rdkafka::Message;\n\
    pub async fn on_order(c: StreamConsumer, sdk: shop_sdk::Client) -> anyhow::Result<()> {\n\
        loop {\n\
            let m = c.recv().await?;\n\
            sdk.post(m.payload()).await?;\n\
            c.commit_message(&m, CommitMode::Sync)?;\n\
        }\n\
    }\n";

fn shop() -> TempDir {
    project(&[
        ("Cargo.toml", MANIFEST),
        ("Cargo.lock", LOCK),
        ("delivery.yaml", "exclude: [\"src/generated.rs\"]\n"),
        ("src/lib.rs", "mod orders;\nmod quiet;\nmod generated;\n"),
        ("src/orders.rs", ORDERS),
        ("src/quiet.rs", "pub fn add(a: u8, b: u8) -> u8 { a + b }\n"),
        ("src/generated.rs", ""),
        ("tests/all.rs", ""),
    ])
}

#[test]
fn the_doctor_tells_what_is_seen_and_what_is_not() {
    let temp = shop();
    let output = run(temp.path(), &["doctor"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    snapshot("doctor.txt", &stdout(&output));

    let output = run(temp.path(), &["doctor", "--format", "json"]);
    let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["clients"][0]["versions"][0], "0.39.0");
    assert_eq!(seen["strangers"], serde_json::json!(["fancy-kafka-client"]));
    assert_eq!(
        seen["unresolved"],
        serde_json::json!([{ "call": ".post", "count": 1, "integrations": 1, "file": "src/orders.rs", "line": 6 }])
    );
    let why = |file: &str| {
        let skipped = seen["skipped"].as_array().unwrap();
        skipped
            .iter()
            .find(|entry| entry["file"] == file)
            .map(|entry| entry["why"].clone())
    };
    assert_eq!(why("src/generated.rs").unwrap(), "excluded");
    assert_eq!(why("src/quiet.rs").unwrap(), "quiet");
    assert_eq!(why("tests/all.rs").unwrap(), "test");
    assert_eq!(why("src/orders.rs"), None);
    assert_eq!(seen["verdicts"]["verified"], 1);
}

#[test]
fn a_workspace_without_clients_is_not_called_clean_by_the_doctor() {
    let temp = package(&[]);
    let text = stdout(&run(temp.path(), &["doctor"]));
    assert!(
        text.contains("none: whatever the code receives or sends is not recognised"),
        "{text}"
    );
    assert!(
        text.contains("none: nothing that receives or sends was found"),
        "{text}"
    );
}

#[test]
fn unresolved_calls_are_in_the_report_and_skipped_files_are_told_when_asked() {
    let temp = shop();
    let report = run(temp.path(), &["check", "--format", "json", "-v"]);
    let json: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let unresolved = &json["integrations"][0]["unresolved"];
    assert_eq!(
        unresolved,
        &serde_json::json!([{ "file": "src/orders.rs", "line": 6, "text": "sdk.post(m.payload())" }])
    );
    let told = stderr(&report);
    assert!(
        told.contains("skipped src/generated.rs: excluded by delivery.yaml\n"),
        "{told}"
    );
    assert!(told.contains("skipped tests/all.rs: a test"), "{told}");
    assert_eq!(stderr(&run(temp.path(), &["check"])), "");
    let text = stdout(&run(temp.path(), &["check", "-v"]));
    assert!(
        text.contains("  not resolved: sdk.post(m.payload()) (src/orders.rs:6)\n"),
        "{text}"
    );
}

#[test]
fn a_verdict_is_explained_by_the_flow_and_what_was_found_in_it() {
    let temp = shop();
    let output = run(temp.path(), &["check", "--explain-verdict", "on_order"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    snapshot("explain-verdict.txt", &stdout(&output));
    assert_fails(
        &run(temp.path(), &["check", "--explain-verdict", "shop::orders::on_ordr"]),
        &["did you mean `shop::orders::on_order`?"],
    );
}
