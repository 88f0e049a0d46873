//! Values that expressions make: literals, texts, operations on what is known.

use smol_str::{SmolStr, ToSmolStr};

use crate::lower::shared::Shared;
use crate::lower::value::{Api, Kind, Origin, Value};
use crate::lower::{Lowering, time};
use crate::resolve::{Ty, TypeId, Types};
use crate::source::hir::{Lit, Path};

pub(in crate::lower) fn literal(lit: &Lit) -> Value {
    let (kind, ty) = match lit {
        Lit::Str(text) => (Kind::Text(text.clone()), "str"),
        Lit::Int(value) => (Kind::Int(*value), ""),
        Lit::Bool(value) => (Kind::Bool(*value), "bool"),
        Lit::Char(char) => (Kind::Text(char.to_smolstr()), "char"),
        Lit::ByteStr | Lit::Float(_) => (Kind::Opaque, ""),
    };
    let ty = if ty.is_empty() {
        Ty::Unknown
    } else {
        Ty::External {
            path: ty.into(),
            args: Types::NONE,
        }
    };
    Value::new(kind, ty, Origin::NONE)
}

pub(in crate::lower) fn api_of(base: Option<&Value>) -> Api {
    match base.map(|base| &base.kind) {
        Some(Kind::Api(api)) => (**api).clone(),
        _ => Api::default(),
    }
}

pub(in crate::lower) fn is_collection(path: &str) -> bool {
    const COLLECTIONS: [&str; 8] = [
        "Vec",
        "VecDeque",
        "HashSet",
        "BTreeSet",
        "BinaryHeap",
        "LinkedList",
        "HashMap",
        "BTreeMap",
    ];
    path.rsplit("::").next().is_some_and(|name| COLLECTIONS.contains(&name))
}

/// All that several values are made of.
pub(in crate::lower) fn origin_of<'v>(values: impl IntoIterator<Item = &'v Value>) -> Origin {
    values
        .into_iter()
        .fold(Origin::NONE, |all, value| all.with(deep_origin(value)))
}

/// Everything that a value and what is in it are made of.
pub(in crate::lower) fn deep_origin(value: &Value) -> Origin {
    match &value.kind {
        Kind::Struct(fields) => origin_of(fields.values()).with(value.origin),
        Kind::Tuple(values) => origin_of(values).with(value.origin),
        Kind::List(element) | Kind::Array { element, .. } => deep_origin(element).with(value.origin),
        Kind::Variant { fields, .. } => origin_of(fields.iter().map(|(_, value)| value)).with(value.origin),
        _ => value.origin,
    }
}

pub(in crate::lower) fn tuple(values: Vec<Value>) -> Value {
    let origin = origin_of(&values);
    Value::new(Kind::Tuple(values), Ty::Unknown, origin)
}

pub(in crate::lower) fn list(values: &[Value]) -> Value {
    let origin = origin_of(values);
    match values.iter().cloned().reduce(|a, b| a.join(&b)) {
        Some(element) => {
            let ty = Ty::External {
                path: "std::vec::Vec".into(),
                args: vec![element.ty.clone()].into(),
            };
            let items = values.to_vec();
            let element = Box::new(element);
            Value::new(Kind::Array { element, items }, ty, origin)
        }
        None => Value::opaque(
            Ty::External {
                path: "std::vec::Vec".into(),
                args: Types::NONE,
            },
            origin,
        ),
    }
}

pub(in crate::lower) fn negate(value: Value) -> Value {
    match value.kind {
        Kind::Bool(known) => Value::bool(!known),
        _ => Value::opaque(value.ty, value.origin),
    }
}

pub(in crate::lower) fn minus(value: Value) -> Value {
    match value.kind {
        Kind::Int(known) => Value::int(-known),
        _ => value,
    }
}

/// A text with what is known in place of its `{}`.
fn filled(text: &str, values: &[Value]) -> String {
    let mut parts = text.split("{}");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.zip(values).fold(first, |made, (rest, value)| {
        let known = match &value.kind {
            Kind::Text(known) => known.as_str(),
            _ => "{}",
        };
        made + known + rest
    })
}

/// What a text becomes when something is written behind it: the same again for what it ends with already, as in a loop.
pub(in crate::lower) fn extended(text: &Value, method: &str, args: &[Value]) -> Option<Value> {
    const MOST: usize = 4_000;
    let (Kind::Text(known), "push_str" | "push", [more]) = (&text.kind, method, args) else {
        return None;
    };
    let more_known = match &more.kind {
        Kind::Text(more) => more.as_str(),
        _ => "{}",
    };
    let made = match known.ends_with(more_known) || known.len() > MOST {
        true => known.clone(),
        false => smol_str::format_smolstr!("{known}{more_known}"),
    };
    let origin = origin_of([text, more]);
    Some(Value::new(Kind::Text(made), text.ty.clone(), origin))
}

/// The text that a format string makes, with `{}` for what is not constant.
pub(in crate::lower) fn formatted(literal: &str, values: &[Value]) -> Value {
    let mut text = String::new();
    let mut depth = 0_u32;
    let mut chars = literal.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' if chars.peek() == Some(&'{') && depth == 0 => text.extend(chars.next()),
            '}' if chars.peek() == Some(&'}') && depth == 0 => text.extend(chars.next()),
            '{' => depth += 1,
            '}' if depth > 0 => {
                depth -= 1;
                text.push_str("{}");
            }
            _ if depth == 0 => text.push(c),
            _ => {}
        }
    }
    if text.matches("{}").count() == values.len() {
        text = filled(&text, values);
    }
    Value::new(
        Kind::Text(text.into()),
        Ty::External {
            path: "std::string::String".into(),
            args: Types::NONE,
        },
        origin_of(values),
    )
}

/// A binary operation on what is known.
pub(in crate::lower) fn binary(op: &str, a: &Value, b: &Value) -> Value {
    if let Some(made) = time::arithmetic(op, a, b).or_else(|| crate::lower::built::operator(op, a, b)) {
        return made;
    }
    let mut origin = deep_origin(a).with(deep_origin(b));
    if matches!(op, "+" | "-") && (a.origin.has(Origin::STORE) || b.origin.has(Origin::STORE)) {
        origin = origin.with(Origin::MOVED);
    }
    if let Some(told) = crate::lower::violation::compared(a, b) {
        return Value::new(equality(op, told), Ty::Unknown, origin);
    }
    let kind = match (&a.kind, &b.kind) {
        (Kind::Int(x), Kind::Int(y)) => integers(op, *x, *y),
        (Kind::Bool(x), Kind::Bool(y)) => booleans(op, *x, *y),
        (Kind::Text(x), Kind::Text(y)) if !x.contains("{}") && !y.contains("{}") => equality(op, x == y),
        (Kind::Variant { name: x, fields: f }, Kind::Variant { name: y, fields: g })
            if f.is_empty() && g.is_empty() =>
        {
            equality(op, x == y)
        }
        (Kind::Variant { name: x, .. }, Kind::Variant { name: y, .. }) if x != y => equality(op, false),
        (Kind::Bool(false), _) | (_, Kind::Bool(false)) if op == "&&" => Kind::Bool(false),
        (Kind::Bool(true), _) | (_, Kind::Bool(true)) if op == "||" => Kind::Bool(true),
        (Kind::Bool(true), other) | (other, Kind::Bool(true)) if op == "&&" => other.clone(),
        (Kind::Bool(false), other) | (other, Kind::Bool(false)) if op == "||" => other.clone(),
        _ => Kind::Opaque,
    };
    let ty = if matches!(op, "==" | "!=" | "<" | ">" | "<=" | ">=" | "&&" | "||") {
        Ty::Unknown
    } else {
        a.ty.clone()
    };
    Value::new(kind, ty, origin)
}

pub(in crate::lower) fn equality(op: &str, same: bool) -> Kind {
    match op {
        "==" => Kind::Bool(same),
        "!=" => Kind::Bool(!same),
        _ => Kind::Opaque,
    }
}

pub(in crate::lower) fn booleans(op: &str, x: bool, y: bool) -> Kind {
    match op {
        "&&" | "&" => Kind::Bool(x && y),
        "||" | "|" => Kind::Bool(x || y),
        _ => equality(op, x == y),
    }
}

pub(in crate::lower) fn integers(op: &str, x: i128, y: i128) -> Kind {
    let folded = match op {
        "+" => x.checked_add(y),
        "-" => x.checked_sub(y),
        "*" => x.checked_mul(y),
        "/" => x.checked_div(y),
        "%" => x.checked_rem(y),
        "<" => return Kind::Bool(x < y),
        ">" => return Kind::Bool(x > y),
        "<=" => return Kind::Bool(x <= y),
        ">=" => return Kind::Bool(x >= y),
        _ => return equality(op, x == y),
    };
    folded.map_or(Kind::Opaque, Kind::Int)
}

impl Lowering<'_> {
    pub(super) fn unit_variant(&self, id: TypeId, name: &SmolStr) -> Value {
        let kind = Kind::Variant {
            name: name.clone(),
            fields: Shared::default(),
        };
        Value::new(kind, Ty::Local { id, args: Types::NONE }, Origin::NONE)
    }

    pub(super) fn unit_struct(&self, id: TypeId) -> Value {
        Value::new(
            Kind::Struct(Shared::default()),
            Ty::Local { id, args: Types::NONE },
            Origin::NONE,
        )
    }

    /// `order::Column::TotalCents`: the column that a client's macro has named so.
    pub(super) fn named_column(&self, path: &Path) -> Option<Value> {
        let [.., of, name] = path.segments.as_slice() else {
            return None;
        };
        let function = self.frames.first().and_then(|frame| frame.function)?;
        let krate = self.index.function(function).krate;
        let named = |ty: &crate::catalog::Type| ty.columns.as_ref() == Some(&of.name);
        let of_client = |ty: &crate::catalog::Type| named(ty) && self.index.crate_depends(krate, &ty.package);
        self.catalog.type_where(of_client)?;
        Some(crate::lower::built::column(&snake_case(&name.name)))
    }

    /// `orders::total`, `dsl::total`: whether a path can only name a column of the schema.
    fn is_column(&self, path: &Path, name: &str) -> bool {
        let before = path.segments.iter().rev().skip(1).map(|segment| segment.name.as_str());
        let table = before.into_iter().find(|name| !matches!(*name, "dsl" | "columns"));
        table.is_none_or(|table| self.schema.knows(table)) && self.schema.has_column(table, name)
    }

    /// A table, or a column of one, as a client's macro makes them of the workspace's schema.
    pub(super) fn table_value(&self, path: &Path) -> Option<Value> {
        let mut names = path.segments.iter().rev().map(|segment| &segment.name);
        let name = names.find(|name| *name != "table")?;
        let is_column = !self.schema.knows(name) && self.is_column(path, name);
        if !self.schema.knows(name) && !is_column {
            return None;
        }
        let function = self.frames.first().and_then(|frame| frame.function)?;
        let krate = self.index.function(function).krate;
        let tables = |ty: &crate::catalog::Type| ty.tables && self.index.crate_depends(krate, &ty.package);
        let of_client = self.catalog.type_where(tables)?;
        if is_column {
            return Some(crate::lower::built::column(name));
        }
        let table = Value::new(
            Kind::Api(std::sync::Arc::default()),
            Ty::external(&of_client.path, Vec::new()),
            Origin::NONE,
        );
        Some(table.with_prop("target".into(), Value::text(name.clone()), None))
    }
}

fn snake_case(name: &str) -> String {
    let mut made = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !made.is_empty() {
            made.push('_');
        }
        made.extend(c.to_lowercase());
    }
    made
}
