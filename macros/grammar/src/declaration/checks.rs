//! What cannot be true together, whatever the code does.

use super::Declaration;
use crate::{
    Mechanism,
    value::{Data, Entry, Problem},
};

/// Two statements of one declaration that exclude each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The key to blame first, then the one that it clashes with; `retention` stands inside `dedup`.
    pub keys: [&'static str; 2],
    /// What is wrong, for a person.
    pub message: String,
}

impl Declaration {
    /// Whatever the declaration says that cannot be true together.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        [self.short_retention(), self.short_lease()]
            .into_iter()
            .flatten()
            .collect()
    }

    fn short_retention(&self) -> Option<Contradiction> {
        let retention = self.dedup.as_ref()?.retention?;
        let window = self.redelivery_window?;
        let message = format!(
            "`retention` ({retention}) is shorter than `redelivery_window` ({window}): a duplicate that comes after the id \
             was forgotten is processed again"
        );
        (retention < window).then_some(Contradiction {
            keys: ["retention", "redelivery_window"],
            message,
        })
    }

    fn short_lease(&self) -> Option<Contradiction> {
        let (lease, processing) = (self.lease?, self.processing_time?);
        let extended = self.mechanisms.contains(&Mechanism::LeaseExtension);
        let message = format!(
            "`lease` ({lease}) is shorter than `processing_time` ({processing}): another worker gets the message while this \
             one still works; make it longer, or extend it and declare the mechanism `lease_extension`"
        );
        (lease < processing && !extended).then_some(Contradiction {
            keys: ["lease", "processing_time"],
            message,
        })
    }
}

impl Contradiction {
    /// The problem, at the first of the keys that stands among the entries.
    pub(super) fn problem<P: Clone>(&self, entries: &[Entry<P>]) -> Option<Problem<P>> {
        let at = self.keys.iter().find_map(|key| place_of(key, entries))?;
        Some(Problem::new(at, &self.message))
    }
}

fn place_of<'a, P>(key: &str, entries: &'a [Entry<P>]) -> Option<&'a P> {
    entries.iter().find_map(|entry| match &entry.value.data {
        _ if entry.key == key => Some(&entry.value.at),
        Data::Group(inner) => place_of(key, inner),
        _ => None,
    })
}
