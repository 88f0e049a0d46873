//! What lowering meets on the way through a unit, beside its steps.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::resolve::FnId;
use crate::span::Span;

/// What was met on the way through a unit.
#[derive(Debug, Clone, Default)]
pub struct Met {
    /// A telemetry call.
    pub telemetry: bool,
    /// Calls that nobody could see into, with what stands there.
    pub unresolved: BTreeMap<Span, SmolStr>,
    /// Reads of a table that nothing of the message selects from, with the table.
    pub polls: BTreeMap<Span, SmolStr>,
    /// Functions of the workspace, the unit's own included.
    pub functions: BTreeSet<FnId>,
}
