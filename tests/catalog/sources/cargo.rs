//! Where cargo keeps the sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A version of a package that is a library.
pub(super) struct Package {
    pub name: String,
    pub version: String,
    /// As code spells it.
    pub library: String,
    /// The file of its root module.
    pub root: PathBuf,
    /// Places in the list of packages.
    pub dependencies: Vec<usize>,
}

/// The packages that the fixtures depend on; their sources are fetched if they are not there yet.
pub(super) fn packages(manifest: &Path) -> Result<Vec<Package>, String> {
    let output = known(manifest).or_else(|_| {
        fetch(manifest)?;
        known(manifest)
    })?;
    let metadata: Value = serde_json::from_slice(&output).map_err(|error| error.to_string())?;
    let mut found: Vec<(&str, Package)> = list(&metadata["packages"])
        .filter_map(|package| Some((package["id"].as_str()?, library(package)?)))
        .collect();
    let places: BTreeMap<&str, usize> = found.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
    for node in list(&metadata["resolve"]["nodes"]) {
        let Some(place) = node["id"].as_str().and_then(|id| places.get(id)) else {
            continue;
        };
        let dependencies = list(&node["dependencies"]).filter_map(|id| places.get(id.as_str()?).copied());
        found[*place].1.dependencies = dependencies.collect();
    }
    Ok(found.into_iter().map(|(_, package)| package).collect())
}

fn library(package: &Value) -> Option<Package> {
    let is_library = |target: &&Value| list(&target["kind"]).any(|kind| kind == "lib" || kind == "proc-macro");
    let target = list(&package["targets"]).find(is_library)?;
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        version: package["version"].as_str()?.to_owned(),
        library: target["name"].as_str()?.replace('-', "_"),
        root: target["src_path"].as_str()?.into(),
        dependencies: Vec::new(),
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The same, without the network.
fn known(manifest: &Path) -> Result<Vec<u8>, String> {
    cargo(
        &[
            "metadata",
            "--format-version=1",
            "--locked",
            "--offline",
            "--all-features",
        ],
        manifest,
    )
}

fn fetch(manifest: &Path) -> Result<(), String> {
    let fetched = cargo(&["fetch", "--locked"], manifest);
    fetched.map(drop).map_err(|error| {
        format!(
            "the clients' sources are not here, and `cargo fetch --locked --manifest-path {}` failed: {error}",
            manifest.display()
        )
    })
}

fn cargo(args: &[&str], manifest: &Path) -> Result<Vec<u8>, String> {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .arg("--manifest-path")
        .arg(manifest)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
