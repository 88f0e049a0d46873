//! A flow as text: what each line says is what [`crate::model::testing::flow`] reads, but for the sites.

use std::fmt;

use super::{
    Ack, Broker, CondKind, Covers, DeadLetter, Durability, EffectKind, Ended, Flow, Idempotency, Isolation, Known,
    MarkMode, Node, Outcome, Settle, Source, Step, TxId,
};

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.source)?;
        self.declarations(f)?;
        for unknown in &self.unknown {
            writeln!(f, "unknown {}", unknown.why)?;
        }
        if self.observed == Known::No {
            writeln!(f, "unobserved")?;
        }
        if let Some(site) = &self.stands_in {
            writeln!(f, "stands-in {}", site.text)?;
        }
        for (id, node) in self.iter() {
            writeln!(f, "{id}: {node}")?;
        }
        Ok(())
    }
}

impl Flow {
    fn declarations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, effect) in self.effects.iter().enumerate() {
            write!(
                f,
                "effect e{n} {} {}{}",
                effect.target,
                idempotency(effect),
                kind(effect.kind)
            )?;
            write!(
                f,
                "{}{}{}{}{}{}",
                when(effect.undone.is_some(), " undone"),
                when(!effect.confirmed, " unconfirmed"),
                when(effect.volatile, " volatile"),
                when(effect.unstable_key.is_some(), " unstable"),
                when(effect.overwrites, " overwrites"),
                when(effect.resent, " resent")
            )?;
            if let Some(limit) = effect.limit_millis {
                write!(f, " limit={limit}")?;
            }
            writeln!(f)?;
        }
        for (n, key) in self.keys.iter().enumerate() {
            write!(
                f,
                "key k{n} {}{}{}",
                key.store,
                durability(key.durability),
                unique(key.unique)
            )?;
            if let Some(ttl) = key.ttl_millis {
                write!(f, " ttl={ttl}")?;
            }
            writeln!(f, "{}", when(key.from_message == Known::No, " fresh"))?;
        }
        for (n, tx) in self.transactions.iter().enumerate() {
            let enabled = when(tx.enabled == Known::No, " disabled");
            writeln!(f, "tx t{n} {}{}{enabled}", tx.store, isolation(tx.isolation))?;
        }
        for (n, condition) in self.conditions.iter().enumerate() {
            let measures = when(condition.measures, " measures");
            let failing = match condition.failing {
                0 => String::new(),
                ways => format!(" failing={ways}"),
            };
            writeln!(
                f,
                "cond c{n} {}{measures}{failing} # {}",
                condition_kind(condition.kind),
                condition.text
            )?;
        }
        for (n, task) in self.tasks.iter().enumerate() {
            writeln!(f, "task s{n}{}", when(task.per_message, " per-message"))?;
        }
        for (n, retry) in self.retries.iter().enumerate() {
            writeln!(f, "retry r{n}{}", bounded(retry.bounded))?;
        }
        Ok(())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broker = match self.broker {
            Broker::Queue => "queue",
            Broker::Log => "log",
            Broker::Volatile => "volatile",
            Broker::Caller => "caller",
        };
        let settle = match self.settle {
            Settle::Manual => "manual",
            Settle::OnReceive { .. } => "on-receive",
            Settle::OnOk => "on-ok",
            Settle::OnReturn => "on-return",
            Settle::InSink => "in-sink",
            Settle::Never => "never",
        };
        let dead_letter = match self.dead_letter {
            DeadLetter::Declared => " dlq",
            DeadLetter::Absent => " no-dlq",
            DeadLetter::Unknown => "",
        };
        let ordered = when(self.ordered && self.broker != Broker::Log, " ordered");
        let dirty = when(self.committed_only == Known::No, " uncommitted");
        write!(
            f,
            "source {} {broker} {settle}{dead_letter}{dirty}{ordered}",
            self.transport
        )?;
        if let Some(lease) = self.lease {
            write!(f, " lease={}", lease.millis)?;
        }
        self.address
            .as_ref()
            .map_or(Ok(()), |address| write!(f, " # {address}"))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.step)?;
        if let Some(retry) = self.retry {
            write!(f, " retry=r{}", retry.0)?;
        }
        self.edges
            .iter()
            .try_for_each(|edge| write!(f, " {}={}", edge.when, edge.to))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Then => "then",
            Self::Ok => "ok",
            Self::Err => "err",
            Self::Fresh => "fresh",
            Self::Duplicate => "dup",
            Self::Found => "found",
            Self::Absent => "absent",
            Self::Next => "next",
            Self::End => "end",
            Self::Child => "child",
            Self::Case(n) => return write!(f, "{n}"),
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receive => write!(f, "receive"),
            Self::Ack(ack) => write!(f, "ack{}", self::ack(ack)),
            Self::Nack { requeue, multiple } => {
                write!(f, "nack{}{}", when(!requeue, " drop"), when(*multiple, " multiple"))
            }
            Self::Claim { tx } => write!(f, "claim{}", within(*tx)),
            Self::Rewind => write!(f, "rewind"),
            Self::Effect { effect, tx } => write!(f, "effect e{}{}", effect.0, within(*tx)),
            Self::Opaque { effect } => write!(f, "opaque e{}", effect.0),
            Self::Read { from } => write!(f, "read {from}"),
            Self::Check { key, tx, locks } => write!(f, "check k{}{}{}", key.0, within(*tx), when(*locks, " locks")),
            Self::Mark { key, tx, mode, effect } => {
                write!(f, "mark k{}{}{}", key.0, mark_mode(*mode), within(*tx))?;
                effect.map_or(Ok(()), |effect| write!(f, " with e{}", effect.0))
            }
            Self::Unmark { key, tx } => write!(f, "unmark k{}{}", key.0, within(*tx)),
            Self::Begin { tx } => write!(f, "begin t{}", tx.0),
            Self::Commit { tx } => write!(f, "commit t{}", tx.0),
            Self::Rollback { tx } => write!(f, "rollback t{}", tx.0),
            Self::Spawn { task } => write!(f, "spawn s{}", task.0),
            Self::Join { task } => write!(f, "join s{}", task.0),
            Self::Handoff { carries_ack } => write!(f, "handoff{}", when(*carries_ack, " carries-ack")),
            Self::Branch { on } => write!(f, "branch c{}", on.0),
            Self::Sleep { millis } => {
                write!(f, "sleep")?;
                millis.map_or(Ok(()), |millis| write!(f, " {millis}"))
            }
            Self::ExtendLease => write!(f, "extend"),
            Self::Pass => write!(f, "pass"),
            Self::Exit(ended) => write!(f, "exit {ended}"),
            Self::TaskEnd(ended) => write!(f, "end {ended}"),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Err => "err",
            Self::Panic => "panic",
        })
    }
}

fn when(condition: bool, text: &'static str) -> &'static str {
    if condition { text } else { "" }
}

fn within(tx: Option<TxId>) -> String {
    tx.map(|tx| format!(" in t{}", tx.0)).unwrap_or_default()
}

fn ack(ack: &Ack) -> String {
    let covers = match ack.covers {
        Covers::One => "",
        Covers::UpTo => " up-to",
        Covers::AllReceived => " all",
    };
    let fenced = when(ack.fenced == Known::No, " unfenced");
    let awaited = when(ack.awaited == Known::No, " unawaited");
    format!("{covers}{}{fenced}{awaited}", within(ack.tx))
}

fn mark_mode(mode: MarkMode) -> &'static str {
    match mode {
        MarkMode::Plain => "",
        MarkMode::Unique => " unique",
        MarkMode::IfAbsent => " if-absent",
    }
}

fn idempotency(effect: &super::Effect) -> &'static str {
    match effect.idempotency {
        _ if effect.kind == EffectKind::Opaque => "opaque",
        Idempotency::Idempotent => "idem",
        Idempotency::NotIdempotent => "plain",
        Idempotency::Unknown => "unknown",
    }
}

fn kind(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Publish => " publish",
        EffectKind::Http => " http",
        EffectKind::Mail => " mail",
        EffectKind::Cache => " cache",
        EffectKind::Rpc => " rpc",
        EffectKind::File => " file",
        EffectKind::Object => " object",
        EffectKind::Database | EffectKind::Opaque => "",
    }
}

fn durability(durability: Durability) -> &'static str {
    match durability {
        Durability::Durable => "",
        Durability::Cache => " cache",
        Durability::Memory => " memory",
    }
}

fn unique(unique: Known) -> &'static str {
    match unique {
        Known::Yes => " unique",
        Known::No => " not-unique",
        Known::Unknown => "",
    }
}

fn isolation(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::Default => "",
        Isolation::Serializable => " serializable",
        Isolation::Locked => " locked",
    }
}

fn condition_kind(kind: CondKind) -> &'static str {
    match kind {
        CondKind::Fixed => "fixed",
        CondKind::Malformed => "malformed",
        CondKind::Store => "store",
        CondKind::Free => "free",
    }
}

fn bounded(bounded: Known) -> &'static str {
    match bounded {
        Known::Yes => " bounded",
        Known::No => " unbounded",
        Known::Unknown => "",
    }
}
