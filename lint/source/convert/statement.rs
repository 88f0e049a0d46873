//! Blocks and statements.

use super::{Converter, tokens};
use crate::source::hir::{Block, Stmt};

impl Converter<'_> {
    pub(in crate::source) fn block(&mut self, block: &syn::Block) -> Block {
        let braces = block.brace_token.span;
        let (start, end) = (self.start(braces.open()), self.end(braces.close()));
        Block {
            statements: self.statements(&block.stmts),
            start,
            end,
        }
    }

    pub(super) fn statements(&mut self, statements: &[syn::Stmt]) -> Vec<Stmt> {
        let mut all = Vec::with_capacity(statements.len());
        for (index, statement) in statements.iter().enumerate() {
            self.statement(statement, index + 1 == statements.len(), &mut all);
        }
        all
    }

    fn statement(&mut self, statement: &syn::Stmt, last: bool, all: &mut Vec<Stmt>) {
        match statement {
            syn::Stmt::Local(local) if !self.leaves_out(&local.attrs) => {
                let local = self.local(local);
                all.push(local);
            }
            syn::Stmt::Item(item) => all.extend(self.item(item).into_iter().map(|item| Stmt::Item(Box::new(item)))),
            syn::Stmt::Expr(syn::Expr::Verbatim(nothing), Some(_)) if nothing.is_empty() => {}
            syn::Stmt::Expr(expr, semi) if !self.leaves_out(expr_attrs(expr)) => {
                let expr = self.expr(expr);
                all.push(if last && semi.is_none() {
                    Stmt::Tail(expr)
                } else {
                    Stmt::Expr(expr)
                });
            }
            syn::Stmt::Macro(call) if !self.leaves_out(&call.attrs) => {
                self.macro_statement(call, last && call.semi_token.is_none(), all);
            }
            _ => {}
        }
    }

    fn local(&mut self, local: &syn::Local) -> Stmt {
        let (pat, ty) = match &local.pat {
            syn::Pat::Type(typed) => (self.pat(&typed.pat), Some(self.ty(&typed.ty))),
            pat => (self.pat(pat), None),
        };
        let init = local.init.as_ref().map(|init| self.expr(&init.expr));
        let diverge = local.init.as_ref().and_then(|init| init.diverge.as_ref());
        let otherwise = diverge.map(|(_, block)| self.diverging(block));
        Stmt::Let {
            pat: Box::new(pat),
            ty: ty.map(Box::new),
            init,
            otherwise: otherwise.map(Box::new),
        }
    }

    fn diverging(&mut self, expr: &syn::Expr) -> Block {
        match expr {
            syn::Expr::Block(block) => self.block(&block.block),
            other => {
                let expr = self.expr(other);
                Block {
                    start: expr.start,
                    end: expr.end,
                    statements: vec![Stmt::Expr(expr)],
                }
            }
        }
    }

    /// `pin! { let x = f(); }` declares its variables here; every other macro call is an expression.
    fn macro_statement(&mut self, call: &syn::StmtMacro, tail: bool, all: &mut Vec<Stmt>) {
        if call.mac.path.segments.last().is_some_and(|last| last.ident == "pin")
            && let Some(statements) = tokens::statements(&call.mac.tokens)
            && matches!(statements.first(), Some(syn::Stmt::Local(_)))
        {
            all.extend(self.statements(&statements));
            return;
        }
        let expr = self.macro_call(&call.mac);
        all.push(if tail { Stmt::Tail(expr) } else { Stmt::Expr(expr) });
    }
}

/// The attributes of the expressions that carry `#[cfg]` in practice.
fn expr_attrs(expr: &syn::Expr) -> &[syn::Attribute] {
    match expr {
        syn::Expr::Block(expr) => &expr.attrs,
        syn::Expr::Call(expr) => &expr.attrs,
        syn::Expr::MethodCall(expr) => &expr.attrs,
        syn::Expr::If(expr) => &expr.attrs,
        syn::Expr::Macro(expr) => &expr.attrs,
        syn::Expr::Match(expr) => &expr.attrs,
        syn::Expr::Await(expr) => &expr.attrs,
        syn::Expr::Try(expr) => &expr.attrs,
        syn::Expr::Assign(expr) => &expr.attrs,
        syn::Expr::Return(expr) => &expr.attrs,
        _ => &[],
    }
}
