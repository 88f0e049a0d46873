//! Inserts that repeat: a row that is there already is left alone.

use super::code::Code;
use super::{Draft, Edit};
use crate::source::lexer::{Kind, Token};
use crate::span::Span;

const TITLE: &str = "leave a row alone that is there already";

/// The only insert that is written at a place, in a form that bears a repetition. It does so only if the table has a unique key, which is
/// for the schema to show.
pub(super) fn kept(code: &Code<'_>, at: Span, store: &str, unique: bool) -> Option<Draft> {
    let tokens = code.within(at);
    let inserts = tokens.filter(|&index| is_insert(code, &code.tokens(index..index + 1)[0]));
    let inserts: Vec<usize> = inserts.collect();
    let [index] = inserts[..] else { return None };
    let token = code.tokens(index..index + 1)[0];
    let edit = rewritten(code, &token, store)?;
    Some(match unique && !is_checked_at_compile_time(code, index) {
        true => Draft::provable(TITLE, vec![edit]),
        false => Draft::suggested(TITLE, vec![edit]),
    })
}

fn is_insert(code: &Code<'_>, token: &Token) -> bool {
    let text = code.text(token);
    let sql = text.trim_start_matches(['r', '#', '"']).trim_start();
    token.kind == Kind::Literal && text.ends_with(['"', '#']) && begins(sql, "INSERT INTO ")
}

fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(with))
}

/// The edit of the literal; `None` if the statement says already what becomes of a second row, or gives something.
fn rewritten(code: &Code<'_>, token: &Token, store: &str) -> Option<Edit> {
    let text = code.text(token);
    let upper = text.to_ascii_uppercase();
    if ["ON CONFLICT", "ON DUPLICATE", "RETURNING"]
        .iter()
        .any(|word| upper.contains(word))
    {
        return None;
    }
    let (at, with) = match store {
        "postgres" | "sqlite" => {
            let statement = text
                .trim_end_matches(['#', '"'])
                .trim_end()
                .trim_end_matches(';')
                .trim_end();
            let end = token.start + statement.len();
            (end..end, " ON CONFLICT DO NOTHING")
        }
        "mysql" => {
            let insert = token.start + upper.find("INSERT")?;
            (insert..insert + "INSERT".len(), "INSERT IGNORE")
        }
        _ => return None,
    };
    Some(Edit {
        at: code.span(at),
        with: with.to_owned(),
    })
}

/// `query!("…")` is looked up in a cache by its text when it is compiled.
fn is_checked_at_compile_time(code: &Code<'_>, literal: usize) -> bool {
    let before = code.words(literal.saturating_sub(2)..literal);
    before.first() == Some(&"!")
}
