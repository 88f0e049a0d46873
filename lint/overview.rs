//! What is seen of a workspace: its crates, the clients that they use, what was read and what was not, and the calls that nobody could
//! see into. So that a clean bill can be told from blindness.

use std::collections::{BTreeMap, BTreeSet};

use delivery_grammar::Transport;
use smol_str::SmolStr;

use crate::catalog::Catalog;
use crate::report::{Integration, Report, UnresolvedCall};
use crate::source::Sources;
use crate::span::{FileId, Span};
use crate::workspace::{LeftOut, Workspace};

/// What is seen of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// By package.
    pub crates: Vec<CrateSeen>,
    /// The dependencies that the catalog describes, by name.
    pub clients: Vec<Client>,
    /// Dependencies that seem to be clients by their names, and that the catalog does not know.
    pub strangers: Vec<SmolStr>,
    /// What was not read, by path.
    pub skipped: Vec<Skipped>,
    /// Calls that nobody could see into, the most frequent first.
    pub unresolved: Vec<Unresolved>,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateSeen {
    pub package: SmolStr,
    pub dir: String,
    pub files: usize,
    /// Of these files.
    pub read: usize,
}

/// A dependency that the catalog describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub package: SmolStr,
    /// In use; none where there is no `Cargo.lock`.
    pub versions: Vec<SmolStr>,
    /// The version from whose sources the catalog was made.
    pub described: Option<SmolStr>,
}

/// A file that was not read, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    pub why: Why,
    pub path: String,
}

/// Why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It names no client, and nothing that matters leads there.
    Quiet,
    LeftOut(LeftOut),
}

impl Why {
    /// The sentence for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quiet => "names no client, and nothing that matters leads there (`--no-prefilter` reads it)",
            Self::LeftOut(LeftOut::Test) => "a test, bench, example or build script (`--all-targets` reads it)",
            Self::LeftOut(LeftOut::Excluded) => "excluded by delivery.yaml",
            Self::LeftOut(LeftOut::Foreign) => "belongs to a package that is not in the workspace",
            Self::LeftOut(LeftOut::NoPackage) => "belongs to no package",
        }
    }

    /// The word of the JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::LeftOut(LeftOut::Test) => "test",
            Self::LeftOut(LeftOut::Excluded) => "excluded",
            Self::LeftOut(LeftOut::Foreign) => "foreign",
            Self::LeftOut(LeftOut::NoPackage) => "no_package",
        }
    }
}

/// Calls of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    pub name: String,
    pub count: usize,
    /// Integrations that it stands in the way of.
    pub units: usize,
    /// One of them.
    pub first: Span,
}

impl Overview {
    /// Looks at everything that an analysis has looked at.
    #[must_use]
    pub fn new(workspace: &Workspace, sources: &Sources, catalog: &Catalog, report: &Report) -> Self {
        let read: BTreeSet<FileId> = sources.mattering().map(|file| file.id).collect();
        let (clients, strangers) = clients(workspace, catalog);
        Self {
            crates: crates(workspace, &read),
            clients,
            strangers,
            skipped: skipped(workspace, &read),
            unresolved: unresolved(&report.integrations),
        }
    }
}

fn crates(workspace: &Workspace, read: &BTreeSet<FileId>) -> Vec<CrateSeen> {
    let files = |id| workspace.rust_files().filter(move |file| file.krate == Some(id));
    let seen = workspace.crates.iter().map(|krate| CrateSeen {
        package: krate.package.clone(),
        dir: krate.dir.clone(),
        files: files(krate.id).count(),
        read: files(krate.id).filter(|file| read.contains(&file.id)).count(),
    });
    let mut seen: Vec<_> = seen.collect();
    seen.sort_by(|a, b| (&a.package, &a.dir).cmp(&(&b.package, &b.dir)));
    seen
}

fn clients(workspace: &Workspace, catalog: &Catalog) -> (Vec<Client>, Vec<SmolStr>) {
    let own: BTreeSet<&SmolStr> = workspace.crates.iter().map(|krate| &krate.package).collect();
    let used: BTreeSet<&SmolStr> = workspace
        .crates
        .iter()
        .flat_map(|krate| krate.dependencies.values())
        .collect();
    let described: BTreeMap<SmolStr, Option<SmolStr>> = catalog
        .packages()
        .map(|package| (in_code(&package.name), package.version.clone()))
        .collect();
    let mut clients = Vec::new();
    let mut strangers = Vec::new();
    for package in used {
        match described.get(&in_code(package)) {
            Some(version) => clients.push(Client {
                package: package.clone(),
                versions: workspace.versions.get(package).cloned().unwrap_or_default(),
                described: version.clone(),
            }),
            None if !own.contains(package) && is_like_a_client(package) => strangers.push(package.clone()),
            None => {}
        }
    }
    (clients, strangers)
}

fn in_code(package: &str) -> SmolStr {
    package.replace('-', "_").into()
}

/// Whether a part of the name is a transport's.
fn is_like_a_client(package: &str) -> bool {
    const TOO_COMMON: [Transport; 4] = [
        Transport::Memory,
        Transport::Lambda,
        Transport::Oracle,
        Transport::Temporal,
    ];
    let mut parts = package.split(['-', '_']);
    parts.any(|part| part.parse().is_ok_and(|transport| !TOO_COMMON.contains(&transport)))
}

fn skipped(workspace: &Workspace, read: &BTreeSet<FileId>) -> Vec<Skipped> {
    let quiet = workspace.rust_files().filter(|file| !read.contains(&file.id));
    let quiet = quiet.map(|file| (file.path.clone(), Why::Quiet));
    let left_out = workspace.left_out.iter();
    let left_out = left_out.map(|(path, why)| (path.clone(), Why::LeftOut(*why)));
    let mut skipped: Vec<_> = quiet.chain(left_out).map(|(path, why)| Skipped { why, path }).collect();
    skipped.sort();
    skipped
}

fn unresolved(integrations: &[Integration]) -> Vec<Unresolved> {
    let mut calls: BTreeMap<String, BTreeMap<Span, BTreeSet<Span>>> = BTreeMap::new();
    for unit in integrations {
        for UnresolvedCall { at, text } in &unit.unresolved {
            calls
                .entry(callee(text).to_owned())
                .or_default()
                .entry(*at)
                .or_default()
                .insert(unit.at);
        }
    }
    let mut all: Vec<Unresolved> = calls
        .into_iter()
        .filter_map(|(name, places)| {
            Some(Unresolved {
                name,
                count: places.len(),
                units: places.values().flatten().collect::<BTreeSet<_>>().len(),
                first: *places.keys().next()?,
            })
        })
        .collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    all
}

/// What is called: `.send` in `client.request(a).send(b)`, `sdk::send` in `sdk::send(b)`.
fn callee(text: &str) -> &str {
    let mut depth = 0;
    let mut opened = None;
    for (at, character) in text.char_indices() {
        match character {
            '(' | '[' | '{' => {
                if depth == 0 && character == '(' {
                    opened = Some(at);
                }
                depth += 1;
            }
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    let before = &text[..opened.unwrap_or(text.len())];
    let is_name = |character: char| character.is_alphanumeric() || matches!(character, '_' | ':' | '!');
    let start = before.rfind(|character| !is_name(character)).unwrap_or(0);
    let name = &before[start..];
    match name.trim_start_matches(|character| !is_name(character)) {
        "" => before,
        _ if name.starts_with('.') => name,
        bare => bare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_named_by_what_is_called() {
        for (text, name) in [
            ("sdk::send(&order, f(x))", "sdk::send"),
            ("client.request(a).send(b)", ".send"),
            ("client.post(url(base)).json(&order…", ".json"),
            ("self.hooks[0](order)", "self.hooks[0]"),
            ("(self.hook)(order)", "(self.hook)"),
            ("send", "send"),
        ] {
            assert_eq!(callee(text), name, "{text}");
        }
    }

    #[test]
    fn clients_are_known_by_their_names() {
        for (package, is) in [
            ("my-kafka-client", true),
            ("nats", true),
            ("serde", false),
            ("in-memory-cache", false),
        ] {
            assert_eq!(is_like_a_client(package), is, "{package}");
        }
    }
}
