//! Two workers that both ask before either records both find nothing.

use delivery_grammar::Semantic;

use crate::model::{Event, repair};

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
    let second = case.has(|event| event == Event::LeaseExpires);
    if case.is_loss() || !second || case.promise.semantic == Semantic::AtMostOnce {
        return None;
    }
    let key = case.guards().into_iter().next()?;
    let (check, site) = case.check_site(key)?;
    let store = &case.flow.key(key).store;
    let message = format!("two workers can both find nothing in `{store}`, and then both do {}", case.name());
    let help = "insert the id under a unique key and skip on conflict, or lock it before asking".to_owned();
    let named = Named::at(site, message, help, repair::atomic(case.flow, key));
    let mark = case.mark_site(key).map(|(_, site)| site);
    Some(Named { node: Some(check), ..named.label(mark, "recorded only here").label(case.effect_site(), "repeated") })
}
