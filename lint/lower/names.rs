//! Which names code mentions: what is not mentioned any more need not be remembered.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::source::hir::{Block, Expr, ExprKind, Stmt};

/// The last statement of a block that mentions each variable.
#[derive(Debug, Default)]
pub(super) struct LastUses {
    by_name: FxHashMap<SmolStr, usize>,
    /// The last statement that may mention anything.
    anything: Option<usize>,
}

impl LastUses {
    pub(super) fn of(block: &Block) -> Self {
        let mut uses = Self::default();
        for (i, statement) in block.statements.iter().enumerate() {
            let visit = &mut |expr: &Expr| {
                if let ExprKind::Path(path) = &expr.kind
                    && let [only] = path.segments.as_slice()
                {
                    uses.by_name.insert(only.name.clone(), i);
                }
                if is_opaque(expr) {
                    uses.anything = Some(i);
                }
                ControlFlow::Continue(())
            };
            let _ = walk_stmt(statement, visit);
        }
        uses
    }

    /// Whether `name` is mentioned after statement `i`.
    pub(super) fn is_used_after(&self, name: &str, i: usize) -> bool {
        self.anything.is_some_and(|last| last > i) || self.by_name.get(name).is_some_and(|last| *last > i)
    }
}

/// Whether the block assigns to `name`.
pub(super) fn assigned_in(name: &str, block: &Block) -> bool {
    let visit =
        &mut |expr: &Expr| found(matches!(&expr.kind, ExprKind::Assign { left, .. } if is_variable(strip(left), name)));
    block
        .statements
        .iter()
        .any(|statement| walk_stmt(statement, visit).is_break())
}

/// Whether the block compares `name` with something, or matches on it.
pub(super) fn compared_in(name: &str, block: &Block) -> bool {
    let has = |expr: &Expr| walk(expr, &mut |expr| found(is_variable(expr, name))).is_break();
    let visit = &mut |expr: &Expr| {
        found(match &expr.kind {
            ExprKind::Binary { op, left, right } => op.contains(['=', '<', '>']) && (has(left) || has(right)),
            ExprKind::Match { on, .. } => has(on),
            ExprKind::Macro { args: None, .. } => true,
            _ => false,
        })
    };
    block
        .statements
        .iter()
        .any(|statement| walk_stmt(statement, visit).is_break())
}

fn found(yes: bool) -> ControlFlow<()> {
    if yes {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

fn strip(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Deref(inner) => strip(inner),
        _ => expr,
    }
}

fn is_variable(expr: &Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Path(path) if path.segments.len() == 1 && path.segments[0].name == name)
}

/// A macro whose arguments are not known may mention anything.
fn is_opaque(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Macro { args: None, .. } | ExprKind::Other)
}

type Visit<'v> = &'v mut dyn FnMut(&Expr) -> ControlFlow<()>;

fn walk_stmt(statement: &Stmt, visit: Visit<'_>) -> ControlFlow<()> {
    match statement {
        Stmt::Let { init, otherwise, .. } => {
            init.iter().try_for_each(|init| walk(init, visit))?;
            otherwise.iter().try_for_each(|block| walk_block(block, visit))
        }
        Stmt::Expr(expr) | Stmt::Tail(expr) => walk(expr, visit),
        Stmt::Item(_) => ControlFlow::Continue(()),
    }
}

fn walk_block(block: &Block, visit: Visit<'_>) -> ControlFlow<()> {
    block
        .statements
        .iter()
        .try_for_each(|statement| walk_stmt(statement, visit))
}

/// Visits an expression and all in it, outermost first.
pub(super) fn walk(expr: &Expr, visit: Visit<'_>) -> ControlFlow<()> {
    visit(expr)?;
    for child in children(expr) {
        match child {
            Child::Expr(expr) => walk(expr, visit)?,
            Child::Block(block) => walk_block(block, visit)?,
        }
    }
    ControlFlow::Continue(())
}

enum Child<'e> {
    Expr(&'e Expr),
    Block(&'e Block),
}

fn exprs(exprs: Vec<&Expr>) -> Vec<Child<'_>> {
    exprs.into_iter().map(Child::Expr).collect()
}

fn children(expr: &Expr) -> Vec<Child<'_>> {
    use Child::Block as B;
    match &expr.kind {
        ExprKind::Lit(_) | ExprKind::Path(_) | ExprKind::Continue { .. } | ExprKind::Other => Vec::new(),
        ExprKind::Call { func, args } => exprs(std::iter::once(&**func).chain(args).collect()),
        ExprKind::MethodCall { recv, args, .. } => exprs(std::iter::once(&**recv).chain(args).collect()),
        ExprKind::Field { base: inner, .. }
        | ExprKind::Ref { expr: inner, .. }
        | ExprKind::Deref(inner)
        | ExprKind::Not(inner)
        | ExprKind::Neg(inner)
        | ExprKind::Await(inner)
        | ExprKind::Try(inner)
        | ExprKind::Let { expr: inner, .. }
        | ExprKind::Cast { expr: inner, .. }
        | ExprKind::Closure { body: inner, .. } => exprs(vec![inner]),
        ExprKind::Index {
            base: left,
            index: right,
        }
        | ExprKind::Binary { left, right, .. }
        | ExprKind::Assign { left, right, .. } => exprs(vec![left, right]),
        ExprKind::Block { block, .. } | ExprKind::Async(block) | ExprKind::Loop { body: block, .. } => vec![B(block)],
        ExprKind::If { cond, then, otherwise } => {
            let mut all = vec![Child::Expr(cond), B(then)];
            all.extend(otherwise.as_deref().map(Child::Expr));
            all
        }
        ExprKind::Match { on, arms } => {
            let inside = arms
                .iter()
                .flat_map(|arm| arm.guard.as_deref().into_iter().chain(std::iter::once(&arm.body)));
            exprs(std::iter::once(&**on).chain(inside).collect())
        }
        ExprKind::While { cond, body, .. } => vec![Child::Expr(cond), B(body)],
        ExprKind::For { iter, body, .. } => vec![Child::Expr(iter), B(body)],
        ExprKind::Break { value, .. } | ExprKind::Return(value) => exprs(value.as_deref().into_iter().collect()),
        ExprKind::Struct { fields, rest, .. } => {
            exprs(fields.iter().map(|(_, expr)| expr).chain(rest.as_deref()).collect())
        }
        ExprKind::Tuple(items)
        | ExprKind::Array(items)
        | ExprKind::Join { futures: items, .. }
        | ExprKind::Format { args: items, .. } => exprs(items.iter().collect()),
        ExprKind::Range { from, to, .. } => exprs(from.as_deref().into_iter().chain(to.as_deref()).collect()),
        ExprKind::Select { arms, otherwise } => {
            let inside = arms.iter().flat_map(|arm| {
                [Some(&arm.future), arm.guard.as_ref(), Some(&arm.body)]
                    .into_iter()
                    .flatten()
            });
            exprs(inside.chain(otherwise.as_deref()).collect())
        }
        ExprKind::Macro { args, .. } => exprs(args.iter().flatten().collect()),
    }
}
