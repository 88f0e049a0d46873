//! Settings: what is switched on is switched off, and what has a better value by default gets that.

use super::code::Code;
use super::{Draft, Edit};
use crate::catalog::{Catalog, Literal};
use crate::source::lexer::{Kind, Token};
use crate::span::Span;

/// The only value at a place, made harmless.
pub(super) fn reset(code: &Code<'_>, at: Span, catalog: &Catalog) -> Option<Draft> {
    let tokens = code.tokens(code.within(at));
    switched_off(code, tokens).or_else(|| by_default(code, tokens, catalog))
}

fn switched_off(code: &Code<'_>, tokens: &[Token]) -> Option<Draft> {
    let is_on = |token: &&Token| matches!(code.text(token), "true" | "\"true\"");
    let mut on = tokens.iter().filter(is_on);
    let (Some(token), None) = (on.next(), on.next()) else {
        return None;
    };
    let with = code.text(token).replace("true", "false");
    Some(replaced(code, token, with, "switch it off"))
}

/// `("acks", "0")`: the name of a property, and a value that its client would not have chosen.
fn by_default(code: &Code<'_>, tokens: &[Token], catalog: &Catalog) -> Option<Draft> {
    let literals: Vec<&Token> = tokens.iter().filter(|token| token.kind == Kind::Literal).collect();
    let [name, value] = literals[..] else { return None };
    let name = code.text(name).trim_matches('"');
    let types = catalog.types();
    let mut defaults = types.iter().filter_map(|ty| ty.defaults.get(name));
    let Literal::Text(default) = defaults.next()? else {
        return None;
    };
    let with = format!("\"{default}\"");
    (code.text(value).starts_with('"') && code.text(value) != with).then(|| {
        replaced(
            code,
            value,
            with,
            &format!("set `{name}` to `{default}`, as it is by default"),
        )
    })
}

fn replaced(code: &Code<'_>, token: &Token, with: String, title: &str) -> Draft {
    let at = code.span(token.start..token.end);
    Draft::provable(title, vec![Edit { at, with }])
}
