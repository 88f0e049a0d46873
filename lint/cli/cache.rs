//! What earlier runs have said, kept in the target folder: a run that would say the same need not find it out again.
//!
//! An entry is named after all that was asked for: the program itself, the arguments, the place, how the output looks, the day. In it
//! stands what the run has said, and what it has asked of the disk ([`Testimony`]). It counts only if the disk still gives the same
//! answers. Whatever is wrong with the cache (it is broken, foreign, cannot be written) it is as if there were none.
#![expect(clippy::disallowed_methods, reason = "the edge: the cache lies on disk")]

use std::fmt::Debug;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::workspace::{Holds, Place, Stamp, Testimony, Witness, target_folder};

/// What an entry begins with; another format, another number.
const MAGIC: &[u8] = b"cargo-delivery cache 1\r\n\x1a";
const EXTENSION: &str = "said";

/// So many entries are kept, and none that is larger.
const ENTRIES: usize = 32;
const MAX_ENTRY_BYTES: u64 = 16 << 20;

/// What somebody who was killed has left behind is removed after this time.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// A place where what is said may be kept.
pub struct Cache {
    folder: PathBuf,
    entry: PathBuf,
}

/// What is in an entry.
#[derive(Serialize, Deserialize)]
struct Entry<S> {
    testimony: Testimony,
    said: S,
}

impl Cache {
    /// Where a run at `place` that asks for this may find what it has to say. There is none without a cargo workspace or a target folder
    /// that the environment names: then there is no folder to be written to unasked.
    pub fn at(place: &Place, target: Option<&Path>, asked: &dyn Debug) -> Option<Self> {
        let target = match target {
            Some(target) => target.to_owned(),
            None if place.is_workspace() => target_folder(&place.root),
            None => return None,
        };
        let program = std::env::current_exe().ok().as_deref().and_then(Stamp::at)?;
        let key = format!("{}\n{program:?}\n{place:?}\n{asked:?}", env!("CARGO_PKG_VERSION"));
        let folder = target.join("delivery").join("cache");
        let entry = folder.join(format!("{:032x}.{EXTENSION}", xxh3_128(key.as_bytes())));
        Some(Self { folder, entry })
    }

    /// What was said, if it would be said again.
    pub fn recall<S: Serialize + for<'d> Deserialize<'d>>(&self) -> Option<S> {
        let entry: Entry<S> = read(&self.entry)?;
        match entry.testimony.holds() {
            Holds::No => return None,
            Holds::Plainly => {}
            // The stamps of today save the second look from now on.
            Holds::OnASecondLook => {
                if let Some(keeper) = self.begin()
                    && let Some(testimony) = entry.testimony.renewed(keeper.began)
                {
                    keeper.write(&Entry {
                        testimony,
                        said: &entry.said,
                    });
                }
            }
        }
        Some(entry.said)
    }

    /// Begins a run whose words are to be kept; not where nothing can be written.
    pub fn begin(&self) -> Option<Keeper> {
        fs::create_dir_all(&self.folder)
            .and_then(|()| mark(&self.folder))
            .ok()?;
        let file = tempfile::Builder::new()
            .prefix(".")
            .suffix(".new")
            .tempfile_in(&self.folder)
            .ok()?;
        let began = Stamp::at(file.path())?;
        Some(Keeper {
            file,
            began,
            folder: self.folder.clone(),
            entry: self.entry.clone(),
            witness: Arc::default(),
        })
    }
}

/// A run whose words are to be kept.
pub struct Keeper {
    /// It becomes the entry; its stamp tells when the run began, on the clock of the disk.
    file: NamedTempFile,
    began: Stamp,
    folder: PathBuf,
    entry: PathBuf,
    /// Is told what the disk is asked.
    pub witness: Arc<Witness>,
}

impl Keeper {
    /// Keeps what was said.
    pub fn keep(self, said: &impl Serialize) {
        if let Some(testimony) = self.witness.testimony(self.began) {
            self.write(&Entry { testimony, said });
        }
    }

    fn write<S: Serialize>(mut self, entry: &Entry<S>) {
        let Ok(payload) = postcard::to_stdvec(entry) else {
            return;
        };
        if payload.len() as u64 > MAX_ENTRY_BYTES {
            return;
        }
        let checksum = xxh3_64(&payload).to_le_bytes();
        let written = [MAGIC, &checksum, &payload]
            .iter()
            .try_for_each(|part| self.file.write_all(part));
        // Another run may keep the same at the same time: either is as good.
        if written.is_ok() && self.file.persist(&self.entry).is_ok() {
            let _ = sweep(&self.folder, &self.entry);
        }
    }
}

fn read<S: for<'d> Deserialize<'d>>(entry: &Path) -> Option<Entry<S>> {
    let file = fs::File::open(entry).ok()?;
    let mut bytes = Vec::new();
    file.take(MAX_ENTRY_BYTES + 1024).read_to_end(&mut bytes).ok()?;
    let (checksum, payload) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
    let is_whole = u64::from_le_bytes(*checksum) == xxh3_64(payload);
    is_whole.then(|| postcard::from_bytes(payload).ok())?
}

/// Tells others what the folder is: programs that make backups, and git.
fn mark(folder: &Path) -> io::Result<()> {
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of cargo-delivery and may be removed at any time.\n";
    for (name, text) in [("CACHEDIR.TAG", tag), (".gitignore", "*\n")] {
        let path = folder.join(name);
        if !path.exists() {
            fs::write(path, text)?;
        }
    }
    Ok(())
}

/// Removes the oldest entries beyond what is kept, and what was left behind long before the entry that was just written.
fn sweep(folder: &Path, written: &Path) -> io::Result<()> {
    let now = fs::metadata(written)?.modified()?;
    let mut entries = Vec::new();
    for file in fs::read_dir(folder)?.filter_map(Result::ok) {
        let (path, modified) = (file.path(), file.metadata().and_then(|metadata| metadata.modified())?);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(EXTENSION) => entries.push((modified, path)),
            Some("new") if modified + ABANDONED < now => fs::remove_file(path)?,
            _ => {}
        }
    }
    entries.sort();
    let beyond = entries.len().saturating_sub(ENTRIES);
    entries[..beyond].iter().try_for_each(|(_, path)| fs::remove_file(path))
}
