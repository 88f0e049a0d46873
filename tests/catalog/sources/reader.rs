//! Reads a crate's files into what is known of it.

use super::*;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;

/// Reads the files of a crate.
pub(super) struct Reader<'a> {
    pub(super) krate: &'a mut Crate,
    /// The folder of the file that is being read.
    pub(super) here: PathBuf,
    /// The names that anybody asks for.
    pub(super) wanted: &'a BTreeSet<String>,
}

/// Files that are larger are generated, and mostly of no interest.
const LARGE: usize = 1 << 18;

impl Reader<'_> {
    /// `folder` is where the files of its modules are.
    pub(super) fn file(&mut self, path: &Path, folder: &Path, module: &[String]) {
        let Ok(text) = std::fs::read_to_string(path) else {
            return;
        };
        let Some(file) = self.parse(&text) else { return };
        let here = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let outer = std::mem::replace(&mut self.here, here);
        self.items(&file.items, folder, module);
        self.here = outer;
    }

    /// A large file as far as it is about what is wanted, if it can be taken apart.
    fn parse(&self, text: &str) -> Option<syn::File> {
        let large = text.len() > LARGE;
        let part = || {
            text.split_inclusive("\n}\n")
                .filter(|item| self.is_wanted(item))
                .collect::<String>()
        };
        let parsed = if large { syn::parse_file(&part()).ok() } else { None };
        parsed.or_else(|| syn::parse_file(text).ok())
    }

    /// Whether an item names something wanted where it begins, or may lead anywhere.
    fn is_wanted(&self, item: &str) -> bool {
        let heads = item
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()));
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        heads.into_iter().any(|line| {
            let mut words = line.split(|c| !is_part(c));
            line.contains('!') || words.any(|word| matches!(word, "use" | "mod") || self.wanted.contains(word))
        })
    }

    pub(super) fn items(&mut self, items: &[syn::Item], folder: &Path, module: &[String]) {
        self.krate.modules.entry(module.to_vec()).or_default();
        for item in items {
            self.item(item, folder, module);
        }
    }

    pub(super) fn item(&mut self, item: &syn::Item, folder: &Path, module: &[String]) {
        match item {
            syn::Item::Mod(found) => self.module(found, folder, module),
            syn::Item::Use(found) => self.import(&found.tree, &mut Vec::new(), module),
            syn::Item::ExternCrate(found) => {
                let name = found.rename.as_ref().map_or(&found.ident, |(_, name)| name).to_string();
                self.add_use(vec![plain(&found.ident)], Some(name), module);
            }
            syn::Item::Fn(found) => self.add(&found.sig.ident, Item::Fn(signature(&found.sig)), module),
            syn::Item::Trait(found) => {
                let methods = found.items.iter().filter_map(|item| match item {
                    syn::TraitItem::Fn(method) => Some((plain(&method.sig.ident), signature(&method.sig))),
                    _ => None,
                });
                let methods = methods.collect();
                self.add(&found.ident, Item::Trait(methods), module);
            }
            syn::Item::Struct(found) => {
                let fields = (0..)
                    .zip(&found.fields)
                    .filter(|(_, field)| matches!(field.vis, syn::Visibility::Public(_)));
                let name =
                    |(at, field): (usize, &syn::Field)| field.ident.as_ref().map_or_else(|| at.to_string(), plain);
                let fields = fields.map(name).collect();
                let item = Item::Type {
                    fields,
                    variants: BTreeMap::new(),
                    derives_default: derives(&found.attrs, "Default"),
                };
                self.add(&found.ident, item, module);
                if derives(&found.attrs, "Builder") {
                    // As derive_builder names it.
                    let builder = quote::format_ident!("{}Builder", found.ident);
                    let item = Item::Type {
                        fields: BTreeSet::new(),
                        variants: BTreeMap::new(),
                        derives_default: true,
                    };
                    self.add(&builder, item, module);
                }
            }
            syn::Item::Enum(found) => {
                let variants = found
                    .variants
                    .iter()
                    .map(|variant| (plain(&variant.ident), variant.fields.len()))
                    .collect();
                let item = Item::Type {
                    fields: BTreeSet::new(),
                    variants,
                    derives_default: derives(&found.attrs, "Default"),
                };
                self.add(&found.ident, item, module);
            }
            syn::Item::Type(found) => self.alias(found, module),
            syn::Item::Const(found) => self.add(&found.ident, Item::Other, module),
            syn::Item::Static(found) => self.add(&found.ident, Item::Other, module),
            syn::Item::Impl(found) => self.implementation(found, module),
            syn::Item::Macro(found) => self.invocation(found, folder, module),
            _ => {}
        }
    }

    pub(super) fn alias(&mut self, found: &syn::ItemType, module: &[String]) {
        let text = found.ty.to_token_stream();
        if text.to_string().contains("Future") {
            self.opaque(quote::quote!(Future #text), Some(&plain(&found.ident)));
        }
        let item = type_path(&found.ty).map_or(Item::Other, Item::Alias);
        self.add(&found.ident, item, module);
    }

    pub(super) fn add(&mut self, name: &syn::Ident, item: Item, module: &[String]) {
        let module = self.krate.modules.entry(module.to_vec()).or_default();
        module.items.entry(plain(name)).or_default().push(item);
    }

    pub(super) fn add_use(&mut self, path: Vec<String>, name: Option<String>, module: &[String]) {
        self.krate
            .modules
            .entry(module.to_vec())
            .or_default()
            .uses
            .push(Use { path, name });
    }

    pub(super) fn module(&mut self, found: &syn::ItemMod, folder: &Path, module: &[String]) {
        let name = plain(&found.ident);
        let mut inner = module.to_vec();
        inner.push(name.clone());
        self.add(&found.ident, Item::Module, module);
        let folder_of_it = folder.join(&name);
        if let Some((_, items)) = &found.content {
            let told = path_of(&found.attrs);
            return self.items(items, &told.map_or(folder_of_it, |told| self.here.join(told)), &inner);
        }
        if let Some(told) = path_of(&found.attrs) {
            let path = folder.join(told);
            let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
            return self.file(&path, &folder, &inner);
        }
        self.file(&folder.join(format!("{name}.rs")), &folder_of_it, &inner);
        self.file(&folder_of_it.join("mod.rs"), &folder_of_it, &inner);
    }

    pub(super) fn import(&mut self, tree: &syn::UseTree, path: &mut Vec<String>, module: &[String]) {
        match tree {
            syn::UseTree::Path(found) => {
                path.push(plain(&found.ident));
                self.import(&found.tree, path, module);
                path.pop();
            }
            syn::UseTree::Name(found) => {
                let name = if found.ident == "self" {
                    path.last().cloned()
                } else {
                    Some(plain(&found.ident))
                };
                self.add_use([&path[..], &[plain(&found.ident)]].concat(), name, module);
            }
            syn::UseTree::Rename(found) => {
                self.add_use(
                    [&path[..], &[plain(&found.ident)]].concat(),
                    Some(found.rename.to_string()),
                    module,
                );
            }
            syn::UseTree::Glob(_) => self.add_use(path.clone(), None, module),
            syn::UseTree::Group(found) => found.items.iter().for_each(|tree| self.import(tree, path, module)),
        }
    }

    pub(super) fn implementation(&mut self, found: &syn::ItemImpl, module: &[String]) {
        let Some(ty) = type_path(&found.self_ty) else { return };
        let of_trait = found
            .trait_
            .as_ref()
            .and_then(|(path, _)| Some(path.segments.last()?.ident.to_string()));
        let mut methods = BTreeMap::new();
        for item in &found.items {
            match item {
                syn::ImplItem::Fn(method) => {
                    methods.insert(plain(&method.sig.ident), signature(&method.sig));
                }
                syn::ImplItem::Macro(found) => {
                    methods.extend(named_first(&found.mac.tokens));
                    self.opaque(found.mac.tokens.clone(), ty.last());
                }
                _ => {}
            }
        }
        self.krate.impls.push(Impl {
            module: module.to_vec(),
            ty,
            of_trait,
            methods,
        });
    }

    /// A macro's definition is opaque; an invocation is read as items where it is, also in its braces (`cfg_if!`).
    pub(super) fn invocation(&mut self, found: &syn::ItemMacro, folder: &Path, module: &[String]) {
        let tokens = found.mac.tokens.clone();
        if found.mac.path.is_ident("include") {
            let Ok(path) = syn::parse2::<syn::LitStr>(tokens) else {
                return;
            };
            return self.file(&self.here.join(path.value()), folder, module);
        }
        if let Some(name) = &found.ident {
            self.krate.macros.insert(name.to_string());
            return self.opaque(tokens, None);
        }
        if !self.inner_items(&tokens, folder, module) {
            self.opaque(tokens, None);
        }
    }

    pub(super) fn inner_items(&mut self, tokens: &TokenStream, folder: &Path, module: &[String]) -> bool {
        if let Ok(file) = syn::parse2::<syn::File>(tokens.clone()) {
            self.items(&file.items, folder, module);
            return true;
        }
        let mut any = false;
        for token in tokens.clone() {
            if let TokenTree::Group(group) = token
                && group.delimiter() == Delimiter::Brace
                && let Ok(file) = syn::parse2::<syn::File>(group.stream())
            {
                self.items(&file.items, folder, module);
                any = true;
            }
        }
        any
    }

    pub(super) fn opaque(&mut self, tokens: TokenStream, of: Option<&String>) {
        let mut text = Opaque::default();
        text.idents.extend(of.cloned());
        text.read(tokens);
        self.krate.macro_types.append(&mut text.types);
        self.krate.opaque.push(text);
    }
}

impl Opaque {
    pub(super) fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(name) if name == "fn" => self.function(&tokens[index + 1..]),
                TokenTree::Ident(keyword) if ["trait", "struct", "enum", "type"].iter().any(|word| keyword == word) => {
                    if let Some(TokenTree::Ident(name)) = tokens.get(index + 1) {
                        self.types.insert(name.to_string());
                    }
                }
                TokenTree::Ident(name) => {
                    self.idents.insert(name.to_string());
                }
                TokenTree::Group(group) => self.read(group.stream()),
                _ => {}
            }
        }
    }

    /// `name<…>(…)` after `fn`.
    pub(super) fn function(&mut self, after: &[TokenTree]) {
        let Some(TokenTree::Ident(name)) = after.first() else {
            return;
        };
        let arguments = after[1..].iter().find_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group.stream()),
            _ => None,
        });
        let Some(arguments) = arguments else { return };
        let parsed =
            syn::parse::Parser::parse2(Punctuated::<syn::FnArg, syn::Token![,]>::parse_terminated, arguments).ok();
        let args = parsed.map(|args| args.iter().filter(|arg| matches!(arg, syn::FnArg::Typed(_))).count());
        self.functions.insert(
            name.to_string(),
            Fun {
                receiver: true,
                args,
                is_async: false,
                output: None,
            },
        );
    }
}

/// What a macro among a type's methods is told to make: `static_resp!(Created, StatusCode::CREATED)`.
fn named_first(tokens: &TokenStream) -> Option<(String, Fun)> {
    let mut tokens = tokens.clone().into_iter();
    let (Some(TokenTree::Ident(name)), Some(TokenTree::Punct(comma))) = (tokens.next(), tokens.next()) else {
        return None;
    };
    let made = Fun {
        receiver: false,
        args: None,
        is_async: false,
        output: None,
    };
    (comma.as_char() == ',').then(|| (plain(&name), made))
}

/// A name as paths spell it, and as its file is named: `r#async` is `async`.
fn plain(name: &syn::Ident) -> String {
    name.unraw().to_string()
}

pub(super) fn signature(signature: &syn::Signature) -> Fun {
    let receiver = signature.receiver().is_some();
    let output = match &signature.output {
        syn::ReturnType::Default => String::new(),
        syn::ReturnType::Type(_, ty) => ty.to_token_stream().to_string(),
    };
    Fun {
        receiver,
        args: Some(signature.inputs.len() - usize::from(receiver)),
        is_async: signature.asyncness.is_some(),
        output: Some(output),
    }
}

pub(super) fn type_path(ty: &syn::Type) -> Option<Vec<String>> {
    match ty {
        syn::Type::Path(found) => Some(found.path.segments.iter().map(|part| plain(&part.ident)).collect()),
        syn::Type::Reference(found) => type_path(&found.elem),
        syn::Type::Paren(found) => type_path(&found.elem),
        syn::Type::Group(found) => type_path(&found.elem),
        _ => None,
    }
}

fn derives(attributes: &[syn::Attribute], what: &str) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("derive") && attribute.meta.to_token_stream().to_string().contains(what)
    })
}

/// What `#[path = "…"]` says.
fn path_of(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(syn::MetaNameValue {
            path,
            value:
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(told),
                    ..
                }),
            ..
        }) if path.is_ident("path") => Some(told.value()),
        _ => None,
    })
}
