//! SQL as delivery sees it: what one statement does to which table, and whether doing it twice changes anything.
//!
//! [`read`] parses a query's text ([`Statement`]s out, never an error), [`Schema`] collects the unique keys of migration files.
//! Neither knows Rust: whether a bind comes from the message is the caller's business, and so is caching (a text is parsed at each
//! call). Names are normalised as Postgres does it: unquoted ones in lower case, quotes and schema prefixes dropped.
//!
//! Parts of a text that the caller could not see are `{}` (`{name}`, `{0:?}` …), as in `format!`. Where they decide, the verdict is
//! [`Idempotency::Unknown`].

use smol_str::SmolStr;

use crate::flow::Idempotency;

mod claim;
pub mod cql;
mod expr;
mod fallback;
mod filter;
mod insert;
mod parse;
mod schema;
mod select;
mod statement;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod update;

pub use claim::in_progress;
pub use schema::Schema;

/// What one statement does, as far as delivery is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    Read(Read),
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    /// `pg_advisory_lock` and its kin, MySQL's `GET_LOCK`. `tries`: it does not wait, its result says whether the lock was got.
    AdvisoryLock {
        transaction_scoped: bool,
        tries: bool,
        binds: Vec<usize>,
    },
    /// `LOCK TABLE`.
    LockTable {
        table: SmolStr,
    },
    Begin {
        serializable: bool,
    },
    Commit,
    Rollback,
    /// `SET TRANSACTION ISOLATION LEVEL …`, for this transaction or all that follow.
    SetIsolation {
        serializable: bool,
    },
    /// `SAVEPOINT`, `RELEASE`, `ROLLBACK TO`.
    Savepoint,
    /// `NOTIFY`, `pg_notify()`: a publish on a transport that keeps nothing, delivered with the commit.
    Notify {
        channel: Option<SmolStr>,
        binds: Vec<usize>,
    },
    /// `CALL`, or a `SELECT` of nothing but a function of the user's own: may do anything. `name` as it is written (`pgmq.send`).
    Call {
        name: SmolStr,
        binds: Vec<usize>,
    },
    /// No effect on messages: DDL, `SET`, `EXPLAIN`, `LISTEN` …
    Other,
    /// Not SQL that anybody here understands. May do anything.
    Unparsed,
}

/// A `SELECT`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// The first table of the outermost `FROM` (of the subquery, for an `EXISTS`).
    pub table: Option<SmolStr>,
    /// What `WHERE` compares by equality with a bind.
    pub by: Vec<By>,
    /// `FOR UPDATE`, `FOR SHARE`.
    pub locks: bool,
    /// `SKIP LOCKED`: picks work nobody else has picked.
    pub skips_locked: bool,
    pub answer: Answer,
    /// `WHERE column = constant`; `IS NULL` compares with `null`.
    pub states: Vec<(SmolStr, SmolStr)>,
    /// Every column that it names, anywhere; `None` where that is not all that it depends on (`*`, another table).
    pub columns: Option<Vec<SmolStr>>,
    /// Those of `WHERE`, on which it depends whether there is a row; `None` where that is not all.
    pub finds_by: Option<Vec<SmolStr>>,
    /// It also finds rows that somebody took long ago (`OR started_at < now() - interval '5 minutes'`).
    pub takes_expired: bool,
}

/// What comes back from a [`Read`] when nothing matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Answer {
    /// No row.
    #[default]
    Rows,
    /// One row that says `false` (`NOT EXISTS`: `true`, and then `negated`).
    Exists { negated: bool },
    /// One row that says zero.
    Count,
}

/// A column compared by equality with a bind (0-based; `= ANY($1)` and `IN (…)` count).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    pub column: SmolStr,
    pub bind: usize,
}

/// What a column is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A bind, casts aside.
    Bind(usize),
    /// Computed from these binds (and constants) and nothing else: the same binds give the same value.
    Derived(Vec<usize>),
    /// A constant, strings without their quotes.
    Const(SmolStr),
    /// The column's own value, changed or not, or another column that the same statement changes.
    OwnColumn,
    /// The clock, or something computed from it.
    Now,
    /// New on each execution: `gen_random_uuid()`, `nextval()`, `random()`.
    Fresh,
    /// `DEFAULT`.
    Default,
    /// Another column, a subquery, a part of the text that nobody can see.
    Other,
}

/// An `INSERT`, `REPLACE`, `MERGE` or `COPY … FROM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insert {
    pub table: SmolStr,
    /// The first row. Names are empty where the statement lists none (see [`Schema::complete`]).
    pub columns: Vec<(SmolStr, Value)>,
    pub conflict: Conflict,
    /// As far as the statement alone says: a plain insert into a table with a unique key ([`Schema::covers_unique`]) is refused the
    /// second time all the same.
    pub idempotency: Idempotency,
    /// In a reader's words.
    pub why: SmolStr,
    /// An existing row is overwritten with absolute values, and nothing keeps an older message from doing so.
    pub overwrites: bool,
    pub returning: bool,
    /// The rows come from a query over other tables.
    pub from_select: bool,
}

/// What an [`Insert`] does about a row that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Nothing: a unique key makes the statement fail.
    None,
    /// `ON CONFLICT … DO NOTHING`. `target` is empty if there is none.
    DoNothing { target: Vec<SmolStr> },
    /// `ON CONFLICT … DO UPDATE`, `ON DUPLICATE KEY UPDATE`. `guarded`: as for [`Update::guarded`].
    DoUpdate { target: Vec<SmolStr>, guarded: bool },
    /// `INSERT IGNORE`, `INSERT OR IGNORE`.
    Ignore,
    /// `REPLACE`, `INSERT OR REPLACE`.
    Replace,
    /// `MERGE … WHEN NOT MATCHED THEN INSERT`.
    Merge,
    /// `INSERT … SELECT … WHERE NOT EXISTS (…)`: two at once may both insert.
    NotExists,
}

/// An `UPDATE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    pub table: SmolStr,
    pub idempotency: Idempotency,
    /// In a reader's words.
    pub why: SmolStr,
    /// Compare-and-set: `WHERE` compares a column that the statement changes, so that a second execution finds nothing to do.
    pub guarded: bool,
    /// The binds that the guard compares with: it guards only if they come from the message.
    pub guard_binds: Vec<usize>,
    /// Absolute values are overwritten, and nothing keeps an older message from doing so.
    pub overwrites: bool,
    pub sets: Vec<(SmolStr, Value)>,
    /// What `WHERE` compares by equality with a bind.
    pub by: Vec<By>,
    pub claim: Option<Claim>,
    pub reclaim: Option<Reclaim>,
    pub returning: bool,
}

/// A row taken for processing by a change of its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub column: SmolStr,
    /// The state it gets, if that is a constant (`running`).
    pub to: Option<SmolStr>,
    /// The state it must have, if that is one constant (`queued`).
    pub from: Option<SmolStr>,
    /// What rows must be like that it takes: columns, and their constants (`null`).
    pub free: Vec<(SmolStr, SmolStr)>,
    /// Of two workers only one gets the row: `WHERE` compares what the statement changes, or skips locked rows.
    pub exclusive: bool,
    /// `WHERE` also takes rows whose claim is old, or whose lease is over.
    pub expires: bool,
    /// How long the lease is (`leased_until = now() + interval '30 seconds'`).
    pub lease_millis: Option<u64>,
}

/// Rows whose processing somebody began long ago are given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reclaim {
    pub column: SmolStr,
    /// The state it takes them out of (`running`), if that is a constant.
    pub from: Option<SmolStr>,
    /// How old a claim must be.
    pub older_than: Option<Age>,
}

/// A `DELETE` or `TRUNCATE`. Idempotent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    pub table: SmolStr,
    pub by: Vec<By>,
    /// Only rows older than this: a cleanup.
    pub older_than: Option<Age>,
    /// Takes whatever row comes first (`… WHERE id = (SELECT … LIMIT 1) RETURNING …`): a destructive read.
    pub pops: bool,
    pub returning: bool,
}

/// How old a row has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    Millis(u64),
    /// The age, or the moment, is a bind.
    Bind(usize),
    /// Known to the row (`expires_at < now()`) or to nobody.
    Unknown,
}

/// A text longer than this is not read.
const LONGEST: usize = 256 * 1024;

/// Stack for the parser: nested expressions take a lot of it, and worker threads have little.
const STACK: usize = 32 * 1024 * 1024;

/// Runs what parses or walks syntax with stack enough for the deepest that is let through.
fn with_stack<T>(run: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK / 2, STACK, run)
}

/// Every statement of a text, in order; a `WITH` gives one for each part that changes data. Never panics.
#[must_use]
pub fn read(text: &str) -> Vec<Statement> {
    if text.len() > LONGEST {
        return vec![Statement::Unparsed];
    }
    with_stack(|| {
        let mut found = Vec::new();
        text::prepare(text)
            .statements
            .iter()
            .for_each(|text| read_one(text, &mut found));
        found
    })
}

fn read_one(text: &str, found: &mut Vec<Statement>) {
    match parse::parse(text) {
        Some(parsed) => {
            let around = update::Around {
                with: &[],
                partial: parsed.partial,
            };
            statement::lower(&parsed.statement, around, found);
        }
        None => found.push(fallback::guess(text)),
    }
}

/// The names of a text's named binds (`:id`, `@id`, `$id`), in the order of their indexes. Empty for positional ones.
#[must_use]
pub fn bind_names(text: &str) -> Vec<SmolStr> {
    if text.len() > LONGEST {
        Vec::new()
    } else {
        text::prepare(text).names
    }
}
