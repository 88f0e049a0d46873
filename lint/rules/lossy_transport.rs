//! Receiving from a transport that keeps nothing: what is not processed at once is gone.

use crate::flow::{Broker, Step};
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
    if !case.is_loss() || case.flow.source.broker != Broker::Volatile {
        return None;
    }
    let receive = case.flow.iter().find(|(_, node)| node.step == Step::Receive).map(|(id, _)| id);
    let site = case.site(receive);
    let transport = &case.flow.source.transport;
    let message = format!("`{transport}` keeps nothing here: a crash before {} loses the message", case.name());
    let help = "receive from a stream or queue that keeps messages until they are acknowledged".to_owned();
    let named = Named::at(site, message, help, repair::settle_at_end(case.flow));
    Some(Named { node: receive, ..named })
}
