//! Exactly once costs throughput and latency; where less would do, they are wasted.

use delivery_grammar::{Criticality, Semantic};

use crate::flow::{EffectKind, Flow, Idempotency, Step};

use super::{Cause, Check, Declared, Level, Rule, finding};

pub const RULE: Rule = Rule {
    name: "overpaid-guarantee",
    code: "D508",
    level: Level::Warn,
    since: "0.1.0",
    summary: "`exactly_once` where effectively once would do: tolerable data, or only naturally idempotent effects.",
    doc: include_str!("overpaid_guarantee.md"),
    check: Check::Declaration(check),
};

fn check(declared: &Declared<'_>) -> Option<Cause> {
    let declaration = declared.declaration.filter(|declaration| declaration.semantic == Semantic::ExactlyOnce)?;
    let why = if declaration.criticality == Criticality::Tolerable {
        "a fault in its data is tolerable"
    } else if is_naturally_idempotent(declared.flow) {
        "each of its effects leaves the same when it is repeated"
    } else {
        return None;
    };
    let message = format!("`{}` pays for `exactly_once`, and {why}", declaration.integration);
    let help = "promise `effectively_once`: at least once, with effects that bear a repetition".to_owned();
    Some(finding(&RULE, declared.at, message, help))
}

/// Every effect can be seen, and none needs a record of the message, an idempotency key or a transaction to be repeated safely.
fn is_naturally_idempotent(flow: &Flow) -> bool {
    let recorded = flow.iter().any(|(_, node)| matches!(node.step, Step::Mark { .. } | Step::Check { .. }));
    let natural = |kind| matches!(kind, EffectKind::Database | EffectKind::Cache | EffectKind::Object | EffectKind::File);
    let all = flow.effects.iter().all(|effect| natural(effect.kind) && effect.idempotency == Idempotency::Idempotent);
    flow.is_understood() && !recorded && all && !flow.effects.is_empty()
}
