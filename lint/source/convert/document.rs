//! Documents: `doc! { "_id": id, "$inc": { "read": 1 } }` is a literal with named fields, and so are the documents in it.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use smol_str::SmolStr;

use super::macro_call::string_value;
use super::{Converter, spanned, tokens};
use crate::source::hir::{Expr, ExprKind, Path};
use crate::span::Pos;

/// The name of a field that is not written as a text.
const NO_TEXT: &str = "?";

impl Converter<'_> {
    /// What `doc!` or `bson!` makes.
    pub(super) fn document(&mut self, call: &syn::Macro, place: (Pos, Pos)) -> ExprKind {
        let mut path = self.path(None, &call.path);
        if let Some(last) = path.segments.last_mut() {
            last.name = "Document".into();
        }
        self.document_of(&call.tokens, &path, place)
    }

    fn document_of(&mut self, written: &TokenStream, path: &Path, place: (Pos, Pos)) -> ExprKind {
        let parts = tokens::parts(written).into_iter();
        let fields = parts.filter_map(|part| self.entry(part, path, place)).collect();
        ExprKind::Struct {
            path: path.clone(),
            fields,
            rest: None,
        }
    }

    fn entry(&mut self, part: TokenStream, path: &Path, place: (Pos, Pos)) -> Option<(SmolStr, Expr)> {
        let trees: Vec<TokenTree> = part.into_iter().collect();
        let colon = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ':');
        let name = trees
            .first()
            .filter(|_| trees.get(1).is_some_and(colon))
            .and_then(string_value);
        let at = trees.iter().rposition(colon)?;
        let value: TokenStream = match name {
            Some(_) => trees.into_iter().skip(2).collect(),
            None => trees.into_iter().skip(at + 1).collect(),
        };
        let value = self.field_value(value, path, place)?;
        Some((name.map_or_else(|| NO_TEXT.into(), SmolStr::from), value))
    }

    fn field_value(&mut self, written: TokenStream, path: &Path, place: (Pos, Pos)) -> Option<Expr> {
        let mut trees = written.clone().into_iter();
        let kind = match (trees.next()?, trees.next()) {
            (TokenTree::Group(group), None) if group.delimiter() == Delimiter::Brace => {
                self.document_of(&group.stream(), path, place)
            }
            (TokenTree::Group(group), None) if group.delimiter() == Delimiter::Bracket => {
                let values = tokens::parts(&group.stream()).into_iter();
                ExprKind::Array(values.filter_map(|part| self.field_value(part, path, place)).collect())
            }
            _ => return tokens::expr(written).map(|expr| self.expr(&expr)),
        };
        Some(spanned(kind, place.0, place.1))
    }
}
