//! Queues that the workspace declares, and which of them have a dead-letter target.

use smol_str::SmolStr;

use super::Lowering;
use super::value::{Kind, Value};
use crate::flow::DeadLetter;

/// The declaration of a queue, as far as it can be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Queue {
    name: Option<SmolStr>,
    /// The names of its settings.
    settings: Option<Vec<SmolStr>>,
}

impl Queue {
    pub(super) fn new(name: Option<SmolStr>, settings: Option<&Value>) -> Self {
        let settings = settings.and_then(|value| match &value.kind {
            Kind::Api(api) if !api.partial => Some(api.props.keys().cloned().collect()),
            _ => None,
        });
        Self { name, settings }
    }

    fn may_be(&self, address: &str) -> bool {
        self.name.as_deref().is_none_or(|name| name == address)
    }

    fn may_have(&self, setting: &str) -> bool {
        let has = |settings: &Vec<SmolStr>| settings.iter().any(|name| name.starts_with(setting));
        self.settings.as_ref().is_none_or(has)
    }
}

impl Lowering<'_> {
    /// Whether the workspace gives the queue a dead-letter target: it names the setting, and not only for other queues.
    pub(super) fn dead_letter(&self, setting: Option<&SmolStr>, address: Option<&SmolStr>) -> DeadLetter {
        let Some(setting) = setting.filter(|setting| (self.mentions)(setting)) else {
            return DeadLetter::Unknown;
        };
        let Some((queues, address)) = self.declared_queues().zip(address) else {
            return DeadLetter::Declared;
        };
        let found = queues.iter().any(|queue| queue.may_have(setting));
        let own = |queue: &&Queue| queue.may_be(address) && queue.may_have(setting);
        match queues.iter().find(own) {
            // It is named somewhere else than where queues are declared.
            None if !found => DeadLetter::Declared,
            None => DeadLetter::Unknown,
            Some(_) => DeadLetter::Declared,
        }
    }
}
