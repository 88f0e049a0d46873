//! What a run found: facts, ready to be rendered. No colour, no serde, no words that a renderer would have to take apart.

use std::fmt;

use delivery_grammar::Semantic;
use smol_str::SmolStr;

use crate::flow::Site;
use crate::span::{FileId, Span};

/// How a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Allow,
    Note,
    Warn,
    Deny,
}

impl Level {
    /// The word that configuration and output use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// Everything that a run has to say.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Ordered by file, line, column, rule.
    pub findings: Vec<Finding>,
    /// Ordered by file and line.
    pub integrations: Vec<Integration>,
    /// Files that could matter, and how many of them parsed whole.
    pub files: usize,
    pub parsed: usize,
}

impl Report {
    /// Puts everything into the order of the report: by path, line, column, rule.
    pub fn sort<'a>(&mut self, path: impl Fn(FileId) -> &'a str) {
        let place = |span: Span| (path(span.file), span.start, span.end);
        self.findings.sort_by(|a, b| {
            let key = |finding: &Finding| {
                (
                    path(finding.primary.file),
                    finding.primary.start,
                    finding.code,
                    finding.primary.end,
                )
            };
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        self.integrations
            .sort_by(|a, b| place(a.at).cmp(&place(b.at)).then_with(|| a.id.cmp(&b.id)));
    }
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Finding {
    pub rule: &'static str,
    pub code: &'static str,
    pub level: Level,
    pub message: String,
    pub help: Option<String>,
    pub primary: Span,
    pub labels: Vec<(Span, String)>,
    /// The canonical path of the unit's function, where there is one.
    pub function: Option<SmolStr>,
    pub integration: Option<SmolStr>,
    pub declared: Option<Semantic>,
    /// No declaration: judged as at_least_once (or what `--assume` says).
    pub assumed: bool,
    pub inferred: Option<Semantic>,
    pub trace: Vec<TraceStep>,
    /// The reason of the `allow` that suppresses it; suppressed findings count nowhere and are kept for formats that show them.
    pub suppressed: Option<String>,
    /// What would take its cause away, as far as its rule knows.
    pub remedy: Option<Remedy>,
    /// The remedy written down.
    pub fix: Option<Fix>,
}

/// What would take a cause away: what is to be changed, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// A setting that is on has to be off, or have the value that its client gives it.
    Reset(Span),
    /// The outcome of a call is known later, and nobody waits for it.
    AwaitOutcome(Span),
    /// A row that is there already stays as it is; `store` holds it. `unique`: the schema shows that there can be no second one.
    KeepRow { at: Span, store: SmolStr, unique: bool },
    /// A key is asked for and recorded at once.
    Claim { check: Span, mark: Span },
    /// The acknowledgement stands behind the effect.
    AcknowledgeAfter { ack: Span, effect: Span },
}

/// A change of the code that takes a finding's cause away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a few words.
    pub title: String,
    /// In the order of the text; they do not overlap.
    pub edits: Vec<Edit>,
    pub applicability: Applicability,
}

/// A text in place of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    pub at: Span,
    pub with: String,
}

/// Whether a fix may be made without a look at it; in rustc's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applicability {
    /// With it the code provably does what it declares.
    MachineApplicable,
    /// It may be what is meant, or it may not.
    MaybeIncorrect,
}

impl Applicability {
    /// The word of the JSON report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MachineApplicable => "machine-applicable",
            Self::MaybeIncorrect => "maybe-incorrect",
        }
    }
}

/// A step of an execution, as an incident report tells it.
#[derive(Debug, Clone)]
pub struct TraceStep {
    /// `worker 1`, `broker`, …
    pub actor: String,
    /// `receive`, `effect`, `ack`, `crash`, `redeliver`, …: stable words.
    pub event: &'static str,
    pub at: Option<Span>,
    pub text: String,
}

/// What was understood of one unit.
#[derive(Debug, Clone)]
pub struct Integration {
    /// The declared id, else the function's path.
    pub id: SmolStr,
    pub function: SmolStr,
    /// The function's name, or the attribute if there is one.
    pub at: Span,
    pub direction: Direction,
    pub transport: SmolStr,
    pub address: Option<SmolStr>,
    pub sinks: Vec<Sink>,
    pub declared: Option<delivery_grammar::Declaration>,
    pub inferred: Option<Semantic>,
    pub verdict: Verdict,
    pub assumptions: Vec<String>,
    pub questions: Vec<String>,
    pub crash_points: Vec<CrashPoint>,
    pub fault_points: Vec<FaultPoint>,
    /// What happens to a message if nothing fails.
    pub steps: Vec<UsualStep>,
    /// Mechanism → where the code shows it. A declared mechanism without a place is unproven.
    pub evidence: Vec<(delivery_grammar::Mechanism, Vec<Site>)>,
    /// The flow, printed.
    pub flow: String,
    /// What the search went through.
    pub explored: Explored,
    /// Calls of the unit that could not be resolved, by place.
    pub unresolved: Vec<UnresolvedCall>,
    /// Its function, from the signature to the last brace.
    pub home: Span,
    /// The functions that it goes through, its own included.
    pub reach: Vec<Span>,
}

/// How far a search went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Explored {
    /// Distinct states, over all explorations; none where the control itself cannot be seen.
    pub states: usize,
    /// It gave up.
    pub is_capped: bool,
}

/// A call that nobody could see into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedCall {
    pub at: Span,
    /// What stands in the code.
    pub text: SmolStr,
}

impl Integration {
    /// Where messages come from, as far as anything says it: the code, else the declaration. `kafka:orders.v1`, `kafka:?`, `call`.
    #[must_use]
    pub fn source(&self) -> String {
        let declared = self.declared.as_ref().and_then(|declared| declared.source.as_ref());
        match (&self.address, declared) {
            (Some(address), _) => format!("{}:{address}", self.transport),
            (None, Some(declared)) => declared.to_string(),
            (None, None) if self.transport == "call" => self.transport.to_string(),
            (None, None) => format!("{}:?", self.transport),
        }
    }

    /// Where effects go: what the code shows, then what only the declaration says.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        let mut targets: Vec<String> = self.sinks.iter().map(Sink::to_string).collect();
        let declared = self
            .declared
            .iter()
            .flat_map(|declared| &declared.sinks)
            .map(ToString::to_string);
        for target in declared {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        targets
    }
}

/// `postgres:invoices`; the kind alone where the code shows no target.
impl fmt::Display for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target.as_str() {
            "" => f.write_str(&self.kind),
            target => write!(f, "{}:{target}", self.kind),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Consume,
    Produce,
}

/// Where effects go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sink {
    pub kind: SmolStr,
    pub target: SmolStr,
    pub at: Option<Span>,
    /// An execution leaves it without what it should get.
    pub may_lose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Verified,
    Refuted,
    Conditional,
    Unknown,
}

/// What a crash between two steps does.
#[derive(Debug, Clone)]
pub struct CrashPoint {
    /// The step after which the process dies.
    pub event: &'static str,
    pub at: Option<Span>,
    pub text: String,
    pub outcome: CrashOutcome,
    /// What is repeated or lost, in a reader's words.
    pub effect: Option<String>,
    /// Whether the message is delivered again.
    pub comes_again: bool,
}

/// What a kind of fault does on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultPoint {
    pub fault: Fault,
    pub outcome: CrashOutcome,
    /// What is repeated or lost, in a reader's words.
    pub effect: Option<String>,
}

/// Kinds of faults, the simplest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// None: what the next message does to this one.
    Calm,
    /// A dependency fails or a reply is lost, and the message is delivered again.
    Outage,
    /// The process dies.
    Crash,
    /// Another worker is given the message while this one goes on.
    Lease,
    /// A duplicate comes after its mark is gone.
    Expiry,
    /// Several of these together, where no single one suffices.
    Joint,
}

/// A step of a message's usual way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsualStep {
    /// `receive`, `effect`, `publish`, `check`, `mark`, `begin`, `commit`, `ack`, …: the words of traces.
    pub event: &'static str,
    /// What stands in the code; empty for what a framework does.
    pub text: String,
    /// The store, topic or service that it is about.
    pub target: Option<SmolStr>,
    pub at: Option<Span>,
    /// The transaction that it belongs to, by its number in the unit.
    pub tx: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CrashOutcome {
    /// The message comes again and nothing has happened yet, or all is done.
    NothingLost,
    /// It comes again and the repetition changes nothing.
    Absorbed,
    Repeated,
    Lost,
}

impl Direction {
    /// The word of the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consume => "consume",
            Self::Produce => "produce",
        }
    }
}

impl Verdict {
    /// The word of the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Refuted => "refuted",
            Self::Conditional => "conditional",
            Self::Unknown => "unknown",
        }
    }
}

impl Fault {
    /// The word of the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Outage => "outage",
            Self::Crash => "crash",
            Self::Lease => "lease",
            Self::Expiry => "expiry",
            Self::Joint => "joint",
        }
    }
}

impl CrashOutcome {
    /// The word of the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingLost => "nothing_lost",
            Self::Absorbed => "absorbed",
            Self::Repeated => "repeated",
            Self::Lost => "lost",
        }
    }
}
