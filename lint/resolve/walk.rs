//! One walk over a body: what it mentions by name, and the items in it.

use smol_str::SmolStr;

use crate::source::hir::{Block, Expr, ExprKind, Item, Pat, Path, SelectArm, Stmt};

/// Something in a body that the index keeps.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mention<'a> {
    /// What is called, built, or expanded.
    Path(&'a Path),
    /// A path as a value: perhaps a local variable.
    Value(&'a Path),
    Method(&'a SmolStr),
    /// A pattern's name for a value.
    Binding(&'a SmolStr),
    Item(&'a Item),
}

/// Calls `on` for each mention in the block; items are not entered.
pub(super) fn block<'a>(block: &'a Block, on: &mut dyn FnMut(Mention<'a>)) {
    for statement in &block.statements {
        match statement {
            Stmt::Let {
                pat, init, otherwise, ..
            } => {
                bindings(pat, on);
                init.iter().for_each(|init| expr(init, on));
                otherwise.iter().for_each(|block| self::block(block, on));
            }
            Stmt::Expr(value) | Stmt::Tail(value) => expr(value, on),
            Stmt::Item(item) => on(Mention::Item(item)),
        }
    }
}

fn expr<'a>(at: &'a Expr, on: &mut dyn FnMut(Mention<'a>)) {
    match &at.kind {
        ExprKind::Path(path) => on(Mention::Value(path)),
        ExprKind::MethodCall { recv, name, args, .. } => {
            on(Mention::Method(name));
            expr(recv, on);
            each(args, on);
        }
        ExprKind::Struct { path, fields, rest } => {
            on(Mention::Path(path));
            fields.iter().for_each(|(_, value)| expr(value, on));
            maybe(rest.as_deref(), on);
        }
        ExprKind::Macro { path, args, .. } => {
            on(Mention::Path(path));
            args.iter().for_each(|args| each(args, on));
        }
        ExprKind::Call { func, args } => {
            match &func.kind {
                ExprKind::Path(path) => on(Mention::Path(path)),
                _ => expr(func, on),
            }
            each(args, on);
        }
        ExprKind::Format { args, .. } | ExprKind::Tuple(args) | ExprKind::Array(args) => each(args, on),
        ExprKind::Join { futures, .. } => each(futures, on),
        _ => operators(at, on),
    }
}

/// Expressions around one or two others.
fn operators<'a>(at: &'a Expr, on: &mut dyn FnMut(Mention<'a>)) {
    match &at.kind {
        ExprKind::Field { base: inner, .. }
        | ExprKind::Ref { expr: inner, .. }
        | ExprKind::Deref(inner)
        | ExprKind::Not(inner)
        | ExprKind::Neg(inner)
        | ExprKind::Await(inner)
        | ExprKind::Try(inner)
        | ExprKind::Cast { expr: inner, .. } => expr(inner, on),
        ExprKind::Let { pat, expr: inner } => {
            bindings(pat, on);
            expr(inner, on);
        }
        ExprKind::Closure { params, body, .. } => {
            params.iter().for_each(|(pat, _)| bindings(pat, on));
            expr(body, on);
        }
        ExprKind::Index {
            base: left,
            index: right,
        }
        | ExprKind::Binary { left, right, .. }
        | ExprKind::Assign { left, right, .. } => {
            expr(left, on);
            expr(right, on);
        }
        ExprKind::Return(value) | ExprKind::Break { value, .. } => maybe(value.as_deref(), on),
        ExprKind::Range { from, to, .. } => {
            maybe(from.as_deref(), on);
            maybe(to.as_deref(), on);
        }
        _ => control(at, on),
    }
}

/// Expressions with blocks.
fn control<'a>(at: &'a Expr, on: &mut dyn FnMut(Mention<'a>)) {
    match &at.kind {
        ExprKind::Block { block: body, .. } | ExprKind::Async(body) | ExprKind::Loop { body, .. } => block(body, on),
        ExprKind::If { cond, then, otherwise } => {
            expr(cond, on);
            block(then, on);
            maybe(otherwise.as_deref(), on);
        }
        ExprKind::While { cond, body, .. } => {
            expr(cond, on);
            block(body, on);
        }
        ExprKind::For { pat, iter, body, .. } => {
            bindings(pat, on);
            expr(iter, on);
            block(body, on);
        }
        ExprKind::Match { on: value, arms } => {
            expr(value, on);
            for arm in arms {
                bindings(&arm.pat, on);
                maybe(arm.guard.as_deref(), on);
                expr(&arm.body, on);
            }
        }
        ExprKind::Select { arms, otherwise } => {
            arms.iter().for_each(|arm| select_arm(arm, on));
            maybe(otherwise.as_deref(), on);
        }
        _ => {}
    }
}

fn select_arm<'a>(arm: &'a SelectArm, on: &mut dyn FnMut(Mention<'a>)) {
    bindings(&arm.pat, on);
    expr(&arm.future, on);
    maybe(arm.guard.as_ref(), on);
    expr(&arm.body, on);
}

fn each<'a>(exprs: &'a [Expr], on: &mut dyn FnMut(Mention<'a>)) {
    exprs.iter().for_each(|at| expr(at, on));
}

fn maybe<'a>(at: Option<&'a Expr>, on: &mut dyn FnMut(Mention<'a>)) {
    at.into_iter().for_each(|at| expr(at, on));
}

/// Calls `on` for each name that a pattern gives to a value.
pub(super) fn bindings<'a>(pat: &'a Pat, on: &mut dyn FnMut(Mention<'a>)) {
    match pat {
        Pat::Bind { name, sub } => {
            on(Mention::Binding(name));
            sub.iter().for_each(|sub| bindings(sub, on));
        }
        Pat::TupleStruct { args: pats, .. } | Pat::Tuple(pats) | Pat::Slice(pats) | Pat::Or(pats) => {
            pats.iter().for_each(|pat| bindings(pat, on));
        }
        Pat::Struct { fields, .. } => fields.iter().for_each(|(_, pat)| bindings(pat, on)),
        Pat::Typed { pat, .. } => bindings(pat, on),
        Pat::Wild | Pat::Opaque | Pat::Path(_) | Pat::Lit(_) => {}
    }
}
