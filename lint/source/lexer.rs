//! A small lexer of Rust: enough to tell code from strings and comments.
//!
//! It sees every file before syn does, so it accepts any text, never fails and never recurses. What it is asked: how deep the code
//! nests, where items end in a file that does not parse, and what the comments say.

/// A token and where it stands, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `(`, `[` or `{`.
    Open(u8),
    /// `)`, `]` or `}`.
    Close(u8),
    /// Identifiers and keywords.
    Word,
    /// Strings, characters, numbers.
    Literal,
    Lifetime,
    /// One operator, such as `=>`, `..=` or `.`.
    Punct,
    /// `// …`, doc comments included.
    LineComment,
    /// `/* … */`.
    BlockComment,
}

/// The tokens of a text, comments included, white space not.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
        }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn kind(&mut self) -> Kind {
        match self.byte(0) {
            open @ (b'(' | b'[' | b'{') => self.single(Kind::Open(open)),
            close @ (b')' | b']' | b'}') => self.single(Kind::Close(close)),
            b'/' if self.byte(1) == b'/' => self.line_comment(),
            b'/' if self.byte(1) == b'*' => self.block_comment(),
            b'"' => self.string(),
            b'\'' => self.quote(),
            b'0'..=b'9' => self.number(),
            b'b' | b'c' | b'r' if self.literal_prefix() => Kind::Literal,
            byte if is_word(byte) => self.word(),
            _ => self.punct(),
        }
    }

    fn single(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    fn line_comment(&mut self) -> Kind {
        self.at = find(self.text, self.at, b'\n').unwrap_or(self.text.len());
        Kind::LineComment
    }

    fn block_comment(&mut self) -> Kind {
        let mut depth = 0usize;
        while self.at < self.text.len() {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') => (depth, self.at) = (depth + 1, self.at + 2),
                (b'*', b'/') => (depth, self.at) = (depth - 1, self.at + 2),
                _ => self.at += 1,
            }
            if depth == 0 {
                break;
            }
        }
        self.at = self.at.min(self.text.len());
        Kind::BlockComment
    }

    fn string(&mut self) -> Kind {
        self.at += 1;
        while self.at < self.text.len() {
            match self.byte(0) {
                b'\\' => self.at += 2,
                b'"' => return self.single(Kind::Literal),
                _ => self.at += 1,
            }
        }
        self.at = self.text.len();
        Kind::Literal
    }

    /// A character or a lifetime.
    fn quote(&mut self) -> Kind {
        if self.byte(1) == b'\\' {
            self.at += 3;
            let end = find(self.text, self.at, b'\'').unwrap_or(self.text.len());
            self.at = (end + 1).min(self.text.len());
            return Kind::Literal;
        }
        let width = char_width(self.byte(1));
        if self.byte(1 + width) == b'\'' && self.byte(1) != b'\'' {
            self.at += 2 + width;
            return Kind::Literal;
        }
        self.at += 1;
        self.skip_word();
        Kind::Lifetime
    }

    fn number(&mut self) -> Kind {
        self.skip_word();
        if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
            self.at += 1;
            self.skip_word();
        }
        Kind::Literal
    }

    /// `b"…"`, `c"…"`, `r#"…"#`, `br"…"`, `b'…'`; consumes it if it is one.
    fn literal_prefix(&mut self) -> bool {
        let letters = match (self.byte(0), self.byte(1)) {
            (b'b' | b'c', b'r') => 2,
            _ => 1,
        };
        let raw = self.byte(letters - 1) == b'r';
        let hashes = (letters..).take_while(|&n| raw && self.byte(n) == b'#').count();
        match self.byte(letters + hashes) {
            b'"' if raw => self.raw_string(letters + hashes + 1, hashes),
            b'"' => {
                self.at += letters;
                self.string();
            }
            b'\'' if letters == 1 && self.byte(0) == b'b' => {
                self.at += 1;
                self.quote();
            }
            _ => return false,
        }
        true
    }

    fn raw_string(&mut self, opening: usize, hashes: usize) {
        self.at += opening;
        while let Some(quote) = find(self.text, self.at, b'"') {
            self.at = quote + 1;
            if (0..hashes).all(|n| self.byte(n) == b'#') {
                self.at += hashes;
                return;
            }
        }
        self.at = self.text.len();
    }

    fn word(&mut self) -> Kind {
        if self.byte(0) == b'r' && self.byte(1) == b'#' && is_word(self.byte(2)) {
            self.at += 2;
        }
        self.skip_word();
        Kind::Word
    }

    fn skip_word(&mut self) {
        while is_word(self.byte(0)) && self.at < self.text.len() {
            self.at += 1;
        }
    }

    fn punct(&mut self) -> Kind {
        self.at += match (self.byte(0), self.byte(1), self.byte(2)) {
            (b'.', b'.', b'=' | b'.') | (b'<', b'<', b'=') | (b'>', b'>', b'=') => 3,
            (b'.', b'.', _) | (b':', b':', _) | (b'&', b'&', _) | (b'|', b'|', _) => 2,
            (b'<', b'<', _) | (b'>', b'>', _) | (b'=' | b'-', b'>', _) => 2,
            (b'=' | b'!' | b'<' | b'>' | b'+' | b'-' | b'*' | b'/' | b'%' | b'^' | b'&' | b'|', b'=', _) => 2,
            _ => 1,
        };
        Kind::Punct
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_space();
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        let kind = self.kind();
        Some(Token {
            kind,
            start,
            end: self.at.min(self.text.len()),
        })
    }
}

fn find(text: &[u8], from: usize, wanted: u8) -> Option<usize> {
    text.get(from..)?
        .iter()
        .position(|&byte| byte == wanted)
        .map(|found| from + found)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn char_width(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lex(text: &str) -> Vec<&str> {
        Lexer::new(text).map(|token| &text[token.start..token.end]).collect()
    }

    #[test]
    fn strings_comments_and_characters_are_single_tokens() {
        let text = r####"f("a\"b", 'x', '\'', '"', b'{', r#"}"{"#, br##"#"## , "é", 'é') // } {"####;
        let tokens = lex(text);
        assert_eq!(
            tokens,
            [
                "f",
                "(",
                r#""a\"b""#,
                ",",
                "'x'",
                ",",
                r"'\''",
                ",",
                "'\"'",
                ",",
                "b'{'",
                ",",
                r###"r#"}"{"#"###,
                ",",
                r###"br##"#"##"###,
                ",",
                "\"é\"",
                ",",
                "'é'",
                ")",
                "// } {",
            ]
        );
    }

    #[test]
    fn lifetimes_raw_identifiers_and_ranges() {
        assert_eq!(
            lex("&'a r#type 0..=9 1.5 x.0 'outer: loop"),
            [
                "&", "'a", "r#type", "0", "..=", "9", "1.5", "x", ".", "0", "'outer", ":", "loop"
            ]
        );
        assert_eq!(lex("/* a /* b */ c */ d"), ["/* a /* b */ c */", "d"]);
    }

    #[test]
    fn unterminated_texts_end_with_the_file() {
        for text in ["\"abc", "r#\"abc\"", "/* /* */", "'\\", "b'\\", "'"] {
            assert!(Lexer::new(text).count() >= 1, "{text}");
            assert!(Lexer::new(text).all(|token| token.end <= text.len()), "{text}");
        }
    }
}
