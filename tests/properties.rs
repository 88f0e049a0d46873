//! What must not matter, does not: how code is laid out, what its locals are called, what stands beside it, in which order and on how
//! many threads it is read. The fixtures are rewritten, and what is said of them must be the same.

#[path = "properties/rewrite.rs"]
mod rewrite;
#[path = "properties/shapes.rs"]
mod shapes;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use cargo_delivery::analysis::{self, Reading};
use cargo_delivery::catalog::Catalog;
use cargo_delivery::config::Config;
use cargo_delivery::report::Report;
use cargo_delivery::source::Sources;
use cargo_delivery::span::Span;
use cargo_delivery::workspace::{Options, Workspace};

/// Paths and texts.
type Tree = BTreeMap<String, String>;

/// The fixtures of two brokers, with the manifests around them; a published package carries none.
fn fixtures() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(|| {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let Ok(workspace) = Workspace::open(&[root], &Options::default()) else {
            return Tree::new();
        };
        let wanted = |path: &str| path.starts_with("kafka/") || path.starts_with("rabbitmq/") || !path.contains('/');
        let paths = workspace.files.iter().map(|file| file.path.clone());
        let texts = paths.filter(|path| wanted(path)).map(|path| {
            let text = workspace.read(&path).unwrap_or_default();
            (path, text)
        });
        texts.collect()
    })
}

/// What was read, and what was said of it.
struct Checked {
    workspace: Workspace,
    sources: Sources,
    report: Report,
}

fn check<'t>(files: impl Iterator<Item = (&'t String, &'t String)>) -> Checked {
    let files: Vec<(&str, &str)> = files.map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let workspace = Workspace::in_memory(&files);
    let (sources, report) = analysis::check(&workspace, Reading::default(), Catalog::embedded(), &Config::default());
    Checked {
        workspace,
        sources,
        report,
    }
}

impl Checked {
    fn text(&self, span: Span) -> &str {
        let file = self.sources.files.get(span.file.0 as usize);
        file.map_or("", |file| file.text_at(span))
    }

    /// Every finding and verdict, without the lines that it is on.
    fn said(&self) -> Vec<String> {
        let place = |span: Span| format!("{} `{}`", self.workspace.file(span.file).path, words(self.text(span)));
        let findings = self.report.findings.iter().map(|finding| {
            let trace: Vec<&str> = finding.trace.iter().map(|step| step.event).collect();
            format!(
                "{} {} {:?} {trace:?}",
                place(finding.primary),
                finding.rule,
                finding.inferred
            )
        });
        let units = self.report.integrations.iter().map(|unit| {
            let sinks: Vec<String> = unit.sinks.iter().map(ToString::to_string).collect();
            format!(
                "{} {} {:?} {:?} {sinks:?}",
                place(unit.at),
                unit.function,
                unit.inferred,
                unit.verdict
            )
        });
        let mut said: Vec<String> = findings.chain(units).collect();
        said.sort();
        said
    }
}

/// Code without what rewriting adds to it.
fn words(code: &str) -> String {
    let code = code.replace(rewrite::NOTE, "").replace(rewrite::RENAMED, "");
    let kept: String = code
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '{' | '}' | ';'))
        .collect();
    kept
}

/// The fixtures as they are, checked once.
fn plain() -> &'static Vec<String> {
    static SAID: OnceLock<Vec<String>> = OnceLock::new();
    SAID.get_or_init(|| check(fixtures().iter()).said())
}

/// Rewrites every Rust file, and compares.
#[track_caller]
fn means_the_same(rewrite: impl Fn(&str) -> String) {
    if fixtures().is_empty() {
        return;
    }
    assert!(plain().len() > 50, "the fixtures say something");
    let rewritten: Tree = fixtures()
        .iter()
        .map(|(path, text)| {
            let is_rust = path.ends_with(".rs");
            (path.clone(), if is_rust { rewrite(text) } else { text.clone() })
        })
        .collect();
    let changed = rewritten
        .iter()
        .filter(|(path, text)| fixtures()[*path] != **text)
        .count();
    assert!(changed > 20, "only {changed} files were rewritten");
    similar_asserts::assert_eq!(plain(), &check(rewritten.iter()).said());
}

#[test]
fn white_space_and_comments_mean_nothing() {
    means_the_same(rewrite::spaced);
}

#[test]
fn unrelated_functions_mean_nothing() {
    means_the_same(rewrite::beside_others);
}

#[test]
fn names_of_locals_mean_nothing() {
    means_the_same(rewrite::renamed);
}

#[test]
fn blocks_around_statements_mean_nothing() {
    means_the_same(rewrite::in_blocks);
}

#[test]
fn the_order_of_files_means_nothing() {
    let files = fixtures();
    if !files.is_empty() {
        similar_asserts::assert_eq!(plain(), &check(files.iter().rev()).said());
    }
}

#[test]
fn every_span_lies_in_its_file() {
    let checked = check(fixtures().iter());
    let report = &checked.report;
    let findings = report.findings.iter().flat_map(|finding| {
        let steps = finding.trace.iter().filter_map(|step| step.at);
        let labels = finding.labels.iter().map(|(span, _)| *span);
        std::iter::once(finding.primary).chain(labels).chain(steps)
    });
    let units = report.integrations.iter().flat_map(|unit| {
        let points = unit.crash_points.iter().filter_map(|point| point.at);
        let steps = unit.steps.iter().filter_map(|step| step.at);
        let sinks = unit.sinks.iter().filter_map(|sink| sink.at);
        std::iter::once(unit.at).chain(points).chain(steps).chain(sinks)
    });
    let mut count = 0;
    for span in findings.chain(units) {
        let file = &checked.sources.files[span.file.0 as usize];
        let fits = |at: cargo_delivery::span::Pos| {
            let length = file.lines.line(at.line).chars().count() as u32;
            (1..=file.lines.count()).contains(&at.line) && (1..=length + 1).contains(&at.column)
        };
        assert!(
            span.start <= span.end && fits(span.start) && fits(span.end),
            "{}: {span:?}",
            file.path
        );
        assert!(
            !file.text_at(span).is_empty(),
            "{}: nothing stands at {span:?}",
            file.path
        );
        count += 1;
    }
    assert!(count > 500 || fixtures().is_empty(), "only {count} spans");
}

/// The same bytes, whatever the number of threads.
#[test]
fn the_number_of_threads_means_nothing() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/kafka");
    if fixtures().is_empty() {
        return;
    }
    let run = |threads: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-delivery"));
        let command = command.args(["check", "--format", "json"]).arg(&root);
        let output = command.env("RAYON_NUM_THREADS", threads).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let one = run("1");
    assert!(one.contains("commit-before-process"), "{one}");
    for threads in ["2", "7"] {
        assert!(run(threads) == one, "with {threads} threads");
    }
}
