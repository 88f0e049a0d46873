//! Tables as queues: rows that a worker takes so that no other does, and what it makes of them.
//!
//! Taking a row is a receive. What deletes it, or writes down that it is done, settles it: together with the transaction that holds it, if
//! there is one. A row that is not settled stays where it is, for whoever asks next.

use std::sync::LazyLock;

use smol_str::SmolStr;

use super::{Doing, bound, text_of, transaction_in};
use crate::catalog::Receive;
use crate::flow::{Broker, DeadLetter, Outcome, Step, TxId};
use crate::lower::Lowering;
use crate::lower::expr::deep_origin;
use crate::lower::phrases::Phrases;
use crate::lower::query::Query;
use crate::lower::receive::Waiting;
use crate::lower::state::{Flowing, State};
use crate::lower::value::Origin;
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
    /// Free again, for whoever asks next.
    GivenBack,
    /// Its worker's own: nobody else takes it.
    Claimed,
    /// As it was, as far as its processing goes.
    Kept,
}

/// The rows that a unit takes.
#[derive(Debug, Clone)]
pub(in crate::lower) struct Rows {
    /// The table, with its store.
    target: SmolStr,
    /// What the statement that takes them says of free ones: a column, and its state.
    free: Vec<(SmolStr, SmolStr)>,
    /// The columns that tell whether a row is free.
    columns: Vec<SmolStr>,
}

/// A statement that takes rows.
struct Taking {
    table: SmolStr,
    free: Vec<(SmolStr, SmolStr)>,
    /// It changes a column of the row: which, and into what where that is a constant.
    claim: Option<(SmolStr, Option<SmolStr>)>,
    /// What it claims is free again by itself one day.
    expires: bool,
}

/// Whether a text may contain a statement that takes rows.
pub(in crate::lower) fn may_take(text: &str) -> bool {
    static TAKES: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&["skip locked", "returning"]));
    TAKES.are_in(text)
}

/// What a statement takes; a read that keeps nobody else from its rows only where they are `relayed`.
fn taking(statement: &Statement, relayed: bool) -> Option<Taking> {
    match statement {
        Statement::Read(read) if read.skips_locked || relayed => Some(Taking {
            table: read.table.clone()?,
            free: read.states.clone(),
            claim: None,
            expires: false,
        }),
        Statement::Update(update) if update.returning => {
            let claim = update.claim.as_ref().filter(|claim| claim.exclusive)?;
            Some(Taking {
                table: update.table.clone(),
                free: claim.free.clone(),
                claim: Some((claim.column.clone(), claim.to.clone())),
                expires: claim.expires,
            })
        }
        Statement::Delete(delete) if delete.pops && delete.returning => Some(Taking {
            table: delete.table.clone(),
            free: Vec::new(),
            claim: None,
            expires: false,
        }),
        _ => None,
    }
}

/// What a read selects its rows by.
fn selected(statement: &Statement) -> &[sql::By] {
    match statement {
        Statement::Read(read) => &read.by,
        _ => &[],
    }
}

impl Rows {
    /// What an update makes of one of them. What the row's state says comes before what the names of columns say.
    pub(in crate::lower) fn made(&self, update: &Update, query: &Query) -> Made {
        let given = |value: &sql::Value| query.constant(value);
        let sets: Vec<(&SmolStr, Option<SmolStr>)> = update
            .sets
            .iter()
            .map(|(column, value)| (column, given(value)))
            .collect();
        let is_null = |text: &Option<SmolStr>| text.as_deref() == Some("null");
        let state = |says: &dyn Fn(&str) -> bool| sets.iter().any(|(_, text)| text.as_deref().is_some_and(says));
        let named = |words| {
            sets.iter()
                .any(|(column, text)| begins(column, words) && !is_null(text))
        };
        let own = || sets.iter().filter(|(column, _)| self.columns.contains(*column));
        let is_free = |(column, text): &(&SmolStr, Option<SmolStr>)| {
            self.free
                .iter()
                .any(|(name, free)| name == *column && Some(free) == text.as_ref())
        };
        match () {
            () if own().any(|set| is_free(set) && !is_null(&set.1)) => Made::GivenBack,
            () if state(&|text| begins(text, GIVEN_UP)) => Made::GivenUp,
            () if state(&|text| begins(text, DONE)) => Made::Done,
            () if update.claim.is_some() || own().any(|(_, text)| text.as_deref().is_some_and(sql::in_progress)) => {
                Made::Claimed
            }
            // Where it is known what free rows are like, this one still is.
            () if named(GIVEN_UP) && !self.free.is_empty() && own().next().is_none() => Made::Kept,
            () if named(GIVEN_UP) => Made::GivenUp,
            () if named(DONE) => Made::Done,
            () if own().any(|(_, text)| is_null(text)) => Made::GivenBack,
            () if own().next().is_some() => Made::Done,
            () => Made::Kept,
        }
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
        let relayed = self.relays == Some(doing.site.at);
        match statements.iter().find_map(|statement| taking(statement, relayed)) {
            Some(mut taking) => {
                let binds = self.operand_of(doing.facts.binds.as_ref(), doing);
                let binds = bound(binds.as_ref().map(|(value, _)| value));
                let known = |by: &sql::By| binds.get(by.bind).and_then(text_of).unwrap_or_default();
                let states = statements.iter().flat_map(selected);
                taking.free.extend(states.map(|by| (by.column.clone(), known(by))));
                for statement in &statements {
                    if let Statement::Update(update) = statement {
                        self.note_lease(update, doing.site.at);
                    }
                }
                self.take_rows(&taking, doing, state)
            }
            None => self.compute(doing, state),
        }
    }

    /// A read of a table by a client that builds its statements, whose rows are the messages.
    pub(in crate::lower) fn relay_rows(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let Some(table) = self.text_operand(doing.facts.target.as_ref(), doing) else {
            return self.compute(doing, state);
        };
        let taking = Taking {
            table,
            free: Vec::new(),
            claim: None,
            expires: false,
        };
        self.take_rows(&taking, doing, state)
    }

    /// Takes note of a read by a client that builds its statements.
    pub(in crate::lower) fn note_poll(&mut self, doing: &Doing<'_>) {
        let keyed = doing
            .recv
            .as_ref()
            .is_some_and(|recv| deep_origin(recv).has(Origin::MESSAGE));
        if !keyed && doing.facts.on.is_some() && self.text_operand(doing.facts.target.as_ref(), doing).is_some() {
            let target = self.target(doing);
            self.met.polls.insert(doing.site.at, target);
        }
    }

    fn take_rows(&mut self, taking: &Taking, doing: &Doing<'_>, state: State) -> Flowing {
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
            draft.address = Some(taking.table.clone());
            draft.dead_letter = DeadLetter::Declared;
            let taken = taking
                .claim
                .as_ref()
                .map(|(column, _)| (column.clone(), SmolStr::default()));
            let target = smol_str::format_smolstr!("{store}:{}", taking.table);
            let mut free = taking.free.clone();
            // Another path may have put the statement together otherwise.
            let known = self.rows.take().filter(|rows| rows.target == target);
            free.extend(known.into_iter().flat_map(|rows| rows.free));
            let columns = free.iter().chain(&taken).map(|(column, _)| column.clone()).collect();
            self.rows = Some(Rows { target, free, columns });
        }
        let stays =
            |(_, to): &&(SmolStr, Option<SmolStr>)| !taking.expires && !self.is_taken_back(&taking.table, to.as_ref());
        let claims = taking.claim.as_ref().is_some_and(|claim| stays(&claim));
        let held = flowing.into_iter().map(|(state, value)| {
            let held = self.hold_rows(holds, doing, state);
            let claims = claims && held.holding;
            (
                if claims {
                    self.claim_row(holds, doing, held)
                } else {
                    held
                },
                value,
            )
        });
        held.collect()
    }

    /// The statement that takes a row also claims it.
    fn claim_row(&mut self, tx: Option<TxId>, doing: &Doing<'_>, state: State) -> State {
        let site = self.site(doing.site.at);
        let tx = tx.filter(|tx| state.open.contains(tx));
        let node = self.graph.emit(&state, Step::Claim { tx }, Some(site));
        state.after(node, Outcome::Ok)
    }

    /// The transaction in which a row was taken holds it until it ends.
    fn hold_rows(&mut self, tx: Option<TxId>, doing: &Doing<'_>, state: State) -> State {
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
        self.rows.as_ref().is_some_and(|rows| rows.target == target)
    }
}
