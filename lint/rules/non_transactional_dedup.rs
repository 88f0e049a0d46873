//! A mark that does not commit with its effect lets a crash in between repeat it.

use delivery_grammar::Semantic;

use crate::flow::{Flow, KeyId, NodeId, Step, TxId, reachable};
use crate::model::repair;

use super::case::applies;
use super::dedup_race::is_race;
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
    if is_race(case) && is_first(case, mark) {
        return None;
    }
    let store = &case.flow.key(key).store;
    let message = format!("the mark in `{store}` and {} are not in one transaction: a crash in between repeats it", case.name());
    let help = format!("write the mark in the transaction of {}", case.name());
    let named = Named::at(site, message, help, repair::recorded_with_mark(case.flow, case.violation.effect, key));
    Some(Named { node: Some(mark), ..named.label(case.effect_site(), "repeated") })
}

/// Whether the mark is there before the effect is: then no crash repeats it, only a second worker does.
fn is_first(case: &Case<'_>, mark: NodeId) -> bool {
    let effects = case.nodes_of(case.violation.effect);
    let behind = |(id, _): (NodeId, _)| reachable(case.flow, id, |_| true).contains(&mark);
    case.reaches(mark, case.violation.effect) && !effects.into_iter().any(behind)
}

/// Whether one commit makes both the mark and the effect durable.
fn commits_together(case: &Case<'_>, key: KeyId) -> bool {
    let effect = case.violation.effect;
    let is_mark = |step: &Step| matches!(step, Step::Mark { key: k, .. } if *k == key);
    let marks = case.flow.iter().filter(|(_, node)| is_mark(&node.step));
    let mut marks = marks.peekable();
    marks.peek().is_some()
        && marks.all(|(id, node)| {
            let near = |start: NodeId, is: &dyn Fn(&Step) -> bool| same_commit(case.flow, start, within(&node.step), is);
            applies(&node.step, effect)
                || near(id, &|step| applies(step, effect) && within(step) == within(&node.step))
                || case.nodes_of(effect).any(|(applied, other)| within(&other.step) == within(&node.step) && near(applied, &is_mark))
        })
}

fn within(step: &Step) -> Option<TxId> {
    match step {
        Step::Effect { tx, .. } | Step::Mark { tx, .. } => *tx,
        _ => None,
    }
}

/// Whether such a step can be reached before the transaction ends.
fn same_commit(flow: &Flow, start: NodeId, tx: Option<TxId>, is: &dyn Fn(&Step) -> bool) -> bool {
    let Some(tx) = tx else { return false };
    let (mut found, mut next) = (vec![start], 0);
    while let Some(&id) = found.get(next) {
        next += 1;
        let step = &flow.node(id).step;
        if id != start && is(step) {
            return true;
        }
        let ends = matches!(step, Step::Commit { tx: t } | Step::Rollback { tx: t } | Step::Begin { tx: t } if *t == tx);
        if !ends && *step != Step::Receive {
            let new = flow.node(id).edges.iter().map(|edge| edge.to).filter(|to| !found.contains(to));
            found.extend(new.collect::<Vec<_>>());
        }
    }
    false
}
