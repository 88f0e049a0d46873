//! The text before it is parsed: statements apart, comments out, every placeholder a `$N`, every hole an identifier.
//!
//! Dialects disagree about placeholders (`?`, `?1`, `$1`, `:id`, `@id`) more than about anything else. Numbering them here lets one
//! parser after the other try the rest.

use smol_str::SmolStr;

/// What a part that the caller could not see (`{}`) becomes.
pub(super) const HOLE: &str = "delivery_hole";

/// The longest format hole (`{name:?}`) that is taken for one.
const HOLE_LENGTH: usize = 64;

/// A text made ready for the parser.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub statements: Vec<String>,
    /// Named binds, in the order of their indexes.
    pub names: Vec<SmolStr>,
}

/// Makes a text ready.
pub(super) fn prepare(text: &str) -> Prepared {
    let mut scanner = Scanner::new(text);
    while scanner.at < text.len() {
        scanner.step();
    }
    scanner.end_statement();
    scanner.done
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    out: String,
    done: Prepared,
    /// Binds written as `?` so far.
    positional: usize,
    /// The text numbers its binds with `$1`, so that `?` is an operator of JSON.
    dollars: bool,
    /// Words of the statement so far.
    words: usize,
    routine: Routine,
}

/// Where a statement stands that contains others (`CREATE TRIGGER … BEGIN …; …; END`).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Routine {
    #[default]
    No,
    /// It begins with `CREATE`.
    Create,
    /// It creates a routine; this many blocks are open.
    Open(usize),
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            out: String::with_capacity(text.len()),
            done: Prepared::default(),
            positional: 0,
            dollars: numbers_with_dollars(text),
            words: 0,
            routine: Routine::No,
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The byte `ahead` of the current one, zero past the end.
    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn step(&mut self) {
        match self.byte(0) {
            quote @ (b'\'' | b'"' | b'`') => self.quoted(quote),
            b'-' if self.byte(1) == b'-' => self.skip_line(),
            b'/' if self.byte(1) == b'*' => self.skip_comment(),
            b'$' => self.dollar(),
            b'?' => self.question(),
            b':' => self.colon(),
            b'@' => self.at_sign(),
            b'{' | b'}' => self.brace(),
            b';' => self.semicolon(),
            byte if is_word(byte) => self.word(),
            _ => self.copy_char(),
        }
    }

    fn copy(&mut self, bytes: usize) {
        self.out.push_str(&self.rest()[..bytes]);
        self.at += bytes;
    }

    fn copy_char(&mut self) {
        let bytes = self.rest().chars().next().map_or(1, char::len_utf8);
        self.copy(bytes);
    }

    fn quoted(&mut self, quote: u8) {
        let escapes =
            quote == b'\'' && self.out.ends_with(['e', 'E']) && !self.out[..self.out.len() - 1].ends_with(word_char);
        let bytes = self.rest().as_bytes();
        let mut end = 1;
        while end < bytes.len() && bytes[end] != quote {
            end += if escapes && bytes[end] == b'\\' { 2 } else { 1 };
        }
        let mut end = (end + 1).min(bytes.len());
        while !self.rest().is_char_boundary(end) {
            end += 1;
        }
        self.copy(end);
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    fn skip_comment(&mut self) {
        let bytes = self.rest().as_bytes();
        let (mut end, mut depth) = (2, 1);
        while end < bytes.len() && depth > 0 {
            match &bytes[end..] {
                [b'*', b'/', ..] => (end, depth) = (end + 2, depth - 1),
                [b'/', b'*', ..] => (end, depth) = (end + 2, depth + 1),
                _ => end += 1,
            }
        }
        self.at += end;
        self.out.push(' ');
    }

    /// `$1`, `$name`, or a string in dollar quotes.
    fn dollar(&mut self) {
        let name = word_at(&self.rest()[1..]);
        if let Some(number) = number(name) {
            self.at += 1 + name.len();
            return self.bind(number);
        }
        let tag = name.len() + 2;
        if self.byte(tag - 1) == b'$' {
            let body = &self.rest()[tag..];
            let end = body.find(&self.rest()[..tag]).map_or(body.len(), |end| end + tag);
            return self.copy(tag + end);
        }
        self.named(1, name);
    }

    fn question(&mut self) {
        let operator = self.dollars || (matches!(self.byte(1), b'|' | b'&') && self.byte(2) != b'|');
        if operator {
            return self.copy(1);
        }
        let name = word_at(&self.rest()[1..]);
        if let Some(number) = number(name) {
            self.at += 1 + name.len();
            return self.bind(number);
        }
        self.at += 1;
        self.positional += 1;
        self.bind(self.positional - 1);
    }

    fn colon(&mut self) {
        if self.byte(1) == b':' {
            return self.copy(2);
        }
        let slice = self
            .out
            .ends_with(|last: char| word_char(last) || matches!(last, ']' | ':'));
        self.sigil(slice);
    }

    fn at_sign(&mut self) {
        if self.byte(1) == b'@' {
            return self.copy(2);
        }
        let operator = self.out.ends_with(['<', '@']);
        self.sigil(operator);
    }

    /// `:name`, `@name`, unless the sigil is an operator.
    fn sigil(&mut self, operator: bool) {
        let name = word_at(&self.rest()[1..]);
        let digits = name.starts_with(|first: char| first.is_ascii_digit());
        if operator || name.is_empty() || (digits && number(name).is_none()) {
            return self.copy(1);
        }
        let numbered = name
            .strip_prefix(['p', 'P'])
            .filter(|_| self.byte(0) == b'@')
            .unwrap_or(name);
        if let Some(number) = number(numbered) {
            self.at += 1 + name.len();
            return self.bind(number);
        }
        self.named(1, name);
    }

    fn named(&mut self, sigil: usize, name: &str) {
        if name.is_empty() {
            return self.copy(sigil);
        }
        self.at += sigil + name.len();
        let known = self.done.names.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.done.names.push(name.into());
            self.done.names.len() - 1
        });
        self.bind(index);
    }

    fn bind(&mut self, index: usize) {
        if self.out.ends_with(word_char) {
            self.out.push(' ');
        }
        self.out.push('$');
        self.out.push_str(&(index + 1).to_string());
        if is_word(self.byte(0)) || self.byte(0) == b'{' {
            self.out.push(' ');
        }
    }

    fn brace(&mut self) {
        if self.byte(1) == self.byte(0) {
            self.at += 1;
            return self.copy(1);
        }
        match hole_length(self.rest()) {
            Some(length) => {
                self.at += length;
                self.out.push_str(HOLE);
            }
            None => self.copy(1),
        }
    }

    fn semicolon(&mut self) {
        if matches!(self.routine, Routine::Open(1..)) {
            return self.copy(1);
        }
        self.at += 1;
        self.end_statement();
    }

    fn end_statement(&mut self) {
        let mut statement = std::mem::take(&mut self.out);
        statement.push_str(&")".repeat(cut_short(&statement)));
        if !statement.trim().is_empty() {
            self.done.statements.push(statement);
        }
        self.words = 0;
        self.routine = Routine::No;
    }

    fn word(&mut self) {
        let word = word_at(self.rest());
        self.words += 1;
        self.routine = self.routine.after(word, self.words);
        self.copy(word.len());
    }
}

/// How many parentheses are open where a statement ends in a hole: what fills it closes them, too.
fn cut_short(statement: &str) -> usize {
    if !statement.trim_end().ends_with(HOLE) {
        return 0;
    }
    let mut quoted = false;
    statement.chars().fold(0, |open: usize, c| {
        quoted ^= c == '\'';
        match c {
            '(' if !quoted => open + 1,
            ')' if !quoted => open.saturating_sub(1),
            _ => open,
        }
    })
}

impl Routine {
    fn after(self, word: &str, place: usize) -> Self {
        let is = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
        match self {
            Self::No if place == 1 && is(&["create"]) => Self::Create,
            Self::Create if place < 8 && is(&["trigger", "procedure", "function", "event"]) => Self::Open(0),
            Self::Open(depth) if is(&["begin", "case"]) => Self::Open(depth + 1),
            Self::Open(depth) if is(&["end"]) => Self::Open(depth.saturating_sub(1)),
            same => same,
        }
    }
}

/// Whether the text has a `$1`.
fn numbers_with_dollars(text: &str) -> bool {
    text.as_bytes()
        .windows(2)
        .any(|pair| pair[0] == b'$' && pair[1].is_ascii_digit())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn word_char(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The word that a text begins with.
fn word_at(text: &str) -> &str {
    let end = text.bytes().position(|byte| !is_word(byte)).unwrap_or(text.len());
    &text[..end]
}

/// The 0-based index that a 1-based number stands for.
fn number(text: &str) -> Option<usize> {
    text.parse::<u16>()
        .ok()
        .and_then(|number| usize::from(number).checked_sub(1))
}

/// The length of the hole that a text begins with.
fn hole_length(text: &str) -> Option<usize> {
    let plain = |byte: u8| is_word(byte) || b":?.#<>^+-$* ".contains(&byte);
    let end = text.bytes().take(HOLE_LENGTH).skip(1).position(|byte| !plain(byte))? + 1;
    text[end..].starts_with('}').then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> String {
        prepare(text).statements.join(" ; ")
    }

    #[test]
    fn placeholders_become_numbers() {
        for (text, expected) in [
            ("a = ? AND b = ?", "a = $1 AND b = $2"),
            ("a = ?2 AND b = ?1", "a = $2 AND b = $1"),
            ("a = :a AND b = :b OR a = :a", "a = $1 AND b = $2 OR a = $1"),
            ("a = @a AND b = @P2", "a = $1 AND b = $2"),
            ("a = $a", "a = $1"),
            ("LIMIT ?", "LIMIT $1"),
            ("x IN (?,?)", "x IN ($1,$2)"),
            ("data ? 'k' AND a = $1", "data ? 'k' AND a = $1"),
            ("a::int[1:2] = $1::int", "a::int[1:2] = $1::int"),
            ("a @> $1 AND b <@ c", "a @> $1 AND b <@ c"),
            (
                "'?' \"?\" `?` $$ ? $$ $x$ ? $x$ -- ?",
                "'?' \"?\" `?` $$ ? $$ $x$ ? $x$ ",
            ),
            ("E'\\'?' = ?", "E'\\'?' = $1"),
            ("@@x", "@@x"),
            ("? || 'a'", "$1 || 'a'"),
        ] {
            assert_eq!(prepared(text), expected, "{text}");
        }
    }

    #[test]
    fn holes_become_identifiers() {
        assert_eq!(
            prepared("FROM {}.{table}_old WHERE a = '{}'"),
            format!("FROM {HOLE}.{HOLE}_old WHERE a = '{{}}'")
        );
        assert_eq!(prepared("LIMIT ${n}"), format!("LIMIT ${HOLE}"));
        assert_eq!(prepared("{{ }}"), "{ }");
        assert_eq!(prepared("id IN ({}"), format!("id IN ({HOLE})"));
        assert_eq!(prepared("a = '(' AND id IN (b"), "a = '(' AND id IN (b");
    }

    #[test]
    fn statements_are_told_apart() {
        let all = |text: &str| prepare(text).statements.len();
        assert_eq!(all("a; b ;; c;"), 3);
        assert_eq!(all("a ';' /* ; /* ; */ ; */ b -- ;\n; c"), 2);
        assert_eq!(all("CREATE FUNCTION f() AS $$ a; b; $$ LANGUAGE sql; c"), 2);
        assert_eq!(
            all("CREATE TRIGGER t BEGIN UPDATE a SET x = CASE WHEN 1 THEN 2 END; DELETE FROM b; END; c"),
            2
        );
        assert_eq!(all("BEGIN; UPDATE a SET x = 1; COMMIT"), 3);
    }

    #[test]
    fn unfinished_texts_are_endured() {
        for text in [
            "'", "E'\\", "E'\\é", "$", "$a$", "/*", "{", "}", "{é", "?", ":", "@", "--", "$$", "$é$é", "é'é",
        ] {
            let _ = prepare(text);
        }
    }
}
