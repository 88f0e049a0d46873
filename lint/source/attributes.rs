//! Attributes, as far as they decide what an item is: a test, a module in another place, one of `delivery`'s.

use std::collections::{BTreeMap, BTreeSet};

use delivery_grammar::{AttributeName, Invalid};
use smol_str::SmolStr;
use syn::{Attribute, Meta, Token, punctuated::Punctuated};

use super::hir::Use;

/// Under which names a file knows the attributes of the `delivery` crate.
#[derive(Debug, Clone)]
pub(super) struct DeliveryNames {
    crates: BTreeSet<SmolStr>,
    bare: BTreeMap<SmolStr, AttributeName>,
    /// `use delivery::*`.
    glob: bool,
}

impl DeliveryNames {
    /// `renamed`: how the manifest calls the dependency, if not `delivery`.
    pub(super) fn new(renamed: impl IntoIterator<Item = SmolStr>) -> Self {
        let crates = renamed.into_iter().chain([SmolStr::new_static("delivery")]).collect();
        Self {
            crates,
            bare: BTreeMap::new(),
            glob: false,
        }
    }

    /// Takes note of a `use` leaf.
    pub(super) fn learn(&mut self, leaf: &Use) {
        let [krate, rest @ ..] = leaf.path.as_slice() else {
            return;
        };
        if !self.crates.contains(krate) {
            return;
        }
        match (rest, &leaf.name) {
            ([], None) => self.glob |= leaf.glob,
            ([], Some(alias)) => {
                self.crates.insert(alias.clone());
            }
            ([name], Some(alias)) => {
                if let Ok(attribute) = name.parse() {
                    self.bare.insert(alias.clone(), attribute);
                }
            }
            _ => {}
        }
    }

    /// The delivery attribute that this path names; an error if it can only be a misspelt one.
    ///
    /// A bare `allow` is always rustc's own.
    pub(super) fn resolve(&self, path: &syn::Path) -> Option<Result<AttributeName, Invalid>> {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        match names.as_slice() {
            [name] if name == "allow" => None,
            [name] => self.bare_name(name).map(Ok),
            [krate, name] if self.crates.contains(krate.as_str()) => Some(name.parse()),
            _ => None,
        }
    }

    fn bare_name(&self, name: &str) -> Option<AttributeName> {
        let imported = self.bare.get(name).copied();
        imported.or_else(|| if self.glob { name.parse().ok() } else { None })
    }
}

/// Attributes that make a function a test.
const TEST_ATTRIBUTES: [&str; 6] = [
    "test",
    "bench",
    "rstest",
    "test_case",
    "wasm_bindgen_test",
    "quickcheck",
];

/// Whether these attributes make their item one for tests only.
pub(super) fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let last = attr.path().segments.last();
        match &attr.meta {
            Meta::List(list) if list.path.is_ident("cfg") => {
                list.parse_args::<Meta>().is_ok_and(|predicate| needs_test(&predicate))
            }
            _ => last.is_some_and(|last| TEST_ATTRIBUTES.iter().any(|name| last.ident == name)),
        }
    })
}

/// Whether a `cfg` predicate holds in tests only.
fn needs_test(predicate: &Meta) -> bool {
    match predicate {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => metas(list).iter().any(needs_test),
        Meta::List(list) if list.path.is_ident("any") => {
            let any = metas(list);
            !any.is_empty() && any.iter().all(needs_test)
        }
        _ => false,
    }
}

/// The metas in a list's parentheses; none if they are something else.
pub(super) fn metas(list: &syn::MetaList) -> Vec<Meta> {
    let parsed = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    parsed.map(|metas| metas.into_iter().collect()).unwrap_or_default()
}

/// An attribute's meta, or those that a `cfg_attr` may put in its place.
pub(super) fn effective(meta: &Meta) -> Vec<Meta> {
    match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => metas(list).iter().skip(1).flat_map(effective).collect(),
        meta => vec![meta.clone()],
    }
}

/// The value of `#[path = "…"]`.
pub(super) fn path_of(attrs: &[Attribute]) -> Option<SmolStr> {
    let candidates = attrs
        .iter()
        .filter(|attr| attr.path().is_ident("path") || attr.path().is_ident("cfg_attr"));
    candidates
        .flat_map(|attr| effective(&attr.meta))
        .find_map(|meta| match meta {
            Meta::NameValue(syn::MetaNameValue {
                path,
                value: syn::Expr::Lit(literal),
                ..
            }) if path.is_ident("path") => match literal.lit {
                syn::Lit::Str(text) => Some(SmolStr::from(text.value())),
                _ => None,
            },
            _ => None,
        })
}

/// The last segments of what is derived.
pub(super) fn derives(attrs: &[Attribute]) -> Vec<SmolStr> {
    let derives = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::List(list) if list.path.is_ident("derive") => Some(metas(list)),
        _ => None,
    });
    let last = |meta: Meta| {
        meta.path()
            .segments
            .last()
            .map(|last| SmolStr::from(last.ident.to_string()))
    };
    derives.flatten().filter_map(last).collect()
}

/// The attributes of an item of any kind.
pub(super) fn of_item(item: &syn::Item) -> &[Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::ForeignMod(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::TraitAlias(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Union(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
