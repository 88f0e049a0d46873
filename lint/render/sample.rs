//! A report made by hand: two handlers, one refuted across two files, one verified.

use delivery_grammar::{Declaration, Mechanism, Semantic};

use super::{Files, Package};
use crate::flow::Site;
use crate::report::{
    Applicability, CrashOutcome, CrashPoint, Direction, Edit, Explored, Fault, FaultPoint, Finding, Fix, Integration,
    Level, Report, Sink, TraceStep, UnresolvedCall, UsualStep, Verdict,
};
use crate::span::{FileId, Pos, Span};

/// The files of the sample.
pub struct Sample;

const ORDERS: &str = "\
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};

#[delivery::effectively_once(integration = \"billing.invoices\", source = \"kafka:orders.v1\")]
pub async fn on_order(consumer: &StreamConsumer, pool: &PgPool) -> anyhow::Result<()> {
    let msg = consumer.recv().await?;
    consumer.commit_message(&msg, CommitMode::Sync)?;
    let größe = parse(&msg)?; store::save(pool, größe).await?;
    Ok(())
}
";

const STORE: &str = "\
pub async fn save(pool: &PgPool, order: Order) -> sqlx::Result<()> {
    sqlx::query(\"INSERT INTO invoices VALUES ($1)\").bind(order.id).execute(pool).await?;
    Ok(())
}
";

impl Files for Sample {
    fn package(&self, _: FileId) -> Package {
        Package {
            id: "path+file:///shop#billing".to_owned(),
            manifest: "/shop/Cargo.toml".to_owned(),
            kind: "lib",
            name: "billing".to_owned(),
            root: "/shop/src/lib.rs".to_owned(),
            edition: "2024".to_owned(),
        }
    }

    fn path(&self, file: FileId) -> &str {
        if file == FileId(0) {
            "src/orders.rs"
        } else {
            "src/store.rs"
        }
    }

    fn text(&self, file: FileId) -> &str {
        if file == FileId(0) { ORDERS } else { STORE }
    }
}

/// The first place where `needle` stands.
pub fn at(file: u32, needle: &str) -> Span {
    let text = Sample.text(FileId(file));
    let start = text.find(needle).unwrap_or_else(|| panic!("{needle}"));
    let pos = |byte: usize| {
        let before = &text[..byte];
        let line = before.rsplit('\n').next().unwrap_or_default();
        Pos {
            line: before.matches('\n').count() as u32 + 1,
            column: line.chars().count() as u32 + 1,
        }
    };
    Span {
        file: FileId(file),
        start: pos(start),
        end: pos(start + needle.len()),
    }
}

fn step(actor: &str, event: &'static str, at: Option<Span>, text: &str) -> TraceStep {
    TraceStep {
        actor: actor.to_owned(),
        event,
        at,
        text: text.to_owned(),
    }
}

/// A finding with everything that one can have.
pub fn refutation() -> Finding {
    Finding {
        rule: "commit-before-process",
        code: "D101",
        level: Level::Deny,
        message: "the offset is committed before `INSERT INTO invoices` is durable: a crash in between loses the order"
            .to_owned(),
        help: Some("commit after `store::save` has returned".to_owned()),
        primary: at(0, "consumer.commit_message(&msg, CommitMode::Sync)"),
        labels: vec![
            (
                at(0, "consumer.commit_message(&msg, CommitMode::Sync)"),
                "committed here".to_owned(),
            ),
            (
                at(0, "store::save(pool, größe)"),
                "which leads to the effect".to_owned(),
            ),
            (
                at(1, "sqlx::query(\"INSERT INTO invoices VALUES ($1)\")"),
                "not yet done".to_owned(),
            ),
        ],
        function: Some("billing::orders::on_order".into()),
        integration: Some("billing.invoices".into()),
        declared: Some(Semantic::EffectivelyOnce),
        assumed: false,
        inferred: Some(Semantic::BestEffort),
        trace: vec![
            step(
                "worker 1",
                "receive",
                Some(at(0, "consumer.recv()")),
                "Worker 1 receives message A.",
            ),
            step(
                "worker 1",
                "ack",
                Some(at(0, "consumer.commit_message")),
                "The offset of A is committed.",
            ),
            step("worker 1", "crash", None, "Worker 1 crashes."),
            step(
                "broker",
                "lost",
                None,
                "The broker has nothing to deliver again: A is lost.",
            ),
        ],
        suppressed: None,
        remedy: None,
        fix: Some(Fix {
            title: "acknowledge behind the effect".to_owned(),
            edits: vec![
                Edit {
                    at: at(0, "    consumer.commit_message(&msg, CommitMode::Sync)?;\n"),
                    with: String::new(),
                },
                Edit {
                    at: at(0, "    Ok(())"),
                    with: "    consumer.commit_message(&msg, CommitMode::Sync)?;\n    Ok(())".to_owned(),
                },
            ],
            applicability: Applicability::MaybeIncorrect,
        }),
    }
}

/// Both handlers.
pub fn report() -> Report {
    Report {
        findings: vec![refutation(), no_edge_cases()],
        integrations: vec![refuted(), verified()],
        files: 3,
        parsed: 2,
    }
}

fn no_edge_cases() -> Finding {
    Finding {
        rule: "missing-edge-cases",
        code: "D504",
        level: Level::Warn,
        message: "no edge case is written down".to_owned(),
        help: None,
        primary: at(1, "pub async fn save(pool: &PgPool, order: Order) -> sqlx::Result<()>"),
        labels: Vec::new(),
        trace: Vec::new(),
        fix: None,
        ..refutation()
    }
}

fn refuted() -> Integration {
    let mut declared = Declaration::new(Semantic::EffectivelyOnce, "billing.invoices");
    declared.why = Some("A lost order is lost money, a repeated one is a <double> charge.".to_owned());
    declared.mechanisms = vec![Mechanism::TransactionalDedup, Mechanism::CommitAfterProcess];
    declared.edge_cases = vec!["Crash between insert and commit: absorbed by the dedup row.".to_owned()];
    declared.metrics = vec!["invoices_duplicates_total".to_owned()];
    declared.tested_by = vec!["tests::redelivery_is_absorbed".to_owned()];
    declared.owner = Some("team-billing".to_owned());
    declared.runbook = Some("https://wiki.example.com/invoices".to_owned());
    declared.source = "kafka:orders.v1".parse().ok();
    Integration {
        id: "billing.invoices".into(),
        function: "billing::orders::on_order".into(),
        at: at(0, "on_order"),
        direction: Direction::Consume,
        transport: "kafka".into(),
        address: Some("orders.v1".into()),
        sinks: vec![Sink {
            kind: "postgres".into(),
            target: "invoices".into(),
            at: Some(at(1, "sqlx::query")),
            may_lose: false,
        }],
        declared: Some(declared),
        inferred: Some(Semantic::BestEffort),
        verdict: Verdict::Refuted,
        assumptions: vec!["the unique key of `invoices` covers `id`".to_owned()],
        questions: Vec::new(),
        crash_points: vec![
            crash(
                "receive",
                at(0, "consumer.recv()"),
                "consumer.recv",
                CrashOutcome::NothingLost,
            ),
            crash(
                "ack",
                at(0, "consumer.commit_message"),
                "consumer.commit_message",
                CrashOutcome::Lost,
            ),
            crash(
                "effect",
                at(1, "sqlx::query"),
                "INSERT INTO invoices",
                CrashOutcome::Repeated,
            ),
        ],
        fault_points: vec![FaultPoint {
            fault: Fault::Crash,
            outcome: CrashOutcome::Lost,
            effect: Some("INSERT INTO invoices".to_owned()),
        }],
        steps: vec![
            usual("receive", "consumer.recv", None),
            usual("ack", "consumer.commit_message", None),
            usual("effect", "INSERT INTO invoices", Some("postgres:invoices")),
        ],
        evidence: vec![(Mechanism::CommitAfterProcess, vec![site(0, "consumer.commit_message")])],
        flow: "receive → ack → effect(postgres:invoices) ⤴".to_owned(),
        unresolved: vec![UnresolvedCall {
            at: at(0, "consumer.recv()"),
            text: "consumer.recv()".into(),
        }],
        explored: Explored {
            states: 42,
            is_capped: false,
        },
        home: at(0, "on_order"),
        reach: Vec::new(),
    }
}

fn verified() -> Integration {
    Integration {
        id: "billing::store::save".into(),
        function: "billing::store::save".into(),
        at: at(1, "save"),
        direction: Direction::Produce,
        transport: "call".into(),
        address: None,
        declared: None,
        inferred: Some(Semantic::AtLeastOnce),
        verdict: Verdict::Verified,
        assumptions: Vec::new(),
        crash_points: Vec::new(),
        fault_points: Vec::new(),
        steps: Vec::new(),
        evidence: Vec::new(),
        unresolved: Vec::new(),
        questions: vec!["does `audit::log` write anything?".to_owned()],
        ..refuted()
    }
}

fn crash(event: &'static str, at: Span, text: &str, outcome: CrashOutcome) -> CrashPoint {
    CrashPoint {
        event,
        at: Some(at),
        text: text.to_owned(),
        outcome,
        effect: Some("INSERT INTO invoices".to_owned()).filter(|_| outcome > CrashOutcome::Absorbed),
        comes_again: outcome != CrashOutcome::Lost,
    }
}

fn usual(event: &'static str, text: &str, target: Option<&str>) -> UsualStep {
    UsualStep {
        event,
        text: text.to_owned(),
        target: target.map(Into::into),
        at: None,
        tx: None,
    }
}

fn site(file: u32, needle: &str) -> Site {
    Site {
        span: at(file, needle),
        via: Vec::new(),
        text: needle.into(),
    }
}
