//! What the documentation itself says, by language; the words are in `templates/strings.yaml`.

use std::collections::BTreeMap;

use delivery_grammar::{Criticality, Mechanism, Settle};
use serde::Deserialize;

use super::Said;
use super::russian::Russian;
use crate::config::Language;
use crate::report::{CrashOutcome, CrashPoint, Direction, Fault, FaultPoint, Verdict};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Phrase {
    en: String,
    ru: String,
}

impl Phrase {
    fn of(self, language: Language) -> String {
        match language {
            Language::English => self.en,
            Language::Russian => self.ru,
        }
    }
}

/// Defines the phrases that templates may use; one that the file lacks, or has beyond these, fails a test.
macro_rules! strings {
    ($($name:ident)+) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            $($name: Phrase,)+
            events: BTreeMap<String, Phrase>,
            words: BTreeMap<String, Phrase>,
            vocabulary: BTreeMap<String, String>,
        }

        /// The phrases in one language; each field is named after its phrase in the file.
        #[derive(Debug, Clone)]
        pub struct Strings {
            /// The language itself.
            pub language: Language,
            /// What the analysis says, where the language is not the one that it speaks.
            russian: Option<Russian>,
            /// Words of the attributes, where the grammar does not say what they mean.
            vocabulary: BTreeMap<String, String>,
            events: BTreeMap<String, String>,
            words: BTreeMap<String, String>,
            $(pub $name: String,)+
        }

        impl File {
            fn of(self, language: Language) -> Strings {
                let vocabulary = match language {
                    Language::English => BTreeMap::new(),
                    Language::Russian => self.vocabulary,
                };
                let events = self.events.into_iter().map(|(word, phrase)| (word, phrase.of(language))).collect();
                let russian = (language == Language::Russian).then(Russian::new);
                let words = self.words.into_iter().map(|(word, phrase)| (word, phrase.of(language))).collect();
                Strings { language, russian, words, vocabulary, events, $($name: self.$name.of(language),)+ }
            }
        }
    };
}

strings! {
    default_title unresolved glossary index semantics rules skip sections made_by lead integration source sinks declared inferred verdict owner
    undeclared not_inferred search search_hint all nothing_matches nothing_found unread_files total verified
    refuted conditional unknown verified_text refuted_text conditional_text unknown_text assumed_note
    counterexample fix why why_missing guarantees guarantees_not meaning_declared meaning_inferred mechanisms
    mechanism what_it_does shown_at unproven not_declared_here no_mechanisms edge_cases edge_cases_missing
    crash_table crash_lead after outcome place nothing_lost absorbed repeated lost assumptions assumptions_lead
    questions findings suppressed operation metrics tests runbook criticality settle dedup_store dedup_key
    retention redelivery_window lease processing_time missing flow rules_lead rule level summary
    picture transaction held crash_here more_steps by_itself on_this_page route route_lead by_criticality by_declaration
    by_code route_same route_weaker route_stronger taken_from declared_cases crash_done
    crash_untouched crash_absorbed crash_repeated crash_lost crash_skipped caller_untouched caller_torn
    faults faults_lead fault_kind held_up hidden_effect worker broker stores watch allowed_because
    calm outage crash lease_lost expiry joint calm_held outage_held crash_held lease_held expiry_held joint_held
    fault_repeated fault_lost links transport shown_of tree_lead map map_lead
    no_chains end_to_end weakest map_picture map_alone too_large too_many
    history since history_lead no_changes change became_weaker became_obscured became_gone became_new became_stronger
    became_weaker_text became_obscured_text became_gone_text became_new_text became_stronger_text
}

impl Strings {
    /// The phrases of a language.
    ///
    /// # Panics
    ///
    /// If the embedded file is wrong, which a test rules out.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let file: File =
            serde_yaml::from_str(include_str!("../../templates/strings.yaml")).expect("the embedded phrases are valid");
        file.of(language)
    }

    /// What a verdict is called, and what it means.
    #[must_use]
    pub fn verdict(&self, verdict: Verdict) -> (&str, &str) {
        match verdict {
            Verdict::Verified => (&self.verified, &self.verified_text),
            Verdict::Refuted => (&self.refuted, &self.refuted_text),
            Verdict::Conditional => (&self.conditional, &self.conditional_text),
            Verdict::Unknown => (&self.unknown, &self.unknown_text),
        }
    }

    /// What a crash does.
    #[must_use]
    pub fn outcome(&self, outcome: &CrashOutcome) -> &str {
        match outcome {
            CrashOutcome::NothingLost => &self.nothing_lost,
            CrashOutcome::Absorbed => &self.absorbed,
            CrashOutcome::Repeated => &self.repeated,
            CrashOutcome::Lost => &self.lost,
        }
    }

    /// What a crash at a point comes to.
    #[must_use]
    pub fn crash(&self, point: &CrashPoint, direction: Direction) -> Said {
        let called = direction == Direction::Produce;
        let text = match point.outcome {
            CrashOutcome::NothingLost if point.comes_again => &self.crash_untouched,
            CrashOutcome::NothingLost if called => &self.caller_untouched,
            CrashOutcome::NothingLost => &self.crash_done,
            CrashOutcome::Absorbed => &self.crash_absorbed,
            CrashOutcome::Repeated => &self.crash_repeated,
            CrashOutcome::Lost if called => &self.caller_torn,
            CrashOutcome::Lost if point.comes_again => &self.crash_skipped,
            CrashOutcome::Lost => &self.crash_lost,
        };
        self.filled(text, point.effect.as_deref())
    }

    /// What a kind of fault is called.
    #[must_use]
    pub fn fault(&self, fault: Fault) -> &str {
        match fault {
            Fault::Calm => &self.calm,
            Fault::Outage => &self.outage,
            Fault::Crash => &self.crash,
            Fault::Lease => &self.lease_lost,
            Fault::Expiry => &self.expiry,
            Fault::Joint => &self.joint,
        }
    }

    /// What comes of it.
    #[must_use]
    pub fn struck(&self, point: &FaultPoint) -> Said {
        let text = match (point.outcome, point.fault) {
            (CrashOutcome::Repeated, _) => &self.fault_repeated,
            (CrashOutcome::Lost, _) => &self.fault_lost,
            (_, Fault::Calm) => &self.calm_held,
            (_, Fault::Outage) => &self.outage_held,
            (_, Fault::Crash) => &self.crash_held,
            (_, Fault::Lease) => &self.lease_held,
            (_, Fault::Expiry) => &self.expiry_held,
            (_, Fault::Joint) => &self.joint_held,
        };
        self.filled(text, point.effect.as_deref())
    }

    fn filled(&self, text: &str, effect: Option<&str>) -> Said {
        let effect = effect.filter(|effect| !effect.is_empty());
        let named = effect.map_or_else(|| self.hidden_effect.clone(), |effect| format!("`{effect}`"));
        text.replace("{}", &named).as_str().into()
    }

    /// A sentence of the analysis.
    #[must_use]
    pub fn told(&self, text: &str) -> Said {
        let said = Said::from(text);
        let Some(russian) = &self.russian else { return said };
        match russian.tell(&said.text) {
            Some(text) => Said { text, foreign: false },
            None => Said { foreign: true, ..said },
        }
    }

    /// A word of the configuration; one that has no other name stands for itself.
    #[must_use]
    pub fn word<'a>(&'a self, word: &'a str) -> &'a str {
        self.words.get(word).map_or(word, String::as_str)
    }

    /// The word for a step; one that has none stands for itself.
    #[must_use]
    pub fn event<'a>(&'a self, event: &'a str) -> &'a str {
        self.events.get(event).map_or(event, String::as_str)
    }

    /// What a mechanism does.
    #[must_use]
    pub fn mechanism(&self, mechanism: &Mechanism) -> &str {
        self.meaning(mechanism.as_str(), mechanism.summary())
    }

    /// What a criticality means.
    #[must_use]
    pub fn criticality(&self, criticality: &Criticality) -> &str {
        self.meaning(criticality.as_str(), criticality.summary())
    }

    /// Who settles a message, and when.
    #[must_use]
    pub fn settle(&self, settle: Settle) -> &str {
        self.meaning(settle.as_str(), settle.summary())
    }

    fn meaning<'a>(&'a self, word: &str, english: &'a str) -> &'a str {
        self.vocabulary.get(word).map_or(english, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_meaning_in_russian_and_no_other_has() {
        let russian = Strings::new(Language::Russian);
        let words = Mechanism::ALL.iter().map(|word| word.as_str());
        let words = words
            .chain(Criticality::ALL.iter().map(|word| word.as_str()))
            .chain(Settle::ALL.iter().map(|word| word.as_str()));
        let mut words: Vec<&str> = words.collect();
        words.sort_unstable();
        assert_eq!(russian.vocabulary.keys().collect::<Vec<_>>(), words);
        assert_eq!(
            Strings::new(Language::English).mechanism(&Mechanism::Saga),
            Mechanism::Saga.summary()
        );
    }
}
