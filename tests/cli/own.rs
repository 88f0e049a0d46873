//! A client that the catalog does not know, described in a file of the user's own.

use std::fs;
use std::path::{Path, PathBuf};

use super::{project, run, stdout};

/// The example, if it is there.
fn example() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/own");
    folder.join("delivery.yaml").is_file().then_some(folder)
}

/// The rules of D1xx to D4xx that are broken, each with its line.
fn broken(folder: &Path) -> Vec<(usize, String)> {
    let told = stdout(&run(folder, &["check", "--no-cache", "--format", "short"]));
    let finding = |line: &str| {
        let (place, rest) = line.split_once(": ")?;
        let (code, name) = rest.split_once('[')?.1.split_once(']')?.0.split_once(' ')?;
        let number = place.split(':').nth(1)?.parse().ok()?;
        ("D1".."D5").contains(&code).then(|| (number, name.to_owned()))
    };
    told.lines().filter_map(finding).collect()
}

#[test]
fn what_a_client_of_ones_own_does_is_said_in_a_file() {
    let Some(folder) = example() else { return };
    let code = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
    let marked = (1..).zip(code.lines()).filter_map(|(number, line)| {
        let (_, rule) = line.split_once("//~ ")?;
        Some((number, rule.to_owned()))
    });
    let marked: Vec<_> = marked.collect();
    assert_eq!(marked.len(), 2, "the example shows what is wrong");
    assert_eq!(broken(&folder), marked);
    let listed = stdout(&run(&folder, &["list"]));
    let invoices = listed.lines().find(|line| line.starts_with("own.invoices"));
    assert!(invoices.is_some_and(|line| line.contains("verified")), "{listed}");
}

#[test]
fn without_that_file_nothing_is_claimed() {
    let Some(folder) = example() else { return };
    let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
    let (manifest, code) = (read("Cargo.toml"), read("src/lib.rs"));
    let temp = project(&[("Cargo.toml", &manifest), ("src/lib.rs", &code)]);
    assert_eq!(broken(temp.path()), Vec::new());
    let listed = stdout(&run(temp.path(), &["list"]));
    assert!(!listed.contains("verified"), "{listed}");
}
