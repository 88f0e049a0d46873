//! Chains: who feeds whom inside a workspace, and what a message can rely on from one end to the other.
//!
//! A link is an address that one integration publishes to and another one consumes. Addresses are compared as texts, with the
//! wildcards of subjects and topics; what the code does not show as a constant links nothing.

use delivery_grammar::Semantic;

use crate::report::Integration;
use crate::span::Span;

/// Chains of more links than this are cut: nobody reads them.
const LONGEST: usize = 16;
/// More chains of two or more than this are not listed; an integration that is linked to none takes no place from them.
const MOST: usize = 512;

/// One integration feeds another. Numbers are indexes of the integrations that were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub from: usize,
    pub to: usize,
    /// `kafka:orders.v1`.
    pub address: String,
    /// The publish.
    pub at: Option<Span>,
    /// An execution of the producer publishes nothing where it should have.
    pub may_lose: bool,
}

/// A way through the workspace: from an integration that nothing here feeds to one that feeds nothing here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub units: Vec<usize>,
    /// The addresses between them.
    pub addresses: Vec<String>,
    /// What all of it gives; `None` where a part of it could not be inferred.
    pub guarantee: Option<Semantic>,
    /// The first unit that gives no more than the whole, else the one that gives least.
    pub weakest: usize,
}

/// Every link, in the order of the integrations.
#[must_use]
pub fn links(integrations: &[&Integration]) -> Vec<Link> {
    let mut links = Vec::new();
    for (from, producer) in integrations.iter().enumerate() {
        for sink in &producer.sinks {
            let fed = integrations
                .iter()
                .enumerate()
                .filter(|(to, consumer)| *to != from && feeds(sink, consumer));
            links.extend(fed.map(|(to, _)| Link {
                from,
                to,
                address: sink.to_string(),
                at: sink.at,
                may_lose: sink.may_lose,
            }));
        }
    }
    links
}

fn feeds(sink: &crate::report::Sink, consumer: &Integration) -> bool {
    let address = consumer.address.as_deref().unwrap_or_default();
    sink.kind == consumer.transport && !sink.target.is_empty() && is_covered(&sink.target, address)
}

/// Whether an address is what a consumer listens to: the same, or matched by its wildcards (`orders.*`, `orders.>`, `orders/#`).
fn is_covered(address: &str, pattern: &str) -> bool {
    if pattern.is_empty() || address.contains('{') || pattern.contains('{') {
        return false;
    }
    let separator = if pattern.contains('/') { '/' } else { '.' };
    let mut parts = address.split(separator);
    for wanted in pattern.split(separator) {
        match (wanted, parts.next()) {
            (">" | "#", _) => return true,
            ("*" | "+", Some(_)) => {}
            (wanted, Some(part)) if wanted == part => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

/// Every chain, the longest first where they begin at the same integration.
#[must_use]
pub fn chains(integrations: &[&Integration], links: &[Link]) -> Vec<Chain> {
    let is_fed = |unit: &usize| links.iter().any(|link| link.to == *unit);
    let mut starts: Vec<usize> = (0..integrations.len()).filter(|unit| !is_fed(unit)).collect();
    let mut found = Vec::new();
    walk_all(&starts, links, &mut found);
    // What only feeds itself in a circle has no beginning: it is entered where it comes first.
    let reached = |found: &[Vec<usize>], unit: usize| found.iter().any(|way| way.contains(&unit));
    while let Some(unit) = (0..integrations.len()).find(|&unit| !reached(&found, unit)) {
        starts = vec![unit];
        walk_all(&starts, links, &mut found);
    }
    found
        .into_iter()
        .map(|units| chain(integrations, links, units))
        .collect()
}

fn walk_all(starts: &[usize], links: &[Link], found: &mut Vec<Vec<usize>>) {
    for &start in starts {
        walk(links, vec![start], found);
    }
}

fn walk(links: &[Link], way: Vec<usize>, found: &mut Vec<Vec<usize>>) {
    let last = way[way.len() - 1];
    let mut next: Vec<usize> = links
        .iter()
        .filter(|link| link.from == last)
        .map(|link| link.to)
        .collect();
    next.sort_unstable();
    next.dedup();
    next.retain(|unit| !way.contains(unit));
    if next.is_empty() || way.len() > LONGEST || is_full(found) {
        found.push(way);
        return;
    }
    for unit in next {
        let longer = way.iter().copied().chain([unit]).collect();
        walk(links, longer, found);
    }
}

fn is_full(found: &[Vec<usize>]) -> bool {
    found.len() >= MOST && found.iter().filter(|way| way.len() > 1).count() >= MOST
}

fn chain(integrations: &[&Integration], links: &[Link], units: Vec<usize>) -> Chain {
    let given: Vec<Option<Semantic>> = units.iter().map(|&unit| gives(integrations[unit])).collect();
    let guarantee = composed(&given);
    // Two in a row can give less than each: then it is the lesser of them.
    let given_by = || units.iter().zip(&given);
    let weakest = given_by()
        .find(|(_, own)| own.is_none() || **own == guarantee)
        .or_else(|| given_by().min_by_key(|(_, own)| **own));
    let between = |pair: &[usize]| {
        let link = links.iter().find(|link| link.from == pair[0] && link.to == pair[1]);
        link.map(|link| link.address.clone()).unwrap_or_default()
    };
    Chain {
        weakest: weakest.map_or(units[0], |(unit, _)| *unit),
        addresses: units.windows(2).map(between).collect(),
        units,
        guarantee,
    }
}

/// What an integration gives: as inferred, else as declared.
#[must_use]
pub fn gives(integration: &Integration) -> Option<Semantic> {
    integration
        .inferred
        .or_else(|| integration.declared.as_ref().map(|declared| declared.semantic))
}

/// What a way through all of these gives: no later stage is known to mend what an earlier one does. `None` where one is not known.
#[must_use]
pub fn composed(stages: &[Option<Semantic>]) -> Option<Semantic> {
    stages.iter().copied().reduce(|a, b| Some(weaker(a?, b?))).flatten()
}

/// What remains of two guarantees one after the other: what either loses is lost, what either repeats is repeated.
fn weaker(a: Semantic, b: Semantic) -> Semantic {
    if a.satisfies(b) {
        return b;
    }
    if b.satisfies(a) {
        return a;
    }
    let (loses, repeats) = (
        !(a.forbids_loss() && b.forbids_loss()),
        !(a.forbids_repetition() && b.forbids_repetition()),
    );
    match (loses, repeats) {
        (true, true) => Semantic::BestEffort,
        (true, false) => Semantic::AtMostOnce,
        (false, true) => Semantic::AtLeastOnce,
        (false, false) => Semantic::EffectivelyOnce,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_cover_what_their_brokers_cover() {
        let covered = [
            ("orders.v1", "orders.v1"),
            ("orders.new", "orders.*"),
            ("orders.eu.new", "orders.>"),
            ("site/1/temp", "site/+/temp"),
            ("site/1/temp", "site/#"),
        ];
        let not = [
            ("orders.v1", "orders"),
            ("orders", "orders.v1"),
            ("orders.eu.new", "orders.*"),
            ("orders.{}", "orders.{}"),
            ("a", ""),
        ];
        assert!(covered.iter().all(|(address, pattern)| is_covered(address, pattern)));
        assert!(not.iter().all(|(address, pattern)| !is_covered(address, pattern)));
    }

    #[test]
    fn a_chain_is_no_stronger_than_its_stages() {
        use Semantic::{AtLeastOnce, AtMostOnce, BestEffort, EffectivelyOnce, ExactlyOnce, NoGuarantee};
        let composed = |stages: &[Semantic]| composed(&stages.iter().copied().map(Some).collect::<Vec<_>>());
        assert_eq!(composed(&[ExactlyOnce, ExactlyOnce]), Some(ExactlyOnce));
        assert_eq!(composed(&[ExactlyOnce, EffectivelyOnce]), Some(EffectivelyOnce));
        assert_eq!(composed(&[EffectivelyOnce, AtLeastOnce]), Some(AtLeastOnce));
        assert_eq!(composed(&[AtMostOnce, AtLeastOnce]), Some(BestEffort));
        assert_eq!(composed(&[EffectivelyOnce, NoGuarantee]), Some(NoGuarantee));
        assert_eq!(super::composed(&[Some(AtLeastOnce), None]), None);
    }

    #[test]
    fn an_integration_linked_to_none_takes_no_place_from_a_chain() {
        let alone = MOST + 1;
        let link = |from: usize| Link {
            from,
            to: from + 1,
            address: "kafka:orders".to_owned(),
            at: None,
            may_lose: false,
        };
        let mut found = Vec::new();
        walk_all(&(0..=alone).collect::<Vec<_>>(), &[link(alone)], &mut found);
        assert_eq!(found.len(), alone + 1);
        assert_eq!(found.last(), Some(&vec![alone, alone + 1]));
    }

    #[test]
    fn two_guarantees_in_a_row_give_no_more_than_each() {
        for &a in Semantic::ALL {
            for &b in Semantic::ALL {
                let both = weaker(a, b);
                assert_eq!(both, weaker(b, a), "{a} and {b}");
                assert!(
                    both.forbids_loss() <= a.forbids_loss() && both.forbids_loss() <= b.forbids_loss(),
                    "{a} and {b}"
                );
                assert!(both.forbids_repetition() <= a.forbids_repetition(), "{a} and {b}");
            }
        }
        assert_eq!(
            weaker(Semantic::AtMostOnce, Semantic::AtLeastOnce),
            Semantic::BestEffort
        );
        assert_eq!(
            weaker(Semantic::ExactlyOnce, Semantic::EffectivelyOnce),
            Semantic::EffectivelyOnce
        );
    }
}
