//! `select!` of tokio, futures and crossbeam.

use syn::{
    Token,
    parse::{ParseStream, Parser},
    token,
};

use super::Converter;
use crate::source::hir::{ExprKind, SelectArm};

/// A branch as written.
#[expect(clippy::large_enum_variant, reason = "lives for the length of one `select!`")]
enum Branch {
    Arm {
        pat: syn::Pat,
        future: Box<syn::Expr>,
        guard: Option<syn::Expr>,
        body: Box<syn::Expr>,
    },
    /// `else`, `default`, `complete`.
    Otherwise(Box<syn::Expr>),
}

impl Converter<'_> {
    /// The whole `select!`, or `None` if it is not one that is known.
    pub(super) fn select(&mut self, tokens: &proc_macro2::TokenStream) -> Option<ExprKind> {
        let branches = branches.parse2(tokens.clone()).ok()?;
        let (mut arms, mut otherwise) = (Vec::new(), None);
        for branch in branches {
            match branch {
                Branch::Arm {
                    pat,
                    future,
                    guard,
                    body,
                } => arms.push(SelectArm {
                    pat: self.pat(&pat),
                    future: self.expr(&future),
                    guard: guard.map(|guard| self.expr(&guard)),
                    body: self.expr(&body),
                }),
                Branch::Otherwise(body) => otherwise = Some(Box::new(self.expr(&body))),
            }
        }
        Some(ExprKind::Select { arms, otherwise })
    }
}

fn branches(input: ParseStream<'_>) -> syn::Result<Vec<Branch>> {
    if input.peek(syn::Ident) && input.peek2(Token![;]) {
        input.parse::<syn::Ident>()?;
        input.parse::<Token![;]>()?;
    }
    let mut branches = Vec::new();
    while !input.is_empty() {
        branches.push(branch(input)?);
        input.parse::<Option<Token![,]>>()?;
    }
    Ok(branches)
}

fn branch(input: ParseStream<'_>) -> syn::Result<Branch> {
    if let Some(otherwise) = otherwise(input)? {
        return Ok(otherwise);
    }
    if is_channel_operation(input) {
        return channel_operation(input);
    }
    let pat = syn::Pat::parse_multi_with_leading_vert(input)?;
    input.parse::<Token![=]>()?;
    let future = Box::new(input.parse()?);
    let guard = guard(input)?;
    Ok(Branch::Arm {
        pat,
        future,
        guard,
        body: body(input)?,
    })
}

fn guard(input: ParseStream<'_>) -> syn::Result<Option<syn::Expr>> {
    if input.peek(Token![,]) && input.peek2(Token![if]) {
        input.parse::<Token![,]>()?;
        input.parse::<Token![if]>()?;
        return input.parse().map(Some);
    }
    Ok(None)
}

/// A body ends like that of a match arm: a block needs no comma.
fn body(input: ParseStream<'_>) -> syn::Result<Box<syn::Expr>> {
    input.parse::<Token![=>]>()?;
    input.call(syn::Expr::parse_with_earlier_boundary_rule).map(Box::new)
}

fn otherwise(input: ParseStream<'_>) -> syn::Result<Option<Branch>> {
    if input.peek(Token![else]) {
        input.parse::<Token![else]>()?;
        return body(input).map(|body| Some(Branch::Otherwise(body)));
    }
    let ahead = input.fork();
    let Ok(word) = ahead.parse::<syn::Ident>() else {
        return Ok(None);
    };
    let has_timeout = word == "default" && ahead.peek(token::Paren);
    if (word == "default" || word == "complete") && (ahead.peek(Token![=>]) || has_timeout) {
        input.parse::<syn::Ident>()?;
        if has_timeout {
            input.parse::<proc_macro2::Group>()?;
        }
        return body(input).map(|body| Some(Branch::Otherwise(body)));
    }
    Ok(None)
}

/// `recv(channel) -> message =>` and `send(channel, value) -> result =>` of crossbeam.
fn is_channel_operation(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let named = ahead
        .parse::<syn::Ident>()
        .is_ok_and(|name| name == "recv" || name == "send");
    named && ahead.parse::<proc_macro2::Group>().is_ok() && ahead.peek(Token![->])
}

fn channel_operation(input: ParseStream<'_>) -> syn::Result<Branch> {
    let name: syn::Ident = input.parse()?;
    let content;
    let parens = syn::parenthesized!(content in input);
    let mut args = content.parse_terminated(syn::Expr::parse, Token![,])?.into_iter();
    let channel = args.next().ok_or_else(|| content.error("expected a channel"))?;
    let future = Box::new(syn::Expr::MethodCall(syn::ExprMethodCall {
        attrs: Vec::new(),
        receiver: Box::new(channel),
        dot_token: Token![.](name.span()),
        method: name,
        turbofish: None,
        paren_token: parens,
        args: args.collect(),
    }));
    input.parse::<Token![->]>()?;
    let pat = syn::Pat::parse_single(input)?;
    Ok(Branch::Arm {
        pat,
        future,
        guard: None,
        body: body(input)?,
    })
}

use syn::parse::Parse as _;
