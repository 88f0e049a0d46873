//! From the tokens inside an attribute's parentheses to entries. Knows commas and quotes, but no key.
//!
//! A mistake never ends the parsing: it is noted, and reading goes on after the next comma. So the author sees all
//! mistakes at once, and the editor's analysis of a half-typed attribute keeps what is there.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    Error, Ident, Lit, LitStr, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    spanned::Spanned,
    token,
};

use crate::value::{Data, Entry, Problem, Value};

/// The tokens of a culprit. An error about them is shown from the first to the last of them.
pub(crate) type Spot = TokenStream;

/// A spot for what stands nowhere in particular in the attribute, such as a missing key: the attribute itself.
pub(crate) fn spot_of(span: Span) -> Spot {
    Ident::new("attribute", span).into_token_stream()
}

impl From<Problem<Spot>> for Error {
    fn from(problem: Problem<Spot>) -> Self {
        Self::new_spanned(problem.at, problem.message)
    }
}

/// The entries between the parentheses of an attribute, and what could not be read.
pub(crate) fn entries(tokens: TokenStream) -> (Vec<Entry<Spot>>, Vec<Error>) {
    let mut errors = Vec::new();
    let parsed = (|input: ParseStream<'_>| Ok(entries_of(input, &mut errors))).parse2(tokens);
    match parsed {
        Ok(entries) => (entries, errors),
        Err(error) => {
            errors.push(error);
            (Vec::new(), errors)
        }
    }
}

fn entries_of(input: ParseStream<'_>, errors: &mut Vec<Error>) -> Vec<Entry<Spot>> {
    separated(input, errors, entry)
}

type Item<T> = fn(ParseStream<'_>, &mut Vec<Error>) -> syn::Result<T>;

fn separated<T>(input: ParseStream<'_>, errors: &mut Vec<Error>, item: Item<T>) -> Vec<T> {
    let mut items = Vec::new();
    while !input.is_empty() {
        match item(input, errors) {
            Ok(item) => items.push(item),
            Err(error) => {
                errors.push(error);
                until_comma(input);
            }
        }
        comma(input, errors);
    }
    items
}

/// Takes the comma after an item. Where it was forgotten and the next item follows, that item is read all the same.
fn comma(input: ParseStream<'_>, errors: &mut Vec<Error>) {
    if input.is_empty() || input.parse::<Token![,]>().is_ok() {
        return;
    }
    errors.push(input.error("expected `,`"));
    if !starts_item(input) {
        until_comma(input);
        let _ = input.parse::<Token![,]>();
    }
}

fn starts_item(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) || input.peek(LitStr)
}

/// Takes all tokens up to the next comma.
fn until_comma(input: ParseStream<'_>) -> TokenStream {
    let mut skipped = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        match input.parse::<proc_macro2::TokenTree>() {
            Ok(token) => skipped.extend([token]),
            Err(_) => break,
        }
    }
    skipped
}

fn entry(input: ParseStream<'_>, errors: &mut Vec<Error>) -> syn::Result<Entry<Spot>> {
    if !input.peek(Ident::peek_any) {
        return Err(unexpected_key(input));
    }
    let (at, key) = path(input, errors)?;
    let value = if input.peek(Token![=]) {
        let equals: Token![=] = input.parse()?;
        value(input, errors, equals.span())?
    } else if input.peek(Token![:]) {
        let colon: Token![:] = input.parse()?;
        errors.push(Error::new(colon.span(), "expected `=` between a key and its value"));
        value(input, errors, colon.span())?
    } else if input.peek(token::Paren) {
        group(input, errors)?
    } else {
        Value {
            at: at.clone(),
            data: Data::Nothing,
        }
    };
    Ok(Entry { at, key, value })
}

fn unexpected_key(input: ParseStream<'_>) -> Error {
    let culprit = until_comma(input);
    if culprit.is_empty() {
        return input.error("expected a word before the comma");
    }
    Error::new_spanned(culprit, "expected a word here, as in `word` or `key = \"value\"`")
}

fn group(input: ParseStream<'_>, errors: &mut Vec<Error>) -> syn::Result<Value<Spot>> {
    let content;
    let parens = syn::parenthesized!(content in input);
    let data = Data::Group(entries_of(&content, errors));
    Ok(Value {
        at: delimiters(parens.span),
        data,
    })
}

fn list(input: ParseStream<'_>, errors: &mut Vec<Error>) -> syn::Result<Value<Spot>> {
    let content;
    let brackets = syn::bracketed!(content in input);
    let data = Data::List(separated(&content, errors, element));
    Ok(Value {
        at: delimiters(brackets.span),
        data,
    })
}

/// Two tokens, at the opening and at the closing delimiter: what lies between them is the spot.
fn delimiters(span: proc_macro2::extra::DelimSpan) -> Spot {
    [spot_of(span.open()), spot_of(span.close())].into_iter().collect()
}

fn element(input: ParseStream<'_>, errors: &mut Vec<Error>) -> syn::Result<Value<Spot>> {
    any_value(input, errors)?.ok_or_else(|| input.error("expected a value before the comma"))
}

fn value(input: ParseStream<'_>, errors: &mut Vec<Error>, after: Span) -> syn::Result<Value<Spot>> {
    any_value(input, errors)?.ok_or_else(|| Error::new(after, "expected a value after this"))
}

/// The value that stands here, if any does.
fn any_value(input: ParseStream<'_>, errors: &mut Vec<Error>) -> syn::Result<Option<Value<Spot>>> {
    if input.peek(token::Bracket) {
        return list(input, errors).map(Some);
    }
    if input.peek(Lit) {
        return literal(input).map(Some);
    }
    let ahead = input.fork();
    if ahead.peek(Ident::peek_any) && path(&ahead, &mut Vec::new()).is_ok() && at_end(&ahead) {
        let (at, path) = path(input, errors)?;
        return Ok(Some(Value {
            at,
            data: Data::Path(path),
        }));
    }
    let expression = until_comma(input);
    Ok((!expression.is_empty()).then_some(Value {
        at: expression,
        data: Data::Other("an expression"),
    }))
}

/// Has the value ended? (Also if only its comma is missing.)
fn at_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,]) || input.peek(Ident::peek_any)
}

fn literal(input: ParseStream<'_>) -> syn::Result<Value<Spot>> {
    let literal: Lit = input.parse()?;
    let data = match &literal {
        Lit::Str(text) => Data::Text(text.value()),
        Lit::Int(_) | Lit::Float(_) => Data::Other("a number"),
        Lit::Bool(_) => Data::Other("a boolean"),
        Lit::Char(_) => Data::Other("a character"),
        _ => Data::Other("another literal"),
    };
    Ok(Value {
        at: literal.into_token_stream(),
        data,
    })
}

/// A word or a path. Words in kebab-case are read too, and answered with the right spelling.
fn path(input: ParseStream<'_>, errors: &mut Vec<Error>) -> syn::Result<(Spot, String)> {
    let mut spot = Spot::new();
    let mut text = part(input, &mut spot)?;
    let mut kebab = false;
    loop {
        if let Ok(colons) = input.parse::<Token![::]>() {
            colons.to_tokens(&mut spot);
            text.push_str("::");
        } else if input.peek(Token![-]) && input.peek2(Ident::peek_any) {
            input.parse::<Token![-]>()?.to_tokens(&mut spot);
            text.push('_');
            kebab = true;
        } else {
            break;
        }
        text.push_str(&part(input, &mut spot)?);
    }
    if kebab {
        errors.push(Error::new_spanned(
            &spot,
            format!("in an attribute, words are joined by underscores: `{text}`"),
        ));
    }
    Ok((spot, text))
}

fn part(input: ParseStream<'_>, spot: &mut Spot) -> syn::Result<String> {
    let part = input.call(Ident::parse_any)?;
    part.to_tokens(spot);
    Ok(part.unraw().to_string())
}
