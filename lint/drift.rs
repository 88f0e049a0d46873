//! What became of guarantees between two states of the code.

use delivery_grammar::Semantic;
use serde::Deserialize;

use crate::render::Resolved;

/// What one integration promised and gave at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// The declared id, else the function's path.
    pub integration: String,
    pub function: String,
    /// Relative to the root.
    pub file: String,
    pub line: u32,
    pub declared: Option<Semantic>,
    /// `None`: not known.
    pub inferred: Option<Semantic>,
}

/// How a guarantee moved. The most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Move {
    /// Something that was excluded is possible now.
    Weaker,
    /// The code gave something before, and nobody knows what it gives now.
    Obscured,
    /// The integration is gone.
    Gone,
    /// It is new.
    New,
    Stronger,
}

/// An integration whose guarantee, declared or inferred, is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub kind: Move,
    pub before: Option<Stand>,
    pub after: Option<Stand>,
}

impl Change {
    /// The later state, or the earlier one of what is gone.
    #[must_use]
    pub fn stand(&self) -> Option<&Stand> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

impl Move {
    /// The word of the output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weaker => "weaker",
            Self::Obscured => "obscured",
            Self::Gone => "gone",
            Self::New => "new",
            Self::Stronger => "stronger",
        }
    }
}

/// The integrations of a report.
#[must_use]
pub fn stands(report: &Resolved<'_>) -> Vec<Stand> {
    let units = report.integrations.iter().map(|unit| Stand {
        integration: unit.integration.id.to_string(),
        function: unit.integration.function.to_string(),
        file: unit.at.path.to_owned(),
        line: unit.at.start.line,
        declared: unit.integration.declared.as_ref().map(|declared| declared.semantic),
        inferred: unit.integration.inferred,
    });
    units.collect()
}

/// The integrations of a report in JSON (`check --format json`).
///
/// # Errors
///
/// What is wrong with the text.
pub fn read(text: &str) -> Result<Vec<Stand>, String> {
    #[derive(Deserialize)]
    struct Document {
        version: u32,
        integrations: Vec<Written>,
    }
    #[derive(Deserialize)]
    struct Written {
        integration: String,
        function: String,
        file: String,
        line: u32,
        declared: Option<String>,
        inferred: Option<String>,
    }
    let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if document.version != 1 {
        return Err(format!("it has version {}, and only 1 is known", document.version));
    }
    let semantic = |word: Option<String>| {
        word.map(|word| word.parse::<Semantic>().map_err(|error| error.to_string()))
            .transpose()
    };
    let stand = |unit: Written| {
        Ok(Stand {
            declared: semantic(unit.declared)?,
            inferred: semantic(unit.inferred)?,
            integration: unit.integration,
            function: unit.function,
            file: unit.file,
            line: unit.line,
        })
    };
    document.integrations.into_iter().map(stand).collect()
}

/// What changed, the most serious first, then by name. An integration is found again by its id, else by its function: one that is
/// declared now and was not before has a new id. Several in one function have one id; their order tells them apart.
#[must_use]
pub fn compare(before: &[Stand], after: &[Stand]) -> Vec<Change> {
    let mut earlier = Earlier(before.iter().collect());
    let by_id: Vec<_> = after
        .iter()
        .map(|stand| (earlier.take(|other| other.integration == stand.integration), stand))
        .collect();
    let found: Vec<_> = by_id
        .into_iter()
        .map(|(old, stand)| {
            let old = old.or_else(|| earlier.take(|other| other.function == stand.function));
            (old, stand)
        })
        .collect();
    let mut changes: Vec<Change> = found
        .into_iter()
        .filter_map(|(old, stand)| {
            Some(Change {
                kind: moved(old, stand)?,
                before: old.cloned(),
                after: Some(stand.clone()),
            })
        })
        .chain(earlier.0.into_iter().map(|gone| Change {
            kind: Move::Gone,
            before: Some(gone.clone()),
            after: None,
        }))
        .collect();
    changes.sort_by_key(|change| (change.kind, change.stand().map(|stand| stand.integration.clone())));
    changes
}

/// What of the earlier state has not been found again.
struct Earlier<'a>(Vec<&'a Stand>);

impl<'a> Earlier<'a> {
    fn take(&mut self, is_it: impl Fn(&Stand) -> bool) -> Option<&'a Stand> {
        let index = self.0.iter().position(|stand| is_it(stand))?;
        Some(self.0.remove(index))
    }
}

fn moved(before: Option<&Stand>, after: &Stand) -> Option<Move> {
    let Some(before) = before else {
        return Some(Move::New);
    };
    let pairs = [(before.declared, after.declared), (before.inferred, after.inferred)];
    let weaker = |(before, after): &(Option<Semantic>, Option<Semantic>)| matches!((before, after), (Some(before), Some(after)) if !after.satisfies(*before));
    if pairs.iter().any(weaker) || (before.declared.is_some() && after.declared.is_none()) {
        Some(Move::Weaker)
    } else if before.inferred.is_some() && after.inferred.is_none() {
        Some(Move::Obscured)
    } else {
        (pairs[0].0 != pairs[0].1 || pairs[1].0 != pairs[1].1).then_some(Move::Stronger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(id: &str, declared: Option<Semantic>, inferred: Option<Semantic>) -> Stand {
        Stand {
            integration: id.to_owned(),
            function: format!("shop::{}", id.replace('.', "::")),
            file: "src/lib.rs".to_owned(),
            line: 1,
            declared,
            inferred,
        }
    }

    fn kinds(before: &[Stand], after: &[Stand]) -> Vec<Move> {
        compare(before, after).iter().map(|change| change.kind).collect()
    }

    #[test]
    fn what_is_possible_now_and_was_not_is_weaker() {
        use Semantic::{AtLeastOnce, AtMostOnce, BestEffort, EffectivelyOnce, ExactlyOnce};
        let of = |semantic| [stand("a", Some(semantic), Some(semantic))];
        for (before, after, wanted) in [
            (EffectivelyOnce, AtLeastOnce, Move::Weaker),
            (AtLeastOnce, AtMostOnce, Move::Weaker),
            (AtMostOnce, AtLeastOnce, Move::Weaker),
            (ExactlyOnce, EffectivelyOnce, Move::Weaker),
            (BestEffort, AtLeastOnce, Move::Stronger),
        ] {
            assert_eq!(kinds(&of(before), &of(after)), [wanted], "{before} to {after}");
        }
        assert_eq!(kinds(&of(AtLeastOnce), &of(AtLeastOnce)), []);
    }

    #[test]
    fn code_that_gives_less_is_weaker_even_if_the_declaration_stays() {
        let before = [stand("a", Some(Semantic::AtLeastOnce), Some(Semantic::EffectivelyOnce))];
        let after = [stand("a", Some(Semantic::AtLeastOnce), Some(Semantic::AtMostOnce))];
        assert_eq!(kinds(&before, &after), [Move::Weaker]);
        let unseen = [stand("a", Some(Semantic::AtLeastOnce), None)];
        assert_eq!(kinds(&before, &unseen), [Move::Obscured]);
        assert_eq!(kinds(&unseen, &before), [Move::Stronger]);
    }

    #[test]
    fn a_declaration_that_goes_is_weaker_and_one_that_comes_is_no_new_integration() {
        let bare = [Stand {
            integration: "shop::a".to_owned(),
            ..stand("a", None, Some(Semantic::AtLeastOnce))
        }];
        let declared = [stand("a", Some(Semantic::AtLeastOnce), Some(Semantic::AtLeastOnce))];
        assert_eq!(kinds(&bare, &declared), [Move::Stronger]);
        assert_eq!(kinds(&declared, &bare), [Move::Weaker]);
        assert_eq!(kinds(&[], &declared), [Move::New]);
        assert_eq!(kinds(&declared, &[]), [Move::Gone]);
    }

    #[test]
    fn two_loops_of_one_function_are_told_apart_by_their_order() {
        let unit = |semantic| stand("a", None, Some(semantic));
        let before = [unit(Semantic::AtLeastOnce), unit(Semantic::EffectivelyOnce)];
        assert_eq!(kinds(&before, &before), []);
        let after = [unit(Semantic::AtLeastOnce), unit(Semantic::AtMostOnce)];
        assert_eq!(kinds(&before, &after), [Move::Weaker]);
        assert_eq!(kinds(&before, &after[..1]), [Move::Gone]);
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let report = crate::render::sample::report();
        let resolved = Resolved::new(&report, &crate::render::sample::Sample);
        let text = crate::render::render(
            &resolved,
            crate::render::Format::Json,
            crate::render::Look::PLAIN,
            crate::render::Detail::Summary,
        );
        assert_eq!(read(&text).unwrap(), stands(&resolved));
        assert!(read("{\"version\": 1}").unwrap_err().contains("integrations"));
        assert!(
            read("{\"version\": 2, \"integrations\": []}")
                .unwrap_err()
                .contains("version 2")
        );
    }
}
