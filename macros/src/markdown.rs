//! An author's sentence as Markdown that shows it as it was written.

/// Text on one line, in which nothing is markup except paired backticks (code) and web addresses (links).
///
/// A lone `[name]` would be a broken link, `<T>` an unclosed HTML tag, `a * b * c` italics; and a line break could end
/// the list that the text stands in.
pub fn text(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts: Vec<&str> = line.split('`').collect();
    let paired = parts.len() % 2 == 1 && parts.iter().skip(1).step_by(2).all(|code| !code.trim().is_empty());
    if !paired {
        return without_block_marker(&words(&line));
    }
    let shown = parts
        .iter()
        .enumerate()
        .map(|(at, part)| if at % 2 == 1 { code(part) } else { words(part) });
    without_block_marker(&shown.collect::<String>())
}

/// Text as code, whatever backticks it contains.
pub fn code(text: &str) -> String {
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

fn words(text: &str) -> String {
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn word(word: &str) -> String {
    let Some(start) = ["http://", "https://"]
        .iter()
        .filter_map(|scheme| word.find(scheme))
        .min()
    else {
        return escaped(word);
    };
    let (before, link) = word.split_at(start);
    let link_end = link
        .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '>'])
        .len();
    let (link, after) = link.split_at(link_end);
    if link.contains(['<', '>']) {
        return escaped(word);
    }
    // The address may stand in angle brackets already.
    format!(
        "{}<{link}>{}",
        escaped(before.trim_end_matches('<')),
        escaped(after.trim_start_matches('>'))
    )
}

fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&') {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

/// At the beginning of a line, `#`, `-`, `+`, `=` and `1.` would begin a heading or a list.
fn without_block_marker(text: &str) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    match text[digits..].chars().next() {
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &text[..digits], &text[digits..]),
        Some('#' | '-' | '+' | '=') if digits == 0 => format!("\\{text}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_sentences_stay() {
        assert_eq!(
            text("A lost order is lost money, isn't it?"),
            "A lost order is lost money, isn't it?"
        );
    }

    #[test]
    fn markup_is_shown_and_not_obeyed() {
        assert_eq!(
            text("Vec<T> [link] a*b*c snake_case"),
            r"Vec\<T\> \[link\] a\*b\*c snake\_case"
        );
        assert_eq!(text("R&D | <!-- x -->"), r"R\&D \| \<!-- x --\>");
        assert_eq!(text("a ` alone"), r"a \` alone");
        assert_eq!(text("empty `` code"), r"empty \`\` code");
    }

    #[test]
    fn paired_backticks_are_code() {
        assert_eq!(
            text("between `insert<T>` and `[commit]`"),
            "between `insert<T>` and `[commit]`"
        );
    }

    #[test]
    fn addresses_are_links() {
        assert_eq!(text("see https://a.b/c_d?e=f."), "see <https://a.b/c_d?e=f>.");
        assert_eq!(text("(http://a.b)"), "(<http://a.b>)");
        assert_eq!(text("<https://a.b>"), "<https://a.b>");
    }

    #[test]
    fn a_text_is_one_paragraph() {
        assert_eq!(text("one\n\n   two\tthree "), "one two three");
        assert_eq!(text("# no heading"), r"\# no heading");
        assert_eq!(text("- no list"), r"\- no list");
        assert_eq!(text("1. no list"), r"1\. no list");
        assert_eq!(text("10 orders"), "10 orders");
        assert_eq!(text(""), "");
    }

    #[test]
    fn code_may_contain_backticks() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "`` a`b ``");
    }
}
