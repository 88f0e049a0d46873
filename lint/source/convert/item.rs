//! Items.

use quote::ToTokens;
use smol_str::SmolStr;

use super::{Converter, ModulePath, attribute::Place, exact, name_of, shrunk};
use crate::{
    source::{
        Problem,
        attributes::{self, DeliveryNames},
        hir::{Const, Enum, Impl, Item, MacroItem, Struct, Trait, Type, Use, Variant},
    },
    span::Span,
};

impl Converter<'_> {
    pub(super) fn items(&mut self, items: &[syn::Item]) -> Vec<Item> {
        shrunk(items.iter().flat_map(|item| self.item(item)).collect())
    }

    /// Whether these attributes say that their item is for tests only, and tests are not asked for.
    pub(in crate::source) fn leaves_out(&self, attrs: &[syn::Attribute]) -> bool {
        !self.context.all_targets && attributes::is_test(attrs)
    }

    /// One item gives none, one, or (`use`) many.
    pub(in crate::source) fn item(&mut self, item: &syn::Item) -> Vec<Item> {
        if self.leaves_out(attributes::of_item(item)) {
            self.left_out(item);
            return Vec::new();
        }
        match item {
            syn::Item::Use(item) => self.use_item(item),
            syn::Item::Mod(item) => vec![self.module(item)],
            syn::Item::Macro(call) if let Some(items) = self.gated(&call.mac) => items,
            _ => self.single(item).into_iter().collect(),
        }
    }

    fn single(&mut self, item: &syn::Item) -> Option<Item> {
        if !attributes::of_item(item).is_empty()
            && let Some((vis, keyword)) = head(item)
        {
            let head = self.item_span(vis, keyword, keyword);
            self.delivery(attributes::of_item(item), Place::Other(head));
        }
        Some(match item {
            syn::Item::Fn(item) => Item::Fn(Box::new(self.free_function(item))),
            syn::Item::Impl(item) => Item::Impl(Box::new(self.impl_block(item))),
            syn::Item::Trait(item) => Item::Trait(self.trait_item(item)),
            syn::Item::TraitAlias(item) => Item::Trait(Trait {
                name: name_of(&item.ident),
                generics: self.generics(&item.generics),
                bounds: self.bounds(item.bounds.iter()),
                functions: Vec::new(),
                consts: Vec::new(),
            }),
            syn::Item::Struct(item) => Item::Struct(self.struct_item(item)),
            syn::Item::Union(item) => Item::Struct(self.union_item(item)),
            syn::Item::Enum(item) => Item::Enum(self.enum_item(item)),
            syn::Item::Const(item) => Item::Const(Box::new(self.constant(&item.ident, &item.ty, Some(&item.expr)))),
            syn::Item::Static(item) => Item::Const(Box::new(self.constant(&item.ident, &item.ty, Some(&item.expr)))),
            syn::Item::Type(item) => Item::Alias {
                name: name_of(&item.ident),
                generics: self.generics(&item.generics),
                ty: self.ty(&item.ty),
            },
            syn::Item::ExternCrate(item) => self.extern_crate(item),
            syn::Item::Macro(item) => return self.macro_item(item),
            syn::Item::Verbatim(tokens) => return self.unknown_syntax(tokens),
            _ => return None,
        })
    }

    pub(super) fn constant(&mut self, name: &syn::Ident, ty: &syn::Type, value: Option<&syn::Expr>) -> Const {
        Const {
            name: name_of(name),
            ty: self.ty(ty),
            value: value.map(|value| self.expr(value)),
        }
    }

    fn extern_crate(&mut self, item: &syn::ItemExternCrate) -> Item {
        let name = item.rename.as_ref().map_or(&item.ident, |(_, rename)| rename);
        Item::Use(Use {
            path: vec![name_of(&item.ident)],
            global: item.ident != "self",
            name: Some(name_of(name)).filter(|name| name != "_"),
            glob: false,
            public: !matches!(item.vis, syn::Visibility::Inherited),
        })
    }

    fn use_item(&mut self, item: &syn::ItemUse) -> Vec<Item> {
        let public = !matches!(item.vis, syn::Visibility::Inherited);
        let mut leaves = Vec::new();
        use_leaves(&item.tree, &mut Vec::new(), public, &mut leaves);
        let global = item.leading_colon.is_some();
        leaves
            .into_iter()
            .map(|leaf| Item::Use(Use { global, ..leaf }))
            .collect()
    }

    fn module(&mut self, item: &syn::ItemMod) -> Item {
        let name = name_of(&item.ident);
        self.modules.push(name.clone());
        let content = item.content.as_ref().map(|(_, items)| self.items(items));
        self.modules.pop();
        let allows = self.delivery(&item.attrs, Place::Module).allows;
        Item::Mod {
            name,
            content,
            path: attributes::path_of(&item.attrs),
            allows,
        }
    }

    pub(in crate::source) fn impl_block(&mut self, item: &syn::ItemImpl) -> Impl {
        let mut block = Impl {
            generics: self.generics(&item.generics),
            of_trait: item.trait_.as_ref().map(|(path, _)| self.path(None, path)),
            self_ty: self.ty(&item.self_ty),
            functions: Vec::new(),
            consts: Vec::new(),
            types: Vec::new(),
            allows: self.delivery(&item.attrs, Place::Impl).allows,
            attrs: self.other_attrs(&item.attrs),
        };
        for member in &item.items {
            self.impl_member(member, &mut block);
        }
        block
    }

    pub(in crate::source) fn impl_member(&mut self, member: &syn::ImplItem, block: &mut Impl) {
        match member {
            syn::ImplItem::Fn(function) if !self.leaves_out(&function.attrs) => {
                let function = self.method(function);
                block.functions.push(function);
            }
            syn::ImplItem::Const(constant) => {
                let constant = self.constant(&constant.ident, &constant.ty, Some(&constant.expr));
                block.consts.push(constant);
            }
            syn::ImplItem::Type(alias) => block.types.push((name_of(&alias.ident), self.ty(&alias.ty))),
            syn::ImplItem::Verbatim(tokens) => {
                self.unknown_syntax(tokens);
            }
            _ => {}
        }
    }

    pub(in crate::source) fn trait_item(&mut self, item: &syn::ItemTrait) -> Trait {
        let mut result = Trait {
            name: name_of(&item.ident),
            generics: self.generics(&item.generics),
            bounds: self.bounds(item.supertraits.iter()),
            functions: Vec::new(),
            consts: Vec::new(),
        };
        for member in &item.items {
            self.trait_member(member, &mut result);
        }
        result
    }

    pub(in crate::source) fn trait_member(&mut self, member: &syn::TraitItem, result: &mut Trait) {
        match member {
            syn::TraitItem::Fn(function) if !self.leaves_out(&function.attrs) => {
                let function = self.trait_function(function);
                result.functions.push(function);
            }
            syn::TraitItem::Const(constant) => {
                let value = constant.default.as_ref().map(|(_, value)| value);
                result.consts.push(self.constant(&constant.ident, &constant.ty, value));
            }
            syn::TraitItem::Verbatim(tokens) => {
                self.unknown_syntax(tokens);
            }
            _ => {}
        }
    }

    fn struct_item(&mut self, item: &syn::ItemStruct) -> Struct {
        let end = match &item.fields {
            syn::Fields::Named(fields) => fields.brace_token.span.close(),
            syn::Fields::Unnamed(fields) => fields.paren_token.span.close(),
            syn::Fields::Unit => item.ident.span(),
        };
        Struct {
            name: name_of(&item.ident),
            generics: self.generics(&item.generics),
            fields: self.fields(&item.fields),
            derives: attributes::derives(&item.attrs),
            span: self.item_span(&item.vis, item.struct_token.span, end),
        }
    }

    fn union_item(&mut self, item: &syn::ItemUnion) -> Struct {
        let fields = syn::Fields::Named(item.fields.clone());
        Struct {
            name: name_of(&item.ident),
            generics: self.generics(&item.generics),
            fields: self.fields(&fields),
            derives: attributes::derives(&item.attrs),
            span: self.item_span(&item.vis, item.union_token.span, item.fields.brace_token.span.close()),
        }
    }

    fn item_span(&self, vis: &syn::Visibility, keyword: proc_macro2::Span, end: proc_macro2::Span) -> Span {
        self.span(self.start(visibility_start(vis).unwrap_or(keyword)), self.end(end))
    }

    fn fields(&mut self, fields: &syn::Fields) -> Vec<(SmolStr, Type)> {
        let name = |index: usize, field: &syn::Field| match &field.ident {
            Some(ident) => name_of(ident),
            None => SmolStr::from(index.to_string()),
        };
        exact(
            fields
                .iter()
                .enumerate()
                .map(|(index, field)| (name(index, field), self.ty(&field.ty))),
        )
    }

    fn enum_item(&mut self, item: &syn::ItemEnum) -> Enum {
        let variants = exact(item.variants.iter().map(|variant| self.variant(variant)));
        Enum {
            name: name_of(&item.ident),
            generics: self.generics(&item.generics),
            variants,
        }
    }

    fn variant(&mut self, variant: &syn::Variant) -> Variant {
        let is_from = |field: &syn::Field| field.attrs.iter().any(|attr| attr.path().is_ident("from"));
        Variant {
            name: name_of(&variant.ident),
            fields: self.fields(&variant.fields),
            from: variant.fields.iter().any(is_from),
        }
    }

    fn macro_item(&mut self, item: &syn::ItemMacro) -> Option<Item> {
        if item.ident.is_some() {
            return None;
        }
        let start = self.path_place(None, &item.mac.path).0;
        let span = self.span(start, self.end(item.mac.delimiter.span().close()));
        let delimiters = item.mac.delimiter.span();
        let tokens = self
            .context
            .lines
            .slice(self.end(delimiters.open()), self.start(delimiters.close()))
            .to_owned();
        Some(Item::Macro(MacroItem {
            path: self.path(None, &item.mac.path),
            tokens,
            span,
        }))
    }

    /// What syn lets pass without understanding it matters only if there is code in it.
    fn unknown_syntax(&mut self, tokens: &proc_macro2::TokenStream) -> Option<Item> {
        let has_body = |tree: proc_macro2::TokenTree| matches!(tree, proc_macro2::TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace);
        if tokens.clone().into_iter().any(has_body) {
            let first = tokens.clone().into_iter().next()?;
            let span = self.span_of(first.span());
            self.problem(Problem::syntax(
                span,
                "this item uses syntax that is not known here; it is not checked",
            ));
        }
        None
    }

    /// Remembers what tests there are, by name, and which files hold tests.
    fn left_out(&mut self, item: &syn::Item) {
        match item {
            syn::Item::Fn(function) => {
                let mut path: Vec<SmolStr> = self.modules.clone();
                path.push(name_of(&function.sig.ident));
                self.gathered.tests.push(SmolStr::from(path.join("::")));
            }
            syn::Item::Mod(module) => match &module.content {
                Some((_, items)) => {
                    self.modules.push(name_of(&module.ident));
                    items.iter().for_each(|item| self.left_out(item));
                    self.modules.pop();
                }
                None => self.gathered.test_modules.push(ModulePath {
                    around: self.modules.clone(),
                    name: name_of(&module.ident),
                    path: attributes::path_of(&module.attrs),
                }),
            },
            _ => {}
        }
    }
}

/// The first token of a visibility that is written.
pub(super) fn visibility_start(vis: &syn::Visibility) -> Option<proc_macro2::Span> {
    match vis {
        syn::Visibility::Public(token) => Some(token.span),
        syn::Visibility::Restricted(restricted) => Some(restricted.pub_token.span),
        syn::Visibility::Inherited => None,
    }
}

/// The visibility and keyword of an item on which no delivery attribute can stand.
fn head(item: &syn::Item) -> Option<(&syn::Visibility, proc_macro2::Span)> {
    Some(match item {
        syn::Item::Const(item) => (&item.vis, item.const_token.span),
        syn::Item::Enum(item) => (&item.vis, item.enum_token.span),
        syn::Item::Static(item) => (&item.vis, item.static_token.span),
        syn::Item::Struct(item) => (&item.vis, item.struct_token.span),
        syn::Item::Trait(item) => (&item.vis, item.trait_token.span),
        syn::Item::Type(item) => (&item.vis, item.type_token.span),
        syn::Item::Union(item) => (&item.vis, item.union_token.span),
        _ => return None,
    })
}

fn use_leaves(tree: &syn::UseTree, path: &mut Vec<SmolStr>, public: bool, leaves: &mut Vec<Use>) {
    let leaf = |path: Vec<SmolStr>, name: Option<SmolStr>, glob| Use {
        path,
        global: false,
        name,
        glob,
        public,
    };
    match tree {
        syn::UseTree::Path(step) => {
            path.push(name_of(&step.ident));
            use_leaves(&step.tree, path, public, leaves);
            path.pop();
        }
        syn::UseTree::Group(group) => group
            .items
            .iter()
            .for_each(|tree| use_leaves(tree, path, public, leaves)),
        syn::UseTree::Glob(_) => leaves.push(leaf(path.clone(), None, true)),
        syn::UseTree::Name(name) => {
            let path = leaf_path(path, &name.ident);
            let name = path.last().cloned();
            leaves.push(leaf(path, name, false));
        }
        syn::UseTree::Rename(rename) => {
            let name = Some(name_of(&rename.rename)).filter(|name| name != "_");
            leaves.push(leaf(leaf_path(path, &rename.ident), name, false));
        }
    }
}

/// `self` at the end of a path is the path itself.
fn leaf_path(path: &[SmolStr], last: &syn::Ident) -> Vec<SmolStr> {
    let mut path = path.to_vec();
    if path.is_empty() || last != "self" {
        path.push(name_of(last));
    }
    path
}

/// What a file's `use` items say about the names of the delivery attributes.
pub(in crate::source) fn learn_names(items: &[syn::Item], names: &mut DeliveryNames) {
    for item in items {
        match item {
            syn::Item::Use(item) => {
                let mut leaves = Vec::new();
                use_leaves(&item.tree, &mut Vec::new(), false, &mut leaves);
                leaves.iter().for_each(|leaf| names.learn(leaf));
            }
            syn::Item::Mod(syn::ItemMod {
                content: Some((_, items)),
                ..
            }) => learn_names(items, names),
            _ => {}
        }
    }
}

/// Tokens as text.
pub(super) fn text_of(tokens: &impl ToTokens) -> SmolStr {
    SmolStr::from(tokens.to_token_stream().to_string())
}
