//! Patterns against what is known of a value.

use smol_str::SmolStr;

use super::value::{Kind, Origin, Value, index_name};
use crate::resolve::Ty;
use crate::source::hir::{Lit, Pat, Path};

/// Names and the values bound to them.
pub type Bindings = Vec<(SmolStr, Value)>;

/// Whether a pattern matches.
#[derive(Debug, Clone, PartialEq)]
pub enum Fit {
    Yes(Bindings),
    No,
    /// Not known; these would be bound.
    Maybe(Bindings),
}

impl Fit {
    fn and(self, next: impl FnOnce() -> Self) -> Self {
        let (first, sure) = match self {
            Self::No => return Self::No,
            Self::Yes(bindings) => (bindings, true),
            Self::Maybe(bindings) => (bindings, false),
        };
        match next() {
            Self::No => Self::No,
            Self::Yes(more) if sure => Self::Yes([first, more].concat()),
            Self::Yes(more) | Self::Maybe(more) => Self::Maybe([first, more].concat()),
        }
    }
}

/// The last name of a path.
#[must_use]
pub fn last(path: &Path) -> &str {
    path.segments.last().map_or("", |segment| segment.name.as_str())
}

/// Matches `pat` against `value`.
#[must_use]
pub fn fit(pat: &Pat, value: &Value) -> Fit {
    match pat {
        Pat::Wild => Fit::Yes(Vec::new()),
        Pat::Opaque => Fit::Maybe(Vec::new()),
        Pat::Bind { name, sub } => {
            let bound = Fit::Yes(vec![(name.clone(), value.clone())]);
            bound.and(|| sub.as_ref().map_or(Fit::Yes(Vec::new()), |sub| fit(sub, value)))
        }
        Pat::Typed { pat, .. } => fit(pat, value),
        Pat::Lit(lit) => fit_literal(lit, value),
        Pat::Path(path) => fit_path(last(path), value),
        Pat::TupleStruct { path, args } => fit_fields(last(path), &positional(args), value),
        Pat::Struct { path, fields } => {
            let fields: Vec<_> = fields.iter().map(|(name, pat)| (name.clone(), pat)).collect();
            fit_fields(last(path), &fields, value)
        }
        Pat::Tuple(pats) => fit_all(pats, |i| element(value, i)),
        Pat::Slice(pats) if pats.is_empty() && value.is_known_empty() => Fit::Yes(Vec::new()),
        Pat::Slice(pats) if pats.is_empty() && matches!(value.kind, Kind::Array { .. }) => Fit::No,
        Pat::Slice(pats) => Fit::Maybe(Vec::new()).and(|| fit_all(pats, |_| element(value, 0))),
        Pat::Or(pats) => fit_any(pats, value),
    }
}

fn positional(args: &[Pat]) -> Vec<(SmolStr, &Pat)> {
    args.iter().enumerate().map(|(i, pat)| (index_name(i), pat)).collect()
}

fn fit_all(pats: &[Pat], element: impl Fn(usize) -> Value) -> Fit {
    let mut all = Fit::Yes(Vec::new());
    for (i, pat) in pats.iter().enumerate() {
        all = all.and(|| fit(pat, &element(i)));
    }
    all
}

fn fit_any(pats: &[Pat], value: &Value) -> Fit {
    let mut maybe = None;
    for pat in pats {
        match fit(pat, value) {
            Fit::No => {}
            Fit::Maybe(bindings) => maybe = maybe.or(Some(bindings)),
            yes => {
                return if maybe.is_none() {
                    yes
                } else {
                    Fit::Maybe(maybe.unwrap_or_default())
                };
            }
        }
    }
    maybe.map_or(Fit::No, Fit::Maybe)
}

fn fit_literal(lit: &Lit, value: &Value) -> Fit {
    let same = match (lit, &value.kind) {
        (Lit::Bool(a), Kind::Bool(b)) => a == b,
        (Lit::Int(a), Kind::Int(b)) => a == b,
        (Lit::Str(a), Kind::Text(b)) if !b.contains("{}") => a == b,
        _ => return Fit::Maybe(Vec::new()),
    };
    if same { Fit::Yes(Vec::new()) } else { Fit::No }
}

fn fit_path(name: &str, value: &Value) -> Fit {
    match value.variant_name() {
        Some(known) if known == name => Fit::Yes(Vec::new()),
        Some(_) => Fit::No,
        None => Fit::Maybe(Vec::new()),
    }
}

fn fit_fields(name: &str, fields: &[(SmolStr, &Pat)], value: &Value) -> Fit {
    let top = match (&value.kind, value.variant_name()) {
        (_, Some(known)) if known == name => Fit::Yes(Vec::new()),
        (_, Some(_)) => return Fit::No,
        (Kind::Struct(_), None) => Fit::Yes(Vec::new()),
        _ if is_refutable(name) => Fit::Maybe(Vec::new()),
        _ => Fit::Maybe(Vec::new()),
    };
    fields.iter().fold(top, |all, (field, pat)| {
        all.and(|| fit(pat, &inside(name, value, field)))
    })
}

/// What is inside a wrapper (`State(api)` of a `State<Arc<Api>>`), or a field.
fn inside(name: &str, value: &Value, field: &str) -> Value {
    match &value.ty {
        Ty::External { path, args } if value.kind == Kind::Opaque && path.rsplit("::").next() == Some(name) => {
            match &args[..] {
                [only] if field == "0" => Value::opaque(only.clone(), value.origin),
                _ => field_of(value, field),
            }
        }
        _ => field_of(value, field),
    }
}

fn is_refutable(name: &str) -> bool {
    matches!(name, "Ok" | "Err" | "Some" | "None")
}

fn field_of(value: &Value, field: &str) -> Value {
    value
        .prop(field)
        .map_or_else(|| part(value), |(known, _)| known.clone())
}

/// Something inside an opaque value: as opaque, from the same origin.
fn part(value: &Value) -> Value {
    Value::opaque(Ty::Unknown, value.origin)
}

fn element(value: &Value, index: usize) -> Value {
    match &value.kind {
        Kind::Tuple(values) => values.get(index).cloned().unwrap_or_else(|| part(value)),
        Kind::List(element) | Kind::Array { element, .. } => (**element).clone(),
        _ => match &value.ty {
            Ty::Tuple(types) => types
                .get(index)
                .map_or_else(|| part(value), |ty| Value::opaque(ty.clone(), value.origin)),
            // Another version of a client gives a pair where this one gives one thing: any part may be that.
            Ty::External { .. } => value.clone(),
            _ => part(value),
        },
    }
}

/// Whether a pattern matches everything.
#[must_use]
pub fn irrefutable(pat: &Pat) -> bool {
    match pat {
        Pat::Wild => true,
        Pat::Bind { sub, .. } => sub.as_ref().is_none_or(|sub| irrefutable(sub)),
        Pat::Typed { pat, .. } => irrefutable(pat),
        Pat::Tuple(pats) => pats.iter().all(irrefutable),
        Pat::Or(pats) => pats.iter().any(irrefutable),
        Pat::TupleStruct { .. } | Pat::Struct { .. } | Pat::Path(_) | Pat::Slice(_) | Pat::Lit(_) | Pat::Opaque => {
            false
        }
    }
}

/// The names that a pattern binds, each to something of `origin`.
#[must_use]
pub fn bind_all(pat: &Pat, origin: Origin) -> Bindings {
    match fit(pat, &Value::opaque(Ty::Unknown, origin)) {
        Fit::Yes(bindings) | Fit::Maybe(bindings) => bindings,
        Fit::No => Vec::new(),
    }
}

/// The variants that patterns ask about at their top: name → the patterns inside.
#[must_use]
pub fn asked<'p>(pats: &[&'p Pat]) -> Vec<(SmolStr, Vec<Vec<&'p Pat>>)> {
    let mut asked: Vec<(SmolStr, Vec<Vec<&Pat>>)> = Vec::new();
    for pat in pats {
        collect_asked(pat, &mut asked);
    }
    asked
}

fn collect_asked<'p>(pat: &'p Pat, asked: &mut Vec<(SmolStr, Vec<Vec<&'p Pat>>)>) {
    let (name, inner): (&str, Vec<&Pat>) = match pat {
        Pat::Or(pats) => return pats.iter().for_each(|pat| collect_asked(pat, asked)),
        Pat::Bind { sub: Some(sub), .. } => return collect_asked(sub, asked),
        Pat::Typed { pat, .. } => return collect_asked(pat, asked),
        Pat::Path(path) => (last(path), Vec::new()),
        Pat::TupleStruct { path, args } => (last(path), args.iter().collect()),
        Pat::Struct { path, fields } => (last(path), fields.iter().map(|(_, pat)| pat).collect()),
        _ => return,
    };
    match asked.iter_mut().find(|(known, _)| known == name) {
        Some((_, inners)) => inners.push(inner),
        None => asked.push((name.into(), vec![inner])),
    }
}
