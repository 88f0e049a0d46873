//! Words of SQL in a text that need not be parsed for them.

use aho_corasick::AhoCorasick;

/// Phrases to look for, in whatever case.
pub(super) struct Phrases(Option<AhoCorasick>);

impl Phrases {
    pub(super) fn new(phrases: &[&str]) -> Self {
        Self(AhoCorasick::builder().ascii_case_insensitive(true).build(phrases).ok())
    }

    /// Whether one of them stands in the text.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|phrases| phrases.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_in_any_case() {
        let clears = Phrases::new(&["delete from", "update "]);
        assert!(clears.are_in("let sql = \"Delete FROM inbox\";"));
        assert!(!clears.are_in("deleted from the updates"));
    }
}
