//! What must hold for every page, whatever the report.

use std::collections::BTreeSet;

use super::*;
use crate::config::{Docs, Language, SourceUrl};
use crate::render::sample::{Sample, refutation, report};
use crate::report::Report;

fn config(language: Language) -> Config {
    Config {
        source_url: SourceUrl::new("https://git.example.com/shop/{path}#L{line}").ok(),
        docs: Docs {
            language,
            ..Docs::default()
        },
        ..Config::default()
    }
}

fn of(report: &Report, language: Language, format: Format) -> Vec<Page> {
    pages(&Resolved::new(report, &Sample), &config(language), format, None)
}

fn written(language: Language, format: Format) -> Vec<Page> {
    of(&report(), language, format)
}

fn page<'a>(pages: &'a [Page], path: &str) -> &'a str {
    let page = pages.iter().find(|page| page.path == path);
    page.map(|page| page.text.as_str())
        .unwrap_or_else(|| panic!("{path} is not there"))
}

fn assert_all(text: &str, needles: &[&str]) {
    for needle in needles {
        assert!(text.contains(needle), "`{needle}` is not in {text}");
    }
}

/// The values of an attribute, as a browser reads them.
fn attributes(text: &str, name: &str) -> Vec<String> {
    let begin = format!("{name}=\"");
    text.split(begin.as_str())
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap_or_default().replace("&amp;", "&"))
        .collect()
}

#[test]
fn a_page_answers_every_question() {
    let pages = written(Language::English, Format::Html);
    assert_all(
        page(&pages, "integrations/billing.invoices.html"),
        &[
            "Effectively once: refuted",
            "Best effort",
            "The offset of A is committed.",
            "What helps:",
            "A lost order is lost money",
            "What it does not guarantee",
            "transactional_dedup",
            "not shown by the code",
            "https://git.example.com/shop/src/orders.rs#L6",
            "absorbed by the dedup row",
            "Message lost",
            "The unique key of <code>invoices</code> covers <code>id</code>",
            "invoices_duplicates_total",
            "tests::redelivery_is_absorbed",
            "team-billing",
            "href=\"https://wiki.example.com/invoices\"",
            "receive → ack",
            "<svg class=\"picture\"",
            "<code>INSERT INTO invoices</code> never happens",
            "The process dies, and the message is delivered again",
            "Where the decision tree leads",
            "class=\"run lanes-3\"",
            "What to check and to alert on",
        ],
    );
}

#[test]
fn what_the_code_says_stays_text() {
    let mut report = report();
    let evil = "<script>alert(1)</script>\"'`</code>{{ x }}";
    let unit = &mut report.integrations[0];
    let declared = unit.declared.as_mut().unwrap();
    declared.why = Some(evil.to_owned());
    declared.owner = Some(evil.to_owned());
    declared.edge_cases = vec![evil.to_owned()];
    declared.runbook = Some("javascript:alert(1)".to_owned());
    unit.crash_points[0].text = evil.to_owned();
    unit.function = evil.into();
    unit.id = evil.into();
    unit.address = Some(evil.into());
    unit.steps[0].text = evil.to_owned();
    unit.steps[1].target = Some(evil.into());
    unit.questions = vec![evil.to_owned()];
    unit.flow = evil.to_owned();
    unit.assumptions = vec![evil.to_owned()];
    report.findings[0].message = evil.to_owned();
    report.findings[0].integration = Some(evil.into());
    report.integrations[1].transport = "postgres".into();
    report.integrations[1].address = Some("invoices".into());
    let single = of(&report, Language::Russian, Format::SingleHtml);
    assert_eq!(page(&single, "delivery.html").matches("<script").count(), 1);
    let html = of(&report, Language::English, Format::Html);
    for page in html.iter().filter(|page| {
        page.path.starts_with("integrations/") || ["index.html", "map.html"].contains(&page.path.as_str())
    }) {
        let scripts = page.text.matches("<script").count();
        assert_eq!(scripts, 1, "{}", page.path);
        assert!(
            !attributes(&page.text, "href")
                .iter()
                .any(|href| href.starts_with("javascript"))
        );
    }
    for page in of(&report, Language::English, Format::Markdown)
        .iter()
        .filter(|page| page.path.starts_with("integrations/"))
    {
        let code = page.text.split("](javascript").count();
        assert!(
            code == 1 && !page.text.contains("<script>alert(1)</script>\"'`"),
            "{}",
            page.text
        );
    }
}

#[test]
fn every_link_inside_leads_somewhere() {
    for language in [Language::English, Language::Russian] {
        let html = written(language, Format::Html);
        let paths: BTreeSet<&str> = html.iter().map(|page| page.path.as_str()).collect();
        for page in &html {
            for href in attributes(&page.text, "href")
                .iter()
                .filter(|href| !href.starts_with('#') && !href.contains("://"))
            {
                let target = match href.strip_prefix("../") {
                    Some(rest) => rest.to_owned(),
                    None => page
                        .path
                        .rsplit_once('/')
                        .map_or(href.clone(), |(folder, _)| format!("{folder}/{href}")),
                };
                assert!(paths.contains(target.as_str()), "{} in {}", href, page.path);
            }
        }
    }
}

#[test]
fn every_page_in_markdown_is_in_the_table_of_contents_and_every_link_leads_somewhere() {
    for language in [Language::English, Language::Russian] {
        let pages = written(language, Format::Markdown);
        let paths: BTreeSet<&str> = pages.iter().map(|page| page.path.as_str()).collect();
        let summary: BTreeSet<String> = links(page(&pages, "SUMMARY.md")).collect();
        for page in &pages {
            assert!(
                page.path == "SUMMARY.md" || summary.contains(&page.path),
                "{}",
                page.path
            );
            for link in links(&page.text).filter(|link| !link.contains("://")) {
                let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let full = match link.strip_prefix("../") {
                    Some(rest) => rest.to_owned(),
                    None if folder.is_empty() => link.clone(),
                    None => format!("{folder}/{link}"),
                };
                assert!(paths.contains(full.as_str()), "{link} in {}", page.path);
            }
        }
    }
}

/// The targets of links in Markdown, as a reader of Markdown sees them.
fn links(text: &str) -> impl Iterator<Item = String> {
    pulldown_cmark::Parser::new_ext(text, pulldown_cmark::Options::ENABLE_TABLES).filter_map(|event| match event {
        pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    })
}

#[test]
fn one_file_holds_the_whole_site() {
    for language in [Language::English, Language::Russian] {
        let pages = written(language, Format::SingleHtml);
        let text = page(&pages, "delivery.html");
        assert_eq!(pages.len(), 1);
        let ids = attributes(text, " id");
        let known: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(ids.len(), known.len(), "ids are there once");
        for page in written(language, Format::Html)
            .iter()
            .filter(|page| page.path.ends_with(".html"))
        {
            assert!(known.contains(&page.path), "{}", page.path);
        }
        for href in attributes(text, "href").iter().filter(|href| !href.contains("://")) {
            // A filter of the index is no place.
            let name = href
                .strip_prefix('#')
                .unwrap_or_else(|| panic!("{href} leads out of the file"));
            assert!(name.contains('=') || known.contains(&name.to_owned()), "{href}");
        }
        for reference in ["aria-labelledby", "for"]
            .iter()
            .flat_map(|name| attributes(text, &format!(" {name}")))
        {
            assert!(known.contains(&reference), "{reference}");
        }
        let nonces: BTreeSet<String> = attributes(text, " nonce").into_iter().collect();
        assert_eq!(nonces.len(), 1);
        let policy = format!("script-src 'nonce-{}'", nonces.first().unwrap());
        assert_all(text, &[policy.as_str(), "default-src 'none'"]);
        assert_eq!(text.matches("<script").count(), 1);
    }
}

#[test]
fn what_changed_is_shown_as_a_whole_and_on_each_page() {
    let before = crate::drift::Stand {
        integration: "billing.invoices".to_owned(),
        function: "billing::orders::on_order".to_owned(),
        file: "src/orders.rs".to_owned(),
        line: 1,
        declared: Some(Semantic::EffectivelyOnce),
        inferred: Some(Semantic::EffectivelyOnce),
    };
    let report = report();
    let resolved = Resolved::new(&report, &Sample);
    let after = crate::drift::stands(&resolved);
    let changes = crate::drift::compare(&[before], &after);
    let history = Some(History {
        since: "v1<2>",
        changes: &changes,
    });
    let html = pages(&resolved, &config(Language::English), Format::Html, history);
    assert_all(
        page(&html, "history.html"),
        &[
            "<h1>Since v1&#60;2&#62;</h1>",
            "▼ Weaker",
            "Effectively once → Best effort",
            "+ New",
        ],
    );
    assert_all(
        page(&html, "integrations/billing.invoices.html"),
        &[
            "Since v1&#60;2&#62;:",
            "▼ Weaker",
            "Effectively once → Best effort",
            "href=\"../history.html\"",
        ],
    );
    assert!(
        !written(Language::English, Format::Html)
            .iter()
            .any(|page| page.path == "history.html")
    );
    let markdown = pages(&resolved, &config(Language::Russian), Format::Markdown, history);
    assert_all(
        page(&markdown, "history.md"),
        &["# С ревизии v1&lt;2\\>", "**Слабее.**"],
    );
    assert_all(page(&markdown, "SUMMARY.md"), &["(history.md)"]);
}

#[test]
fn what_is_published_is_linked_to() {
    let report = report();
    let mut config = config(Language::English);
    config.docs.base_url = BaseUrl::new("https://docs.example/d").ok();
    let of = |format| pages(&Resolved::new(&report, &Sample), &config, format, None);
    let address = "\"https://docs.example/d/integrations/billing.invoices.html\"";
    assert_all(
        page(&of(Format::Json), "delivery.json"),
        &[&format!("\"page\": {address}")],
    );
    assert_all(
        page(&of(Format::AsyncApi), "asyncapi.json"),
        &[&format!("\"url\": {address}")],
    );
}

/// An author writes links; a reader clicks on them.
#[test]
fn links_lead_to_the_web_or_into_the_site_and_nowhere_else() {
    for evil in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//x.example",
        "JavaScript:x",
        " https://x",
    ] {
        let mut report = report();
        report.integrations[0].declared.as_mut().unwrap().runbook = Some(evil.to_owned());
        for page in of(&report, Language::English, Format::Html) {
            for href in attributes(&page.text, "href") {
                let is_relative = !href.contains(':') && !href.starts_with("//") && !href.starts_with(' ');
                assert!(
                    is_relative || href.starts_with("https://") || href.starts_with("http://"),
                    "{href}"
                );
            }
        }
        for page in of(&report, Language::English, Format::Markdown) {
            let is_safe =
                |link: &String| !link.contains(':') && !link.starts_with("//") || link.starts_with("https://");
            assert_eq!(links(&page.text).find(|link| !is_safe(link)), None, "{}", page.path);
        }
    }
}

#[test]
fn nothing_is_asked_of_any_server() {
    for page in written(Language::English, Format::Html) {
        // Code that is quoted calls `queue_url(…)`.
        let styled = page.text.replace("_url(", "");
        assert!(!styled.contains("@import") && !styled.contains("url("), "{}", page.path);
        if page.path.ends_with(".html") {
            let up = "../".repeat(page.path.matches('/').count());
            assert_eq!(
                attributes(&page.text, " src"),
                [format!("{up}site.js")],
                "{}",
                page.path
            );
            assert!(!page.text.contains(" style=\""), "{}", page.path);
            assert_all(
                &page.text,
                &["http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'"],
            );
        }
    }
}

#[test]
fn a_reader_without_eyes_finds_the_way() {
    for page in written(Language::Russian, Format::Html) {
        if !page.path.ends_with(".html") {
            continue;
        }
        assert_eq!(page.text.matches("<h1>").count(), 1, "{}", page.path);
        assert_all(
            &page.text,
            &[
                "<html lang=\"ru\">",
                "<main id=\"main\">",
                "<nav aria-label=",
                "<footer>",
                "class=\"skip\"",
            ],
        );
        let ids = attributes(&page.text, " id");
        assert_eq!(
            ids.len(),
            ids.iter().collect::<BTreeSet<_>>().len(),
            "{}: {ids:?}",
            page.path
        );
        for label in attributes(&page.text, "aria-labelledby") {
            assert!(ids.contains(&label), "{}: {label}", page.path);
        }
    }
}

#[test]
fn the_language_is_that_of_the_configuration() {
    let russian = written(Language::Russian, Format::Html);
    assert_all(
        page(&russian, "integrations/billing.invoices.html"),
        &[
            "опровергнуто",
            "Почему эта семантика",
            "Что гарантирует",
            "Сообщение потеряно",
            "A lost order is lost money",
        ],
    );
    assert_all(page(&russian, "semantics.html"), &["Дерево решений"]);
}

#[test]
fn the_bytes_are_the_same_on_every_run() {
    for format in [Format::Html, Format::Markdown] {
        assert_eq!(written(Language::English, format), written(Language::English, format));
    }
}

#[test]
fn markdown_says_the_same() {
    let pages = written(Language::English, Format::Markdown);
    assert_all(
        page(&pages, "README.md"),
        &[
            "| [billing.invoices](integrations/billing.invoices.md) | kafka:orders.v1 |",
            "**Refuted**",
        ],
    );
    let unit = page(&pages, "integrations/billing.invoices.md");
    assert_all(
        unit,
        &[
            "**Refuted: Effectively once.**",
            "3. Worker 1 crashes.",
            "| transactional\\_dedup |",
            "[src/orders.rs:6](<https://git.example.com/shop/src/orders.rs#L6>)",
            "A lost order is lost money, a repeated one is a &lt;double\\> charge.",
        ],
    );
    assert!(!unit.contains("\n\n\n"), "{unit}");
}

#[test]
fn every_piece_of_advice_leads_to_a_rule() {
    for language in [Language::English, Language::Russian] {
        for (format, path, link) in [
            (Format::Html, "semantics.html", "href=\"rules/"),
            (Format::Markdown, "semantics.md", "](<rules/"),
        ] {
            let pages = written(language, format);
            let text = page(&pages, path);
            let bold = if format == Format::Html { "<strong>" } else { ". **" };
            let advice = text.split(bold).skip(1).filter(|piece| piece.contains(link)).count();
            assert!(advice >= 11, "{path}: {advice} of six rules and five mistakes");
        }
    }
}

#[test]
fn an_empty_workspace_has_an_index() {
    let html = of(&Report::default(), Language::English, Format::Html);
    assert_all(page(&html, "index.html"), &["No integration was found"]);
}

#[test]
fn what_was_allowed_is_shown_with_its_reason() {
    let mut finding = refutation();
    finding.suppressed = Some("A trial until June.".to_owned());
    let report = Report {
        findings: vec![finding],
        ..report()
    };
    let html = of(&report, Language::English, Format::Html);
    assert_all(
        page(&html, "integrations/billing.invoices.html"),
        &["Allowed because:</strong> A trial until June."],
    );
}

#[test]
fn the_map_shows_chains_with_their_weakest_link() {
    let mut report = report();
    report.integrations[1].transport = "postgres".into();
    report.integrations[1].address = Some("invoices".into());
    let html = of(&report, Language::English, Format::Html);
    assert_all(
        page(&html, "map.html"),
        &[
            "<strong>End to end:</strong> <a href=\"semantics/best_effort.html\">",
            "<svg class=\"picture map\"",
            "▼ weakest link",
            "billing::store::save",
        ],
    );
    assert_all(
        page(&written(Language::English, Format::Html), "map.html"),
        &["No integration here feeds another"],
    );
}

#[test]
fn more_chains_than_anybody_reads_are_no_trouble() {
    let mut report = report();
    let pair = [report.integrations[0].clone(), report.integrations[1].clone()];
    report.integrations = (0..600)
        .flat_map(|number| {
            let [mut from, mut to] = pair.clone();
            from.id = format!("from.{number}").into();
            to.id = format!("to.{number}").into();
            from.sinks[0].target = format!("table{number}").into();
            to.transport = "postgres".into();
            to.address = Some(format!("table{number}").into());
            [from, to]
        })
        .collect();
    for format in [Format::Html, Format::Markdown] {
        let pages = of(&report, Language::English, format);
        let map = pages.iter().find(|page| page.path.starts_with("map.")).unwrap();
        assert_all(
            &map.text,
            &[
                "from.0",
                "to.0",
                "from.599",
                "There are more chains here than are listed.",
            ],
        );
        let index = pages.iter().find(|page| page.path == format.entry()).unwrap();
        let each = index.text.len() / report.integrations.len();
        assert!(
            each < 1000,
            "a thousand integrations make an index of less than a megabyte: {each}"
        );
    }
}

#[test]
fn programs_read_the_same() {
    let json = written(Language::English, Format::Json);
    let document: serde_json::Value = serde_json::from_str(page(&json, "delivery.json")).unwrap();
    let unit = document["integrations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|unit| unit["integration"] == "billing.invoices");
    assert_eq!(unit.unwrap()["crashes"][1]["outcome"], "lost");
    let asyncapi = written(Language::English, Format::AsyncApi);
    let document: serde_json::Value = serde_json::from_str(page(&asyncapi, "asyncapi.json")).unwrap();
    let operation = &document["operations"]["billing.invoices"];
    assert_eq!(operation["channel"]["$ref"], "#/channels/kafka-orders.v1");
    assert_eq!(operation["x-delivery-verdict"], "refuted");
    assert_eq!(document["channels"]["kafka-orders.v1"]["address"], "orders.v1");
}
