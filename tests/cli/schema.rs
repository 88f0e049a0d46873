//! Schemas: what the program reads and writes is what they say.

use serde_json::Value;

use super::*;

fn schema(of: &str) -> Value {
    let output = run(Path::new("."), &["schema", of]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What is wrong with `value`, each with its place.
fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn a_report_fulfils_its_schema() {
    let schema = schema("report");
    let temp = package(&[("src/lib.rs", DENIED)]);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kafka/src/demo");
    for output in [
        run(temp.path(), &["check", "--format", "json"]),
        run(&fixtures, &["check", "--format", "json", "."]),
    ] {
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(!report["findings"].as_array().unwrap().is_empty());
        assert_eq!(errors(&schema, &report), [""; 0]);
    }
}

/// Every key once, in the forms that are allowed.
const CONFIGURED: &str = r#"
rules:
  loss: deny
  D511: warn
  missing-rationale: allow
overrides:
  - paths: ["legacy/**"]
    rules: { duplicates: note }
assume: none
exclude: "generated/**"
source_url: https://git.example.com/shop/src/main/{path}#L{line}
docs: { title: Shop, language: ru }
"#;

#[test]
fn what_the_configuration_accepts_its_schema_does_and_what_not_it_does_not() {
    let schema = schema("config");
    let value = |text: &str| -> Value { serde_yaml::from_str(text).unwrap() };
    let accepts = |text: &str| {
        let temp = package(&[("delivery.yaml", text)]);
        run(temp.path(), &["rules"]).status.code() == Some(0)
    };
    assert!(accepts(CONFIGURED));
    assert_eq!(errors(&schema, &value(CONFIGURED)), [""; 0]);
    for wrong in [
        "rule: {}\n",
        "rules: { los: deny }\n",
        "rules: { loss: forbid }\n",
        "overrides: [{ paths: a }]\n",
        "assume: sometimes\n",
        "source_url: https://git.example.com\n",
        "docs: { language: de }\n",
        "integrations: { Billing: { why: x } }\n",
        "integrations: { a: { mechanism: [saga] } }\n",
        "integrations: { a: { settle: never } }\n",
    ] {
        assert!(!accepts(wrong), "{wrong}");
        assert_ne!(errors(&schema, &value(wrong)), [""; 0], "{wrong}");
    }
}
