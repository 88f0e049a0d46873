//! What each attribute turns into: the item as it was, with a section of documentation or with errors.

use delivery_grammar::{Allow, AttributeName, Declaration, Semantic, StepKind};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Error;

use crate::{
    item::{Item, Kind},
    section,
};

/// `#[delivery::at_least_once(…)]` and the other five.
pub fn semantic(semantic: Semantic, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = Item::new(item);
    let mut errors = misplaced(AttributeName::Semantic(semantic), &item.kind);
    errors.extend(second_semantics(semantic, &mut item));
    match Declaration::parse(semantic, arguments) {
        Ok(declaration) if errors.is_empty() => documented(&item, &section::render(&declaration)),
        Ok(_) => with_errors(&item, errors),
        Err(more) => with_errors(&item, errors.into_iter().chain(more)),
    }
}

/// `#[delivery::step(…)]`.
pub fn step(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = Item::new(item);
    let mut errors = misplaced(AttributeName::Step, &item.kind);
    let repeated = remove(&mut item, |name| name == AttributeName::Step);
    errors.extend(
        repeated
            .map(|path| Error::new_spanned(path, "a function is one step; a second one needs a function of its own")),
    );
    errors.extend(StepKind::parse(arguments).err().into_iter().flatten());
    with_errors(&item, errors)
}

/// `#[delivery::allow(…)]`.
pub fn allow(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = Item::new(item);
    let mut errors = misplaced(AttributeName::Allow, &item.kind);
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

fn misplaced(attribute: AttributeName, kind: &Kind) -> Vec<Error> {
    let places = match attribute {
        AttributeName::Allow => "a function, an impl block or a module",
        _ => "a function",
    };
    let belongs = format!("`#[delivery::{attribute}]` belongs on {places}");
    match (attribute, kind) {
        (_, Kind::Function) | (AttributeName::Allow | AttributeName::Step, Kind::Signature) => Vec::new(),
        (AttributeName::Allow, Kind::Impl | Kind::Module) => Vec::new(),
        (_, Kind::Signature) => {
            vec![Error::new(
                Span::call_site(),
                format!("{belongs} with a body: declare it where the handler is implemented"),
            )]
        }
        (_, Kind::Impl) => vec![Error::new(
            Span::call_site(),
            format!("{belongs}: put it on the method that handles the message"),
        )],
        (_, Kind::Module) => vec![Error::new(Span::call_site(), format!("{belongs}, not on a module"))],
        (_, Kind::Other(head)) => vec![Error::new_spanned(head, belongs)],
    }
}

/// Every semantic beside `first`, each an error.
///
/// Those below ours are taken away, since each would complain in its turn. One that expanded before us, under
/// whatever name it was imported, has left its section.
fn second_semantics(first: Semantic, item: &mut Item) -> Vec<Error> {
    let message =
        |name: &str| format!("a function keeps one promise: `{name}` stands beside `{first}`; keep one of them");
    let below = remove(item, |name| matches!(name, AttributeName::Semantic(_)));
    let mut errors: Vec<Error> = below
        .map(|path| {
            let name = path
                .segments
                .last()
                .map(|segment| segment.ident.to_string())
                .unwrap_or_default();
            Error::new_spanned(&path, message(&name))
        })
        .collect();
    if item.docs().any(|doc| section::is_section(&doc)) {
        let again = format!("a function keeps one promise, and this one has one already; keep it or `{first}`");
        errors.push(Error::new(Span::call_site(), again));
    }
    errors
}

/// Takes away the item's `delivery` attributes of this kind, and returns their paths.
fn remove(item: &mut Item, unwanted: impl Fn(AttributeName) -> bool) -> impl Iterator<Item = syn::Path> {
    let ours = |attribute: &mut syn::Attribute| AttributeName::of(attribute.path()).is_some_and(&unwanted);
    let removed: Vec<_> = item.attributes.extract_if(.., ours).collect();
    removed.into_iter().map(|attribute| attribute.path().clone())
}
