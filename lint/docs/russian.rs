//! The analysis speaks English; here its sentences become Russian ones, by the list in `templates/russian.txt`.
//!
//! That list is to sentences what a catalog of gettext is to messages. A sentence of a report has its particulars filled in already,
//! so a pattern is matched instead of looked up; what its holes held is translated in turn. Code stays as it is. A sentence that the
//! list lacks stays English, and is marked as English where it is shown.

use std::collections::HashMap;

const LIST: &str = include_str!("../../templates/russian.txt");

/// The places that one literal is tried at within a sentence.
const TRIES: usize = 6;
/// Sentences within sentences.
const DEPTH: usize = 6;

/// The list, ready to be searched.
#[derive(Debug, Clone)]
pub struct Russian {
    /// Sentences without holes.
    plain: HashMap<&'static str, &'static str>,
    /// Those with holes, the most words of their own first.
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone)]
struct Pattern {
    /// What stands around the holes: one more than there are holes.
    literals: Vec<&'static str>,
    russian: &'static str,
}

impl Default for Russian {
    fn default() -> Self {
        Self::new()
    }
}

impl Russian {
    #[must_use]
    pub fn new() -> Self {
        let (holed, plain): (Vec<_>, Vec<_>) = entries().partition(|(english, _)| english.contains("{}"));
        let pattern = |(english, russian): (&'static str, &'static str)| Pattern {
            literals: english.split("{}").collect(),
            russian,
        };
        let mut patterns: Vec<Pattern> = holed.into_iter().map(pattern).collect();
        patterns
            .sort_by_key(|pattern| std::cmp::Reverse(pattern.literals.iter().map(|text| text.len()).sum::<usize>()));
        Self {
            plain: plain.into_iter().collect(),
            patterns,
        }
    }

    /// Whether the list has a sentence, written as it is there.
    #[must_use]
    pub fn has(&self, english: &str) -> bool {
        entries().any(|(listed, _)| listed == english)
    }

    /// The sentence in Russian, if the list has it and everything that it consists of.
    #[must_use]
    pub fn tell(&self, sentence: &str) -> Option<String> {
        self.within(sentence, DEPTH)
    }

    fn within(&self, sentence: &str, depth: usize) -> Option<String> {
        let known = |sentence: &str| self.plain.get(sentence).map(|&russian| russian.to_owned());
        let lower = with_first(sentence, |first| first.to_lowercase().collect());
        if let Some(russian) = known(sentence) {
            return Some(russian);
        }
        let raised = |russian: String| match lower == sentence {
            true => russian,
            false => with_first(&russian, |first| first.to_uppercase().collect()),
        };
        if let Some(russian) = known(&lower) {
            return Some(raised(russian));
        }
        let depth = depth.checked_sub(1)?;
        let matched = |text: &str| {
            self.patterns
                .iter()
                .find_map(|pattern| self.filled(pattern, text, depth))
        };
        matched(sentence).or_else(|| matched(&lower)).map(raised)
    }

    fn filled(&self, pattern: &Pattern, sentence: &str, depth: usize) -> Option<String> {
        let (first, rest) = pattern.literals.split_first()?;
        let inside = sentence.strip_prefix(first)?;
        catch(inside, rest, &mut Vec::new(), &mut |holes| {
            let holes: Option<Vec<String>> = holes.iter().map(|hole| self.hole(hole, depth)).collect();
            Some(with_holes(pattern.russian, &holes?))
        })
    }

    fn hole(&self, text: &str, depth: usize) -> Option<String> {
        match self.plain.get(text) {
            Some(&russian) => Some(russian.to_owned()),
            None if is_code(text) => Some(text.to_owned()),
            None => self.within(text, depth),
        }
    }
}

/// Every pair of sentences.
fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIST.split("\n\n").filter_map(|block| {
        let mut lines = block.lines().filter(|line| !line.starts_with("# ") && !line.is_empty());
        Some((lines.next()?, lines.next()?))
    })
}

/// Finds what the holes before each of the `literals` hold, so that `accept` has an answer to it.
fn catch<'t>(
    text: &'t str,
    literals: &[&str],
    caught: &mut Vec<&'t str>,
    accept: &mut dyn FnMut(&[&'t str]) -> Option<String>,
) -> Option<String> {
    let Some((literal, rest)) = literals.split_first() else {
        return text.is_empty().then(|| accept(caught)).flatten();
    };
    let ends: Vec<usize> = if rest.is_empty() {
        text.strip_suffix(literal).map(str::len).into_iter().collect()
    } else {
        text.match_indices(literal).map(|(at, _)| at).take(TRIES).collect()
    };
    for end in ends {
        let hole = &text[..end];
        if hole.is_empty() || hole.matches('`').count() % 2 == 1 {
            continue;
        }
        caught.push(hole);
        let found = catch(&text[end + literal.len()..], rest, caught, accept);
        caught.pop();
        if found.is_some() {
            return found;
        }
    }
    None
}

/// `{}` and `{1}` are the first hole, `{2}` the second.
fn with_holes(russian: &str, holes: &[String]) -> String {
    let mut out = String::new();
    let mut rest = russian;
    while let Some(at) = rest.find('{') {
        let length = rest[at..].find('}').map_or(rest.len() - at, |end| end + 1);
        let number = rest[at..at + length]
            .trim_matches(['{', '}'])
            .parse::<usize>()
            .unwrap_or(1);
        out.push_str(&rest[..at]);
        out.push_str(holes.get(number - 1).map_or("", String::as_str));
        rest = &rest[at + length..];
    }
    out + rest
}

/// Code and figures, which are the same in every language: spans of code, names, durations, addresses.
fn is_code(text: &str) -> bool {
    let outside: String = text.split('`').step_by(2).collect();
    let mut words = outside.split([',', ' ']).filter(|word| !word.is_empty());
    words.next().is_none() || !text.contains(' ')
}

fn with_first(text: &str, change: impl Fn(char) -> String) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| change(first) + chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holes_held_is_translated_in_turn() {
        let russian = Russian::new();
        let told = |sentence: &str| russian.tell(sentence).unwrap_or_default();
        assert_eq!(told("Worker 1 receives the message"), "Обработчик 1 получает сообщение");
        assert_eq!(
            told("The message is settled and does not come again, and `a` has nothing of it: lost."),
            "Сообщение подтверждено и больше не придёт, и в `a` ничего из него нет: потеряно."
        );
        assert_eq!(
            told(
                "`x` is repeated when the message is delivered again: it counts again each time (no semantic is declared; assumed at least once)"
            ),
            "`x` повторится, когда сообщение доставят снова: каждый раз считается снова (семантика не заявлена; предполагается at least once)"
        );
        assert_eq!(told("worker 2: `b` fails"), "обработчик 2: `b` не удаётся");
    }

    #[test]
    fn code_stays_code_whatever_it_contains() {
        let russian = Russian::new();
        assert_eq!(
            russian.tell("`a is done` fails").as_deref(),
            Some("`a is done` не удаётся")
        );
        assert_eq!(
            russian
                .tell("`k` (kafka:shop.paid) is recognised by those who receive it when it comes twice.")
                .as_deref(),
            Some("`k` (kafka:shop.paid) узнают те, кто его получает, если оно придёт дважды.")
        );
    }

    #[test]
    fn what_the_list_lacks_is_not_half_translated() {
        let russian = Russian::new();
        assert_eq!(russian.tell("nobody has said this"), None);
        assert_eq!(russian.tell("this silences nothing: nobody has said this"), None);
        assert_eq!(russian.tell(&"a fails and ".repeat(2000)), None);
    }

    #[test]
    fn every_entry_has_both_sentences_and_the_same_holes() {
        let mut seen = std::collections::BTreeSet::new();
        for block in LIST
            .split("\n\n")
            .filter(|block| !block.lines().all(|line| line.starts_with("# ")))
        {
            let lines: Vec<&str> = block
                .lines()
                .filter(|line| !line.starts_with("# ") && !line.is_empty())
                .collect();
            let [english, russian] = lines[..] else {
                panic!("{block}")
            };
            assert!(seen.insert(english), "{english} is there twice");
            let holes = english.matches("{}").count();
            let numbered = (1..=holes).all(|number| russian.contains(&format!("{{{number}}}")));
            assert!(numbered || (holes == 1 && russian.contains("{}")), "{english}");
            let is_russian = russian.chars().any(|c| ('а'..='я').contains(&c));
            assert!(is_russian || english == russian || holes > 1, "{english}: {russian}");
        }
    }
}
