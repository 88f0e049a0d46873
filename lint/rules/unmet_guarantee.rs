//! The promise is broken, and no more specific rule says why.

use crate::flow::{EffectKind, Flow, Node, NodeId};
use crate::model::{Property, Trace, Violation};

use super::case::applies;
use super::consequence::consequence;
use super::{Cause, Check, Level, Promise, Rule, finding};

pub const RULE: Rule = Rule {
    name: "unmet-guarantee",
    code: "D510",
    level: Level::Deny,
    since: "0.1.0",
    summary: "An execution breaks the declared guarantee, and no more specific rule explains it.",
    doc: include_str!("unmet_guarantee.md"),
    check: Check::Leftover,
};

/// The finding for an execution that no rule knows.
pub(super) fn leftover(flow: &Flow, promise: Promise, violation: Violation, trace: Trace) -> Option<Cause> {
    let effect = flow.effects.get(violation.effect.0 as usize).filter(|effect| effect.kind != EffectKind::Opaque)?;
    let applied = |(_, node): &(NodeId, &Node)| applies(&node.step, violation.effect);
    let (id, node) = flow.iter().find(applied)?;
    let site = node.at.as_ref().unwrap_or(&effect.at);
    let what = match violation.property {
        Property::Repeated => "repeated",
        Property::Lost | Property::PerhapsLost => "lost",
    };
    let (message, help) = match effect.undone {
        Some(undone) => (
            format!("`{}` is never done: {}", effect.at.text, undone.tell(site)),
            "await it, and treat its failure as the failure of the message",
        ),
        None => (
            format!("`{}` can be {what}, which `{}` excludes", site.text, promise.semantic),
            "follow the execution below to the step that breaks the promise",
        ),
    };
    let help = help.to_owned();
    let cause = finding(&RULE, site.span, message, help);
    let ending = Some(consequence(flow, violation));
    Some(Cause { trace: Some(trace), consequence: ending, node: Some(id), effect: Some(violation.effect), ..cause })
}
