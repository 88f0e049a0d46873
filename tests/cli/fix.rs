//! Commands that change code: repairs, annotations, a configuration to start with.

use super::git::git;
use super::*;

fn committed(files: &[(&str, &str)]) -> TempDir {
    let temp = package(files);
    git(temp.path(), &["init", "-q"]);
    git(temp.path(), &["add", "."]);
    git(temp.path(), &["commit", "-qm", "first"]);
    temp
}

const ALLOWS: &str = "// delivery: allow(dedup-race): nothing races here\npub fn f() {}\n\n\
    #[delivery::allow(ack_on_error, reason = \"old\")]\npub fn g() {}\n\n\
    // delivery: allow(dedup-rce): misspelt, so somebody meant something\npub fn h() {}\n";

#[test]
fn allows_that_silence_nothing_are_taken_out() {
    let temp = committed(&[("src/lib.rs", ALLOWS)]);
    let lib = temp.path().join("src/lib.rs");
    let shown = run(temp.path(), &["check", "--fix", "--dry-run"]);
    let diff = stdout(&shown);
    assert!(
        diff.contains("--- a/src/lib.rs\n+++ b/src/lib.rs\n"),
        "{diff}{}",
        stderr(&shown)
    );
    assert!(
        diff.contains("-// delivery: allow(dedup-race): nothing races here\n"),
        "{diff}"
    );
    assert_eq!(fs::read_to_string(&lib).unwrap(), ALLOWS, "only shown");

    let fixed = run(temp.path(), &["check", "--fix", "--format", "short"]);
    assert_eq!(stderr(&fixed), "2 repairs made in 1 file\n");
    let kept = "pub fn f() {}\n\npub fn g() {}\n\n\
        // delivery: allow(dedup-rce): misspelt, so somebody meant something\npub fn h() {}\n";
    assert_eq!(fs::read_to_string(&lib).unwrap(), kept);
    assert_eq!(
        stdout(&fixed).lines().count(),
        1,
        "what is left is told: {}",
        stdout(&fixed)
    );

    fs::write(&lib, ALLOWS.replace("pub fn f", "pub fn changed")).unwrap();
    assert_fails(
        &run(temp.path(), &["check", "--fix"]),
        &["1 file is not committed", "--allow-dirty"],
    );
    let forced = run(temp.path(), &["check", "--fix", "--allow-dirty"]);
    assert_eq!(stderr(&forced), "2 repairs made in 1 file\n");
}

#[test]
fn without_git_nothing_is_repaired_unasked() {
    let temp = package(&[("src/lib.rs", ALLOWS)]);
    assert_fails(
        &run(temp.path(), &["check", "--fix"]),
        &["in no git repository", "--allow-dirty"],
    );
    assert_eq!(fs::read_to_string(temp.path().join("src/lib.rs")).unwrap(), ALLOWS);
    assert_fails(&run(temp.path(), &["check", "--dry-run"]), &["--fix"]);
}

const MANIFEST: &str =
    "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.39\"\n";
const ORDERS: &str = "use rdkafka::Message;\nuse rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};\n\n\
    mod inner {\n    use super::*;\n\n    /// Takes orders.\n    #[tracing::instrument]\n    pub async fn on_order(c: StreamConsumer) -> anyhow::Result<()> {\n        \
    loop {\n            let m = c.recv().await?;\n            std::fs::write(\"last\", m.payload().unwrap_or_default())?;\n            \
    c.commit_message(&m, CommitMode::Sync)?;\n        }\n    }\n}\n";

#[test]
fn handlers_get_an_attribute_with_what_their_code_gives() {
    let temp = committed(&[("Cargo.toml", MANIFEST), ("src/lib.rs", ORDERS)]);
    let shown = run(temp.path(), &["annotate", "--dry-run"]);
    assert!(
        stdout(&shown).contains("+    #[delivery::effectively_once(\n"),
        "{}{}",
        stdout(&shown),
        stderr(&shown)
    );
    assert_eq!(fs::read_to_string(temp.path().join("src/lib.rs")).unwrap(), ORDERS);

    let written = run(temp.path(), &["annotate"]);
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    assert!(
        stderr(&written).contains("1 attribute written in 1 file\n"),
        "{}",
        stderr(&written)
    );
    assert!(
        stderr(&written).contains("cargo add delivery --package shop"),
        "{}",
        stderr(&written)
    );
    let text = fs::read_to_string(temp.path().join("src/lib.rs")).unwrap();
    let attribute = "    #[tracing::instrument]\n    #[delivery::effectively_once(\n        \
        integration = \"shop.inner.on_order\",\n        why = \"\",\n    )]\n    pub async fn on_order";
    assert!(text.contains(attribute), "{text}");

    let report = run(temp.path(), &["check", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let unit = &json["integrations"][0];
    assert_eq!(
        (&unit["integration"], &unit["verdict"]),
        (&"shop.inner.on_order".into(), &"verified".into())
    );
    let rules: Vec<_> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].clone())
        .collect();
    assert!(
        rules.contains(&"missing-rationale".into()) && !rules.contains(&"undeclared-integration".into()),
        "{rules:?}"
    );
    let again = run(temp.path(), &["annotate", "--allow-dirty"]);
    assert_eq!(stderr(&again), "0 attributes written in 0 files\n");
}

#[test]
fn a_configuration_to_start_with_is_valid_and_never_written_over() {
    let temp = package(&[]);
    let output = run(temp.path(), &["init"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("run: cargo delivery check\n"),
        "{}",
        stdout(&output)
    );
    let file = temp.path().join("delivery.yaml");
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(run(temp.path(), &["check"]).status.code(), Some(0));
    assert_fails(&run(temp.path(), &["init"]), &["delivery.yaml is there already"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn shells_complete_and_man_tells() {
    let temp = project(&[]);
    let bash = stdout(&run(temp.path(), &["completions", "bash"]));
    assert!(
        bash.contains("complete -F _cargo__delivery") && bash.contains("--changed-since"),
        "{bash}"
    );
    assert_eq!(run(temp.path(), &["man", "--out", "pages"]).status.code(), Some(0));
    let page = fs::read_to_string(temp.path().join("pages/cargo-delivery-check.1")).unwrap();
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
    assert!(page.contains("deny\\-warnings"), "{page}");
}
