//! Which of the `delivery` attributes an attribute is.

use std::{fmt, str::FromStr};

use crate::{Invalid, Semantic};

/// The name of an attribute of the `delivery` crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttributeName {
    /// `#[delivery::at_least_once(…)]` and the other five: a [`Declaration`](crate::Declaration).
    Semantic(Semantic),
    /// `#[delivery::step(…)]`: a [`StepKind`](crate::StepKind).
    Step,
    /// `#[delivery::allow(…)]`: an [`Allow`](crate::Allow).
    Allow,
}

impl AttributeName {
    /// The attribute that this path names, if it is written `delivery::name` or `::delivery::name`.
    ///
    /// A path with another crate or an unknown name is none. A bare name (`use delivery::at_least_once;`) takes
    /// name resolution, after which [`FromStr`] tells.
    pub fn of(path: &syn::Path) -> Option<Self> {
        let mut segments = path.segments.iter();
        let (krate, name, rest) = (segments.next()?, segments.next()?, segments.next());
        let ours = krate.ident == "delivery" && rest.is_none();
        ours.then(|| name.ident.to_string().parse().ok()).flatten()
    }

    /// The name without `delivery::`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Semantic(semantic) => semantic.as_str(),
            Self::Step => "step",
            Self::Allow => "allow",
        }
    }
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AttributeName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        match name {
            "step" => Ok(Self::Step),
            "allow" => Ok(Self::Allow),
            _ => name.parse().map(Self::Semantic).map_err(|_| unknown(name)),
        }
    }
}

fn unknown(name: &str) -> Invalid {
    let semantics = Semantic::ALL.iter().map(|semantic| semantic.as_str());
    let names: Vec<&str> = semantics.chain(["step", "allow"]).collect();
    Invalid::unknown("attribute", name, &names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<AttributeName> {
        AttributeName::of(&syn::parse_str(path).unwrap())
    }

    #[test]
    fn is_recognised_by_its_crate() {
        assert_eq!(
            of("delivery::at_most_once"),
            Some(AttributeName::Semantic(Semantic::AtMostOnce))
        );
        assert_eq!(of("::delivery::step"), Some(AttributeName::Step));
        assert_eq!(of("delivery::allow"), Some(AttributeName::Allow));
    }

    #[test]
    fn leaves_the_attributes_of_others_alone() {
        for path in [
            "allow",
            "at_least_once",
            "other::step",
            "delivery::other",
            "delivery",
            "a::delivery::step",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }

    #[test]
    fn a_misspelt_name_is_answered() {
        let error = "exactlyonce".parse::<AttributeName>().unwrap_err();
        assert_eq!(
            error.message(),
            "unknown attribute `exactlyonce`; did you mean `exactly_once`?"
        );
    }
}
