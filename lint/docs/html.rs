//! Pages for a browser: static, self-contained, with every link relative.

use std::collections::BTreeSet;

use askama::Template;
use delivery_grammar::{Declaration, Semantic};
use rayon::prelude::*;

use super::map::Map;
use super::prose::Prose;
use super::{Page, Row, Site, Unit, history, tree};
use crate::report::Verdict;
use crate::rules::{RULES, Rule};
use crate::semantics;

/// From a page in a folder to the root.
pub(super) const UP: &str = "../";

#[derive(Template)]
#[template(path = "html/index.html")]
struct Index<'a> {
    site: &'a Site<'a>,
    root: &'a str,
    section: &'a str,
    verdicts: Vec<(&'a str, &'a str, &'a str, usize)>,
    choices: Vec<Choice<'a>>,
    unread: usize,
    unread_text: String,
}

#[derive(Template)]
#[template(path = "html/integration.html")]
struct Integration<'a> {
    site: &'a Site<'a>,
    root: &'a str,
    section: &'a str,
    unit: &'a Unit<'a>,
    facts: Vec<Fact<'a>>,
    promise: Option<Promise<'a>>,
    unresolved: String,
}

#[derive(Template)]
#[template(path = "html/prose.html")]
struct Text<'a> {
    site: &'a Site<'a>,
    root: &'a str,
    section: &'a str,
    up: Option<(&'a str, &'a str)>,
    title: &'a str,
    level: Option<&'a str>,
    body: String,
    /// Of the body.
    language: &'static str,
}

#[derive(Template)]
#[template(path = "html/map.html")]
struct Mapped<'a> {
    site: &'a Site<'a>,
    root: &'a str,
    section: &'a str,
    map: Map<'a>,
    alone: String,
}

#[derive(Template)]
#[template(path = "html/history.html")]
struct Past<'a> {
    site: &'a Site<'a>,
    root: &'a str,
    section: &'a str,
    since: String,
    rows: Vec<Row<'a>>,
}

#[derive(Template)]
#[template(path = "html/semantics.html")]
struct Choosing<'a> {
    site: &'a Site<'a>,
    root: &'a str,
    section: &'a str,
    title: &'a str,
    introduction: String,
    sections: Vec<Section<'a>>,
    semantics: &'static [Semantic],
    tree: String,
    glossary: &'a str,
}

/// A section of a text.
struct Section<'a> {
    id: &'static str,
    heading: &'a str,
    body: String,
}

#[derive(Template)]
#[template(path = "html/rules.html")]
struct Rules<'a> {
    site: &'a Site<'a>,
    root: &'a str,
    section: &'a str,
    rules: &'a [&'a Rule],
}

/// Something that the index can be narrowed down by.
struct Choice<'a> {
    label: &'a str,
    /// The name of the field, and of the rows' data.
    name: &'static str,
    /// Values, and what they are called.
    options: Vec<(String, String)>,
}

/// A setting of the declaration.
pub(super) struct Fact<'a> {
    pub label: &'a str,
    pub value: String,
    pub meaning: Option<&'a str>,
}

/// What a semantic means, beside the integration that promises it.
struct Promise<'a> {
    heading: &'a str,
    semantic: Semantic,
    title: &'a str,
    yes: String,
    no: String,
    /// How to check and watch it.
    watch: String,
}

/// Every page.
pub(super) fn pages(site: &Site<'_>) -> Vec<Page> {
    let mut pages = vec![index(site), map(site), choosing(site), glossary(site), rules(site)];
    pages.extend(past(site));
    pages.extend(assets());
    let integrations: Vec<Page> = site.units.par_iter().map(|unit| integration(site, unit)).collect();
    pages.extend(integrations);
    pages.extend(Semantic::ALL.iter().map(|semantic| about_semantic(site, *semantic)));
    pages.extend(RULES.iter().map(|rule| about_rule(site, rule)));
    pages
}

/// The one style sheet and the one script.
fn assets() -> [Page; 2] {
    let file = |path: &str, text: &str| Page {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    [
        file("style.css", include_str!("../../templates/html/style.css")),
        file("site.js", include_str!("../../templates/html/site.js")),
    ]
}

fn page(path: impl Into<String>, template: &impl Template) -> Page {
    // Rendering fails only where a `Display` does, and none here can.
    Page {
        path: path.into(),
        text: template.render().unwrap_or_default(),
    }
}

fn index(site: &Site<'_>) -> Page {
    let count = |verdict| site.units.iter().filter(|unit| unit.verdict() == verdict).count();
    let unread = site.counts.files.saturating_sub(site.counts.parsed);
    let template = Index {
        site,
        root: "",
        section: "index",
        verdicts: VERDICTS
            .map(|verdict| {
                (
                    verdict.as_str(),
                    site.t.verdict(verdict).0,
                    site.sign(verdict),
                    count(verdict),
                )
            })
            .to_vec(),
        choices: choices(site),
        unread,
        unread_text: site.t.unread_files.replace("{}", &unread.to_string()),
    };
    page("index.html", &template)
}

const VERDICTS: [Verdict; 4] = [
    Verdict::Verified,
    Verdict::Refuted,
    Verdict::Conditional,
    Verdict::Unknown,
];

/// What there is to choose from: only values that some integration has.
fn choices<'a>(site: &'a Site<'a>) -> Vec<Choice<'a>> {
    let t = site.t;
    let declared = |unit: &Unit<'_>, field: fn(&Declaration) -> Option<String>| unit.declaration().and_then(field);
    let semantics = Semantic::ALL
        .iter()
        .map(|semantic| (semantic.to_string(), site.semantic(semantic).to_owned()))
        .chain([("-".to_owned(), t.undeclared.clone())]);
    let all = |value: &dyn Fn(&Unit<'_>) -> Option<String>| {
        let values: BTreeSet<String> = site.units.iter().filter_map(value).collect();
        values
            .into_iter()
            .map(|value| (value.clone(), t.word(&value).to_owned()))
            .collect()
    };
    vec![
        Choice {
            label: &t.verdict,
            name: "verdict",
            options: VERDICTS
                .map(|verdict| (verdict.as_str().to_owned(), t.verdict(verdict).0.to_owned()))
                .to_vec(),
        },
        Choice {
            label: &t.declared,
            name: "semantic",
            options: semantics.collect(),
        },
        Choice {
            label: &t.transport,
            name: "transport",
            options: all(&|unit| Some(unit.integration.transport.to_string())),
        },
        Choice {
            label: &t.criticality,
            name: "criticality",
            options: all(&|unit| declared(unit, |declared| Some(declared.criticality.to_string()))),
        },
        Choice {
            label: &t.owner,
            name: "owner",
            options: all(&|unit| declared(unit, |declared| declared.owner.clone())),
        },
    ]
}

fn integration(site: &Site<'_>, unit: &Unit<'_>) -> Page {
    let unresolved = site
        .t
        .unresolved
        .replace("{}", &unit.integration.unresolved.len().to_string());
    let facts = unit
        .declaration()
        .map_or_else(Vec::new, |declared| facts(site, declared));
    let template = Integration {
        site,
        root: UP,
        section: "",
        unit,
        facts,
        promise: promise(site, unit),
        unresolved,
    };
    page(format!("integrations/{}.html", unit.slug), &template)
}

/// The settings that were declared.
pub(super) fn facts<'a>(site: &'a Site<'a>, declared: &Declaration) -> Vec<Fact<'a>> {
    let t = site.t;
    let mut facts = vec![Fact {
        label: &t.settle,
        value: t.word(declared.settle.as_str()).to_owned(),
        meaning: Some(t.settle(declared.settle)),
    }];
    let dedup = declared.dedup.as_ref();
    let others = [
        (
            &t.dedup_store,
            dedup.and_then(|dedup| dedup.store.as_ref()).map(ToString::to_string),
        ),
        (&t.dedup_key, dedup.and_then(|dedup| dedup.key.clone())),
        (
            &t.retention,
            dedup.and_then(|dedup| dedup.retention).map(|time| time.to_string()),
        ),
        (
            &t.redelivery_window,
            declared.redelivery_window.map(|time| time.to_string()),
        ),
        (&t.lease, declared.lease.map(|time| time.to_string())),
        (
            &t.processing_time,
            declared.processing_time.map(|time| time.to_string()),
        ),
    ];
    facts.extend(others.into_iter().filter_map(|(label, value)| {
        Some(Fact {
            label,
            value: value?,
            meaning: None,
        })
    }));
    facts
}

fn promise<'a>(site: &'a Site<'a>, unit: &Unit<'_>) -> Option<Promise<'a>> {
    let semantic = unit.semantic()?;
    let heading = if unit.declaration().is_some() {
        &site.t.meaning_declared
    } else {
        &site.t.meaning_inferred
    };
    let prose = Prose { root: UP, rule: None };
    let mut sections =
        semantics::sections(semantics::text(semantic, site.t.language)).map(|section| prose.html(section));
    let (yes, no) = (sections.next()?, sections.next()?);
    let watch = sections.nth(semantics::WATCH - 2)?;
    Some(Promise {
        heading,
        semantic,
        title: site.semantic(&semantic),
        yes,
        no,
        watch,
    })
}

fn map(site: &Site<'_>) -> Page {
    let map = Map::new(site);
    let template = Mapped {
        site,
        root: "",
        section: "map",
        alone: site.t.map_alone.replace("{}", &map.alone.to_string()),
        map,
    };
    page("map.html", &template)
}

fn past(site: &Site<'_>) -> Option<Page> {
    let template = Past {
        site,
        root: "",
        section: "history",
        since: site.since(),
        rows: history::rows(site),
    };
    site.history.map(|_| page("history.html", &template))
}

/// The sections of the text on choosing, in its order, under ids that hold in every language.
const CHOOSING: [&str; 5] = ["comparison", "tree", "rules", "mistakes", "reading"];

fn choosing(site: &Site<'_>) -> Page {
    let language = site.t.language;
    let text = semantics::choosing(language);
    let prose = Prose { root: "", rule: None };
    let bodies = semantics::headings(text).zip(semantics::sections(text));
    let sections = CHOOSING.into_iter().zip(bodies).map(|(id, (heading, body))| Section {
        id,
        heading,
        body: prose.html(body),
    });
    let template = Choosing {
        site,
        root: "",
        section: "semantics",
        title: semantics::title(text),
        introduction: prose.html(semantics::introduction(text)),
        sections: sections.collect(),
        semantics: Semantic::ALL,
        tree: tree::unfold(site, semantics::tree::start()),
        glossary: semantics::title(semantics::glossary(language)),
    };
    page("semantics.html", &template)
}

fn glossary(site: &Site<'_>) -> Page {
    let text = semantics::glossary(site.t.language);
    let template = Text {
        site,
        root: "",
        section: "semantics",
        up: Some(("semantics.html", &site.t.semantics)),
        title: semantics::title(text),
        level: None,
        language: site.t.language.tag(),
        body: Prose { root: "", rule: None }.html(text),
    };
    page("glossary.html", &template)
}

fn about_semantic(site: &Site<'_>, semantic: Semantic) -> Page {
    let text = semantics::text(semantic, site.t.language);
    let template = Text {
        site,
        root: UP,
        section: "semantics",
        up: Some(("../semantics.html", &site.t.semantics)),
        title: semantics::title(text),
        level: None,
        language: site.t.language.tag(),
        body: Prose { root: UP, rule: None }.html(text),
    };
    page(format!("semantics/{semantic}.html"), &template)
}

fn rules(site: &Site<'_>) -> Page {
    page(
        "rules.html",
        &Rules {
            site,
            root: "",
            section: "rules",
            rules: RULES,
        },
    )
}

fn about_rule(site: &Site<'_>, rule: &'static Rule) -> Page {
    let template = Text {
        site,
        root: UP,
        section: "rules",
        up: Some(("../rules.html", &site.t.rules)),
        title: &format!("{} {}", rule.code, rule.name),
        level: Some(site.levels.level(rule).as_str()),
        language: site.t.language.tag(),
        body: Prose {
            root: UP,
            rule: Some(rule.code),
        }
        .html(&site.about(rule)),
    };
    page(format!("rules/{}.html", rule.name), &template)
}
