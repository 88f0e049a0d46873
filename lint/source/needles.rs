//! Words by which a file shows that it has to do with messages.

use aho_corasick::{AhoCorasick, MatchKind};

/// A set of words to look for: the names of client crates, and of `delivery`.
#[derive(Debug)]
pub struct Needles(Option<AhoCorasick>);

impl Needles {
    /// Needles from words. Too many to be looked for are found everywhere.
    #[must_use]
    pub fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        // Of words that begin alike the first is found: a shorter one must not hide a longer one.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        // The default kind keeps every match alive, which costs twice as much.
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words);
        Self(built.ok())
    }

    /// Whether one of them stands in the text as a word of its own, and not only in remarks.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let bytes = text.as_bytes();
        let is_word = |found: aho_corasick::Match| {
            let before = found.start().checked_sub(1).and_then(|at| bytes.get(at));
            !is_part(before) && !is_part(bytes.get(found.end()))
        };
        let is_said =
            |found: &aho_corasick::Match| is_marker(bytes, found.end()) || !in_remark(&bytes[..found.start()]);
        self.0
            .as_ref()
            .is_none_or(|all| all.find_iter(bytes).any(|found| is_word(found) && is_said(&found)))
    }
}

/// `// delivery: allow(…)` is a remark that speaks to us.
fn is_marker(text: &[u8], end: usize) -> bool {
    text.get(end) == Some(&b':') && text.get(end + 1) != Some(&b':')
}

/// Whether what comes before leaves us in a line that is a comment from its beginning, as licences and documentation are.
fn in_remark(before: &[u8]) -> bool {
    let line = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    before[line..].trim_ascii_start().starts_with(b"//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_are_words() {
        let needles = Needles::new(["rdkafka", "lapin"]);
        assert!(needles.are_in("use rdkafka::Message;"));
        assert!(needles.are_in("lapin"));
        assert!(Needles::new(["", "r", "rdkafka"]).are_in("use rdkafka::Message;"));
        assert!(!needles.are_in("use rdkafka_sys; lapins();"));
    }

    #[test]
    fn remarks_name_nothing_but_allows_do() {
        let needles = Needles::new(["delivery", "lapin"]);
        assert!(!needles.are_in("// As lapin does.\n    /// See lapin::Channel.\nfn a() {}"));
        assert!(needles.are_in("fn a() {} // delivery: allow(missing-ack): b"));
        assert!(needles.are_in("    // delivery: allow(missing-ack): b"));
        assert!(needles.are_in("// See\nuse lapin::Channel;"));
    }
}
