//! A refused request whose status nobody looks at counts as done.

use crate::flow::EffectKind;
use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "unchecked-response",
    code: "D113",
    level: Level::Warn,
    since: "0.1.0",
    summary: "An HTTP request whose status is never looked at.",
    doc: include_str!("unchecked_response.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    case.effect().filter(|effect| case.is_loss() && effect.kind == EffectKind::Http && !effect.confirmed)?;
    let node = case.unseen_failure()?;
    let message = format!("the status of {} is never looked at: a refused request counts as done", case.name());
    let help = "turn a refusal into an error, for example with `error_for_status()?`".to_owned();
    let named = Named::at(case.site(Some(node)), message, help, repair::confirm(case.flow, case.violation.effect));
    Some(Named { node: Some(node), ..named })
}
