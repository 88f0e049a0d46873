//! `cargo delivery choose`: the decision tree, as questions or as flags.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, bail};
use delivery_grammar::Semantic;

use super::args::{Affordable, Choose, Duplicates, Failures, Idempotent, Loss};
use super::{Console, Outcome};
use crate::config::Language;
use crate::semantics::tree::{self, Answer, Next, Question};
use crate::semantics::{sections, text};

/// Wrong answers to one question after which nobody is asked any more.
const PATIENCE: usize = 3;

pub fn run(args: &Choose, console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let mut question = tree::start();
    let mut notes = Vec::new();
    let semantic = loop {
        let answer = match flagged(args, question) {
            Some(answer) => answer,
            None => asked(question, console)?,
        };
        notes.extend(answer.note.as_ref().map(|note| note.of(Language::English)));
        match answer.next() {
            Next::Question(next) => question = next,
            Next::End(semantic) => break semantic,
        }
    };
    console.stdout.text(&advice(semantic, &notes));
    console.stdout.finish().context("cannot write the result")?;
    Ok(Outcome::Clean)
}

/// The answer that a flag gives.
fn flagged(args: &Choose, question: &'static Question) -> Option<&'static Answer> {
    let id = match (question.id.as_str(), args) {
        ("loss", Choose { loss: Some(loss), .. }) => match loss {
            Loss::Tolerable => "harmless",
            Loss::Critical => "never",
        },
        (
            "light" | "repetition",
            Choose {
                duplicates: Some(duplicates),
                ..
            },
        ) => match duplicates {
            Duplicates::Tolerable => "bearable",
            Duplicates::Harmful => "never",
        },
        (
            "failures",
            Choose {
                failures: Some(failures),
                ..
            },
        ) => match failures {
            Failures::Watched => "watched",
            Failures::Ignored => "ignored",
        },
        // Who answers by flags and says nothing of failures is not told to ignore them.
        ("failures", Choose { loss: Some(_), .. }) => "watched",
        (
            "idempotent",
            Choose {
                idempotent: Some(idempotent),
                ..
            },
        ) => match idempotent {
            Idempotent::Yes => "possible",
            Idempotent::No => "impossible",
        },
        (
            "one_system",
            Choose {
                exactly_once_affordable: Some(affordable),
                ..
            },
        ) => match affordable {
            Affordable::Yes => "fits",
            Affordable::No => "too_much",
        },
        (
            "means",
            Choose {
                exactly_once_affordable: Some(affordable),
                ..
            },
        ) => match affordable {
            Affordable::Yes => "there",
            Affordable::No => "missing",
        },
        _ => return None,
    };
    question.answer(id)
}

/// The flag that answers a question.
fn flag(question: &Question) -> &'static str {
    match question.id.as_str() {
        "loss" => "--loss tolerable|critical",
        "light" | "repetition" => "--duplicates tolerable|harmful",
        "failures" => "--failures watched|ignored",
        "idempotent" => "--idempotent yes|no",
        _ => "--exactly-once-affordable yes|no",
    }
}

/// The answer of a person at a terminal.
fn asked(question: &'static Question, console: &mut Console<'_>) -> anyhow::Result<&'static Answer> {
    if !io::stdin().is_terminal() {
        bail!("there is nobody to ask; add {}", flag(question));
    }
    console.stderr.text(&written(question));
    for line in io::stdin().lines().take(PATIENCE) {
        let line = line.context("cannot read the answer")?;
        if let Some(answer) = chosen(question, line.trim()) {
            return Ok(answer);
        }
        let most = question.answers.len();
        console.stderr.text(&format!("a number from 1 to {most}, please\n"));
    }
    bail!("no answer to: {}", question.ask.of(Language::English))
}

fn written(question: &Question) -> String {
    let mut text = format!("{}\n", question.ask.of(Language::English));
    for (number, answer) in (1..).zip(&question.answers) {
        let _ = writeln!(text, "  {number}  {}", answer.say.of(Language::English));
    }
    text
}

fn chosen(question: &'static Question, line: &str) -> Option<&'static Answer> {
    let number: usize = line.parse().ok()?;
    question.answers.get(number.checked_sub(1)?)
}

/// The semantic, why, and the attribute to paste.
fn advice(semantic: Semantic, notes: &[&str]) -> String {
    let mut told = format!("{} ({semantic})\n\n", semantic.title());
    for note in notes {
        let _ = writeln!(told, "{note}");
    }
    let mut parts = sections(text(semantic, Language::English));
    for heading in ["It guarantees:", "It does not guarantee:"] {
        let _ = writeln!(told, "\n{heading}\n{}", parts.next().unwrap_or_default());
    }
    let mechanisms = mechanisms(semantic);
    let _ = write!(
        told,
        r#"
#[delivery::{semantic}(
    integration = "service.name",
    why = "…",
    mechanisms = [{mechanisms}],
    edge_cases = ["…"],
    metrics = ["…"],
    tested_by = [tests::…],
)]

`cargo delivery explain {semantic}` says how it is built.
"#
    );
    told
}

fn mechanisms(semantic: Semantic) -> &'static str {
    match semantic {
        Semantic::NoGuarantee | Semantic::BestEffort => "",
        Semantic::AtMostOnce => "commit_before_process",
        Semantic::AtLeastOnce => "commit_after_process, idempotent_effect",
        Semantic::EffectivelyOnce => "commit_after_process, transactional_dedup",
        Semantic::ExactlyOnce => "kafka_transactions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(args: &Choose) -> Semantic {
        let mut question = tree::start();
        loop {
            match flagged(args, question).expect("every question has its flag").next() {
                Next::Question(next) => question = next,
                Next::End(semantic) => return semantic,
            }
        }
    }

    fn args(loss: Loss, duplicates: Duplicates, idempotent: Idempotent, affordable: Affordable) -> Choose {
        Choose {
            loss: Some(loss),
            duplicates: Some(duplicates),
            failures: None,
            idempotent: Some(idempotent),
            exactly_once_affordable: Some(affordable),
        }
    }

    #[test]
    fn flags_lead_where_the_answers_lead() {
        use Semantic::{AtLeastOnce, AtMostOnce, BestEffort, EffectivelyOnce, ExactlyOnce};
        let way = |loss, duplicates, idempotent, affordable| choice(&args(loss, duplicates, idempotent, affordable));
        let (yes, no, can, cannot) = (Idempotent::Yes, Idempotent::No, Affordable::Yes, Affordable::No);
        assert_eq!(way(Loss::Tolerable, Duplicates::Tolerable, yes, cannot), BestEffort);
        assert_eq!(way(Loss::Tolerable, Duplicates::Harmful, yes, cannot), AtMostOnce);
        assert_eq!(way(Loss::Critical, Duplicates::Tolerable, yes, can), EffectivelyOnce);
        assert_eq!(way(Loss::Critical, Duplicates::Tolerable, no, can), ExactlyOnce);
        assert_eq!(way(Loss::Critical, Duplicates::Tolerable, no, cannot), AtLeastOnce);
        assert_eq!(way(Loss::Critical, Duplicates::Harmful, no, can), ExactlyOnce);
        assert_eq!(way(Loss::Critical, Duplicates::Harmful, yes, cannot), EffectivelyOnce);
    }

    #[test]
    fn the_advice_can_be_pasted() {
        for &semantic in Semantic::ALL {
            let told = advice(semantic, &[]);
            assert!(
                told.contains(&format!("#[delivery::{semantic}(\n    integration =")),
                "{told}"
            );
        }
    }
}
