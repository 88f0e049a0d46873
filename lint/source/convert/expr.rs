//! Expressions.

use smol_str::SmolStr;

use super::{
    Converter, exact, name_of,
    pat::{member, single},
    spanned,
};
use crate::{
    source::hir::{Expr, ExprKind},
    span::Pos,
};

impl Converter<'_> {
    pub(super) fn expr(&mut self, expr: &syn::Expr) -> Expr {
        match expr {
            syn::Expr::MethodCall(call) => self.method_call(call),
            syn::Expr::Call(call) => self.call(call),
            syn::Expr::Await(expr) => self.postfix(&expr.base, expr.await_token.span, ExprKind::Await),
            syn::Expr::Try(expr) => self.postfix(&expr.expr, expr.question_token.span, ExprKind::Try),
            syn::Expr::Path(path) => self.path_expr(path),
            syn::Expr::Lit(lit) => {
                let kind = self.literal(&lit.lit);
                spanned(kind, self.start(lit.lit.span()), self.end(lit.lit.span()))
            }
            syn::Expr::Field(field) => self.field(field),
            syn::Expr::Index(index) => self.index(index),
            syn::Expr::Paren(paren) => self.paren(paren),
            syn::Expr::Group(group) => self.expr(&group.expr),
            syn::Expr::Macro(call) => self.macro_call(&call.mac),
            _ => self.operator(expr),
        }
    }

    fn operator(&mut self, expr: &syn::Expr) -> Expr {
        match expr {
            syn::Expr::Binary(binary) => self.binary(binary),
            syn::Expr::Assign(assign) => self.assign(&assign.left, SmolStr::default(), &assign.right),
            syn::Expr::Unary(unary) => self.unary(unary),
            syn::Expr::Reference(expr) => {
                let mutable = expr.mutability.is_some();
                self.prefix(expr.and_token.spans[0], &expr.expr, |expr| ExprKind::Ref {
                    mutable,
                    expr,
                })
            }
            syn::Expr::RawAddr(expr) => {
                let mutable = matches!(expr.mutability, syn::PointerMutability::Mut(_));
                self.prefix(expr.and_token.spans[0], &expr.expr, |expr| ExprKind::Ref {
                    mutable,
                    expr,
                })
            }
            syn::Expr::Cast(cast) => self.cast(cast),
            syn::Expr::Range(range) => self.range(range),
            syn::Expr::Let(let_) => self.let_expr(let_),
            syn::Expr::Infer(infer) => {
                let (start, end) = (
                    self.start(infer.underscore_token.span),
                    self.end(infer.underscore_token.span),
                );
                spanned(ExprKind::Path(single(SmolStr::new_static("_"))), start, end)
            }
            _ => self.aggregate(expr),
        }
    }

    fn aggregate(&mut self, expr: &syn::Expr) -> Expr {
        match expr {
            syn::Expr::Tuple(tuple) => self.enclosed(tuple.paren_token.span, tuple.elems.iter(), ExprKind::Tuple),
            syn::Expr::Array(array) => self.enclosed(array.bracket_token.span, array.elems.iter(), ExprKind::Array),
            syn::Expr::Repeat(repeat) => self.enclosed(
                repeat.bracket_token.span,
                std::iter::once(&*repeat.expr),
                ExprKind::Array,
            ),
            syn::Expr::Struct(literal) => self.struct_expr(literal),
            syn::Expr::Closure(closure) => self.closure(closure),
            _ => self.blockish(expr),
        }
    }

    pub(super) fn other(&mut self, expr: &syn::Expr) -> Expr {
        use syn::spanned::Spanned;
        let span = expr.span();
        spanned(ExprKind::Other, self.start(span), self.end(span))
    }

    pub(super) fn exprs<'e>(&mut self, exprs: impl ExactSizeIterator<Item = &'e syn::Expr>) -> Vec<Expr> {
        exact(exprs.map(|expr| self.expr(expr)))
    }

    fn method_call(&mut self, call: &syn::ExprMethodCall) -> Expr {
        let recv = self.expr(&call.receiver);
        let name = name_of(&call.method);
        let (start, end) = (recv.start, self.end(call.paren_token.span.close()));
        let kind = ExprKind::MethodCall {
            recv: Box::new(recv),
            name,
            name_at: self.start(call.method.span()),
            turbofish: self.turbofish(call.turbofish.as_ref()),
            args: self.exprs(call.args.iter()),
        };
        spanned(kind, start, end)
    }

    fn call(&mut self, call: &syn::ExprCall) -> Expr {
        let func = self.expr(&call.func);
        let (start, end) = (func.start, self.end(call.paren_token.span.close()));
        let args = self.exprs(call.args.iter());
        spanned(
            ExprKind::Call {
                func: Box::new(func),
                args,
            },
            start,
            end,
        )
    }

    fn postfix(&mut self, base: &syn::Expr, last: proc_macro2::Span, kind: fn(Box<Expr>) -> ExprKind) -> Expr {
        let base = self.expr(base);
        let start = base.start;
        spanned(kind(Box::new(base)), start, self.end(last))
    }

    fn prefix(&mut self, first: proc_macro2::Span, expr: &syn::Expr, kind: impl FnOnce(Box<Expr>) -> ExprKind) -> Expr {
        let expr = self.expr(expr);
        let end = expr.end;
        spanned(kind(Box::new(expr)), self.start(first), end)
    }

    fn path_expr(&mut self, expr: &syn::ExprPath) -> Expr {
        let (start, end) = self.path_place(expr.qself.as_ref(), &expr.path);
        spanned(ExprKind::Path(self.path(expr.qself.as_ref(), &expr.path)), start, end)
    }

    pub(super) fn path_place(&self, qself: Option<&syn::QSelf>, path: &syn::Path) -> (Pos, Pos) {
        let (first, last) = (path.segments.first(), path.segments.last());
        let first = qself
            .map(|qself| qself.lt_token.spans[0])
            .or(path.leading_colon.map(|colon| colon.spans[0]))
            .or(first.map(|segment| segment.ident.span()));
        let end = last.map(|segment| match &segment.arguments {
            syn::PathArguments::None => segment.ident.span(),
            syn::PathArguments::AngleBracketed(args) => args.gt_token.spans[0],
            syn::PathArguments::Parenthesized(args) => args.paren_token.span.close(),
        });
        let start = first.map_or(self.origin, |span| self.start(span));
        (start, end.map_or(start, |span| self.end(span)))
    }

    fn field(&mut self, field: &syn::ExprField) -> Expr {
        let base = self.expr(&field.base);
        let end = match &field.member {
            syn::Member::Named(ident) => self.end(ident.span()),
            syn::Member::Unnamed(index) => self.end(index.span),
        };
        let start = base.start;
        spanned(
            ExprKind::Field {
                base: Box::new(base),
                name: member(&field.member),
            },
            start,
            end,
        )
    }

    fn index(&mut self, expr: &syn::ExprIndex) -> Expr {
        let base = Box::new(self.expr(&expr.expr));
        let index = Box::new(self.expr(&expr.index));
        let (start, end) = (base.start, self.end(expr.bracket_token.span.close()));
        spanned(ExprKind::Index { base, index }, start, end)
    }

    fn paren(&mut self, paren: &syn::ExprParen) -> Expr {
        let inner = self.expr(&paren.expr);
        let parens = paren.paren_token.span;
        spanned(inner.kind, self.start(parens.open()), self.end(parens.close()))
    }

    fn binary(&mut self, binary: &syn::ExprBinary) -> Expr {
        let op = operator_text(&binary.op);
        if let Some(op) = op.strip_suffix('=').filter(|_| is_assignment(&binary.op)) {
            return self.assign(&binary.left, SmolStr::from(op), &binary.right);
        }
        let left = Box::new(self.expr(&binary.left));
        let right = Box::new(self.expr(&binary.right));
        let (start, end) = (left.start, right.end);
        spanned(
            ExprKind::Binary {
                op: SmolStr::new_static(op),
                left,
                right,
            },
            start,
            end,
        )
    }

    fn assign(&mut self, left: &syn::Expr, op: SmolStr, right: &syn::Expr) -> Expr {
        let left = Box::new(self.expr(left));
        let right = Box::new(self.expr(right));
        let (start, end) = (left.start, right.end);
        spanned(ExprKind::Assign { op, left, right }, start, end)
    }

    fn unary(&mut self, unary: &syn::ExprUnary) -> Expr {
        match &unary.op {
            syn::UnOp::Deref(token) => self.prefix(token.spans[0], &unary.expr, ExprKind::Deref),
            syn::UnOp::Not(token) => self.prefix(token.spans[0], &unary.expr, ExprKind::Not),
            syn::UnOp::Neg(token) => self.prefix(token.spans[0], &unary.expr, ExprKind::Neg),
            _ => self.expr(&unary.expr),
        }
    }

    fn cast(&mut self, cast: &syn::ExprCast) -> Expr {
        use syn::spanned::Spanned;
        let expr = self.expr(&cast.expr);
        let ty = self.ty(&cast.ty);
        let (start, end) = (expr.start, self.end(cast.ty.span()));
        spanned(
            ExprKind::Cast {
                expr: Box::new(expr),
                ty,
            },
            start,
            end,
        )
    }

    fn range(&mut self, range: &syn::ExprRange) -> Expr {
        let (first, last) = match &range.limits {
            syn::RangeLimits::HalfOpen(token) => (token.spans[0], token.spans[1]),
            syn::RangeLimits::Closed(token) => (token.spans[0], token.spans[2]),
        };
        let from = range.start.as_ref().map(|expr| Box::new(self.expr(expr)));
        let to = range.end.as_ref().map(|expr| Box::new(self.expr(expr)));
        let start = from.as_ref().map_or_else(|| self.start(first), |from| from.start);
        let end = to.as_ref().map_or_else(|| self.end(last), |to| to.end);
        let inclusive = matches!(range.limits, syn::RangeLimits::Closed(_));
        spanned(ExprKind::Range { from, to, inclusive }, start, end)
    }

    fn let_expr(&mut self, expr: &syn::ExprLet) -> Expr {
        let pat = Box::new(self.pat(&expr.pat));
        self.prefix(expr.let_token.span, &expr.expr, |expr| ExprKind::Let { pat, expr })
    }

    fn enclosed<'e>(
        &mut self,
        brackets: proc_macro2::extra::DelimSpan,
        elems: impl ExactSizeIterator<Item = &'e syn::Expr>,
        kind: fn(Vec<Expr>) -> ExprKind,
    ) -> Expr {
        let (start, end) = (self.start(brackets.open()), self.end(brackets.close()));
        spanned(kind(self.exprs(elems)), start, end)
    }

    fn struct_expr(&mut self, literal: &syn::ExprStruct) -> Expr {
        let (start, _) = self.path_place(literal.qself.as_ref(), &literal.path);
        let end = self.end(literal.brace_token.span.close());
        let fields = exact(
            literal
                .fields
                .iter()
                .map(|field| (member(&field.member), self.expr(&field.expr))),
        );
        let path = self.path(literal.qself.as_ref(), &literal.path);
        let rest = literal.rest.as_ref().map(|rest| Box::new(self.expr(rest)));
        spanned(ExprKind::Struct { path, fields, rest }, start, end)
    }

    fn closure(&mut self, closure: &syn::ExprClosure) -> Expr {
        let first = closure.constness.map(|token| token.span);
        let first = first
            .or(closure.asyncness.map(|token| token.span))
            .or(closure.capture.map(|token| token.span));
        let start = self.start(first.unwrap_or(closure.inputs_begin.spans[0]));
        let params = exact(closure.inputs.iter().map(|pat| self.closure_param(pat)));
        let body = Box::new(self.expr(&closure.body));
        let end = body.end;
        spanned(
            ExprKind::Closure {
                params,
                body,
                is_async: closure.asyncness.is_some(),
            },
            start,
            end,
        )
    }
}

fn is_assignment(op: &syn::BinOp) -> bool {
    use syn::BinOp;
    !matches!(op, BinOp::Eq(_) | BinOp::Le(_) | BinOp::Ne(_) | BinOp::Ge(_))
}

fn operator_text(op: &syn::BinOp) -> &'static str {
    use syn::BinOp;
    match op {
        BinOp::Add(_) => "+",
        BinOp::Sub(_) => "-",
        BinOp::Mul(_) => "*",
        BinOp::Div(_) => "/",
        BinOp::Rem(_) => "%",
        BinOp::And(_) => "&&",
        BinOp::Or(_) => "||",
        BinOp::BitXor(_) => "^",
        BinOp::BitAnd(_) => "&",
        BinOp::BitOr(_) => "|",
        BinOp::Shl(_) => "<<",
        BinOp::Shr(_) => ">>",
        BinOp::Eq(_) => "==",
        BinOp::Lt(_) => "<",
        BinOp::Le(_) => "<=",
        BinOp::Ne(_) => "!=",
        BinOp::Ge(_) => ">=",
        BinOp::Gt(_) => ">",
        BinOp::AddAssign(_) => "+=",
        BinOp::SubAssign(_) => "-=",
        BinOp::MulAssign(_) => "*=",
        BinOp::DivAssign(_) => "/=",
        BinOp::RemAssign(_) => "%=",
        BinOp::BitXorAssign(_) => "^=",
        BinOp::BitAndAssign(_) => "&=",
        BinOp::BitOrAssign(_) => "|=",
        BinOp::ShlAssign(_) => "<<=",
        BinOp::ShrAssign(_) => ">>=",
        _ => "?",
    }
}
