//! Macros that make a text of their arguments: `format!`, `println!`, `bail!`, `assert!`, log macros.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use smol_str::SmolStr;

use super::{Converter, macro_call::string_value, pat::single, spanned, tokens};
use crate::source::hir::{Expr, ExprKind};

impl Converter<'_> {
    /// Macros whose arguments end with a message; `None` for all others.
    pub(super) fn text_macro(&mut self, name: &str, call: &syn::Macro) -> Option<ExprKind> {
        let leading = match name {
            "format" | "format_args" => return self.format_macro(call),
            "write" | "writeln" | "assert" | "debug_assert" | "ensure" | "ensure_eq" => 1,
            "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => 2,
            "print" | "println" | "eprint" | "eprintln" | "panic" | "todo" | "unreachable" | "unimplemented"
            | "bail" | "anyhow" | "eyre" | "format_err" => 0,
            "trace" | "debug" | "info" | "warn" | "error" | "log" | "event" => return Some(self.log_macro(call)),
            _ => return None,
        };
        let mut parts = tokens::parts(&call.tokens);
        let message = parts.split_off(leading.min(parts.len()));
        let leading = parts.into_iter().map(tokens::expr).collect::<Option<Vec<_>>>()?;
        let mut args = self.exprs(leading.iter());
        args.extend(self.message(&message));
        Some(self.macro_kind(call, Some(args)))
    }

    fn format_macro(&mut self, call: &syn::Macro) -> Option<ExprKind> {
        let parts = tokens::parts(&call.tokens);
        let Some((first, rest)) = parts.split_first() else {
            return Some(ExprKind::Format {
                literal: SmolStr::default(),
                args: Vec::new(),
            });
        };
        let expr = self.format(first, rest)?;
        Some(expr.kind)
    }

    /// A message: a format string with its arguments, or expressions (`bail!(error)`).
    fn message(&mut self, parts: &[TokenStream]) -> Vec<Expr> {
        let Some((first, rest)) = parts.split_first() else {
            return Vec::new();
        };
        if let Some(format) = literal_of(first).and_then(|_| self.format(first, rest)) {
            return vec![format];
        }
        let exprs: Vec<syn::Expr> = parts.iter().filter_map(|part| tokens::expr(part.clone())).collect();
        self.exprs(exprs.iter())
    }

    /// `first` is the format string: a literal, or something that makes one (`concat!`, a constant).
    fn format(&mut self, first: &TokenStream, rest: &[TokenStream]) -> Option<Expr> {
        let span = first.clone().into_iter().next()?.span();
        let (start, end) = (self.start(span), self.end(span));
        let literal = match literal_of(first) {
            Some(literal) => SmolStr::from(literal),
            None => match self.expr(&tokens::expr(first.clone())?).kind {
                ExprKind::Lit(crate::source::hir::Lit::Str(literal)) => literal,
                _ => SmolStr::default(),
            },
        };
        let mut args = self.values(rest);
        let named: BTreeSet<String> = rest.iter().filter_map(named_argument).collect();
        for name in captured(&literal).filter(|name| !named.contains(*name)) {
            args.push(spanned(ExprKind::Path(single(SmolStr::from(name))), start, end));
        }
        let end = args.iter().map(|arg| arg.end).chain([end]).max()?;
        Some(spanned(ExprKind::Format { literal, args }, start, end))
    }

    fn values(&mut self, parts: &[TokenStream]) -> Vec<Expr> {
        let exprs: Vec<syn::Expr> = parts
            .iter()
            .filter_map(|part| tokens::expr(tokens::value_of(part.clone())))
            .collect();
        self.exprs(exprs.iter())
    }

    /// Fields in any of tracing's notations, then a message in the manner of `format!`.
    fn log_macro(&mut self, call: &syn::Macro) -> ExprKind {
        let parts = tokens::parts(&call.tokens);
        let message = parts
            .iter()
            .position(|part| literal_of(part).is_some())
            .unwrap_or(parts.len());
        let mut args = self.values(&parts[..message]);
        args.extend(self.message(&parts[message..]));
        self.macro_kind(call, Some(args))
    }
}

/// The value of a part that is one string literal; `target: "…"` and `name = "…"` are none.
fn literal_of(part: &TokenStream) -> Option<String> {
    let mut trees = part.clone().into_iter();
    let (first, rest) = (trees.next()?, trees.next());
    rest.is_none().then(|| string_value(&first)).flatten()
}

/// `name` of `name = value`.
fn named_argument(part: &TokenStream) -> Option<String> {
    let mut trees = part.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Ident(name)), Some(TokenTree::Punct(equals))) if equals.as_char() == '=' => {
            Some(name.to_string())
        }
        _ => None,
    }
}

/// The variables that a format string names: `{name}`, `{name:?}`, and the width in `{:width$}`.
fn captured(literal: &str) -> impl Iterator<Item = &str> {
    let mut rest = literal;
    let holes = std::iter::from_fn(move || {
        loop {
            let open = rest.find('{')?;
            let inside = &rest[open + 1..];
            if let Some(escaped) = inside.strip_prefix('{') {
                rest = escaped;
                continue;
            }
            let close = inside.find('}')?;
            rest = &inside[close + 1..];
            return Some(&inside[..close]);
        }
    });
    holes.flat_map(|hole| {
        let (name, spec) = hole.split_once(':').unwrap_or((hole, ""));
        let widths = spec.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
        let widths = widths.filter_map(|width| width.strip_suffix('$'));
        std::iter::once(name.trim())
            .chain(widths)
            .filter(|name| is_identifier(name))
    })
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}
