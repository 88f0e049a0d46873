//! The `delivery` attributes of an item, read with the grammar that the macros use.

use delivery_grammar::{Allow, AttributeName, Declaration, Semantic, StepKind};
use proc_macro2::{TokenStream, TokenTree};
use smol_str::SmolStr;
use syn::{Attribute, Meta};

use super::{Converter, item::text_of};
use crate::{
    source::{
        Problem,
        attributes::effective,
        hir::{AllowAttr, Attr, Declared},
    },
    span::Span,
};

/// What the delivery attributes of a function say.
#[derive(Default)]
pub(super) struct Delivery {
    pub declaration: Option<Declared>,
    pub step: Option<(StepKind, Span)>,
    pub allows: Vec<AllowAttr>,
}

/// A delivery attribute, not yet read.
struct Found {
    name: AttributeName,
    tokens: TokenStream,
    /// Of the whole attribute: for syn, and ours.
    blame: proc_macro2::Span,
    span: Span,
    /// Of its path alone.
    path: Span,
}

/// What an attribute stands on.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Function,
    /// A function without a body, in a trait.
    Signature,
    Impl,
    Module,
    /// Anything else; the place of its first words (`pub struct`).
    Other(Span),
}

impl Converter<'_> {
    /// The delivery attributes of an item; their mistakes become problems, the same that the macros report.
    pub(super) fn delivery(&mut self, attrs: &[Attribute], place: Place) -> Delivery {
        let mut delivery = Delivery::default();
        for found in self.find(attrs) {
            if let Some(problem) = misplaced(&found, place) {
                self.problem(problem);
            }
            match found.name {
                AttributeName::Semantic(semantic) => self.declare(semantic, found, &mut delivery),
                AttributeName::Step => self.step(found, &mut delivery),
                AttributeName::Allow => delivery.allows.extend(self.allow(found)),
            }
        }
        delivery
    }

    fn find(&mut self, attrs: &[Attribute]) -> Vec<Found> {
        let mut all = Vec::new();
        for attr in attrs {
            if !attr.path().is_ident("doc") {
                let span = self.span(
                    self.start(attr.pound_token.span),
                    self.end(attr.bracket_token.span.close()),
                );
                effective(&attr.meta)
                    .iter()
                    .for_each(|meta| all.extend(self.found(attr, meta, span)));
            }
        }
        all
    }

    fn found(&mut self, attr: &Attribute, meta: &Meta, span: Span) -> Option<Found> {
        let (start, end) = self.path_place(None, meta.path());
        let path = self.span(start, end);
        let name = match self.context.names.resolve(meta.path())? {
            Ok(name) => name,
            Err(invalid) => {
                self.problem(Problem::declaration(path, invalid.message()));
                return None;
            }
        };
        let tokens = match meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(value) => {
                let message = format!("expected parentheses: `delivery::{name}(…)`");
                self.problem(Problem::declaration(self.span_of(value.eq_token.span), message));
                return None;
            }
        };
        let close = attr.bracket_token.span.close();
        let blame = attr.pound_token.span.join(close).unwrap_or(attr.pound_token.span);
        Some(Found {
            name,
            tokens,
            blame,
            span,
            path,
        })
    }

    fn declare(&mut self, semantic: Semantic, found: Found, delivery: &mut Delivery) {
        let (declaration, errors) = Declaration::read(semantic, found.blame, found.tokens.clone());
        self.report(errors);
        if let Some(first) = &delivery.declaration {
            let first = first.declaration.semantic;
            let message =
                format!("a function keeps one promise: `{semantic}` stands beside `{first}`; keep one of them");
            self.problem(Problem::declaration(found.path, message));
            return;
        }
        let mut keys = Vec::new();
        self.keys(found.tokens, &mut keys);
        delivery.declaration = Some(Declared {
            declaration,
            span: found.span,
            keys,
        });
    }

    fn step(&mut self, found: Found, delivery: &mut Delivery) {
        match StepKind::parse_at(found.blame, found.tokens) {
            Ok(_) if delivery.step.is_some() => {
                let message = "a function is one step; a second one needs a function of its own";
                self.problem(Problem::declaration(found.path, message));
            }
            Ok(step) => delivery.step = Some((step, found.span)),
            Err(errors) => self.report(errors),
        }
    }

    fn allow(&mut self, found: Found) -> Option<AllowAttr> {
        match Allow::parse_at(found.blame, found.tokens) {
            Ok(allow) => Some(AllowAttr {
                allow,
                span: found.span,
            }),
            Err(errors) => {
                self.report(errors);
                None
            }
        }
    }

    fn report(&mut self, errors: Vec<syn::Error>) {
        for error in errors.into_iter().flatten() {
            let span = self.span_of(error.span());
            self.problem(Problem::declaration(span, error.to_string()));
        }
    }

    /// Where each `key = value` and `key(…)` stands, those inside parentheses too.
    fn keys(&self, tokens: TokenStream, keys: &mut Vec<(SmolStr, Span)>) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let is_comma = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',');
        for entry in trees.split(is_comma) {
            let (Some(TokenTree::Ident(key)), Some(last)) = (entry.first(), entry.last()) else {
                continue;
            };
            let span = self.span(self.start(key.span()), self.end(last.span()));
            keys.push((SmolStr::from(key.to_string()), span));
            if let [_, TokenTree::Group(group)] = entry {
                self.keys(group.stream(), keys);
            }
        }
    }

    /// Everything that is neither ours nor documentation.
    pub(super) fn other_attrs(&mut self, attrs: &[Attribute]) -> Vec<Attr> {
        let others = attrs
            .iter()
            .filter(|attr| !attr.path().is_ident("doc") && self.context.names.resolve(attr.path()).is_none());
        others.map(|attr| attr_of(&attr.meta)).collect()
    }
}

/// The macros say the same in the same words.
fn misplaced(found: &Found, place: Place) -> Option<Problem> {
    use AttributeName::{Allow, Semantic, Step};
    let advice = match (found.name, place) {
        (_, Place::Function) | (Allow | Step, Place::Signature) | (Allow, Place::Impl | Place::Module) => return None,
        (Semantic(_), Place::Signature) => " with a body: declare it where the handler is implemented",
        (Semantic(_), Place::Impl) => ": put it on the method that handles the message",
        _ => "",
    };
    let places = match found.name {
        Allow => "a function, an impl block or a module",
        Semantic(_) | Step => "a function",
    };
    let span = if let Place::Other(head) = place {
        head
    } else {
        found.span
    };
    Some(Problem::declaration(
        span,
        format!("`#[delivery::{}]` belongs on {places}{advice}", found.name),
    ))
}

fn attr_of(meta: &Meta) -> Attr {
    let names: Vec<String> = meta
        .path()
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    let tokens = match meta {
        Meta::Path(_) => SmolStr::default(),
        Meta::List(list) => SmolStr::from(list.tokens.to_string()),
        Meta::NameValue(pair) => text_of(&pair.value),
    };
    Attr {
        path: SmolStr::from(names.join("::")),
        tokens,
    }
}
