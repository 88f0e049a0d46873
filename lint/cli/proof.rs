//! Which changes of the code help: they are tried on its text, and one is certain only if the checker verifies its unit with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use smol_str::SmolStr;

use super::session::{Asked, Session};
use crate::fix::{self, Proposal};
use crate::render::Files as _;
use crate::report::{Applicability, Edit, Finding, Verdict};
use crate::rules::{Check, Group, RULES, rule};

impl Asked<'_> {
    /// The session that there would be after some edits.
    pub fn after<'e>(&self, session: &Session, edits: impl IntoIterator<Item = &'e Edit>) -> anyhow::Result<Session> {
        let mut drafts = self.drafts.clone();
        drafts.extend(changed(session, edits));
        Asked {
            drafts: &drafts,
            ..*self
        }
        .session()
    }
}

/// The texts of the files that some edits change, by absolute path.
pub fn changed<'e>(session: &Session, edits: impl IntoIterator<Item = &'e Edit>) -> BTreeMap<PathBuf, String> {
    let files = fix::by_file(edits);
    let text = |(file, edits): (&_, &Vec<&Edit>)| {
        let path = session.workspace.absolute(session.path(*file));
        (path, fix::apply(session.text(*file), edits))
    };
    files.iter().map(text).collect()
}

/// Adds to each finding the change that takes its cause away, if there is one, and whether it does so for certain.
pub fn add_fixes(session: &mut Session, asked: &Asked<'_>) {
    let mut proposals = session.proposals();
    for index in proved(session, asked, &proposals) {
        proposals[index].fix.applicability = Applicability::MachineApplicable;
    }
    for proposal in proposals {
        session.report.findings[proposal.index].fix = Some(proposal.fix);
    }
}

/// Changes are tried together, since faults of one unit may have to go away together. Those that do not help are left out of the next
/// attempt: after a few what does not settle is not certain.
const ATTEMPTS: usize = 4;

/// The proposals that make their unit keep its promise.
fn proved(session: &Session, asked: &Asked<'_>, proposals: &[Proposal]) -> Vec<usize> {
    let is_candidate = |proposal: &Proposal| {
        let finding = &session.report.findings[proposal.index];
        proposal.provable && finding.declared.is_some() && !finding.assumed
    };
    let all = proposals.iter().enumerate();
    let mut candidates: Vec<usize> = all.filter(|(_, one)| is_candidate(one)).map(|(at, _)| at).collect();
    for _ in 0..ATTEMPTS {
        if candidates.is_empty() {
            break;
        }
        let edits = candidates.iter().flat_map(|&at| &proposals[at].fix.edits);
        let Ok(after) = asked.after(session, edits) else { break };
        let helped = Helped::new(session, &after);
        let finding = |at: &usize| &session.report.findings[proposals[*at].index];
        let kept: Vec<usize> = candidates
            .iter()
            .copied()
            .filter(|at| helped.is_cured(finding(at)))
            .collect();
        if kept.len() == candidates.len() && helped.harms_nobody() {
            return kept;
        }
        candidates = kept;
    }
    Vec::new()
}

/// What became of the units.
struct Helped<'s> {
    after: &'s Session,
    /// What is found after the change and was not before.
    new: BTreeSet<Kind>,
}

/// A rule, and the unit that it is about.
type Kind = (&'static str, Option<SmolStr>);

impl<'s> Helped<'s> {
    fn new(before: &Session, after: &'s Session) -> Self {
        let known = kinds(before);
        let new = kinds(after)
            .difference(&known)
            .filter(|kind| is_fault(kind.0))
            .cloned()
            .collect();
        Self { after, new }
    }

    /// Whether the unit of a finding is verified now, with nothing found that was not there, and without the finding.
    fn is_cured(&self, finding: &Finding) -> bool {
        let mut units = self
            .after
            .report
            .integrations
            .iter()
            .filter(|unit| Some(&unit.id) == finding.integration.as_ref());
        let is_new = self.new.iter().any(|(_, unit)| *unit == finding.integration);
        let verified = units.next().is_some_and(|unit| unit.verdict == Verdict::Verified);
        verified && !is_new && !kinds(self.after).contains(&kind(finding))
    }

    fn harms_nobody(&self) -> bool {
        self.new.is_empty()
    }
}

/// Whether a rule is about what code does. That a guarantee, once it holds, rests on something or is documented too little is no harm.
pub fn is_fault(name: &str) -> bool {
    rule(name).is_some_and(|rule| rule.group() != Some(Group::Declaration)) || name == unmet()
}

/// What no other rule explains.
fn unmet() -> &'static str {
    let leftover = RULES.iter().find(|rule| matches!(rule.check, Check::Leftover));
    leftover.map_or("", |rule| rule.name)
}

fn kinds(session: &Session) -> BTreeSet<Kind> {
    session.report.findings.iter().map(kind).collect()
}

fn kind(finding: &Finding) -> Kind {
    (finding.rule, finding.integration.clone())
}
