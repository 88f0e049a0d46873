//! Macro arguments as syntax: what a macro's tokens mean if they are ordinary Rust.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use syn::{
    Token,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
};

/// The tokens as expressions separated by commas.
pub(super) fn exprs(tokens: &TokenStream) -> Option<Vec<syn::Expr>> {
    let parser = Punctuated::<syn::Expr, Token![,]>::parse_terminated;
    parser
        .parse2(tokens.clone())
        .ok()
        .map(|exprs| exprs.into_iter().collect())
}

/// The tokens as one expression.
pub(super) fn expr(tokens: TokenStream) -> Option<syn::Expr> {
    syn::parse2(tokens).ok()
}

/// The tokens as statements.
pub(super) fn statements(tokens: &TokenStream) -> Option<Vec<syn::Stmt>> {
    syn::Block::parse_within.parse2(tokens.clone()).ok()
}

/// The tokens as `expression, pattern`, the arguments of `matches!`.
pub(super) fn matches(tokens: &TokenStream) -> Option<(syn::Expr, syn::Pat, Option<syn::Expr>)> {
    let parser = |input: ParseStream<'_>| {
        let on = input.parse()?;
        input.parse::<Token![,]>()?;
        let pat = syn::Pat::parse_multi_with_leading_vert(input)?;
        let guard = input
            .parse::<Option<Token![if]>>()?
            .map(|_| input.parse())
            .transpose()?;
        input.parse::<Option<Token![,]>>()?;
        Ok((on, pat, guard))
    };
    parser.parse2(tokens.clone()).ok()
}

/// The parts between the commas, empty ones left out.
pub(super) fn parts(tokens: &TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![Vec::new()];
    for tree in tokens.clone() {
        match &tree {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(Vec::new()),
            _ => parts.last_mut().expect("never empty").push(tree),
        }
    }
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(TokenStream::from_iter)
        .collect()
}

/// `key = value`, `key: value`, `?value` and `%value` as the value, anything else as it is.
pub(super) fn value_of(part: TokenStream) -> TokenStream {
    let trees: Vec<TokenTree> = part.into_iter().collect();
    let skip = assignment(&trees).unwrap_or_else(|| sigils(&trees));
    let skip = skip + if skip > 0 { sigils(&trees[skip..]) } else { 0 };
    trees.into_iter().skip(skip).collect()
}

/// How many tokens `key =` or `key.sub:` takes, if the part begins so.
fn assignment(trees: &[TokenTree]) -> Option<usize> {
    let keys = trees.iter().take_while(|tree| is_key(tree)).count();
    let alone =
        |at: usize| !matches!(trees.get(at), Some(TokenTree::Punct(next)) if matches!(next.as_char(), '=' | ':' | '>'));
    match trees.get(keys)? {
        TokenTree::Punct(punct) if keys > 0 && matches!(punct.as_char(), '=' | ':') => {
            (punct.spacing() == Spacing::Alone || alone(keys + 1)).then_some(keys + 1)
        }
        _ => None,
    }
}

fn is_key(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Ident(_) | TokenTree::Literal(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == '.',
        TokenTree::Group(_) => false,
    }
}

fn sigils(trees: &[TokenTree]) -> usize {
    let sigil = |tree: &&TokenTree| matches!(tree, TokenTree::Punct(punct) if matches!(punct.as_char(), '?' | '%'));
    trees.iter().take_while(sigil).count()
}

/// `for await x in y` without its `await`, as `async_stream` allows it.
pub(super) fn without_for_await(tokens: TokenStream) -> TokenStream {
    let mut after_for = false;
    let kept = tokens.into_iter().filter_map(|tree| match tree {
        TokenTree::Ident(ident) if after_for && ident == "await" => None,
        TokenTree::Group(group) => {
            after_for = false;
            Some(TokenTree::Group(rebuilt(&group)))
        }
        tree => {
            after_for = matches!(&tree, TokenTree::Ident(ident) if ident == "for");
            Some(tree)
        }
    });
    kept.collect()
}

fn rebuilt(group: &Group) -> Group {
    let mut new = Group::new(group.delimiter(), without_for_await(group.stream()));
    new.set_span(group.span());
    new
}

/// The values inside `{ "key": value, … }` and `[value, …]`, at any depth: what `json!` is given.
pub(super) fn json_values(tokens: &TokenStream, found: &mut Vec<syn::Expr>) {
    for part in parts(tokens) {
        let value = value_of(part);
        let mut trees = value.clone().into_iter();
        match (trees.next(), trees.next()) {
            (Some(TokenTree::Group(group)), None) if group.delimiter() != Delimiter::Parenthesis => {
                json_values(&group.stream(), found);
            }
            _ => found.extend(expr(value)),
        }
    }
}
