//! Manifests.

use std::{collections::BTreeMap, ops::Range};

use smol_str::SmolStr;
use toml::{Table, Value};

/// A parsed `Cargo.toml`.
#[derive(Debug, Clone, Default)]
pub(super) struct Manifest {
    table: Table,
}

/// A dependency as the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dependency {
    /// As written, with `-`.
    pub key: String,
    pub package: SmolStr,
    /// `package = "…"` was given.
    pub renamed: bool,
    /// `0.25`, `>=1, <3`.
    pub requirement: Option<String>,
    /// Relative to the manifest's folder (or to the workspace's, if inherited).
    pub path: Option<String>,
    pub inherited: bool,
}

/// What is wrong with a manifest, and where in its text.
pub(super) struct BadManifest {
    pub message: String,
    pub at: Range<usize>,
}

/// A `[lib]`, `[[bin]]`, … section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub name: Option<String>,
    pub path: Option<String>,
}

impl Manifest {
    pub(super) fn parse(text: &str) -> Result<Self, BadManifest> {
        let table = text.parse::<Table>().map_err(|error| BadManifest {
            message: error.message().to_owned(),
            at: error.span().unwrap_or(0..0),
        })?;
        Ok(Self { table })
    }

    fn section(&self, name: &str) -> Option<&Table> {
        self.table.get(name)?.as_table()
    }

    fn package(&self) -> Option<&Table> {
        self.section("package").or_else(|| self.section("project"))
    }

    pub(super) fn is_package(&self) -> bool {
        self.package().is_some()
    }

    pub(super) fn is_workspace(&self) -> bool {
        self.section("workspace").is_some()
    }

    pub(super) fn package_name(&self) -> Option<&str> {
        self.package()?.get("name")?.as_str()
    }

    /// The edition, looked up in the workspace if it is inherited.
    pub(super) fn edition(&self, workspace: Option<&Self>) -> SmolStr {
        let inherited = || {
            workspace?
                .section("workspace")?
                .get("package")?
                .get("edition")?
                .as_str()
        };
        let own = self.package().and_then(|package| package.get("edition"));
        let edition = match own {
            Some(Value::String(edition)) => Some(edition.as_str()),
            Some(_) => inherited(),
            None => None,
        };
        edition.unwrap_or("2015").into()
    }

    /// `package.workspace`: where the root is, if it is not above.
    pub(super) fn workspace_path(&self) -> Option<&str> {
        self.package()?.get("workspace")?.as_str()
    }

    /// `members` or `exclude` of the workspace.
    pub(super) fn workspace_list(&self, key: &str) -> Vec<&str> {
        let list = self
            .section("workspace")
            .and_then(|workspace| workspace.get(key))
            .and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// `config` of `[workspace.metadata.delivery]` or of the package's: where the configuration is, if it is elsewhere.
    pub(super) fn config_path(&self) -> Option<&str> {
        let owners = [self.section("workspace"), self.package()];
        let mut named = owners.into_iter().flatten().filter_map(|owner| {
            let delivery = owner.get("metadata")?.get("delivery")?;
            delivery.get("config")?.as_str()
        });
        named.next()
    }

    /// `autobins` and its kin.
    pub(super) fn finds(&self, key: &str) -> bool {
        self.package()
            .and_then(|package| package.get(key))
            .and_then(Value::as_bool)
            .unwrap_or(true)
    }

    /// The build script: `build.rs` unless the manifest says otherwise.
    pub(super) fn build_script(&self) -> &str {
        self.package()
            .and_then(|package| package.get("build"))
            .and_then(Value::as_str)
            .unwrap_or("build.rs")
    }

    pub(super) fn lib(&self) -> Option<Section> {
        self.section("lib").map(section_of)
    }

    /// The `[[bin]]`, `[[example]]`, `[[test]]` or `[[bench]]` sections.
    pub(super) fn sections(&self, name: &str) -> Vec<Section> {
        let sections = self.table.get(name).and_then(Value::as_array);
        sections
            .into_iter()
            .flatten()
            .filter_map(Value::as_table)
            .map(section_of)
            .collect()
    }

    /// All dependencies: normal, for development and for building, of all platforms.
    pub(super) fn dependencies(&self, workspace: Option<&Self>) -> Vec<Dependency> {
        let targets = self
            .section("target")
            .into_iter()
            .flat_map(Table::values)
            .filter_map(Value::as_table);
        let places = std::iter::once(&self.table).chain(targets);
        let kinds = [
            "dependencies",
            "dev-dependencies",
            "dev_dependencies",
            "build-dependencies",
            "build_dependencies",
        ];
        let tables = places.flat_map(|place| kinds.iter().filter_map(|kind| place.get(*kind)?.as_table()));
        let all = tables.flatten().map(|(key, value)| dependency(key, value, workspace));
        let by_key: BTreeMap<String, Dependency> = all.map(|found| (found.key.clone(), found)).collect();
        by_key.into_values().collect()
    }

    fn shared_dependency(&self, key: &str) -> Option<&Value> {
        self.section("workspace")?.get("dependencies")?.get(key)
    }
}

fn dependency(key: &str, value: &Value, workspace: Option<&Manifest>) -> Dependency {
    let inherited = value.get("workspace").and_then(Value::as_bool).unwrap_or(false);
    let shared = workspace
        .filter(|_| inherited)
        .and_then(|workspace| workspace.shared_dependency(key));
    let value = shared.unwrap_or(value);
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    Dependency {
        key: key.to_owned(),
        package: text("package").unwrap_or(key).into(),
        renamed: text("package").is_some(),
        requirement: value.as_str().or(text("version")).map(str::to_owned),
        path: text("path").map(str::to_owned),
        inherited,
    }
}

fn section_of(table: &Table) -> Section {
    let text = |key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    Section {
        name: text("name"),
        path: text("path"),
    }
}
