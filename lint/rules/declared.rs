//! The rules about the declaration itself.

use std::collections::BTreeSet;

use delivery_grammar::Declaration;
use smol_str::SmolStr;

use crate::flow::Flow;
use crate::model::Analysis;
use crate::span::Span;

use super::{Cause, Check, RULES};

/// A declaration (or its absence) beside what was found out about the code.
#[derive(Debug, Clone, Copy)]
pub struct Declared<'a> {
    pub declaration: Option<&'a Declaration>,
    /// The attribute, or the function's name where there is none.
    pub at: Span,
    pub flow: &'a Flow,
    pub analysis: &'a Analysis,
    /// Whether the unit records a metric.
    pub monitored: bool,
    /// The tests of the workspace.
    pub tests: &'a BTreeSet<SmolStr>,
}

/// What the rules D501 to D508 and D511 say.
#[must_use]
pub fn judge_declaration(declared: &Declared<'_>) -> Vec<Cause> {
    let checks = RULES.iter().filter_map(|rule| match rule.check {
        Check::Declaration(check) => Some(check),
        _ => None,
    });
    checks.filter_map(|check| check(declared)).collect()
}
