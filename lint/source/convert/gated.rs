//! Items inside a macro that only says when they are there, or adds to them: `cfg_if!`, `cfg_select!`, `cfg_rt!`, `pin_project!`.

use proc_macro2::TokenStream;
use syn::{
    Token, braced,
    parse::{ParseStream, Parser},
};

use super::{Converter, name_of};
use crate::source::hir::Item;

/// Items, and the attributes that say when they are there.
type Arm = (Vec<syn::Attribute>, Vec<syn::Item>);

impl Converter<'_> {
    /// The items of all arms, as if each had the arm's `#[cfg]`; `None` where the macro is another one, or holds something else.
    pub(super) fn gated(&mut self, call: &syn::Macro) -> Option<Vec<Item>> {
        let arms = arms(call)?;
        let there = arms.iter().filter(|(attrs, _)| !self.leaves_out(attrs));
        let items: Vec<&[syn::Item]> = there.map(|(_, items)| items.as_slice()).collect();
        Some(items.into_iter().flat_map(|items| self.items(items)).collect())
    }
}

fn arms(call: &syn::Macro) -> Option<Vec<Arm>> {
    let name = name_of(&call.path.segments.last()?.ident);
    let tokens = call.tokens.clone();
    match name.as_str() {
        "cfg_if" => conditional.parse2(tokens).ok(),
        "cfg_select" => selected.parse2(tokens).ok(),
        name if name == "pin_project" || name.starts_with("cfg_") => {
            Some(vec![(Vec::new(), items.parse2(tokens).ok()?)])
        }
        _ => None,
    }
}

/// `if #[cfg(…)] { … } else if #[cfg(…)] { … } else { … }`
fn conditional(input: ParseStream<'_>) -> syn::Result<Vec<Arm>> {
    let mut arms = Vec::new();
    while !input.is_empty() {
        input.parse::<Option<Token![else]>>()?;
        let attrs = match input.parse::<Option<Token![if]>>()? {
            Some(_) => syn::Attribute::parse_outer(input)?,
            None => Vec::new(),
        };
        arms.push((attrs, block(input)?));
    }
    Ok(arms)
}

/// `unix => { … } _ => { … }`
fn selected(input: ParseStream<'_>) -> syn::Result<Vec<Arm>> {
    let mut arms = Vec::new();
    while !input.is_empty() {
        let mut predicate = TokenStream::new();
        while !input.peek(Token![=>]) {
            predicate.extend([input.parse::<proc_macro2::TokenTree>()?]);
        }
        input.parse::<Token![=>]>()?;
        arms.push((vec![syn::parse_quote!(#[cfg(#predicate)])], block(input)?));
        input.parse::<Option<Token![,]>>()?;
    }
    Ok(arms)
}

fn block(input: ParseStream<'_>) -> syn::Result<Vec<syn::Item>> {
    let content;
    braced!(content in input);
    items(&content)
}

fn items(input: ParseStream<'_>) -> syn::Result<Vec<syn::Item>> {
    syn::Attribute::parse_inner(input)?;
    let mut items = Vec::new();
    while !input.is_empty() {
        items.push(input.parse()?);
    }
    Ok(items)
}
