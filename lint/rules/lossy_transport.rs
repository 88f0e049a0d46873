//! A transport that keeps nothing: what is not received and processed at once is gone.

use crate::flow::{Broker, EffectKind, Step};
use crate::model::repair;

use super::{Case, Check, Level, Named, Rule};

pub const RULE: Rule = Rule {
    name: "lossy-transport",
    code: "D111",
    level: Level::Deny,
    since: "0.1.0",
    summary: "A promise of no loss over a transport that keeps nothing.",
    doc: include_str!("lossy_transport.md"),
    check: Check::Execution(explain),
};

fn explain(case: &Case<'_>) -> Option<Named> {
    case.is_loss().then(|| published(case).or_else(|| received(case)))?
}

/// A publish to whoever happens to listen.
fn published(case: &Case<'_>) -> Option<Named> {
    let effect = case.effect().filter(|effect| effect.kind == EffectKind::Publish && effect.volatile)?;
    let node = case.unseen_failure()?;
    let to = effect.target.split_once(':').map_or(effect.target.as_str(), |(transport, _)| transport);
    let message = format!("`{to}` keeps nothing here: what {} sends while nobody listens is gone", case.name());
    let help = "publish to a stream or queue that keeps messages, and wait until it has them".to_owned();
    let repaired = repair::confirm(case.flow, case.violation.effect);
    Some(Named { node: Some(node), ..Named::at(case.site(Some(node)), message, help, repaired) })
}

fn received(case: &Case<'_>) -> Option<Named> {
    (case.flow.source.broker == Broker::Volatile).then_some(())?;
    let receive = case.flow.iter().find(|(_, node)| node.step == Step::Receive).map(|(id, _)| id);
    let site = case.site(receive);
    let transport = &case.flow.source.transport;
    let message = format!("`{transport}` keeps nothing here: a crash before {} loses the message", case.name());
    let help = "receive from a stream or queue that keeps messages until they are acknowledged".to_owned();
    let named = Named::at(site, message, help, repair::settle_at_end(case.flow));
    Some(Named { node: receive, ..named })
}
