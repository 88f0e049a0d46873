//! The six delivery semantics: what a sender and a receiver may rely on.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What is promised about a message, from the weakest to the strongest.
    ///
    /// The order is that of the documentation and of a sorted list. It is *not* a measure of whether one promise keeps
    /// another: [`AtMostOnce`](Self::AtMostOnce) and [`AtLeastOnce`](Self::AtLeastOnce) exclude different faults. Ask
    /// [`satisfies`](Self::satisfies) for that.
    Semantic, "semantic" {
        NoGuarantee = "no_guarantee":
            "A message may be lost or repeated, and nobody finds out.",
        BestEffort = "best_effort":
            "One honest attempt is made; if it fails, the message is lost.",
        AtMostOnce = "at_most_once":
            "A message takes effect once or never: it may be lost, but is not repeated.",
        AtLeastOnce = "at_least_once":
            "A message is never lost, but may be processed several times, so every effect has to bear repetition.",
        EffectivelyOnce = "effectively_once":
            "A message is never lost; it may arrive several times, but counts once.",
        ExactlyOnce = "exactly_once":
            "A message is neither lost nor repeated, inside one transactional system.",
    }
}

impl Semantic {
    /// May a message not be lost?
    pub const fn forbids_loss(self) -> bool {
        matches!(self, Self::AtLeastOnce | Self::EffectivelyOnce | Self::ExactlyOnce)
    }

    /// May the effect of a message not be repeated? (Whether it arrives twice is another matter.)
    pub const fn forbids_repetition(self) -> bool {
        matches!(self, Self::AtMostOnce | Self::EffectivelyOnce | Self::ExactlyOnce)
    }

    /// Must the receive position, the effects and the settlement commit in one transactional system?
    pub const fn requires_one_transaction(self) -> bool {
        matches!(self, Self::ExactlyOnce)
    }

    /// Must the message at least be tried, and a failure be looked at?
    pub const fn requires_attempt(self) -> bool {
        !matches!(self, Self::NoGuarantee)
    }

    /// Does code that gives `self` keep the promise `declared`? A guarantee became weaker when the new one does not
    /// satisfy the old one.
    pub const fn satisfies(self, declared: Self) -> bool {
        (self.forbids_loss() || !declared.forbids_loss())
            && (self.forbids_repetition() || !declared.forbids_repetition())
            && (self.requires_one_transaction() || !declared.requires_one_transaction())
            && (self.requires_attempt() || !declared.requires_attempt())
    }

    /// The name as a person reads it: "Effectively once".
    pub const fn title(self) -> &'static str {
        match self {
            Self::NoGuarantee => "No guarantee",
            Self::BestEffort => "Best effort",
            Self::AtMostOnce => "At most once",
            Self::AtLeastOnce => "At least once",
            Self::EffectivelyOnce => "Effectively once",
            Self::ExactlyOnce => "Exactly once",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_ordered_from_weak_to_strong() {
        assert!(Semantic::ALL.is_sorted());
        assert!(Semantic::BestEffort < Semantic::ExactlyOnce);
    }

    #[test]
    fn promise_what_the_table_of_semantics_says() {
        let table: Vec<_> = Semantic::ALL
            .iter()
            .map(|s| (s.forbids_loss(), s.forbids_repetition()))
            .collect();
        let expected = [
            (false, false),
            (false, false),
            (false, true),
            (true, false),
            (true, true),
            (true, true),
        ];
        assert_eq!(table, expected);
    }

    #[test]
    fn satisfy_themselves_and_what_is_weaker() {
        for semantic in Semantic::ALL {
            assert!(semantic.satisfies(*semantic));
            assert!(Semantic::ExactlyOnce.satisfies(*semantic));
            assert!(semantic.satisfies(Semantic::NoGuarantee));
        }
        assert!(!Semantic::EffectivelyOnce.satisfies(Semantic::ExactlyOnce));
        assert!(!Semantic::NoGuarantee.satisfies(Semantic::BestEffort));
    }

    #[test]
    fn at_most_once_and_at_least_once_do_not_replace_each_other() {
        assert!(!Semantic::AtMostOnce.satisfies(Semantic::AtLeastOnce));
        assert!(!Semantic::AtLeastOnce.satisfies(Semantic::AtMostOnce));
    }

    #[test]
    fn are_told_by_their_attribute_name_only() {
        let error = "atleast_once".parse::<Semantic>().unwrap_err();
        assert_eq!(
            error.message(),
            "unknown semantic `atleast_once`; did you mean `at_least_once`?"
        );
    }
}
