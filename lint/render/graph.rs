//! Who feeds whom: the integrations, the addresses between them, and what each chain gives from end to end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::ValueEnum;
use delivery_grammar::Semantic;
use serde::Serialize;

use super::json;
use super::text::printable;
use crate::chains::{Chain, Link, chains, gives, links};
use crate::report::Integration;

/// How the graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// The chains, one after the other
    Human,
    /// For Graphviz: `cargo delivery graph --format dot | dot -Tsvg`
    Dot,
    /// For Markdown that draws Mermaid
    Mermaid,
    /// Integrations, links and chains
    Json,
}

/// The integrations of a workspace and how they feed each other.
#[must_use]
pub fn graph(integrations: &[Integration], format: GraphFormat) -> String {
    let units: Vec<&Integration> = integrations.iter().collect();
    let links = links(&units);
    let map = Map {
        chains: chains(&units, &links),
        units,
        links,
    };
    match format {
        GraphFormat::Human => map.human(),
        GraphFormat::Dot => map.dot(),
        GraphFormat::Mermaid => map.mermaid(),
        GraphFormat::Json => map.json(),
    }
}

struct Map<'a> {
    units: Vec<&'a Integration>,
    links: Vec<Link>,
    chains: Vec<Chain>,
}

/// `unknown` where nothing could be inferred and nothing is declared.
fn word(semantic: Option<Semantic>) -> &'static str {
    semantic.map_or("unknown", Semantic::as_str)
}

impl Map<'_> {
    fn human(&self) -> String {
        if self.units.is_empty() {
            return "no integrations found\n".to_owned();
        }
        let mut text = String::new();
        for chain in &self.chains {
            self.tell(chain, &mut text);
        }
        printable(&text).into_owned()
    }

    fn tell(&self, chain: &Chain, text: &mut String) {
        let first = self.units[chain.units[0]];
        let _ = writeln!(text, "{}  ({})", first.id, first.source());
        let _ = writeln!(text, "  gives {}", word(gives(first)));
        for (address, &unit) in chain.addresses.iter().zip(&chain.units[1..]) {
            let _ = writeln!(text, "  -> {address} -> {}", self.units[unit].id);
            let _ = writeln!(text, "  gives {}", word(gives(self.units[unit])));
        }
        let ends = self.units[chain.units[chain.units.len() - 1]].targets();
        if !ends.is_empty() {
            let _ = writeln!(text, "  -> {}", ends.join(", "));
        }
        if chain.units.len() > 1 {
            let _ = writeln!(
                text,
                "  end to end: {}; weakest link: {}",
                word(chain.guarantee),
                self.units[chain.weakest].id
            );
        }
        text.push('\n');
    }

    /// What is drawn: integrations, addresses, and the arrows between them.
    fn arrows(&self) -> Vec<(Node, Node)> {
        let mut arrows = Vec::new();
        for (number, unit) in self.units.iter().enumerate() {
            let fed: Vec<String> = self
                .links
                .iter()
                .filter(|link| link.to == number)
                .map(|link| link.address.clone())
                .collect();
            let source = unit.source();
            for address in if fed.is_empty() && source != "call" {
                vec![source]
            } else {
                fed
            } {
                arrows.push((Node::Address(address), Node::Unit(number)));
            }
            arrows.extend(
                unit.targets()
                    .into_iter()
                    .map(|target| (Node::Unit(number), Node::Address(target))),
            );
        }
        arrows.sort();
        arrows.dedup();
        arrows
    }

    fn addresses(&self) -> BTreeMap<String, usize> {
        let ends = self.arrows().into_iter().flat_map(|(from, to)| [from, to]);
        let named = ends.filter_map(|node| match node {
            Node::Address(address) => Some(address),
            Node::Unit(_) => None,
        });
        let mut all: Vec<String> = named.collect();
        all.sort();
        all.dedup();
        all.into_iter().zip(0..).collect()
    }

    fn dot(&self) -> String {
        let addresses = self.addresses();
        let mut text = "digraph delivery {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n".to_owned();
        for (number, unit) in self.units.iter().enumerate() {
            let label = format!("{}\\n{}", escaped(&unit.id), word(gives(unit)));
            let _ = writeln!(text, "  u{number} [shape=box, style=rounded, label=\"{label}\"];");
        }
        for (address, number) in &addresses {
            let _ = writeln!(text, "  a{number} [shape=cds, label=\"{}\"];", escaped(address));
        }
        for (from, to) in self.arrows() {
            let _ = writeln!(text, "  {} -> {};", from.name(&addresses), to.name(&addresses));
        }
        text + "}\n"
    }

    fn mermaid(&self) -> String {
        let addresses = self.addresses();
        let mut text = "flowchart LR\n".to_owned();
        for (number, unit) in self.units.iter().enumerate() {
            let _ = writeln!(text, "  u{number}(\"{}<br>{}\")", quoted(&unit.id), word(gives(unit)));
        }
        for (address, number) in &addresses {
            let _ = writeln!(text, "  a{number}[/\"{}\"/]", quoted(address));
        }
        for (from, to) in self.arrows() {
            let _ = writeln!(text, "  {} --> {}", from.name(&addresses), to.name(&addresses));
        }
        text
    }

    fn json(&self) -> String {
        let id = |unit: usize| self.units[unit].id.as_str();
        let unit = |unit: &&Integration| UnitJson {
            integration: unit.id.to_string(),
            source: unit.source(),
            sinks: unit.targets(),
            gives: gives(unit).map(Semantic::as_str),
        };
        let link = |link: &Link| LinkJson {
            from: id(link.from).to_owned(),
            to: id(link.to).to_owned(),
            address: link.address.clone(),
        };
        let chain = |chain: &Chain| ChainJson {
            integrations: chain.units.iter().map(|&unit| id(unit).to_owned()).collect(),
            gives: chain.guarantee.map(Semantic::as_str),
            weakest: id(chain.weakest).to_owned(),
        };
        json::written(&GraphJson {
            version: 1,
            integrations: self.units.iter().map(unit).collect(),
            links: self.links.iter().map(link).collect(),
            chains: self.chains.iter().map(chain).collect(),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Unit(usize),
    Address(String),
}

impl Node {
    fn name(&self, addresses: &BTreeMap<String, usize>) -> String {
        match self {
            Self::Unit(number) => format!("u{number}"),
            Self::Address(address) => format!("a{}", addresses.get(address).copied().unwrap_or_default()),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn quoted(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[derive(Serialize)]
struct GraphJson {
    version: u32,
    integrations: Vec<UnitJson>,
    links: Vec<LinkJson>,
    chains: Vec<ChainJson>,
}

#[derive(Serialize)]
struct UnitJson {
    integration: String,
    source: String,
    sinks: Vec<String>,
    gives: Option<&'static str>,
}

#[derive(Serialize)]
struct LinkJson {
    from: String,
    to: String,
    address: String,
}

#[derive(Serialize)]
struct ChainJson {
    integrations: Vec<String>,
    gives: Option<&'static str>,
    weakest: String,
}
