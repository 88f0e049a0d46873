//! Finds the allows of a file and what each is about.

use delivery_grammar::Allow;

use super::{Allowance, Scope};
use crate::source::hir::{AllowAttr, Block, Function, Impl, Item, Module, Stmt};
use crate::span::Span;

/// The allows on functions, impls and inline modules.
#[must_use]
pub fn attributes(module: &Module) -> Vec<Allowance> {
    let mut found = Vec::new();
    items(&module.items, &mut found);
    found
}

/// The allow of a comment about the statement that begins on line `applies_to`. Lines that continue a chain of calls belong to
/// the statement; the body of a loop or match does not.
#[must_use]
pub fn comment(allow: Allow, at: Span, applies_to: u32, text: &str) -> Allowance {
    let first = usize::try_from(applies_to).unwrap_or(usize::MAX);
    let continued = text
        .lines()
        .skip(first)
        .take_while(|line| line.trim_start().starts_with(['.', '?']))
        .count();
    let last = applies_to.saturating_add(u32::try_from(continued).unwrap_or(u32::MAX));
    Allowance {
        allow,
        at,
        scope: Scope::Lines {
            file: at.file,
            first: applies_to,
            last,
        },
    }
}

/// Adds the allows of the items, and gives back what the items cover together.
fn items(items: &[Item], found: &mut Vec<Allowance>) -> Option<Span> {
    let spans: Vec<Span> = items.iter().filter_map(|each| item(each, found)).collect();
    joined(spans)
}

fn item(item: &Item, found: &mut Vec<Allowance>) -> Option<Span> {
    match item {
        Item::Fn(each) => Some(function(each, found)),
        Item::Impl(each) => implementation(each, found),
        Item::Trait(each) => joined(each.functions.iter().map(|each| function(each, found)).collect()),
        Item::Mod { content, allows, .. } => {
            let inside = content.as_ref().and_then(|content| items(content, found));
            allow(allows, inside, found)
        }
        _ => None,
    }
}

fn implementation(each: &Impl, found: &mut Vec<Allowance>) -> Option<Span> {
    let inside = joined(each.functions.iter().map(|each| function(each, found)).collect());
    allow(&each.allows, inside, found)
}

/// A function with its attributes, signature and body.
fn function(each: &Function, found: &mut Vec<Allowance>) -> Span {
    let mut whole = each.signature;
    if let Some(body) = &each.body {
        body.if_read().into_iter().for_each(|block| nested(block, found));
        whole.end = whole.end.max(body.end);
    }
    if let Some(declared) = &each.declaration {
        whole = whole.to(declared.span);
    }
    allow(&each.allows, Some(whole), found).unwrap_or(whole)
}

/// Functions inside functions: a body that was not read has none.
fn nested(body: &Block, found: &mut Vec<Allowance>) {
    for statement in &body.statements {
        if let Stmt::Item(inner) = statement {
            item(inner, found);
        }
    }
}

/// What the attributes cover: what they stand on, themselves included.
fn allow(allows: &[AllowAttr], on: Option<Span>, found: &mut Vec<Allowance>) -> Option<Span> {
    let whole = joined(on.into_iter().chain(allows.iter().map(|each| each.span)).collect());
    for each in allows {
        let scope = Scope::Item(whole.unwrap_or(each.span));
        found.push(Allowance {
            allow: each.allow.clone(),
            at: each.span,
            scope,
        });
    }
    whole
}

fn joined(spans: Vec<Span>) -> Option<Span> {
    spans.into_iter().reduce(Span::to)
}
