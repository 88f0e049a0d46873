//! A file that does not parse, taken apart at its items, so that only what is odd is lost.
//!
//! Items are found by brackets alone. Where those do not match, an item ends at the next line that is indented like its first one and
//! begins like an item: in formatted code that is the next item.

mod split;

use std::{borrow::Cow, ops::Range};

use self::split::{Piece, split};
use super::{
    Problem,
    convert::{Context, Converter, Gathered, learn_names},
    hir::{Impl, Item, Trait},
    lexer::{Kind, Lexer},
    nesting::{self, Cause},
};
use crate::span::{Pos, Span};

/// The items of a file that could be read; a problem for each that could not.
pub(super) fn items(context: Context<'_>, gathered: &mut Gathered) -> Vec<Item> {
    let whole = 0..context.lines.text().len();
    let mut names = context.names.clone();
    let pieces = split(context.lines.text(), whole.clone());
    for piece in pieces.iter().filter(|piece| piece.keyword == "use") {
        if let Ok(item) = syn::parse_str::<syn::Item>(&context.lines.text()[piece.range.clone()]) {
            learn_names(&[item], &mut names);
        }
    }
    let context = Context {
        names: &names,
        ..context
    };
    let mut recovery = Recovery {
        context,
        gathered,
        after_odd: false,
        depth: 0,
    };
    let items = recovery.items(whole.clone());
    recovery.never_silent(whole);
    items
}

/// A parser's message that is longer is replaced.
const MAX_MESSAGE: usize = 80;

struct Recovery<'a, 'g> {
    context: Context<'a>,
    gathered: &'g mut Gathered,
    /// The piece before was reported: text without a keyword belongs to it.
    after_odd: bool,
    /// How many modules are around.
    depth: usize,
}

/// Modules that nest deeper are not taken apart: each level reads again what is in it.
const MAX_DEPTH: usize = 16;

/// Why a piece cannot be read, and where.
struct Reason {
    at: Pos,
    message: String,
}

impl Recovery<'_, '_> {
    fn text(&self, range: Range<usize>) -> &str {
        &self.context.lines.text()[range]
    }

    fn items(&mut self, range: Range<usize>) -> Vec<Item> {
        let mut items = Vec::new();
        for piece in split(self.context.lines.text(), range) {
            match self.parse::<syn::Item>(piece.range.clone()) {
                Ok(item) => {
                    items.extend(self.converter(&piece).item(&item));
                    self.after_odd = false;
                }
                Err(reason) => match self.inside(&piece) {
                    Some(item) => items.extend(item),
                    None => self.report(&piece, &reason),
                },
            }
        }
        items
    }

    fn converter(&mut self, piece: &Piece) -> Converter<'_> {
        Converter::new(self.context, self.context.lines.pos(piece.range.start), self.gathered)
    }

    fn parse<T: syn::parse::Parse>(&self, range: Range<usize>) -> Result<T, Reason> {
        let text = without_visibility(self.text(range.clone()));
        let text = &*text;
        if let Some(deep) = nesting::too_deep(text) {
            let message = match deep.cause {
                Cause::Brackets => format!("it nests deeper than {} brackets", nesting::MAX_BRACKETS),
                Cause::Chain => format!("it chains more than {} operators", nesting::MAX_CHAIN),
            };
            return Err(Reason {
                at: self.context.lines.pos(range.start + deep.at),
                message,
            });
        }
        syn::parse_str(text).map_err(|error| {
            let at = error.span().start();
            let mut origin = self.context.lines.pos(range.start);
            origin.column = if at.line > 1 { 1 } else { origin.column } + at.column as u32;
            origin.line += (at.line as u32).saturating_sub(1);
            Reason {
                at: origin,
                message: self.short(&error.to_string(), origin),
            }
        })
    }

    /// syn lists everything that it would have liked; what stands there instead says more.
    fn short(&self, message: &str, at: Pos) -> String {
        if message.len() <= MAX_MESSAGE {
            return message.to_owned();
        }
        let rest = &self.context.lines.line(at.line);
        let found: String = rest
            .chars()
            .skip(at.column as usize - 1)
            .take_while(|c| !c.is_whitespace())
            .take(20)
            .collect();
        format!("unexpected `{found}`")
    }

    /// What can be read inside a module, an impl or a trait that cannot be read whole.
    fn inside(&mut self, piece: &Piece) -> Option<Option<Item>> {
        let body = piece.body.clone()?;
        let head = format!("{}{{}}", self.text(piece.range.start..body.start - 1));
        let head = without_visibility(&head);
        match piece.keyword {
            "mod" if self.depth < MAX_DEPTH => {
                let head = syn::parse_str::<syn::ItemMod>(&head).ok()?;
                let mut item = self.converter(piece).item(&syn::Item::Mod(head)).pop();
                if let Some(Item::Mod { content, .. }) = &mut item {
                    self.depth += 1;
                    *content = Some(self.items(body));
                    self.depth -= 1;
                }
                Some(item)
            }
            "impl" => {
                let head = syn::parse_str::<syn::ItemImpl>(&head).ok()?;
                let leaves_out = self.converter(piece).leaves_out(&head.attrs);
                let mut block = self.converter(piece).impl_block(&head);
                (!leaves_out).then(|| self.impl_members(body, &mut block));
                Some((!leaves_out).then_some(Item::Impl(Box::new(block))))
            }
            "trait" => {
                let head = syn::parse_str::<syn::ItemTrait>(&head).ok()?;
                let mut item = self.converter(piece).trait_item(&head);
                self.trait_members(body, &mut item);
                Some(Some(Item::Trait(item)))
            }
            _ => None,
        }
    }

    fn impl_members(&mut self, range: Range<usize>, block: &mut Impl) {
        for piece in split(self.context.lines.text(), range) {
            match self.parse::<syn::ImplItem>(piece.range.clone()) {
                Ok(member) => {
                    self.converter(&piece).impl_member(&member, block);
                    self.after_odd = false;
                }
                Err(reason) => self.report(&piece, &reason),
            }
        }
    }

    fn trait_members(&mut self, range: Range<usize>, item: &mut Trait) {
        for piece in split(self.context.lines.text(), range) {
            match self.parse::<syn::TraitItem>(piece.range.clone()) {
                Ok(member) => {
                    self.converter(&piece).trait_member(&member, item);
                    self.after_odd = false;
                }
                Err(reason) => self.report(&piece, &reason),
            }
        }
    }

    /// What is odd may stand outside of all items: a comment that is not closed.
    fn never_silent(&mut self, whole: Range<usize>) {
        if !self.gathered.problems.is_empty() {
            return;
        }
        if let Err(Reason { at, message }) = self.parse::<syn::File>(whole) {
            let span = Span {
                file: self.context.file,
                start: at,
                end: at,
            };
            let message = format!("this file could not be read whole: {message}");
            self.gathered.problems.push(Problem::syntax(span, message));
        }
    }

    fn report(&mut self, piece: &Piece, reason: &Reason) {
        let text = self.text(piece.range.clone());
        let closes = text.chars().all(|c| ")]};".contains(c)) && !self.gathered.problems.is_empty();
        let belongs = piece.keyword.is_empty() && self.after_odd || closes;
        self.after_odd = true;
        if belongs {
            return;
        }
        let lines = self.context.lines;
        let text = self.text(piece.range.clone());
        let first_line = text.lines().next().unwrap_or("").trim_end().len();
        let start = lines.pos(piece.range.start);
        let span = Span {
            file: self.context.file,
            start,
            end: lines.pos(piece.range.start + first_line),
        };
        let Reason { at, message } = reason;
        let message = format!(
            "{} could not be read and is not checked: {message} (line {}, column {})",
            piece.describe(),
            at.line,
            at.column
        );
        self.gathered.problems.push(Problem::syntax(span, message));
    }
}

/// `pub impl …` is no Rust, but attributes such as `#[ext]` turn it into some: it is read without the `pub`.
fn without_visibility(text: &str) -> Cow<'_, str> {
    let mut tokens = Lexer::new(text).skip_while(|token| &text[token.start..token.end] != "pub");
    let (Some(public), Some(next)) = (tokens.next(), tokens.next()) else {
        return text.into();
    };
    let restricted = next.kind == Kind::Open(b'(');
    let after = if restricted {
        tokens
            .find(|token| token.kind == Kind::Close(b')'))
            .and_then(|_| tokens.next())
    } else {
        Some(next)
    };
    match after {
        Some(after) if &text[after.start..after.end] == "impl" => {
            let blank = " ".repeat(after.start - public.start);
            format!("{}{blank}{}", &text[..public.start], &text[after.start..]).into()
        }
        _ => text.into(),
    }
}
