//! Markdown for a terminal: as it is written, with headings, code and emphasis coloured.

use super::Look;
use super::text::Paint;

/// Without colour, the text is left as it is; only the tests' marks of lines on which a rule fires become arrows.
#[must_use]
pub fn markdown(text: &str, look: Look) -> String {
    let text = text.replace("//~ ", "// ← ");
    if !look.colour {
        return text;
    }
    let paint = Paint(true);
    let mut code = false;
    let lines = text.lines().map(|line| {
        let fence = line.starts_with("```");
        code ^= fence;
        match line {
            _ if fence => String::new(),
            _ if code => format!("    {}", paint.cyan(line)),
            _ if line.starts_with('#') => paint.bold(line.trim_start_matches('#').trim_start()),
            _ => inline(line, paint),
        }
    });
    lines.map(|line| line + "\n").collect()
}

/// `code` and **emphasis** inside a line.
fn inline(line: &str, paint: Paint) -> String {
    let pieces = line.split('`').enumerate();
    pieces
        .map(|(index, piece)| {
            if index % 2 == 1 {
                paint.cyan(piece)
            } else {
                strong(piece, paint)
            }
        })
        .collect()
}

fn strong(text: &str, paint: Paint) -> String {
    let pieces = text.split("**").enumerate();
    pieces
        .map(|(index, piece)| {
            if index % 2 == 1 {
                paint.bold(piece)
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_left_alone_without_colour() {
        assert_eq!(markdown("# A\n`b`\n", Look::PLAIN), "# A\n`b`\n");
    }

    #[test]
    fn loses_its_marks_with_colour() {
        let text = markdown(
            "# A\n\n**b** `c`\n```rust\nd\n```\n",
            Look {
                colour: true,
                width: 80,
            },
        );
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), "A\n\nb c\n\n    d\n\n");
    }
}
