//! The map: who feeds whom, as pictures and as text, and what each whole way guarantees.
//!
//! What does not hang together is drawn apart. Only content and sizes are decided here; `layout` places the boxes, and
//! `templates/html/map.svg` draws them.

use std::collections::BTreeMap;

use askama::Template;
use delivery_grammar::Semantic;

use super::layout::{self, Line, Placed};
use super::{Site, Unit};
use crate::chains::{self, Chain, Link, gives};
use crate::report::Integration;

/// Letters of a name that are shown.
const LONGEST: usize = 34;
/// The height of a box, without what stands above it.
const BOX: i64 = 50;
/// What stands above the weakest link; as much is left below it, so that lines meet the middle of its box.
const MARK: i64 = 18;

/// Every chain of two or more integrations, grouped by what hangs together.
#[derive(Debug)]
pub struct Map<'a> {
    pub groups: Vec<Group<'a>>,
    /// Integrations that feed none here, and that none here feeds.
    pub alone: usize,
}

/// What hangs together.
#[derive(Debug)]
pub struct Group<'a> {
    /// Of its first integration.
    pub name: &'a str,
    /// An SVG; `None` where it has too many boxes to be read.
    pub picture: Option<String>,
    /// None where there are more than anybody reads.
    pub chains: Vec<Way<'a>>,
}

/// A chain, told.
#[derive(Debug)]
pub struct Way<'a> {
    pub stages: Vec<Stage<'a>>,
    /// What holds from end to end, if every stage is known.
    pub guarantee: Option<Semantic>,
}

/// An integration within a chain.
#[derive(Debug)]
pub struct Stage<'a> {
    pub unit: &'a Unit<'a>,
    /// What it is fed by.
    pub fed_by: String,
    pub gives: Option<Semantic>,
    /// It gives the least of all, and others give more.
    pub is_weakest: bool,
}

impl<'a> Map<'a> {
    /// The map of a site.
    #[must_use]
    pub fn new(site: &Site<'a>) -> Self {
        let units: Vec<&Integration> = site.units.iter().map(|unit| unit.integration).collect();
        let links = chains::links(&units);
        let ways: Vec<Chain> = chains::chains(&units, &links)
            .into_iter()
            .filter(|chain| chain.units.len() > 1)
            .collect();
        let groups = grouped(units.len(), &links);
        let alone = units.len() - groups.iter().map(Vec::len).sum::<usize>();
        let groups = groups.into_iter().map(|members| {
            let within: Vec<&Chain> = ways.iter().filter(|way| members.contains(&way.units[0])).collect();
            Group {
                name: &site.units[members[0]].integration.id,
                picture: Drawing::new(site, &members, &links, &within).and_then(|drawing| drawing.render().ok()),
                chains: within.iter().map(|chain| told(site.units, chain)).collect(),
            }
        });
        Self {
            groups: groups.collect(),
            alone,
        }
    }
}

/// The integrations that are linked, directly or by others.
fn grouped(count: usize, links: &[Link]) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..count).collect();
    for link in links {
        let (kept, gone) = (
            group[link.from].min(group[link.to]),
            group[link.from].max(group[link.to]),
        );
        group
            .iter_mut()
            .filter(|group| **group == gone)
            .for_each(|group| *group = kept);
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (unit, group) in group.into_iter().enumerate() {
        members.entry(group).or_default().push(unit);
    }
    members.into_values().filter(|members| members.len() > 1).collect()
}

fn told<'a>(units: &'a [Unit<'a>], chain: &Chain) -> Way<'a> {
    let given = |unit: usize| gives(units[unit].integration);
    let first = units[chain.units[0]].source.clone();
    let fed_by = std::iter::once(first).chain(chain.addresses.iter().cloned());
    let stages = chain.units.iter().zip(fed_by).map(|(&unit, fed_by)| Stage {
        unit: &units[unit],
        fed_by,
        gives: given(unit),
        is_weakest: is_weakest(units, chain, unit),
    });
    Way {
        stages: stages.collect(),
        guarantee: chain.guarantee,
    }
}

fn is_weakest(units: &[Unit<'_>], chain: &Chain, unit: usize) -> bool {
    let given = |unit: usize| gives(units[unit].integration);
    chain.weakest == unit && chain.units.iter().any(|&other| given(other) != given(unit))
}

/// A group, ready to be drawn.
#[derive(Template)]
#[template(path = "html/map.svg")]
struct Drawing<'a> {
    site: &'a Site<'a>,
    width: i64,
    height: i64,
    nodes: Vec<(Node<'a>, Frame)>,
    lines: Vec<Line>,
}

/// Where a box is.
struct Frame {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

impl Frame {
    fn middle(&self) -> i64 {
        self.y + self.height / 2
    }
}

/// What a box stands for.
#[derive(Clone)]
enum Node<'a> {
    Unit {
        unit: &'a Unit<'a>,
        name: String,
        gives: Option<Semantic>,
        is_weakest: bool,
    },
    /// A topic, a queue, a table.
    Address(String),
    /// What holds at the end of a chain.
    End(Option<Semantic>),
}

impl Node<'_> {
    /// The size that it takes; letters are as wide as they are in most fonts.
    fn size(&self, site: &Site<'_>) -> (i64, i64) {
        let wide = |letters: usize, letter: i64| i64::try_from(letters).unwrap_or(0) * letter / 10;
        let semantic = |semantic: &Option<Semantic>| named(site, *semantic).chars().count();
        match self {
            Self::Unit {
                name,
                gives,
                is_weakest,
                ..
            } => {
                let width = wide(name.chars().count(), 88).max(wide(semantic(gives) + 3, 72)) + 28;
                (width.max(150), BOX + if *is_weakest { 2 * MARK } else { 0 })
            }
            Self::Address(address) => (wide(address.chars().count(), 73) + 28, 28),
            Self::End(end) => (wide(semantic(end).max(site.t.end_to_end.chars().count()), 74) + 30, 42),
        }
    }
}

fn named(site: &Site<'_>, semantic: Option<Semantic>) -> String {
    semantic.map_or_else(
        || site.t.not_inferred.clone(),
        |semantic| site.semantic(&semantic).to_owned(),
    )
}

impl<'a> Drawing<'a> {
    /// Made to fit, its letters would be too small: it is scrolled.
    fn is_wide(&self) -> bool {
        self.width > 1400
    }

    fn named(&self, semantic: &Option<Semantic>) -> String {
        named(self.site, *semantic)
    }

    fn new(site: &'a Site<'a>, members: &[usize], links: &[Link], chains: &[&Chain]) -> Option<Self> {
        let mut graph = Graph {
            nodes: Vec::new(),
            edges: Vec::new(),
            known: BTreeMap::new(),
        };
        graph.fill(site.units, members, links, chains);
        let sizes: Vec<(i64, i64)> = graph.nodes.iter().map(|node| node.size(site)).collect();
        let Placed {
            width,
            height,
            corners,
            lines,
        } = layout::placed(&sizes, &graph.edges)?;
        let frames = corners
            .iter()
            .zip(sizes)
            .map(|(&(x, y), (width, height))| Frame { x, y, width, height });
        Some(Self {
            site,
            width,
            height,
            nodes: graph.nodes.into_iter().zip(frames).collect(),
            lines,
        })
    }
}

/// Boxes and lines before they have places.
struct Graph<'a> {
    nodes: Vec<Node<'a>>,
    edges: Vec<(usize, usize)>,
    known: BTreeMap<Key, usize>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Unit(usize),
    Address(String),
    End(usize, Option<Semantic>),
}

impl<'a> Graph<'a> {
    fn fill(&mut self, units: &'a [Unit<'a>], members: &[usize], links: &[Link], chains: &[&Chain]) {
        for &member in members {
            let is_weakest = chains.iter().any(|chain| is_weakest(units, chain, member));
            let unit = &units[member];
            let node = Node::Unit {
                unit,
                name: short(&unit.integration.id),
                gives: gives(unit.integration),
                is_weakest,
            };
            let at = self.node(Key::Unit(member), node);
            let is_fed = links.iter().any(|link| link.to == member);
            if !is_fed && unit.source.contains(':') {
                self.address(&unit.source, |address| (address, at));
            }
        }
        for link in links.iter().filter(|link| members.contains(&link.from)) {
            let (from, to) = (self.known[&Key::Unit(link.from)], self.known[&Key::Unit(link.to)]);
            self.address(&link.address, |address| (from, address));
            self.address(&link.address, |address| (address, to));
        }
        for chain in chains {
            let last = chain.units[chain.units.len() - 1];
            let end = self.node(Key::End(last, chain.guarantee), Node::End(chain.guarantee));
            self.edge((self.known[&Key::Unit(last)], end));
        }
    }

    fn node(&mut self, key: Key, node: Node<'a>) -> usize {
        let new = self.nodes.len();
        let at = *self.known.entry(key).or_insert(new);
        if at == new {
            self.nodes.push(node);
        }
        at
    }

    fn address(&mut self, address: &str, edge: impl Fn(usize) -> (usize, usize)) {
        let at = self.node(Key::Address(address.to_owned()), Node::Address(short(address)));
        self.edge(edge(at));
    }

    fn edge(&mut self, edge: (usize, usize)) {
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }
}

/// A name cut where its box ends.
fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}
