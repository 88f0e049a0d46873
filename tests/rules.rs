//! The rules' texts and the fixtures are tests: what a text calls wrong is found, what it calls right is silent.
//!
//! A marker `//~ rule-name` at the end of a line (`//~^` for the line above) expects that rule's primary label there. Findings of D1xx
//! to D4xx must be exactly the marked ones; other rules count only in code that marks them, and in the folder of their name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_delivery::analysis::{self, Reading};
use cargo_delivery::catalog::Catalog;
use cargo_delivery::config::Config;
use cargo_delivery::report::Report;
use cargo_delivery::rules::{RULES, rule};
use cargo_delivery::source::{Needles, SourceFile, Sources, hir};
use cargo_delivery::workspace::{Options, Workspace};

/// A finding, or a marker that expects one: rule, file, line.
type Found = (String, String, u32);

fn markers(file: &str, text: &str) -> BTreeSet<Found> {
    let mut all = BTreeSet::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some((_, marker)) = line.split_once("//~") else {
            continue;
        };
        let up = u32::try_from(marker.chars().take_while(|c| *c == '^').count()).unwrap_or(0);
        for rule in marker.trim_start_matches('^').split(',') {
            let name: String = rule
                .trim()
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                .collect();
            all.insert((name, file.to_owned(), number - up));
        }
    }
    all
}

/// What is wrong with the findings: missed and surprising ones, each on a line.
fn differences(workspace: &Workspace, sources: &Sources, report: &Report, only: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wanted: BTreeSet<Found> = BTreeSet::new();
    for file in sources.files.iter().filter(|file| only(&file.path)) {
        wanted.extend(markers(&file.path, file.lines.text()));
    }
    let marked: BTreeSet<(String, String)> = wanted
        .iter()
        .map(|(rule, file, _)| (rule.clone(), file.clone()))
        .collect();
    let mut wrong = Vec::new();
    for finding in &report.findings {
        let path = &workspace.file(finding.primary.file).path;
        let counts = ("D1".."D5").contains(&finding.code)
            || marked.contains(&(finding.rule.to_owned(), path.clone()))
            || is_in_folder_of(path, finding.rule);
        if !only(path) || !counts {
            continue;
        }
        let near = |(rule, file, line): &&Found| {
            rule == finding.rule
                && file == path
                && (finding.primary.start.line - 1..=finding.primary.end.line + 1).contains(line)
        };
        match wanted.iter().find(near).cloned() {
            Some(hit) => {
                wanted.remove(&hit);
            }
            None => wrong.push(format!(
                "{path}:{}: surprising {}",
                finding.primary.start.line, finding.rule
            )),
        }
    }
    wrong.extend(
        wanted
            .into_iter()
            .map(|(rule, file, line)| format!("{file}:{line}: missed {rule}")),
    );
    wrong
}

/// Whether a file lies in a folder that has a rule's name.
fn is_in_folder_of(path: &str, rule: &str) -> bool {
    let folder = rule.replace('-', "_");
    path.rsplit('/').skip(1).any(|part| part == folder)
}

fn check(workspace: &Workspace, only: impl Fn(&str) -> bool) -> Vec<String> {
    let sources = Sources::parse(workspace, false);
    let report = analysis::run(workspace, &sources, Catalog::embedded(), &Config::default());
    differences(workspace, &sources, &report, only)
}

/// The blocks of a text with this tag.
fn blocks<'t>(doc: &'t str, tag: &str) -> Vec<&'t str> {
    let fence = format!("```{tag}\n");
    doc.split(fence.as_str())
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .collect()
}

/// Rules whose findings are made outside the analysis of a unit (allows are applied by the command).
const ELSEWHERE: [&str; 2] = ["D003", "D004"];

fn text_differences(code: &str, doc: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for tag in ["rust,bad", "rust,good"] {
        for block in blocks(doc, tag) {
            let workspace = Workspace::in_memory(&[("src/main.rs", block)]);
            wrong.extend(
                check(&workspace, |_| true)
                    .into_iter()
                    .map(|line| format!("{code} {tag}: {line}")),
            );
        }
    }
    wrong
}

/// What is not right yet, each line as [`texts_are_true`] and [`fixtures_are_true`] print it. The lists may only shrink.
fn known(list: &str) -> BTreeSet<String> {
    list.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn compare(found: Vec<String>, known: &BTreeSet<String>) {
    let found: BTreeSet<String> = found.into_iter().collect();
    let new: Vec<_> = found.difference(known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(new.is_empty(), "wrong now:\n{new:#?}");
    assert!(
        gone.is_empty(),
        "right now, so take them off the list of known misses:\n{gone:#?}"
    );
}

#[test]
fn texts_are_true() {
    let judged = RULES.iter().filter(|rule| !ELSEWHERE.contains(&rule.code));
    let wrong = judged.flat_map(|rule| text_differences(rule.code, rule.doc)).collect();
    compare(wrong, &known(include_str!("rules/texts_known.txt")));
}

#[test]
fn the_wrong_code_of_semantic_drift_is_weaker_than_the_right_one() {
    let doc = rule("semantic-drift").unwrap().doc;
    let state = |tag: &str| {
        let workspace = Workspace::in_memory(&[("src/main.rs", blocks(doc, tag)[0])]);
        let sources = Sources::parse(&workspace, false);
        let report = analysis::run(&workspace, &sources, Catalog::embedded(), &Config::default());
        let unit = &report.integrations[0];
        (unit.declared.as_ref().unwrap().semantic, unit.inferred.unwrap())
    };
    let ((promised, gave), (promises, gives)) = (state("rust,good"), state("rust,bad"));
    assert!(
        !promises.satisfies(promised) && !gives.satisfies(gave),
        "{gave} is not weaker than {gives}"
    );
}

#[test]
fn every_text_shows_wrong_and_right_code() {
    for rule in RULES {
        assert!(!blocks(rule.doc, "rust,bad").is_empty(), "{}: nothing wrong", rule.name);
        assert!(
            !blocks(rule.doc, "rust,good").is_empty(),
            "{}: nothing right",
            rule.name
        );
    }
}

/// The fixtures; a published package carries none.
#[expect(clippy::disallowed_methods, reason = "whether there are fixtures here at all")]
fn fixtures() -> Option<Workspace> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let is_there = Path::new(&root).join("Cargo.lock").exists();
    is_there.then(|| Workspace::open(&[root], &Options::default()).expect("the fixtures open"))
}

#[test]
fn fixtures_are_true() {
    let Some(workspace) = fixtures() else { return };
    let wrong = check(&workspace, |_| true);
    compare(wrong, &known(include_str!("rules/fixtures_known.txt")));
}

/// Rules about what no crate that compiles can show, or about two states of one: tested where they are found.
const WITHOUT_FIXTURES: [&str; 5] = ["D001", "D002", "D003", "D004", "D512"];

/// How many fixtures of each rule fire, and how many are like them and silent.
#[test]
fn every_rule_has_three_fixtures_that_fire_and_three_that_do_not() {
    let Some(workspace) = fixtures() else { return };
    let sources = Sources::parse(&workspace, false);
    let few = |rule: &&cargo_delivery::rules::Rule| {
        let marked = |file: &&SourceFile| {
            markers(&file.path, file.lines.text())
                .iter()
                .any(|(name, ..)| name == rule.name)
        };
        let fires = sources.files.iter().filter(marked).count();
        let is_twin = |file: &&SourceFile| {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            name.starts_with("good_") && is_in_folder_of(&file.path, rule.name) && !marked(file)
        };
        let silent = sources.files.iter().filter(is_twin).count();
        (fires < 3 || silent < 3).then(|| format!("{} {}: {fires} fire, {silent} do not", rule.code, rule.name))
    };
    let judged = RULES.iter().filter(|rule| !WITHOUT_FIXTURES.contains(&rule.code));
    let missing: Vec<String> = judged.filter_map(few).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// All that a report says of the code.
fn told(report: &Report) -> Vec<String> {
    let findings = report.findings.iter().map(|finding| format!("{finding:#?}"));
    let integrations = report
        .integrations
        .iter()
        .map(|integration| format!("{integration:#?}"));
    findings.chain(integrations).collect()
}

/// Reading less must not change what is said: once with the needles of the catalog, once with fewer, so that most bodies are read only
/// when something leads there.
#[test]
fn nothing_is_lost_by_reading_less() {
    let Some(workspace) = fixtures() else { return };
    let (catalog, config) = (Catalog::embedded(), Config::default());
    let (all, whole) = analysis::check(
        &workspace,
        Reading {
            everything: true,
            ..Reading::default()
        },
        catalog,
        &config,
    );
    let (some, usual) = analysis::check(&workspace, Reading::default(), catalog, &config);
    let few = Sources::read(&workspace, false, Some(&Needles::new(["delivery", "BorrowedMessage"])));
    let least = analysis::run(&workspace, &few, catalog, &config);
    let read = |sources: &Sources| sources.files.iter().map(unread_bodies).sum::<usize>();
    let (all, some, few) = (read(&all), read(&some), read(&few));
    assert!(
        all == 0 && some > 0 && few > some,
        "less is read: {all}, {some} and {few} bodies are not"
    );
    assert!(told(&whole).len() > 50, "the fixtures say something");
    similar_asserts::assert_eq!(told(&whole), told(&usual));
    similar_asserts::assert_eq!(told(&whole), told(&least));
}

fn unread_bodies(file: &SourceFile) -> usize {
    let is_unread = |function: &&hir::Function| function.body.as_ref().is_some_and(|body| body.if_read().is_none());
    let of_item = |item: &hir::Item| match item {
        hir::Item::Fn(function) => [&**function].into_iter().filter(is_unread).count(),
        hir::Item::Impl(block) => block.functions.iter().filter(is_unread).count(),
        _ => 0,
    };
    file.module.items.iter().map(of_item).sum()
}

/// The advice that a text claims to enforce, by its kind and number: `Typical mistake 2`.
fn advice(doc: &str) -> BTreeSet<String> {
    let section = doc.split("## Which advice it enforces\n").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines = section.lines().filter_map(|line| line.split_once(','));
    let named = lines.map(|(label, _)| label.to_owned());
    named
        .filter(|label| label.starts_with("Typical mistake ") || label.starts_with("Practical rule "))
        .collect()
}

/// The rows of the README's tables: what is enforced, and by which rules.
fn enforced() -> Vec<(String, BTreeSet<String>)> {
    let readme = include_str!("../README.md");
    let section = readme.split("## What it enforces\n").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut kind = String::new();
    let mut rows = Vec::new();
    for line in section.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        match cells.as_slice() {
            [name @ ("Typical mistake" | "Practical rule"), ..] => kind = (*name).to_owned(),
            [what, _, rules] => {
                let number = what.split('.').next().unwrap_or_default();
                let names = rules.split(',').map(|name| name.trim().trim_matches('`').to_owned());
                rows.push((format!("{kind} {number}"), names.collect()));
            }
            _ => {}
        }
    }
    rows
}

#[test]
fn every_piece_of_advice_is_enforced_and_every_rule_enforces_some() {
    let rows = enforced();
    let (mistakes, practices): (Vec<_>, Vec<_>) = rows.iter().partition(|(what, _)| what.starts_with("Typical"));
    assert_eq!((mistakes.len(), practices.len()), (5, 6), "{rows:?}");
    for rule in RULES {
        let told = advice(rule.doc);
        let listed = rows.iter().filter(|(_, names)| names.contains(rule.name));
        let listed: BTreeSet<String> = listed.map(|(what, _)| what.clone()).collect();
        assert!(
            !listed.is_empty(),
            "{} is missing in the README, under What it enforces",
            rule.name
        );
        assert!(
            told.is_empty() || told == listed,
            "{}: its page and the README differ",
            rule.name
        );
    }
}
