//! The files of a tree, on disk or in memory.

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::Options;
use super::paths::relative;
use super::walk;
use super::witness::{Answer, Question, Stamp, Witness};

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
    Disk(Disk),
    Memory(BTreeMap<String, String>),
}

#[derive(Debug)]
struct Disk {
    root: PathBuf,
    /// What stands in place of some files.
    drafts: BTreeMap<String, String>,
    witness: Option<Arc<Witness>>,
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
    pub(super) fn on_disk(root: &Path, options: &Options) -> Self {
        let drafts = options.drafts.iter();
        let disk = Disk {
            root: root.to_owned(),
            drafts: drafts
                .map(|(path, text)| (relative(path, root), text.clone()))
                .collect(),
            witness: options.witness.clone(),
        };
        Self {
            files: BTreeMap::new(),
            content: Arc::new(Content::Disk(disk)),
        }
    }

    fn disk(&self) -> Option<&Disk> {
        match &*self.content {
            Content::Disk(disk) => Some(disk),
            Content::Memory(_) => None,
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
        let Some(disk) = self.disk() else { return };
        let found = walk::files(folder, disk.witness.as_deref());
        let found: Vec<_> = found
            .into_iter()
            .map(|(path, bytes)| (relative(&path, &disk.root), bytes))
            .collect();
        self.files.extend(found);
    }

    /// Adds one file.
    pub(super) fn add_file(&mut self, path: &Path) {
        let Some(disk) = self.disk() else { return };
        let bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
        self.files.insert(relative(path, &disk.root), bytes);
    }

    /// Adds the package in a folder by its path relative to the root, which may lead out of it. A manifest may name any folder (`/`):
    /// one without a manifest of its own is not looked through.
    pub(super) fn add_relative(&mut self, path: &str) {
        let Some(disk) = self.disk() else { return };
        if let Some(folder) = disk.real_path(disk.root.join(path))
            && disk.is_file(folder.join("Cargo.toml"))
        {
            self.add_folder(&folder);
        }
    }

    /// Whether there is such a file, also one that was not looked for so far.
    pub(super) fn probe(&mut self, path: &str) -> bool {
        if let Some(disk) = self.disk()
            && !self.has(path)
        {
            let file = disk.root.join(path);
            if disk.is_file(file.clone()) {
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

impl Disk {
    fn is_file(&self, path: PathBuf) -> bool {
        let is_file = path.is_file();
        self.tell(Question::IsFile, path, Answer::is_file(is_file));
        is_file
    }

    fn real_path(&self, path: PathBuf) -> Option<PathBuf> {
        let real = path.canonicalize().ok();
        self.tell(Question::RealPath, path, Answer::real_path(real.as_deref()));
        real
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if let Some(draft) = self.drafts.get(path) {
            return Ok(draft.clone().into_bytes());
        }
        let path = self.root.join(path);
        let (stamp, content) = read_capped(&path);
        self.tell(Question::Content, path, Answer::content(stamp, &content));
        content
    }

    fn tell(&self, question: Question, path: PathBuf, answer: Answer) {
        if let Some(witness) = &self.witness {
            witness.saw(question, path, answer);
        }
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
            Self::Disk(disk) => disk.read(path)?,
        };
        text_of(bytes)
    }
}

/// The text in a file, without a byte order mark.
pub(super) fn text_of(bytes: Vec<u8>) -> Result<String, ReadError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge {
            bytes: bytes.len() as u64,
        });
    }
    let text =
        String::from_utf8(bytes).map_err(|error| not_utf8(error.as_bytes(), error.utf8_error().valid_up_to()))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn missing(path: &str) -> ReadError {
    ReadError::Io(format!("no file {path}"))
}

/// What is in a file, as far as it is read, and what the file looked like right before.
pub(super) fn read_capped(path: &Path) -> (Option<Stamp>, Result<Vec<u8>, ReadError>) {
    let failed = |error: io::Error| ReadError::Io(error.to_string());
    match fs::metadata(path) {
        Ok(metadata) => {
            let content = read_seen(path, &metadata).unwrap_or_else(|error| Err(failed(error)));
            (Some(Stamp::of(&metadata)), content)
        }
        Err(error) => (None, Err(failed(error))),
    }
}

fn read_seen(path: &Path, metadata: &fs::Metadata) -> io::Result<Result<Vec<u8>, ReadError>> {
    if !metadata.is_file() {
        // A pipe would be waited for, and a device need not end.
        return Ok(Err(ReadError::Io("it is no file".to_owned())));
    }
    let bytes = metadata.len();
    if bytes > MAX_FILE_BYTES {
        return Ok(Err(ReadError::TooLarge { bytes }));
    }
    // It may grow meanwhile, and some files do not know how long they are.
    let mut content = Vec::with_capacity(bytes as usize + 1);
    let file = fs::File::open(path)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content)?;
    Ok(Ok(content))
}

fn not_utf8(bytes: &[u8], valid: usize) -> ReadError {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let line = before.matches('\n').count() as u32 + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
    ReadError::NotUtf8 { line, column }
}
