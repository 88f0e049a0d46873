//! What a `delivery.yaml` may say, and what is said about one that is wrong.

use delivery_grammar::{Declaration, Mechanism, Semantic};

use super::*;
use crate::report::Level;

fn read(text: &str) -> Config {
    Config::read("delivery.yaml", text).unwrap_or_else(|invalid| panic!("{:#?}", invalid.problems))
}

fn problems(text: &str) -> Vec<(u32, u32, String)> {
    let problems = Config::read("delivery.yaml", text).expect_err("it is wrong").problems;
    problems
        .into_iter()
        .map(|problem| (problem.at.start.line, problem.at.start.column, problem.message))
        .collect()
}

const EVERYTHING: &str = r#"
rules:
  D511: warn
  missing-rationale: allow
assume: none
exclude: ["generated/**", "**/legacy/*.rs"]
catalog: delivery/clients.yaml
source_url: https://git.example.com/shop/src/main/{path}#L{line}
integrations:
  billing.invoices:
    redelivery_window: 48h
    mechanisms: [transactional_dedup, commit_after_process]
    dedup: { store: "postgres:processed", retention: 7d }
  legacy.import:
    function: shop::legacy::import
    semantic: at_least_once
    why: The file is read again every night.
docs:
  base_url: https://docs.example.com/shop/
  title: Shop
  language: ru
"#;

#[test]
fn everything_can_be_said() {
    let config = read(EVERYTHING);
    assert_eq!(
        config.overrides.get(find_rule("unverified-guarantee").unwrap()),
        Some(Level::Warn)
    );
    assert_eq!(config.overrides.get(find_rule("D502").unwrap()), Some(Level::Allow));
    assert_eq!(config.assume, Assume::Nothing);
    assert_eq!(config.exclude, ["generated/**", "**/legacy/*.rs"]);
    assert_eq!(config.catalog[0].0, "delivery/clients.yaml");
    let link = config.source_url.unwrap().link("src/a.rs", 7);
    assert_eq!(link, "https://git.example.com/shop/src/main/src/a.rs#L7");
    assert_eq!(
        config.docs,
        Docs {
            title: Some("Shop".to_owned()),
            language: Language::Russian,
            base_url: BaseUrl::new("https://docs.example.com/shop").ok(),
        }
    );
}

#[test]
fn an_entry_goes_over_the_attribute() {
    let config = read(EVERYTHING);
    let mut declared = Declaration::new(Semantic::EffectivelyOnce, "billing.invoices");
    declared.why = Some("Money.".to_owned());
    let entry = config.integrations.get("billing.invoices").unwrap();
    assert_eq!(entry.merge_into(&mut declared), []);
    assert_eq!(
        declared.mechanisms,
        [Mechanism::TransactionalDedup, Mechanism::CommitAfterProcess]
    );
    assert_eq!(declared.why.as_deref(), Some("Money."));
    assert_eq!(entry.without_attribute(), None);
}

#[test]
fn a_handler_can_be_declared_without_attribute() {
    let config = read(EVERYTHING);
    let declared = config
        .integrations
        .of_function("shop::legacy::import")
        .unwrap()
        .without_attribute()
        .unwrap();
    assert_eq!(
        (declared.semantic, declared.integration.as_str()),
        (Semantic::AtLeastOnce, "legacy.import")
    );
    assert_eq!(declared.why.as_deref(), Some("The file is read again every night."));
}

#[test]
fn a_rule_goes_over_its_group_and_a_path_over_both() {
    let config = read(
        "rules:\n  D101: note\n  loss: deny\noverrides:\n  - paths: [legacy]\n    rules: {loss: allow}\n  \
         - paths: legacy/kept/*.rs\n    rules: {D101: warn}\n",
    );
    let level = |code| config.overrides.get(find_rule(code).unwrap());
    assert_eq!((level("D101"), level("D102")), (Some(Level::Note), Some(Level::Deny)));
    let sample = crate::render::sample::report().findings.remove(0);
    let at = |path: &'static str, overrides: &Overrides| {
        let mut findings = [sample.clone()];
        overrides.apply(&mut findings, |_| path);
        findings[0].level
    };
    assert_eq!(sample.code, "D101");
    assert_eq!(at("src/a.rs", &config.overrides), Level::Note);
    assert_eq!(at("legacy/a.rs", &config.overrides), Level::Allow);
    assert_eq!(at("legacy/kept/a.rs", &config.overrides), Level::Warn);
    let mut commanded = config.overrides;
    commanded.command(find_rule("D101").unwrap(), Level::Deny);
    assert_eq!(at("legacy/a.rs", &commanded), Level::Deny);
}

#[test]
fn an_override_says_for_which_paths_what_counts() {
    let found = problems(
        "overrides:\n  - paths: [a]\n  - path: b\n    paths: c\n    rules: {D101: warn}\n  - {paths: d, rules: {los: deny}}\n",
    );
    assert_eq!(
        found[0],
        (2, 5, "an override needs `paths`, and `rules` for them".to_owned())
    );
    assert!(found[1].2.contains("did you mean `paths`?"), "{found:#?}");
    assert!(
        found[2].2.contains("unknown rule `los`; did you mean `loss`?"),
        "{found:#?}"
    );
    assert!(problems("overrides: warn\n")[0].2.contains("expected a list"));
}

#[test]
fn an_empty_file_decides_nothing() {
    assert_eq!(read("").assume, Assume::Semantic(Semantic::AtLeastOnce));
    assert_eq!(read("# only a comment\n").overrides, Overrides::default());
    assert_eq!(read("rules:\nexclude:\n").overrides, Overrides::default());
}

#[test]
fn a_mistake_is_blamed_on_its_own_place() {
    let found = problems("rule:\n  D101: warn\nrules:\n  comit-before-process: deny\n  D102: forbid\n");
    assert_eq!(
        found,
        [
            (1, 1, "unknown key `rule`; did you mean `rules`?".to_owned()),
            (
                4,
                3,
                "unknown rule `comit-before-process`; did you mean `commit-before-process`?".to_owned()
            ),
            (
                5,
                9,
                "unknown level `forbid`; expected one of `allow`, `note`, `warn`, `deny`".to_owned()
            ),
        ]
    );
}

#[test]
fn integrations_are_checked_as_attributes_are() {
    let found = problems(
        "integrations:\n  Billing:\n    why: x\n  a.b:\n    mechanism: [saga]\n    lease: 5 s\n    dedup: {retention: 1h}\n    \
         redelivery_window: 2h\n    semantic: at_most_once\n",
    );
    let lines: Vec<u32> = found.iter().map(|(line, ..)| *line).collect();
    assert_eq!(lines, [2, 4, 5, 6, 7], "{found:#?}");
    assert!(found[2].2.ends_with("did you mean `mechanisms`?"));
    assert!(found[4].2.contains("is shorter than `redelivery_window`"));
}

#[test]
fn values_of_the_wrong_kind_are_named() {
    let found = problems(
        "assume: atleast_once\nexclude: [{a: b}]\ncatalog: ../elsewhere.yaml\nsource_url: example.com\nrules: off\n\
         docs: {language: de, titel: x, base_url: docs.example}\nassume: none\n",
    );
    let lines: Vec<u32> = found.iter().map(|(line, ..)| *line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 5, 6, 6, 6, 7], "{found:#?}");
    assert!(found[0].2.ends_with("did you mean `at_least_once`?"));
    assert!(found[7].2.contains("no address of a folder") && found[8].2.contains("given twice"));
}

/// The attributes find the address without a parser of YAML; where both find one, it is the same.
#[test]
fn the_macros_read_the_same_address() {
    for yaml in [
        "docs:\n  base_url: https://a.example/x/\n",
        "docs: { language: ru, base_url: \"https://a.example/x\" }\n",
        "assume: none\ndocs:\n  title: Shop\n\n  base_url: 'https://a.example/x' # where\n",
    ] {
        let read = read(yaml).docs.base_url.map(|url| url.page("a"));
        let found = delivery_grammar::configured_base_url(yaml).map(|url| format!("{url}/integrations/a.html"));
        assert_eq!(
            read.as_deref(),
            Some("https://a.example/x/integrations/a.html"),
            "{yaml}"
        );
        assert_eq!(read, found, "{yaml}");
    }
}
