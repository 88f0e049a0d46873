//! Why a word or a value is not what it should be, told to a person.

use std::fmt;

use crate::suggest::closest;

/// The reason why a word or a value was not accepted: one sentence without a full stop, with words of code in
/// backticks, and a "did you mean" where something close exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(String);

impl Invalid {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// `word` is none of `known`, which are all words of the `kind` ("mechanism", "key").
    ///
    /// Names the closest known word; where none is close, lists them all.
    pub fn unknown(kind: &str, word: &str, known: &[&str]) -> Self {
        match closest(word, known) {
            Some(meant) => Self(format!("unknown {kind} `{word}`; did you mean `{meant}`?")),
            None => Self(format!("unknown {kind} `{word}`; expected {}", one_of(known))),
        }
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

/// "`a`", "`a` or `b`", "one of `a`, `b`, `c`".
fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::from("nothing"),
        [only] => only.clone(),
        [first, second] => format!("{first} or {second}"),
        many => format!("one of {}", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_closest_word() {
        let error = Invalid::unknown("color", "grene", &["red", "green"]);
        assert_eq!(error.message(), "unknown color `grene`; did you mean `green`?");
    }

    #[test]
    fn lists_what_exists_when_nothing_is_close() {
        let two = Invalid::unknown("color", "loud", &["red", "green"]);
        assert_eq!(two.to_string(), "unknown color `loud`; expected `red` or `green`");
        let three = Invalid::unknown("color", "loud", &["red", "green", "cyan"]);
        assert_eq!(
            three.to_string(),
            "unknown color `loud`; expected one of `red`, `green`, `cyan`"
        );
    }
}
