//! The files of a tree, on disk or in memory.

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use walkdir::{DirEntry, WalkDir};

use super::paths::relative;

/// Larger files are not read: nobody writes them by hand, and a literal table of this size takes a parser seconds and gigabytes.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// Paths relative to the root, with sizes.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub files: BTreeMap<String, u64>,
    content: Arc<Content>,
}

/// Reads files by their paths relative to the root.
#[derive(Debug, Clone)]
pub struct Reader(Arc<Content>);

#[derive(Debug)]
enum Content {
    /// A folder, and what stands in place of some of its files.
    Disk(PathBuf, BTreeMap<String, String>),
    Memory(BTreeMap<String, String>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Memory(BTreeMap::new())
    }
}

/// Why a file has no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    TooLarge { bytes: u64 },
    NotUtf8 { line: u32, column: u32 },
    Io(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes } => write!(f, "it is too large ({:.1} MB)", *bytes as f64 / f64::from(1 << 20)),
            Self::NotUtf8 { line, column } => write!(f, "it is not UTF-8 (line {line}, column {column})"),
            Self::Io(error) => write!(f, "it cannot be read: {error}"),
        }
    }
}

impl Tree {
    pub(super) fn on_disk(root: &Path, drafts: &BTreeMap<PathBuf, String>) -> Self {
        let drafts = drafts.iter().map(|(path, text)| (relative(path, root), text.clone()));
        Self {
            files: BTreeMap::new(),
            content: Arc::new(Content::Disk(root.to_owned(), drafts.collect())),
        }
    }

    pub(super) fn in_memory(files: &[(&str, &str)]) -> Self {
        let texts: BTreeMap<_, _> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        let sizes = texts
            .iter()
            .map(|(path, text)| (path.clone(), text.len() as u64))
            .collect();
        Self {
            files: sizes,
            content: Arc::new(Content::Memory(texts)),
        }
    }

    /// Adds what matters in a folder; symbolic links are not followed, errors of single entries are passed over.
    pub(super) fn add_folder(&mut self, folder: &Path) {
        let Content::Disk(root, _) = &*self.content else { return };
        let entries = WalkDir::new(folder)
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || is_ours(entry));
        for entry in entries.filter_map(Result::ok) {
            if entry.file_type().is_file() && matters(entry.path()) {
                let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
                self.files.insert(relative(entry.path(), root), bytes);
            }
        }
    }

    /// Adds one file.
    pub(super) fn add_file(&mut self, path: &Path) {
        let Content::Disk(root, _) = &*self.content else { return };
        let bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
        self.files.insert(relative(path, root), bytes);
    }

    /// Adds the package in a folder by its path relative to the root, which may lead out of it. A manifest may name any folder (`/`):
    /// one without a manifest of its own is not looked through.
    pub(super) fn add_relative(&mut self, path: &str) {
        if let Content::Disk(root, _) = &*self.content
            && let Ok(folder) = root.join(path).canonicalize()
            && folder.join("Cargo.toml").is_file()
        {
            self.add_folder(&folder);
        }
    }

    /// Whether there is such a file, also one that was not looked for so far.
    pub(super) fn probe(&mut self, path: &str) -> bool {
        if let Content::Disk(root, _) = &*self.content {
            let file = root.join(path);
            if !self.has(path) && file.is_file() {
                self.add_file(&file);
            }
        }
        self.has(path)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// The files in a folder and below, those of the root for the empty path.
    pub(super) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        let from = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let prefix = from.clone();
        self.files
            .range(from..)
            .map(|(path, _)| path.as_str())
            .take_while(move |path| path.starts_with(&prefix))
    }

    pub(super) fn reader(&self) -> Reader {
        Reader(Arc::clone(&self.content))
    }

    pub(super) fn read(&self, path: &str) -> Result<String, ReadError> {
        self.content.read(path)
    }
}

impl Reader {
    /// A file's text.
    ///
    /// # Errors
    ///
    /// It is too large, is not UTF-8, or cannot be read.
    pub fn read(&self, path: &str) -> Result<String, ReadError> {
        self.0.read(path)
    }
}

impl Content {
    fn read(&self, path: &str) -> Result<String, ReadError> {
        let bytes = match self {
            Self::Memory(texts) => texts
                .get(path)
                .cloned()
                .map(String::into_bytes)
                .ok_or_else(|| missing(path))?,
            Self::Disk(root, drafts) => match drafts.get(path) {
                Some(draft) => draft.clone().into_bytes(),
                None => read_capped(&root.join(path))?,
            },
        };
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(ReadError::TooLarge {
                bytes: bytes.len() as u64,
            });
        }
        let text =
            String::from_utf8(bytes).map_err(|error| not_utf8(error.as_bytes(), error.utf8_error().valid_up_to()))?;
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }
}

fn missing(path: &str) -> ReadError {
    ReadError::Io(format!("no file {path}"))
}

fn read_capped(path: &Path) -> Result<Vec<u8>, ReadError> {
    let failed = |error: io::Error| ReadError::Io(error.to_string());
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        // A pipe would be waited for, and a device need not end.
        return Err(ReadError::Io("it is no file".to_owned()));
    }
    let bytes = metadata.len();
    if bytes > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge { bytes });
    }
    // It may grow meanwhile, and some files do not know how long they are.
    let mut content = Vec::with_capacity(bytes as usize + 1);
    let file = fs::File::open(path).map_err(failed)?;
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut content)
        .map_err(failed)?;
    Ok(content)
}

fn not_utf8(bytes: &[u8], valid: usize) -> ReadError {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let line = before.matches('\n').count() as u32 + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
    ReadError::NotUtf8 { line, column }
}

fn matters(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("rs" | "sql")) || matches!(name, "Cargo.toml" | "Cargo.lock" | "delivery.yaml")
}

/// Whether a folder or file can be the project's own: hidden ones, build output and vendored packages are not.
fn is_ours(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    if name.starts_with('.') {
        return false;
    }
    if !entry.file_type().is_dir() {
        return true;
    }
    match &*name {
        "node_modules" => false,
        "target" => !is_build_output(entry.path()),
        _ => !entry.path().join(".cargo-checksum.json").exists(),
    }
}

/// A module may be called `target` too.
fn is_build_output(folder: &Path) -> bool {
    folder.join("CACHEDIR.TAG").exists()
        || folder.join(".rustc_info.json").exists()
        || folder.with_file_name("Cargo.toml").exists()
}
