//! A mark that does not commit with its effect lets a crash in between repeat it.

use delivery_grammar::Semantic;

use crate::flow::{KeyId, Step};
use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "non-transactional-dedup",
    code: "D202",
    level: Level::Deny,
    since: "0.1.0",
    summary: "Effect and dedup mark are not in one transaction: a crash in between repeats the effect.",
    doc: include_str!("non_transactional_dedup.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    if case.is_loss() || case.promise.semantic == Semantic::AtMostOnce {
        return None;
    }
    let key = case.guards().into_iter().find(|&key| !commits_together(case, key))?;
    let (mark, site) = case.mark_site(key)?;
    let store = &case.flow.key(key).store;
    let message = format!("the mark in `{store}` and {} are not in one transaction: a crash in between repeats it", case.name());
    let help = format!("write the mark in the transaction of {}", case.name());
    let named = Named::at(site, message, help, repair::recorded_with(case.flow, case.violation.effect));
    Some(Named { node: Some(mark), ..named.label(case.effect_site(), "repeated") })
}

/// Whether one commit makes both the mark and the effect durable.
fn commits_together(case: &Case<'_>, key: KeyId) -> bool {
    let within = |step: &Step| match step {
        Step::Effect { tx, .. } | Step::Mark { tx, .. } => *tx,
        _ => None,
    };
    let marks = case.flow.iter().filter(|(_, node)| matches!(node.step, Step::Mark { key: k, .. } if k == key));
    let mut marks = marks.map(|(_, node)| &node.step).peekable();
    let own = |step: &Step| matches!(step, Step::Mark { effect: Some(effect), .. } if *effect == case.violation.effect);
    let tx = case.nodes_of(case.violation.effect).next().and_then(|(_, node)| within(&node.step));
    marks.peek().is_some() && marks.all(|mark| own(mark) || tx.is_some() && within(mark) == tx)
}
