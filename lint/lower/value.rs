//! What lowering knows of a value: as much as decides control, and where it comes from.

mod join;
mod origin;

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use smol_str::SmolStr;

pub use origin::Origin;

use super::shared::Shared;
use super::state::Env;
use crate::flow::{EffectId, NodeId, TaskId, TxId};
use crate::resolve::{FnId, Ty};
use crate::span::{FileId, Span};

/// An abstract value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Value {
    pub kind: Kind,
    pub ty: Ty,
    pub origin: Origin,
}

/// What is known of a value's content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing.
    Opaque,
    /// The result of a call that nobody can see into; awaiting it is an opaque step.
    Unseen(Arc<Unseen>),
    Bool(bool),
    Int(i128),
    /// A text; `{}` stands for what is not constant.
    Text(SmolStr),
    /// `Ok`, `Err`, `Some`, `None`, and the variants of workspace enums (by last name).
    Variant {
        name: SmolStr,
        fields: Shared<Vec<(SmolStr, Value)>>,
    },
    Struct(Shared<BTreeMap<SmolStr, Value>>),
    Tuple(Vec<Value>),
    /// A collection, by a value that stands for its elements.
    List(Box<Value>),
    /// An array or `vec![]` literal: what stands for its elements, and each of them.
    Array {
        element: Box<Value>,
        items: Vec<Value>,
    },
    Closure(Arc<Closure>),
    Function(FnId),
    /// Does nothing until it is awaited.
    Future(Arc<Future>),
    /// A client's stream with adapters on it.
    Stream(Arc<Adapted>),
    /// A value of a client's type, with what builders and literals set on it.
    Api(Arc<Api>),
    Tx(TxId),
    Task(TaskId),
    /// A publish whose confirmation is still to be awaited, with the node that sent it.
    Pending(EffectId, NodeId),
    /// The outcome of a step that is read as a count: `rows_affected()`.
    Never,
}

/// A client's object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Api {
    pub props: BTreeMap<SmolStr, Prop>,
    /// Where it was constructed, if that was seen; then a property that is not set has its default.
    pub constructed: Option<Span>,
    /// It was changed, but not seen to be made: what was not set may be anything.
    pub partial: bool,
}

/// A stream, and what an adapter (`map`, `filter_map`, …) does to each of its items.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Adapted {
    pub inner: Value,
    pub name: SmolStr,
    pub args: Vec<Value>,
    pub at: Span,
}

/// A property and where it was set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prop {
    pub value: Value,
    pub at: Option<Span>,
}

/// A call that nobody can see into.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unseen {
    pub span: Span,
    /// The opaque step, once it was awaited.
    pub node: Option<NodeId>,
}

/// The code of a closure or async block: an index into the lowering's table of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyId(pub u32);

/// A closure with what it captured.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Closure {
    pub body: BodyId,
    pub code: CodeScope,
    pub captured: Env,
}

/// Where code stands: what its paths and types mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeScope {
    /// An index into the lowering's scopes.
    pub scope: u32,
    pub file: FileId,
}

/// A future that has not been awaited.
#[derive(Debug, Clone)]
pub enum Future {
    /// A call of an `async fn`, of a closure, or of a catalogued API.
    Call(Call),
    /// An `async` block.
    Block {
        body: BodyId,
        code: CodeScope,
        captured: Env,
        at: Span,
    },
    /// Several at once: `join_all`, `join`.
    All { futures: Vec<Value>, fallible: bool },
    /// A future whose output is changed by a combinator (`map_err`, `map`, …) with its arguments.
    Then {
        inner: Value,
        name: SmolStr,
        args: Vec<Value>,
        at: Span,
    },
    /// `timeout(d, inner)`, `limit` in milliseconds.
    Limited { inner: Value, limit: Option<u64>, at: Span },
    /// A closure that is called, and what it gives awaited.
    Apply { callee: Value, args: Vec<Value>, at: Span },
    /// The next item of a stream with adapters: an `Option`.
    Pull { stream: Value, at: Span, label: Span },
    /// The next item of a client's stream (`stream` by path), of type `item`.
    Take {
        stream: SmolStr,
        recv: Value,
        item: Ty,
        at: Span,
        label: Span,
    },
}

/// A call that is still to be made.
#[derive(Debug, Clone)]
pub struct Call {
    pub target: Target,
    pub recv: Option<Value>,
    pub args: Vec<Value>,
    pub at: Span,
    /// The method's or function's name to the end of the call: where labels sit.
    pub label: Span,
    /// Which variables of the caller the receiver and the arguments were taken from, for what the callee changes.
    pub places: Vec<Option<Place>>,
    pub expected: Option<Ty>,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    Workspace(Vec<FnId>),
    Closure(Arc<Closure>),
    /// A catalogued call, by path.
    Api(SmolStr),
}

/// A variable or a field of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub variable: SmolStr,
    pub fields: Vec<SmolStr>,
}

impl Place {
    /// A variable.
    #[must_use]
    pub fn of(variable: SmolStr) -> Self {
        Self {
            variable,
            fields: Vec::new(),
        }
    }
}

impl Future {
    fn identity(&self) -> (u8, Option<Span>) {
        match self {
            Self::Call(call) => (0, Some(call.at)),
            Self::Block { at, .. } => (1, Some(*at)),
            Self::All { .. } => (2, None),
            Self::Then { at, .. } => (3, Some(*at)),
            Self::Limited { at, .. } => (4, Some(*at)),
            Self::Apply { at, .. } => (5, Some(*at)),
            Self::Take { at, .. } => (6, Some(*at)),
            Self::Pull { at, .. } => (7, Some(*at)),
        }
    }
}

impl PartialEq for Future {
    fn eq(&self, other: &Self) -> bool {
        if self.identity() != other.identity() {
            return false;
        }
        match (self, other) {
            (Self::Call(a), Self::Call(b)) => a.recv == b.recv && a.args == b.args && a.target == b.target,
            (Self::Block { captured: a, .. }, Self::Block { captured: b, .. }) => a == b,
            (Self::All { futures: a, .. }, Self::All { futures: b, .. }) => a == b,
            (Self::Then { inner: a, .. }, Self::Then { inner: b, .. })
            | (Self::Limited { inner: a, .. }, Self::Limited { inner: b, .. }) => a == b,
            (Self::Apply { callee: a, args: x, .. }, Self::Apply { callee: b, args: y, .. }) => a == b && x == y,
            (Self::Take { recv: a, .. }, Self::Take { recv: b, .. })
            | (Self::Pull { stream: a, .. }, Self::Pull { stream: b, .. }) => a == b,
            _ => false,
        }
    }
}

impl Eq for Future {}

impl Hash for Future {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl Value {
    #[must_use]
    pub fn new(kind: Kind, ty: Ty, origin: Origin) -> Self {
        Self { kind, ty, origin }
    }

    #[must_use]
    pub fn opaque(ty: Ty, origin: Origin) -> Self {
        Self::new(Kind::Opaque, ty, origin)
    }

    /// A value of which nothing is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self::opaque(Ty::Unknown, Origin::NONE)
    }

    #[must_use]
    pub fn unit() -> Self {
        Self::new(Kind::Tuple(Vec::new()), Ty::Unknown, Origin::NONE)
    }

    #[must_use]
    pub fn never() -> Self {
        Self::new(Kind::Never, Ty::Unknown, Origin::NONE)
    }

    #[must_use]
    pub fn bool(value: bool) -> Self {
        Self::new(Kind::Bool(value), Ty::Unknown, Origin::NONE)
    }

    #[must_use]
    pub fn int(value: i128) -> Self {
        Self::new(Kind::Int(value), Ty::Unknown, Origin::NONE)
    }

    #[must_use]
    pub fn text(value: impl Into<SmolStr>) -> Self {
        Self::new(Kind::Text(value.into()), Ty::Unknown, Origin::NONE)
    }

    /// A variant with positional fields.
    #[must_use]
    pub fn variant(name: &str, fields: Vec<Self>) -> Self {
        let origin = fields.iter().fold(Origin::NONE, |all, field| all.with(field.origin));
        let fields = fields
            .into_iter()
            .enumerate()
            .map(|(i, field)| (index_name(i), field))
            .collect();
        Self::new(
            Kind::Variant {
                name: name.into(),
                fields,
            },
            Ty::Unknown,
            origin,
        )
    }

    #[must_use]
    pub fn ok(value: Self) -> Self {
        Self::variant("Ok", vec![value])
    }

    #[must_use]
    pub fn err(error: Self) -> Self {
        Self::variant("Err", vec![error])
    }

    #[must_use]
    pub fn some(value: Self) -> Self {
        Self::variant("Some", vec![value])
    }

    #[must_use]
    pub fn none() -> Self {
        Self::variant("None", Vec::new())
    }

    /// A failure of which nothing more is known.
    #[must_use]
    pub fn failure(ty: Ty) -> Self {
        Self::opaque(ty, Origin::ERROR)
    }

    #[must_use]
    pub fn with_ty(mut self, ty: Ty) -> Self {
        if ty != Ty::Unknown {
            self.ty = ty;
        }
        self
    }

    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = self.origin.with(origin);
        self
    }

    /// The variant's name, if it is known.
    #[must_use]
    pub fn variant_name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Variant { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The only or first field of a variant.
    #[must_use]
    pub fn payload(&self) -> Self {
        match &self.kind {
            Kind::Variant { fields, .. } => fields.first().map_or_else(Self::unit, |(_, value)| value.clone()),
            _ => self.clone(),
        }
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&SmolStr> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The property `name` of a client's object or the field of a struct.
    #[must_use]
    pub fn prop(&self, name: &str) -> Option<(&Self, Option<Span>)> {
        match &self.kind {
            Kind::Api(api) => api.props.get(name).map(|prop| (&prop.value, prop.at)),
            Kind::Struct(fields) => fields.get(name).map(|value| (value, None)),
            Kind::Tuple(values) => name
                .parse::<usize>()
                .ok()
                .and_then(|i| values.get(i))
                .map(|value| (value, None)),
            Kind::Variant { fields, .. } => fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| (value, None)),
            _ => None,
        }
    }

    /// This object with the property set; other values become client objects of the same type.
    #[must_use]
    pub fn with_prop(&self, name: SmolStr, value: Self, at: Option<Span>) -> Self {
        let mut api = match &self.kind {
            Kind::Api(api) => (**api).clone(),
            unseen => Api {
                partial: matches!(unseen, Kind::Opaque | Kind::Unseen(_)),
                ..Api::default()
            },
        };
        let origin = self.origin.with(value.origin);
        api.props.insert(name, Prop { value, at });
        Self::new(Kind::Api(Arc::new(api)), self.ty.clone(), origin)
    }

    /// Whether anything in the value satisfies `test`.
    #[must_use]
    pub fn any(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self) || self.any_part(&mut |part| part.any(test))
    }

    /// Shows all of its parts, itself first.
    pub fn visit(&self, see: &mut dyn FnMut(&Self)) {
        see(self);
        self.any_part(&mut |part| {
            part.visit(see);
            false
        });
    }

    /// Whether `test` is true of a direct part; later ones are not asked then.
    fn any_part(&self, test: &mut dyn FnMut(&Self) -> bool) -> bool {
        match &self.kind {
            Kind::Variant { fields, .. } => fields.iter().any(|(_, value)| test(value)),
            Kind::Struct(fields) => fields.values().any(test),
            Kind::Tuple(values) => values.iter().any(test),
            Kind::List(value) => test(value),
            Kind::Array { items, .. } => items.iter().any(test),
            Kind::Closure(closure) => closure.captured.iter().any(|(_, value)| test(value)),
            Kind::Api(api) => api.props.values().any(|prop| test(&prop.value)),
            Kind::Future(future) => future.any_part(test),
            Kind::Stream(stream) => test(&stream.inner) || stream.args.iter().any(test),
            _ => false,
        }
    }

    /// The value, or where it has grown too large (`let b = (a, a)`, again and again) only its type and origin.
    #[must_use]
    pub fn bounded(self) -> Self {
        let mut left = MAX_PARTS;
        if self.has_more_than(&mut left) {
            return Self::opaque(self.ty, self.origin);
        }
        self
    }

    fn has_more_than(&self, left: &mut usize) -> bool {
        *left = left.saturating_sub(1);
        *left == 0 || self.any_part(&mut |part| part.has_more_than(left))
    }

    /// A result of a statement that changed so many rows: a number, or an object that tells it.
    #[must_use]
    pub fn with_count(self, rows: i128) -> Self {
        if matches!(&self.ty, Ty::External { path, .. } if !path.contains("::")) {
            return Self::new(Kind::Int(rows), self.ty, Origin::NONE);
        }
        Self::new(Kind::Opaque, self.ty.clone(), self.origin).with_prop(ROWS.into(), Self::int(rows), None)
    }

    /// What is inside `Some` or `Ok`, or the value itself.
    #[must_use]
    pub fn payload_or_self(&self) -> Self {
        match self.variant_name() {
            Some("Some" | "Ok") => self.payload(),
            _ => match &self.ty {
                Ty::External { path, args } if path.ends_with("::Option") => {
                    Self::opaque(args.first().cloned().unwrap_or(Ty::Unknown), self.origin)
                }
                _ => self.clone(),
            },
        }
    }

    /// The value without what only the graph it was made with knows: steps, tasks and transactions.
    #[must_use]
    pub fn detached(&self) -> Self {
        let fields = |fields: &[(SmolStr, Self)]| {
            fields
                .iter()
                .map(|(name, value)| (name.clone(), value.detached()))
                .collect()
        };
        let kind = match &self.kind {
            Kind::Tx(_) | Kind::Task(_) | Kind::Pending(..) | Kind::Future(_) => Kind::Opaque,
            Kind::Stream(stream) => Kind::Stream(Arc::new(Adapted {
                inner: stream.inner.detached(),
                args: stream.args.iter().map(Self::detached).collect(),
                ..(**stream).clone()
            })),
            Kind::Unseen(unseen) if unseen.node.is_some() => Kind::Opaque,
            Kind::Variant { name, fields: inner } => Kind::Variant {
                name: name.clone(),
                fields: fields(inner),
            },
            Kind::Struct(inner) => Kind::Struct(
                inner
                    .iter()
                    .map(|(name, value)| (name.clone(), value.detached()))
                    .collect(),
            ),
            Kind::Tuple(values) => Kind::Tuple(values.iter().map(Self::detached).collect()),
            Kind::List(element) => Kind::List(Box::new(element.detached())),
            Kind::Array { element, items } => Kind::Array {
                element: Box::new(element.detached()),
                items: items.iter().map(Self::detached).collect(),
            },
            Kind::Closure(closure) => Kind::Closure(Arc::new(Closure {
                captured: fields(&closure.captured),
                ..(**closure).clone()
            })),
            Kind::Api(api) => {
                let prop = |prop: &Prop| Prop {
                    value: prop.value.detached(),
                    at: prop.at,
                };
                let props = api
                    .props
                    .iter()
                    .map(|(name, known)| (name.clone(), prop(known)))
                    .collect();
                Kind::Api(Arc::new(Api {
                    props,
                    constructed: api.constructed,
                    partial: api.partial,
                }))
            }
            other => other.clone(),
        };
        Self::new(kind, self.ty.clone(), self.origin)
    }

    /// A collection of this type with nothing in it.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self::new(Kind::List(Box::new(Self::never())), self.ty.clone(), self.origin)
    }

    /// A collection of which nobody knows any more what is in it.
    #[must_use]
    pub fn forgotten(&self) -> Self {
        Self::opaque(self.ty.clone(), self.origin)
    }

    #[must_use]
    pub fn is_known_empty(&self) -> bool {
        matches!(&self.kind, Kind::List(element) if element.kind == Kind::Never)
    }

    /// Whether the value is a truth value, as far as its type says.
    #[must_use]
    pub fn is_boolean(&self) -> bool {
        matches!(&self.ty, Ty::External { path, .. } if path == "bool") || matches!(self.kind, Kind::Bool(_))
    }

    /// How much is known of the value: the more of its parts are known, the more it tells.
    #[must_use]
    pub fn told(&self) -> usize {
        let mut told = usize::from(self.kind != Kind::Opaque);
        self.any_part(&mut |part| {
            told += part.told();
            false
        });
        told
    }
}

impl Future {
    fn any_part(&self, test: &mut dyn FnMut(&Value) -> bool) -> bool {
        match self {
            Self::Call(call) => call.recv.iter().chain(&call.args).any(test),
            Self::Block { captured, .. } => captured.iter().any(|(_, value)| test(value)),
            Self::All { futures, .. } => futures.iter().any(test),
            Self::Then { inner, args, .. } => test(inner) || args.iter().any(test),
            Self::Limited { inner, .. } => test(inner),
            Self::Take { recv: stream, .. } | Self::Pull { stream, .. } => test(stream),
            Self::Apply { callee, args, .. } => test(callee) || args.iter().any(test),
        }
    }
}

/// A value of more parts than this is not kept.
const MAX_PARTS: usize = 4_000;

/// The property that holds how many rows a statement changed.
pub const ROWS: &str = "rows_affected";

/// The properties of a range: its first and its last number.
pub const RANGE_FIRST: &str = "(first)";
pub const RANGE_LAST: &str = "(last)";

/// "0", "1", ….
#[must_use]
pub fn index_name(index: usize) -> SmolStr {
    const FIRST: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];
    FIRST.get(index).map_or_else(
        || smol_str::format_smolstr!("{index}"),
        |name| SmolStr::new_static(name),
    )
}
