//! A function's body, which is parsed when it is first looked at.
//!
//! Most bodies of a workspace are never entered: of a file that need not be read whole only the outline is parsed at first (see
//! `outline`), and each body keeps what it takes to parse it. Whoever looks into one sees no difference.

use std::{
    fmt,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    Lines,
    attributes::DeliveryNames,
    convert::{Context, Converter, Gathered},
    hir::Block,
    nesting,
    words::{Words, contains_word},
};
use crate::{
    span::{FileId, Pos},
    workspace::{Reader, join},
};

/// `include_str!` of more than this is not read.
const MAX_INCLUDED_BYTES: usize = 256 << 10;

/// What all bodies of a file share: how to parse them, and what became of it.
#[derive(Debug)]
pub(super) struct Origin {
    pub file: FileId,
    /// Relative to the root.
    pub path: String,
    pub lines: Lines,
    pub names: DeliveryNames,
    pub all_targets: bool,
    pub reader: Reader,
    /// The words of the bodies that were not read.
    pub words: Words,
    /// A body was looked at.
    pub reached: AtomicBool,
    /// A body that was looked at is no Rust.
    pub odd: AtomicBool,
}

impl Origin {
    /// What a converter needs to know of this file.
    pub(super) fn context<'a>(self: &'a Arc<Self>, names: &'a DeliveryNames, lazy: bool) -> Context<'a> {
        Context {
            file: self.file,
            lines: &self.lines,
            names,
            all_targets: self.all_targets,
            lazy,
            origin: self,
        }
    }

    /// A text file by its path relative to this one.
    pub(super) fn included(&self, relative: &str) -> Option<String> {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let text = self.reader.read(&join(folder, relative)).ok()?;
        (text.len() <= MAX_INCLUDED_BYTES).then_some(text)
    }

    fn block(self: &Arc<Self>, start: Pos, end: Pos) -> Option<Block> {
        let text = self.lines.slice(start, end);
        if nesting::too_deep(text).is_some() {
            return None;
        }
        let mut gathered = Gathered::default();
        let parsed = catch_unwind(AssertUnwindSafe(|| {
            let tree = syn::parse_str::<syn::Block>(text).ok()?;
            let context = self.context(&self.names, false);
            Some(Converter::new(context, start, &mut gathered).block(&tree))
        }));
        proc_macro2::extra::invalidate_current_thread_spans();
        parsed.ok().flatten().filter(|_| gathered.problems.is_empty())
    }
}

/// A function's body, from brace to brace. It dereferences to its [`Block`]; whoever does that is led into its file.
#[derive(Clone)]
pub struct Body {
    pub start: Pos,
    pub end: Pos,
    block: OnceLock<Box<Block>>,
    origin: Option<Arc<Origin>>,
}

impl Body {
    /// One that was parsed with its file.
    pub(super) fn read(block: Block, origin: &Arc<Origin>) -> Self {
        Self {
            origin: Some(Arc::clone(origin)),
            ..Self::from(block)
        }
    }

    /// One that is parsed when it is asked for.
    pub(super) fn unread(start: Pos, end: Pos, origin: &Arc<Origin>) -> Self {
        Self {
            start,
            end,
            block: OnceLock::new(),
            origin: Some(Arc::clone(origin)),
        }
    }

    /// The block if it has been parsed: there are items in it only then.
    #[must_use]
    pub fn if_read(&self) -> Option<&Block> {
        self.block.get().map(Box::as_ref)
    }

    /// Whether a word may be in one of the bodies of this one's file that were not read.
    #[must_use]
    pub fn file_may_say(&self, word: &str) -> bool {
        self.origin
            .as_ref()
            .is_some_and(|origin| origin.words.may_contain(word))
    }

    /// Whether a word is in its text.
    #[must_use]
    pub fn says(&self, word: &str) -> bool {
        let text = |origin: &Arc<Origin>| contains_word(origin.lines.slice(self.start, self.end), word);
        self.origin.as_ref().is_some_and(text)
    }

    /// The block, read now if it was not before: to look for something in it, which makes its file matter no more than before.
    #[must_use]
    pub fn peek(&self) -> &Block {
        self.block.get_or_init(|| Box::new(self.parse()))
    }

    fn parse(&self) -> Block {
        let parsed = self.origin.as_ref().and_then(|origin| {
            let block = origin.block(self.start, self.end);
            origin.odd.fetch_or(block.is_none(), Ordering::Relaxed);
            block
        });
        parsed.unwrap_or_else(|| Block {
            statements: Vec::new(),
            start: self.start,
            end: self.end,
        })
    }
}

impl Deref for Body {
    type Target = Block;

    fn deref(&self) -> &Block {
        if let Some(origin) = &self.origin {
            origin.reached.store(true, Ordering::Relaxed);
        }
        self.peek()
    }
}

impl From<Block> for Body {
    fn from(block: Block) -> Self {
        Self {
            start: block.start,
            end: block.end,
            block: OnceLock::from(Box::new(block)),
            origin: None,
        }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.peek() == other.peek()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.if_read() {
            Some(block) => block.fmt(f),
            None => write!(f, "unread from {:?} to {:?}", self.start, self.end),
        }
    }
}
