//! `#[delivery::step(…)]`: what a wrapper does that the linter cannot see through.

use std::{fmt, str::FromStr};

use proc_macro2::{Span, TokenStream};

use crate::{
    Invalid,
    syntax::{self, Spot, spot_of},
    value::{Data, Entry, Problem},
};

/// What calling a function amounts to, as far as the delivery of a message is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepKind {
    /// Gets a message.
    Receive,
    /// Tells the broker to forget the message.
    Ack,
    /// Tells the broker to deliver the message again.
    Nack,
    /// Tells the broker to drop or dead-letter the message.
    Reject,
    /// Makes a durable change outside the process.
    Effect(Idempotency),
    /// Sends a message.
    Publish(Confirmation),
    /// Asks whether the message was processed already.
    DedupCheck,
    /// Records that the message was processed.
    DedupMark,
    /// Opens a transaction.
    Begin,
    /// Commits a transaction.
    Commit,
    /// Rolls a transaction back.
    Rollback,
    /// Does nothing that matters: said explicitly, so that the linter need not assume the worst.
    None,
}

/// Does repeating an effect change anything?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Idempotency {
    /// Doing it twice leaves what doing it once leaves.
    Idempotent,
    /// Doing it twice shows.
    NonIdempotent,
}

/// Does a publish wait for the broker?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confirmation {
    /// It returns once the broker has confirmed the message, or with the failure.
    Confirmed,
    /// It returns without knowing.
    Unconfirmed,
}

impl StepKind {
    /// Every step.
    pub const ALL: &[Self] = &[
        Self::Receive,
        Self::Ack,
        Self::Nack,
        Self::Reject,
        Self::Effect(Idempotency::Idempotent),
        Self::Effect(Idempotency::NonIdempotent),
        Self::Publish(Confirmation::Confirmed),
        Self::Publish(Confirmation::Unconfirmed),
        Self::DedupCheck,
        Self::DedupMark,
        Self::Begin,
        Self::Commit,
        Self::Rollback,
        Self::None,
    ];

    /// The step as it is written in the attribute: `ack`, `effect(idempotent)`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Ack => "ack",
            Self::Nack => "nack",
            Self::Reject => "reject",
            Self::Effect(Idempotency::Idempotent) => "effect(idempotent)",
            Self::Effect(Idempotency::NonIdempotent) => "effect(non_idempotent)",
            Self::Publish(Confirmation::Confirmed) => "publish(confirmed)",
            Self::Publish(Confirmation::Unconfirmed) => "publish(unconfirmed)",
            Self::DedupCheck => "dedup_check",
            Self::DedupMark => "dedup_mark",
            Self::Begin => "begin",
            Self::Commit => "commit",
            Self::Rollback => "rollback",
            Self::None => "none",
        }
    }

    /// Reads what stands in the parentheses of `#[delivery::step(…)]`.
    ///
    /// # Errors
    ///
    /// All mistakes, each at its culprit.
    pub fn parse(tokens: TokenStream) -> Result<Self, Vec<syn::Error>> {
        Self::parse_at(Span::call_site(), tokens)
    }

    /// As [`parse`](Self::parse), for a caller outside a macro: `attribute` is where an empty attribute is blamed.
    ///
    /// # Errors
    ///
    /// All mistakes, each at its culprit.
    pub fn parse_at(attribute: Span, tokens: TokenStream) -> Result<Self, Vec<syn::Error>> {
        let (entries, mut errors) = syntax::entries(tokens);
        if !errors.is_empty() {
            return Err(errors);
        }
        match only_step(&entries, &spot_of(attribute)) {
            Ok(step) => Ok(step),
            Err(problem) => {
                errors.push(problem.into());
                Err(errors)
            }
        }
    }

    /// The steps called `name`: one, or two that an argument tells apart.
    fn named(name: &str) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |step| step.parts().0 == name)
    }

    /// `effect(idempotent)` is `effect` and `idempotent`.
    fn parts(self) -> (&'static str, Option<&'static str>) {
        match self.as_str().split_once('(') {
            Some((name, argument)) => (name, argument.strip_suffix(')')),
            None => (self.as_str(), None),
        }
    }

    fn find(name: &str, argument: Option<&str>) -> Result<Self, Invalid> {
        let mut candidates = Self::named(name).peekable();
        if candidates.peek().is_none() {
            return Err(unknown_step(name));
        }
        candidates
            .find(|step| step.parts().1 == argument)
            .ok_or_else(|| wrong_argument(name, argument))
    }
}

fn unknown_step(name: &str) -> Invalid {
    let mut names: Vec<&str> = StepKind::ALL.iter().map(|step| step.parts().0).collect();
    names.dedup();
    Invalid::unknown("step", name, &names)
}

fn wrong_argument(name: &str, argument: Option<&str>) -> Invalid {
    let arguments: Vec<&str> = StepKind::named(name).filter_map(|step| step.parts().1).collect();
    match (argument, arguments.as_slice()) {
        (_, []) => Invalid::new(format!("`{name}` takes nothing in parentheses")),
        (Some(argument), known) => Invalid::unknown(&format!("{name} kind"), argument, known),
        (None, known) => {
            let spelled: Vec<String> = known.iter().map(|kind| format!("`{name}({kind})`")).collect();
            Invalid::new(format!("`{name}` needs to say which: {}", spelled.join(" or ")))
        }
    }
}

fn only_step(entries: &[Entry<Spot>], attribute: &Spot) -> Result<StepKind, Problem<Spot>> {
    match entries {
        [] => Err(Problem::new(
            attribute,
            "which step is it? write it in parentheses, as in `step(ack)`",
        )),
        [step] => step_of(step),
        [_, second, ..] => Err(Problem::new(
            &second.at,
            "a function is one step; a second one needs a function of its own",
        )),
    }
}

fn step_of(entry: &Entry<Spot>) -> Result<StepKind, Problem<Spot>> {
    let at_key = |error: Invalid| Problem::new(&entry.at, error.message());
    match &entry.value.data {
        Data::Nothing => StepKind::find(&entry.key, None).map_err(at_key),
        Data::Group(arguments) => match arguments.as_slice() {
            [argument] if matches!(argument.value.data, Data::Nothing) => argument_of(entry, argument),
            _ => Err(StepKind::find(&entry.key, None).map_or_else(at_key, |_| takes_nothing(entry))),
        },
        _ => Err(Problem::new(
            &entry.value.at,
            "a step takes no `=`; write `step(ack)` or `step(effect(idempotent))`",
        )),
    }
}

fn argument_of(entry: &Entry<Spot>, argument: &Entry<Spot>) -> Result<StepKind, Problem<Spot>> {
    let known = StepKind::named(&entry.key).next().is_some();
    let culprit = if known { &argument.at } else { &entry.at };
    StepKind::find(&entry.key, Some(&argument.key)).map_err(|error| Problem::new(culprit, error.message()))
}

fn takes_nothing(entry: &Entry<Spot>) -> Problem<Spot> {
    Problem::new(&entry.value.at, format!("`{}` takes nothing in parentheses", entry.key))
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StepKind {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.split_once('(') {
            None => Self::find(text, None),
            Some((name, rest)) => match rest.strip_suffix(')') {
                Some(argument) => Self::find(name, Some(argument)),
                None => Err(Invalid::new(format!("`{text}` lacks its closing parenthesis"))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<StepKind, String> {
        let errors = |errors: Vec<syn::Error>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
        StepKind::parse(text.parse().unwrap()).map_err(errors)
    }

    #[test]
    fn are_read_from_attributes_and_from_text() {
        for step in StepKind::ALL {
            assert_eq!(parse(step.as_str()).as_ref(), Ok(step));
            assert_eq!(step.to_string().parse::<StepKind>().as_ref(), Ok(step));
        }
    }

    #[test]
    fn a_misspelt_step_is_answered() {
        assert_eq!(parse("akc").unwrap_err(), "unknown step `akc`; did you mean `ack`?");
        assert_eq!(
            parse("efect(idempotent)").unwrap_err(),
            "unknown step `efect`; did you mean `effect`?"
        );
        let kind = parse("effect(indempotent)").unwrap_err();
        assert_eq!(kind, "unknown effect kind `indempotent`; did you mean `idempotent`?");
    }

    #[test]
    fn arguments_are_given_where_they_are_needed() {
        let which = parse("effect").unwrap_err();
        assert_eq!(
            which,
            "`effect` needs to say which: `effect(idempotent)` or `effect(non_idempotent)`"
        );
        assert_eq!(parse("effect()").unwrap_err(), which);
        assert_eq!(parse("ack(now)").unwrap_err(), "`ack` takes nothing in parentheses");
        assert_eq!(parse("ack()").unwrap_err(), "`ack` takes nothing in parentheses");
        assert!(parse("effect = idempotent").unwrap_err().contains("takes no `=`"));
    }

    #[test]
    fn there_is_exactly_one() {
        assert!(parse("").unwrap_err().contains("which step"));
        assert!(parse("ack, nack").unwrap_err().contains("one step"));
    }

    #[test]
    fn text_has_to_be_complete() {
        assert!(
            "effect(idempotent"
                .parse::<StepKind>()
                .unwrap_err()
                .message()
                .contains("closing")
        );
    }
}
