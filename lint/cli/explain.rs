//! `cargo delivery explain`.

use anyhow::{Context as _, bail};
use delivery_grammar::{Semantic, closest};

use super::args::Explain;
use super::{Console, Outcome};
use crate::config::{Language, find_rule};
use crate::render;
use crate::rules::RULES;
use crate::semantics;

pub fn run(args: &Explain, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let text = text_about(&args.topic)?;
    console
        .stdout
        .text(&render::markdown(text, console.stdout.look(console.width)));
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}

fn text_about(topic: &str) -> anyhow::Result<&'static str> {
    if let Ok(rule) = find_rule(topic) {
        return Ok(rule.doc);
    }
    if let Ok(semantic) = topic.to_lowercase().replace(['-', ' '], "_").parse::<Semantic>() {
        return Ok(semantics::text(semantic, Language::English));
    }
    if topic == "choosing" {
        return Ok(semantics::choosing(Language::English));
    }
    match closest(topic, &topics()) {
        Some(meant) => bail!("there is no rule or semantic `{topic}`; did you mean `{meant}`?"),
        None => bail!("there is no rule or semantic `{topic}`; `cargo delivery rules` lists the rules"),
    }
}

fn topics() -> Vec<&'static str> {
    let rules = RULES.iter().flat_map(|rule| [rule.name, rule.code]);
    rules
        .chain(Semantic::ALL.iter().map(|semantic| semantic.as_str()))
        .chain(["choosing"])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_rules_semantics_and_how_to_choose() {
        assert!(text_about("at-least-once").unwrap().starts_with("# At least once"));
        assert!(text_about("Exactly_Once").unwrap().starts_with("# "));
        assert!(text_about("choosing").unwrap().starts_with("# "));
        for rule in RULES {
            assert_eq!(text_about(rule.code).unwrap(), text_about(rule.name).unwrap());
        }
    }

    #[test]
    fn says_what_was_meant() {
        let error = text_about("atleast_once").unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no rule or semantic `atleast_once`; did you mean `at_least_once`?"
        );
    }
}
