//! A publish whose failure nobody sees may never have happened.

use crate::flow::{Broker, EffectKind};
use crate::model::{Event, repair};
use crate::report::Remedy;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "unconfirmed-publish",
    code: "D107",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A publish whose confirmation is never awaited, or whose failure is dropped.",
    doc: include_str!("unconfirmed_publish.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    let effect = case.effect().filter(|effect| case.is_loss() && effect.kind == EffectKind::Publish)?;
    let (_, failure) = case.failure()?;
    let unseen = matches!(failure.event, Event::EffectUnseen { effect } if effect == case.violation.effect);
    let dropped = case.flow.source.broker == Broker::Caller && failure.event.failed_effect() == Some(case.violation.effect);
    if !unseen && !dropped {
        return None;
    }
    let node = failure.node;
    let site = case.site(node);
    let message = match (effect.undone, effect.confirmed) {
        (Some(undone), _) => format!("nothing is published: {}", undone.tell(site)),
        (None, false) => format!("nobody waits for the broker to confirm {}", case.name()),
        (None, true) => format!("nobody looks at a failure of {}", case.name()),
    };
    let help = "await the confirmation, and treat its failure as the failure of the message".to_owned();
    let named = Named::at(site, message, help, repair::confirm(case.flow, case.violation.effect));
    let setting = effect.unconfirmed_by.unwrap_or(named.primary);
    let remedy = effect.unconfirmed_by.map_or(Remedy::AwaitOutcome(site.span), Remedy::Reset);
    let named = named.remedy(Some(remedy).filter(|_| !effect.confirmed && effect.undone.is_none()));
    Some(Named { node, primary: setting, ..named }.label(Some(site), "published here"))
}
