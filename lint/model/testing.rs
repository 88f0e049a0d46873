//! Flows written as text, for tests and benchmarks. The inverse of [`Flow`]'s `Display`, and friendlier to write.
//!
//! ```text
//! source kafka log manual              transport, broker, settle [dlq|no-dlq]
//! effect pay http:POST plain           name, target, idem|plain|opaque|unknown [publish|http|mail] [unconfirmed] [volatile] [unstable]
//! key seen postgres:seen               name, store [memory|cache] [ttl=MILLIS] [unique|not-unique] [fresh]
//! tx t postgres                        name, store [serializable|locked]
//! cond c fixed                         name, fixed|malformed|free
//! task w per-message                   name [per-message]
//! retry r bounded                      name [bounded|unbounded]
//! again:   receive                     label, step, edges: outcome=label
//!          effect pay retry=r ?        `?`: a failure ends the function with an error
//!          ack ok=again ?
//! ```
//!
//! An outcome that is not given leads to the next line, unless it is a failure: that has no edge. Each node's span is its line.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::flow::{
    Ack, Broker, CondId, CondKind, Condition, Covers, DeadLetter, Durability, Edge, Effect, EffectId, EffectKind,
    Ended, Flow, Idempotency, Isolation, Key, KeyId, Known, MarkMode, Node, NodeId, Outcome, Retry, RetryId, Settle,
    Site, Source, Step, Task, TaskId, Transaction, TxId, Unknown,
};
use crate::span::{FileId, Pos, Span};

/// Reads a flow.
///
/// # Panics
/// On a mistake in the text: it is a test's own.
#[must_use]
pub fn flow(text: &str) -> Flow {
    let mut reader = Reader::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            reader.line(number, line);
        }
    }
    reader.finish()
}

/// The span that [`flow`] gives to what stands on a line, counted from 1.
#[must_use]
pub fn line(number: u32) -> Span {
    let at = |column| Pos { line: number, column };
    Span {
        file: FileId(0),
        start: at(1),
        end: at(80),
    }
}

/// The line of a label, for expectations.
///
/// # Panics
/// If there is no such label.
#[must_use]
pub fn line_of(text: &str, label: &str) -> u32 {
    let start = format!("{label}:");
    let found = (1..)
        .zip(text.lines())
        .find(|(_, line)| line.trim_start().starts_with(&start));
    found.unwrap_or_else(|| panic!("no line starts with {start}")).0
}

#[derive(Default)]
struct Reader {
    source: Option<Source>,
    effects: Names<Effect>,
    keys: Names<Key>,
    transactions: Names<Transaction>,
    tasks: Names<Task>,
    conditions: Names<Condition>,
    retries: Names<Retry>,
    unknown: Vec<Unknown>,
    observed: Known,
    lines: Vec<Line>,
    labels: BTreeMap<String, u32>,
}

struct Names<T> {
    names: Vec<String>,
    items: Vec<T>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            items: Vec::new(),
        }
    }
}

impl<T> Names<T> {
    fn add(&mut self, name: &str, item: T) {
        self.names.push(name.into());
        self.items.push(item);
    }

    fn id(&self, name: &str) -> u32 {
        let index = self.names.iter().position(|known| known == name);
        index
            .and_then(|index| u32::try_from(index).ok())
            .unwrap_or_else(|| panic!("`{name}` is not declared"))
    }
}

struct Line {
    at: Site,
    words: Vec<String>,
    edges: Vec<(Outcome, String)>,
    retry: Option<RetryId>,
    question: bool,
}

fn site(number: u32, text: &str) -> Site {
    Site {
        span: line(number),
        via: Vec::new(),
        text: SmolStr::new(text),
    }
}

impl Reader {
    fn line(&mut self, number: u32, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let has = |word: &str| words.contains(&word);
        match words[0] {
            "source" => self.source = Some(source(number, &words)),
            "effect"
                if words.len() > 3
                    && !words.iter().any(|w| w.contains('=') && !w.starts_with("limit="))
                    && is_idempotency(words[3]) =>
            {
                self.effects.add(words[1], effect(number, &words));
            }
            "key" => self.keys.add(words[1], key(number, &words)),
            "tx" => self.transactions.add(words[1], transaction(&words)),
            "cond" => self.conditions.add(words[1], condition(number, &words)),
            "task" => self.tasks.add(
                words[1],
                Task {
                    at: site(number, text),
                    per_message: has("per-message"),
                },
            ),
            "retry" => self.retries.add(
                words[1],
                Retry {
                    at: site(number, text),
                    bounded: bounded(&words),
                },
            ),
            "unknown" => self.unknown.push(Unknown {
                at: Some(line(number)),
                why: SmolStr::new(text),
            }),
            "unobserved" => self.observed = Known::No,
            _ => self.node(number, text, &words),
        }
    }

    fn node(&mut self, number: u32, text: &str, words: &[&str]) {
        let (label, words) = match words[0].strip_suffix(':') {
            Some(label) => (Some(label), &words[1..]),
            None => (None, words),
        };
        if let Some(label) = label {
            self.labels
                .insert(label.into(), u32::try_from(self.lines.len()).unwrap_or(u32::MAX));
        }
        let mut line = Line {
            at: site(number, text),
            words: Vec::new(),
            edges: Vec::new(),
            retry: None,
            question: false,
        };
        for word in words {
            match word.split_once('=') {
                Some(("retry", name)) => line.retry = Some(RetryId(self.retries.id(name))),
                Some((when, to)) if outcome(when).is_some() => {
                    line.edges.extend(outcome(when).map(|o| (o, to.to_owned())))
                }
                _ if *word == "?" => line.question = true,
                _ => line.words.push((*word).to_owned()),
            }
        }
        self.lines.push(line);
    }

    fn finish(self) -> Flow {
        let failure = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        let mut nodes: Vec<Node> = (0..)
            .zip(&self.lines)
            .map(|(index, line)| self.build(index, line, failure))
            .collect();
        nodes.push(Node {
            step: Step::Exit(Ended::Err),
            at: None,
            edges: Vec::new(),
            retry: None,
        });
        Flow {
            function: "test::unit".into(),
            source: self
                .source
                .unwrap_or_else(|| source(1, &["source", "kafka", "log", "manual"])),
            nodes,
            effects: self.effects.items,
            keys: self.keys.items,
            transactions: self.transactions.items,
            tasks: self.tasks.items,
            conditions: self.conditions.items,
            retries: self.retries.items,
            unknown: self.unknown,
            assumptions: Vec::new(),
            observed: self.observed,
            stands_in: None,
        }
    }

    fn build(&self, index: u32, line: &Line, failure: u32) -> Node {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        let step = self.step(&words);
        let target = |label: &String| NodeId(*self.labels.get(label).unwrap_or_else(|| panic!("no label `{label}`")));
        let mut edges: Vec<Edge> = line
            .edges
            .iter()
            .map(|(when, to)| Edge {
                when: *when,
                to: target(to),
            })
            .collect();
        for when in usual(&step) {
            if !edges.iter().any(|edge| edge.when == *when) {
                edges.push(Edge {
                    when: *when,
                    to: NodeId(index + 1),
                });
            }
        }
        if line.question {
            edges.push(Edge {
                when: Outcome::Err,
                to: NodeId(failure),
            });
        }
        Node {
            step,
            at: Some(line.at.clone()),
            edges,
            retry: line.retry,
        }
    }

    fn step(&self, words: &[&str]) -> Step {
        let has = |word: &str| words.contains(&word);
        let tx = words
            .iter()
            .position(|&word| word == "in")
            .map(|at| TxId(self.transactions.id(words[at + 1])));
        let name = |at: usize| words.get(at).copied().unwrap_or_default();
        match words[0] {
            "receive" => Step::Receive,
            "ack" => Step::Ack(Ack {
                tx,
                fenced: if has("unfenced") { Known::No } else { Known::Unknown },
                awaited: if has("unawaited") { Known::No } else { Known::Unknown },
                ..Ack::of(covers(words))
            }),
            "nack" => Step::Nack {
                requeue: !has("drop"),
                multiple: has("multiple"),
            },
            "claim" => Step::Claim { tx },
            "rewind" => Step::Rewind,
            "effect" => Step::Effect {
                effect: EffectId(self.effects.id(name(1))),
                tx,
            },
            "opaque" => Step::Opaque {
                effect: EffectId(self.effects.id(name(1))),
            },
            "read" => Step::Read { from: name(1).into() },
            "check" => Step::Check {
                key: KeyId(self.keys.id(name(1))),
                tx,
                locks: has("locks"),
            },
            "mark" => self.mark(words, tx),
            "unmark" => Step::Unmark {
                key: KeyId(self.keys.id(name(1))),
                tx,
            },
            "begin" => Step::Begin {
                tx: TxId(self.transactions.id(name(1))),
            },
            "commit" => Step::Commit {
                tx: TxId(self.transactions.id(name(1))),
            },
            "rollback" => Step::Rollback {
                tx: TxId(self.transactions.id(name(1))),
            },
            "spawn" => Step::Spawn {
                task: TaskId(self.tasks.id(name(1))),
            },
            "join" => Step::Join {
                task: TaskId(self.tasks.id(name(1))),
            },
            "handoff" => Step::Handoff {
                carries_ack: has("carries-ack"),
            },
            "branch" => Step::Branch {
                on: CondId(self.conditions.id(name(1))),
            },
            "sleep" => Step::Sleep {
                millis: name(1).parse().ok(),
            },
            "extend" => Step::ExtendLease,
            "pass" => Step::Pass,
            "exit" => Step::Exit(ended(name(1))),
            "end" => Step::TaskEnd(ended(name(1))),
            other => panic!("unknown step `{other}`"),
        }
    }

    fn mark(&self, words: &[&str], tx: Option<TxId>) -> Step {
        let mode = match () {
            () if words.contains(&"unique") => MarkMode::Unique,
            () if words.contains(&"if-absent") => MarkMode::IfAbsent,
            () => MarkMode::Plain,
        };
        let effect = words
            .iter()
            .position(|&word| word == "with")
            .map(|at| EffectId(self.effects.id(words[at + 1])));
        Step::Mark {
            key: KeyId(self.keys.id(words[1])),
            tx,
            mode,
            effect,
        }
    }
}

fn usual(step: &Step) -> &'static [Outcome] {
    match step {
        Step::Receive => &[Outcome::Next],
        Step::Check { .. } => &[Outcome::Absent],
        Step::Mark {
            mode: MarkMode::IfAbsent,
            ..
        } => &[Outcome::Fresh],
        Step::Spawn { .. } | Step::Sleep { .. } | Step::Pass | Step::Rewind | Step::Rollback { .. } => &[Outcome::Then],
        Step::Branch { .. } | Step::Exit(_) | Step::TaskEnd(_) => &[],
        _ => &[Outcome::Ok],
    }
}

fn outcome(word: &str) -> Option<Outcome> {
    Some(match word {
        "then" => Outcome::Then,
        "ok" => Outcome::Ok,
        "err" => Outcome::Err,
        "fresh" => Outcome::Fresh,
        "dup" => Outcome::Duplicate,
        "found" => Outcome::Found,
        "absent" => Outcome::Absent,
        "next" => Outcome::Next,
        "end" => Outcome::End,
        "child" => Outcome::Child,
        number => Outcome::Case(number.parse().ok()?),
    })
}

fn covers(words: &[&str]) -> Covers {
    match words {
        [.., "one"] | ["ack"] => Covers::One,
        _ if words.contains(&"up-to") => Covers::UpTo,
        _ if words.contains(&"all") => Covers::AllReceived,
        _ => Covers::One,
    }
}

fn ended(word: &str) -> Ended {
    match word {
        "err" => Ended::Err,
        "panic" => Ended::Panic,
        _ => Ended::Ok,
    }
}

fn bounded(words: &[&str]) -> Known {
    match words {
        _ if words.contains(&"bounded") => Known::Yes,
        _ if words.contains(&"unbounded") => Known::No,
        _ => Known::Unknown,
    }
}

fn is_idempotency(word: &str) -> bool {
    matches!(word, "idem" | "plain" | "unknown" | "opaque")
}

fn source(number: u32, words: &[&str]) -> Source {
    let has = |word: &str| words.contains(&word);
    let why = SmolStr::new_static("the setting says so");
    let settle = match words.get(3).copied() {
        Some("on-receive") => Settle::OnReceive {
            at: Some(line(number)),
            why,
        },
        Some("on-ok") => Settle::OnOk,
        Some("on-return") => Settle::OnReturn,
        Some("in-sink") => Settle::InSink,
        Some("never") => Settle::Never,
        _ => Settle::Manual,
    };
    let broker = match words.get(2).copied() {
        Some("log") => Broker::Log,
        Some("volatile") => Broker::Volatile,
        Some("caller") => Broker::Caller,
        _ => Broker::Queue,
    };
    let dead_letter = match () {
        () if has("dlq") => DeadLetter::Declared,
        () if has("no-dlq") => DeadLetter::Absent,
        () => DeadLetter::Unknown,
    };
    Source {
        transport: SmolStr::new(words[1]),
        address: None,
        broker,
        settle,
        at: site(number, "source"),
        dead_letter,
        constructed_at: None,
        kept: false,
        lease: None,
        producer_at: None,
        ordered: words.contains(&"ordered"),
        positions_in: words
            .iter()
            .find_map(|word| word.strip_prefix("positions="))
            .map(SmolStr::new),
        committed_only: if words.contains(&"uncommitted") {
            Known::No
        } else {
            Known::Unknown
        },
    }
}

fn effect(number: u32, words: &[&str]) -> Effect {
    let has = |word: &str| words[3..].contains(&word);
    let idempotency = match words[3] {
        "idem" => Idempotency::Idempotent,
        "plain" => Idempotency::NotIdempotent,
        _ => Idempotency::Unknown,
    };
    let kind = match () {
        () if words[3] == "opaque" => EffectKind::Opaque,
        () if has("publish") => EffectKind::Publish,
        () if has("http") => EffectKind::Http,
        () if has("mail") => EffectKind::Mail,
        () => EffectKind::Database,
    };
    let (target, why) = (SmolStr::new(words[2]), SmolStr::new_static("so it is"));
    Effect {
        confirmed: !has("unconfirmed"),
        volatile: has("volatile"),
        unstable_key: has("unstable").then(|| line(number)),
        overwrites: has("overwrites"),
        unproved: has("unproved"),
        resent: has("resent"),
        limit_millis: words.iter().find_map(|word| word.strip_prefix("limit=")?.parse().ok()),
        ..Effect::new(kind, target, idempotency, why, site(number, words[1]))
    }
}

fn key(number: u32, words: &[&str]) -> Key {
    let has = |word: &str| words.contains(&word);
    let ttl_millis = words
        .iter()
        .find_map(|word| word.strip_prefix("ttl="))
        .and_then(|ttl| ttl.parse().ok());
    let durability = match () {
        () if has("memory") => Durability::Memory,
        () if has("cache") => Durability::Cache,
        () => Durability::Durable,
    };
    let unique = match () {
        () if has("unique") => Known::Yes,
        () if has("not-unique") => Known::No,
        () => Known::Unknown,
    };
    Key {
        store: SmolStr::new(words[2]),
        durability,
        ttl_millis,
        ttl_at: ttl_millis.map(|_| line(number)),
        unique,
        removed: Known::Unknown,
        from_message: if has("fresh") { Known::No } else { Known::Yes },
        made_at: has("fresh").then(|| line(number)),
    }
}

fn transaction(words: &[&str]) -> Transaction {
    let isolation = match words.get(3).copied() {
        Some("serializable") => Isolation::Serializable,
        Some("locked") => Isolation::Locked,
        _ => Isolation::Default,
    };
    Transaction::of(words[2], isolation)
}

fn condition(number: u32, words: &[&str]) -> Condition {
    let kind = match words[2] {
        "fixed" => CondKind::Fixed,
        "malformed" => CondKind::Malformed,
        "store" => CondKind::Store,
        _ => CondKind::Free,
    };
    let failing = words
        .iter()
        .find_map(|word| word.strip_prefix("failing=")?.parse().ok());
    Condition {
        kind,
        at: Some(line(number)),
        text: SmolStr::new(words[1]),
        measures: words.contains(&"measures"),
        failing: failing.unwrap_or(0),
    }
}
