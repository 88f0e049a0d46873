//! The flow of an integration as a drawing: the source at the left, the handler's steps in the middle, what they change at the right.
//!
//! Only geometry is decided here; `templates/html/flow.svg` draws it.

use askama::Template;

use super::Strings;
use crate::report::{CrashOutcome, Integration, UsualStep};

/// Steps beyond these are counted, not drawn.
const MOST: usize = 30;
/// From one step to the next.
const PITCH: usize = 66;
/// Above the first step.
const TOP: usize = 8;
/// The height of a box.
const BOX: usize = 42;
/// Letters that fit a box at the side, and one in the middle.
const SIDE: usize = 20;
const MIDDLE: usize = 38;

/// A flow, ready to be drawn.
#[derive(Debug, Template)]
#[template(path = "html/flow.svg")]
pub struct Picture<'a> {
    t: &'a Strings,
    /// What somebody hears who cannot see it.
    said: String,
    source: End,
    height: usize,
    rows: Vec<Row<'a>>,
    transactions: Vec<Transaction>,
    /// From where the message is handed out to where it is settled, if it is.
    hold: Option<Hold>,
    more: usize,
}

/// Something outside of the handler, on two lines.
#[derive(Debug)]
struct End {
    kind: String,
    name: String,
    full: String,
}

/// A step.
#[derive(Debug)]
struct Row<'a> {
    y: usize,
    event: &'static str,
    word: &'a str,
    text: String,
    target: Option<End>,
    /// What a crash after it does, if that is bad.
    crash: Option<(&'static str, &'a str)>,
}

/// Steps that commit together.
#[derive(Debug)]
struct Transaction {
    y: usize,
    height: usize,
    store: String,
}

impl Transaction {
    /// Above its frame; below it where there is no room above.
    fn label(&self) -> usize {
        if self.y > 14 {
            self.y - 4
        } else {
            self.y + self.height + 12
        }
    }
}

/// How long the broker keeps the message for the worker.
#[derive(Debug)]
struct Hold {
    from: usize,
    to: usize,
    settled: bool,
}

impl Row<'_> {
    /// The middle of its box.
    fn mid(&self) -> usize {
        self.y + BOX / 2
    }

    fn bottom(&self) -> usize {
        self.y + BOX
    }

    /// Between its box and the next.
    fn gap(&self) -> usize {
        self.y + BOX + (PITCH - BOX) / 2 + 4
    }

    fn is_received(&self) -> bool {
        self.event == "receive"
    }

    fn is_settled(&self) -> bool {
        matches!(self.event, "ack" | "nack" | "rewind")
    }

    /// Steps that recognise a message, which are drawn apart.
    fn is_dedup(&self) -> bool {
        matches!(self.event, "check" | "mark" | "unmark")
    }
}

impl<'a> Picture<'a> {
    /// The picture of an integration, if there is a step to draw.
    #[must_use]
    pub fn new(integration: &'a Integration, t: &'a Strings) -> Option<Self> {
        let steps: Vec<&UsualStep> = integration.steps.iter().take(MOST).collect();
        if steps.is_empty() {
            return None;
        }
        let rows: Vec<Row<'_>> = (0..)
            .zip(&steps)
            .map(|(index, step)| row(integration, step, index, t))
            .collect();
        let more = integration.steps.len() - rows.len();
        let source = end(&integration.source());
        Some(Self {
            t,
            said: said(&source, &rows, t),
            hold: hold(&rows),
            transactions: transactions(&steps),
            height: height(&rows, more),
            source,
            rows,
            more,
        })
    }
}

/// Below the last step there is room only for what is written there.
fn height(rows: &[Row<'_>], more: usize) -> usize {
    let last = rows.last();
    let noted = more > 0 || last.is_some_and(|row| row.crash.is_some());
    last.map_or(0, Row::bottom) + if noted { PITCH / 2 } else { TOP }
}

fn row<'a>(integration: &'a Integration, step: &'a UsualStep, index: usize, t: &'a Strings) -> Row<'a> {
    let crash = integration
        .crash_points
        .iter()
        .find(|point| point.at.is_some() && point.at == step.at);
    let bad = crash
        .map(|point| point.outcome)
        .filter(|outcome| *outcome > CrashOutcome::Absorbed);
    let text = if step.text.is_empty() { &t.by_itself } else { &step.text };
    Row {
        y: TOP + index * PITCH,
        event: step.event,
        word: t.event(step.event),
        text: short(text, MIDDLE),
        target: step.target.as_deref().filter(|_| reaches_out(step.event)).map(end),
        crash: bad.map(|outcome| (outcome.as_str(), t.outcome(&outcome))),
    }
}

/// Whether a step changes or asks something outside: a begin and a commit are shown by the frame of the transaction.
fn reaches_out(event: &str) -> bool {
    !matches!(event, "begin" | "commit" | "rollback")
}

fn hold(rows: &[Row<'_>]) -> Option<Hold> {
    let first = rows.iter().find(|row| row.is_received())?;
    let last = rows.iter().rfind(|row| row.is_settled());
    let end = last.or(rows.last())?;
    Some(Hold {
        from: first.y + BOX,
        to: end.mid(),
        settled: last.is_some(),
    })
}

/// Each transaction from its first to its last step.
fn transactions(steps: &[&UsualStep]) -> Vec<Transaction> {
    let mut numbers: Vec<u32> = steps.iter().filter_map(|step| step.tx).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let frame = |number: u32| {
        let first = steps.iter().position(|step| step.tx == Some(number))?;
        let last = steps.iter().rposition(|step| step.tx == Some(number))?;
        let store = steps
            .iter()
            .find(|step| step.tx == Some(number) && !reaches_out(step.event));
        Some(Transaction {
            y: TOP + first * PITCH - 6,
            height: (last - first) * PITCH + BOX + 12,
            store: store
                .and_then(|step| step.target.as_deref())
                .unwrap_or_default()
                .to_owned(),
        })
    };
    numbers.into_iter().filter_map(frame).collect()
}

fn said(source: &End, rows: &[Row<'_>], t: &Strings) -> String {
    let told = rows.iter().map(|row| {
        let target = row
            .target
            .as_ref()
            .map(|target| format!(" → {}", target.full))
            .unwrap_or_default();
        format!("{} {}{target}", row.word, row.text)
    });
    format!("{}: {}. {}", t.source, source.full, told.collect::<Vec<_>>().join("; "))
}

/// `kafka:orders.v1` as a kind and a name.
fn end(address: &str) -> End {
    let (kind, name) = address.split_once(':').unwrap_or((address, ""));
    End {
        kind: short(kind, SIDE),
        name: short(name, SIDE),
        full: address.to_owned(),
    }
}

/// A text cut where its box ends.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
