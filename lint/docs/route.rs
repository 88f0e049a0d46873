//! The way through the decision tree that an integration's declaration and code lead, and whether it ends where the promise is.

use delivery_grammar::{Criticality, Declaration, Mechanism, Semantic};

use super::Strings;
use crate::report::Integration;
use crate::semantics::tree::{self, Next, Question};

/// A way through the tree.
#[derive(Debug)]
pub struct Route<'a> {
    pub turns: Vec<Turn<'a>>,
    pub end: Semantic,
    pub fit: Fit,
}

/// A question and how it is answered.
#[derive(Debug)]
pub struct Turn<'a> {
    pub question: &'a str,
    pub answer: &'a str,
    /// What the answer was taken from.
    pub because: &'a str,
}

/// How the promise compares with the end of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Same,
    /// It promises less than what is needed.
    Weaker,
    /// It promises more.
    Stronger,
}

/// The mechanisms that neutralise a repetition.
const ABSORBING: &[Mechanism] = &[
    Mechanism::TransactionalDedup,
    Mechanism::CacheDedup,
    Mechanism::UniqueConstraint,
    Mechanism::IdempotentEffect,
    Mechanism::IdempotencyKey,
    Mechanism::CompareAndSet,
];

impl<'a> Route<'a> {
    /// The way that `integration` leads; `None` where nothing is declared, since needs are the author's to say.
    #[must_use]
    pub fn of(integration: &Integration, t: &'a Strings) -> Option<Self> {
        let declared = integration.declared.as_ref()?;
        let mut turns = Vec::new();
        let mut question = tree::start();
        // The tree has no loop, which a test proves.
        loop {
            let (answer, because) = answer(question, declared, integration, t);
            let taken = question.answer(answer)?;
            turns.push(Turn {
                question: question.ask.of(t.language),
                answer: taken.say.of(t.language),
                because,
            });
            match taken.next() {
                Next::Question(next) => question = next,
                Next::End(end) => {
                    let fit = fit(declared.semantic, end);
                    return Some(Self { turns, end, fit });
                }
            }
        }
    }
}

/// What the declaration or the code says to a question, and which of the two.
fn answer<'a>(
    question: &Question,
    declared: &Declaration,
    integration: &Integration,
    t: &'a Strings,
) -> (&'static str, &'a str) {
    let once = declared.semantic.forbids_repetition();
    let inferred = integration.inferred;
    let one_system = inferred == Some(Semantic::ExactlyOnce);
    match question.id.as_str() {
        "loss" if declared.criticality == Criticality::Tolerable => ("harmless", &t.by_criticality),
        "loss" => ("never", &t.by_criticality),
        "light" => (if once { "never" } else { "bearable" }, &t.by_declaration),
        "failures" if declared.semantic == Semantic::NoGuarantee => ("ignored", &t.by_declaration),
        "failures" => ("watched", &t.by_declaration),
        "repetition" if declared.criticality == Criticality::Critical => ("never", &t.by_criticality),
        "repetition" => (if once { "never" } else { "bearable" }, &t.by_declaration),
        "idempotent" if inferred.is_some_and(|inferred| inferred.satisfies(Semantic::EffectivelyOnce)) => {
            ("possible", &t.by_code)
        }
        "idempotent"
            if declared
                .mechanisms
                .iter()
                .any(|mechanism| ABSORBING.contains(mechanism)) =>
        {
            ("possible", &t.by_declaration)
        }
        "idempotent" => ("impossible", &t.by_code),
        "one_system" => (if one_system { "fits" } else { "too_much" }, &t.by_code),
        _ => (if one_system { "there" } else { "missing" }, &t.by_code),
    }
}

fn fit(promised: Semantic, end: Semantic) -> Fit {
    match (promised.satisfies(end), end.satisfies(promised)) {
        (true, true) => Fit::Same,
        (true, false) => Fit::Stronger,
        (false, _) => Fit::Weaker,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Language;
    use crate::render::sample::report;

    fn route(semantic: Semantic, criticality: Criticality) -> (Semantic, Fit) {
        let mut unit = report().integrations.remove(0);
        let declared = unit.declared.as_mut().unwrap();
        (declared.semantic, declared.criticality) = (semantic, criticality);
        declared.mechanisms.clear();
        let strings = Strings::new(Language::English);
        let route = Route::of(&unit, &strings).unwrap();
        (route.end, route.fit)
    }

    #[test]
    fn needs_lead_to_the_semantic_that_they_need() {
        use Criticality::{Critical, Important, Tolerable};
        use Semantic::{AtLeastOnce, AtMostOnce, BestEffort, EffectivelyOnce, ExactlyOnce, NoGuarantee};
        assert_eq!(route(EffectivelyOnce, Critical), (EffectivelyOnce, Fit::Same));
        assert_eq!(route(ExactlyOnce, Critical), (EffectivelyOnce, Fit::Stronger));
        assert_eq!(route(AtMostOnce, Critical), (EffectivelyOnce, Fit::Weaker));
        assert_eq!(route(AtLeastOnce, Important), (AtLeastOnce, Fit::Same));
        assert_eq!(route(AtMostOnce, Tolerable), (AtMostOnce, Fit::Same));
        assert_eq!(route(AtLeastOnce, Tolerable), (BestEffort, Fit::Stronger));
        assert_eq!(route(NoGuarantee, Tolerable), (NoGuarantee, Fit::Same));
    }
}
