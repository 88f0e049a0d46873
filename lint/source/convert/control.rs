//! Expressions that decide what runs next: blocks, branches, loops, jumps.

use smol_str::SmolStr;

use super::{Converter, name_of, pat::single, spanned};
use crate::{
    source::hir::{Arm, Block, Expr, ExprKind},
    span::Pos,
};

impl Converter<'_> {
    pub(super) fn blockish(&mut self, expr: &syn::Expr) -> Expr {
        match expr {
            syn::Expr::Block(expr) => self.labelled_block(expr),
            syn::Expr::Unsafe(expr) => self.started(expr.unsafe_token.span, &expr.block),
            syn::Expr::Const(expr) => self.started(expr.const_token.span, &expr.block),
            syn::Expr::Async(expr) => {
                let start = self.start(expr.async_token.span);
                let block = self.block(&expr.block);
                let end = block.end;
                spanned(ExprKind::Async(block), start, end)
            }
            syn::Expr::If(expr) => self.if_expr(expr),
            syn::Expr::Match(expr) => self.match_expr(expr),
            syn::Expr::While(expr) => self.while_expr(expr),
            syn::Expr::Loop(expr) => self.loop_expr(expr),
            syn::Expr::ForLoop(expr) => self.for_expr(expr),
            _ => self.jump(expr),
        }
    }

    fn jump(&mut self, expr: &syn::Expr) -> Expr {
        match expr {
            syn::Expr::Break(expr) => {
                let label = expr.label.as_ref().map(label_name);
                let end = expr
                    .label
                    .as_ref()
                    .map_or(expr.break_token.span, |label| label.ident.span());
                self.leaving(expr.break_token.span, end, expr.expr.as_deref(), |value| {
                    ExprKind::Break { label, value }
                })
            }
            syn::Expr::Continue(expr) => {
                let label = expr.label.as_ref().map(label_name);
                let end = expr
                    .label
                    .as_ref()
                    .map_or(expr.continue_token.span, |label| label.ident.span());
                self.leaving(expr.continue_token.span, end, None, |_| ExprKind::Continue { label })
            }
            syn::Expr::Return(expr) => {
                let token = expr.return_token.span;
                self.leaving(token, token, expr.expr.as_deref(), ExprKind::Return)
            }
            syn::Expr::Yield(expr) => self.yield_expr(expr),
            other => self.other(other),
        }
    }

    /// `yield x` of a generator (`async_stream::stream!`): as a macro call `yield!(x)`.
    fn yield_expr(&mut self, expr: &syn::ExprYield) -> Expr {
        let token = expr.yield_token.span;
        self.leaving(token, token, expr.expr.as_deref(), |value| ExprKind::Macro {
            path: single(SmolStr::new_static("yield")),
            args: Some(value.into_iter().map(|value| *value).collect()),
            text: None,
        })
    }

    fn labelled_block(&mut self, expr: &syn::ExprBlock) -> Expr {
        let label = expr.label.as_ref().map(|label| label_name(&label.name));
        let block = self.block(&expr.block);
        let start = expr
            .label
            .as_ref()
            .map_or(block.start, |label| self.start(label.name.apostrophe));
        let end = block.end;
        spanned(ExprKind::Block { label, block }, start, end)
    }

    fn started(&mut self, first: proc_macro2::Span, block: &syn::Block) -> Expr {
        let block = self.block(block);
        let end = block.end;
        spanned(ExprKind::Block { label: None, block }, self.start(first), end)
    }

    /// A chain of `else if` is as long as its author liked: it is walked without recursion.
    fn if_expr(&mut self, expr: &syn::ExprIf) -> Expr {
        let mut clauses = vec![self.clause(expr)];
        let mut rest = expr.else_branch.as_ref();
        let mut otherwise = None;
        while let Some((_, branch)) = rest {
            if let syn::Expr::If(next) = &**branch {
                clauses.push(self.clause(next));
                rest = next.else_branch.as_ref();
            } else {
                otherwise = Some(Box::new(self.expr(branch)));
                rest = None;
            }
        }
        let whole = clauses
            .into_iter()
            .rev()
            .fold(otherwise, |otherwise, (start, cond, then)| {
                let end = otherwise.as_ref().map_or(then.end, |otherwise| otherwise.end);
                Some(Box::new(spanned(
                    ExprKind::If {
                        cond: Box::new(cond),
                        then,
                        otherwise,
                    },
                    start,
                    end,
                )))
            });
        *whole.expect("there is the first clause")
    }

    fn clause(&mut self, expr: &syn::ExprIf) -> (Pos, Expr, Block) {
        (
            self.start(expr.if_token.span),
            self.expr(&expr.cond),
            self.block(&expr.then_branch),
        )
    }

    fn match_expr(&mut self, expr: &syn::ExprMatch) -> Expr {
        let (start, end) = (
            self.start(expr.match_token.span),
            self.end(expr.brace_token.span.close()),
        );
        let on = Box::new(self.expr(&expr.expr));
        let mut arms = Vec::with_capacity(expr.arms.len());
        for arm in &expr.arms {
            if !self.leaves_out(&arm.attrs) {
                arms.push(self.arm(arm));
            }
        }
        spanned(ExprKind::Match { on, arms }, start, end)
    }

    fn arm(&mut self, arm: &syn::Arm) -> Arm {
        let (pat, guard) = self.guarded(&arm.pat);
        Arm {
            pat,
            guard: guard.map(Box::new),
            body: self.expr(&arm.body),
        }
    }

    /// A pattern with the guard that syn makes a part of it.
    pub(super) fn guarded(&mut self, pat: &syn::Pat) -> (crate::source::hir::Pat, Option<Expr>) {
        match pat {
            syn::Pat::Guard(guarded) => (self.pat(&guarded.pat), Some(self.expr(&guarded.guard))),
            pat => (self.pat(pat), None),
        }
    }

    fn while_expr(&mut self, expr: &syn::ExprWhile) -> Expr {
        let (label, start) = self.loop_start(expr.label.as_ref(), expr.while_token.span);
        let cond = Box::new(self.expr(&expr.cond));
        let body = self.block(&expr.body);
        let end = body.end;
        spanned(ExprKind::While { label, cond, body }, start, end)
    }

    fn loop_expr(&mut self, expr: &syn::ExprLoop) -> Expr {
        let (label, start) = self.loop_start(expr.label.as_ref(), expr.loop_token.span);
        let body = self.block(&expr.body);
        let end = body.end;
        spanned(ExprKind::Loop { label, body }, start, end)
    }

    fn for_expr(&mut self, expr: &syn::ExprForLoop) -> Expr {
        let (label, start) = self.loop_start(expr.label.as_ref(), expr.for_token.span);
        let pat = Box::new(self.pat(&expr.pat));
        let iter = Box::new(self.expr(&expr.expr));
        let body = self.block(&expr.body);
        let end = body.end;
        spanned(ExprKind::For { label, pat, iter, body }, start, end)
    }

    fn loop_start(&self, label: Option<&syn::Label>, keyword: proc_macro2::Span) -> (Option<SmolStr>, Pos) {
        let start = label.map_or(keyword, |label| label.name.apostrophe);
        (label.map(|label| label_name(&label.name)), self.start(start))
    }

    fn leaving(
        &mut self,
        first: proc_macro2::Span,
        last: proc_macro2::Span,
        value: Option<&syn::Expr>,
        kind: impl FnOnce(Option<Box<Expr>>) -> ExprKind,
    ) -> Expr {
        let value = value.map(|value| Box::new(self.expr(value)));
        let end = value.as_ref().map_or_else(|| self.end(last), |value| value.end);
        spanned(kind(value), self.start(first), end)
    }
}

/// A label without its apostrophe.
fn label_name(label: &syn::Lifetime) -> SmolStr {
    name_of(&label.ident)
}
