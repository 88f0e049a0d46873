//! Who feeds whom: integrations that are joined by an address, and what the way through all of them guarantees.

use std::collections::BTreeMap;

use delivery_grammar::Semantic;

use super::Unit;
use crate::chains::composed;

/// Chains that are listed; what branches without end is cut here.
const MOST: usize = 300;
/// Stages of one chain.
const LONGEST: usize = 16;

/// Integrations that feed each other, the first of them fed by nobody here.
#[derive(Debug)]
pub struct Chain<'a> {
    pub stages: Vec<Stage<'a>>,
    /// What holds from end to end, as far as every stage is known.
    pub guarantee: Option<Semantic>,
}

/// An integration within a chain.
#[derive(Debug)]
pub struct Stage<'a> {
    pub unit: &'a Unit<'a>,
    /// It promises the least of all, and others promise more.
    pub is_weakest: bool,
}

/// Every chain of two or more, in the order of their first integrations.
#[must_use]
pub fn all<'a>(units: &'a [Unit<'a>]) -> Vec<Chain<'a>> {
    let mut readers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, unit) in units.iter().enumerate().filter(|(_, unit)| is_known(&unit.source)) {
        readers.entry(&unit.source).or_default().push(index);
    }
    let fed = |unit: &Unit<'_>| {
        let writers = units.iter().filter(|other| other.integration.id != unit.integration.id);
        writers
            .flat_map(|other| &other.sinks)
            .any(|sink| is_known(&sink.text) && sink.text == unit.source)
    };
    let mut paths = Vec::new();
    for start in (0..units.len()).filter(|&index| !fed(&units[index])) {
        follow(units, &readers, vec![start], &mut paths);
    }
    paths.iter().map(|path| chain(units, path)).collect()
}

fn is_known(address: &str) -> bool {
    address.contains(':') && !address.ends_with(":?")
}

fn follow(units: &[Unit<'_>], readers: &BTreeMap<&str, Vec<usize>>, path: Vec<usize>, paths: &mut Vec<Vec<usize>>) {
    let sinks = path.last().map_or(&[][..], |&last| units[last].sinks.as_slice());
    let next = sinks
        .iter()
        .flat_map(|sink| readers.get(sink.text.as_str()).into_iter().flatten());
    let next: Vec<usize> = next.copied().filter(|index| !path.contains(index)).collect();
    if (next.is_empty() || path.len() >= LONGEST) && path.len() > 1 && paths.len() < MOST {
        return paths.push(path);
    }
    for index in next {
        if paths.len() < MOST {
            let longer = path.iter().copied().chain([index]).collect();
            follow(units, readers, longer, paths);
        }
    }
}

fn chain<'a>(units: &'a [Unit<'a>], path: &[usize]) -> Chain<'a> {
    let semantics: Vec<Option<Semantic>> = path.iter().map(|&index| units[index].integration.inferred).collect();
    let weakest = semantics.iter().flatten().min().copied();
    let is_even = semantics.iter().all(|semantic| *semantic == weakest);
    let stages = path.iter().zip(&semantics).map(|(&index, semantic)| Stage {
        unit: &units[index],
        is_weakest: !is_even && *semantic == weakest,
    });
    Chain {
        stages: stages.collect(),
        guarantee: composed(&semantics),
    }
}
