//! What is fuzzed: each target takes any bytes, and must return. `cargo fuzz` calls them with what it breeds, `tests/fuzz.rs` with the
//! corpus and what a few mutations make of it.

mod written;

use cargo_delivery::analysis::{self, Reading};
use cargo_delivery::catalog::Catalog;
use cargo_delivery::config::Config;
use cargo_delivery::docs;
use cargo_delivery::render::{self, Detail, Format, Look, Resolved};
use cargo_delivery::sql;
use cargo_delivery::workspace::Workspace;

use written::Written;

/// A target by its name, which is that of its folder in `corpus/`.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 5] = [
    ("source", source),
    ("annotation", annotation),
    ("settings", settings),
    ("catalog", catalog),
    ("sql", statements),
];

/// From a source to its flows, verdicts, and everything that is written of them.
pub fn source(data: &[u8]) {
    check(&String::from_utf8_lossy(data));
}

/// The arguments of an attribute, and the text of a comment.
pub fn annotation(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    check(&format!(
        "#[delivery::effectively_once({text})]\npub async fn a(c: rdkafka::consumer::StreamConsumer) {{ c.recv().await; }}\n// delivery: {}\npub fn b() {{}}\n",
        text.replace('\n', " "),
    ));
}

/// `delivery.yaml` and the manifest.
pub fn settings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(invalid) = Config::read("delivery.yaml", &text) {
        let _ = render::invalid_config(&invalid, Look::PLAIN);
    }
    let _ = Workspace::in_memory(&[("Cargo.toml", &*text), ("Cargo.lock", &*text), ("src/lib.rs", "")]);
}

/// A catalog of the user's own.
pub fn catalog(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let _ = Catalog::of(&[("ours.yaml", &text)]);
}

/// Statements and schemas.
pub fn statements(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let _ = sql::read(&text);
    let _ = sql::bind_names(&text);
    let _ = sql::Schema::read(&[("migrations/1.sql".to_owned(), text)]);
}

fn check(text: &str) {
    let workspace = Workspace::in_memory(&[("src/main.rs", text)]);
    let config = Config::default();
    let reading = Reading {
        everything: true,
        ..Reading::default()
    };
    let (sources, report) = analysis::check(&workspace, reading, Catalog::embedded(), &config);
    let files = Written(&workspace, &sources);
    let resolved = Resolved::new(&report, &files);
    for format in [
        Format::Human,
        Format::Short,
        Format::Json,
        Format::Cargo,
        Format::Sarif,
        Format::Github,
        Format::Gitlab,
        Format::Junit,
    ] {
        let _ = render::render(&resolved, format, Look::PLAIN, Detail::Assumptions);
    }
    for format in [
        docs::Format::Html,
        docs::Format::SingleHtml,
        docs::Format::Markdown,
        docs::Format::Json,
        docs::Format::AsyncApi,
    ] {
        let _ = docs::pages(&resolved, &config, format, None);
    }
    for integration in &report.integrations {
        let printed: &str = &integration.flow;
        assert!(!printed.is_empty(), "a flow prints itself: {}", integration.id);
    }
}
