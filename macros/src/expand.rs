//! What each attribute turns into: the item as it was, with a section of documentation or with errors.

use delivery_grammar::{Allow, AttributeName, Declaration, Semantic, StepKind};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Error;

use crate::{
    item::{Attribute, Item, Kind},
    published, section,
};

/// `#[delivery::at_least_once(…)]` and the other five.
pub fn semantic(semantic: Semantic, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = Item::new(item);
    let mut errors = Vec::from_iter(misplaced(AttributeName::Semantic(semantic), &item.kind));
    errors.extend(second_semantics(semantic, &mut item));
    match Declaration::parse(semantic, arguments) {
        Ok(declaration) if errors.is_empty() => {
            documented(&item, &section::render(&declaration, published::base_url().as_deref()))
        }
        Ok(_) => with_errors(&item, errors),
        Err(more) => with_errors(&item, errors.into_iter().chain(more)),
    }
}

/// `#[delivery::step(…)]`.
pub fn step(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = Item::new(item);
    let mut errors = Vec::from_iter(misplaced(AttributeName::Step, &item.kind));
    errors.extend(second_steps(&mut item));
    errors.extend(StepKind::parse(arguments).err().into_iter().flatten());
    with_errors(&item, errors)
}

/// `#[delivery::allow(…)]`.
pub fn allow(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = Item::new(item);
    let mut errors = Vec::from_iter(misplaced(AttributeName::Allow, &item.kind));
    errors.extend(Allow::parse(arguments).err().into_iter().flatten());
    with_errors(&item, errors)
}

fn documented(item: &Item, section: &str) -> TokenStream {
    let Item { attributes, rest, .. } = item;
    quote!(#(#attributes)* #[doc = #section] #rest)
}

/// The item stays, so that an error here causes no other where it is used.
fn with_errors(item: &Item, errors: impl IntoIterator<Item = Error>) -> TokenStream {
    let mut tokens: TokenStream = errors.into_iter().map(|error| error.to_compile_error()).collect();
    item.to_tokens(&mut tokens);
    tokens
}

fn misplaced(attribute: AttributeName, kind: &Kind) -> Option<Error> {
    use AttributeName::{Allow, Semantic, Step};
    let advice = match (attribute, kind) {
        (_, Kind::Function) | (Allow | Step, Kind::Signature) | (Allow, Kind::Impl | Kind::Module) => return None,
        (Semantic(_), Kind::Signature) => " with a body: declare it where the handler is implemented",
        (Semantic(_), Kind::Impl) => ": put it on the method that handles the message",
        _ => "",
    };
    let places = match attribute {
        Allow => "a function, an impl block or a module",
        Semantic(_) | Step => "a function",
    };
    let message = format!("`#[delivery::{attribute}]` belongs on {places}{advice}");
    Some(match kind {
        Kind::Other(head) => Error::new_spanned(head, message),
        _ => Error::new(Span::call_site(), message),
    })
}

fn second_steps(item: &mut Item) -> Vec<Error> {
    let message = "a function is one step; a second one needs a function of its own";
    let second = |(_, attribute): (AttributeName, Attribute)| Error::new_spanned(attribute.path(), message);
    remove(item, |name| name == AttributeName::Step)
        .into_iter()
        .map(second)
        .collect()
}

/// Every semantic beside `first`, each an error.
///
/// Those below ours are taken away, since each would complain in its turn. One that expanded before us, under
/// whatever name it was imported, has left its section.
fn second_semantics(first: Semantic, item: &mut Item) -> Vec<Error> {
    let beside = |(name, attribute): (AttributeName, Attribute)| {
        let message = format!("a function keeps one promise: `{name}` stands beside `{first}`; keep one of them");
        Error::new_spanned(attribute.path(), message)
    };
    let below = remove(item, |name| matches!(name, AttributeName::Semantic(_)));
    let mut errors: Vec<Error> = below.into_iter().map(beside).collect();
    if item.docs().any(|doc| section::is_section(&doc)) {
        let again = format!("a function keeps one promise, and this one has one already; keep it or `{first}`");
        errors.push(Error::new(Span::call_site(), again));
    }
    errors
}

/// Takes away the item's `delivery` attributes of this kind, and returns their names with the attributes themselves.
fn remove(item: &mut Item, unwanted: impl Fn(AttributeName) -> bool) -> Vec<(AttributeName, Attribute)> {
    let ours = |attribute: &mut Attribute| name(attribute).is_some_and(&unwanted);
    let removed = item.attributes.extract_if(.., ours);
    removed
        .filter_map(|attribute| Some((name(&attribute)?, attribute)))
        .collect()
}

fn name(attribute: &Attribute) -> Option<AttributeName> {
    AttributeName::of(attribute.path()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = "# [doc = \" Doc.\"] # [inline] pub async fn f < T > (x : & 'a T) -> T { # ! [a] x . await }";

    fn tokens(text: &str) -> TokenStream {
        text.parse().unwrap()
    }

    fn declare(arguments: &str) -> String {
        semantic(Semantic::AtLeastOnce, tokens(arguments), tokens(ITEM)).to_string()
    }

    #[test]
    fn a_declaration_adds_its_section_after_the_docs() {
        let item = tokens(ITEM).to_string();
        let (attributes, function) = item.split_at(item.find("pub").unwrap());
        let expanded = declare("integration = \"a.b\"");
        let added = expanded
            .strip_prefix(attributes)
            .unwrap()
            .strip_suffix(function)
            .unwrap();
        assert!(added.starts_with("# [doc = \"\\n# Delivery semantics\\n"), "{added}");
        assert!(added.contains("**Integration:** `a.b`"), "{added}");
    }

    #[test]
    fn the_other_attributes_add_nothing() {
        assert_eq!(step(tokens("ack"), tokens(ITEM)).to_string(), tokens(ITEM).to_string());
        assert_eq!(
            allow(tokens("dedup_race"), tokens(ITEM)).to_string(),
            tokens(ITEM).to_string()
        );
    }

    #[test]
    fn errors_stand_before_the_untouched_item() {
        let expanded = declare("integration = 5, why = 6");
        assert_eq!(expanded.matches("compile_error").count(), 2);
        assert!(expanded.ends_with(&tokens(ITEM).to_string()));
    }
}
