//! Pages for a repository, as its host renders them: `README.md` is the index.

use std::fmt;

use askama::Template;
use delivery_grammar::Semantic;

use super::html::{Fact, facts};
use super::{Page, Site, Unit};
use crate::rules::{RULES, Rule};
use crate::semantics;

/// Makes text safe for a place where Markdown is expected; askama applies it to whatever a template inserts.
#[derive(Debug, Clone, Copy)]
pub struct Markdown;

impl askama::filters::Escaper for Markdown {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        dest.write_str(&super::said::markdown(text))
    }
}

#[derive(Template)]
#[template(path = "markdown/index.md")]
struct Index<'a> {
    site: &'a Site<'a>,
    unread: usize,
    unread_text: String,
}

#[derive(Template)]
#[template(path = "markdown/integration.md")]
struct Integration<'a> {
    site: &'a Site<'a>,
    unit: &'a Unit<'a>,
    facts: Vec<Fact<'a>>,
    promise: Option<(&'a str, &'a str)>,
    watch: Option<&'a str>,
    unresolved: String,
}

#[derive(Template)]
#[template(path = "markdown/rules.md")]
struct Rules<'a> {
    site: &'a Site<'a>,
    rules: &'a [&'a Rule],
}

/// Every page.
pub(super) fn pages(site: &Site<'_>) -> Vec<Page> {
    let language = site.t.language;
    let mut pages = vec![
        index(site),
        text("semantics.md", semantics::choosing(language)),
        text("glossary.md", semantics::glossary(language)),
        rules(site),
    ];
    pages.extend(site.units.iter().map(|unit| integration(site, unit)));
    let semantic = |each: &Semantic| text(format!("semantics/{each}.md"), semantics::text(*each, language));
    pages.extend(Semantic::ALL.iter().map(semantic));
    pages.extend(
        RULES
            .iter()
            .map(|rule| text(format!("rules/{}.md", rule.name), &site.about(rule))),
    );
    pages
}

fn text(path: impl Into<String>, text: &str) -> Page {
    Page {
        path: path.into(),
        text: text.to_owned(),
    }
}

/// Rendering fails only where a `Display` does, and none here can.
fn page(path: impl Into<String>, template: &impl Template) -> Page {
    let text = template.render().unwrap_or_default();
    Page {
        path: path.into(),
        text: format!("{}\n", text.trim()),
    }
}

fn index(site: &Site<'_>) -> Page {
    let unread = site.counts.files.saturating_sub(site.counts.parsed);
    let unread_text = site.t.unread_files.replace("{}", &unread.to_string());
    page(
        "README.md",
        &Index {
            site,
            unread,
            unread_text,
        },
    )
}

fn integration(site: &Site<'_>, unit: &Unit<'_>) -> Page {
    let text = unit
        .semantic()
        .map(|semantic| semantics::text(semantic, site.t.language));
    let promise = text.and_then(|text| {
        let mut sections = semantics::sections(text);
        Some((sections.next()?, sections.next()?))
    });
    let watch = text.and_then(|text| semantics::sections(text).nth(semantics::WATCH));
    let unresolved = site
        .t
        .unresolved
        .replace("{}", &unit.integration.unresolved.len().to_string());
    let facts = unit
        .declaration()
        .map_or_else(Vec::new, |declared| facts(site, declared));
    page(
        format!("integrations/{}.md", unit.slug),
        &Integration {
            site,
            unit,
            facts,
            promise,
            watch,
            unresolved,
        },
    )
}

fn rules(site: &Site<'_>) -> Page {
    page("rules.md", &Rules { site, rules: RULES })
}
