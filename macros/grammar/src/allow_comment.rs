//! `// delivery: allow(…): reason`: rules silenced on one statement, where an attribute cannot stand.

use crate::{Allow, Date, Invalid, RuleName, suggest::closest};

/// Reads a comment such as `delivery: allow(non-idempotent-effect, until 2027-06-30): reason`.
///
/// The text may still have its `//`. `None` is any comment that does not want to be an allow, including prose that
/// begins with `delivery:`.
///
/// ```
/// # use delivery_grammar::parse_allow_comment;
/// let allow = parse_allow_comment("// delivery: allow(dedup-race): one worker only").unwrap().unwrap();
/// assert_eq!(allow.rules[0].as_kebab(), "dedup-race");
/// assert_eq!(allow.reason.as_deref(), Some("one worker only"));
/// assert!(parse_allow_comment("// delivery: we take what comes").is_none());
/// ```
pub fn parse_allow_comment(comment: &str) -> Option<Result<Allow, String>> {
    let text = without_markers(comment).strip_prefix("delivery:")?.trim_start();
    let (word, after) = text.split_at(text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len()));
    match (word, after.trim_start().strip_prefix('(')) {
        ("allow", Some(rest)) => Some(parse(rest).map_err(|error| error.to_string())),
        ("allow", None) => Some(Err(String::from(
            "name the rules in parentheses: `allow(rule-name): reason`",
        ))),
        (word, Some(_)) => {
            closest(word, &["allow"]).map(|meant| Err(format!("unknown word `{word}`; did you mean `{meant}`?")))
        }
        _ => None,
    }
}

fn without_markers(comment: &str) -> &str {
    let comment = comment.trim();
    let inner = comment.strip_prefix("/*").and_then(|rest| rest.strip_suffix("*/"));
    inner.unwrap_or(comment).trim_start_matches(['/', '!', '*']).trim()
}

/// Reads from behind the opening parenthesis.
fn parse(text: &str) -> Result<Allow, Invalid> {
    let (inside, after) = text
        .split_once(')')
        .ok_or_else(|| Invalid::new("the closing parenthesis of `allow(…)` is missing"))?;
    let mut allow = Allow {
        reason: reason(after)?,
        ..Allow::default()
    };
    for part in inside.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        take(&mut allow, part)?;
    }
    if allow.rules.is_empty() {
        return Err(Invalid::new("`allow(…)` names no rule"));
    }
    Ok(allow)
}

fn reason(after: &str) -> Result<Option<String>, Invalid> {
    let after = after.trim();
    match after.strip_prefix(':').map(str::trim) {
        Some("") => Ok(None),
        Some(reason) => Ok(Some(reason.to_owned())),
        None if after.is_empty() => Ok(None),
        None => Err(Invalid::new("put a colon between `allow(…)` and the reason")),
    }
}

fn take(allow: &mut Allow, part: &str) -> Result<(), Invalid> {
    match part.split_once(|c: char| c.is_whitespace() || c == '=') {
        None => add(allow, part.parse()?),
        Some(("until", day)) => until(allow, day),
        Some(("reason", _)) => Err(Invalid::new(
            "the reason of a comment comes after a colon: `allow(rule-name): reason`",
        )),
        Some(_) => Err(Invalid::new(format!(
            "`{part}` is neither a rule name nor `until` and a day"
        ))),
    }
}

fn add(allow: &mut Allow, rule: RuleName) -> Result<(), Invalid> {
    if allow.rules.contains(&rule) {
        return Err(Invalid::new(format!("`{rule}` is named twice")));
    }
    allow.rules.push(rule);
    Ok(())
}

/// The day may be written as in the attribute too: `until = "2027-06-30"`.
fn until(allow: &mut Allow, day: &str) -> Result<(), Invalid> {
    let day: Date = day
        .trim_matches(|c: char| c.is_whitespace() || c == '=' || c == '"')
        .parse()?;
    match allow.until.replace(day) {
        None => Ok(()),
        Some(_) => Err(Invalid::new("`until` is given twice")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(comment: &str) -> Allow {
        parse_allow_comment(comment).expect("an allow").expect("a valid one")
    }

    fn error(comment: &str) -> String {
        parse_allow_comment(comment)
            .expect("an allow")
            .expect_err("an invalid one")
    }

    #[test]
    fn names_rules_a_day_and_a_reason() {
        let allow = allow("delivery: allow(non-idempotent-effect, D203, until 2027-06-30): reason: it is: so");
        assert_eq!(
            allow.rules.iter().map(RuleName::as_kebab).collect::<Vec<_>>(),
            ["non-idempotent-effect", "D203"]
        );
        assert_eq!(allow.until, Date::new(2027, 6, 30));
        assert_eq!(allow.reason.as_deref(), Some("reason: it is: so"));
    }

    #[test]
    fn is_found_behind_any_marker() {
        for comment in [
            "//delivery:allow(a)",
            "  // delivery: allow (a)",
            "/// delivery: allow(a):",
            "/* delivery: allow(a) */",
        ] {
            assert_eq!(allow(comment).rules.len(), 1, "{comment}");
            assert!(!allow(comment).has_reason(), "{comment}");
        }
    }

    #[test]
    fn understands_the_attribute_spelling() {
        let allow = allow("delivery: allow(dedup_race, until = \"2027-06-30\"): reason");
        assert_eq!(allow.rules[0].as_kebab(), "dedup-race");
        assert_eq!(allow.until, Date::new(2027, 6, 30));
    }

    #[test]
    fn other_comments_are_none() {
        for comment in [
            "",
            "nothing",
            "delivery",
            "delivery: none (see below)",
            "delivery: see allow(a)",
            "allow(a)",
        ] {
            assert!(parse_allow_comment(comment).is_none(), "{comment}");
        }
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(error("delivery: alow(a)"), "unknown word `alow`; did you mean `allow`?");
        assert!(error("delivery: allow").contains("in parentheses"));
        assert!(error("delivery: allow(a").contains("closing parenthesis"));
        assert!(error("delivery: allow()").contains("names no rule"));
        assert!(error("delivery: allow(until 2027-06-30)").contains("names no rule"));
        assert!(error("delivery: allow(a) because").contains("colon"));
        assert!(error("delivery: allow(a, reason = \"x\")").contains("after a colon"));
        assert!(error("delivery: allow(a b)").contains("neither a rule name"));
        assert!(error("delivery: allow(a, a)").contains("named twice"));
        assert!(error("delivery: allow(a, until tomorrow)").contains("is no date"));
        assert!(error("delivery: allow(a, until 2027-01-01, until 2027-01-02)").contains("given twice"));
    }
}
