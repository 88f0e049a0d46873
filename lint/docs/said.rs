//! A sentence from the analysis or from an author, in which backticks mark code.

use std::fmt::Write as _;

/// Text with `code` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    /// It is English, and what is around it is not.
    pub foreign: bool,
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        Self {
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            foreign: false,
        }
    }
}

impl Said {
    /// The same as something that stands alone: with a capital at its beginning.
    #[must_use]
    pub fn alone(mut self) -> Self {
        let mut chars = self.text.chars();
        if let Some(first) = chars.next() {
            self.text = first.to_uppercase().chain(chars).collect();
        }
        self
    }

    /// The attribute that says so where the text is in another language than the page.
    #[must_use]
    pub fn lang(&self) -> &'static str {
        if self.foreign { " lang=\"en\"" } else { "" }
    }

    /// Escaped, with `<code>` around what is code.
    #[must_use]
    pub fn html(&self) -> String {
        self.written(&html, |code| format!("<code>{}</code>", html(code)))
    }

    /// Escaped, with code as it was.
    #[must_use]
    pub fn markdown(&self) -> String {
        self.written(&markdown, code_span)
    }

    fn written(&self, text: &dyn Fn(&str) -> String, code: impl Fn(&str) -> String) -> String {
        let pieces: Vec<&str> = self.text.split('`').collect();
        let closed = pieces.len() % 2 == 1;
        let mut out = String::new();
        for (index, piece) in pieces.iter().enumerate() {
            match index % 2 {
                1 if closed || index + 1 < pieces.len() => out.push_str(&code(piece)),
                1 => out.push_str(&text(&format!("`{piece}"))),
                _ => out.push_str(&text(piece)),
            }
        }
        out
    }
}

/// Text for the body or a quoted attribute of an HTML element.
#[must_use]
pub fn html(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

/// Text in which nothing is Markdown, on one line.
#[must_use]
pub fn markdown(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '>' | '|' | '#' | '~' => {
                let _ = write!(out, "\\{c}");
            }
            c => out.push(c),
        }
        out
    })
}

/// Code on one line; a bar would end a table's cell.
#[must_use]
pub fn code_span(code: &str) -> String {
    let code = code.replace(['\n', '\r'], " ").replace('|', "\\|");
    if code.contains('`') {
        format!("`` {code} ``")
    } else {
        format!("`{code}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_marked_and_everything_is_escaped() {
        let said = Said::from("`Vec<u8>` is\n  <b>bold</b>");
        assert_eq!(said.html(), "<code>Vec&lt;u8&gt;</code> is &lt;b&gt;bold&lt;/b&gt;");
        assert_eq!(said.markdown(), "`Vec<u8>` is &lt;b\\>bold&lt;/b\\>");
    }

    #[test]
    fn a_backtick_that_nothing_closes_is_a_backtick() {
        assert_eq!(Said::from("a `b` c ` d").html(), "a <code>b</code> c ` d");
        assert_eq!(Said::from("a `b").markdown(), "a \\`b");
    }
}
