//! "Did you mean": the known word closest to a misspelt one.

/// The candidate that `word` was probably meant to be, if there is one.
///
/// Letter case and `-` against `_` make no difference. A candidate is close if a third of the word's letters or fewer
/// are wrong (a swap of two neighbours is one mistake); else a candidate that alone has `word` among its
/// `_`-separated parts is taken, so that `outbox` finds `transactional_outbox`.
pub fn closest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    if word.len() > MAX_WORD {
        return None;
    }
    let word = normalize(word);
    let tolerated = (word.chars().count() / 3).max(1);
    let misspelt = candidates
        .iter()
        .map(|candidate| (distance(&word, &normalize(candidate)), *candidate))
        .filter(|(mistakes, candidate)| *mistakes <= tolerated && *mistakes < candidate.chars().count())
        .min_by_key(|(mistakes, _)| *mistakes);
    match misspelt {
        Some((_, candidate)) => Some(candidate),
        None => only_one_with_part(&word, candidates),
    }
}

/// A word that is longer is none of ours: comparing it would only take time.
const MAX_WORD: usize = 100;

fn normalize(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

fn only_one_with_part<'a>(part: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let mut holders = candidates
        .iter()
        .filter(|candidate| candidate.split('_').any(|piece| piece == part));
    match (holders.next(), holders.next()) {
        (Some(holder), None) => Some(holder),
        _ => None,
    }
}

/// The number of insertions, deletions, replacements and swaps of neighbours between two words
/// (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows = vec![(0..=right.len()).collect::<Vec<usize>>()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            row.push(cheapest(&rows, &row, &left, &right, (i, j)));
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

fn cheapest(rows: &[Vec<usize>], row: &[usize], left: &[char], right: &[char], (i, j): (usize, usize)) -> usize {
    let replaced = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
    let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
    let swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
    if swapped {
        best = best.min(rows[i - 2][j - 2] + 1);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &[&str] = &[
        "source",
        "sinks",
        "settle",
        "transactional_outbox",
        "cache_dedup",
        "transactional_dedup",
    ];

    #[test]
    fn counts_mistakes() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("recieve", "receive"), 1);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn finds_the_misspelt_word() {
        assert_eq!(closest("sink", WORDS), Some("sinks"));
        assert_eq!(closest("soruce", WORDS), Some("source"));
        assert_eq!(closest("Cache-Dedup", WORDS), Some("cache_dedup"));
    }

    #[test]
    fn finds_a_word_by_its_part() {
        assert_eq!(closest("outbox", WORDS), Some("transactional_outbox"));
    }

    #[test]
    fn stays_silent_rather_than_guess() {
        assert_eq!(closest("dedup", WORDS), None, "two words have this part");
        assert_eq!(closest("banana", WORDS), None);
        assert_eq!(closest("", WORDS), None);
    }
}
