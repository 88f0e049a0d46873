//! The decision tree, as data: questions, answers, and where each leads. The words are in `tree.yaml`.

use std::sync::LazyLock;

use delivery_grammar::Semantic;
use serde::Deserialize;

use crate::config::Language;

/// A text in each language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    en: String,
    ru: String,
}

impl Words {
    /// The text in a language.
    #[must_use]
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Russian => &self.ru,
        }
    }
}

/// A question with its answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Stable, for flags and scripts.
    pub id: String,
    pub ask: Words,
    pub answers: Vec<Answer>,
}

/// An answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Stable within its question.
    pub id: String,
    pub say: Words,
    /// What is to be known about it.
    #[serde(default)]
    pub note: Option<Words>,
    to: String,
}

/// Where an answer leads.
#[derive(Debug, Clone, Copy)]
pub enum Next {
    Question(&'static Question),
    End(Semantic),
}

static TREE: LazyLock<Vec<Question>> =
    LazyLock::new(|| serde_yaml::from_str(include_str!("tree.yaml")).unwrap_or_default());

/// The first question.
///
/// # Panics
///
/// If the embedded tree is wrong, which a test rules out.
#[must_use]
pub fn start() -> &'static Question {
    TREE.first().expect("the embedded tree is valid")
}

impl Question {
    /// The answer with that id.
    #[must_use]
    pub fn answer(&self, id: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.id == id)
    }
}

impl Answer {
    /// The question or the semantic that it leads to.
    ///
    /// # Panics
    ///
    /// If the embedded tree is wrong, which a test rules out.
    #[must_use]
    pub fn next(&self) -> Next {
        match self.to.parse() {
            Ok(semantic) => Next::End(semantic),
            Err(_) => Next::Question(
                TREE.iter()
                    .find(|question| question.id == self.to)
                    .expect("the embedded tree is valid"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every semantic that can be reached; a loop would not end.
    fn ends(question: &'static Question, found: &mut BTreeSet<Semantic>, depth: usize) {
        assert!(depth < 10 && question.answers.len() > 1, "{}", question.id);
        for answer in &question.answers {
            match answer.next() {
                Next::End(semantic) => drop(found.insert(semantic)),
                Next::Question(next) => ends(next, found, depth + 1),
            }
        }
    }

    #[test]
    fn every_semantic_is_the_end_of_some_way() {
        let mut found = BTreeSet::new();
        ends(start(), &mut found, 0);
        assert_eq!(found, Semantic::ALL.iter().copied().collect());
    }
}
