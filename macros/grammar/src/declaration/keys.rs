//! From entries to the fields of a declaration: which keys there are, and what each takes.

use std::collections::BTreeSet;

use super::{Declaration, Dedup};
use crate::{
    Address, Duration, Invalid, closest,
    value::{Data, Entry, Problem, Value},
};

const ADDRESS: &str = "an address in quotes, such as \"kafka:orders.v1\"";
const DURATION: &str = "a duration in quotes, such as \"30s\"";

/// What people call a key before they have read the documentation.
const SYNONYMS: &[(&str, &str)] = &[
    ("id", "integration"),
    ("name", "integration"),
    ("from", "source"),
    ("topic", "source"),
    ("queue", "source"),
    ("to", "sinks"),
    ("targets", "sinks"),
    ("reason", "why"),
    ("rationale", "why"),
    ("deduplication", "dedup"),
    ("visibility_timeout", "lease"),
    ("ack_deadline", "lease"),
    ("ack_wait", "lease"),
    ("timeout", "processing_time"),
    ("tests", "tested_by"),
    ("team", "owner"),
    ("ttl", "retention"),
    ("storage", "store"),
];

impl Declaration {
    /// The keys of a declaration, in the order of the documentation.
    pub const KEYS: &[&str] = &[
        "integration",
        "source",
        "sinks",
        "why",
        "mechanisms",
        "edge_cases",
        "dedup",
        "redelivery_window",
        "lease",
        "processing_time",
        "criticality",
        "settle",
        "metrics",
        "tested_by",
        "owner",
        "runbook",
    ];

    /// Takes over the entries, each replacing what the declaration said for its key, and tells what is wrong with them:
    /// unknown keys, keys given twice, values of the wrong kind, and then the [contradictions](Self::contradictions)
    /// in which one of these keys has a part.
    ///
    /// This is how a configuration file adds to what an attribute declares.
    pub fn apply<P: Clone>(&mut self, entries: &[Entry<P>]) -> Vec<Problem<P>> {
        let mut problems = given_twice(entries);
        for entry in entries {
            problems.extend(self.set(entry));
        }
        problems.extend(
            self.contradictions()
                .iter()
                .filter_map(|contradiction| contradiction.problem(entries)),
        );
        problems
    }

    fn set<P: Clone>(&mut self, entry: &Entry<P>) -> Vec<Problem<P>> {
        let value = &entry.value;
        let address = |value: &Value<P>| value.parsed(ADDRESS);
        match entry.key.as_str() {
            "integration" => fill(&mut self.integration, integration_id(value)),
            "source" => fill_option(&mut self.source, address(value)),
            "sinks" => fill_list(&mut self.sinks, value.list(address)),
            "why" => fill_option(&mut self.why, value.text()),
            "mechanisms" => fill_list(
                &mut self.mechanisms,
                value.list(|word| word.word("a mechanism, without quotes")),
            ),
            "edge_cases" => fill_list(&mut self.edge_cases, value.list(Value::text)),
            "dedup" => self.set_dedup(value),
            "redelivery_window" => fill_option(&mut self.redelivery_window, duration(value)),
            "lease" => fill_option(&mut self.lease, duration(value)),
            "processing_time" => fill_option(&mut self.processing_time, duration(value)),
            "criticality" => fill(
                &mut self.criticality,
                value.word("`tolerable`, `important` or `critical`"),
            ),
            "settle" => fill(
                &mut self.settle,
                value.word("`manual`, `on_ok`, `on_return` or `on_receive`"),
            ),
            "metrics" => fill_list(&mut self.metrics, value.list(Value::text)),
            "tested_by" => fill_list(&mut self.tested_by, value.list(Value::path)),
            "owner" => fill_option(&mut self.owner, value.text()),
            "runbook" => fill_option(&mut self.runbook, value.text()),
            unknown => vec![Problem::new(
                &entry.at,
                unknown_key("key", unknown, Self::KEYS).message(),
            )],
        }
    }

    fn set_dedup<P: Clone>(&mut self, value: &Value<P>) -> Vec<Problem<P>> {
        let Data::Group(entries) = &value.data else {
            return vec![value.unexpected("`dedup(store = \"…\", key = \"…\", retention = \"…\")`")];
        };
        if entries.is_empty() {
            return vec![Problem::new(
                &value.at,
                "`dedup` says nothing; it takes `store`, `key` and `retention`",
            )];
        }
        let mut problems = given_twice(entries);
        let dedup = self.dedup.get_or_insert_default();
        problems.extend(entries.iter().flat_map(|entry| dedup.set(entry)));
        problems
    }
}

impl Dedup {
    /// The keys inside `dedup(…)`.
    pub const KEYS: &[&str] = &["store", "key", "retention"];

    fn set<P: Clone>(&mut self, entry: &Entry<P>) -> Vec<Problem<P>> {
        let value = &entry.value;
        match entry.key.as_str() {
            "store" => fill_option(
                &mut self.store,
                value.parsed::<Address>("an address in quotes, such as \"postgres:processed\""),
            ),
            "key" => fill_option(&mut self.key, value.text()),
            "retention" => fill_option(&mut self.retention, duration(value)),
            unknown => vec![Problem::new(
                &entry.at,
                unknown_key("dedup key", unknown, Self::KEYS).message(),
            )],
        }
    }
}

/// The key that an unknown one was probably meant to be.
pub(super) fn meant(key: &str, keys: &[&'static str]) -> Option<&'static str> {
    let synonym = SYNONYMS
        .iter()
        .find(|(synonym, meant)| *synonym == key && keys.contains(meant));
    synonym.map(|(_, meant)| *meant).or_else(|| closest(key, keys))
}

fn unknown_key(kind: &str, key: &str, keys: &[&'static str]) -> Invalid {
    match meant(key, keys) {
        Some(meant) => Invalid::new(format!("unknown {kind} `{key}`; did you mean `{meant}`?")),
        None => Invalid::unknown(kind, key, keys),
    }
}

fn given_twice<P: Clone>(entries: &[Entry<P>]) -> Vec<Problem<P>> {
    let mut seen = BTreeSet::new();
    let repeated = entries.iter().filter(|entry| !seen.insert(entry.key.as_str()));
    repeated
        .map(|entry| Problem::new(&entry.at, format!("`{}` is given twice", entry.key)))
        .collect()
}

fn duration<P: Clone>(value: &Value<P>) -> Result<Duration, Problem<P>> {
    value.parsed(DURATION)
}

fn integration_id<P: Clone>(value: &Value<P>) -> Result<String, Problem<P>> {
    let id = value.text()?;
    match check_integration_id(&id) {
        Ok(()) => Ok(id),
        Err(error) => Err(Problem::new(&value.at, error.message())),
    }
}

fn fill<T, P>(field: &mut T, value: Result<T, Problem<P>>) -> Vec<Problem<P>> {
    match value {
        Ok(value) => {
            *field = value;
            Vec::new()
        }
        Err(problem) => vec![problem],
    }
}

fn fill_option<T, P>(field: &mut Option<T>, value: Result<T, Problem<P>>) -> Vec<Problem<P>> {
    fill(field, value.map(Some))
}

fn fill_list<T, P>(field: &mut Vec<T>, (elements, problems): (Vec<T>, Vec<Problem<P>>)) -> Vec<Problem<P>> {
    *field = elements;
    problems
}

/// Is this an integration id: `[a-z0-9][a-z0-9._-]*`?
///
/// # Errors
///
/// What is wrong, with an id that would do.
pub fn check_integration_id(id: &str) -> Result<(), Invalid> {
    if is_integration_id(id) {
        return Ok(());
    }
    let form = "lower-case letters, digits, `.`, `_` and `-`, the first a letter or digit";
    let repaired = repaired_id(id);
    Err(Invalid::new(match repaired.as_str() {
        "" => format!("`{id}` is no integration id; an id has {form}, as in `billing.invoices`"),
        meant => format!("`{id}` is no integration id; an id has {form}; did you mean `{meant}`?"),
    }))
}

fn is_integration_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    id.starts_with(plain) && id.chars().all(|c| plain(c) || matches!(c, '.' | '_' | '-'))
}

fn repaired_id(id: &str) -> String {
    let letters = id.to_lowercase().replace("::", ".");
    let fit = letters
        .chars()
        .map(|c| if is_integration_id(&format!("x{c}")) { c } else { '-' });
    let id: String = fit.collect();
    id.trim_matches(['.', '_', '-']).to_owned()
}
