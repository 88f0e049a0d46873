//! The whole site in one file, for a place that keeps only one: an artefact of a CI run, an attachment.
//!
//! It is made of the pages themselves. Each becomes a section that shows when the address points to it or into it; links between pages
//! become links to sections, and ids get the name of their page. The index keeps its ids, since the script knows them.

use std::collections::BTreeSet;

use askama::Template;
use xxhash_rust::xxh3::xxh3_128;

use super::{Page, Site};

/// The file.
pub(super) const PATH: &str = "delivery.html";

const INDEX: &str = "index.html";

/// Attributes whose value is the id of something on the same page.
const REFERENCES: &[&str] = &["id", "for", "aria-labelledby", "aria-describedby"];

#[derive(Template)]
#[template(path = "html/single.html")]
struct Single<'a> {
    site: &'a Site<'a>,
    /// Lets exactly this style sheet and this script in. It depends on all that is in the file, so nobody who writes a part of it
    /// knows it.
    nonce: String,
    style: &'a str,
    script: &'a str,
    header: String,
    footer: &'a str,
    sections: Vec<(&'a str, String)>,
}

/// The site as one page.
pub(super) fn joined(site: &Site<'_>, pages: &[Page]) -> Vec<Page> {
    let named = |path: &str| {
        pages
            .iter()
            .find(|page| page.path == path)
            .map_or("", |page| page.text.as_str())
    };
    let known: BTreeSet<&str> = pages.iter().map(|page| page.path.as_str()).collect();
    let index = pages.iter().filter(|page| page.path == INDEX);
    let others = pages
        .iter()
        .filter(|page| page.path != INDEX && page.path.ends_with(".html"));
    let sections: Vec<(&str, String)> = index
        .chain(others)
        .map(|page| {
            (
                page.path.as_str(),
                rewritten(part(&page.text, "main"), &page.path, &known),
            )
        })
        .collect();
    let all: String = sections.iter().map(|(_, text)| text.as_str()).collect();
    let template = Single {
        site,
        nonce: format!("{:032x}", xxh3_128(all.as_bytes())),
        style: named("style.css"),
        script: named("site.js"),
        header: rewritten(part(named(INDEX), "header"), INDEX, &known).replace(" aria-current=\"page\"", ""),
        footer: part(named(INDEX), "footer"),
        sections,
    };
    // Rendering fails only where a `Display` does, and none here can.
    vec![Page::new(PATH, template.render().unwrap_or_default())]
}

/// What stands between the tags of an element that a page has once.
fn part<'t>(text: &'t str, element: &str) -> &'t str {
    let inside = text
        .split_once(&format!("<{element}"))
        .and_then(|(_, rest)| rest.split_once('>'));
    let end = format!("</{element}>");
    inside
        .and_then(|(_, rest)| rest.rsplit_once(end.as_str()))
        .map_or("", |(inside, _)| inside)
}

/// The same with links and ids of the joined page. What the templates insert is escaped, so that every `<` begins a tag.
fn rewritten(html: &str, page: &str, known: &BTreeSet<&str>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((text, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        out.push_str(text);
        out.push('<');
        push_tag(tag, page, known, &mut out);
        out.push('>');
        rest = after;
    }
    out + rest
}

fn push_tag(tag: &str, page: &str, known: &BTreeSet<&str>, out: &mut String) {
    let mut rest = tag;
    while let Some((before, value)) = rest.split_once("=\"") {
        let (value, after) = value.split_once('"').unwrap_or((value, ""));
        let name = before.rsplit(' ').next().unwrap_or_default();
        let value = match name {
            "href" => target(value, page, known),
            name if REFERENCES.contains(&name) => id(value, page),
            _ => value.to_owned(),
        };
        out.push_str(&format!("{before}=\"{value}\""));
        rest = after;
    }
    out.push_str(rest);
}

fn id(name: &str, page: &str) -> String {
    if page == INDEX {
        name.to_owned()
    } else {
        format!("{page}--{name}")
    }
}

/// Where a link leads now; what leads out of the site is left alone.
fn target(href: &str, page: &str, known: &BTreeSet<&str>) -> String {
    let (path, name) = href
        .split_once('#')
        .map_or((href, None), |(path, name)| (path, Some(name)));
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let full = match (path, path.strip_prefix("../")) {
        ("", _) => page.to_owned(),
        (_, Some(path)) => path.to_owned(),
        (path, None) if folder.is_empty() => path.to_owned(),
        (path, None) => format!("{folder}/{path}"),
    };
    match name {
        _ if !known.contains(full.as_str()) => href.to_owned(),
        Some(name) => format!("#{}", id(name, &full)),
        None => format!("#{full}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_sections_and_out() {
        let known = BTreeSet::from(["index.html", "map.html", "rules/a.html", "rules/b.html"]);
        let of = |href: &str| target(href, "rules/a.html", &known);
        assert_eq!(of("../index.html"), "#index.html");
        assert_eq!(of("b.html#wrong"), "#rules/b.html--wrong");
        assert_eq!(of("#wrong"), "#rules/a.html--wrong");
        assert_eq!(of("https://x.example/index.html"), "https://x.example/index.html");
        assert_eq!(target("#units", INDEX, &known), "#units");
        assert_eq!(
            rewritten("<h2 id=\"a\">x &lt; y</h2><br>", "map.html", &known),
            "<h2 id=\"map.html--a\">x &lt; y</h2><br>"
        );
    }
}
