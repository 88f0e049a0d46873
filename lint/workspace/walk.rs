//! Goes through folders, on all processors.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};

use xxhash_rust::xxh3::Xxh3;

use super::witness::{Answer, Question, Stamp, Witness};

/// What a folder holds of what can matter, in order; nothing if it cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listing {
    files: Vec<OsString>,
    folders: Vec<OsString>,
    /// It is what cargo has written, or a package that was vendored.
    is_foreign: bool,
}

impl Listing {
    /// Lists a folder. Symbolic links are not followed, errors of single entries are passed over.
    pub(super) fn of(folder: &Path) -> Self {
        let mut listing = Self::default();
        let mut has_manifest = false;
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        for entry in entries {
            let name = entry.file_name();
            let kind = entry.file_type().ok();
            has_manifest |= name == "Cargo.toml";
            listing.is_foreign |= is_mark(&name, folder);
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if kind.is_some_and(|kind| kind.is_dir()) && name != "node_modules" {
                listing.folders.push(name);
            } else if kind.is_some_and(|kind| kind.is_file()) && matters(Path::new(&name)) {
                listing.files.push(name);
            }
        }
        // A module may be called `target`, too.
        listing.folders.retain(|name| !(has_manifest && name == "target"));
        listing.files.sort();
        listing.folders.sort();
        listing
    }

    pub(super) fn hash(&self) -> u64 {
        let mut hash = Xxh3::new();
        for (names, kind) in [(&self.files, 1), (&self.folders, 2)] {
            for name in names {
                hash.update(name.as_encoded_bytes());
                hash.update(&[0, kind]);
            }
        }
        hash.update(&[u8::from(self.is_foreign)]);
        hash.digest()
    }
}

/// By what cargo marks its build output and vendored packages.
fn is_mark(name: &OsStr, folder: &Path) -> bool {
    match folder.file_name().is_some_and(|name| name == "target") {
        true => name == "CACHEDIR.TAG" || name == ".rustc_info.json",
        false => name == ".cargo-checksum.json",
    }
}

fn matters(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("rs" | "sql")) || matches!(name, "Cargo.toml" | "Cargo.lock" | "delivery.yaml")
}

/// The files below a folder that matter, with their sizes, in no order.
pub(super) fn files(folder: &Path, witness: Option<&Witness>) -> Vec<(PathBuf, u64)> {
    let (found, files) = mpsc::channel();
    rayon::scope(|scope| enter(scope, folder.to_owned(), true, witness, found));
    files.into_iter().flatten().collect()
}

type Found = Vec<(PathBuf, u64)>;

fn enter<'s>(
    scope: &rayon::Scope<'s>,
    folder: PathBuf,
    is_given: bool,
    witness: Option<&'s Witness>,
    found: Sender<Found>,
) {
    let stamp = witness.and_then(|_| Stamp::at(&folder));
    let listing = Listing::of(&folder);
    if let Some(witness) = witness {
        witness.saw(Question::Listing, folder.clone(), Answer::listing(stamp, &listing));
    }
    if listing.is_foreign && !is_given {
        return;
    }
    for name in &listing.folders {
        let (inner, found) = (folder.join(name), found.clone());
        scope.spawn(move |scope| enter(scope, inner, false, witness, found));
    }
    let sized = listing.files.iter().map(|name| {
        let file = folder.join(name);
        let bytes = fs::symlink_metadata(&file).map_or(0, |metadata| metadata.len());
        (file, bytes)
    });
    // Nobody listens only if the walk is over.
    let _ = found.send(sized.collect());
}
