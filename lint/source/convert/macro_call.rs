//! Macro calls in expressions, as far as their meaning is known from their name and shape.

use proc_macro2::{TokenStream, TokenTree};
use smol_str::SmolStr;

use super::{Converter, name_of, spanned, tokens};
use crate::{
    source::hir::{Arm, Block, Expr, ExprKind, Lit, Pat, Stmt},
    span::Pos,
};

impl Converter<'_> {
    pub(super) fn macro_call(&mut self, call: &syn::Macro) -> Expr {
        let start = self.path_place(None, &call.path).0;
        let end = self.end(call.delimiter.span().close());
        let name = call
            .path
            .segments
            .last()
            .map(|last| name_of(&last.ident))
            .unwrap_or_default();
        let known = self.known(&name, call, (start, end));
        let kind = known.unwrap_or_else(|| self.unknown(call));
        spanned(kind, start, end)
    }

    /// `None` where the name is not known or its arguments have another shape.
    fn known(&mut self, name: &str, call: &syn::Macro, place: (Pos, Pos)) -> Option<ExprKind> {
        let tokens = &call.tokens;
        match name {
            "select" | "select_biased" => self.select(tokens),
            "join" | "try_join" => self.join(tokens, name == "try_join"),
            "vec" | "smallvec" => self.vec(tokens),
            "matches" => self.matches(tokens, place),
            "pin" | "pin_mut" | "dbg" => self.inner(tokens),
            "try" => self
                .inner(tokens)
                .map(|kind| ExprKind::Try(Box::new(spanned(kind, place.0, place.1)))),
            "concat" => self.concat(tokens),
            "include_str" => self.include_str(tokens),
            "json" => Some(self.json(call)),
            "doc" | "bson" => Some(self.document(call, place)),
            "stream" | "try_stream" => self.generator(call),
            _ => self.text_macro(name, call),
        }
    }

    fn unknown(&mut self, call: &syn::Macro) -> ExprKind {
        let args = self.arguments_of(&call.tokens);
        self.macro_kind(call, args)
    }

    pub(super) fn macro_kind(&mut self, call: &syn::Macro, args: Option<Vec<Expr>>) -> ExprKind {
        ExprKind::Macro {
            path: self.path(None, &call.path),
            args,
            text: first_text(&call.tokens),
        }
    }

    /// Arguments of a macro that nothing is known about: expressions, values of `key = value`, or statements.
    fn arguments_of(&mut self, tokens: &TokenStream) -> Option<Vec<Expr>> {
        if let Some(exprs) = tokens::exprs(tokens) {
            return Some(self.exprs(exprs.iter()));
        }
        let values = tokens::parts(tokens)
            .into_iter()
            .map(|part| tokens::expr(tokens::value_of(part)));
        if let Some(values) = values.collect::<Option<Vec<_>>>() {
            return Some(self.exprs(values.iter()));
        }
        self.statements_of(tokens).map(|block| vec![block])
    }

    /// The tokens as a block of statements.
    fn statements_of(&mut self, tokens: &TokenStream) -> Option<Expr> {
        let statements = tokens::statements(tokens)?;
        let (first, last) = ends(tokens)?;
        let (start, end) = (self.start(first), self.end(last));
        let block = Block {
            statements: self.statements(&statements),
            start,
            end,
        };
        Some(spanned(ExprKind::Block { label: None, block }, start, end))
    }

    fn join(&mut self, tokens: &TokenStream, fallible: bool) -> Option<ExprKind> {
        let futures = tokens::exprs(&without_biased(tokens))?;
        Some(ExprKind::Join {
            futures: self.exprs(futures.iter()),
            fallible,
        })
    }

    fn vec(&mut self, tokens: &TokenStream) -> Option<ExprKind> {
        if let Some(elems) = tokens::exprs(tokens) {
            return Some(ExprKind::Array(self.exprs(elems.iter())));
        }
        let until_semi = |tree: &TokenTree| !matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';');
        let elem = tokens::expr(tokens.clone().into_iter().take_while(until_semi).collect())?;
        Some(ExprKind::Array(vec![self.expr(&elem)]))
    }

    fn matches(&mut self, tokens: &TokenStream, (start, end): (Pos, Pos)) -> Option<ExprKind> {
        let (on, pat, guard) = tokens::matches(tokens)?;
        let on = Box::new(self.expr(&on));
        let truth = |value| spanned(ExprKind::Lit(Lit::Bool(value)), start, end);
        let pat = self.pat(&pat);
        let guard = guard.map(|guard| self.expr(&guard));
        let arms = vec![
            Arm {
                pat,
                guard: guard.map(Box::new),
                body: truth(true),
            },
            Arm {
                pat: Pat::Wild,
                guard: None,
                body: truth(false),
            },
        ];
        Some(ExprKind::Match { on, arms })
    }

    /// The only argument in place of the call.
    fn inner(&mut self, tokens: &TokenStream) -> Option<ExprKind> {
        let exprs = tokens::exprs(tokens)?;
        let [only] = exprs.as_slice() else { return None };
        Some(self.expr(only).kind)
    }

    fn concat(&mut self, tokens: &TokenStream) -> Option<ExprKind> {
        let mut text = String::new();
        for part in tokens::exprs(tokens)? {
            match self.expr(&part).kind {
                ExprKind::Lit(Lit::Str(part)) => text.push_str(&part),
                ExprKind::Lit(Lit::Int(part)) => text.push_str(&part.to_string()),
                ExprKind::Lit(Lit::Char(part)) => text.push(part),
                ExprKind::Lit(Lit::Bool(part)) => text.push_str(if part { "true" } else { "false" }),
                _ => return None,
            }
        }
        Some(ExprKind::Lit(Lit::Str(text.into())))
    }

    /// The file's text, where it can be read: SQL kept beside the code is as good as SQL in the code.
    fn include_str(&mut self, tokens: &TokenStream) -> Option<ExprKind> {
        let path = first_text(tokens)?;
        self.context
            .origin
            .included(&path)
            .map(|text| ExprKind::Lit(Lit::Str(text.into())))
    }

    fn json(&mut self, call: &syn::Macro) -> ExprKind {
        let mut values = Vec::new();
        tokens::json_values(&call.tokens, &mut values);
        let values = self.exprs(values.iter());
        self.macro_kind(call, Some(values))
    }

    fn generator(&mut self, call: &syn::Macro) -> Option<ExprKind> {
        let body = self.statements_of(&tokens::without_for_await(call.tokens.clone()))?;
        Some(self.macro_kind(call, Some(vec![as_statements(body)])))
    }
}

/// A generator's last expression is no value.
fn as_statements(mut body: Expr) -> Expr {
    if let ExprKind::Block { block, .. } = &mut body.kind {
        for statement in &mut block.statements {
            if let Stmt::Tail(expr) = statement {
                *statement = Stmt::Expr(expr.clone());
            }
        }
    }
    body
}

/// `biased;` in front of the arguments.
fn without_biased(tokens: &TokenStream) -> TokenStream {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(_), TokenTree::Punct(semi), rest @ ..] if semi.as_char() == ';' => {
            rest.iter().cloned().collect()
        }
        _ => tokens.clone(),
    }
}

fn ends(tokens: &TokenStream) -> Option<(proc_macro2::Span, proc_macro2::Span)> {
    let mut trees = tokens.clone().into_iter();
    let first = trees.next()?;
    let last = trees.last().unwrap_or_else(|| first.clone());
    Some((first.span(), last.span()))
}

/// The first string literal, with those that are added to it: `"a" + "b"`.
fn first_text(tokens: &TokenStream) -> Option<SmolStr> {
    let mut text: Option<String> = None;
    let mut plus = true;
    for tree in tokens.clone() {
        match (string_value(&tree), &mut text) {
            (Some(part), Some(text)) if plus => text.push_str(&part),
            (Some(part), None) => text = Some(part),
            (_, Some(_)) if !matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '+') => break,
            _ => {}
        }
        plus = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '+');
    }
    text.map(SmolStr::from)
}

/// The value of a string literal.
pub(super) fn string_value(tree: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = tree else { return None };
    match syn::Lit::new(literal.clone()) {
        syn::Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}
