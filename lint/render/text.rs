//! Words and lines: wrapping, counting, plain one-liners.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::ResolvedFinding;
use super::human::sentence;

/// With line breaks and runs of white space made single spaces.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text that is not ours, safe to show on a terminal: what would steer it, or turn the direction of reading, is replaced by something
/// of the same length, so that columns and bytes stay where they are. Line breaks and tabs are kept.
pub fn printable(text: &str) -> Cow<'_, str> {
    let steers = |c: char| match c {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    };
    replaced(text, steers)
}

/// As [`printable`], for what has to stay on its line: a path, a name.
pub fn printable_name(text: &str) -> Cow<'_, str> {
    match printable(text) {
        Cow::Borrowed(text) => replaced(text, char::is_control),
        Cow::Owned(text) => Cow::Owned(replaced(&text, char::is_control).into_owned()),
    }
}

fn replaced(text: &str, is_meant: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_meant) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match (is_meant(c), c.len_utf8()) {
        (false, _) => c,
        (true, 1) => '?',
        (true, 2) => '¿',
        (true, _) => '\u{fffd}',
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// A finding in plain words: what is wrong, the execution step by step, and what helps.
pub fn story(found: &ResolvedFinding<'_>) -> String {
    let mut out = found.finding.message.clone();
    for (number, (step, at)) in (1..).zip(&found.trace) {
        let place = at.as_ref().map_or(String::new(), |at| format!(" ({})", at.line()));
        let _ = write!(out, "\n{number}. {}{place}", sentence(step, &found.finding.trace));
    }
    if let Some(help) = &found.finding.help {
        let _ = write!(out, "\nhelp: {help}");
    }
    out
}

/// `1 warning`, `2 warnings`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Breaks `text` between words so that no line is longer than `width` (a longer word stands alone). Line breaks of the text stay.
/// The first line begins with `first`, the others with as many spaces.
pub fn wrapped(first: &str, text: &str, width: usize) -> String {
    let indent = " ".repeat(first.chars().count());
    let mut out = String::new();
    for (index, line) in text.lines().enumerate() {
        let mut row = if index == 0 { first.to_owned() } else { indent.clone() };
        let mut empty = true;
        for word in printable(line).split_whitespace() {
            if !empty && row.chars().count() + 1 + word.chars().count() > width {
                out.push_str(row.trim_end());
                out.push('\n');
                row.clone_from(&indent);
                empty = true;
            }
            if !empty {
                row.push(' ');
            }
            row.push_str(word);
            empty = false;
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

/// Colours, where they are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Paint(pub bool);

impl Paint {
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    pub fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    pub fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    pub fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }

    /// A paragraph that begins with a coloured word.
    pub fn lead(self, lead: &str, text: &str, width: usize) -> String {
        let plain = wrapped(lead, if text.is_empty() { " " } else { text }, width);
        let name = lead.trim_end();
        match plain.strip_prefix(name) {
            Some(rest) => format!("{}{rest}", self.cyan(name)),
            None => plain,
        }
    }

    fn with(self, code: &str, text: &str) -> String {
        let text = printable(text);
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_between_words() {
        assert_eq!(wrapped("1. ", "one two three", 10), "1. one two\n   three\n");
        assert_eq!(wrapped("- ", "unbreakable word", 5), "- unbreakable\n  word\n");
        assert_eq!(wrapped("", "a\nb", 80), "a\nb\n");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let hostile = "a\u{1b}[2Jb\rc\u{9b}d\u{202e}e\tf\n";
        let shown = printable(hostile);
        assert_eq!(shown, "a?[2Jb?c¿d\u{fffd}e\tf\n");
        assert_eq!(shown.len(), hostile.len());
        assert_eq!(printable_name("src/a\nb\u{1b}.rs"), "src/a?b?.rs");
        assert!(matches!(printable("plain é\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn counts_one_and_many() {
        assert_eq!(
            (counted(1, "note", "notes"), counted(0, "note", "notes")),
            ("1 note".into(), "0 notes".into())
        );
    }
}
