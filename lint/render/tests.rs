//! What the formats say about the sample: by meaning first, then byte by byte.

mod machines;
mod places;

use serde_json::Value;

use super::sample::{Sample, report};
use super::*;
use crate::report::Report;

fn rendered(format: Format, look: Look) -> String {
    let report = report();
    render(&Resolved::new(&report, &Sample), format, look, Detail::Summary)
}

fn json() -> Value {
    serde_json::from_str(&rendered(Format::Json, Look::PLAIN)).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn human() {
    snapshot("human.txt", &rendered(Format::Human, Look::PLAIN));
    snapshot(
        "human-narrow.txt",
        &rendered(
            Format::Human,
            Look {
                colour: false,
                width: 60,
            },
        ),
    );
}

#[test]
fn short_and_json() {
    snapshot("short.txt", &rendered(Format::Short, Look::PLAIN));
    snapshot("report.json", &rendered(Format::Json, Look::PLAIN));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let colourful = rendered(
        Format::Human,
        Look {
            colour: true,
            width: 100,
        },
    );
    assert!(colourful.contains('\u{1b}'));
    assert_eq!(
        anstream::adapter::strip_str(&colourful).to_string(),
        rendered(Format::Human, Look::PLAIN)
    );
}

#[test]
fn every_region_of_the_json_is_what_its_label_says() {
    let json = json();
    let finding = &json["findings"][0];
    let texts = [
        (0, "committed here"),
        (1, "which leads to the effect"),
        (2, "not yet done"),
    ];
    for (index, text) in texts {
        assert_eq!(finding["labels"][index]["text"], text);
    }
    let slices: Vec<String> = finding["labels"].as_array().unwrap().iter().map(slice).collect();
    assert_eq!(slices[0], "consumer.commit_message(&msg, CommitMode::Sync)");
    assert_eq!(slices[1], "store::save(pool, größe)");
    assert_eq!(slices[2], "sqlx::query(\"INSERT INTO invoices VALUES ($1)\")");
    assert_eq!(slice(finding), slices[0]);
}

/// The text of a region, found by counting lines and characters from one.
fn slice(region: &Value) -> String {
    let file = if region["file"] == "src/orders.rs" { 0 } else { 1 };
    let text = Sample.text(crate::span::FileId(file));
    let (start, end) = (&region["start"], &region["end"]);
    assert_eq!(start["line"], end["line"]);
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let line = text.lines().nth(number(&start["line"]) - 1).unwrap();
    line.chars()
        .skip(number(&start["column"]) - 1)
        .take(number(&end["column"]) - number(&start["column"]))
        .collect()
}

#[test]
fn the_json_has_the_keys_of_its_contract() {
    let json = json();
    assert_eq!(keys(&json), ["findings", "integrations", "summary", "version"]);
    assert_eq!(
        keys(&json["summary"]),
        ["deny", "files", "note", "parsed", "units", "warn"]
    );
    let finding = [
        "assumed",
        "code",
        "declared",
        "end",
        "file",
        "fix",
        "function",
        "help",
        "inferred",
        "integration",
        "labels",
        "level",
        "message",
        "rule",
        "start",
        "trace",
    ];
    assert_eq!(keys(&json["findings"][0]), finding);
    assert_eq!(
        keys(&json["findings"][0]["trace"][0]),
        ["actor", "event", "file", "line", "text"]
    );
    let integration = [
        "assumptions",
        "crash_points",
        "declared",
        "direction",
        "file",
        "function",
        "inferred",
        "integration",
        "line",
        "questions",
        "sinks",
        "source",
        "unresolved",
        "verdict",
    ];
    assert_eq!(keys(&json["integrations"][0]), integration);
    assert_eq!(json["integrations"][1]["declared"], Value::Null);
}

#[test]
fn what_is_allowed_or_suppressed_counts_nowhere() {
    let mut report = report();
    report.findings[0].suppressed = Some("known".to_owned());
    report.findings[1].level = crate::report::Level::Allow;
    let resolved = Resolved::new(&report, &Sample);
    assert_eq!(
        (resolved.counts.deny, resolved.counts.warn, resolved.findings.len()),
        (0, 0, 0)
    );
    assert_eq!(resolved.suppressed.len(), 1);
}

#[test]
fn a_run_that_could_not_read_everything_says_so() {
    let report = Report {
        files: 5,
        parsed: 4,
        ..Report::default()
    };
    let text = render(
        &Resolved::new(&report, &Sample),
        Format::Human,
        Look::PLAIN,
        Detail::Summary,
    );
    assert_eq!(
        text,
        "no findings in 0 integrations (0 verified), 5 files read\n1 file was not read whole: what is in there is unknown\n"
    );
}

#[test]
fn lists_and_statistics() {
    let report = report();
    let resolved = Resolved::new(&report, &Sample);
    snapshot("list.txt", &list(&resolved, ListFormat::Human, Look::PLAIN));
    let wide = Look {
        colour: false,
        width: 200,
    };
    snapshot("list-wide.txt", &list(&resolved, ListFormat::Human, wide));
    snapshot("statistics.txt", &statistics(&resolved, Look::PLAIN));
    let short = list(&resolved, ListFormat::Short, Look::PLAIN);
    assert!(short.lines().all(|line| line.split('\t').count() == 7), "{short}");
}

/// Compares with a file beside the tests; `BLESS=1` writes it.
#[expect(clippy::disallowed_methods, reason = "snapshots are files")]
fn snapshot(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/snapshots/render")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    similar_asserts::assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text);
}
