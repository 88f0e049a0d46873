//! Markdown to HTML, for the texts about rules and semantics and for nothing that users write.

use std::borrow::Cow;
use std::collections::BTreeSet;

use delivery_grammar::Semantic;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::config::{Language, find_rule};
use crate::rules::{EXAMPLE, RULES, RUSSIAN, Rule};

/// What is written about a rule; the examples are the same in every language.
#[must_use]
pub fn about(rule: &'static Rule, language: Language) -> Cow<'static, str> {
    let russian = RULES.iter().zip(RUSSIAN).find(|(other, _)| other.name == rule.name);
    match (language, russian) {
        (Language::Russian, Some((_, text))) => {
            let mut examples = examples(rule.doc);
            let filled = text
                .split(EXAMPLE)
                .fold(String::new(), |filled, piece| match filled.is_empty() {
                    true => piece.to_owned(),
                    false => filled + examples.next().unwrap_or_default() + piece,
                });
            filled.into()
        }
        _ => rule.doc.into(),
    }
}

/// A text in Markdown with links from the names of rules and semantics to their pages; `root` leads from its page to the root.
#[must_use]
pub fn linked(text: &str, root: &str, rule: Option<&str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let Event::Code(word) = event else { continue };
        let Some(page) = page_of(&word, rule) else { continue };
        out.push_str(&text[done..range.start]);
        out.push_str(&format!("[{}](<{root}{page}.md>)", &text[range.clone()]));
        done = range.end;
    }
    out + &text[done..]
}

/// The page of a rule or a semantic, without its extension, unless it is that of the rule itself.
fn page_of(word: &str, rule: Option<&str>) -> Option<String> {
    match (find_rule(word), word.parse::<Semantic>()) {
        (Ok(found), _) => {
            (rule != Some(found.name) && rule != Some(found.code)).then(|| format!("rules/{}", found.name))
        }
        (_, Ok(semantic)) => Some(format!("semantics/{semantic}")),
        _ => None,
    }
}

/// The blocks of code in a text, with their fences.
fn examples(text: &str) -> impl Iterator<Item = &str> {
    Parser::new(text)
        .into_offset_iter()
        .filter_map(|(event, range)| match event {
            Event::Start(Tag::CodeBlock(_)) => Some(text[range].trim_end()),
            _ => None,
        })
}

/// What a text needs to know of the page that it is put into.
#[derive(Debug, Clone, Copy)]
pub struct Prose<'a> {
    /// From the page to the root of the site: empty, or `../`.
    pub root: &'a str,
    /// The code of the rule whose page it is, which does not link to itself.
    pub rule: Option<&'a str>,
}

impl Prose<'_> {
    /// The text without its title.
    #[must_use]
    pub fn html(&self, text: &str) -> String {
        let mut title = false;
        let mut fence = None;
        let parser = Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
        let events = parser.filter_map(|event| match event {
            Event::Start(Tag::Heading {
                level: HeadingLevel::H1,
                ..
            }) => {
                title = true;
                None
            }
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
                title = false;
                None
            }
            _ if title => None,
            Event::Start(Tag::CodeBlock(kind)) => {
                fence = Some(verdict_of(&kind));
                Some(Event::Html(
                    format!("<pre class=\"code {}\" tabindex=\"0\"><code>", verdict_of(&kind)).into(),
                ))
            }
            Event::End(TagEnd::CodeBlock) => {
                fence = None;
                Some(Event::Html("</code></pre>\n".into()))
            }
            Event::Text(text) if fence.is_some() => Some(Event::Html(marked(&text).into())),
            Event::Code(word) => Some(self.word(word)),
            Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
            event => Some(event),
        });
        let mut out = String::new();
        html::push_html(&mut out, named(events.collect()).into_iter());
        out.replace("<table>", "<div class=\"scroll\" tabindex=\"0\"><table>")
            .replace("</table>", "</table></div>")
    }

    /// The name of a rule or a semantic leads to its page.
    fn word<'e>(&self, word: CowStr<'e>) -> Event<'e> {
        let Some(page) = page_of(&word, self.rule) else {
            return Event::Code(word);
        };
        Event::Html(
            format!(
                "<a href=\"{}{page}.html\"><code>{}</code></a>",
                self.root,
                escaped(&word)
            )
            .into(),
        )
    }
}

/// Every heading with an id of its words, so that others can point to it.
fn named(mut events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut taken = BTreeSet::new();
    for index in 0..events.len() {
        let words: String = events[index..]
            .iter()
            .skip(1)
            .map_while(|event| match event {
                Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
                Event::End(TagEnd::Heading(_)) => None,
                _ => Some(""),
            })
            .take(8)
            .collect();
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[index] {
            let name = slug(&words);
            if taken.insert(name.clone()) {
                *id = Some(name.into());
            }
        }
    }
    events
}

/// `What it guarantees` as `what-it-guarantees`.
fn slug(words: &str) -> String {
    let words = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// `bad` or `good`, from the tag of a code block such as `rust,bad`.
fn verdict_of(kind: &CodeBlockKind<'_>) -> &'static str {
    match kind {
        CodeBlockKind::Fenced(info) if info.contains("bad") => "bad",
        CodeBlockKind::Fenced(info) if info.contains("good") => "good",
        _ => "",
    }
}

/// Lines of an example on which a rule fires are marked.
fn marked(code: &str) -> String {
    code.split_inclusive('\n').fold(String::new(), |mut out, line| {
        match line.trim_end().rsplit_once("//~ ") {
            Some((code, rule)) => {
                out.push_str(&format!(
                    "<mark>{}<span>← {}</span></mark>\n",
                    escaped(code),
                    escaped(rule)
                ));
            }
            None => out.push_str(&escaped(line)),
        }
        out
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        Prose {
            root: "../",
            rule: Some("D101"),
        }
        .html(text)
    }

    #[test]
    fn drops_the_title_and_links_what_has_a_page() {
        let page =
            html("# D101 commit-before-process\n\nSee `auto-commit`, `at_least_once`, `commit-before-process`, `x`.\n");
        assert_eq!(
            page,
            "<p>See <a href=\"../rules/auto-commit.html\"><code>auto-commit</code></a>, \
             <a href=\"../semantics/at_least_once.html\"><code>at_least_once</code></a>, \
             <code>commit-before-process</code>, <code>x</code>.</p>\n"
        );
    }

    #[test]
    fn marks_the_line_on_which_a_rule_fires() {
        let page = html("```rust,bad\nlet a: Vec<u8>;\nack(); //~ commit-before-process\n```\n");
        assert_eq!(
            page,
            "<pre class=\"code bad\" tabindex=\"0\"><code>let a: Vec&lt;u8&gt;;\n<mark>ack(); <span>← commit-before-process</span></mark>\n\
             </code></pre>\n"
        );
    }

    #[test]
    fn a_heading_can_be_pointed_to() {
        assert_eq!(
            html("## Why, and `how`?\n"),
            "<h2 id=\"why-and-how\">Why, and <code>how</code>?</h2>\n"
        );
    }

    #[test]
    fn names_are_links_in_markdown_too() {
        assert_eq!(
            linked(
                "See `dedup-race`,\n`auto-commit`, `x`.\n\n```\n`dedup-race`\n```\n",
                "../",
                Some("auto-commit")
            ),
            "See [`dedup-race`](<../rules/dedup-race.md>),\n`auto-commit`, `x`.\n\n```\n`dedup-race`\n```\n"
        );
    }

    /// What a text consists of, one after the other.
    fn shape(text: &str) -> Vec<&'static str> {
        let blocks = Parser::new(text).filter_map(|event| match event {
            Event::Start(Tag::Heading { .. }) => Some("heading"),
            Event::Start(Tag::Paragraph) => Some("paragraph"),
            Event::Start(Tag::Item) => Some("item"),
            Event::Start(Tag::CodeBlock(_)) => Some("example"),
            _ => None,
        });
        blocks.collect()
    }

    #[test]
    fn a_rule_has_the_same_examples_and_links_in_both_languages() {
        for rule in RULES {
            let (english, russian) = (about(rule, Language::English), about(rule, Language::Russian));
            assert_eq!(
                examples(&english).collect::<Vec<_>>(),
                examples(&russian).collect::<Vec<_>>(),
                "{}",
                rule.name
            );
            assert!(!russian.contains(EXAMPLE), "{}", rule.name);
            assert_eq!(
                shape(&english),
                shape(&russian),
                "{}: one of the two was changed alone",
                rule.name
            );
            let last = |text: &str| {
                text.trim_end()
                    .rsplit("\n\n")
                    .next()
                    .unwrap_or_default()
                    .replace('\n', " ")
            };
            if english.contains("## See also") {
                assert_eq!(last(&english), last(&russian), "{}", rule.name);
            }
        }
    }

    #[test]
    fn html_in_a_text_stays_text() {
        assert_eq!(html("a <b>c</b>\n"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
    }
}
