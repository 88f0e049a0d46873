//! Pages for a repository, as its host renders them: `README.md` is the index.

use std::fmt;

use askama::Template;
use delivery_grammar::Semantic;

use super::html::{Fact, UP, facts};
use super::map::Map;
use super::prose::linked;
use super::{Page, Row, Site, Unit, history};
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
    promise: Option<(String, String)>,
    watch: Option<String>,
    unresolved: String,
}

#[derive(Template)]
#[template(path = "markdown/summary.md")]
struct Summary<'a> {
    site: &'a Site<'a>,
    semantics: &'static [Semantic],
    rules: &'a [&'a Rule],
    choosing: &'a str,
    glossary: &'a str,
}

#[derive(Template)]
#[template(path = "markdown/map.md")]
struct Mapped<'a> {
    site: &'a Site<'a>,
    map: Map<'a>,
    alone: String,
}

#[derive(Template)]
#[template(path = "markdown/history.md")]
struct Past<'a> {
    site: &'a Site<'a>,
    since: String,
    rows: Vec<Row<'a>>,
}

#[derive(Template)]
#[template(path = "markdown/rules.md")]
struct Rules<'a> {
    site: &'a Site<'a>,
    rules: &'a [&'a Rule],
}

/// Every page. Names of rules and semantics in the texts lead to their pages.
pub(super) fn pages(site: &Site<'_>) -> Vec<Page> {
    let language = site.t.language;
    let mut pages = vec![
        index(site),
        summary(site),
        map(site),
        text("semantics.md", semantics::choosing(language), None),
        text("glossary.md", semantics::glossary(language), None),
        rules(site),
    ];
    pages.extend(past(site));
    pages.extend(site.units.iter().map(|unit| integration(site, unit)));
    let semantic = |each: &Semantic| text(&format!("semantics/{each}.md"), semantics::text(*each, language), None);
    pages.extend(Semantic::ALL.iter().map(semantic));
    let rule = |rule: &&'static Rule| text(&format!("rules/{}.md", rule.name), &site.about(rule), Some(rule.name));
    pages.extend(RULES.iter().map(rule));
    pages
}

fn text(path: &str, text: &str, rule: Option<&str>) -> Page {
    let root = "../".repeat(path.matches('/').count());
    Page::new(path, linked(text, &root, rule))
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

/// The table of contents, in the form that mdBook reads.
fn summary(site: &Site<'_>) -> Page {
    let language = site.t.language;
    page(
        "SUMMARY.md",
        &Summary {
            site,
            semantics: Semantic::ALL,
            rules: RULES,
            choosing: semantics::title(semantics::choosing(language)),
            glossary: semantics::title(semantics::glossary(language)),
        },
    )
}

fn map(site: &Site<'_>) -> Page {
    let map = Map::new(site);
    let alone = site.t.map_alone.replace("{}", &map.alone.to_string());
    page("map.md", &Mapped { site, map, alone })
}

fn past(site: &Site<'_>) -> Option<Page> {
    let template = Past {
        site,
        since: site.since(),
        rows: history::rows(site),
    };
    site.history.map(|_| page("history.md", &template))
}

fn integration(site: &Site<'_>, unit: &Unit<'_>) -> Page {
    let text = unit
        .semantic()
        .map(|semantic| semantics::text(semantic, site.t.language));
    let promise = text.and_then(|text| {
        let mut sections = semantics::sections(text);
        let linked = |section| linked(section, UP, None);
        Some((linked(sections.next()?), linked(sections.next()?)))
    });
    let watch = text.and_then(|text| semantics::sections(text).nth(semantics::WATCH));
    let watch = watch.map(|section| linked(section, UP, None));
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
