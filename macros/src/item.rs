//! What an attribute stands on, told from the tokens.
//!
//! The item is not parsed: its tokens have to come out as they went in, also where the author is in the middle of
//! typing a body that would not parse. A few tokens at its head tell what it is.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Expr, ExprLit, Lit, Meta, Path};

/// An item with its other attributes apart.
pub struct Item {
    /// The attributes below ours, doc comments among them.
    pub attributes: Vec<Attribute>,
    /// Everything else.
    pub rest: TokenStream,
    /// What it is.
    pub kind: Kind,
}

/// An attribute of an item.
pub struct Attribute {
    /// Its tokens, untouched.
    tokens: TokenStream,
    /// What it says, if it is of a form that can be read here.
    meta: Option<Meta>,
}

/// What an item is, as far as the attributes care.
#[derive(Debug)]
pub enum Kind {
    /// A function or a method with its body.
    Function,
    /// The declaration of a function or a method: it has no body.
    Signature,
    /// An impl block.
    Impl,
    /// A module.
    Module,
    /// Anything else; the tokens at its head.
    Other(TokenStream),
}

impl Item {
    /// Reads the item that a macro was given.
    pub fn new(tokens: TokenStream) -> Self {
        let tokens = ungrouped(tokens);
        let (head, rest) = tokens.split_at(attributes_end(&tokens));
        let attributes = head.chunks_exact(2).map(Attribute::new).collect();
        Self {
            attributes,
            rest: rest.iter().cloned().collect(),
            kind: kind(rest),
        }
    }

    /// The texts of its doc comments and `#[doc = "…"]` attributes.
    pub fn docs(&self) -> impl Iterator<Item = String> {
        self.attributes.iter().filter_map(Attribute::doc)
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let (attributes, rest) = (&self.attributes, &self.rest);
        tokens.extend(quote!(#(#attributes)* #rest));
    }
}

impl Attribute {
    fn new(tokens: &[TokenTree]) -> Self {
        let meta = match tokens.last() {
            Some(TokenTree::Group(brackets)) => syn::parse2(brackets.stream()).ok(),
            _ => None,
        };
        Self {
            tokens: tokens.iter().cloned().collect(),
            meta,
        }
    }

    /// What names it: `delivery::step`.
    pub fn path(&self) -> Option<&Path> {
        self.meta.as_ref().map(Meta::path)
    }

    fn doc(&self) -> Option<String> {
        match &self.meta {
            Some(Meta::NameValue(pair)) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text), ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        }
    }
}

impl ToTokens for Attribute {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

/// An item that another macro passes on whole may come in a group without delimiters.
fn ungrouped(tokens: TokenStream) -> Vec<TokenTree> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => ungrouped(group.stream()),
        _ => tokens,
    }
}

/// How many of the tokens are attributes: each is a `#` and a group in brackets.
fn attributes_end(tokens: &[TokenTree]) -> usize {
    let pairs = tokens.chunks_exact(2).take_while(|pair| match pair {
        [TokenTree::Punct(pound), TokenTree::Group(group)] => {
            pound.as_char() == '#' && group.delimiter() == Delimiter::Bracket
        }
        _ => false,
    });
    pairs.count() * 2
}

fn kind(tokens: &[TokenTree]) -> Kind {
    for (position, token) in tokens.iter().enumerate() {
        match word(token).as_deref() {
            Some("pub" | "default" | "const" | "async" | "gen" | "unsafe" | "safe" | "extern") => {}
            Some("fn") if ends_in_body(tokens) => return Kind::Function,
            Some("fn") => return Kind::Signature,
            Some("impl") => return Kind::Impl,
            Some("mod") => return Kind::Module,
            // The `(crate)` of `pub(crate)`, a visibility from another macro, the `"C"` of `extern "C"`.
            None if !is_body(token) && !matches!(token, TokenTree::Punct(_)) => {}
            _ => return Kind::Other(tokens[..=position].iter().cloned().collect()),
        }
    }
    Kind::Other(tokens.iter().cloned().collect())
}

fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

fn ends_in_body(tokens: &[TokenTree]) -> bool {
    tokens.last().is_some_and(is_body)
}

fn is_body(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str) -> Item {
        Item::new(text.parse().unwrap())
    }

    #[test]
    fn functions_are_recognised_with_any_qualifier() {
        for text in [
            "fn f() {}",
            "pub(crate) async fn f() -> u8 { 1 }",
            "pub const unsafe extern \"C\" fn f() {}",
            "default fn f(&self) where Self: Sized {}",
            "fn half_typed(&self) { let x = ; }",
        ] {
            assert!(matches!(item(text).kind, Kind::Function), "{text}");
        }
        assert!(matches!(item("async fn f(&self);").kind, Kind::Signature));
    }

    #[test]
    fn other_items_are_told_apart() {
        assert!(matches!(item("unsafe impl Send for X {}").kind, Kind::Impl));
        assert!(matches!(item("pub mod m {}").kind, Kind::Module));
        for text in [
            "pub struct X;",
            "const X: u8 = 1;",
            "unsafe trait T {}",
            "use a::b;",
            "extern \"C\" {}",
            "m!();",
            "",
        ] {
            assert!(matches!(item(text).kind, Kind::Other(_)), "{text}");
        }
    }

    #[test]
    fn the_head_of_something_else_is_short() {
        let Kind::Other(head) = item("pub struct X { a: u8 }").kind else {
            panic!("a struct is no function")
        };
        assert_eq!(head.to_string(), "pub struct");
    }

    #[test]
    fn tokens_come_out_as_they_went_in() {
        let text = "#[doc = \" Doc.\"] #[unsafe(no_mangle)] #[a = |x| x] #[b(c = { d })] pub fn f < T > (x : & 'a T) { # ! [inner] x }";
        assert_eq!(
            item(text).to_token_stream().to_string(),
            text.parse::<TokenStream>().unwrap().to_string()
        );
        assert_eq!(item(text).docs().collect::<Vec<_>>(), [" Doc."]);
    }

    #[test]
    fn an_item_from_another_macro_is_unpacked() {
        let group = proc_macro2::Group::new(Delimiter::None, "#[a] fn f() {}".parse().unwrap());
        let item = Item::new(TokenStream::from(TokenTree::Group(group)));
        assert!(matches!(item.kind, Kind::Function));
        assert_eq!(item.attributes.len(), 1);
    }
}
