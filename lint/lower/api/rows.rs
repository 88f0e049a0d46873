//! Tables as queues: rows that a worker takes so that no other does, and what it makes of them.
//!
//! Taking a row is a receive. What deletes it, or writes down that it is done, settles it: together with the transaction that holds it, if
//! there is one. A row that is not settled stays where it is, for whoever asks next.

use smol_str::SmolStr;

use super::{Doing, transaction_in};
use crate::catalog::Receive;
use crate::flow::{Broker, DeadLetter, Outcome, Step};
use crate::lower::Lowering;
use crate::lower::receive::Waiting;
use crate::lower::state::{Flowing, State};
use crate::resolve::Ty;
use crate::sql::{self, Statement, Update};

/// Beginnings of the names of columns, and states, that tell that a row is done.
const DONE: &[&str] = &[
    "processed",
    "completed",
    "complete",
    "finished",
    "done",
    "succeeded",
    "success",
    "sent",
    "published",
    "delivered",
    "handled",
    "dispatched",
    "executed",
    "relayed",
    "consumed",
    "acked",
    "archived",
];

/// The same for rows that were given up.
const GIVEN_UP: &[&str] = &[
    "failed",
    "failure",
    "dead",
    "abandoned",
    "errored",
    "rejected",
    "discarded",
];

/// What an update makes of a row that was taken.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::lower) enum Made {
    Done,
    GivenUp,
    /// It is still to be worked on.
    Kept,
}

/// Whether a text may contain a statement that takes rows.
pub(in crate::lower) fn may_take(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("skip locked") || text.contains("returning")
}

/// The table that a statement takes rows from.
fn taken_from(statement: &Statement) -> Option<&SmolStr> {
    match statement {
        Statement::Read(read) if read.skips_locked => read.table.as_ref(),
        Statement::Update(update) if update.claim.is_some() && update.returning => Some(&update.table),
        Statement::Delete(delete) if delete.pops && delete.returning => Some(&delete.table),
        _ => None,
    }
}

/// What an update says of its row.
pub(in crate::lower) fn made(update: &Update) -> Made {
    let sets = |words: &[&str]| {
        update.sets.iter().any(|(column, value)| {
            let constant = match value {
                sql::Value::Const(text) => Some(text),
                _ => None,
            };
            begins(column, words) || constant.is_some_and(|text| begins(text, words))
        })
    };
    match () {
        () if update.claim.is_some() => Made::Kept,
        () if sets(GIVEN_UP) => Made::GivenUp,
        () if sets(DONE) => Made::Done,
        () => Made::Kept,
    }
}

fn begins(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    let is = |word: &&str| {
        name.strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    words.iter().any(is)
}

impl Lowering<'_> {
    /// A statement while no message is at hand: one that takes rows, or none that matters.
    pub(in crate::lower) fn sql_without_message(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let text = self.text_operand(doing.facts.sql.as_ref(), doing);
        let statements = text.map(|text| sql::read(&text)).unwrap_or_default();
        match statements.iter().find_map(taken_from) {
            Some(table) => self.take_rows(&table.clone(), doing, state),
            None => self.compute(doing, state),
        }
    }

    fn take_rows(&mut self, table: &SmolStr, doing: &Doing<'_>, state: State) -> Flowing {
        let store = self.store_of(doing).unwrap_or_else(|| "sql".into());
        let receive = Receive {
            transport: store.clone(),
            broker: Broker::Queue,
            ..Receive::default()
        };
        let on = self.operand_of(doing.facts.on.as_ref(), doing).map(|(value, _)| value);
        let holds = on.as_ref().or(doing.recv.as_ref()).and_then(transaction_in);
        let inner = self.given(doing).ty;
        let given = if doing.call.fallible {
            Ty::result(inner, self.error_ty(doing))
        } else {
            inner
        };
        let flowing = self.receive(
            &receive,
            &doing.operands(),
            (given, Waiting::OrNothing),
            doing.site,
            state,
        );
        if let Some(draft) = self.draft.as_mut().filter(|draft| draft.site.span == doing.site.at) {
            draft.address = Some(table.clone());
            draft.dead_letter = DeadLetter::Declared;
            self.rows = Some(smol_str::format_smolstr!("{store}:{table}"));
        }
        let held = flowing
            .into_iter()
            .map(|(state, value)| (self.hold_rows(holds, doing, state), value));
        held.collect()
    }

    /// The transaction in which a row was taken holds it until it ends.
    fn hold_rows(&mut self, tx: Option<crate::flow::TxId>, doing: &Doing<'_>, state: State) -> State {
        let Some(tx) = tx.filter(|tx| state.holding && !state.open.contains(tx)) else {
            return state;
        };
        let site = self.site(doing.site.at);
        let node = self.graph.emit(&state, Step::Begin { tx }, Some(site));
        let mut held = state.after(node, Outcome::Ok);
        held.open.insert(tx);
        held
    }

    /// Whether a statement is about the rows that this unit takes.
    pub(in crate::lower) fn is_taken(&self, target: &str) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows == target)
    }
}
