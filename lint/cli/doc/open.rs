//! Shows a file in the browser, as `cargo doc --open` does.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// Opens it with the program that `BROWSER` names, else with the system's.
#[expect(clippy::disallowed_methods, reason = "the edge: the user's own choice of a browser")]
pub fn in_browser(file: &Path) -> anyhow::Result<()> {
    let file = file
        .canonicalize()
        .with_context(|| format!("cannot find {}", file.display()))?;
    let chosen = std::env::var_os("BROWSER").filter(|program| !program.is_empty());
    let mut command = match chosen {
        Some(program) => Command::new(program),
        None => systems_own(),
    };
    let status = command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("the browser for {} ended with {status}", file.display()),
        Err(error) => bail!(
            "cannot open {}: no browser could be started ({error}); set BROWSER",
            file.display()
        ),
    }
}

fn systems_own() -> Command {
    if cfg!(target_os = "macos") {
        return Command::new("open");
    }
    if cfg!(windows) {
        let mut command = Command::new("cmd");
        command.args(["/C", "start", ""]);
        return command;
    }
    Command::new("xdg-open")
}
