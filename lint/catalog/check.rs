//! What a file must fulfil beyond its form, and where it does not.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::facts::Facts;
use super::read::Yaml;
use super::schema::{RawCall, RawCase, RawCatalog, RawType, Role};
use super::words::Word as _;
use super::{Catalog, CatalogError};

/// Reads one file.
pub(super) fn parse(file: &str, text: &str) -> Result<RawCatalog, CatalogError> {
    serde_yaml::from_str::<Yaml<RawCatalog>>(text)
        .map(|Yaml(raw)| raw)
        .map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
            CatalogError {
                file: file.into(),
                line: number(line),
                column: number(column),
                message: bare(&error.to_string()),
            }
        })
}

/// Serde's message without the position and the path that it appends and prepends.
fn bare(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let path_end = message.find(": ").filter(|end| !message[..*end].contains([' ', '`']));
    path_end.map_or(message, |end| &message[end + 2..]).to_owned()
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// `a::{b,c}::d` → `a::b::d`, `a::c::d`.
pub(super) fn expand(path: &str) -> Vec<SmolStr> {
    let group = path
        .split_once('{')
        .and_then(|(head, rest)| rest.split_once('}').map(|(list, tail)| (head, list, tail)));
    let Some((head, list, tail)) = group else {
        return vec![path.into()];
    };
    list.split(',')
        .flat_map(|part| expand(&format!("{head}{}{tail}", part.trim())))
        .collect()
}

/// Fills in each case from its call.
pub(super) fn complete(mut call: RawCall) -> RawCall {
    let cases = std::mem::take(&mut call.cases);
    call.cases = cases
        .into_iter()
        .map(|case| RawCase {
            when: case.when,
            does: case.does.or(Some(call.does)),
            queues: case.queues.or(call.queues),
            returns: case.returns.or_else(|| call.returns.clone()),
            facts: case.facts.or(&call.facts),
        })
        .collect();
    call
}

/// The call as another type has it, whose methods give futures or queue commands.
pub(super) fn alike(call: &RawCall, is_async: bool, queue: bool) -> RawCall {
    let mut call = call.clone();
    call.is_async |= is_async;
    if queue {
        call.queues = Some(call.does);
        call.does = Role::Queue;
        call.returns = Some(super::TypeExpr::Receiver);
        // A future that queues cannot fail, but its `Ok` is asked for.
        (call.mutates, call.fallible, call.is_async) = (true, is_async, is_async);
        for case in &mut call.cases {
            case.queues = case.does.replace(Role::Queue);
            case.returns = Some(super::TypeExpr::Receiver);
        }
    }
    call
}

/// The entries of the files that are loaded together, with their places.
#[derive(Default)]
pub(super) struct Layer {
    types: BTreeMap<SmolStr, Place>,
    calls: BTreeMap<SmolStr, Place>,
}

#[derive(Clone)]
struct Place {
    file: SmolStr,
    line: u32,
    column: u32,
}

impl Place {
    fn error(&self, message: String) -> CatalogError {
        CatalogError {
            file: self.file.clone(),
            line: self.line,
            column: self.column,
            message,
        }
    }
}

impl Layer {
    /// Takes a file's entries and finds what is wrong with each of them.
    pub(super) fn admit(
        &mut self,
        file: &SmolStr,
        text: &str,
        types: &[RawType],
        calls: &[RawCall],
    ) -> Vec<CatalogError> {
        let mut errors = Vec::new();
        let mut places = Places::of(file, text);
        for entry in types {
            let place = places.next(&entry.path);
            admit_paths(&mut self.types, &entry.path, &place, "type", &mut errors);
        }
        for entry in calls {
            let place = places.next(&entry.path);
            admit_paths(&mut self.calls, &entry.path, &place, "call", &mut errors);
            errors.extend(missing(entry).map(|message| place.error(message)));
        }
        errors
    }
}

fn admit_paths(
    seen: &mut BTreeMap<SmolStr, Place>,
    path: &str,
    place: &Place,
    what: &str,
    errors: &mut Vec<CatalogError>,
) {
    for path in expand(path) {
        if !well_formed(&path) {
            errors.push(place.error(format!("`{path}` is no path")));
        }
        if let Some(first) = seen.get(&path) {
            errors.push(place.error(format!(
                "the {what} `{path}` is already in {} (line {})",
                first.file, first.line
            )));
        }
        seen.insert(path, place.clone());
    }
}

fn well_formed(path: &str) -> bool {
    let path = path.strip_suffix('!').unwrap_or(path);
    let part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !part.starts_with(|c: char| c.is_ascii_digit())
    };
    path.split("::").all(part)
}

/// What the role of a call, or of one of its cases, needs and does not find.
fn missing(call: &RawCall) -> Option<String> {
    let cases = call
        .cases
        .iter()
        .map(|case| (case.does.unwrap_or(call.does), case.facts.clone().or(&call.facts)));
    let plain = call.cases.is_empty().then(|| (call.does, call.facts.clone()));
    cases.chain(plain).find_map(|(role, facts)| {
        let key = needs(role, &facts)?;
        Some(format!(
            "`{}` has the role `{}`, which needs the key `{key}`",
            call.path,
            role.word()
        ))
    })
}

fn needs(role: Role, facts: &Facts) -> Option<&'static str> {
    let (key, present) = match role {
        Role::Receive => ("receive", facts.receive.is_some() || facts.closure.is_some()),
        Role::Effect => ("kind", facts.kind.is_some()),
        Role::Http => ("method", facts.method.is_some()),
        Role::Publish => ("confirm", facts.confirm.is_some()),
        Role::Sql => ("sql", facts.sql.is_some() || facts.built.is_some()),
        Role::Document => ("update", facts.update.is_some()),
        Role::Check | Role::Mark | Role::Unmark => ("key", facts.key.is_some()),
        Role::Transaction | Role::Retry | Role::Apply => ("closure", facts.closure.is_some()),
        Role::Spawn | Role::Timeout => ("task", facts.task.is_some()),
        Role::Send => ("value", facts.value.is_some()),
        _ => return None,
    };
    (!present).then_some(key)
}

/// Finds what the entries of a layer refer to and what is not there.
pub(super) fn references(catalog: &Catalog, layer: &Layer, errors: &mut Vec<CatalogError>) {
    for (path, place) in &layer.types {
        let Some(known) = catalog.ty(path) else { continue };
        if let Some(awaited) = known
            .awaits
            .as_ref()
            .filter(|awaited| catalog.function(awaited).is_none())
        {
            errors.push(place.error(format!(
                "awaiting `{path}` is `{awaited}`, which is no entry of `calls`"
            )));
        }
        for parent in known.implements.iter().chain(&known.like) {
            let prefix = format!("{parent}::");
            if catalog.ty(parent).is_none() && !catalog.calls.keys().any(|call| call.starts_with(&prefix)) {
                errors.push(place.error(format!(
                    "`{path}` refers to `{parent}`, of which the catalog knows nothing"
                )));
            }
        }
    }
}

/// Finds the places of entries in their order, by their `path:` lines.
struct Places<'a> {
    file: &'a SmolStr,
    /// Line, column and text of each value of `path:`.
    found: Vec<(u32, u32, &'a str)>,
    next: usize,
}

impl<'a> Places<'a> {
    fn of(file: &'a SmolStr, text: &'a str) -> Self {
        let found = (1..)
            .zip(text.lines())
            .flat_map(|(line, content)| paths_in(line, content))
            .collect();
        Self { file, found, next: 0 }
    }

    /// The next place where `path` is given; entries are asked for in the file's order, save that types and calls may have changed places.
    fn next(&mut self, path: &str) -> Place {
        let is_it = |(_, _, text): &(u32, u32, &str)| {
            text.starts_with(path) && !text[path.len()..].starts_with([':', '_', '{', '!'])
        };
        let later = self.found[self.next..]
            .iter()
            .position(is_it)
            .map(|offset| self.next + offset);
        let index = later.or_else(|| self.found.iter().position(is_it));
        if let Some(later) = later {
            self.next = later + 1;
        }
        let (line, column) = index.map_or((1, 1), |index| (self.found[index].0, self.found[index].1));
        Place {
            file: self.file.clone(),
            line,
            column,
        }
    }
}

fn paths_in(line: u32, content: &str) -> impl Iterator<Item = (u32, u32, &str)> {
    content
        .match_indices("path:")
        .filter(|(at, _)| content[..*at].chars().all(|c| " -{\"'".contains(c)))
        .map(move |(at, key)| {
            let value = content[at + key.len()..].trim_start_matches([' ', '"', '\'']);
            (line, number(content.len() - value.len() + 1), value)
        })
}
