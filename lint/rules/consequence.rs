//! How an execution ends for those whom the message was about.

use crate::flow::{Broker, Effect, EffectKind, Flow};
use crate::model::{Property, Violation};

/// The last sentence of the incident report.
pub(super) fn consequence(flow: &Flow, violation: Violation) -> String {
    let settled = match flow.source.broker {
        Broker::Caller => "Nobody calls again",
        _ => "The message is settled and does not come again",
    };
    let Some(effect) = flow.effects.get(violation.effect.0 as usize) else {
        return format!("{settled}, and what was handed over in memory was never processed: lost.");
    };
    match violation.property {
        Property::Lost => format!("{settled}, and {}: lost.", missing(effect)),
        Property::PerhapsLost => format!(
            "{settled}, and {}: lost, unless a dead-letter queue has it.",
            missing(effect)
        ),
        Property::Repeated => format!("For one message {}.", twice(effect)),
    }
}

/// `invoices` of `postgres:invoices`.
fn name(effect: &Effect) -> String {
    let (kind, name) = effect.target.split_once(':').unwrap_or(("", &effect.target));
    match name {
        "" | "?" => format!("`{}`", if kind.is_empty() { "the store" } else { kind }),
        name => format!("`{name}`"),
    }
}

fn missing(effect: &Effect) -> String {
    match effect.kind {
        EffectKind::Database | EffectKind::Cache => format!("{} has nothing of it", name(effect)),
        EffectKind::Publish => format!("nothing was published to {}", name(effect)),
        EffectKind::Http | EffectKind::Rpc => format!("`{}` was never done", effect.at.text),
        EffectKind::Mail => "its mail was never sent".to_owned(),
        EffectKind::File | EffectKind::Object => format!("{} was never written", name(effect)),
        EffectKind::Opaque => format!("`{}` was never completed", effect.at.text),
    }
}

fn twice(effect: &Effect) -> String {
    match effect.kind {
        EffectKind::Database | EffectKind::Cache => {
            format!("{} was changed twice, by `{}`", name(effect), effect.at.text)
        }
        EffectKind::Publish => format!("two messages were published to {}", name(effect)),
        EffectKind::Http | EffectKind::Rpc => format!("the request `{}` was made twice", effect.at.text),
        EffectKind::Mail => "two mails were sent".to_owned(),
        EffectKind::File | EffectKind::Object => format!("{} was written twice", name(effect)),
        EffectKind::Opaque => format!("`{}` was done twice", effect.at.text),
    }
}
