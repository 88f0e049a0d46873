//! From the YAML of `delivery.yaml` to the fields of a [`Config`]: which keys there are, and what each takes.

use std::path::{Component, Path};

use delivery_grammar::{Data, Entry, Invalid, Problem, Value};
use globset::Glob;

use super::integrations::Integrations;
use super::levels::is_group;
use super::{Assume, BaseUrl, Config, Docs, Language, Place, SourceUrl, find_rules, level_named};
use crate::globs::MAX_GLOB;
use crate::report::Level;
use crate::rules::Rule;

/// The keys of the file.
pub const KEYS: &[&str] = &[
    "rules",
    "overrides",
    "assume",
    "exclude",
    "catalog",
    "source_url",
    "integrations",
    "docs",
];
/// The keys below `docs`.
pub const DOCS_KEYS: &[&str] = &["title", "language", "base_url"];
/// The keys of an entry of `overrides`.
pub const OVERRIDE_KEYS: &[&str] = &["paths", "rules"];

pub(super) type Problems = Vec<Problem<Place>>;

/// The whole file.
pub(super) fn document(document: &Value<Place>) -> (Config, Problems) {
    let mut config = Config::default();
    let mut problems = Vec::new();
    for entry in group(document, &mut problems) {
        set(&mut config, entry, &mut problems);
    }
    (config, problems)
}

fn set(config: &mut Config, entry: &Entry<Place>, problems: &mut Problems) {
    let value = &entry.value;
    match entry.key.as_str() {
        _ if value.data == Data::Nothing => {}
        "rules" => {
            for (rule, level) in levels(value, problems) {
                config.overrides.set(rule, level);
            }
        }
        "overrides" => overrides(config, value, problems),
        "assume" => keep(
            &mut config.assume,
            scalar(value, "a semantic or `none`", assume),
            problems,
        ),
        "exclude" => config.exclude = globs(value, problems),
        "catalog" => config.catalog = files(value, problems),
        "source_url" => keep_some(
            &mut config.source_url,
            scalar(value, "a link", SourceUrl::new),
            problems,
        ),
        "integrations" => config.integrations = Integrations::read(group(value, problems), problems),
        "docs" => docs(&mut config.docs, value, problems),
        unknown => problems.push(unknown_key(entry, Invalid::unknown("key", unknown, KEYS))),
    }
}

/// Levels by rule and by group; what is said of a rule goes over what is said of its group.
fn levels(value: &Value<Place>, problems: &mut Problems) -> Vec<(&'static Rule, Level)> {
    let (mut of_groups, mut of_rules) = (Vec::new(), Vec::new());
    for entry in group(value, problems) {
        match find_rules(&entry.key) {
            Err(message) => problems.push(Problem { at: entry.at, message }),
            Ok(rules) => match scalar(&entry.value, "`deny`, `warn`, `note` or `allow`", level_named) {
                Ok(level) if is_group(&entry.key) => of_groups.extend(rules.iter().map(|rule| (*rule, level))),
                Ok(level) => of_rules.extend(rules.iter().map(|rule| (*rule, level))),
                Err(problem) => problems.push(problem),
            },
        }
    }
    of_groups.into_iter().chain(of_rules).collect()
}

fn overrides(config: &mut Config, value: &Value<Place>, problems: &mut Problems) {
    let Data::List(entries) = &value.data else {
        problems.push(Problem {
            at: value.at,
            message: "expected a list, each with `paths` and `rules`".to_owned(),
        });
        return;
    };
    for entry in entries {
        let (mut paths, mut rules) = (Vec::new(), Vec::new());
        let keys = group(entry, problems);
        let has = |name: &str| keys.iter().any(|key| key.key == name);
        let is_whole = has("paths") && has("rules");
        for key in keys {
            match key.key.as_str() {
                "paths" => paths = globs(&key.value, problems),
                "rules" => rules = levels(&key.value, problems),
                unknown => {
                    let invalid = Invalid::unknown("key of `overrides`", unknown, OVERRIDE_KEYS);
                    problems.push(unknown_key(key, invalid));
                }
            }
        }
        if !is_whole {
            problems.push(Problem {
                at: entry.at,
                message: "an override needs `paths`, and `rules` for them".to_owned(),
            });
        }
        config.overrides.set_for(paths, &rules);
    }
}

fn docs(docs: &mut Docs, value: &Value<Place>, problems: &mut Problems) {
    for entry in group(value, problems) {
        let value = &entry.value;
        match entry.key.as_str() {
            "title" => keep_some(
                &mut docs.title,
                scalar(value, "a title", |text| Ok(text.to_owned())),
                problems,
            ),
            "base_url" => keep_some(
                &mut docs.base_url,
                scalar(
                    value,
                    "an address such as `https://docs.example.com/delivery`",
                    BaseUrl::new,
                ),
                problems,
            ),
            "language" => keep(&mut docs.language, scalar(value, "`en` or `ru`", language), problems),
            unknown => problems.push(unknown_key(
                entry,
                Invalid::unknown("key of `docs`", unknown, DOCS_KEYS),
            )),
        }
    }
}

fn assume(word: &str) -> Result<Assume, String> {
    word.parse()
}

fn language(word: &str) -> Result<Language, String> {
    word.parse()
}

fn globs(value: &Value<Place>, problems: &mut Problems) -> Vec<String> {
    let patterns = list(value, "a pattern such as `generated/**`", problems, |pattern| {
        if pattern.len() > MAX_GLOB {
            return Err(format!("a pattern is at most {MAX_GLOB} bytes long"));
        }
        match Glob::new(pattern) {
            Ok(_) => Ok(pattern.to_owned()),
            Err(error) => Err(error.kind().to_string()),
        }
    });
    patterns.into_iter().map(|(pattern, _)| pattern).collect()
}

fn files(value: &Value<Place>, problems: &mut Problems) -> Vec<(String, Place)> {
    list(value, "a file", problems, |file| {
        let inside = Path::new(file)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if inside {
            Ok(file.to_owned())
        } else {
            Err(format!("`{file}` lies outside of the workspace"))
        }
    })
}

/// Each element of a list (one alone needs no brackets), with its place.
fn list<T>(
    value: &Value<Place>,
    expected: &str,
    problems: &mut Problems,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<(T, Place)> {
    let values = match &value.data {
        Data::List(values) => values.as_slice(),
        _ => std::slice::from_ref(value),
    };
    let mut elements = Vec::new();
    for value in values {
        match scalar(value, expected, &read) {
            Ok(element) => elements.push((element, value.at)),
            Err(problem) => problems.push(problem),
        }
    }
    elements
}

/// The entries of a mapping, without those that repeat a key.
pub(super) fn group<'a>(value: &'a Value<Place>, problems: &mut Problems) -> Vec<&'a Entry<Place>> {
    let mut unique: Vec<&Entry<Place>> = Vec::new();
    match &value.data {
        Data::Group(entries) => {
            for entry in entries {
                if unique.iter().any(|earlier| earlier.key == entry.key) {
                    problems.push(Problem {
                        at: entry.at,
                        message: format!("`{}` is given twice", entry.key),
                    });
                } else {
                    unique.push(entry);
                }
            }
        }
        Data::Nothing => {}
        _ => problems.push(Problem {
            at: value.at,
            message: "expected `key: value` lines".to_owned(),
        }),
    }
    unique
}

pub(super) fn scalar<T>(
    value: &Value<Place>,
    expected: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Problem<Place>> {
    let result = match &value.data {
        Data::Scalar(text) => read(text),
        _ => Err(format!("expected {expected}")),
    };
    result.map_err(|message| Problem { at: value.at, message })
}

pub(super) fn unknown_key(entry: &Entry<Place>, invalid: Invalid) -> Problem<Place> {
    Problem {
        at: entry.at,
        message: invalid.message().to_owned(),
    }
}

fn keep<T>(field: &mut T, value: Result<T, Problem<Place>>, problems: &mut Problems) {
    match value {
        Ok(value) => *field = value,
        Err(problem) => problems.push(problem),
    }
}

fn keep_some<T>(field: &mut Option<T>, value: Result<T, Problem<Place>>, problems: &mut Problems) {
    keep(field, value.map(Some), problems);
}
