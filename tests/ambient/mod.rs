//! What the environment of a test must not decide.

use std::process::Command;

/// Variables that change what the program says, or where it keeps what it said.
const VARIABLES: [&str; 7] = [
    "CI",
    "CARGO_TARGET_DIR",
    "GITHUB_ACTIONS",
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
];

/// Runs a command as if nobody had set anything.
pub fn forget(command: &mut Command) {
    for variable in VARIABLES {
        command.env_remove(variable);
    }
}
