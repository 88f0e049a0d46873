//! What known APIs do, as data.
//!
//! One YAML file a client crate (`lint/catalog/*.yaml`, embedded), more from the user's repository, same schema. A file names types
//! and calls by canonical path; `lower` asks what a call does and never knows a client by name.
//!
//! *Operands* are how an entry refers to the values of a call: `recv` (the receiver), `args.0`, and properties of either:
//! `recv.sql`, `args.2.no_ack`. Properties are what builders and struct literals set; a struct literal's fields are its properties.
//! Types are written as in Rust: `Option<lapin::message::Delivery>`; `Self` is the receiver with all its properties, `_` what the
//! code around the call expects.

use std::collections::BTreeMap;

use serde::Deserialize;
use smol_str::SmolStr;

/// A file as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCatalog {
    /// The package whose presence among a crate's dependencies lets method names alone count (see [`RawCall::distinctive`]).
    #[serde(rename = "crate")]
    pub package: SmolStr,
    /// The version against whose sources the entries are verified; absent for `std` and for users' own files.
    pub version: Option<SmolStr>,
    /// Written path → canonical path: re-exports. A path that ends in `::*` maps a whole module.
    #[serde(default)]
    pub aliases: BTreeMap<SmolStr, SmolStr>,
    #[serde(default)]
    pub types: Vec<RawType>,
    #[serde(default)]
    pub calls: Vec<RawCall>,
}

/// What is known of a type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawType {
    pub path: SmolStr,
    /// Traits of the client whose methods it has.
    #[serde(default)]
    pub implements: Vec<SmolStr>,
    /// What it dereferences to (`lapin::message::Delivery` → `lapin::acker::Acker`).
    pub deref: Option<SmolStr>,
    /// Awaiting a value of it is this call (an entry of `calls`, by path): `lapin::PublisherConfirm`.
    pub awaits: Option<SmolStr>,
    /// It is a `Stream` (or iterator) of these.
    pub item: Option<SmolStr>,
    /// Taking an item from it receives a message.
    pub receive: Option<RawReceive>,
    /// Methods that are not in `calls` set the property of their name to their first argument and return `Self`.
    #[serde(default)]
    pub builder: bool,
    /// Properties where nothing set them (`requeue: false`).
    #[serde(default)]
    pub defaults: BTreeMap<SmolStr, Literal>,
    /// Fields that can be read, with their types.
    #[serde(default)]
    pub fields: BTreeMap<SmolStr, SmolStr>,
    /// A value of it is, or carries, what settles a message; it travels with the message.
    #[serde(default)]
    pub settles: bool,
    /// It is a database: `postgres`, `mysql`, `sqlite`, `redis`, `sql` where the driver does not tell. A connection, pool or transaction.
    pub store: Option<SmolStr>,
    /// It is a transaction (an effect through it is part of it; dropped without commit it rolls back).
    #[serde(default)]
    pub transaction: bool,
}

/// What is known of a function, method, or macro.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCall {
    /// `lapin::Channel::basic_consume`, `tokio::spawn`, `sqlx::query!`.
    pub path: SmolStr,
    #[serde(default)]
    pub does: Role,
    /// It is an `async fn` or returns a future: it acts when awaited, and not at all when never awaited.
    #[serde(default, rename = "async")]
    pub is_async: bool,
    /// With `async`: acts at the call although it returns a future.
    #[serde(default)]
    pub eager: bool,
    /// It returns a `Result`; `returns` is the type inside.
    #[serde(default)]
    pub fallible: bool,
    /// The error type of that `Result`, where a conversion may depend on it.
    pub error: Option<SmolStr>,
    pub returns: Option<SmolStr>,
    /// The result carries the receiver's properties (a consumer made of its config).
    #[serde(default)]
    pub keeps: bool,
    /// Properties that the call sets on its result: name → operand, or a literal written as `"=text"`.
    #[serde(default)]
    pub set: BTreeMap<SmolStr, SmolStr>,
    /// The property whose name is the first operand's text (lower-cased) becomes the second: `[args.0, args.1]`.
    pub set_entry: Option<[SmolStr; 2]>,
    /// The receiver itself changes too (`&mut self` builders, `confirm_select`).
    #[serde(default)]
    pub mutates: bool,
    /// Where the receiver's type is unknown, the name alone counts in a crate that depends on the package.
    #[serde(default)]
    pub distinctive: bool,
    /// The construction of a client: its place is the label of a default that decides.
    #[serde(default)]
    pub constructs: bool,
    /// Further readings, first match wins; each replaces the fields that it names.
    #[serde(default)]
    pub cases: Vec<RawCase>,
    #[serde(flatten)]
    pub facts: Facts,
}

/// A reading of a call under conditions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCase {
    /// Operand → what it must be: a literal's text, a variant's last segment, `"true"`, `"*"` (set to anything), `"-"` (not set).
    pub when: BTreeMap<SmolStr, SmolStr>,
    pub does: Option<Role>,
    pub returns: Option<SmolStr>,
    #[serde(flatten)]
    pub facts: Facts,
}

/// What a call is for delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nothing that matters; its result is made of its receiver and arguments.
    #[default]
    Pure,
    /// Reads from outside, changes nothing (`GET`, a metadata query).
    Read,
    /// Decodes or validates: a failure is the message's fault and permanent.
    Decode,
    /// `receive:` says how.
    Receive,
    /// `covers`, `multiple`, `tx`.
    Ack,
    /// `requeue`, `multiple`.
    Nack,
    /// Sets a log's position back.
    Rewind,
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
    /// A telemetry call: no effect, but shows that the unit is monitored.
    Monitor,
}

/// The operands and settings of the roles.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Facts {
    pub receive: Option<RawReceive>,
    /// `one` (default), `up_to`, `all_received`; an operand that is `true` for "and all before it".
    pub covers: Option<SmolStr>,
    pub multiple: Option<SmolStr>,
    /// The transaction that the ack, effect or publish belongs to (an operand).
    pub tx: Option<SmolStr>,
    /// `true`, `false`, or an operand.
    pub requeue: Option<SmolStr>,
    /// `database`, `cache`, `publish`, `http`, `rpc`, `mail`, `file`, `object`.
    pub kind: Option<SmolStr>,
    /// `yes`, `no`, `unknown`.
    pub idempotent: Option<SmolStr>,
    pub why: Option<SmolStr>,
    /// `kafka`, `http`, `redis`, …: the first half of the effect's target, or the transport of a receive.
    pub store: Option<SmolStr>,
    /// The second half: an operand or `"=text"`.
    pub target: Option<SmolStr>,
    pub method: Option<SmolStr>,
    /// When a publish is known to be stored: `ok` (its `Ok` says so), `pending` (its result must be awaited too), `never`.
    pub confirm: Option<SmolStr>,
    /// Pending confirmations mean something only if this operand is `true` (`recv.confirms`), where the receiver's construction is visible.
    pub confirm_if: Option<SmolStr>,
    /// A dedup key, or the id of a published message (operand).
    pub key: Option<SmolStr>,
    /// `plain`, `unique`, `if_absent`.
    pub mode: Option<SmolStr>,
    /// `memory`, `cache`, `durable`.
    pub durability: Option<SmolStr>,
    /// Operand of a duration, with `ttl_unit` `s` or `ms` where it is a number.
    pub ttl: Option<SmolStr>,
    pub ttl_unit: Option<SmolStr>,
    /// SQL: the text's operand.
    pub sql: Option<SmolStr>,
    /// SQL, transactions: the executor's operand.
    pub on: Option<SmolStr>,
    /// SQL: the bound values' operands; a property that a builder appends to (`recv.binds`) or an array argument.
    pub binds: Option<SmolStr>,
    /// `affected` (a count), `optional`, `one`, `many`, `flag` (a bool: fresh), `flag_found` (a bool: it was there).
    pub outcome: Option<SmolStr>,
    pub closure: Option<SmolStr>,
    pub task: Option<SmolStr>,
    pub value: Option<SmolStr>,
    pub duration: Option<SmolStr>,
    pub duration_unit: Option<SmolStr>,
    pub attempts: Option<SmolStr>,
    /// The property that the call appends its first argument to (`bind`).
    pub append: Option<SmolStr>,
}

/// How messages come.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawReceive {
    /// `kafka`, `amqp`, …
    pub transport: SmolStr,
    /// `queue`, `log`, `volatile`.
    pub broker: SmolStr,
    /// The topic's or queue's operand.
    pub address: Option<SmolStr>,
    /// First match wins. Without a match, or without any: `manual`.
    #[serde(default)]
    pub settle: Vec<RawSettle>,
}

/// Who settles, under conditions on the receiver's properties.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSettle {
    /// As in [`RawCase::when`], on properties of the receiver. Empty: always. If a property is not set and the construction is not
    /// visible, the reading is skipped.
    #[serde(default)]
    pub when: BTreeMap<SmolStr, SmolStr>,
    /// `manual`, `on_receive`, `in_sink`, `on_ok`, `on_return`.
    pub is: SmolStr,
    /// The property whose place is the label; absent: the construction.
    pub label: Option<SmolStr>,
    /// Why, in a reader's words.
    pub why: Option<SmolStr>,
}

/// A literal of YAML.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    Bool(bool),
    Int(i64),
    Text(SmolStr),
}
