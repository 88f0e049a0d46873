//! What a catalog file holds, as written.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::expr::{Operand, TypeExpr};
use super::facts::Facts;
use super::read::record;
use crate::flow::Broker;

/// A file.
#[derive(Debug, Clone, Default)]
pub struct RawCatalog {
    /// The package whose presence among a crate's dependencies lets method names alone count (see [`RawCall::distinctive`]).
    pub package: SmolStr,
    /// The version against whose sources the entries are verified; absent for `std` and for users' own files.
    pub version: Option<SmolStr>,
    /// Older versions of which the entries are true as well, each verified; with the package's name where it had another one then.
    pub older: Vec<SmolStr>,
    /// What only the newer ones of these versions have, and from which on. A path stands for all below it, too.
    pub since: BTreeMap<SmolStr, SmolStr>,
    /// What only the older ones have, and up to which.
    pub until: BTreeMap<SmolStr, SmolStr>,
    /// Written path → canonical path: re-exports. A path stands for all below it, too; one that ends in `::*` only for what is below.
    pub aliases: BTreeMap<SmolStr, SmolStr>,
    pub types: Vec<RawType>,
    pub calls: Vec<RawCall>,
}

record!(RawCatalog, "a catalog", requires ["crate"], { package as "crate", version, older, since, until, aliases, types, calls });

/// What is known of a type or trait.
#[derive(Debug, Clone, Default)]
pub struct RawType {
    /// `lapin::Channel`; `lapin::{Channel,Connection}` says the same of several.
    pub path: SmolStr,
    /// Traits of the client whose methods it has.
    pub implements: Vec<SmolStr>,
    /// It has the methods of these types, too: with `async` each gives a future, with `queue` each only queues its command.
    pub like: Vec<SmolStr>,
    pub is_async: bool,
    pub queue: bool,
    /// What it dereferences to (`lapin::message::Delivery` → `lapin::acker::Acker`).
    pub deref: Option<TypeExpr>,
    /// Awaiting a value of it is this call (an entry of `calls`, by path): `lapin::PublisherConfirm`.
    pub awaits: Option<SmolStr>,
    /// It is a `Stream` (or iterator) of these.
    pub item: Option<TypeExpr>,
    /// Taking an item from it receives a message.
    pub receive: Option<Receive>,
    /// Methods that are not in `calls` set the property of their name to their first argument and return `Self`.
    pub builder: bool,
    /// Properties where nothing set them (`requeue: false`).
    pub defaults: BTreeMap<SmolStr, Literal>,
    /// Fields that can be read, with their types.
    pub fields: BTreeMap<SmolStr, TypeExpr>,
    /// A value of it is, or carries, what settles a message; it travels with the message.
    pub settles: bool,
    /// It is a database: `postgres`, `mysql`, `sqlite`, `redis`, `sql` where the driver does not tell. A connection, pool or transaction.
    pub store: Option<SmolStr>,
    /// It is a transaction (an effect through it is part of it; dropped without commit it rolls back).
    pub transaction: bool,
    /// A framework calls a function that takes one (alone, or as an argument of another type) for each message, and settles by what
    /// the function gives. A function that such a function calls is none.
    pub handed: Option<Receive>,
    /// Of a trait: types that the catalog does not list have its distinctive methods, too (`(StatusCode, String)` is an answer).
    pub for_all: bool,
    /// Of a trait: a framework calls these methods of what implements it for each message. Where no other parameter is the message,
    /// `self` is.
    pub handles: BTreeMap<SmolStr, Receive>,
    /// As what a handler gives, it accepts the message if it is one of these constants (or its property `answer` is), and refuses it
    /// otherwise. Without: `Ok` accepts and `Err` refuses.
    pub accepts: Vec<SmolStr>,
    /// As what a handler gives, it refuses the messages that are listed in this field.
    pub gives_back: Option<SmolStr>,
    /// What has to be true where nobody looks at a value of it.
    pub unread: Option<SmolStr>,
    /// It is an event, and a message one of its kinds. The others are left aside.
    pub carries: Option<Carries>,
    /// Of a trait: a macro of the client makes types of that name that have it (`order::Entity`).
    pub made_as: Option<SmolStr>,
    /// The derive macros that make them, beside the type that they stand on.
    pub made_by: Vec<SmolStr>,
    /// The name of the type below whose path (`order::Column::Total`) columns are named, in camel case: a macro of the client has made it.
    pub columns: Option<SmolStr>,
    /// A path that means nothing else and names a table of the workspace's schema is a value of it, with the table's name as `target`: a
    /// macro of the client has made it.
    pub tables: bool,
}

record!(RawType, "a type", requires ["path"], {
    path, implements, like, is_async as "async", queue, deref, awaits, item, receive, builder, defaults, fields, settles, store, transaction,
    handed, for_all, handles, accepts, gives_back, unread, carries, made_as, made_by, columns, tables,
});

/// In which variant of an event a message comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carries {
    /// From the outside in: `[Incoming, Publish]`.
    pub variants: Vec<SmolStr>,
    /// What is inside.
    pub message: TypeExpr,
}

impl Default for Carries {
    fn default() -> Self {
        Self {
            variants: Vec::new(),
            message: TypeExpr::Expected,
        }
    }
}

record!(Carries, "`carries`", requires ["variants", "message"], { variants, message });

/// What is known of a function, method, or macro.
#[derive(Debug, Clone, Default)]
pub struct RawCall {
    /// `lapin::Channel::basic_consume`, `tokio::spawn`, `sqlx::query!`; `redis::Commands::{get,mget}` says the same of several.
    pub path: SmolStr,
    pub does: Role,
    /// It is an `async fn` or returns a future: it acts when awaited, and not at all when never awaited.
    pub is_async: bool,
    /// With `async`: acts at the call although it returns a future.
    pub eager: bool,
    /// It returns a `Result`; `returns` is the type inside.
    pub fallible: bool,
    /// The error type of that `Result`, where a conversion may depend on it.
    pub error: Option<TypeExpr>,
    pub returns: Option<TypeExpr>,
    /// The result carries the receiver's properties (a consumer made of its config).
    pub keeps: bool,
    /// Properties that the call sets on its result: name → operand, or a literal written as `"=text"`; `result` where whoever is given the
    /// result may set it to anything (`status_mut`).
    pub set: BTreeMap<SmolStr, Operand>,
    /// The property whose name is the first operand's text (lower-cased) becomes the second: `[args.0, args.1]`.
    pub set_entry: Option<[Operand; 2]>,
    /// Of the building of a statement: the column, and what it is given.
    pub assigns: Option<[Operand; 2]>,
    /// The result carries the properties of this operand, too (`headers(map)`).
    pub merge: Option<Operand>,
    /// The receiver itself changes too (`&mut self` builders, `confirm_select`).
    pub mutates: bool,
    /// With `does: queue`: what the queued command does when the batch is executed; the facts are that command's.
    pub queues: Option<Role>,
    /// Where the receiver's type is unknown, the name alone counts in a crate that depends on the package.
    pub distinctive: bool,
    /// The construction of a client: its place is the label of a default that decides.
    pub constructs: bool,
    /// Further readings, first match wins; each replaces the fields that it names. In a [`super::Catalog`] each is complete: what it
    /// does not name is filled in from the call.
    pub cases: Vec<RawCase>,
    pub facts: Facts,
}

record!(RawCall, "a call", requires ["path"], {
    path, does, is_async as "async", eager, fallible, error, returns, keeps, set, set_entry, assigns, merge, mutates, queues, distinctive, constructs, cases,
} + facts: Facts);

/// A reading of a call under conditions.
#[derive(Debug, Clone, Default)]
pub struct RawCase {
    pub when: When,
    pub does: Option<Role>,
    /// As [`RawCall::queues`].
    pub queues: Option<Role>,
    pub returns: Option<TypeExpr>,
    pub facts: Facts,
}

record!(RawCase, "a case", requires ["when"], { when, does, queues, returns } + facts: Facts);

/// Conditions that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When(pub Vec<Condition>);

/// Operand → what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub operand: Operand,
    pub is: Is,
}

/// What an operand must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Is {
    /// `"*"`: set to anything.
    Set,
    /// `"-"`: not set.
    Unset,
    /// A literal's text, a variant's or constant's last segment, `"true"`; ASCII case is ignored. Of a property that calls append to:
    /// one of its values.
    Text(SmolStr),
    /// `INCR|DECR`: any of these texts.
    OneOf(Vec<SmolStr>),
}

impl Is {
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "*" => Self::Set,
            "-" => Self::Unset,
            _ if text.contains('|') => Self::OneOf(text.split('|').map(SmolStr::new).collect()),
            _ => Self::Text(text.into()),
        }
    }

    /// Whether a value is what it must be; `None` is an operand that is not set.
    #[must_use]
    pub fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::Set => value.is_some(),
            Self::Unset => value.is_none(),
            Self::Text(text) => value.is_some_and(|value| value.eq_ignore_ascii_case(text)),
            Self::OneOf(texts) => value.is_some_and(|value| texts.iter().any(|text| value.eq_ignore_ascii_case(text))),
        }
    }
}

/// What a call is for delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Nothing that matters; its result is made of its receiver and arguments.
    #[default]
    Pure,
    /// Reads from outside, changes nothing (`GET`, a metadata query).
    Read,
    /// Decodes or validates: a failure is the message's fault and permanent.
    Decode,
    /// `receive:` says how. With `closure`, a framework calls that function or closure for each message; without, the call gives one.
    Receive,
    /// `covers`, `multiple`, `tx`.
    Ack,
    /// `requeue`, `multiple`.
    Nack,
    /// Sets a log's position back.
    Rewind,
    /// Gives the receiver's membership in its group, as it stands at this moment.
    Member,
    /// `lease` extension.
    Extend,
    /// `kind`, `idempotent`, `target`.
    Effect,
    /// An HTTP request: `method`, `target` (the URL); properties of the receiver hold lower-cased headers.
    Http,
    /// `confirm`, `target`, `key`.
    Publish,
    /// Waits for the confirmation of the publish whose pending result is the receiver.
    Confirm,
    /// Runs SQL: `sql`, `on` (the executor), `binds`, `outcome`.
    Sql,
    /// Asks whether a key is there: `key`. The result is a bool (or an `Option`, per `returns`).
    Check,
    /// Records a key: `key`, `mode`, `ttl`. The result tells fresh from duplicate per `outcome`.
    Mark,
    /// Takes back a key: `key`.
    Unmark,
    /// Changes the documents that `filter` finds as `update` says.
    Document,
    /// Begins a transaction on `on` and returns it.
    Begin,
    Commit,
    Rollback,
    /// Runs the closure `closure` in a transaction on `on`: `Ok` commits, `Err` rolls back.
    Transaction,
    /// Queues commands that act together when the batch is executed (`pipe`): the result's properties collect them.
    Queue,
    /// Executes the commands that were queued on the receiver.
    Execute,
    /// Runs the future or closure `task` beside the caller; returns a handle.
    Spawn,
    /// Waits for the task(s) of the receiver or `task`.
    Join,
    /// Puts `value` into a queue in memory.
    Send,
    /// Makes a queue in memory: returns (sender, receiver).
    Channel,
    /// Takes from a queue in memory.
    Take,
    /// `duration`.
    Sleep,
    /// Runs `task` for at most `duration`; a failure when time is up.
    Timeout,
    /// Runs the closure `closure` again until it succeeds or `attempts` are over.
    Retry,
    /// Makes a value fresh on each call (`Uuid::new_v4`, `Utc::now`).
    Fresh,
    /// Panics, aborts or exits the process.
    Exit,
    /// Calls the closure `closure` with the receiver's content (`Option::map`-like of a client).
    Apply,
    /// Writes to a log or to the console: no effect, but where nothing else is done with a message it stands in for what is to be done.
    Log,
    /// A telemetry call: no effect, but shows that the unit is monitored.
    Monitor,
}

/// How messages come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receive {
    /// `kafka`, `amqp`, …
    pub transport: SmolStr,
    pub broker: Broker,
    /// The topic or queue.
    pub address: Option<Operand>,
    /// A duration: after which an unsettled message goes to somebody else.
    pub lease: Option<Operand>,
    /// The unit of `lease` where it is a number.
    pub lease_unit: Option<Unit>,
    /// First match wins. Without a match, or without any: `manual`.
    pub settle: Vec<Settle>,
    /// The name of the setting that gives a queue a dead-letter target, where that is declared in code.
    pub dead_letter: Option<SmolStr>,
    /// The client counts attempts, and sets a message aside that has failed too often.
    pub sets_aside: bool,
    /// When the messages of aborted transactions are handed out, too.
    pub uncommitted: When,
    /// The store whose transactions can take the position of what was received.
    pub positions_in: Option<SmolStr>,
    /// Messages come in the order in which they were sent, as long as none is given back.
    pub ordered: bool,
    /// Taking a message puts it somewhere else: code that does nothing more with it only moves it.
    pub moves: bool,
    /// Whatever the function gives is an answer to somebody who sends again until it is a good one (a webhook).
    pub answered: bool,
    /// Counts only in a function that declares a source: most requests are no deliveries.
    pub declared: bool,
}

impl Default for Receive {
    fn default() -> Self {
        Self {
            transport: SmolStr::default(),
            broker: Broker::Queue,
            address: None,
            lease: None,
            lease_unit: None,
            settle: Vec::new(),
            dead_letter: None,
            sets_aside: false,
            uncommitted: When::default(),
            positions_in: None,
            ordered: false,
            moves: false,
            answered: false,
            declared: false,
        }
    }
}

record!(Receive, "`receive`", requires ["transport", "broker"], { transport, broker, address, lease, lease_unit, settle, dead_letter, sets_aside, uncommitted, positions_in, ordered, moves, answered, declared });

/// Who settles, under conditions on the receiver's properties.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settle {
    /// Empty: always. If a property is not set and the construction is not visible, the reading is skipped.
    pub when: When,
    /// Only where the workspace's code contains this text: the name of a setting that is made elsewhere than at the handler.
    pub mentions: Option<SmolStr>,
    pub is: SettleBy,
    /// The property whose place is the label; absent: the construction.
    pub label: Option<SmolStr>,
    /// Why, in a reader's words.
    pub why: Option<SmolStr>,
}

record!(Settle, "a reading of `settle`", requires ["is"], { when, mentions, is, label, why });

/// Who settles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettleBy {
    #[default]
    Manual,
    OnReceive,
    InSink,
    OnOk,
    OnReturn,
    /// When the next message is asked for.
    OnNext,
    /// That, and when the reader is dropped.
    OnNextOrDrop,
    /// Not at all: with these settings the broker keeps nothing for this receiver once it is gone.
    NotKept,
}

/// Which messages an ack settles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covers {
    One,
    UpTo,
    AllReceived,
    /// `UpTo` if the operand is `true`, else `One`.
    UpToIf(Operand),
}

impl Covers {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "one" => Ok(Self::One),
            "up_to" => Ok(Self::UpTo),
            "all_received" => Ok(Self::AllReceived),
            _ => Operand::parse(text).map(Self::UpToIf).map_err(|_| {
                let hint = super::words::did_you_mean(text, ["one", "up_to", "all_received"]);
                format!("`{text}` is no coverage{hint}: write `one`, `up_to`, `all_received` or an operand")
            }),
        }
    }
}

/// When a publish is known to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confirm {
    /// Its `Ok` says so.
    Ok,
    /// Its result must be awaited too.
    Pending,
    Never,
}

/// How the result tells what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// A count of what changed.
    Affected,
    Optional,
    One,
    Many,
    /// A bool: it is new.
    Flag,
    /// A bool: it was there.
    FlagFound,
    /// What failed of a batch: nothing, if all went well.
    Failures,
    /// An `Option`: what was there before (`HashMap::insert`). With `Optional`, `Some` means found for a check and new for a mark.
    OptionalFound,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    Seconds,
    Millis,
}

/// A literal of YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Bool(bool),
    Int(i64),
    Text(SmolStr),
}
