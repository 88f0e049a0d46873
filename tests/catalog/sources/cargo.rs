//! Where cargo keeps the sources.

use std::path::Path;
use std::process::Command;

/// What cargo knows of the fixtures' packages; their sources are fetched if they are not there yet.
pub(super) fn metadata(manifest: &Path) -> Result<Vec<u8>, String> {
    known(manifest).or_else(|_| {
        fetch(manifest)?;
        known(manifest)
    })
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
