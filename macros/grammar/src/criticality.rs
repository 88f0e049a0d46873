//! How much the data of an integration matters.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// How much a fault in the integration costs.
    #[derive(Default)]
    Criticality, "criticality" {
        Tolerable = "tolerable": "A fault is barely noticed: a chart with a gap is still a chart.",
        #[default]
        Important = "important": "A fault has to be repaired, but can be.",
        Critical = "critical": "A fault costs money, trust or data that nobody can restore.",
    }
}
