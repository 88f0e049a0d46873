//! What each kind of fault does on its own.

use crate::flow::{Broker, EffectId};

use super::bounds::Tier;
use super::crash_table::CrashOutcome;
use super::focus::explore_all;
use super::judge::Violation;
use super::program::Program;

/// A kind of fault, and the worst that comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultPoint {
    pub tier: Tier,
    pub outcome: CrashOutcome,
    /// What is repeated or lost.
    pub effect: Option<EffectId>,
}

/// The faults that can strike a unit at all, the simplest first. The last one is all of them together, where no single one suffices.
///
/// `broken`: what the widest adversaries certainly break. Where that is nothing, no part of them breaks anything either.
pub(super) fn fault_table(program: &Program<'_>, broken: &[Violation]) -> Vec<FaultPoint> {
    let strikes = |tier: &Tier| match tier {
        Tier::Calm | Tier::Outage => true,
        Tier::Crash | Tier::Lease => !program.is_caller() && program.flow.source.broker != Broker::Volatile,
        Tier::Expiry => !program.flow.keys.is_empty(),
        Tier::Joint | Tier::JointLease => false,
    };
    let mut table: Vec<FaultPoint> = Tier::ALL
        .into_iter()
        .filter(strikes)
        .map(|tier| alone(program, tier, broken))
        .collect();
    if program.work.is_spent() {
        return Vec::new();
    }
    let shown = |violation: &&Violation| table.iter().any(|point| point.outcome >= violation.outcome());
    if let Some(&rest) = broken.iter().find(|violation| !shown(violation)) {
        table.push(point(Tier::Joint, Some(rest)));
    }
    table
}

fn alone(program: &Program<'_>, tier: Tier, broken: &[Violation]) -> FaultPoint {
    if broken.is_empty() {
        return point(tier, None);
    }
    let mut found = explore_all(program, tier).violations;
    if tier == Tier::Expiry {
        // A mark expires between a crash and the redelivery: what the crash does alone is not the mark's fault.
        for violation in explore_all(program, Tier::Crash).violations.keys() {
            found.remove(violation);
        }
    }
    let certain = found.into_keys().filter(|violation| violation.is_certain(program));
    point(
        tier,
        certain.max_by_key(|violation| (violation.outcome(), violation.effect)),
    )
}

fn point(tier: Tier, worst: Option<Violation>) -> FaultPoint {
    FaultPoint {
        tier,
        outcome: worst.map_or(CrashOutcome::NothingLost, Violation::outcome),
        effect: worst.map(|violation| violation.effect),
    }
}
