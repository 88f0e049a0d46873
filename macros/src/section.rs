//! The "Delivery semantics" section that a declaration adds to the documentation of its function.

use delivery_grammar::{Declaration, Dedup, Settle, page_name};

use crate::markdown::{code, text};

/// How every section begins. A doc comment has one line an attribute, and so cannot look like this.
const BEGINNING: &str = "\n# Delivery semantics\n";

/// Is this text of a `#[doc]` attribute such a section?
pub fn is_section(doc: &str) -> bool {
    doc.starts_with(BEGINNING)
}

/// The section, as Markdown.
pub fn render(declaration: &Declaration, base_url: Option<&str>) -> String {
    let semantic = declaration.semantic;
    let mut section = format!("{BEGINNING}\n**{}.** {}\n\n", semantic.title(), semantic.summary());
    let facts = [
        what(declaration),
        page(declaration, base_url),
        how(declaration),
        times(declaration),
        care(declaration),
    ];
    for (name, content) in facts.into_iter().flatten() {
        match content.chars().next() {
            None => {}
            Some('\n') => section.push_str(&format!("- **{name}:**{content}\n")),
            Some(_) => section.push_str(&format!("- **{name}:** {content}\n")),
        }
    }
    section
}

/// The page that the linter generates, where documentation is published.
fn page(declaration: &Declaration, base_url: Option<&str>) -> Vec<Fact> {
    let link = base_url.map(|url| {
        let name = page_name(&declaration.integration);
        format!("what was verified, and what a crash does: [{name}]({url}/integrations/{name}.html)")
    });
    vec![("Page", link.unwrap_or_default())]
}

/// The name of a fact and what there is to say; nothing if that is empty.
type Fact = (&'static str, String);

fn what(declaration: &Declaration) -> Vec<Fact> {
    vec![
        ("Integration", code(&declaration.integration)),
        (
            "Source",
            declaration
                .source
                .iter()
                .map(|source| code(&source.to_string()))
                .collect(),
        ),
        ("Sinks", codes(declaration.sinks.iter())),
        ("Why", sentence(declaration.why.as_deref())),
    ]
}

fn how(declaration: &Declaration) -> Vec<Fact> {
    let mechanisms = declaration
        .mechanisms
        .iter()
        .map(|used| format!("{}: {}", code(used.as_str()), used.summary()));
    let edge_cases = declaration.edge_cases.iter().map(|case| text(case));
    vec![
        ("Mechanisms", nested(mechanisms)),
        ("Edge cases", nested(edge_cases)),
        (
            "Deduplication",
            declaration.dedup.as_ref().map(dedup).unwrap_or_default(),
        ),
        ("Settlement", settlement(declaration.settle)),
    ]
}

fn times(declaration: &Declaration) -> Vec<Fact> {
    let time = |prefix: &str, duration: Option<delivery_grammar::Duration>| {
        duration
            .map(|duration| format!("{prefix}{duration}"))
            .unwrap_or_default()
    };
    vec![
        ("Redelivery window", time("", declaration.redelivery_window)),
        ("Lease", time("", declaration.lease)),
        ("Processing time", time("at most ", declaration.processing_time)),
    ]
}

fn care(declaration: &Declaration) -> Vec<Fact> {
    vec![
        ("Criticality", declaration.criticality.to_string()),
        ("Metrics", codes(declaration.metrics.iter())),
        ("Tested by", codes(declaration.tested_by.iter())),
        ("Owner", sentence(declaration.owner.as_deref())),
        ("Runbook", sentence(declaration.runbook.as_deref())),
    ]
}

fn dedup(dedup: &Dedup) -> String {
    let key = dedup.key.as_deref().map(|key| format!("by {}", code(key)));
    let store = dedup
        .store
        .as_ref()
        .map(|store| format!("in {}", code(&store.to_string())));
    let retention = dedup.retention.map(|retention| format!("kept for {retention}"));
    [key, store, retention]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// That a handler settles by itself is the rule, and not worth a line.
fn settlement(settle: Settle) -> String {
    match settle {
        Settle::Manual => String::new(),
        other => other.summary().to_owned(),
    }
}

fn sentence(said: Option<&str>) -> String {
    said.map(text).unwrap_or_default()
}

fn codes(words: impl Iterator<Item = impl ToString>) -> String {
    words.map(|word| code(&word.to_string())).collect::<Vec<_>>().join(", ")
}

fn nested(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| format!("\n  - {line}")).collect()
}

#[cfg(test)]
mod tests {
    use delivery_grammar::Semantic;

    use super::*;

    fn section(tokens: &str) -> String {
        let declaration = Declaration::parse(Semantic::EffectivelyOnce, tokens.parse().unwrap()).unwrap();
        render(&declaration, None)
    }

    #[test]
    fn links_to_the_page_where_there_is_one() {
        let declaration = Declaration::parse(Semantic::AtLeastOnce, "integration = \"a.b\"".parse().unwrap()).unwrap();
        let section = render(&declaration, Some("https://docs.example/d"));
        assert!(
            section.contains("- **Page:** what was verified, and what a crash does: [a.b](https://docs.example/d/integrations/a.b.html)\n"),
            "{section}"
        );
    }

    #[test]
    fn says_no_more_than_was_declared() {
        let expected = "
# Delivery semantics

**Effectively once.** A message is never lost; it may arrive several times, but counts once.

- **Integration:** `billing.invoices`
- **Criticality:** important
";
        assert_eq!(section("integration = \"billing.invoices\""), expected);
    }

    #[test]
    fn says_all_that_was_declared() {
        let shown = section(
            r#"
            integration = "billing.invoices", source = "kafka:orders.v1",
            sinks = ["postgres:invoices", "kafka:invoices.v1"],
            why = "A lost <order> is lost money.",
            mechanisms = [transactional_dedup], edge_cases = ["A crash", "Another"],
            dedup(store = "postgres:processed", key = "message_id", retention = "7d"),
            redelivery_window = "48h", lease = "30s", processing_time = "5s",
            criticality = critical, settle = on_receive, metrics = ["a", "b"], tested_by = [tests::x],
            owner = "team_billing", runbook = "https://example.com",
        "#,
        );
        let expected = r"- **Integration:** `billing.invoices`
- **Source:** `kafka:orders.v1`
- **Sinks:** `postgres:invoices`, `kafka:invoices.v1`
- **Why:** A lost \<order\> is lost money.
- **Mechanisms:**
  - `transactional_dedup`: The id of the message is recorded in the transaction of its effect, and a recorded id is skipped.
- **Edge cases:**
  - A crash
  - Another
- **Deduplication:** by `message_id`, in `postgres:processed`, kept for 7d
- **Settlement:** The message is acknowledged before the handler is called.
- **Redelivery window:** 2d
- **Lease:** 30s
- **Processing time:** at most 5s
- **Criticality:** critical
- **Metrics:** `a`, `b`
- **Tested by:** `tests::x`
- **Owner:** team\_billing
- **Runbook:** <https://example.com>
";
        assert!(shown.ends_with(expected), "{shown}");
    }

    #[test]
    fn is_told_from_what_people_write() {
        assert!(is_section(&section("integration = \"a\"")));
        assert!(!is_section(" # Delivery semantics"));
    }
}
