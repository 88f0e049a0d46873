//! `#[delivery::allow(…)]`: rules that are silenced on purpose.

use proc_macro2::{Span, TokenStream};

use crate::{
    Date, Invalid, RuleName,
    syntax::{self, Spot, spot_of},
    value::{Data, Entry, Problem},
};

/// Rules that the author has silenced, for a reason, perhaps until a day.
///
/// A missing reason is no error here: the linter asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// The silenced rules, at least one.
    pub rules: Vec<RuleName>,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which they are silent.
    pub until: Option<Date>,
}

const KEYS: &[&str] = &["reason", "until"];

impl Allow {
    /// Reads what stands in the parentheses of `#[delivery::allow(…)]`.
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
        let mut allow = Self::default();
        for entry in &entries {
            errors.extend(allow.take(entry).err().map(syn::Error::from));
        }
        if allow.rules.is_empty() && errors.is_empty() {
            let nothing = "which rule? name it first, as in `allow(non_idempotent_effect, reason = \"…\")`";
            errors.push(Problem::new(&spot_of(attribute), nothing).into());
        }
        if errors.is_empty() { Ok(allow) } else { Err(errors) }
    }

    /// Is there a reason that says something?
    pub fn has_reason(&self) -> bool {
        self.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty())
    }

    /// Is the rule silent on that day?
    pub fn is_in_force(&self, today: Date) -> bool {
        self.until.is_none_or(|until| today <= until)
    }

    fn take(&mut self, entry: &Entry<Spot>) -> Result<(), Problem<Spot>> {
        match (entry.key.as_str(), &entry.value.data) {
            ("reason", _) => once(&mut self.reason, entry, entry.value.text()?),
            ("until", _) => once(
                &mut self.until,
                entry,
                entry.value.parsed("a day in quotes, such as \"2027-06-30\"")?,
            ),
            (_, Data::Nothing) => self.add(entry),
            _ => Err(Problem::new(
                &entry.at,
                Invalid::unknown("key", &entry.key, KEYS).message(),
            )),
        }
    }

    fn add(&mut self, entry: &Entry<Spot>) -> Result<(), Problem<Spot>> {
        let rule: RuleName = entry
            .key
            .parse()
            .map_err(|error: Invalid| Problem::new(&entry.at, error.message()))?;
        if self.rules.contains(&rule) {
            return Err(Problem::new(&entry.at, format!("`{}` is named twice", entry.key)));
        }
        self.rules.push(rule);
        Ok(())
    }
}

fn once<T>(slot: &mut Option<T>, entry: &Entry<Spot>, value: T) -> Result<(), Problem<Spot>> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Problem::new(&entry.at, format!("`{}` is given twice", entry.key))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Allow, Vec<String>> {
        Allow::parse(text.parse().unwrap()).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn names_rules_a_reason_and_a_day() {
        let allow =
            parse(r#"non_idempotent_effect, dedup_race, reason = "Counted by hand.", until = "2027-06-30""#).unwrap();
        assert_eq!(
            allow.rules.iter().map(RuleName::as_kebab).collect::<Vec<_>>(),
            ["non-idempotent-effect", "dedup-race"]
        );
        assert_eq!(allow.reason.as_deref(), Some("Counted by hand."));
        assert_eq!(allow.until, Date::new(2027, 6, 30));
    }

    #[test]
    fn a_missing_reason_is_left_to_the_linter() {
        assert!(!parse("dedup_race").unwrap().has_reason());
        assert!(!parse(r#"dedup_race, reason = " ""#).unwrap().has_reason());
        assert!(parse(r#"dedup_race, reason = "Yes.""#).unwrap().has_reason());
    }

    #[test]
    fn ends_after_its_last_day() {
        let allow = parse(r#"dedup_race, until = "2027-06-30""#).unwrap();
        assert!(allow.is_in_force(Date::new(2027, 6, 30).unwrap()));
        assert!(!allow.is_in_force(Date::new(2027, 7, 1).unwrap()));
        assert!(parse("dedup_race").unwrap().is_in_force(Date::new(9999, 1, 1).unwrap()));
    }

    #[test]
    fn collects_every_mistake() {
        let errors = parse(r#"dedup-race, resaon = "x", until = "June", a, a, until = 5"#).unwrap_err();
        assert_eq!(
            errors,
            [
                "in an attribute, words are joined by underscores: `dedup_race`",
                "unknown key `resaon`; did you mean `reason`?",
                "`June` is no date; write year, month and day as in `2027-06-30`",
                "`a` is named twice",
                "expected a day in quotes, such as \"2027-06-30\", found a number",
            ]
        );
    }

    #[test]
    fn needs_a_rule() {
        assert!(parse("").unwrap_err()[0].starts_with("which rule?"));
        assert!(parse(r#"reason = "All of them.""#).unwrap_err()[0].starts_with("which rule?"));
        assert!(parse(r#""dedup_race""#).unwrap_err()[0].starts_with("expected a word"));
    }
}
