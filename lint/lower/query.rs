//! SQL statements as steps.

pub(super) mod columns;
mod keys;
mod overwrites;

use smol_str::SmolStr;

pub(super) use self::overwrites::names_one_message;
use self::overwrites::{replaces, replaces_row};
use super::Lowering;
use super::api::rows::Made;
use super::api::text_of;
use super::expr::deep_origin;
use super::state::{Flowing, State, merge_values};
use super::value::{Kind, Origin, Value};
use crate::catalog::Answer;
use crate::flow::{
    Ack, CondKind, Covers, Effect, EffectKind, Idempotency, Isolation, Known, Lease, MarkMode, Outcome, Site, Step,
    TxId,
};
use crate::resolve::Ty;
use crate::span::Span;
use crate::sql::{self, Conflict, Insert, Read, Statement};

/// A statement that is executed.
pub(super) struct Query {
    /// `None`: made where nobody can see.
    pub text: Option<SmolStr>,
    /// `postgres`, …
    pub store: SmolStr,
    pub tx: Option<TxId>,
    pub binds: Vec<Value>,
    pub answer: Option<Answer>,
    pub at: Span,
}

impl Query {
    fn origin(&self, bind: usize) -> Origin {
        self.binds.get(bind).map_or(Origin::NONE, deep_origin)
    }

    /// What a column is given, if that is known.
    pub(super) fn constant(&self, value: &sql::Value) -> Option<SmolStr> {
        match value {
            sql::Value::Const(text) => Some(text.clone()),
            sql::Value::Bind(bind) => self.binds.get(*bind).and_then(text_of),
            _ => None,
        }
    }

    /// Whether it names rows in a list that is filled elsewhere, and the message's is not among them.
    fn is_of_others(&self) -> bool {
        let listed = self.text.as_ref().is_some_and(|text| text.contains("({}"));
        let named = |bind: &Value| deep_origin(bind).has(Origin::MESSAGE);
        listed && !self.binds.is_empty() && !self.binds.iter().any(named)
    }

    fn target(&self, table: &str) -> SmolStr {
        match table {
            // Made up of what nobody can tell.
            "{}" => self.store.clone(),
            _ => smol_str::format_smolstr!("{}:{table}", self.store),
        }
    }
}

/// A good outcome of a statement: what it tells, as a count of rows.
#[derive(Clone, Copy, PartialEq)]
enum Rows {
    Zero,
    One,
    Unknown,
    /// None: a unique key refused it, which shows as a failure.
    Refused,
}

/// A row of which nobody knows the key holds more than a mark if it takes more columns from the message than these.
pub(super) const MARK_COLUMNS: usize = 2;

/// Whether a row may be written again, why, and where its key is made if that is new each time.
type Judged = (Idempotency, SmolStr, Option<Span>);

/// Where a statement leads: the good outcomes, and the failures.
type Ways = (Vec<(State, Rows)>, Vec<State>);

impl<'a> Lowering<'a> {
    /// Executes SQL. The values are without the `Result` around them, but for `failure`.
    pub(super) fn run_sql(&mut self, query: &Query, given: &Value, failure: Option<Value>, state: State) -> Flowing {
        let given = &given.clone().with_origin(Origin::STORE);
        let statements = query
            .text
            .as_ref()
            .map_or_else(|| vec![Statement::Unparsed], |text| sql::read(text));
        let mut done = vec![(state, Rows::Unknown)];
        let mut failed: Flowing = Vec::new();
        for statement in &statements {
            let mut next = Vec::new();
            for (state, _) in done {
                let (good, bad) = self.statement(statement, query, state);
                let (refused, good): (Vec<_>, Vec<_>) = good.into_iter().partition(|(_, rows)| *rows == Rows::Refused);
                next.extend(good);
                if let Some(failure) = &failure {
                    let told = |refused: bool| super::violation::marked(failure, refused);
                    let other = if refused.is_empty() {
                        failure.clone()
                    } else {
                        told(false)
                    };
                    failed.extend(bad.into_iter().map(|state| (state, other.clone())));
                    failed.extend(refused.into_iter().map(|(state, _)| (state, told(true))));
                }
            }
            done = next;
        }
        let told = match statements.last() {
            Some(Statement::Read(read)) => read.answer,
            _ => sql::Answer::Rows,
        };
        let answers = |(state, rows)| match (query.answer, rows, told, &failure) {
            (Some(Answer::One), Rows::Zero, sql::Answer::Rows, Some(failure)) => {
                (state, super::violation::absent(failure))
            }
            _ => (state, answer(query.answer, rows, told, given)),
        };
        let mut all: Flowing = done.into_iter().map(answers).collect();
        all.extend(failed);
        merge_values(all)
    }

    fn statement(&mut self, statement: &Statement, query: &Query, state: State) -> Ways {
        self.note_claims(statement);
        if let Statement::Update(update) = statement {
            self.note_lease(update, query.at);
            if let Some(done) = self.own_row(update, query, &state) {
                return done;
            }
        }
        match statement {
            Statement::Read(read) => {
                let node = self.graph.nodes.len();
                let done = self.sql_read(read, query, state);
                self.note_read(read, node);
                done
            }
            Statement::Insert(insert) => self.sql_insert(insert, query, state),
            Statement::Update(update) => {
                let guarded = update
                    .guard_binds
                    .iter()
                    .all(|bind| query.origin(*bind).has(Origin::MESSAGE))
                    || update.guard_binds.is_empty();
                let (idempotency, why) = match self.moved(update, query) {
                    Some(moved) if update.idempotency == Idempotency::Idempotent => moved,
                    _ if update.idempotency == Idempotency::Idempotent && update.guarded && !guarded => {
                        (Idempotency::Unknown, update.why.clone())
                    }
                    _ => (update.idempotency, update.why.clone()),
                };
                let done = self.sql_effect(query, &update.table, idempotency, why, state);
                self.note_set(update);
                self.note_overwriting(update.overwrites && replaces(&update.sets, &update.by, query));
                done
            }
            Statement::Delete(delete) if self.is_taken(&query.target(&delete.table)) && !query.is_of_others() => {
                self.settle_rows(Made::Done, query, state)
            }
            Statement::Delete(delete) => {
                self.note_removal(delete, query);
                let why = "deleting again deletes nothing more".into();
                let done = self.sql_effect(query, &delete.table, Idempotency::Idempotent, why, state);
                if delete.by.iter().any(|by| query.origin(by.bind).has(Origin::MESSAGE)) {
                    self.graph.removing.extend(self.graph.last_effect());
                }
                done
            }
            Statement::AdvisoryLock { .. } => {
                self.isolate(query.tx, Isolation::Locked);
                self.sql_pass(None, query, state)
            }
            Statement::SetIsolation { serializable: true } | Statement::Begin { serializable: true } => {
                self.isolate(query.tx, Isolation::Serializable);
                self.sql_pass(None, query, state)
            }
            Statement::LockTable { .. } => {
                self.isolate(query.tx, Isolation::Locked);
                self.sql_pass(None, query, state)
            }
            Statement::Unparsed | Statement::Call { .. } => {
                let why = if query.text.is_none() {
                    "its text cannot be seen"
                } else {
                    "its text is not understood"
                };
                self.sql_effect(query, "?", Idempotency::Unknown, why.into(), state)
            }
            _ => self.sql_pass(None, query, state),
        }
    }

    /// An update of the row that was taken.
    fn own_row(&mut self, update: &sql::Update, query: &Query, state: &State) -> Option<Ways> {
        let made = self
            .rows
            .as_ref()
            .filter(|_| self.is_taken(&query.target(&update.table)))?
            .made(update, query);
        if query.is_of_others() {
            return Some(self.sql_pass(Some(&update.table), query, state.clone()));
        }
        let to = update.claim.as_ref().and_then(|claim| claim.to.as_ref());
        Some(match made {
            Made::Claimed if self.is_taken_back(&update.table, to) => self.sql_pass(None, query, state.clone()),
            Made::Kept => {
                let why = "the row keeps count of how it is processed".into();
                self.sql_effect(query, &update.table, Idempotency::Idempotent, why, state.clone())
            }
            _ => self.settle_rows(made, query, state.clone()),
        })
    }

    /// The row that was taken is done, given up and kept as such, or somebody's.
    fn settle_rows(&mut self, made: Made, query: &Query, state: State) -> Ways {
        let ack = Ack {
            tx: query.tx,
            ..Ack::of(Covers::One)
        };
        let multiple = false;
        let step = match made {
            Made::GivenUp | Made::GivenBack => Step::Nack {
                requeue: made == Made::GivenBack,
                multiple,
            },
            Made::Claimed => Step::Claim { tx: query.tx },
            Made::Done | Made::Kept => Step::Ack(ack),
        };
        let node = self.graph.emit(&state, step, Some(self.sql_site(query)));
        (
            vec![(state.after(node, Outcome::Ok), Rows::Unknown)],
            vec![state.after(node, Outcome::Err)],
        )
    }

    pub(super) fn isolate(&mut self, tx: Option<TxId>, isolation: Isolation) {
        if let Some(tx) = tx {
            self.graph.transactions[tx.0 as usize].isolation = isolation;
        }
    }

    /// A statement without an effect, on `table` if that is known; it may fail.
    fn sql_pass(&mut self, table: Option<&str>, query: &Query, state: State) -> Ways {
        if !state.holding {
            let cases = self.branch(&state, CondKind::Free, query.at, 2);
            return (vec![(cases[0].clone(), Rows::Unknown)], vec![cases[1].clone()]);
        }
        let from = table.map_or_else(|| query.store.clone(), |table| query.target(table));
        self.graph.tables.extend(table.map(|_| from.clone()));
        let node = self.graph.emit(&state, Step::Read { from }, Some(self.sql_site(query)));
        (
            vec![(state.after(node, Outcome::Ok), Rows::Unknown)],
            vec![state.after(node, Outcome::Err)],
        )
    }

    /// A read by something of the message may be a dedup check; [`super::finish`] sees whether anything marks what it looks for.
    fn sql_read(&mut self, read: &Read, query: &Query, state: State) -> Ways {
        let keyed = read.by.iter().any(|by| query.origin(by.bind).has(Origin::MESSAGE));
        let Some(table) = read.table.as_ref().filter(|_| keyed) else {
            let rows = read.table.iter().filter(|_| read.answer == sql::Answer::Rows);
            self.met.polls.extend(rows.map(|table| (query.at, query.target(table))));
            return self.sql_pass(read.table.as_deref(), query, state);
        };
        let from = read
            .by
            .iter()
            .map(|by| query.origin(by.bind))
            .fold(Origin::NONE, Origin::with);
        let columns: Vec<SmolStr> = read.by.iter().map(|by| by.column.clone()).collect();
        let key = self.row_key(query, table, self.schema.covers_unique(table, &columns), from);
        self.graph.tables.insert(query.target(table));
        let node = self.graph.emit(
            &state,
            Step::Check {
                key,
                tx: query.tx,
                locks: read.locks,
            },
            Some(self.sql_site(query)),
        );
        let negated = matches!(read.answer, sql::Answer::Exists { negated: true });
        let (found, absent) = if negated {
            (Rows::Zero, Rows::One)
        } else {
            (Rows::One, Rows::Zero)
        };
        let good = vec![
            (state.after(node, Outcome::Found), found),
            (state.after(node, Outcome::Absent), absent),
        ];
        (good, vec![state.after(node, Outcome::Err)])
    }

    /// Of the effect that was made last.
    fn note_overwriting(&mut self, overwrites: bool) {
        if let Some(effect) = self.graph.last_effect() {
            self.graph.effects[effect.0 as usize].overwrites |= overwrites;
        }
    }

    /// Of the effect that was made last: where its key is made.
    fn note_unstable(&mut self, made: Option<Span>) {
        if let Some(effect) = self.graph.last_effect() {
            let known = &mut self.graph.effects[effect.0 as usize];
            known.unstable_key = known.unstable_key.or(made);
            known.unproved |= made.is_some() && known.idempotency == Idempotency::Unknown;
        }
    }

    /// A claim whose lease the statement itself says.
    pub(super) fn note_lease(&mut self, update: &sql::Update, at: Span) {
        let millis = update.claim.as_ref().and_then(|claim| claim.lease_millis);
        let told = millis.map(|millis| Lease { millis, at: Some(at) });
        self.lease = self.lease.or(told);
    }

    fn sql_insert(&mut self, insert: &Insert, query: &Query, state: State) -> Ways {
        let mut insert = insert.clone();
        self.schema.complete(&mut insert);
        let bound = bound_columns(&insert, query);
        let (from, bare) = self.key_origin(&insert, query);
        if bare {
            self.graph.bare.insert(query.target(&insert.table));
        }
        let if_absent = match &insert.conflict {
            Conflict::DoNothing { .. } | Conflict::Ignore => true,
            Conflict::DoUpdate { .. } | Conflict::Replace | Conflict::Merge => {
                let (idempotency, why, made) = self.judged(&insert, query);
                let done = self.sql_effect(query, &insert.table, idempotency, why, state);
                self.note_overwriting(insert.overwrites && replaces_row(&insert, query));
                self.note_unstable(made);
                return done;
            }
            Conflict::None | Conflict::NotExists => false,
        };
        let covers = self.schema.covers_unique(&insert.table, &bound);
        if if_absent && covers != Known::No {
            let judged = self.judged(&insert, query);
            return match judged.0 {
                Idempotency::Unknown => self.insert_perhaps(&insert, query, judged, state),
                _ => self.insert_if_absent(&insert, query, (from, judged), state),
            };
        }
        if covers != Known::No && self.asks_for_violations() {
            return self.insert_or_refuse(&insert, query, (covers, from), state);
        }
        if covers == Known::Yes {
            return self.insert_unique(&insert, query, from, state);
        }
        let idempotency = if if_absent {
            insert.idempotency
        } else {
            Idempotency::NotIdempotent
        };
        let (good, bad) = self.sql_effect(query, &insert.table, idempotency, insert.why.clone(), state);
        let key = self.row_key(query, &insert.table, covers, from);
        if let Some(effect) = self.graph.last_effect() {
            self.graph.writes.insert(effect, key);
        }
        (good, bad)
    }

    /// A plain insert under a unique key, by code that may tell the refusal from other failures ([`super::finish`] sees whether it does).
    fn insert_or_refuse(
        &mut self,
        insert: &Insert,
        query: &Query,
        (covers, from): (Known, Origin),
        state: State,
    ) -> Ways {
        let key = self.row_key(query, &insert.table, covers, from);
        let site = self.sql_site(query);
        let why = match covers {
            Known::Yes => "a unique key refuses the second row".into(),
            _ => insert.why.clone(),
        };
        let effect = self.sql_row(query, &insert.table, Idempotency::Idempotent, why, &site);
        self.graph.refusals.insert(effect, covers);
        let step = Step::Mark {
            key,
            tx: query.tx,
            mode: MarkMode::IfAbsent,
            effect: Some(effect),
        };
        let node = self.graph.emit(&state, step, Some(site));
        let good = vec![
            (state.after(node, Outcome::Fresh), Rows::One),
            (state.after(node, Outcome::Duplicate), Rows::Refused),
        ];
        (good, vec![state.after(node, Outcome::Err)])
    }

    /// `ON CONFLICT DO NOTHING`: fresh or there already, and the answer tells which. Whether it is a mark or a mere idempotent write
    /// shows in whether that answer decides anything ([`super::finish`]).
    fn insert_if_absent(
        &mut self,
        insert: &Insert,
        query: &Query,
        (from, (idempotency, why, made)): (Origin, Judged),
        state: State,
    ) -> Ways {
        let key = self.row_key(query, &insert.table, Known::Yes, from);
        let site = self.sql_site(query);
        let effect = self.sql_row(query, &insert.table, idempotency, why, &site);
        self.graph.effects[effect.0 as usize].unstable_key = made;
        let step = Step::Mark {
            key,
            tx: query.tx,
            mode: MarkMode::IfAbsent,
            effect: Some(effect),
        };
        let node = self.graph.emit(&state, step, Some(site));
        let good = vec![
            (state.after(node, Outcome::Fresh), Rows::One),
            (state.after(node, Outcome::Duplicate), Rows::Zero),
        ];
        (good, vec![state.after(node, Outcome::Err)])
    }

    /// `ON CONFLICT DO NOTHING` by a key that nobody knows: whether there was a conflict may tell that the message came before, or nothing.
    fn insert_perhaps(
        &mut self,
        insert: &Insert,
        query: &Query,
        (idempotency, why, made): Judged,
        state: State,
    ) -> Ways {
        let (good, bad) = self.sql_effect(query, &insert.table, idempotency, why, state);
        self.note_unstable(made);
        let told = good.into_iter().flat_map(|(state, _)| {
            let cases = self.branch(&state, CondKind::Store, query.at, 2);
            cases.into_iter().zip([Rows::One, Rows::Zero])
        });
        (told.collect(), bad)
    }

    /// A plain insert under a unique key: the second one fails.
    fn insert_unique(&mut self, insert: &Insert, query: &Query, from: Origin, state: State) -> Ways {
        let key = self.row_key(query, &insert.table, Known::Yes, from);
        let site = self.sql_site(query);
        let why = "a unique key refuses the second row".into();
        let effect = self.sql_row(query, &insert.table, Idempotency::Idempotent, why, &site);
        let step = Step::Mark {
            key,
            tx: query.tx,
            mode: MarkMode::Unique,
            effect: Some(effect),
        };
        let node = self.graph.emit(&state, step, Some(site));
        (
            vec![(state.after(node, Outcome::Ok), Rows::One)],
            vec![state.after(node, Outcome::Err)],
        )
    }

    /// The place of a statement, told by its own beginning rather than by the call around it.
    fn sql_site(&self, query: &Query) -> Site {
        const WORDS: usize = 3;
        let mut site = self.site(query.at);
        if let Some(text) = &query.text {
            let words: Vec<&str> = text
                .split_whitespace()
                .take_while(|word| !word.starts_with('('))
                .take(WORDS)
                .collect();
            if !words.is_empty() {
                site.text = words.join(" ").into();
            }
        }
        site
    }

    fn sql_row(
        &mut self,
        query: &Query,
        table: &str,
        idempotency: Idempotency,
        why: SmolStr,
        site: &Site,
    ) -> crate::flow::EffectId {
        let target = query.target(table);
        let row = || Effect::new(EffectKind::Database, target, idempotency, why, site.clone());
        self.graph.effect(row, site)
    }

    fn sql_effect(&mut self, query: &Query, table: &str, idempotency: Idempotency, why: SmolStr, state: State) -> Ways {
        let site = self.sql_site(query);
        let effect = self.sql_row(query, table, idempotency, why, &site);
        let node = self
            .graph
            .emit(&state, Step::Effect { effect, tx: query.tx }, Some(site));
        (
            vec![(state.after(node, Outcome::Ok), Rows::Unknown)],
            vec![state.after(node, Outcome::Err)],
        )
    }
}

/// The columns of an insert whose values come from the message.
fn bound_columns(insert: &Insert, query: &Query) -> Vec<SmolStr> {
    let from_message = |value: &sql::Value| {
        let origin = value_origin(value, query);
        origin.has(Origin::MESSAGE) && !origin.has(Origin::FRESH) || matches!(value, sql::Value::Const(_))
    };
    insert
        .columns
        .iter()
        .filter(|(_, value)| from_message(value))
        .map(|(name, _)| name.clone())
        .collect()
}

fn value_origin(value: &sql::Value, query: &Query) -> Origin {
    match value {
        sql::Value::Bind(bind) => query.origin(*bind),
        sql::Value::Derived(binds) => binds
            .iter()
            .map(|bind| query.origin(*bind))
            .fold(Origin::NONE, Origin::with),
        _ => Origin::NONE,
    }
}

/// What the caller is told. A statement that counts, or asks whether there is a row, always has a row to say so.
fn answer(wanted: Option<Answer>, rows: Rows, told: sql::Answer, given: &Value) -> Value {
    match (wanted, rows) {
        (Some(Answer::Affected), Rows::Zero) => given.clone().with_count(0),
        (Some(Answer::Affected), Rows::One) => given.clone().with_count(1),
        (Some(Answer::Optional), Rows::Zero | Rows::One) if told != sql::Answer::Rows => {
            Value::some(said(rows, told, given.payload_or_self()))
        }
        (Some(Answer::Optional), Rows::Zero) => Value::none(),
        (Some(Answer::Optional), Rows::One) => Value::some(given.payload_or_self()),
        (Some(Answer::Optional), Rows::Unknown) => given.clone(),
        (Some(Answer::Flag | Answer::FlagFound | Answer::One), Rows::Zero | Rows::One) => {
            said(rows, told, given.clone())
        }
        _ => given.clone(),
    }
}

/// What a row that counts or asks says: itself, in a tuple of one, or in the first column of a row.
fn said(rows: Rows, told: sql::Answer, given: Value) -> Value {
    let found = rows == Rows::One;
    let says = match told {
        sql::Answer::Count => Value::int(i128::from(found)),
        _ => Value::bool(found),
    };
    match &given.ty {
        _ if told == sql::Answer::Rows && !given.is_boolean() => given,
        Ty::Tuple(parts) if parts.len() == 1 => Value::new(Kind::Tuple(vec![says]), given.ty.clone(), given.origin),
        Ty::External { path, .. } if path.contains("::") => given.with_prop(FIRST.into(), says, None),
        Ty::Local { .. } => given,
        _ => says,
    }
}

/// The property of a row that holds its first column, where that is known.
const FIRST: &str = "(first)";
