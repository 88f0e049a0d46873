//! Two workers that both ask before either records both find nothing.

use crate::flow::{Durability, KeyId, Site};
use crate::model::{Event, repair};
use crate::report::Remedy;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "dedup-race",
    code: "D203",
    level: Level::Deny,
    since: "0.1.0",
    summary: "The dedup check and the mark are not atomic against a second worker.",
    doc: include_str!("dedup_race.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let key = case.guards().into_iter().next().filter(|_| is_race(case))?;
    let (check, site) = case.check_site(key)?;
    let store = &case.flow.key(key).store;
    let message = format!("two workers can both find nothing in `{store}`, and then both do {}", case.name());
    let help = "insert the id under a unique key and skip on conflict, or lock it before asking".to_owned();
    let named = Named::at(site, message, help, repair::atomic(case.flow, key));
    let mark = case.mark_site(key).map(|(_, site)| site);
    let named = named.remedy(mark.and_then(|mark| remedy(case, key, site, mark)));
    Some(Named { node: Some(check), ..named.label(mark, "recorded only here").label(case.effect_site(), "repeated") })
}

/// Two workers had the message at one time, and something was meant to keep the second from repeating the effect.
pub(super) fn is_race(case: &Case<'_>) -> bool {
    !case.is_loss() && case.has(|event| event == Event::LeaseExpires) && !case.guards().is_empty()
}

/// A cache can ask and record in one command. In a database it takes a lock or another order, which is for a person to choose.
fn remedy(case: &Case<'_>, key: KeyId, check: &Site, mark: &Site) -> Option<Remedy> {
    let cached = case.flow.key(key).durability == Durability::Cache;
    cached.then_some(Remedy::Claim { check: check.span, mark: mark.span })
}
