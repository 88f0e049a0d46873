//! Declarations as their authors write them, right and wrong.

use proc_macro2::TokenStream;

use super::*;
use crate::{
    Transport,
    value::{Data, Value},
};

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap()
}

fn parse(text: &str) -> Declaration {
    Declaration::parse(Semantic::EffectivelyOnce, tokens(text)).unwrap()
}

/// All messages, each with the source text that it blames.
fn errors(text: &str) -> Vec<(String, String)> {
    let errors = Declaration::parse(Semantic::EffectivelyOnce, tokens(text)).unwrap_err();
    errors
        .iter()
        .map(|error| (blamed(error, text), error.to_string()))
        .collect()
}

fn messages(text: &str) -> Vec<String> {
    errors(text).into_iter().map(|(_, message)| message).collect()
}

/// The sources of these tests are one line each, so that columns are enough.
fn blamed(error: &syn::Error, text: &str) -> String {
    let (start, end) = (error.span().start().column, error.span().end().column);
    text.chars().skip(start).take(end - start).collect()
}

const FULL: &str = r#"
    integration = "billing.invoices",
    source = "kafka:orders.v1",
    sinks = ["postgres:invoices", "kafka:invoices.v1"],
    why = "A lost order is lost money.",
    mechanisms = [transactional_dedup, commit_after_process],
    edge_cases = ["Crash between insert and commit."],
    dedup(store = "postgres:processed_messages", key = "message_id", retention = "7d"),
    redelivery_window = "48h",
    lease = "30s", processing_time = "5s",
    criticality = critical,
    settle = on_ok,
    metrics = ["invoices_duplicates_total"],
    tested_by = [tests::redelivery_is_absorbed, crate::tests::other],
    owner = "team-billing", runbook = "https://example.com/runbook",
"#;

#[test]
fn every_key_is_read() {
    let expected = Declaration {
        source: Some(Address::new(Transport::Kafka, "orders.v1")),
        sinks: vec![
            Address::new(Transport::Postgres, "invoices"),
            Address::new(Transport::Kafka, "invoices.v1"),
        ],
        why: Some("A lost order is lost money.".into()),
        mechanisms: vec![Mechanism::TransactionalDedup, Mechanism::CommitAfterProcess],
        edge_cases: vec!["Crash between insert and commit.".into()],
        dedup: Some(Dedup {
            store: Some(Address::new(Transport::Postgres, "processed_messages")),
            key: Some("message_id".into()),
            retention: Some(Duration::from_secs(7 * 86_400)),
        }),
        redelivery_window: Some(Duration::from_secs(48 * 3_600)),
        lease: Some(Duration::from_secs(30)),
        processing_time: Some(Duration::from_secs(5)),
        criticality: Criticality::Critical,
        settle: Settle::OnOk,
        metrics: vec!["invoices_duplicates_total".into()],
        tested_by: vec!["tests::redelivery_is_absorbed".into(), "crate::tests::other".into()],
        owner: Some("team-billing".into()),
        runbook: Some("https://example.com/runbook".into()),
        ..Declaration::new(Semantic::EffectivelyOnce, "billing.invoices")
    };
    assert_eq!(parse(FULL), expected);
}

#[test]
fn only_the_id_is_mandatory() {
    let declaration = parse(r#"integration = "billing.invoices""#);
    assert_eq!(
        declaration,
        Declaration::new(Semantic::EffectivelyOnce, "billing.invoices")
    );
    assert_eq!(declaration.criticality, Criticality::Important);
    assert_eq!(declaration.settle, Settle::Manual);
}

#[test]
fn a_missing_id_is_told_once() {
    assert!(messages("")[0].starts_with("`integration` is missing"));
    assert_eq!(
        messages(r#"intergration = "a""#),
        ["unknown key `intergration`; did you mean `integration`?"]
    );
    assert_eq!(messages("integration"), ["expected text in quotes, found no value"]);
}

#[test]
fn a_malformed_id_is_repaired() {
    let text = r#"integration = "Billing Invoices!""#;
    let (culprit, message) = &errors(text)[0];
    assert_eq!(culprit, "\"Billing Invoices!\"");
    assert!(message.ends_with("did you mean `billing-invoices`?"), "{message}");
    assert!(messages(r#"integration = """#)[0].ends_with("as in `billing.invoices`"));
    assert!(check_integration_id("9.a_b-c").is_ok());
    for wrong in ["", ".a", "-a", "A", "a b", "ä"] {
        assert!(check_integration_id(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let text =
        r#"integration = "a", soruce = "kafka:a", sinks = ["kafak:x", "y"], lease = 30, criticality = "critical""#;
    let found = errors(text);
    let culprits: Vec<&str> = found.iter().map(|(culprit, _)| culprit.as_str()).collect();
    assert_eq!(culprits, ["soruce", "\"kafak:x\"", "\"y\"", "30", "\"critical\""]);
    assert_eq!(found[0].1, "unknown key `soruce`; did you mean `source`?");
    assert_eq!(found[1].1, "unknown transport `kafak`; did you mean `kafka`?");
    assert!(found[2].1.starts_with("`y` names no transport"));
    assert_eq!(
        found[3].1,
        "expected a duration in quotes, such as \"30s\", found a number"
    );
    assert_eq!(found[4].1, "a word is written without quotes: `critical`");
}

#[test]
fn keys_are_given_once() {
    assert_eq!(
        errors(r#"integration = "a", why = "x", why = "y""#),
        [("why".into(), "`why` is given twice".into())]
    );
    let inner = messages(r#"integration = "a", dedup(key = "x", key = "y")"#);
    assert_eq!(inner, ["`key` is given twice"]);
}

#[test]
fn values_have_the_kind_of_their_key() {
    let wrong = |entry: &str| messages(&format!("integration = \"a\", {entry}")).join(" | ");
    assert_eq!(wrong("why = 5"), "expected text in quotes, found a number");
    assert_eq!(wrong("why = WHY"), "expected text in quotes, found `WHY`");
    assert_eq!(
        wrong(r#"why = concat!("a", "b")"#),
        "expected text in quotes, found an expression"
    );
    assert_eq!(
        wrong(r#"sinks = "kafka:a""#),
        "expected a list in brackets, found the text \"kafka:a\""
    );
    assert_eq!(
        wrong("settle = true"),
        "expected `manual`, `on_ok`, `on_return` or `on_receive`, found a boolean"
    );
    assert_eq!(
        wrong("settle = onok"),
        "unknown way to settle `onok`; did you mean `on_ok`?"
    );
    assert_eq!(
        wrong("mechanisms = [outbox]"),
        "unknown mechanism `outbox`; did you mean `transactional_outbox`?"
    );
    assert_eq!(
        wrong(r#"tested_by = ["tests::x"]"#),
        "a path is written without quotes: `tests::x`"
    );
    assert_eq!(
        wrong("dedup()"),
        "`dedup` says nothing; it takes `store`, `key` and `retention`"
    );
    assert!(wrong("dedup = 5").starts_with("expected `dedup(store"));
    assert_eq!(
        wrong(r#"dedup(ttl = "7d")"#),
        "unknown dedup key `ttl`; did you mean `retention`?"
    );
    assert_eq!(
        wrong(r#"dedup(x = "7d")"#),
        "unknown dedup key `x`; expected one of `store`, `key`, `retention`"
    );
    assert_eq!(
        wrong("mechanisms = [dead-letter]"),
        "in an attribute, words are joined by underscores: `dead_letter`"
    );
}

#[test]
fn other_names_of_a_key_are_understood() {
    assert_eq!(
        messages(r#"id = "a""#),
        ["unknown key `id`; did you mean `integration`?"]
    );
    for (synonym, key) in [
        ("topic", "source"),
        ("rationale", "why"),
        ("visibility_timeout", "lease"),
    ] {
        let message = messages(&format!("integration = \"a\", {synonym} = 1")).join("");
        assert_eq!(message, format!("unknown key `{synonym}`; did you mean `{key}`?"));
    }
}

#[test]
fn a_slip_of_syntax_hides_nothing() {
    let missing_comma = messages(r#"integration = "a" why = "b", lease = "x""#);
    assert_eq!(missing_comma.len(), 2, "{missing_comma:?}");
    assert_eq!(missing_comma[0], "expected `,`");
    let missing_value = errors(r#"integration = "a", why = , owner = 5"#);
    assert_eq!(missing_value[0], ("=".into(), "expected a value after this".into()));
    assert_eq!(missing_value[1].1, "expected text in quotes, found a number");
    let colon = errors(r#"integration: "a""#);
    assert_eq!(colon, [(":".into(), "expected `=` between a key and its value".into())]);
    assert_eq!(
        messages(r#""a""#),
        ["expected a word here, as in `word` or `key = \"value\"`"]
    );
    for odd in [
        ",",
        "= 5",
        "5, 6",
        "a b c",
        "[x]",
        "integration == \"a\"",
        "why = \"a\" + \"b\"",
        "x = [,]",
        "a-",
        "a::",
    ] {
        assert!(!messages(odd).is_empty(), "{odd}");
    }
}

#[test]
fn forgotten_ids_let_late_duplicates_through() {
    let text = r#"integration = "a", dedup(retention = "1h"), redelivery_window = "48h""#;
    let (culprit, message) = &errors(text)[0];
    assert_eq!(culprit, "\"1h\"");
    assert!(
        message.starts_with("`retention` (1h) is shorter than `redelivery_window` (2d)"),
        "{message}"
    );
    parse(r#"integration = "a", dedup(retention = "48h"), redelivery_window = "2d""#);
}

#[test]
fn a_lease_covers_the_processing_or_is_extended() {
    let text = r#"integration = "a", lease = "20s", processing_time = "30s""#;
    let (culprit, message) = &errors(text)[0];
    assert_eq!(culprit, "\"20s\"");
    assert!(
        message.starts_with("`lease` (20s) is shorter than `processing_time` (30s)"),
        "{message}"
    );
    parse(&format!("{text}, mechanisms = [lease_extension]"));
}

#[test]
fn what_could_be_read_is_kept() {
    let (declaration, errors) = Declaration::read(
        Semantic::AtLeastOnce,
        Span::call_site(),
        tokens(r#"why = "x", lease = "y""#),
    );
    assert_eq!(declaration.why.as_deref(), Some("x"));
    assert_eq!(errors.len(), 2);
}

#[test]
fn values_passed_through_another_macro_are_read() {
    use proc_macro2::{Delimiter, Group, TokenTree};
    let wrapped = |text: &str| TokenTree::Group(Group::new(Delimiter::None, tokens(text)));
    let mut stream = tokens("integration =");
    stream.extend([wrapped("\"a\"")]);
    stream.extend(tokens(", criticality ="));
    stream.extend([wrapped("critical")]);
    let declaration = Declaration::parse(Semantic::AtLeastOnce, stream).unwrap();
    assert_eq!(
        (declaration.integration.as_str(), declaration.criticality),
        ("a", Criticality::Critical)
    );
}

fn scalar(line: u32, text: &str) -> Value<u32> {
    Value {
        at: line,
        data: Data::Scalar(text.into()),
    }
}

fn entry(line: u32, key: &str, value: Value<u32>) -> Entry<u32> {
    Entry {
        at: line,
        key: key.into(),
        value,
    }
}

#[test]
fn a_configuration_file_adds_to_the_attribute() {
    let mut declaration = parse(r#"integration = "a", dedup(store = "redis:seen", retention = "1h"), why = "x""#);
    let retention = Value {
        at: 3,
        data: Data::Group(vec![entry(3, "retention", scalar(3, "7d"))]),
    };
    let list = Value {
        at: 2,
        data: Data::List(vec![scalar(2, "commit_after_process")]),
    };
    let entries = [
        entry(1, "criticality", scalar(1, "critical")),
        entry(2, "mechanisms", list),
        entry(3, "dedup", retention),
    ];
    assert_eq!(declaration.apply(&entries), []);
    assert_eq!(declaration.criticality, Criticality::Critical);
    assert_eq!(declaration.mechanisms, [Mechanism::CommitAfterProcess]);
    let dedup = declaration.dedup.unwrap();
    assert_eq!(
        dedup.store,
        Some(Address::new(Transport::Redis, "seen")),
        "what the file does not say stays"
    );
    assert_eq!(dedup.retention, Some(Duration::from_secs(7 * 86_400)));
}

#[test]
fn a_configuration_file_is_told_its_mistakes_at_its_lines() {
    let mut declaration = parse(r#"integration = "a", dedup(retention = "1h")"#);
    let problems = declaration.apply(&[
        entry(4, "ower", scalar(4, "me")),
        entry(5, "redelivery_window", scalar(5, "2d")),
    ]);
    let lines: Vec<u32> = problems.iter().map(|problem| problem.at).collect();
    assert_eq!(lines, [4, 5], "{problems:?}");
}

#[test]
fn can_be_sent_to_another_thread() {
    fn sendable<T: Send + Sync>() {}
    sendable::<Declaration>();
    sendable::<crate::Allow>();
}
