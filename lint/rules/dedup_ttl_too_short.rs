//! A mark that expires before the last duplicate recognises nothing.

use delivery_grammar::Duration;

use crate::model::{Event, repair};

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "dedup-ttl-too-short",
    code: "D204",
    level: Level::Deny,
    since: "0.1.0",
    summary: "The dedup mark expires before the last possible redelivery.",
    doc: include_str!("dedup_ttl_too_short.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let key = case.trace.steps.iter().find_map(|step| match step.event {
        Event::MarkExpires { key } => Some(key),
        _ => None,
    })?;
    let about = case.flow.key(key);
    let ttl = about.ttl_millis.filter(|_| !case.is_loss())?;
    let (mark, site) = case.mark_site(key)?;
    let window = case.promise.redelivery_window_millis.map(Duration::from_millis)?;
    let lives = Duration::from_millis(ttl);
    let message = format!("`{}` remembers a message for {lives}, but it may come again after up to {window}", about.store);
    let help = format!("keep the marks for longer than {window}");
    let named = Named::at(site, message, help, repair::eternal(case.flow, &[key]));
    let primary = about.ttl_at.unwrap_or(named.primary);
    Some(Named { node: Some(mark), primary, ..named }.label(case.effect_site(), "repeated"))
}
