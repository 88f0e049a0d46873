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

/// The fixtures of what is repaired, beside what each becomes; `None` in a published package, which carries none.
fn repairable() -> Option<Vec<(String, String)>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut files = Vec::new();
    for krate in ["kafka", "rabbitmq"] {
        for file in [
            "Cargo.toml",
            "src/lib.rs",
            "src/fixes/mod.rs",
            "migrations/0001_tickets.sql",
        ] {
            if let Ok(text) = fs::read_to_string(fixtures.join(krate).join(file)) {
                files.push((format!("{krate}/{file}"), text));
            }
        }
        for entry in fs::read_dir(fixtures.join(krate).join("src/fixes")).ok()? {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            files.push((
                format!("{krate}/src/fixes/{name}"),
                fs::read_to_string(entry.path()).unwrap(),
            ));
        }
    }
    files.push((
        "Cargo.toml".to_owned(),
        fs::read_to_string(fixtures.join("Cargo.toml")).unwrap(),
    ));
    Some(files)
}

/// The fixed text is the fixture beside it, which compiles with all the others against the real clients.
#[test]
fn what_is_certain_is_made_and_what_comes_of_it_is_clean() {
    let Some(files) = repairable() else { return };
    let borrowed: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let temp = project(&borrowed);
    let before: Vec<_> = files
        .iter()
        .filter(|(path, text)| path.contains("/fixes/") && text.contains("//~ "))
        .collect();
    assert_eq!(before.len(), 6);
    let shown = stdout(&run(temp.path(), &["check", "--fix", "--dry-run"]));
    let fixed = run(temp.path(), &["check", "--fix", "--allow-dirty", "--format", "json"]);
    assert!(
        stderr(&fixed).contains("6 repairs made in 6 files\n"),
        "{}",
        stderr(&fixed)
    );
    let report: serde_json::Value = serde_json::from_slice(&fixed.stdout).unwrap();
    for (path, text) in before {
        let after = fs::read_to_string(temp.path().join(path)).unwrap();
        assert_ne!(after, *text, "{path}");
        let expected = fs::read_to_string(temp.path().join(path.replace(".rs", "_fixed.rs"))).unwrap();
        assert_eq!(
            without_markers(&after).replace("\"fixes.", "\"fixed."),
            expected,
            "{path}"
        );
        assert!(shown.contains(&format!("--- a/{path}\n+++ b/{path}\n")), "{shown}");
        let of_file = |list: &str| {
            let all = report[list].as_array().unwrap();
            all.iter()
                .filter(|one| one["file"] == path.as_str())
                .cloned()
                .collect::<Vec<_>>()
        };
        let verdicts: Vec<_> = of_file("integrations")
            .iter()
            .map(|unit| unit["verdict"].clone())
            .collect();
        assert_eq!(verdicts, ["verified"], "{path}");
        let faults: Vec<_> = of_file("findings")
            .into_iter()
            .filter(|finding| finding["code"].as_str() < Some("D5"))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
    let again = run(temp.path(), &["check", "--fix", "--allow-dirty"]);
    assert_eq!(stderr(&again), "", "there is nothing left to repair");
}

/// Without the comments that tell the other tests what is found where.
fn without_markers(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("//~").next().unwrap_or_default().trim_end());
    lines.map(|line| format!("{line}\n")).collect()
}

/// A consumer that acknowledges first: which order is meant, a machine cannot know.
const EARLY: &str = "use rdkafka::Message;\nuse rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};\n\n\
    #[delivery::at_least_once(integration = \"shop.orders\", why = \"x\")]\n\
    pub async fn on_order(c: StreamConsumer) -> anyhow::Result<()> {\n    loop {\n        let m = c.recv().await?;\n        \
    c.commit_message(&m, CommitMode::Sync)?;\n        if let Some(größe) = m.payload() {\n            \
    std::fs::write(\"größe\", größe)?;\n        }\n    }\n}\n";

#[test]
fn an_acknowledgement_is_moved_by_nobody_but_its_author() {
    let temp = committed(&[("Cargo.toml", MANIFEST), ("src/lib.rs", EARLY)]);
    let fixed = run(temp.path(), &["check", "--fix", "--format", "json"]);
    assert_eq!((fixed.status.code(), stderr(&fixed).as_str()), (Some(1), ""));
    assert_eq!(fs::read_to_string(temp.path().join("src/lib.rs")).unwrap(), EARLY);

    let report: serde_json::Value = serde_json::from_slice(&fixed.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let early = findings
        .iter()
        .find(|finding| finding["rule"] == "commit-before-process")
        .unwrap();
    assert_eq!(early["fix"]["applicability"], "maybe-incorrect");
    let mut lines: Vec<&str> = EARLY.lines().collect();
    let ack = lines.remove(7);
    lines.insert(10, ack);
    let wanted = lines.join("\n") + "\n";
    assert_eq!(with_edits(EARLY, &early["fix"]["edits"]), wanted, "what is suggested");

    fs::write(temp.path().join("src/lib.rs"), wanted).unwrap();
    let after = stdout(&run(temp.path(), &["check", "--format", "short"]));
    assert!(!after.contains("D101"), "{after}");
}

/// The text after the edits of a JSON report, made from the last to the first.
fn with_edits(text: &str, edits: &serde_json::Value) -> String {
    let offset = |at: &serde_json::Value| {
        let number = |key: &str| usize::try_from(at[key].as_u64().unwrap()).unwrap() - 1;
        let start: usize = text.split_inclusive('\n').take(number("line")).map(str::len).sum();
        start
            + text[start..]
                .chars()
                .take(number("column"))
                .map(char::len_utf8)
                .sum::<usize>()
    };
    let edits = edits.as_array().unwrap().iter().rev();
    edits.fold(text.to_owned(), |mut out, edit| {
        out.replace_range(
            offset(&edit["start"])..offset(&edit["end"]),
            edit["text"].as_str().unwrap(),
        );
        out
    })
}

#[test]
fn a_change_is_certain_only_if_the_code_then_keeps_its_promise() {
    let consumer = |commit: &str| {
        format!(
            "use rdkafka::consumer::{{CommitMode, Consumer, StreamConsumer}};\nuse rdkafka::{{ClientConfig, Message}};\n\n\
             #[delivery::at_least_once(integration = \"shop.orders\", why = \"x\")]\n\
             pub async fn on_order() -> anyhow::Result<()> {{\n    \
             let mut config = ClientConfig::new();\n    config.set(\"group.id\", \"g\");\n    \
             config.set(\"enable.auto.commit\", \"true\");\n    \
             let c: StreamConsumer = config.create()?;\n    c.subscribe(&[\"orders\"])?;\n    loop {{\n        \
             let m = c.recv().await?;\n        std::fs::write(\"last\", m.payload().unwrap_or_default())?;\n{commit}    }}\n}}\n"
        )
    };
    let applicability = |text: &str| {
        let temp = project(&[("Cargo.toml", MANIFEST), ("src/lib.rs", text)]);
        let report: serde_json::Value =
            serde_json::from_slice(&run(temp.path(), &["check", "--format", "json"]).stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let found = findings
            .iter()
            .find(|finding| finding["rule"] == "auto-commit")
            .unwrap();
        found["fix"]["applicability"].clone()
    };
    let commits = consumer("        c.commit_message(&m, CommitMode::Sync)?;\n");
    assert_eq!(applicability(&commits), "machine-applicable");
    assert_eq!(
        applicability(&consumer("")),
        "maybe-incorrect",
        "nothing would acknowledge at all"
    );
    let undeclared: String = commits
        .lines()
        .filter(|line| !line.starts_with("#["))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(
        applicability(&undeclared),
        "maybe-incorrect",
        "nobody has said what is meant"
    );
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
    assert!(stderr(&written).contains("the dependency `delivery` added in Cargo.toml\n"));
    let manifest = fs::read_to_string(temp.path().join("Cargo.toml")).unwrap();
    let line = format!(
        "[dependencies]\ndelivery = \"{}\"\nrdkafka = \"0.39\"\n",
        env!("CARGO_PKG_VERSION")
    );
    assert!(manifest.ends_with(&line), "in the order of the names: {manifest}");
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
        bash.contains("complete -F _cargo_delivery") && bash.contains("--changed-since"),
        "{bash}"
    );
    assert_eq!(run(temp.path(), &["man", "--out", "pages"]).status.code(), Some(0));
    let page = fs::read_to_string(temp.path().join("pages/cargo-delivery-check.1")).unwrap();
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
    assert!(page.contains("deny\\-warnings"), "{page}");
}
