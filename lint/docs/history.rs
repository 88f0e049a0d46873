//! What became of guarantees since an earlier revision, per integration.

use delivery_grammar::Semantic;

use super::{Site, Unit};
use crate::drift::{Change, Move, Stand};

/// Changes, and since when.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// The revision that was compared with: `main`, `v1.2`.
    pub since: &'a str,
    /// The most serious first.
    pub changes: &'a [Change],
}

/// A change, ready to be shown.
#[derive(Debug)]
pub struct Row<'a> {
    pub integration: &'a str,
    /// The name of its page, if it still has one.
    pub slug: Option<&'a str>,
    pub name: &'a str,
    pub meaning: &'a str,
    pub class: &'static str,
    pub sign: &'static str,
    /// What was declared then and now.
    pub declared: String,
    pub inferred: String,
}

/// Every change.
#[must_use]
pub fn rows<'a>(site: &'a Site<'a>) -> Vec<Row<'a>> {
    let changes = site.history.map_or(&[][..], |history| history.changes);
    changes.iter().filter_map(|change| row(site, change)).collect()
}

/// What changed for one integration.
#[must_use]
pub fn of<'a>(site: &'a Site<'a>, unit: &Unit<'_>) -> Option<Row<'a>> {
    let changes = site.history?.changes;
    let is_it = |change: &&Change| {
        let after = change.after.as_ref();
        after.is_some_and(|stand| {
            stand.integration == unit.integration.id && stand.function == unit.integration.function
        })
    };
    changes.iter().find(is_it).and_then(|change| row(site, change))
}

fn row<'a>(site: &'a Site<'a>, change: &'a Change) -> Option<Row<'a>> {
    let t = site.t;
    let (name, meaning) = match change.kind {
        Move::Weaker => (&t.became_weaker, &t.became_weaker_text),
        Move::Obscured => (&t.became_obscured, &t.became_obscured_text),
        Move::Gone => (&t.became_gone, &t.became_gone_text),
        Move::New => (&t.became_new, &t.became_new_text),
        Move::Stronger => (&t.became_stronger, &t.became_stronger_text),
    };
    let (class, sign) = match change.kind {
        Move::Weaker => ("refuted", "▼"),
        Move::Obscured => ("conditional", "?"),
        Move::Gone => ("unknown", "–"),
        Move::New => ("unknown", "+"),
        Move::Stronger => ("verified", "▲"),
    };
    let stand = change.stand()?;
    let page = site.units.iter().find(|unit| {
        unit.integration.id == stand.integration
            && unit.integration.function == stand.function
            && change.after.is_some()
    });
    let declared = |stand: &Stand| named(stand.declared, site, &t.undeclared);
    let inferred = |stand: &Stand| named(stand.inferred, site, &t.not_inferred);
    Some(Row {
        integration: &stand.integration,
        slug: page.map(|unit| unit.slug.as_str()),
        name,
        meaning,
        class,
        sign,
        declared: moved(change, declared),
        inferred: moved(change, inferred),
    })
}

fn named<'a>(semantic: Option<Semantic>, site: &Site<'_>, none: &'a str) -> &'a str {
    semantic.map_or(none, |semantic| site.semantic(&semantic))
}

/// `At least once → Effectively once`; one of them where both are the same.
fn moved<'t>(change: &Change, of: impl Fn(&Stand) -> &'t str) -> String {
    match (change.before.as_ref().map(&of), change.after.as_ref().map(&of)) {
        (Some(before), Some(after)) if before != after => format!("{before} → {after}"),
        (Some(same), _) | (None, Some(same)) => same.to_owned(),
        (None, None) => String::new(),
    }
}
