//! The texts about the six semantics, in English and in Russian.

pub mod tree;

use delivery_grammar::Semantic;

use crate::config::Language;

/// What is written about a semantic, in Markdown: what it guarantees and what it does not, how it is built, where it fits.
#[must_use]
pub const fn text(semantic: Semantic, language: Language) -> &'static str {
    match language {
        Language::English => match semantic {
            Semantic::NoGuarantee => include_str!("semantics/no_guarantee.md"),
            Semantic::BestEffort => include_str!("semantics/best_effort.md"),
            Semantic::AtMostOnce => include_str!("semantics/at_most_once.md"),
            Semantic::AtLeastOnce => include_str!("semantics/at_least_once.md"),
            Semantic::EffectivelyOnce => include_str!("semantics/effectively_once.md"),
            Semantic::ExactlyOnce => include_str!("semantics/exactly_once.md"),
        },
        Language::Russian => match semantic {
            Semantic::NoGuarantee => include_str!("semantics/ru/no_guarantee.md"),
            Semantic::BestEffort => include_str!("semantics/ru/best_effort.md"),
            Semantic::AtMostOnce => include_str!("semantics/ru/at_most_once.md"),
            Semantic::AtLeastOnce => include_str!("semantics/ru/at_least_once.md"),
            Semantic::EffectivelyOnce => include_str!("semantics/ru/effectively_once.md"),
            Semantic::ExactlyOnce => include_str!("semantics/ru/exactly_once.md"),
        },
    }
}

/// The comparison of the six, the decision tree, common mistakes.
#[must_use]
pub const fn choosing(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("semantics/choosing.md"),
        Language::Russian => include_str!("semantics/ru/choosing.md"),
    }
}

/// What the words of the field mean.
#[must_use]
pub const fn glossary(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("semantics/glossary.md"),
        Language::Russian => include_str!("semantics/ru/glossary.md"),
    }
}

/// What stands before the first section, without the title.
#[must_use]
pub fn introduction(text: &str) -> &str {
    let before = text.split("\n## ").next().unwrap_or_default();
    before.split_once('\n').map_or("", |(_, rest)| rest.trim())
}

/// The headings of a text's sections, in order.
pub fn headings(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n## ")
        .skip(1)
        .map(|section| section.lines().next().unwrap_or_default())
}

/// The title of a text.
#[must_use]
pub fn title(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_start_matches('#').trim()
}

/// The place of the section on checking and watching among [`sections`].
pub const WATCH: usize = 6;

/// The bodies of a text's sections, in order, without their headings. Every text about a semantic begins with what it guarantees,
/// followed by what it does not.
pub fn sections(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n## ")
        .skip(1)
        .map(|section| section.split_once('\n').map_or("", |(_, body)| body.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_begins_with_what_is_and_is_not_guaranteed() {
        for (language, first, second) in [
            (
                Language::English,
                "\n## What it guarantees\n",
                "\n## What it does not guarantee\n",
            ),
            (
                Language::Russian,
                "\n## Что гарантирует\n",
                "\n## Чего не гарантирует\n",
            ),
        ] {
            for semantic in Semantic::ALL {
                let text = text(*semantic, language);
                assert!(text.starts_with("# ") && !title(text).is_empty(), "{semantic}");
                let headings: Vec<_> = text.match_indices("\n## ").map(|(at, _)| &text[at..]).collect();
                assert!(
                    headings[0].starts_with(first) && headings[1].starts_with(second),
                    "{semantic}"
                );
                let watch = headings[WATCH].lines().nth(1).unwrap_or_default();
                assert!(
                    ["## How to check and watch it", "## Как проверять и наблюдать"].contains(&watch),
                    "{watch}"
                );
                assert!(sections(text).all(|section| !section.is_empty()), "{semantic}");
            }
        }
    }
}
