//! What stands around a place in a file: its tokens, the statement that it belongs to, the arguments of a call.

use std::ops::Range;

use crate::source::SourceFile;
use crate::source::lexer::{Kind, Lexer, Token};
use crate::span::Span;

/// A file as tokens, without its comments.
pub(super) struct Code<'a> {
    file: &'a SourceFile,
    tokens: Vec<Token>,
}

impl<'a> Code<'a> {
    pub(super) fn new(file: &'a SourceFile) -> Self {
        let is_code = |token: &Token| !matches!(token.kind, Kind::LineComment | Kind::BlockComment);
        Self {
            file,
            tokens: Lexer::new(file.lines.text()).filter(is_code).collect(),
        }
    }

    /// All of the text.
    pub(super) fn whole(&self) -> &'a str {
        self.file.lines.text()
    }

    pub(super) fn text(&self, token: &Token) -> &'a str {
        &self.file.lines.text()[token.start..token.end]
    }

    /// The bytes of a span.
    pub(super) fn bytes(&self, span: Span) -> Range<usize> {
        self.file.lines.offset(span.start)..self.file.lines.offset(span.end)
    }

    pub(super) fn span(&self, bytes: Range<usize>) -> Span {
        Span {
            file: self.file.id,
            start: self.file.lines.pos(bytes.start),
            end: self.file.lines.pos(bytes.end),
        }
    }

    /// The tokens that begin in a span, by index.
    pub(super) fn within(&self, span: Span) -> Range<usize> {
        let bytes = self.bytes(span);
        let index = |byte: usize| self.tokens.partition_point(|token| token.start < byte);
        index(bytes.start)..index(bytes.end)
    }

    pub(super) fn tokens(&self, range: Range<usize>) -> &[Token] {
        self.tokens.get(range).unwrap_or_default()
    }

    /// The texts of some tokens.
    pub(super) fn words(&self, range: Range<usize>) -> Vec<&'a str> {
        self.tokens(range).iter().map(|token| self.text(token)).collect()
    }

    /// The bytes from the first of some tokens to the end of the last.
    pub(super) fn covered(&self, range: Range<usize>) -> Option<Range<usize>> {
        let tokens = self.tokens(range);
        Some(tokens.first()?.start..tokens.last()?.end)
    }

    /// The statement of a block that a span belongs to, with its semicolon if it has one; `None` for what stands in the arguments of
    /// a call, in an arm without braces, or at the end of a block as its value.
    pub(super) fn statement(&self, span: Span) -> Option<Range<usize>> {
        let within = self.within(span);
        let start = self.begin(within.start)?;
        let end = self.end(start)?;
        (start <= within.start && within.end <= end).then_some(start..end)
    }

    /// Where the statement begins that the token belongs to.
    fn begin(&self, token: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for index in (0..token).rev() {
            match self.tokens[index].kind {
                Kind::Close(b'}') if depth == 0 && !self.goes_on(index + 1) => return Some(index + 1),
                Kind::Close(_) => depth += 1,
                Kind::Open(b'{') if depth == 0 => return Some(index + 1),
                Kind::Open(_) if depth == 0 => {
                    // In the arguments of a call: its statement is that of the call.
                }
                Kind::Open(_) => depth -= 1,
                Kind::Punct if depth == 0 => match self.text(&self.tokens[index]) {
                    ";" => return Some(index + 1),
                    "=>" => return None,
                    _ => {}
                },
                _ => {}
            }
        }
        None
    }

    /// Behind the statement that begins at a token.
    fn end(&self, start: usize) -> Option<usize> {
        let first = self.text(self.tokens.get(start)?);
        let ends_with_block = matches!(first, "if" | "match" | "for" | "while" | "loop" | "unsafe" | "{");
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(start) {
            match token.kind {
                Kind::Open(_) => depth += 1,
                Kind::Close(brace) => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 && brace == b'}' && ends_with_block && !self.goes_on(index + 1) {
                        return Some(index + 1);
                    }
                }
                Kind::Punct if depth == 0 && self.text(token) == ";" => return Some(index + 1),
                _ => {}
            }
        }
        None
    }

    /// Whether a token behind a closing brace belongs to what was closed.
    fn goes_on(&self, token: usize) -> bool {
        self.tokens.get(token).is_some_and(|token| match token.kind {
            Kind::Punct => !matches!(self.text(token), "&" | "*" | "!" | "#"),
            Kind::Close(bracket) => bracket != b'}',
            _ => matches!(self.text(token), "else" | "as"),
        })
    }

    /// The last method call of an expression: receiver, name, arguments.
    pub(super) fn call(&self, span: Span) -> Option<Call<'a>> {
        let range = self.within(span);
        let open = (range.start..range.end).find(|&index| {
            let is_open = self.tokens[index].kind == Kind::Open(b'(');
            is_open && self.closing(index).is_some_and(|close| close + 1 >= range.end)
        })?;
        let close = self.closing(open)?;
        let name = open
            .checked_sub(1)
            .filter(|&name| self.tokens[name].kind == Kind::Word)?;
        let dot = name.checked_sub(1).filter(|&dot| self.text(&self.tokens[dot]) == ".")?;
        Some(Call {
            receiver: &self.whole()[self.covered(range.start..dot)?],
            name: self.text(&self.tokens[name]),
            args: self.arguments(open + 1, close),
            tokens: range.start..close + 1,
        })
    }

    /// The bracket that closes the one at a token.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(open) {
            match token.kind {
                Kind::Open(_) => depth += 1,
                Kind::Close(_) => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(index);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn arguments(&self, from: usize, to: usize) -> Vec<&'a str> {
        let (mut depth, mut start, mut args) = (0_usize, from, Vec::new());
        for index in from..=to {
            let token = self.tokens[index];
            let ends = index == to || depth == 0 && token.kind == Kind::Punct && self.text(&token) == ",";
            if ends {
                args.extend(self.covered(start..index).map(|bytes| &self.whole()[bytes]));
                start = index + 1;
            }
            match token.kind {
                Kind::Open(_) => depth += 1,
                Kind::Close(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        args
    }
}

/// A method call as it is written.
pub(super) struct Call<'a> {
    pub(super) receiver: &'a str,
    pub(super) name: &'a str,
    pub(super) args: Vec<&'a str>,
    /// From the receiver to the closing parenthesis.
    pub(super) tokens: Range<usize>,
}
