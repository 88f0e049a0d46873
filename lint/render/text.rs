//! Words and lines: wrapping, counting, plain one-liners.

use std::fmt::Write as _;

use super::ResolvedFinding;
use super::human::sentence;

/// With line breaks and runs of white space made single spaces.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
        for word in line.split_whitespace() {
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
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
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
    fn counts_one_and_many() {
        assert_eq!(
            (counted(1, "note", "notes"), counted(0, "note", "notes")),
            ("1 note".into(), "0 notes".into())
        );
    }
}
