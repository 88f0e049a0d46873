//! Rewritings of a file that leave its meaning alone: insertions at places that syn finds, so that everything else stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, LineColumn, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// What is added where a comment may stand.
pub const NOTE: &str = "/* noted */";
/// What is added to a name.
pub const RENAMED: &str = "_by_another_name";

/// Texts to put in, by byte.
type Insertions = BTreeMap<usize, String>;

fn insert(text: &str, insertions: &Insertions) -> String {
    let mut out = text.to_owned();
    for (at, what) in insertions.iter().rev() {
        out.insert_str(*at, what);
    }
    out
}

fn offset(text: &str, at: LineColumn) -> usize {
    let start: usize = text.split_inclusive('\n').take(at.line - 1).map(str::len).sum();
    let line = text[start..].chars().take(at.column);
    start + line.map(char::len_utf8).sum::<usize>()
}

/// Every token with its place, groups as their brackets, and whether it stands inside of a macro's arguments.
fn tokens(text: &str) -> Vec<(TokenTree, usize)> {
    let Ok(stream) = text.parse::<TokenStream>() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    collect(stream, text, &mut found);
    found
}

fn collect(stream: TokenStream, text: &str, found: &mut Vec<(TokenTree, usize)>) {
    for token in stream {
        let at = offset(text, token.span().start());
        if let TokenTree::Group(group) = &token {
            collect(group.stream(), text, found);
        }
        found.push((token, at));
    }
}

/// Comments after semicolons and opening braces, empty lines around everything.
pub fn spaced(text: &str) -> String {
    let mut insertions = Insertions::new();
    for (token, at) in tokens(text) {
        let after = match &token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => at + 1,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => at + 1,
            _ => continue,
        };
        insertions.insert(after, format!(" {NOTE}"));
    }
    format!("\n  \n\n{}\n\n", insert(text, &insertions))
}

/// A function and a type that have nothing to do with anything.
pub fn beside_others(text: &str) -> String {
    format!(
        "{text}\n#[allow(dead_code)]\nstruct UnrelatedToAll(u32);\n\n#[allow(dead_code)]\nfn unrelated_to_all(value: &UnrelatedToAll) -> u32 {{\n    value.0 + 1\n}}\n"
    )
}

/// Every statement that is an expression, in a block of its own.
pub fn in_blocks(text: &str) -> String {
    struct Statements<'t> {
        text: &'t str,
        found: Insertions,
    }
    impl<'ast> Visit<'ast> for Statements<'_> {
        fn visit_stmt(&mut self, statement: &'ast syn::Stmt) {
            if let syn::Stmt::Expr(expr, Some(_)) = statement {
                let (start, end) = (statement.span().start(), statement.span().end());
                let is_plain = matches!(
                    expr,
                    syn::Expr::Await(_) | syn::Expr::Call(_) | syn::Expr::MethodCall(_) | syn::Expr::Try(_)
                );
                if is_plain {
                    self.found
                        .entry(offset(self.text, start))
                        .or_default()
                        .insert_str(0, "{ ");
                    self.found.entry(offset(self.text, end)).or_default().push_str(" }");
                }
            }
            visit::visit_stmt(self, statement);
        }
    }
    let Ok(file) = syn::parse_file(text) else {
        return text.to_owned();
    };
    let mut statements = Statements {
        text,
        found: Insertions::new(),
    };
    statements.visit_file(&file);
    insert(text, &statements.found)
}

/// Every local that is bound by a `let`, under another name, wherever its name is nothing else in the file.
pub fn renamed(text: &str) -> String {
    struct Locals(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Locals {
        fn visit_local(&mut self, local: &'ast syn::Local) {
            let pattern = match &local.pat {
                syn::Pat::Type(typed) => &*typed.pat,
                other => other,
            };
            if let syn::Pat::Ident(bound) = pattern {
                self.0.insert(bound.ident.to_string());
            }
            visit::visit_local(self, local);
        }
    }
    let Ok(file) = syn::parse_file(text) else {
        return text.to_owned();
    };
    let mut locals = Locals(BTreeSet::new());
    locals.visit_file(&file);
    let tokens = tokens(text);
    let other = other_meanings(text, &tokens);
    let mut insertions = Insertions::new();
    for (token, at) in &tokens {
        if let TokenTree::Ident(name) = token
            && locals.0.contains(&name.to_string())
            && !other.contains(&name.to_string())
        {
            insertions.insert(at + name.to_string().len(), RENAMED.to_owned());
        }
    }
    insert(text, &insertions)
}

/// Names that are also those of fields, functions, macros or parts of a text.
fn other_meanings(text: &str, tokens: &[(TokenTree, usize)]) -> BTreeSet<String> {
    let mut other = BTreeSet::new();
    for (token, at) in tokens {
        match token {
            TokenTree::Ident(name) => {
                let name = name.to_string();
                let before = text[..*at].trim_end();
                let after = text[at + name.len()..].trim_start();
                let is_field = (before.ends_with('.') && !before.ends_with(".."))
                    || (after.starts_with(':') && !after.starts_with("::"));
                let is_path = before.ends_with("::") || after.starts_with("::") || after.starts_with(['(', '!', '<']);
                let is_item = ["fn", "mod", "use", "struct", "static", "const"]
                    .iter()
                    .any(|word| before.ends_with(word));
                let is_shorthand = before.ends_with(['{', ',', '%', '?']) && after.starts_with(['}', ',']);
                if is_field || is_path || is_item || is_shorthand {
                    other.insert(name);
                }
            }
            TokenTree::Literal(literal) => {
                let quoted = literal.to_string();
                other.extend(
                    quoted
                        .split(|c: char| !c.is_alphanumeric() && c != '_')
                        .map(str::to_owned),
                );
            }
            _ => {}
        }
    }
    other
}
