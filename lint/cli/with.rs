//! `check --with`: another cargo command beside the check, for editors that run a single one.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::Console;

/// Runs `cargo WORDS` and passes its messages on; whether it succeeded.
pub fn pass_on(words: &str, folder: &Path, console: &mut Console<'_>) -> anyhow::Result<bool> {
    let output = Command::new("cargo")
        .args(arguments(words))
        .current_dir(folder)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run `cargo {words}`"))?;
    console.stdout.text(&String::from_utf8_lossy(&output.stdout));
    Ok(output.status.success())
}

/// The messages are asked for in the form that is passed on, before what cargo passes on itself.
fn arguments(words: &str) -> Vec<&str> {
    let mut arguments: Vec<&str> = words.split_whitespace().collect();
    let end = arguments
        .iter()
        .position(|word| *word == "--")
        .unwrap_or(arguments.len());
    if !arguments.iter().any(|word| word.starts_with("--message-format")) {
        arguments.insert(end, "--message-format=json");
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_asked_for_where_cargo_reads_it() {
        assert_eq!(
            arguments("clippy -- -D warnings"),
            ["clippy", "--message-format=json", "--", "-D", "warnings"]
        );
        assert_eq!(
            arguments("check --message-format=short"),
            ["check", "--message-format=short"]
        );
    }
}
