//! Where the items of a text begin and end.

use std::ops::Range;

use crate::source::lexer::{Kind, Lexer, Token};

/// What is taken for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// From the first token, attributes included.
    pub range: Range<usize>,
    /// `fn`, `impl`, …; empty for a macro call or something odd.
    pub keyword: &'static str,
    name: String,
    /// Between the braces of a body.
    pub body: Option<Range<usize>>,
}

impl Piece {
    /// In words, for a message.
    pub(super) fn describe(&self) -> String {
        let kind = match self.keyword {
            "fn" => "function",
            "impl" => "impl of",
            "mod" => "module",
            "const" => "constant",
            "type" => "type alias",
            "use" => "import of",
            "" => return "this text".into(),
            other => other,
        };
        if self.name.is_empty() {
            format!("this {kind}")
        } else {
            format!("{kind} `{}`", self.name)
        }
    }
}

const KEYWORDS: [&str; 13] = [
    "fn",
    "impl",
    "mod",
    "trait",
    "enum",
    "struct",
    "union",
    "use",
    "const",
    "static",
    "type",
    "extern",
    "macro_rules",
];

/// What a line may begin with if it is the first of an item.
const STARTERS: [&str; 17] = [
    "pub",
    "fn",
    "async",
    "unsafe",
    "impl",
    "struct",
    "enum",
    "trait",
    "mod",
    "use",
    "const",
    "static",
    "type",
    "extern",
    "macro_rules",
    "#[",
    "default",
];

/// The items in a part of a text; inner attributes are left out.
pub(super) fn split(text: &str, range: Range<usize>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = range.start;
    while let Some((piece, inner)) = next(text, from..range.end) {
        from = piece.range.end.max(from + 1);
        if !inner {
            pieces.push(piece);
        }
        if !text.is_char_boundary(from) || from >= range.end {
            break;
        }
    }
    pieces
}

#[derive(Default)]
struct Scan {
    start: Option<usize>,
    open: Vec<u8>,
    keyword: &'static str,
    name: String,
    body: Option<usize>,
    tokens: usize,
    /// `#` came first.
    hash: bool,
    /// `#![…]`.
    inner: bool,
}

enum Step {
    On,
    /// The item ends with this token.
    End,
    /// The brackets do not match.
    Odd,
}

fn next(text: &str, range: Range<usize>) -> Option<(Piece, bool)> {
    let mut scan = Scan::default();
    for token in Lexer::new(&text[range.clone()]) {
        let token = Token {
            start: token.start + range.start,
            end: token.end + range.start,
            ..token
        };
        if matches!(token.kind, Kind::LineComment | Kind::BlockComment) {
            continue;
        }
        scan.start.get_or_insert(token.start);
        match scan.see(token, &text[token.start..token.end]) {
            Step::On => {}
            Step::End => return scan.piece(token.end, true),
            Step::Odd => break,
        }
    }
    let start = scan.start?;
    let end = next_item_line(text, start, range.end);
    scan.piece(end, false)
}

impl Scan {
    fn see(&mut self, token: Token, text: &str) -> Step {
        self.tokens += 1;
        match token.kind {
            Kind::Open(open) => {
                if self.open.is_empty() && open == b'{' {
                    self.body.get_or_insert(token.end);
                }
                self.open.push(open);
                Step::On
            }
            Kind::Close(close) => self.close(close),
            Kind::Word if self.open.is_empty() => {
                self.word(text);
                Step::On
            }
            Kind::Punct if self.open.is_empty() => self.punct(text),
            _ => Step::On,
        }
    }

    fn close(&mut self, close: u8) -> Step {
        match self.open.pop() {
            None => Step::End,
            Some(open) if closing(open) != close => Step::Odd,
            Some(_) if !self.open.is_empty() => Step::On,
            Some(_) if self.inner && close == b']' => Step::End,
            Some(_) if close == b'}' && !matches!(self.keyword, "use" | "const" | "static" | "type") => Step::End,
            Some(_) => Step::On,
        }
    }

    fn punct(&mut self, punct: &str) -> Step {
        match (self.tokens, punct) {
            (1, "#") => self.hash = true,
            (2, "!") => self.inner = self.hash,
            _ => {}
        }
        if punct == ";" { Step::End } else { Step::On }
    }

    fn word(&mut self, word: &str) {
        let may_change = match self.keyword {
            "" => true,
            "const" | "extern" => matches!(self.name.as_str(), "" | "unsafe" | "async" | "extern"),
            _ => false,
        };
        match KEYWORDS.iter().find(|keyword| **keyword == word) {
            Some(keyword) if may_change => (self.keyword, self.name) = (keyword, String::new()),
            _ if self.keyword.is_empty() || (!self.name.is_empty() && self.keyword != "impl") => {}
            _ => {
                if !self.name.is_empty() {
                    self.name.push(' ');
                }
                self.name.push_str(word);
            }
        }
    }

    /// The part from the first token to `end`; a body that was not closed goes on to the end.
    fn piece(self, end: usize, closed: bool) -> Option<(Piece, bool)> {
        let start = self.start?;
        let last = if closed { end.saturating_sub(1) } else { end };
        let body = self.body.filter(|&open| open <= last).map(|open| open..last);
        Some((
            Piece {
                range: start..end,
                keyword: self.keyword,
                name: self.name,
                body,
            },
            self.inner,
        ))
    }
}

fn closing(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

/// Where the next line begins that is indented like the one at `start` and begins like an item; else `end`.
fn next_item_line(text: &str, start: usize, end: usize) -> usize {
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line_start..start];
    let mut at = start;
    while let Some(found) = text[at..end].find('\n') {
        at += found + 1;
        let line = &text[at..end];
        if let Some(code) = line.strip_prefix(indent)
            && STARTERS.iter().any(|starter| begins_with(code, starter))
        {
            return at;
        }
    }
    end
}

fn begins_with(code: &str, starter: &str) -> bool {
    code.strip_prefix(starter)
        .is_some_and(|rest| starter == "#[" || !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(&str, String)> {
        let pieces = split(text, 0..text.len());
        pieces
            .into_iter()
            .map(|piece| (&text[piece.range.clone()], piece.describe()))
            .collect()
    }

    #[test]
    fn items_end_with_their_bracket_or_semicolon() {
        let text = "#![allow(x)]\nuse a::{b, c};\n#[x({})]\npub const fn f() { \"}\" }\nm!{}\nconst A: B = B { c };\nimpl<T> A for B<T> {}";
        let ends: Vec<String> = pieces(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(
            ends,
            [
                "import of `a`",
                "function `f`",
                "this text",
                "constant `A`",
                "impl of `T A for B T`"
            ]
        );
    }

    #[test]
    fn brackets_that_do_not_match_cost_one_item() {
        let text = "fn a() {}\nfn b() { if x { }\nfn c() {}\nfn d() { ) }\npub(crate) fn e() {}\n";
        let names: Vec<String> = pieces(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(
            names,
            [
                "function `a`",
                "function `b`",
                "function `c`",
                "function `d`",
                "function `e`"
            ]
        );
    }

    #[test]
    fn an_open_string_costs_one_item() {
        let text = "fn a() { \"abc }\n\nfn b() {}\n";
        let names: Vec<String> = pieces(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["function `a`", "function `b`"]);
    }
}
