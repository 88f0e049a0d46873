//! The outline of a file: its text without comments and without the bodies of functions, line for line.
//!
//! Every token that is left stands where it stood, so that positions are those of the file. A body stays if there may be an item in
//! it, since items have a meaning beyond their block. Found by brackets alone; where anything is unusual there is no outline, and the
//! file is read whole.

use super::{
    lexer::{Kind, Lexer, Token},
    words::Words,
};

/// What is left of a text, and the words of what is not.
#[derive(Debug)]
pub(super) struct Outline {
    pub text: String,
    pub words: Words,
}

/// Words that an item may begin with.
const ITEMS: [&str; 13] = [
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

/// The outline of a text; `None` where its brackets do not match.
pub(super) fn outline(text: &str) -> Option<Outline> {
    let mut outlining = Outlining {
        text,
        copied: 0,
        out: String::with_capacity(text.len() / 3),
        words: Words::default(),
        open: Vec::new(),
        head: Head::None,
        last: None,
    };
    let mut tokens = Lexer::new(text);
    while let Some(token) = tokens.next() {
        outlining.see(token, &mut tokens)?;
    }
    if !outlining.open.is_empty() {
        return None;
    }
    outlining.out.push_str(&text[outlining.copied..]);
    Some(Outline {
        text: outlining.out,
        words: outlining.words,
    })
}

/// What is being read that has a body.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Head {
    None,
    /// `fn`, and whether its name came; and how many brackets were open there.
    Function {
        named: bool,
        depth: usize,
    },
    /// `macro_rules! name`.
    Macro,
}

struct Outlining<'a> {
    text: &'a str,
    /// What comes before has been dealt with.
    copied: usize,
    out: String,
    words: Words,
    open: Vec<u8>,
    head: Head,
    /// The token before, comments aside.
    last: Option<Token>,
}

impl<'a> Outlining<'a> {
    fn see(&mut self, token: Token, tokens: &mut Lexer<'a>) -> Option<()> {
        match token.kind {
            Kind::LineComment | Kind::BlockComment => {
                self.leave_out(token.start, token.end);
                return Some(());
            }
            Kind::Open(b'{') if self.is_body()? => {
                let close = self.body(token, tokens)?;
                self.head = Head::None;
                self.last = Some(close);
                return Some(());
            }
            Kind::Open(open) => self.open.push(open),
            Kind::Close(close) => self.close(close)?,
            Kind::Word => self.word(self.text_of(token)),
            Kind::Punct if self.text_of(token) == ";" => self.end_of_item(),
            _ => self.unnamed(),
        }
        self.last = Some(token);
        Some(())
    }

    fn text_of(&self, token: Token) -> &'a str {
        &self.text[token.start..token.end]
    }

    fn close(&mut self, close: u8) -> Option<()> {
        (closing(self.open.pop()?) == close).then_some(())
    }

    fn word(&mut self, word: &str) {
        self.head = match (self.head, word) {
            (Head::Function { named: false, depth }, _) => Head::Function { named: true, depth },
            (Head::None, "fn") => Head::Function {
                named: false,
                depth: self.open.len(),
            },
            (Head::None, "macro_rules") => Head::Macro,
            (head, _) => head,
        };
    }

    /// `fn(u8) -> u8` is a type.
    fn unnamed(&mut self) {
        if matches!(self.head, Head::Function { named: false, .. }) {
            self.head = Head::None;
        }
    }

    /// A function without a body, or a macro between other brackets.
    fn end_of_item(&mut self) {
        match self.head {
            Head::Function { depth, .. } if depth != self.open.len() => {}
            _ => self.head = Head::None,
        }
    }

    /// Whether a brace opens a body here; `None` where it may be a type's constant argument.
    fn is_body(&mut self) -> Option<bool> {
        match self.head {
            Head::None => Some(false),
            Head::Macro => Some(true),
            Head::Function { named, depth } => {
                let in_type = self
                    .last
                    .is_some_and(|last| matches!(self.text_of(last), "<" | "," | "=" | "<<"));
                if named && depth == self.open.len() && in_type {
                    return None;
                }
                Some(named && depth == self.open.len())
            }
        }
    }

    /// Leaves a body out, or keeps it for the items in it. Gives its last token.
    fn body(&mut self, brace: Token, tokens: &mut Lexer<'a>) -> Option<Token> {
        let mut open = vec![b'{'];
        let (mut words, mut keeps) = (Vec::new(), false);
        for token in tokens.by_ref() {
            match token.kind {
                Kind::Open(bracket) => open.push(bracket),
                Kind::Close(close) if closing(open.pop()?) != close => return None,
                Kind::Close(_) if open.is_empty() => {
                    if self.head == Head::Macro || !keeps {
                        self.leave_out(brace.end, token.start);
                    }
                    if self.head != Head::Macro && !keeps {
                        self.words.extend(&words);
                    }
                    return Some(token);
                }
                Kind::Word => {
                    let word = self.text_of(token);
                    keeps |= word.len() <= 11 && ITEMS.contains(&word);
                    words.push(word);
                }
                _ => {}
            }
        }
        None
    }

    /// Copies what comes before, and of this only the line breaks and the room on the last line.
    fn leave_out(&mut self, from: usize, to: usize) {
        self.out.push_str(&self.text[self.copied..from]);
        self.copied = to;
        let left_out = &self.text[from..to];
        let breaks = memchr::memchr_iter(b'\n', left_out.as_bytes()).count();
        self.out.extend(std::iter::repeat_n('\n', breaks));
        if !self.text[to..].starts_with(['\n', '\r']) {
            let last_line = left_out.rsplit('\n').next().unwrap_or("");
            self.out.extend(std::iter::repeat_n(' ', last_line.chars().count()));
        }
    }
}

fn closing(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        outline(text).map(|outline| outline.text).unwrap_or("none".into())
    }

    #[test]
    fn bodies_go_and_everything_else_stays_in_its_place() {
        assert_eq!(
            text("/// Doc.\nfn a(x: fn(u8)) -> u8 {\n  x(1) // é\n}\nconst A: u8 = { 1 };\n"),
            "\nfn a(x: fn(u8)) -> u8 {\n\n}\nconst A: u8 = { 1 };\n"
        );
        assert_eq!(
            text("impl A { fn b(&self) { é } fn c(); }"),
            "impl A { fn b(&self) {   } fn c(); }"
        );
        assert_eq!(
            text("macro_rules! m { ($a:expr) => { fn } }\nstruct S { a: u8 }"),
            "macro_rules! m {                     }\nstruct S { a: u8 }"
        );
    }

    #[test]
    fn a_body_with_an_item_in_it_stays() {
        let kept = "fn a() { use b::c; c() }";
        assert_eq!(text(kept), kept);
    }

    #[test]
    fn what_is_odd_has_no_outline() {
        for odd in ["fn a() { ( }", "fn a() {", "}", "fn a() -> B<{ 1 }> {}"] {
            assert_eq!(text(odd), "none", "{odd}");
        }
    }

    #[test]
    fn the_words_of_bodies_are_known() {
        let outline = outline("fn a() { b.recv(r#type) } fn c() { use d; kept() }").unwrap();
        assert!(["b", "recv", "type"].iter().all(|word| outline.words.may_contain(word)));
        assert!(!outline.words.may_contain("kept"));
    }
}
