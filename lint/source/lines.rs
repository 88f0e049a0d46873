//! Where lines begin, and what they say.

use std::sync::Arc;

use crate::span::Pos;

/// A text with an index of its lines.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    text: Arc<String>,
    /// Byte offsets.
    starts: Arc<[u32]>,
}

impl Lines {
    /// Indexes the text, which must be smaller than 4 GiB.
    #[must_use]
    pub fn new(text: String) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes());
        let starts = std::iter::once(0).chain(breaks.map(|at| at as u32 + 1)).collect();
        Self {
            text: Arc::new(text),
            starts,
        }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many lines there are; a final line break begins no line of its own.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.text.lines().count() as u32
    }

    /// A line by its number, without the line break; empty if there is none.
    #[must_use]
    pub fn line(&self, number: u32) -> &str {
        let index = (number as usize).saturating_sub(1);
        let Some(&start) = self.starts.get(index) else {
            return "";
        };
        let end = self
            .starts
            .get(index + 1)
            .map_or(self.text.len(), |&next| next as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// The position of a byte.
    #[must_use]
    pub fn pos(&self, offset: usize) -> Pos {
        let index = self
            .starts
            .partition_point(|&start| start as usize <= offset)
            .saturating_sub(1);
        let start = self.starts.get(index).copied().unwrap_or(0) as usize;
        let column = self
            .text
            .get(start..offset)
            .map_or(offset - start, |before| before.chars().count());
        Pos {
            line: index as u32 + 1,
            column: column as u32 + 1,
        }
    }

    /// The byte at a position, at most the end of its line.
    #[must_use]
    pub fn offset(&self, pos: Pos) -> usize {
        let Some(&start) = self.starts.get((pos.line as usize).saturating_sub(1)) else {
            return self.text.len();
        };
        let wanted = (pos.column as usize).saturating_sub(1);
        let line = self.line(pos.line);
        start as usize + line.char_indices().nth(wanted).map_or(line.len(), |(at, _)| at)
    }

    /// The text between two positions.
    #[must_use]
    pub fn slice(&self, start: Pos, end: Pos) -> &str {
        self.text.get(self.offset(start)..self.offset(end)).unwrap_or("")
    }

    /// The last position before `pos` that no white space follows.
    #[must_use]
    pub fn trimmed_end(&self, pos: Pos) -> Pos {
        self.text
            .get(..self.offset(pos))
            .map_or(pos, |before| self.pos(before.trim_end().len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let lines = Lines::new("aé b\r\n  x\n".into());
        assert_eq!(lines.pos(0), Pos { line: 1, column: 1 });
        assert_eq!(lines.pos(3), Pos { line: 1, column: 3 });
        assert_eq!(lines.pos(9), Pos { line: 2, column: 3 });
        assert_eq!(lines.offset(Pos { line: 1, column: 4 }), 4);
        assert_eq!(lines.offset(Pos { line: 2, column: 3 }), 9);
        assert_eq!(lines.line(1), "aé b");
        assert_eq!(lines.line(9), "");
        assert_eq!(lines.count(), 2);
        assert_eq!(
            lines.trimmed_end(Pos { line: 2, column: 3 }),
            Pos { line: 1, column: 5 }
        );
    }
}
