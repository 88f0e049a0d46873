//! What a run has asked of the disk, and what it was told: a later run that would be told the same comes to the same result.
//!
//! A file whose stamp is what it was is not read again, as in git's index. And as there a stamp that may be younger than the answer
//! proves nothing ("racily clean"): the file may have been written once more within one tick of the clock, so it is read.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::tree;
use super::walk::Listing;

/// What can be asked about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Question {
    /// What is in the file, or why it cannot be read?
    Content,
    /// What is in the folder, of all that matters?
    Listing,
    /// Is it a file?
    IsFile,
    /// Where do links lead?
    RealPath,
}

/// What a file or folder looks like from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    bytes: u64,
    modified: Moment,
    /// When anything about it changed last, which nobody can set back.
    changed: Moment,
    /// Its number, and that of its device.
    number: (u64, u64),
}

/// Seconds and nanoseconds on the clock of a file system.
type Moment = (i64, i64);

/// How coarse a file system's clock may be: that of FAT counts every other second.
const TICK_SECONDS: i64 = 2;

impl Stamp {
    /// The stamp of what is at a path; `None` if nothing can be seen there.
    #[must_use]
    pub fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }

    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            number: (metadata.dev(), metadata.ino()),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn of(metadata: &Metadata) -> Self {
        let since = metadata
            .modified()
            .ok()
            .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let modified = since.map_or((0, 0), |since| {
            (since.as_secs() as i64, i64::from(since.subsec_nanos()))
        });
        Self {
            bytes: metadata.len(),
            modified,
            changed: modified,
            number: (0, 0),
        }
    }

    /// Whether it tells nothing about a change right after this moment.
    fn is_younger_than(&self, moment: Moment) -> bool {
        self.changed >= (moment.0 - TICK_SECONDS, moment.1)
    }
}

/// What was seen at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    /// `None` where only looking again tells.
    stamp: Option<Stamp>,
    hash: u64,
}

impl Answer {
    pub(super) fn content(stamp: Option<Stamp>, content: &Result<Vec<u8>, tree::ReadError>) -> Self {
        let hash = match content {
            Ok(bytes) => xxh3_64(bytes),
            Err(error) => !xxh3_64(error.to_string().as_bytes()),
        };
        Self { stamp, hash }
    }

    pub(super) fn listing(stamp: Option<Stamp>, listing: &Listing) -> Self {
        Self {
            stamp,
            hash: listing.hash(),
        }
    }

    pub(super) fn is_file(is_file: bool) -> Self {
        Self {
            stamp: None,
            hash: u64::from(is_file),
        }
    }

    pub(super) fn real_path(path: Option<&Path>) -> Self {
        let bytes = path.map_or(&[][..], |path| path.as_os_str().as_encoded_bytes());
        Self {
            stamp: None,
            hash: xxh3_64(bytes),
        }
    }

    fn now(question: Question, path: &Path) -> Self {
        match question {
            Question::Content => {
                let (stamp, content) = tree::read_capped(path);
                Self::content(stamp, &content)
            }
            Question::Listing => Self::listing(Stamp::at(path), &Listing::of(path)),
            Question::IsFile => Self::is_file(path.is_file()),
            Question::RealPath => Self::real_path(path.canonicalize().ok().as_deref()),
        }
    }
}

/// Keeps what the disk was asked while a run goes on.
#[derive(Debug, Default)]
pub struct Witness {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    answers: BTreeMap<(Question, PathBuf), Answer>,
    /// Something was asked twice and answered differently, or cannot be asked again.
    contradicted: bool,
}

impl Witness {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn saw(&self, question: Question, path: PathBuf, answer: Answer) {
        let mut seen = self.lock();
        let known = seen.answers.insert((question, path), answer);
        seen.contradicted |= known.is_some_and(|known| known.hash != answer.hash);
    }

    /// Takes note of a file that somebody else than the workspace reads. What the workspace would not read has no testimony.
    pub fn see(&self, path: &Path) {
        let (stamp, content) = tree::read_capped(path);
        self.saw(Question::Content, path.to_owned(), Answer::content(stamp, &content));
        if content.is_err() {
            self.lock().contradicted = true;
        }
    }

    /// All that was seen by a run that began when `began` was written; `None` if the disk has changed meanwhile.
    #[must_use]
    pub fn testimony(&self, began: Stamp) -> Option<Testimony> {
        let seen = self.lock();
        let answers = seen
            .answers
            .iter()
            .map(|((question, path), answer)| (*question, path.clone(), *answer));
        (!seen.contradicted).then(|| Testimony {
            began: began.changed,
            answers: answers.collect(),
        })
    }
}

/// What a run has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Testimony {
    began: Moment,
    answers: Vec<(Question, PathBuf, Answer)>,
}

/// Whether a testimony holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// All stamps are what they were.
    Plainly,
    /// Some stamps are not, or prove nothing; what they stand for is what it was.
    OnASecondLook,
    No,
}

impl Testimony {
    /// Asks the disk again, as far as stamps leave a doubt.
    #[must_use]
    pub fn holds(&self) -> Holds {
        let verdict = self.answers.par_iter().map(|(question, path, answer)| {
            if self.is_plain(path, answer) {
                Ok(Holds::Plainly)
            } else if Answer::now(*question, path).hash == answer.hash {
                // What has no stamp has to be looked at each time: that says nothing about the others.
                Ok(if answer.stamp.is_none() {
                    Holds::Plainly
                } else {
                    Holds::OnASecondLook
                })
            } else {
                Err(())
            }
        });
        let worse = |a, b| if a == Holds::Plainly { b } else { a };
        verdict
            .try_reduce(|| Holds::Plainly, |a, b| Ok(worse(a, b)))
            .unwrap_or(Holds::No)
    }

    fn is_plain(&self, path: &Path, answer: &Answer) -> bool {
        answer
            .stamp
            .is_some_and(|stamp| !stamp.is_younger_than(self.began) && Stamp::at(path) == Some(stamp))
    }

    /// The same with the stamps of today, for a run that began when `began` was written; `None` if it does not hold.
    #[must_use]
    pub fn renewed(&self, began: Stamp) -> Option<Self> {
        let renewed = self.answers.par_iter().map(|(question, path, answer)| {
            let now = match self.is_plain(path, answer) {
                true => *answer,
                false => Answer::now(*question, path),
            };
            (now.hash == answer.hash).then(|| (*question, path.clone(), now))
        });
        Some(Self {
            began: began.changed,
            answers: renewed.collect::<Option<_>>()?,
        })
    }
}
