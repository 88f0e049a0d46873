//! How deep a text nests, found out before anything recursive sees it.
//!
//! syn, the conversion and every later stage recurse, and a stack that overflows takes the whole process with it. Two things make
//! syntax deep: brackets, and chains of operators, which nest to the left or to the right without any bracket
//! (`a.b().c()`, `!!!x`, `a = b = c`, `Vec<Vec<…>>`, `else if`). Chains are counted until the statement or list element ends.

use super::lexer::{Kind, Lexer, Token};

/// Brackets may nest this deep.
pub const MAX_BRACKETS: usize = 400;

/// Operators of one chain and of those around it, together.
pub const MAX_CHAIN: usize = 4_000;

/// Keywords after which an operand is still to come.
const BEFORE_OPERAND: [&str; 11] = [
    "return", "break", "yield", "move", "async", "else", "in", "match", "if", "while", "static",
];

/// Where a text nests too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooDeep {
    /// In bytes.
    pub at: usize,
    pub cause: Cause,
}

/// What nests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Brackets,
    Chain,
}

/// One open bracket, or the text itself.
#[derive(Default)]
struct Level {
    /// Operators since the last comma or semicolon.
    chain: usize,
    /// Angle brackets and closure bars: their commas end nothing.
    angles: usize,
    bars: usize,
    in_bars: bool,
}

impl Level {
    fn depth(&self) -> usize {
        self.chain + self.angles + self.bars
    }

    fn comma(&mut self) {
        if !self.in_bars {
            self.chain = 0;
        }
    }
}

struct Depth {
    levels: Vec<Level>,
    /// The depth of all levels but the innermost.
    around: usize,
    /// The last token: whether an operand ended there, and whether it was a closing bracket.
    after_operand: bool,
    after_close: Option<u8>,
}

/// Says where `text` nests deeper than this program can walk, if it does.
#[must_use]
pub fn too_deep(text: &str) -> Option<TooDeep> {
    let mut depth = Depth {
        levels: vec![Level::default()],
        around: 0,
        after_operand: false,
        after_close: None,
    };
    for token in Lexer::new(text) {
        depth.see(token, &text[token.start..token.end]);
        if depth.levels.len() > MAX_BRACKETS {
            return Some(TooDeep {
                at: token.start,
                cause: Cause::Brackets,
            });
        }
        if depth.around + depth.top().depth() > MAX_CHAIN {
            return Some(TooDeep {
                at: token.start,
                cause: Cause::Chain,
            });
        }
    }
    None
}

impl Depth {
    fn top(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        self.levels.last_mut().expect("just pushed")
    }

    fn see(&mut self, token: Token, text: &str) {
        match token.kind {
            Kind::LineComment | Kind::BlockComment => return,
            Kind::Open(open) => self.open(open),
            Kind::Close(close) => self.close(close),
            Kind::Word => self.word(text),
            Kind::Literal | Kind::Lifetime => self.operand(true),
            Kind::Punct => self.punct(text),
        }
        if !matches!(token.kind, Kind::Close(_)) {
            self.after_close = None;
        }
    }

    fn open(&mut self, open: u8) {
        self.end_block(open != b'{');
        if self.after_close.is_some() && self.after_operand {
            self.top().chain += 1;
        }
        self.around += self.top().depth();
        self.levels.push(Level::default());
        self.after_operand = false;
    }

    fn close(&mut self, close: u8) {
        if self.levels.len() > 1 {
            self.levels.pop();
            let outer = self.top().depth();
            self.around -= outer;
        }
        self.after_operand = true;
        self.after_close = Some(close);
    }

    /// After a block's `}` a new statement or item begins, unless an operator goes on with it.
    fn end_block(&mut self, begins_anew: bool) {
        if begins_anew && self.after_close == Some(b'}') {
            *self.top() = Level::default();
            self.after_operand = false;
        }
    }

    fn operand(&mut self, begins_anew: bool) {
        self.end_block(begins_anew);
        self.after_operand = true;
    }

    fn word(&mut self, word: &str) {
        match word {
            "else" | "as" => self.top().chain += 1,
            "await" => {}
            _ => self.end_block(true),
        }
        if matches!(word, "return" | "break" | "yield") {
            self.top().chain += 1;
        }
        self.after_operand = !(word.len() <= 6 && BEFORE_OPERAND.contains(&word));
    }

    fn punct(&mut self, punct: &str) {
        let after_operand = std::mem::replace(&mut self.after_operand, punct == "?");
        let top = self.top();
        match punct {
            ";" => *top = Level::default(),
            "," => top.comma(),
            "<" => top.angles += 1,
            ">" => top.angles = top.angles.saturating_sub(1),
            "|" | "||" if !after_operand || top.in_bars => {
                top.in_bars = punct == "|" && !top.in_bars;
                top.bars += 1;
            }
            ":" | "#" | "$" => {}
            _ => top.chain += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(text: &str) -> Option<Cause> {
        too_deep(text).map(|deep| deep.cause)
    }

    #[test]
    fn bombs_are_found() {
        let bombs = [
            format!("fn f() {{ {}1{} }}", "(".repeat(100_000), ")".repeat(100_000)),
            format!("fn f() {{ {}{} }}", "{".repeat(5_000), "}".repeat(5_000)),
        ];
        for bomb in bombs {
            assert_eq!(cause(&bomb), Some(Cause::Brackets), "{}", &bomb[..20]);
        }
        let chains = [
            format!("fn f() {{ if a {{}} {} }}", "else if a {} ".repeat(50_000)),
            format!("fn f() {{ a{} }}", ".b(1, 2)".repeat(100_000)),
            format!("fn f() {{ a{} }}", "(1)".repeat(100_000)),
            format!("fn f() {{ a{} }}", "[1]".repeat(100_000)),
            format!("fn f() {{ a{}; }}", " + 1".repeat(100_000)),
            format!("fn f() {{ {}a; }}", "a = ".repeat(100_000)),
            format!("fn f() {{ {}a; }}", "!".repeat(100_000)),
            format!("fn f() {{ {}a; }}", "&&".repeat(100_000)),
            format!("fn f() {{ {}a; }}", "return ".repeat(100_000)),
            format!("fn f() {{ {}a; }}", "|a, b| ".repeat(100_000)),
            format!("fn f() {{ {}a; }}", "|| ".repeat(100_000)),
            format!("fn f() {{ a{}; }}", "?".repeat(100_000)),
            format!("fn f() {{ a{}; }}", " as u8".repeat(100_000)),
            format!("type T = {}u8{};", "F<u8, ".repeat(100_000), ">".repeat(100_000)),
            format!("type T = {}u8;", "&".repeat(100_000)),
            format!("use {}b;", "a::".repeat(100_000)),
            format!("type T = {}u8;", "fn() -> ".repeat(100_000)),
        ];
        for bomb in chains {
            assert_eq!(cause(&bomb), Some(Cause::Chain), "{}", &bomb[..40]);
        }
    }

    #[test]
    fn long_flat_code_is_not_deep() {
        let flat = [
            "fn f() -> Vec<u8> { a.b()?; if x { 1 } else { 2 } }\n".repeat(20_000),
            format!(
                "const A: &[u8] = &[{}];",
                "1 + 2, F::A | F::B, a < b && c > d,".repeat(20_000)
            ),
            format!(
                "fn f(x: u8) {{ match x {{ {} }} }}",
                "A::B => {} 1 => { a.b() } Some(x) => {}\n".repeat(20_000)
            ),
            format!("fn f() {{ {} }}", "if a.b() { c = d; }\n*x += 1;\n".repeat(20_000)),
            format!(
                "enum E {{ {} }}",
                "A(Vec<Option<u8>>), B { x: &'a str },".repeat(20_000)
            ),
        ];
        for text in flat {
            assert_eq!(too_deep(&text), None, "{}", &text[..40]);
        }
    }
}
