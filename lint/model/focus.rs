//! One effect at a time: the same executions, of which fewer have to be told apart.
//!
//! What a task does next never depends on how often an effect was applied; only the properties do, and each of them is about one
//! effect. So executions that differ in nothing but the counts of other effects are the same for it, and a flow whose states are too
//! many to be held together is explored once for each effect: the sum of what they need instead of the product.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::{EffectId, Flow};

use super::bounds::Tier;
use super::explore::{Exploration, Goal, explore};
use super::judge::Violation;
use super::program::Program;
use super::reduce::reduced;
use super::reference::Run;
use super::state::NONE;
use super::trace::Trace;

/// Everything that the adversary of a tier can break; effect by effect where that is too much at once.
#[must_use]
pub fn explore_all(program: &Program<'_>, tier: Tier) -> Exploration {
    let whole = explore(program, tier, Goal::All);
    if !whole.is_capped || program.is_caller() {
        return whole;
    }
    let parts = explore_each(program, tier);
    Exploration {
        states: whole.states + parts.states,
        is_capped: parts.is_capped,
        violations: whole.violations.into_iter().chain(parts.violations).collect(),
    }
}

/// Everything that the adversary of a tier can break, effect by effect.
#[must_use]
pub fn explore_each(program: &Program<'_>, tier: Tier) -> Exploration {
    let mut sum = Exploration {
        states: 0,
        is_capped: false,
        violations: BTreeMap::new(),
    };
    for effect in program.effects() {
        for tallies in program.in_focus(effect) {
            let flow = reduced(program, &tallies);
            let Some(part) = program.of_part(&flow, tallies) else {
                continue;
            };
            let part = explore(&part, tier, Goal::All);
            sum.states += part.states;
            sum.is_capped |= part.is_capped;
            let own = part
                .violations
                .into_iter()
                .filter(|(violation, _)| violation.effect == effect);
            sum.violations.extend(own);
            if sum.is_capped {
                return sum;
            }
        }
    }
    sum
}

/// The nearest execution that has one of `wanted`, and all of these that it has.
#[must_use]
pub fn explore_first(program: &Program<'_>, tier: Tier, wanted: &[Violation]) -> Exploration {
    let whole = explore(program, tier, Goal::First(wanted));
    if !whole.is_capped || !whole.violations.is_empty() || program.is_caller() {
        return whole;
    }
    let mut sum = Exploration {
        is_capped: false,
        ..whole
    };
    let mut nearest: BTreeMap<usize, BTreeMap<Violation, Trace>> = BTreeMap::new();
    for &violation in wanted {
        for tallies in program.in_focus(violation.effect) {
            let Some(focused) = program.of_part(program.flow, tallies) else {
                continue;
            };
            let part = explore(&focused, tier, Goal::First(&[violation]));
            sum.states += part.states;
            sum.is_capped |= part.is_capped;
            for (violation, trace) in part.violations {
                nearest.entry(trace.steps.len()).or_default().insert(violation, trace);
            }
        }
    }
    sum.violations = nearest.into_values().next().unwrap_or_default();
    sum
}

impl Program<'_> {
    /// The flow's effects and handoffs.
    fn effects(&self) -> impl Iterator<Item = EffectId> + use<> {
        (0..).take(self.tallies.len()).map(EffectId)
    }

    /// What has to be counted to tell whether an effect is lost or repeated, as the number under which each effect and handoff is
    /// counted: the effect itself, what a run instead of it would leave, and one failure record for all. Several answers where it takes
    /// several questions; none for what no fault-free run applies, of which nothing can be missing and nothing too much.
    fn in_focus(&self, effect: EffectId) -> Vec<Vec<u8>> {
        let Some(number) = u8::try_from(effect.0)
            .ok()
            .filter(|&effect| !self.is_failure_record(effect))
        else {
            return Vec::new();
        };
        let record = (0..)
            .take(self.tallies.len())
            .find(|&other| self.is_failure_record(other));
        let tally = |other: u8, kept: &[u8]| match () {
            () if other == number || kept.contains(&other) => other,
            () if self.is_failure_record(other) => record.unwrap_or(NONE),
            () => NONE,
        };
        self.questions(number)
            .into_iter()
            .map(|kept| {
                (0..)
                    .take(self.tallies.len())
                    .map(|other| tally(other, &kept))
                    .collect()
            })
            .collect()
    }

    /// The program of a flow that differs from this one's in nothing but steps that do not matter to what is counted.
    fn of_part<'p>(&self, part: &'p Flow, tallies: Vec<u8>) -> Option<Program<'p>> {
        let mut program = Program::unexplored(part, self.scenario, &self.work).ok()?;
        program.tallies = tallies;
        program.final_acks.clone_from(&self.final_acks);
        program.is_loop = self.is_loop;
        program.messages = self.messages;
        program.routine = self.routine;
        program.run_without_faults();
        Some(program)
    }

    /// What has to be counted besides an effect: a run shows its loss if each run that goes the same ways without it would have left
    /// something else that is missing, too.
    fn questions(&self, effect: u8) -> BTreeSet<Vec<u8>> {
        let (with, without): (Vec<&Run>, Vec<&Run>) = self.runs.iter().partition(|run| run.effects.get(effect) > 0);
        let mut instead: BTreeSet<BTreeSet<Vec<u8>>> = BTreeSet::new();
        for run in with {
            let ended = without.iter().filter(|other| !other.is_attempt);
            let others = ended.filter(|other| other.ways.agrees(run.ways));
            let more = |other: &&Run| other.effects.iter().filter(|&e| run.effects.get(e) == 0).collect();
            instead.insert(others.map(more).collect());
        }
        let mut questions: BTreeSet<Vec<u8>> = instead.iter().flat_map(hitting).collect();
        if questions.len() > QUESTIONS {
            let all: BTreeSet<u8> = instead.into_iter().flatten().flatten().collect();
            questions = BTreeSet::from([all.into_iter().collect()]);
        }
        if questions.is_empty() {
            // It cannot be lost, and may still be repeated.
            questions.insert(Vec::new());
        }
        questions
    }
}

/// Questions asked about one effect before all that could be there instead of it is counted at once.
const QUESTIONS: usize = 8;

/// The sets that have something in common with each of `sets`, without those that contain another one: the ways in which something of
/// each can be missing. All at once if they are too many.
fn hitting(sets: &BTreeSet<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = vec![Vec::new()];
    for set in sets {
        let (hit, missed): (Vec<_>, Vec<_>) = found.into_iter().partition(|kept| kept.iter().any(|k| set.contains(k)));
        found = hit;
        for kept in missed {
            for &more in set {
                let mut longer = kept.clone();
                longer.push(more);
                longer.sort_unstable();
                if !found
                    .iter()
                    .any(|other| other.iter().all(|effect| longer.contains(effect)))
                {
                    found.push(longer);
                }
            }
        }
        if found.len() > QUESTIONS {
            let all: BTreeSet<u8> = sets.iter().flatten().copied().collect();
            return vec![all.into_iter().collect()];
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_hits_each_of_the_sets() {
        let sets = |all: &[&[u8]]| all.iter().map(|set| set.to_vec()).collect();
        assert_eq!(hitting(&sets(&[])), [Vec::<u8>::new()]);
        assert_eq!(hitting(&sets(&[&[1, 3], &[1, 2, 3]])), [[1], [3]]);
        assert_eq!(hitting(&sets(&[&[1], &[2]])), [[1, 2]]);
        assert!(
            hitting(&sets(&[&[], &[1]])).is_empty(),
            "nothing is missing of what leaves nothing"
        );
    }
}
