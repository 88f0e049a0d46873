//! What a unit is held to.

use delivery_grammar::{Criticality, Declaration, Duration, Semantic};

use crate::model::{Bounds, Property, Scenario, Violation};

/// What a unit promises, or is assumed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    pub semantic: Semantic,
    /// Whether the code says so itself.
    pub declared: bool,
    pub criticality: Criticality,
    /// The longest time after which a duplicate may still come, in milliseconds, if declared.
    pub redelivery_window_millis: Option<u64>,
    /// How long dedup marks are kept, if declared.
    pub retention_millis: Option<u64>,
    /// How long a message belongs to its worker, if declared.
    pub lease_millis: Option<u64>,
    /// How long processing takes at most, if declared.
    pub processing_millis: Option<u64>,
}

impl Promise {
    /// What an undeclared unit is held to.
    #[must_use]
    pub fn assumed(semantic: Semantic) -> Self {
        Self {
            semantic,
            declared: false,
            criticality: Criticality::default(),
            redelivery_window_millis: None,
            retention_millis: None,
            lease_millis: None,
            processing_millis: None,
        }
    }

    /// What a declaration says.
    #[must_use]
    pub fn declared(declaration: &Declaration) -> Self {
        Self {
            semantic: declaration.semantic,
            declared: true,
            criticality: declaration.criticality,
            redelivery_window_millis: declaration.redelivery_window.map(Duration::as_millis),
            retention_millis: declaration
                .dedup
                .as_ref()
                .and_then(|dedup| dedup.retention)
                .map(Duration::as_millis),
            lease_millis: declaration.lease.map(Duration::as_millis),
            processing_millis: declaration.processing_time.map(Duration::as_millis),
        }
    }

    /// Whether D1xx to D4xx look at it at all.
    #[must_use]
    pub fn is_judged(self) -> bool {
        self.semantic.forbids_loss() || self.semantic.forbids_repetition()
    }

    /// Whether an execution with this outcome is a finding. What may arrive twice has to bear it, also where only loss is
    /// excluded.
    #[must_use]
    pub fn excludes(self, violation: Violation) -> bool {
        match violation.property {
            Property::Lost | Property::PerhapsLost => self.semantic.forbids_loss(),
            Property::Repeated => self.is_judged(),
        }
    }

    pub(super) fn scenario(self) -> Scenario {
        Scenario {
            bounds: Bounds::default(),
            window_millis: self.redelivery_window_millis,
            cache_may_lose: self.criticality == Criticality::Critical,
        }
    }
}
