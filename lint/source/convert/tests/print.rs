//! [`hir`](crate::source::hir) as text, for tests: near enough to Rust to be read, exact enough to tell its forms apart.

use crate::source::hir::{Block, Bound, Expr, ExprKind, Lit, Pat, Path, Stmt, Type};

pub(super) fn expr(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Lit(value) => lit(value),
        ExprKind::Path(value) => path(value),
        ExprKind::Call { func, args } => format!("{}({})", self::expr(func), exprs(args)),
        ExprKind::MethodCall {
            recv,
            name,
            turbofish,
            args,
            ..
        } => {
            let generics = if turbofish.is_empty() {
                String::new()
            } else {
                format!("::<{}>", types(turbofish))
            };
            format!("{}.{name}{generics}({})", self::expr(recv), exprs(args))
        }
        ExprKind::Field { base, name } => format!("{}.{name}", self::expr(base)),
        ExprKind::Index { base, index } => format!("{}[{}]", self::expr(base), self::expr(index)),
        ExprKind::Ref { mutable, expr } => format!("&{}{}", if *mutable { "mut " } else { "" }, self::expr(expr)),
        ExprKind::Deref(inner) => format!("*{}", self::expr(inner)),
        ExprKind::Not(inner) => format!("!{}", self::expr(inner)),
        ExprKind::Neg(inner) => format!("-{}", self::expr(inner)),
        ExprKind::Binary { op, left, right } => format!("({} {op} {})", self::expr(left), self::expr(right)),
        ExprKind::Assign { op, left, right } => format!("{} {op}= {}", self::expr(left), self::expr(right)),
        ExprKind::Await(inner) => format!("{}.await", self::expr(inner)),
        ExprKind::Try(inner) => format!("{}?", self::expr(inner)),
        ExprKind::Tuple(elems) => format!("({},)", exprs(elems)),
        ExprKind::Array(elems) => format!("[{}]", exprs(elems)),
        ExprKind::Range { from, to, inclusive } => {
            let dots = if *inclusive { "..=" } else { ".." };
            format!("{}{dots}{}", option(from.as_deref()), option(to.as_deref()))
        }
        ExprKind::Cast { expr, ty: to } => format!("{} as {}", self::expr(expr), ty(to)),
        kind => control(kind),
    }
}

fn control(kind: &ExprKind) -> String {
    let labelled =
        |label: &Option<smol_str::SmolStr>| label.as_ref().map_or(String::new(), |label| format!("'{label}: "));
    let target = |label: &Option<smol_str::SmolStr>| label.as_ref().map_or(String::new(), |label| format!(" '{label}"));
    match kind {
        ExprKind::Block { label, block } => format!("{}{}", labelled(label), self::block(block)),
        ExprKind::Async(body) => format!("async {}", block(body)),
        ExprKind::Closure { params, body, is_async } => {
            let params: Vec<String> = params.iter().map(|(param, ty)| typed(param, ty.as_ref())).collect();
            format!(
                "{}|{}| {}",
                if *is_async { "async " } else { "" },
                params.join(", "),
                expr(body)
            )
        }
        ExprKind::If { cond, then, otherwise } => {
            let otherwise = otherwise
                .as_ref()
                .map_or(String::new(), |otherwise| format!(" else {}", expr(otherwise)));
            format!("if {} {}{otherwise}", expr(cond), block(then))
        }
        ExprKind::Let {
            pat: bound,
            expr: value,
        } => format!("let {} = {}", pat(bound), expr(value)),
        ExprKind::Match { on, arms } => {
            let arms = arms.iter().map(|arm| {
                format!(
                    "{}{} => {}",
                    pat(&arm.pat),
                    guard(arm.guard.as_deref()),
                    expr(&arm.body)
                )
            });
            format!("match {} {{ {} }}", expr(on), arms.collect::<Vec<_>>().join(", "))
        }
        ExprKind::While { label, cond, body } => format!("{}while {} {}", labelled(label), expr(cond), block(body)),
        ExprKind::Loop { label, body } => format!("{}loop {}", labelled(label), block(body)),
        ExprKind::For {
            label,
            pat: bound,
            iter,
            body,
        } => {
            format!(
                "{}for {} in {} {}",
                labelled(label),
                pat(bound),
                expr(iter),
                block(body)
            )
        }
        ExprKind::Break { label, value } => format!("break{}{}", target(label), after(value.as_deref())),
        ExprKind::Continue { label } => format!("continue{}", target(label)),
        ExprKind::Return(value) => format!("return{}", after(value.as_deref())),
        kind => macros(kind),
    }
}

fn macros(kind: &ExprKind) -> String {
    match kind {
        ExprKind::Struct {
            path: name,
            fields,
            rest,
        } => {
            let fields = fields.iter().map(|(name, value)| format!("{name}: {}", expr(value)));
            let rest = rest.as_ref().map(|rest| format!("..{}", expr(rest)));
            format!(
                "{} {{ {} }}",
                path(name),
                fields.chain(rest).collect::<Vec<_>>().join(", ")
            )
        }
        ExprKind::Select { arms, otherwise } => {
            let arms = arms.iter().map(|arm| {
                format!(
                    "{} = {}{} => {}",
                    pat(&arm.pat),
                    expr(&arm.future),
                    guard(arm.guard.as_ref()),
                    expr(&arm.body)
                )
            });
            let otherwise = otherwise
                .as_ref()
                .map(|otherwise| format!("else => {}", expr(otherwise)));
            format!("SELECT {{ {} }}", arms.chain(otherwise).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Join { futures, fallible } => {
            format!("{}({})", if *fallible { "TRY_JOIN" } else { "JOIN" }, exprs(futures))
        }
        ExprKind::Format { literal, args } => format!("FORMAT({literal:?}; {})", exprs(args)),
        ExprKind::Macro { path: name, args, text } => {
            let args = args.as_ref().map_or("?".into(), |args| exprs(args));
            let text = text.as_ref().map_or(String::new(), |text| format!(" {text:?}"));
            format!("{}!({args}){text}", path(name))
        }
        ExprKind::Other => "OTHER".into(),
        other => panic!("not printed: {other:?}"),
    }
}

fn guard(guard: Option<&Expr>) -> String {
    guard
        .as_ref()
        .map_or(String::new(), |guard| format!(" if {}", expr(guard)))
}

fn option(value: Option<&Expr>) -> String {
    value.map_or(String::new(), expr)
}

fn after(value: Option<&Expr>) -> String {
    value.map_or(String::new(), |value| format!(" {}", expr(value)))
}

fn exprs(all: &[Expr]) -> String {
    all.iter().map(expr).collect::<Vec<_>>().join(", ")
}

pub(super) fn block(block: &Block) -> String {
    let statements: Vec<String> = block.statements.iter().map(statement).collect();
    if statements.is_empty() {
        "{}".into()
    } else {
        format!("{{ {} }}", statements.join(" "))
    }
}

fn statement(statement: &Stmt) -> String {
    match statement {
        Stmt::Let {
            pat: bound,
            ty,
            init,
            otherwise,
        } => {
            let init = init.as_ref().map_or(String::new(), |init| format!(" = {}", expr(init)));
            let otherwise = otherwise
                .as_ref()
                .map_or(String::new(), |otherwise| format!(" else {}", block(otherwise)));
            format!("let {}{init}{otherwise};", typed(bound, ty.as_deref()))
        }
        Stmt::Expr(value) => format!("{};", expr(value)),
        Stmt::Tail(value) => expr(value),
        Stmt::Item(_) => "ITEM".into(),
    }
}

fn typed(bound: &Pat, of: Option<&Type>) -> String {
    of.map_or_else(|| pat(bound), |of| format!("{}: {}", pat(bound), ty(of)))
}

pub(super) fn pat(of: &Pat) -> String {
    let list = |pats: &[Pat], by: &str| pats.iter().map(pat).collect::<Vec<_>>().join(by);
    match of {
        Pat::Wild => "_".into(),
        Pat::Opaque => "OPAQUE".into(),
        Pat::Bind { name, sub: None } => name.to_string(),
        Pat::Bind { name, sub: Some(sub) } => format!("{name} @ {}", pat(sub)),
        Pat::Path(name) => format!("={}", path(name)),
        Pat::TupleStruct { path: name, args } => format!("{}({})", path(name), list(args, ", ")),
        Pat::Struct { path: name, fields } => {
            let fields = fields.iter().map(|(name, field)| format!("{name}: {}", pat(field)));
            format!("{} {{ {} }}", path(name), fields.collect::<Vec<_>>().join(", "))
        }
        Pat::Tuple(pats) => format!("({},)", list(pats, ", ")),
        Pat::Slice(pats) => format!("[{}]", list(pats, ", ")),
        Pat::Or(pats) => list(pats, " | "),
        Pat::Lit(value) => lit(value),
        Pat::Typed { pat: bound, ty: of } => typed(bound, Some(of)),
    }
}

fn lit(value: &Lit) -> String {
    match value {
        Lit::Str(text) => format!("{text:?}"),
        Lit::ByteStr => "b\"\"".into(),
        Lit::Int(value) => value.to_string(),
        Lit::Float(value) => format!("{value:?}"),
        Lit::Bool(value) => value.to_string(),
        Lit::Char(value) => format!("{value:?}"),
    }
}

fn types(all: &[Type]) -> String {
    all.iter().map(ty).collect::<Vec<_>>().join(", ")
}

pub(super) fn ty(of: &Type) -> String {
    match of {
        Type::Path(name) => path(name),
        Type::Ref { mutable, inner } => format!("&{}{}", if *mutable { "mut " } else { "" }, ty(inner)),
        Type::Tuple(elems) => format!("({})", types(elems)),
        Type::Slice(elem) => format!("[{}]", ty(elem)),
        Type::Fn { params, ret } => format!("fn({}){}", types(params), returns(ret.as_deref())),
        Type::Bounds(all) => format!("impl {}", bounds(all)),
        Type::Never => "!".into(),
        Type::Infer => "_".into(),
    }
}

fn returns(ret: Option<&Type>) -> String {
    ret.map_or(String::new(), |ret| format!(" -> {}", ty(ret)))
}

pub(super) fn bounds(all: &[Bound]) -> String {
    let each = all.iter().map(|bound| match bound {
        Bound::Trait(name) => path(name),
        Bound::Fn { params, ret, is_async } => {
            format!(
                "{}Fn({}){}",
                if *is_async { "Async" } else { "" },
                types(params),
                returns(ret.as_deref())
            )
        }
    });
    each.collect::<Vec<_>>().join(" + ")
}

pub(super) fn path(of: &Path) -> String {
    let segments = of.segments.iter().map(|segment| {
        let bindings = segment.bindings.iter().map(|(name, of)| format!("{name} = {}", ty(of)));
        let all: Vec<String> = segment.args.iter().map(ty).chain(bindings).collect();
        if all.is_empty() {
            segment.name.to_string()
        } else {
            format!("{}<{}>", segment.name, all.join(", "))
        }
    });
    let path = segments.collect::<Vec<_>>().join("::");
    match &of.qself {
        Some(qself) => format!("<{} as {path}>", ty(qself)),
        None if of.global => format!("::{path}"),
        None => path,
    }
}
