//! JSON schemas of what people write (`delivery.yaml`, a catalog file) and of what programs read (the JSON report), so that an editor
//! can complete the former and a consumer check the latter. Closed vocabularies are filled in from where they are defined.

use clap::ValueEnum;
use delivery_grammar::{Criticality, Mechanism, Semantic, Settle};
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::rules::{Group, RULES};

/// What there is a schema of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// `delivery.yaml`
    Config,
    /// A file that `catalog:` names
    Catalog,
    /// What `check --format json` writes
    Report,
}

impl Schema {
    /// The schema, as JSON.
    #[must_use]
    pub fn value(self) -> Value {
        match self {
            Self::Config => config(),
            Self::Catalog => catalog(),
            Self::Report => report(),
        }
    }
}

fn config() -> Value {
    let mut schema = written(include_str!("../templates/json/config.schema.json"));
    let rules = RULES.iter().flat_map(|rule| [rule.name, rule.code]);
    let groups = Group::ALL.iter().map(|group| group.as_str());
    fill(&mut schema, "/$defs/rules/propertyNames/enum", groups.chain(rules));
    fill(
        &mut schema,
        "/$defs/semantic/enum",
        words(Semantic::ALL, Semantic::as_str),
    );
    fill(
        &mut schema,
        "/$defs/mechanism/enum",
        words(Mechanism::ALL, Mechanism::as_str),
    );
    let integration = "/$defs/integration/properties";
    let criticality = format!("{integration}/criticality/enum");
    fill(&mut schema, &criticality, words(Criticality::ALL, Criticality::as_str));
    fill(
        &mut schema,
        &format!("{integration}/settle/enum"),
        words(Settle::ALL, Settle::as_str),
    );
    schema
}

fn report() -> Value {
    let mut schema = written(include_str!("../templates/json/report.schema.json"));
    fill(
        &mut schema,
        "/$defs/semantic/enum",
        words(Semantic::ALL, Semantic::as_str),
    );
    if let Some(Value::Array(words)) = schema.pointer_mut("/$defs/semantic/enum") {
        words.push(Value::Null);
    }
    let rules = RULES.iter().map(|rule| rule.name);
    fill(&mut schema, "/$defs/finding/properties/rule/enum", rules);
    schema
}

fn catalog() -> Value {
    let mut schema = Catalog::schema();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("What the calls of a client crate do, for `catalog:` in delivery.yaml");
    schema
}

/// What was written by hand; a test reads each.
fn written(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn words<T: Copy>(all: &'static [T], word: fn(T) -> &'static str) -> impl Iterator<Item = &'static str> {
    all.iter().map(move |each| word(*each))
}

fn fill<'a>(schema: &mut Value, pointer: &str, words: impl Iterator<Item = &'a str>) {
    if let Some(place) = schema.pointer_mut(pointer) {
        *place = words.collect();
    }
}

#[cfg(test)]
mod tests {
    use delivery_grammar::Declaration;

    use super::*;
    use crate::config::{DOCS_KEYS, KEYS, OVERRIDE_KEYS};

    fn keys(schema: &Value, pointer: &str) -> Vec<String> {
        let properties = schema
            .pointer(&format!("{pointer}/properties"))
            .and_then(Value::as_object);
        let mut keys: Vec<String> = properties
            .unwrap_or_else(|| panic!("{pointer}"))
            .keys()
            .cloned()
            .collect();
        keys.sort();
        keys
    }

    fn sorted<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
        keys.sort();
        keys
    }

    #[test]
    fn no_vocabulary_is_left_empty() {
        for schema in [Schema::Config, Schema::Catalog, Schema::Report] {
            let text = schema.value().to_string();
            assert!(text.len() > 1000 && !text.contains("\"enum\":[]"), "{schema:?}");
            jsonschema::meta::validate(&schema.value()).unwrap_or_else(|error| panic!("{schema:?}: {error}"));
        }
    }

    #[test]
    fn the_schema_of_the_configuration_has_the_keys_that_are_read() {
        let schema = Schema::Config.value();
        assert_eq!(keys(&schema, ""), sorted(KEYS.iter().copied()));
        assert_eq!(keys(&schema, "/properties/docs"), sorted(DOCS_KEYS.iter().copied()));
        assert_eq!(
            keys(&schema, "/properties/overrides/items"),
            sorted(OVERRIDE_KEYS.iter().copied())
        );
        let declared = Declaration::KEYS.iter().copied().filter(|key| *key != "integration");
        assert_eq!(
            keys(&schema, "/$defs/integration"),
            sorted(declared.chain(["function", "semantic"]))
        );
    }

    #[test]
    fn every_embedded_catalog_file_fulfils_its_schema() {
        let schema = jsonschema::validator_for(&Schema::Catalog.value()).unwrap();
        for file in Catalog::files() {
            let value: Value = serde_yaml::from_str(file.text).unwrap();
            let errors: Vec<String> = schema
                .iter_errors(&value)
                .map(|error| format!("{} at {}", error, error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", file.name);
        }
    }

    #[test]
    fn what_a_catalog_file_may_not_say_its_schema_refuses() {
        let schema = jsonschema::validator_for(&Schema::Catalog.value()).unwrap();
        for wrong in [
            json!({ "calls": [] }),
            json!({ "crate": "x", "call": [] }),
            json!({ "crate": "x", "calls": [{ "path": "x::y", "does": "akc" }] }),
            json!({ "crate": "x", "calls": [{ "does": "ack" }] }),
        ] {
            assert!(!schema.is_valid(&wrong), "{wrong}");
        }
    }
}
