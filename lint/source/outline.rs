//! The outline of a file: its text without comments and without the bodies of functions, line for line.
//!
//! Every token that is left stands where it stood, so that positions are those of the file. A body stays if there may be an item in
//! it, since items have a meaning beyond their block. Of modules of tests, which are half of much code, only the names of the tests are
//! kept. Found by brackets alone; where anything is unusual there is no outline, and the file is read whole.

use smol_str::SmolStr;

use super::{
    lexer::{Kind, Lexer, Token},
    words::Words,
};

/// What is left of a text, and the words of what is not.
#[derive(Debug)]
pub(super) struct Outline {
    pub text: String,
    pub words: Words,
    /// Functions of modules under `#[cfg(test)]` that were left out, by path inside the file.
    pub tests: Vec<SmolStr>,
}

/// What becomes of modules under `#[cfg(test)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tests {
    Kept,
    LeftOut,
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
pub(super) fn outline(text: &str, tests: Tests) -> Option<Outline> {
    let mut outlining = Outlining {
        text,
        tests,
        names: Vec::new(),
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
        tests: outlining.names,
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
    tests: Tests,
    /// Of tests that were left out.
    names: Vec<SmolStr>,
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
            Kind::Open(b'{')
                if self.tests == Tests::LeftOut && self.begins_tests(token) && self.test_module(token, tokens) =>
            {
                self.last = None;
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

    /// Whether this brace is that of `#[cfg(test)] mod name {`, outside of everything.
    fn begins_tests(&self, brace: Token) -> bool {
        let name = self.last.filter(|last| self.open.is_empty() && last.kind == Kind::Word);
        let before = name.map_or("", |name| &self.text[..name.start]).trim_end();
        let before = before.strip_suffix("mod").map_or("", str::trim_end);
        brace.kind == Kind::Open(b'{') && before.ends_with("#[cfg(test)]")
    }

    /// Leaves a module of tests out but for its braces; not if there is more in it than can be left out.
    fn test_module(&mut self, brace: Token, tokens: &mut Lexer<'a>) -> bool {
        let name = self.last.map_or("", |last| self.text_of(last));
        let mut ahead = tokens.clone();
        let Some((names, close)) = test_names(self.text, name, &mut ahead) else {
            return false;
        };
        self.names.extend(names);
        self.leave_out(brace.end, close.start);
        *tokens = ahead;
        true
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

/// The functions of a module and of those inside it, by path, and the brace that ends it; `None` if a module in it is in another file,
/// or its brackets do not match.
fn test_names(text: &str, name: &str, tokens: &mut Lexer<'_>) -> Option<(Vec<SmolStr>, Token)> {
    let mut code = tokens.filter(|token| !matches!(token.kind, Kind::LineComment | Kind::BlockComment));
    let (mut path, mut open, mut names) = (vec![name], Vec::new(), Vec::new());
    while let Some(token) = code.next() {
        match (token.kind, &text[token.start..token.end]) {
            (Kind::Open(bracket), _) => open.push(bracket),
            (Kind::Close(b'}'), _) if open.is_empty() => {
                path.pop();
                if path.is_empty() {
                    return Some((names, token));
                }
            }
            (Kind::Close(close), _) if closing(open.pop()?) != close => return None,
            (Kind::Word, "macro_rules") => return None,
            (Kind::Word, word @ ("fn" | "mod")) if open.is_empty() => {
                let name = code.next().filter(|name| name.kind == Kind::Word)?;
                let name = &text[name.start..name.end];
                if word == "fn" {
                    names.push(SmolStr::from([path.join("::").as_str(), name].join("::")));
                } else if code.next()?.kind == Kind::Open(b'{') {
                    path.push(name);
                } else {
                    return None;
                }
            }
            _ => {}
        }
    }
    None
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
        outline(text, Tests::LeftOut)
            .map(|outline| outline.text)
            .unwrap_or("none".into())
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
    fn of_tests_only_the_names_stay() {
        let code = "#[cfg(test)]\nmod tests {\n  use super::*;\n  #[test] fn a() { fn c() {} }\n  impl A { fn d() {} }\n  mod b { async fn e() {} }\n}\nfn f() {}";
        let outlined = outline(code, Tests::LeftOut).unwrap();
        assert_eq!(outlined.text, "#[cfg(test)]\nmod tests {\n\n\n\n\n}\nfn f() {}");
        assert_eq!(outlined.tests, ["tests::a", "tests::b::e"]);
        assert!(outline(code, Tests::Kept).unwrap().text.contains("impl A"));
    }

    #[test]
    fn a_module_that_holds_more_than_tests_stays() {
        for kept in [
            "#[cfg(test)]\nmod tests { mod elsewhere; }",
            "#[cfg(not(test))]\nmod tests { use a; }",
            "mod tests { use a; }",
        ] {
            assert_eq!(text(kept), kept);
        }
    }

    #[test]
    fn what_is_odd_has_no_outline() {
        for odd in ["fn a() { ( }", "fn a() {", "}", "fn a() -> B<{ 1 }> {}"] {
            assert_eq!(text(odd), "none", "{odd}");
        }
    }

    #[test]
    fn the_words_of_bodies_are_known() {
        let outline = outline("fn a() { b.recv(r#type) } fn c() { use d; kept() }", Tests::Kept).unwrap();
        assert!(["b", "recv", "type"].iter().all(|word| outline.words.may_contain(word)));
        assert!(!outline.words.may_contain("kept"));
    }
}
