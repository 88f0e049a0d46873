//! Names of lint rules, in both spellings.

use std::{fmt, str::FromStr};

use crate::Invalid;

/// The name of a rule of the linter: `non-idempotent-effect` in text, `non_idempotent_effect` in attributes.
///
/// Any name of the right form is accepted: the list of rules is the linter's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleName(String);

impl RuleName {
    /// The spelling of texts, comments and configuration: `non-idempotent-effect`.
    pub fn as_kebab(&self) -> &str {
        &self.0
    }

    /// The spelling of attributes: `non_idempotent_effect`.
    pub fn to_snake(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RuleName {
    type Err = Invalid;

    /// Reads either spelling.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let kebab = text.replace('_', "-");
        let parts_filled = kebab.split('-').all(|part| !part.is_empty());
        let plain = kebab.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if parts_filled && plain && kebab.starts_with(|c: char| c.is_ascii_alphabetic()) {
            Ok(Self(kebab))
        } else {
            Err(Invalid::new(format!(
                "`{text}` is no rule name; it looks like `non-idempotent-effect`"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_one_rule() {
        let kebab: RuleName = "non-idempotent-effect".parse().unwrap();
        let snake: RuleName = "non_idempotent_effect".parse().unwrap();
        assert_eq!(kebab, snake);
        assert_eq!(snake.as_kebab(), "non-idempotent-effect");
        assert_eq!(kebab.to_snake(), "non_idempotent_effect");
    }

    #[test]
    fn a_code_is_a_name_too() {
        assert_eq!("D201".parse::<RuleName>().unwrap().to_string(), "D201");
    }

    #[test]
    fn refuses_what_cannot_be_a_name() {
        for text in ["", "-a", "a--b", "a-", "a b", "9lives", "größe"] {
            assert!(text.parse::<RuleName>().is_err(), "{text}");
        }
    }
}
