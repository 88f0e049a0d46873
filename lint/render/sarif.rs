//! SARIF 2.1.0, for code scanning: the execution as a code flow, the rules' texts, stable fingerprints, and what was silenced and why.
//!
//! Specification: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_sarif::sarif::{
    ArtifactChange, ArtifactContent, ArtifactLocation, CodeFlow, Fix, Location, LogicalLocation, Message,
    MultiformatMessageString, PhysicalLocation, PropertyBag, Region, Replacement, ReportingConfiguration,
    ReportingDescriptor, Result, ResultLevel, Run, Sarif, Suppression, ThreadFlow, ThreadFlowLocation, Tool,
    ToolComponent,
};

use super::fingerprint::identities;
use super::human::sentence;
use super::{Place, Resolved, ResolvedFinding, ResolvedFix, json};
use crate::report::Level;
use crate::rules::{RULES, Rule};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The scheme of the fingerprints: another way to make them gets another name.
const FINGERPRINT: &str = "ruleFunctionText/v1";
/// What paths are relative to.
const ROOT: &str = "%SRCROOT%";

/// One run with all rules.
pub fn render(report: &Resolved<'_>) -> String {
    let results = results(&report.findings)
        .chain(results(&report.suppressed))
        .chain(results(&report.known).map(in_baseline));
    let run = Run::builder()
        .tool(Tool::from(driver()))
        .column_kind("unicodeCodePoints")
        .results(results.collect::<Vec<_>>())
        .build();
    let log = Sarif::builder().schema(SCHEMA).version("2.1.0").runs(vec![run]).build();
    json::written(&log)
}

fn driver() -> ToolComponent {
    ToolComponent::builder()
        .name("cargo-delivery")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .information_uri(env!("CARGO_PKG_REPOSITORY"))
        .rules(RULES.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>())
        .build()
}

fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let text = |text: &str| MultiformatMessageString::builder().text(text).build();
    let level = ReportingConfiguration::builder()
        .level(level(rule.level).to_string())
        .build();
    ReportingDescriptor::builder()
        .id(rule.code)
        .name(rule.name)
        .short_description(text(rule.name))
        .full_description(text(rule.summary))
        .help(
            MultiformatMessageString::builder()
                .text(rule.doc)
                .markdown(rule.doc)
                .build(),
        )
        .help_uri(help_uri(rule))
        .default_configuration(level)
        .properties(
            PropertyBag::builder()
                .tags(vec!["reliability".to_owned(), "delivery-semantics".to_owned()])
                .build(),
        )
        .build()
}

/// The rule's page.
pub(super) fn help_uri(rule: &Rule) -> String {
    let file = rule.name.replace('-', "_");
    format!("{}/blob/main/lint/rules/{file}.md", env!("CARGO_PKG_REPOSITORY"))
}

const fn level(level: Level) -> ResultLevel {
    match level {
        Level::Deny => ResultLevel::Error,
        Level::Warn => ResultLevel::Warning,
        Level::Note => ResultLevel::Note,
        Level::Allow => ResultLevel::None,
    }
}

fn results<'r>(findings: &'r [ResolvedFinding<'_>]) -> impl Iterator<Item = Result> + 'r {
    let identities = identities(findings);
    findings.iter().zip(identities).map(|(found, (identity, nth))| {
        let fingerprint = BTreeMap::from([(FINGERPRINT.to_owned(), identity.fingerprint(nth))]);
        result(found, fingerprint)
    })
}

fn result(found: &ResolvedFinding<'_>, fingerprint: BTreeMap<String, String>) -> Result {
    let finding = found.finding;
    let index = RULES
        .iter()
        .position(|rule| rule.name == finding.rule)
        .unwrap_or_default();
    let help = finding.help.iter().map(|help| format!("\n\nHelp: {help}"));
    let text: String = std::iter::once(finding.message.clone()).chain(help).collect();
    let mut result = Result::builder()
        .rule_id(finding.code)
        .rule_index(i64::try_from(index).unwrap_or_default())
        .level(level(finding.level))
        .message(Message::from(&text))
        .locations(vec![primary(found)])
        .related_locations(
            found
                .labels
                .iter()
                .map(|(at, text)| located(at, text))
                .collect::<Vec<_>>(),
        )
        .partial_fingerprints(fingerprint)
        .suppressions(suppressions(finding.suppressed.as_deref()))
        .properties(properties(found))
        .build();
    result.code_flows = (!found.trace.is_empty()).then(|| vec![flow(found)]);
    result.fixes = found.fix.as_ref().map(|fix| vec![self::fix(fix)]);
    result
}

fn primary(found: &ResolvedFinding<'_>) -> Location {
    let mut location = place(&found.at);
    location.logical_locations = found.finding.function.as_ref().map(|function| {
        let name = LogicalLocation::builder()
            .fully_qualified_name(function.as_str())
            .kind("function");
        vec![name.build()]
    });
    location
}

fn located(at: &Place<'_>, text: &str) -> Location {
    Location {
        message: Some(Message::from(text)),
        ..place(at)
    }
}

fn place(at: &Place<'_>) -> Location {
    let physical = PhysicalLocation::builder()
        .artifact_location(artifact(at.path))
        .region(region(at));
    Location::builder().physical_location(physical.build()).build()
}

fn artifact(path: &str) -> ArtifactLocation {
    ArtifactLocation::builder().uri(uri(path)).uri_base_id(ROOT).build()
}

fn region(at: &Place<'_>) -> Region {
    Region::builder()
        .start_line(at.start.line)
        .start_column(at.start.column)
        .end_line(at.end.line)
        .end_column(at.end.column)
        .snippet(ArtifactContent::builder().text(at.snippet()).build())
        .build()
}

/// A path as a relative reference (RFC 3986): what may not stand in one is percent-encoded.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
    path.bytes().fold(String::new(), |mut out, byte| {
        match plain(byte) {
            true => out.push(char::from(byte)),
            false => _ = write!(out, "%{byte:02X}"),
        }
        out
    })
}

/// The change of each file. The format has no word for how certain it is, so a property says it.
fn fix(resolved: &ResolvedFix<'_>) -> Fix {
    let mut changes: BTreeMap<&str, Vec<Replacement>> = BTreeMap::new();
    for (at, text) in &resolved.edits {
        let replacement = Replacement::builder()
            .deleted_region(region(at))
            .inserted_content(ArtifactContent::builder().text(*text).build())
            .build();
        changes.entry(at.path).or_default().push(replacement);
    }
    let changes = changes.into_iter().map(|(path, replacements)| {
        ArtifactChange::builder()
            .artifact_location(artifact(path))
            .replacements(replacements)
            .build()
    });
    let applicability = serde_json::Value::from(resolved.fix.applicability.as_str());
    let properties = BTreeMap::from([("applicability".to_owned(), applicability)]);
    Fix::builder()
        .description(Message::from(&resolved.fix.title))
        .artifact_changes(changes.collect::<Vec<_>>())
        .properties(PropertyBag::builder().additional_properties(properties).build())
        .build()
}

/// The execution. What has no place of its own (a crash) stands where the step before it stands.
fn flow(found: &ResolvedFinding<'_>) -> CodeFlow {
    let mut here = &found.at;
    let mut locations = Vec::new();
    for (order, (step, at)) in (1_i64..).zip(&found.trace) {
        here = at.as_ref().unwrap_or(here);
        let text = sentence(step, &found.finding.trace);
        let location = ThreadFlowLocation::builder()
            .execution_order(order)
            .kinds(vec![step.event.to_owned()])
            .module(step.actor.as_str())
            .location(located(here, &text));
        locations.push(location.build());
    }
    let thread = ThreadFlow::builder().locations(locations).build();
    CodeFlow::builder().thread_flows(vec![thread]).build()
}

fn in_baseline(result: Result) -> Result {
    let known = Suppression::builder()
        .kind("external")
        .justification("known: in the baseline")
        .build();
    Result {
        suppressions: Some(vec![known]),
        ..result
    }
}

/// Empty where nothing is silenced: a list on one result and none on another would be read as "not known".
fn suppressions(reason: Option<&str>) -> Vec<Suppression> {
    reason
        .map(|reason| Suppression::builder().kind("inSource").justification(reason).build())
        .into_iter()
        .collect()
}

fn properties(found: &ResolvedFinding<'_>) -> PropertyBag {
    let finding = found.finding;
    let semantic = |semantic: Option<delivery_grammar::Semantic>| semantic.map(|semantic| semantic.as_str().to_owned());
    let facts = [
        ("integration", finding.integration.as_ref().map(ToString::to_string)),
        ("declared", semantic(finding.declared)),
        ("inferred", semantic(finding.inferred)),
    ];
    let known = facts
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), serde_json::Value::from(value?))));
    PropertyBag::builder()
        .additional_properties(known.collect::<BTreeMap<_, _>>())
        .build()
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("src/größe x/a:b.rs"), "src/gr%C3%B6%C3%9Fe%20x/a%3Ab.rs");
        assert_eq!(uri("src/ok-1_2.rs"), "src/ok-1_2.rs");
    }
}
