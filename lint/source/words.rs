//! Which words a text holds: a set that may say yes where it should say no, but never the other way round.

/// How many bits a set has: of a usual file's words one in thirty looks like another.
const BITS: usize = 1 << 14;

/// The words of a file's bodies, hashed.
#[derive(Debug, Clone, Default)]
pub(super) struct Words(Option<Box<[u64]>>);

impl Words {
    pub(super) fn insert(&mut self, word: &str) {
        let bits = self.0.get_or_insert_with(|| vec![0; BITS / 64].into_boxed_slice());
        let (index, bit) = place(word);
        bits[index] |= bit;
    }

    pub(super) fn may_contain(&self, word: &str) -> bool {
        let (index, bit) = place(word);
        self.0.as_ref().is_some_and(|bits| bits[index] & bit != 0)
    }

    pub(super) fn extend(&mut self, others: &[&str]) {
        others.iter().for_each(|word| self.insert(word));
    }
}

fn place(word: &str) -> (usize, u64) {
    let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = plain(word).bytes().fold(0x811c_9dc5, mix);
    let bit = (hash ^ hash >> 15) as usize % BITS;
    (bit / 64, 1 << (bit % 64))
}

/// Without `r#`.
fn plain(word: &str) -> &str {
    word.strip_prefix("r#").unwrap_or(word)
}

/// Whether `word` stands in the text with no letter, digit or `_` beside it.
pub(super) fn contains_word(text: &str, word: &str) -> bool {
    let is_part =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80);
    let (bytes, word) = (text.as_bytes(), plain(word));
    let found = memchr::memmem::find_iter(bytes, word);
    found.into_iter().any(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !is_part(before) && !is_part(bytes.get(at + word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole() {
        assert!(contains_word("a.recv().await", "recv"));
        assert!(contains_word("x::r#type()", "r#type"));
        assert!(!contains_word("a.try_recv().recv_from()", "recv"));
        assert!(!contains_word("", "recv"));
    }

    #[test]
    fn a_set_has_what_was_put_in() {
        let mut words = Words::default();
        assert!(!words.may_contain("recv"));
        words.extend(&["recv", "r#type"]);
        assert!(words.may_contain("recv") && words.may_contain("type"));
        assert!(!words.may_contain("commit_message"));
    }
}
