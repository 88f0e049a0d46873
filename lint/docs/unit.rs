//! One integration as its page shows it: everything looked up and put into order, nothing written yet.

use std::collections::BTreeSet;

use delivery_grammar::{Declaration, Mechanism, Semantic};

use super::lanes::{Lanes, Row};
use super::{Picture, Route, Said, Strings};
use crate::config::SourceUrl;
use crate::render::{Place, Resolved, ResolvedFinding, ResolvedIntegration, sentence};
use crate::report::{CrashOutcome, FaultPoint, Integration, Verdict};

/// Some text that leads somewhere, if there is somewhere to go.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Link {
    pub text: String,
    pub href: Option<String>,
}

/// An integration.
#[derive(Debug)]
pub struct Unit<'a> {
    pub integration: &'a Integration,
    /// The name of its page, without folder and extension.
    pub slug: String,
    pub at: Link,
    pub source: String,
    pub sinks: Vec<Link>,
    pub mechanisms: Vec<Shown>,
    pub crash_points: Vec<Crash<'a>>,
    /// What other faults do.
    pub faults: Vec<Fault<'a>>,
    pub picture: Option<Picture<'a>>,
    pub route: Option<Route<'a>>,
    /// Findings with an execution, then those without.
    pub counterexamples: Vec<Reported<'a>>,
    pub findings: Vec<Reported<'a>>,
    pub suppressed: Vec<Reported<'a>>,
}

/// A mechanism and what is known of it.
#[derive(Debug)]
pub struct Shown {
    pub mechanism: Mechanism,
    pub declared: bool,
    /// Where the code shows it.
    pub places: Vec<Link>,
}

/// A row of the crash table.
#[derive(Debug)]
pub struct Crash<'a> {
    pub event: &'a str,
    pub text: &'a str,
    pub at: Option<Link>,
    pub outcome: CrashOutcome,
    /// What happens then.
    pub words: Said,
}

/// What a kind of fault does on its own.
#[derive(Debug)]
pub struct Fault<'a> {
    pub name: &'a str,
    pub outcome: CrashOutcome,
    pub verdict: &'a str,
    pub words: Said,
}

/// A finding of the integration.
#[derive(Debug)]
pub struct Reported<'a> {
    pub rule: &'static str,
    pub code: &'static str,
    pub level: &'static str,
    pub message: Said,
    pub help: Option<Said>,
    /// What the help lists.
    pub points: Vec<Said>,
    pub at: Link,
    /// What else is said about places in the code.
    pub labels: Vec<(Link, Said)>,
    pub lanes: Lanes,
    pub steps: Vec<Step<'a>>,
    /// Why it is allowed, if it is.
    pub reason: Option<&'a str>,
}

/// A step of an execution.
#[derive(Debug)]
pub struct Step<'a> {
    pub actor: &'a str,
    /// Something goes wrong here, and not by the code's doing.
    pub fault: bool,
    pub row: Row,
    pub text: Said,
    pub at: Option<Link>,
}

/// Steps that stand out in an execution, by the words of the report.
const FAULTS: &[&str] = &[
    "crash",
    "lost",
    "reply lost",
    "effect fails",
    "ack lost",
    "commit fails",
    "lease expires",
    "mark expires",
];

/// Every integration, ordered by name.
pub fn all<'a>(report: &'a Resolved<'a>, url: Option<&SourceUrl>, t: &'a Strings) -> Vec<Unit<'a>> {
    let mut slugs = BTreeSet::new();
    let mut resolved: Vec<_> = report.integrations.iter().collect();
    resolved.sort_by_key(|unit| (&unit.integration.id, unit.at.path, unit.at.start));
    resolved
        .into_iter()
        .map(|unit| Unit::new(unit, report, slug(&unit.integration.id, &mut slugs), url, t))
        .collect()
}

/// A file name that no other page has, whatever the file system thinks of letter case.
fn slug(id: &str, taken: &mut BTreeSet<String>) -> String {
    let name = delivery_grammar::page_name(id);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut candidates = std::iter::once(name.clone()).chain(numbered);
    candidates
        .find(|candidate| taken.insert(candidate.to_lowercase()))
        .unwrap_or(name)
}

fn link(place: &Place<'_>, url: Option<&SourceUrl>) -> Link {
    Link {
        text: place.line(),
        href: url.map(|url| url.link(place.path, place.start.line)),
    }
}

impl Link {
    /// The text, escaped, with places where it may be broken.
    #[must_use]
    pub fn html(&self) -> String {
        super::said::html(&self.text).replace('/', "/<wbr>")
    }
}

impl<'a> Unit<'a> {
    fn new(
        unit: &'a ResolvedIntegration<'a>,
        report: &'a Resolved<'a>,
        slug: String,
        url: Option<&SourceUrl>,
        t: &'a Strings,
    ) -> Self {
        let integration = unit.integration;
        let of = |all: &'a [ResolvedFinding<'a>]| {
            all.iter()
                .filter(|found| belongs(found, integration))
                .map(|found| reported(found, url, t))
        };
        let (counterexamples, findings) = of(&report.findings).partition(|found| !found.steps.is_empty());
        Self {
            integration,
            slug,
            at: link(&unit.at, url),
            source: integration.source(),
            sinks: sinks(unit, url),
            mechanisms: mechanisms(unit, url),
            crash_points: unit
                .crash_points
                .iter()
                .map(|(point, at)| Crash {
                    event: point.event,
                    text: &point.text,
                    at: at.as_ref().map(|at| link(at, url)),
                    outcome: point.outcome,
                    words: t.crash(point, integration.direction),
                })
                .collect(),
            faults: integration.fault_points.iter().map(|point| fault(point, t)).collect(),
            picture: Picture::new(integration, t),
            route: Route::of(integration, t),
            counterexamples,
            findings,
            suppressed: of(&report.suppressed).collect(),
        }
    }

    /// What the author promises.
    #[must_use]
    pub fn declaration(&self) -> Option<&'a Declaration> {
        self.integration.declared.as_ref()
    }

    /// What is promised, or what the code gives where nothing is.
    #[must_use]
    pub fn semantic(&self) -> Option<Semantic> {
        self.declaration()
            .map(|declared| declared.semantic)
            .or(self.integration.inferred)
    }

    /// The verdict as a word that style sheets know.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.integration.verdict
    }

    /// A runbook that is a link.
    #[must_use]
    pub fn runbook(&self) -> Option<Link> {
        let text = self.declaration()?.runbook.clone()?;
        let safe = text.starts_with("https://") || text.starts_with("http://");
        let shown = text
            .split_once("://")
            .filter(|_| safe)
            .map_or(text.as_str(), |(_, rest)| rest);
        Some(Link {
            text: shown.to_owned(),
            href: safe.then_some(text),
        })
    }
}

fn fault<'a>(point: &FaultPoint, t: &'a Strings) -> Fault<'a> {
    let held = point.outcome <= CrashOutcome::Absorbed;
    Fault {
        name: t.fault(point.fault),
        outcome: point.outcome,
        verdict: if held { &t.held_up } else { t.outcome(&point.outcome) },
        words: t.struck(point),
    }
}

fn belongs(found: &ResolvedFinding<'_>, integration: &Integration) -> bool {
    let finding = found.finding;
    finding.integration.as_ref().is_some_and(|id| *id == integration.id)
        || finding
            .function
            .as_ref()
            .is_some_and(|function| *function == integration.function)
}

/// What the code shows leads to its line; what only the declaration says does not.
fn sinks(unit: &ResolvedIntegration<'_>, url: Option<&SourceUrl>) -> Vec<Link> {
    let href = |target: &str| {
        let shown = unit.sinks.iter().find(|(sink, _)| sink.to_string() == target)?;
        link(shown.1.as_ref()?, url).href
    };
    unit.integration
        .targets()
        .into_iter()
        .map(|text| Link {
            href: href(&text),
            text,
        })
        .collect()
}

/// Mechanisms that a flow shows beyond doubt. The signs of the others bear out a declaration, and would say too much without one.
const PLAIN: &[Mechanism] = &[
    Mechanism::CommitAfterProcess,
    Mechanism::CommitBeforeProcess,
    Mechanism::TransactionalDedup,
    Mechanism::CacheDedup,
    Mechanism::IdempotentEffect,
    Mechanism::KafkaTransactions,
    Mechanism::PublisherConfirms,
    Mechanism::LeaseExtension,
];

/// The declared ones in their order, then what else the code shows.
fn mechanisms(unit: &ResolvedIntegration<'_>, url: Option<&SourceUrl>) -> Vec<Shown> {
    let declared: &[Mechanism] = unit
        .integration
        .declared
        .as_ref()
        .map_or(&[], |declared| &declared.mechanisms);
    let evident = unit
        .evidence
        .iter()
        .filter(|(mechanism, places)| PLAIN.contains(mechanism) && !declared.contains(mechanism) && !places.is_empty());
    let all = declared.iter().copied().chain(evident.map(|(mechanism, _)| *mechanism));
    all.map(|mechanism| {
        let places = unit
            .evidence
            .iter()
            .filter(|(shown, _)| *shown == mechanism)
            .flat_map(|(_, places)| places);
        let places = places.map(|(place, _)| link(place, url)).collect();
        Shown {
            mechanism,
            declared: declared.contains(&mechanism),
            places,
        }
    })
    .collect()
}

fn reported<'a>(found: &'a ResolvedFinding<'a>, url: Option<&SourceUrl>, t: &Strings) -> Reported<'a> {
    let finding = found.finding;
    let lanes = Lanes::of(&finding.trace);
    let help = finding.help.as_deref().unwrap_or_default().lines();
    let (points, help): (Vec<&str>, Vec<&str>) = help.partition(|line| line.starts_with("- "));
    Reported {
        rule: finding.rule,
        code: finding.code,
        level: finding.level.as_str(),
        message: t.told(&finding.message).alone(),
        help: (!help.is_empty()).then(|| t.told(&help.join(" "))),
        points: points
            .iter()
            .map(|point| t.told(point.trim_start_matches("- ")).alone())
            .collect(),
        at: link(&found.at, url),
        labels: found
            .labels
            .iter()
            .map(|(place, text)| (link(place, url), t.told(text)))
            .collect(),
        steps: found
            .trace
            .iter()
            .map(|(step, at)| Step {
                actor: &step.actor,
                fault: FAULTS.contains(&step.event),
                row: lanes.row(step),
                text: t.told(&sentence(step, &finding.trace)),
                at: at.as_ref().map(|at| link(at, url)),
            })
            .collect(),
        lanes,
        reason: finding.suppressed.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_pages_have_one_name() {
        let mut taken = BTreeSet::new();
        let slugs = ["a::b", "a.b", "A::B", "<T as X>::f", "../../etc", "::"].map(|id| slug(id, &mut taken));
        assert_eq!(slugs, ["a.b", "a.b-2", "A.B-3", "T-as-X-.f", "etc", "integration"]);
    }
}
