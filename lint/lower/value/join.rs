//! What two paths know of one value: whether that differs in anything that could decide, and what both know.

use std::borrow::Cow;

use super::{Kind, Origin, Value};
use crate::resolve::Ty;

impl Value {
    /// What two paths agree on.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        let ty = if self.ty == other.ty {
            self.ty.clone()
        } else {
            Ty::Unknown
        };
        let origin = self.origin.with(other.origin);
        let kind = match (self.unordered().as_ref(), other.unordered().as_ref()) {
            (
                Kind::Variant { name, fields: a },
                Kind::Variant {
                    name: theirs,
                    fields: b,
                },
            ) if name == theirs && a.len() == b.len() => {
                let both = a.iter().zip(b.iter());
                Kind::Variant {
                    name: name.clone(),
                    fields: both.map(|((name, a), (_, b))| (name.clone(), a.join(b))).collect(),
                }
            }
            (Kind::Tuple(a), Kind::Tuple(b)) if a.len() == b.len() => {
                Kind::Tuple(a.iter().zip(b).map(|(a, b)| a.join(b)).collect())
            }
            (Kind::Struct(a), Kind::Struct(b)) if a.len() == b.len() && a.keys().eq(b.keys()) => {
                let fields = a.iter().map(|(name, value)| (name.clone(), value.join(&b[name])));
                Kind::Struct(fields.collect())
            }
            (Kind::List(a), Kind::List(b)) if a.kind == Kind::Never || b.kind == Kind::Never => {
                let element = if a.kind == Kind::Never { b } else { a };
                Kind::List(element.clone())
            }
            (Kind::List(a), Kind::List(b)) => Kind::List(Box::new(a.join(b))),
            // A collection before and after something was put into it.
            (Kind::List(element), Kind::Opaque) | (Kind::Opaque, Kind::List(element))
                if self.ty == other.ty && self.ty != Ty::Unknown =>
            {
                Kind::List(element.clone())
            }
            _ => Kind::Opaque,
        };
        Self::new(kind, ty, origin)
    }

    /// Its kind, without the order of a literal's elements.
    fn unordered(&self) -> Cow<'_, Kind> {
        match &self.kind {
            Kind::Array { element, .. } => Cow::Owned(Kind::List(element.clone())),
            kind => Cow::Borrowed(kind),
        }
    }

    /// Whether nothing that could decide is lost when the two become one: they are of one shape, and made of the same.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.resembles(other, false)
    }

    /// `failed`: inside an `Err`, where texts and numbers are for people.
    fn resembles(&self, other: &Self, failed: bool) -> bool {
        match (&self.kind, &other.kind) {
            _ if self == other => true,
            (
                Kind::Variant { name, fields: a },
                Kind::Variant {
                    name: theirs,
                    fields: b,
                },
            ) => {
                let failed = failed || name == "Err";
                let mut pairs = a.iter().zip(b.iter());
                name == theirs && a.len() == b.len() && pairs.all(|((_, a), (_, b))| a.resembles(b, failed))
            }
            (Kind::Struct(a), Kind::Struct(b)) => {
                let mut pairs = a.values().zip(b.values());
                a.keys().eq(b.keys()) && pairs.all(|(a, b)| a.resembles(b, failed))
            }
            (Kind::Tuple(a), Kind::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.resembles(b, failed))
            }
            (Kind::List(a), Kind::List(b)) => a.resembles(b, failed),
            (Kind::Array { items: a, .. }, Kind::Array { items: b, .. }) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.resembles(b, failed))
            }
            (Kind::Opaque, Kind::Opaque) if !failed => self.ty == other.ty && self.origin == other.origin,
            (Kind::Opaque | Kind::Text(_) | Kind::Int(_), Kind::Opaque | Kind::Text(_) | Kind::Int(_)) if failed => {
                let tells = |value: &Self| (value.origin.has(Origin::REFUSED), value.origin.has(Origin::BROKEN));
                tells(self) == tells(other)
            }
            _ => false,
        }
    }
}
