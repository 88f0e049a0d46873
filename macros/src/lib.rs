//! Attributes by which a handler of messages declares what happens to a message when something crashes.
//!
//! ```
//! # struct Order { id: u64 }
//! # struct Error;
//! # async fn in_one_transaction(_: &Order) -> Result<(), Error> { Ok(()) }
//! #[delivery::effectively_once(
//!     integration = "billing.invoices",
//!     source = "kafka:orders.v1",
//!     sinks = ["postgres:invoices"],
//!     why = "A lost order is lost money, a repeated one is a double charge.",
//!     mechanisms = [transactional_dedup, commit_after_process],
//!     edge_cases = ["Crash between insert and commit: redelivered, absorbed by the dedup row."],
//!     dedup(store = "postgres:processed_messages", key = "message_id", retention = "7d"),
//!     redelivery_window = "48h",
//!     criticality = critical,
//!     owner = "team-billing"
//! )]
//! async fn on_order(order: Order) -> Result<(), Error> {
//!     in_one_transaction(&order).await
//! }
//! ```
//!
//! The attributes change nothing in the program: the function stays as it is, there is nothing to link and no cost at
//! run time. What they do:
//!
//! - the declaration is checked while the program compiles (words, ids, durations, contradictions);
//! - its contents appear in the function's documentation, with a link to the page that the linter generates, if `delivery.yaml`
//!   says where such pages are published (`docs: { base_url: … }`);
//! - `cargo delivery check` compares the promise with what the code really does, and shows the execution that breaks it.
//!
//! # Choosing
//!
//! | | may be lost | may be repeated | what it costs |
//! |---|---|---|---|
//! | [`macro@no_guarantee`] | yes | yes | nothing |
//! | [`macro@best_effort`] | yes | yes | looking at errors |
//! | [`macro@at_most_once`] | yes | no | settling first, and no retries |
//! | [`macro@at_least_once`] | no | yes | effects that bear repetition |
//! | [`macro@effectively_once`] | no | not so that it shows | recognising duplicates |
//! | [`macro@exactly_once`] | no | no | one transactional system for everything |
//!
//! If losing a message is harmless, [`macro@best_effort`] will do, or [`macro@at_most_once`] where a repetition would
//! hurt. If it is not, [`macro@effectively_once`] is right for nearly everything; [`macro@exactly_once`] is for what
//! never leaves one transactional system and is worth its price.
//!
//! # Keys
//!
//! The six semantics take the same keys. Only `integration` is mandatory for the compiler; the linter asks for more.
//!
//! | key | value | says |
//! |---|---|---|
//! | `integration` | `"billing.invoices"` | the id, unique in the workspace: lower-case letters, digits, `.`, `_`, `-` |
//! | `source` | `"kafka:orders.v1"` | where messages come from, as `transport:address`; inferred where the code shows it |
//! | `sinks` | `["postgres:invoices"]` | where the effects go |
//! | `why` | `"…"` | why this semantic |
//! | `mechanisms` | `[transactional_dedup]` | by what means the promise is kept, see below |
//! | `edge_cases` | `["…"]` | what happens in the corners |
//! | `dedup(…)` | `store = "redis:seen", key = "order_id", retention = "7d"` | how duplicates are recognised |
//! | `redelivery_window` | `"48h"` | the longest time after which a duplicate may still come |
//! | `lease` | `"30s"` | for how long the broker leaves a message to one worker |
//! | `processing_time` | `"5s"` | the longest time that one message takes |
//! | `criticality` | `tolerable`, `important` (default), `critical` | what a fault costs |
//! | `settle` | `manual` (default), `on_ok`, `on_return`, `on_receive` | when a framework settles for the handler |
//! | `metrics` | `["invoices_duplicates_total"]` | what to look at |
//! | `tested_by` | `[tests::redelivery_is_absorbed]` | the tests that exercise failures |
//! | `owner`, `runbook` | `"team-billing"`, `"https://…"` | whom to call, what to do |
//!
//! Mechanisms: `commit_after_process`, `commit_before_process`, `transactional_dedup`, `cache_dedup`,
//! `unique_constraint`, `idempotent_effect`, `idempotency_key`, `compare_and_set`, `transactional_outbox`,
//! `kafka_transactions`, `publisher_confirms`, `retry_until_acknowledged`, `dead_letter`, `circuit_breaker`, `saga`,
//! `two_phase_commit`, `lease_extension`, `distributed_lock`.
//!
//! # Beside declarations
//!
//! [`macro@step`] tells the linter what a wrapper does that it cannot see through; [`macro@allow`] silences a rule, with
//! a reason.
#![forbid(unsafe_code)]

mod expand;
mod item;
mod markdown;
mod published;
mod section;

use delivery_grammar::Semantic;
use proc_macro::TokenStream;

/// **No guarantee**: the message is sent off, and nobody asks what became of it.
///
/// # What it guarantees
///
/// Nothing. It is the weakest promise there is, and an honest one: who reads it knows that gaps are normal.
///
/// # What it does not
///
/// - The message may never arrive, and it may arrive twice.
/// - Nobody is told of a failure: not the sender, not the log.
/// - Nothing is acknowledged and nothing is tried again.
///
/// # Where it fits
///
/// Where the newest value matters and a single one does not: samples of a metric sent by the million, frames of a live
/// stream, counts of page views. Where waiting for a confirmation would cost more than the data is worth.
///
/// Watch the receiving side: a rate that suddenly falls is the only sign of loss that there will be.
///
/// # Where it does not
///
/// Wherever anybody will one day ask "did it arrive?". For an event of the business, a notification or anything that is
/// counted for money, there is no way to find out afterwards what is missing.
///
/// # Example
///
/// ```
/// # use std::net::UdpSocket;
/// #[delivery::no_guarantee(
///     integration = "edge.request-metrics",
///     sinks = ["udp:statsd"],
///     why = "A chart with a gap is still a chart.",
///     criticality = tolerable
/// )]
/// fn count_request(socket: &UdpSocket) {
///     let _ = socket.send(b"requests:1|c");
/// }
/// ```
///
/// The keys are listed in the [documentation of the crate](crate#keys). One step stronger: [`macro@best_effort`].
#[proc_macro_attribute]
pub fn no_guarantee(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::semantic(Semantic::NoGuarantee, arguments.into(), item.into()).into()
}

/// **Best effort**: one honest attempt is made; if it fails, that was it.
///
/// # What it guarantees
///
/// - The attempt takes place, and its failure is looked at: logged or counted, not thrown away unseen.
/// - While everything works, the message arrives.
///
/// # What it does not
///
/// - Delivery while the network, the broker or the receiver is down: what was under way is lost.
/// - Processing: that TCP has delivered the bytes says nothing about a receiver that crashed with them in memory.
/// - Freedom from duplicates, as soon as somebody adds a retry.
///
/// A retry alone makes nothing stronger: without an acknowledgement to wait for, there is no telling when to stop, and
/// the result is still best effort.
///
/// # Where it fits
///
/// For what can be computed again or can be missed now and then: warming a cache, analytics that are read as trends, a
/// courtesy notification. Count the failures; a rising rate is how one learns of a fault. If a retry is added later,
/// make the operation idempotent first.
///
/// # Where it does not
///
/// Where a failure leaves the question "was it done or not?" and the answer matters, as with a payment: trying again may
/// do it twice, not trying again may lose it.
///
/// # Example
///
/// ```
/// # struct Cache;
/// # impl Cache { async fn put(&self, _: &str, _: &str) -> Result<(), std::io::Error> { Ok(()) } }
/// #[delivery::best_effort(
///     integration = "catalogue.price-cache",
///     sinks = ["redis:prices"],
///     why = "A price that is missing here is read from the database.",
///     criticality = tolerable,
///     metrics = ["price_cache_failures_total"]
/// )]
/// async fn remember_price(cache: &Cache, article: &str, price: &str) {
///     if let Err(error) = cache.put(article, price).await {
///         eprintln!("price of {article} is not cached: {error}");
///     }
/// }
/// ```
///
/// The keys are listed in the [documentation of the crate](crate#keys). Stronger: [`macro@at_most_once`] if nothing may
/// happen twice, [`macro@at_least_once`] if nothing may be lost.
#[proc_macro_attribute]
pub fn best_effort(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::semantic(Semantic::BestEffort, arguments.into(), item.into()).into()
}

/// **At most once**: a message takes effect once or never, but not twice.
///
/// # What it guarantees
///
/// - No repetition: the message is settled *before* its effects, and no effect is tried again.
/// - So the receiver needs no ids, no store of processed messages, nothing idempotent.
///
/// # What it does not
///
/// - Delivery: a crash after the acknowledgement and before the effect loses the message for good. The broker believes
///   that it was processed and will not bring it back.
/// - A second chance: a failed effect stays undone.
///
/// # Where it fits
///
/// Where a repetition is worse than a gap and the effect cannot be made idempotent: a one-time code whose second mail
/// confuses people, a signal to a device, a measurement that must not count double. Compare how many messages should have
/// come with how many did, and keep what matters in a second, more durable place.
///
/// # Where it does not
///
/// For money, for events that other systems build their state on, for anything that nobody can restore. "Exactly once is
/// too hard" is no reason to come here: [`macro@effectively_once`] is the answer to that.
///
/// # Example
///
/// ```
/// # struct Message;
/// # impl Message { async fn ack(&self) -> Result<(), Error> { Ok(()) } }
/// # struct Error;
/// # async fn send_mail(_: &Message) -> Result<(), Error> { Ok(()) }
/// #[delivery::at_most_once(
///     integration = "auth.one-time-codes",
///     source = "kafka:auth.codes",
///     sinks = ["smtp:codes"],
///     why = "A second mail with a code that was used already sends people to support.",
///     mechanisms = [commit_before_process],
///     edge_cases = ["Crash before the mail is out: the user asks for another code."],
///     criticality = tolerable
/// )]
/// async fn on_code(message: Message) -> Result<(), Error> {
///     message.ack().await?;
///     send_mail(&message).await
/// }
/// ```
///
/// The keys are listed in the [documentation of the crate](crate#keys).
#[proc_macro_attribute]
pub fn at_most_once(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::semantic(Semantic::AtMostOnce, arguments.into(), item.into()).into()
}

/// **At least once**: no message is lost, but some are processed several times.
///
/// # What it guarantees
///
/// - Every message is processed: it is settled only *after* all its effects are durable, and what fails comes again.
///
/// # What it does not
///
/// - A single processing. A crash between effect and acknowledgement, a lost acknowledgement, a lease that ran out while
///   the worker was still busy: each brings the message back, perhaps to another worker at the same time.
/// - Order: a message that is tried again is overtaken by later ones, and may then overwrite what they wrote.
///
/// Therefore **every effect has to bear repetition**. Setting a status does; `balance = balance - 100`, a `POST` that
/// creates something, an appended line and a mail do not, unless something recognises the duplicate. Where values
/// overwrite each other, compare a version first.
///
/// # Where it fits
///
/// For most handlers whose effects are idempotent by nature: projections, search indexes, upserts under the message's own
/// key, synchronised copies. It is also the ground on which [`macro@effectively_once`] is built.
///
/// # Where it does not
///
/// Where the effect is not idempotent and nothing guards it: charging a card, counting, notifying. And a retry alone does
/// not get you here: it has to go on until the other side acknowledges.
///
/// # Example
///
/// ```
/// # struct Message;
/// # impl Message { async fn ack(&self) -> Result<(), Error> { Ok(()) } }
/// # struct Error;
/// # async fn upsert_customer(_: &Message) -> Result<(), Error> { Ok(()) }
/// #[delivery::at_least_once(
///     integration = "crm.customers",
///     source = "amqp:customers.changed",
///     sinks = ["postgres:customers"],
///     why = "Support has to see every change of address.",
///     mechanisms = [commit_after_process, idempotent_effect],
///     edge_cases = ["Crash after the upsert: the same row is written again."]
/// )]
/// async fn on_customer(message: Message) -> Result<(), Error> {
///     upsert_customer(&message).await?;
///     message.ack().await
/// }
/// ```
///
/// The keys are listed in the [documentation of the crate](crate#keys).
#[proc_macro_attribute]
pub fn at_least_once(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::semantic(Semantic::AtLeastOnce, arguments.into(), item.into()).into()
}

/// **Effectively once**: a message may arrive several times, but counts once.
///
/// Delivery is at least once underneath; duplicates are recognised and have no effect. For most systems in production
/// this is the right choice: as dependable as exactly once, much simpler, and it works with any broker, database or API.
///
/// # What it guarantees
///
/// - No message is lost: it is settled after its effects.
/// - A duplicate leaves no trace: the effect is idempotent, or the id of the message was recorded together with it.
///
/// # What it does not
///
/// - That a message comes only once: it may, and a worker will spend time on finding out that it is a duplicate.
/// - Zero cost: there is a look-up for each message, and a store that grows until it is cleaned.
///
/// # What it takes
///
/// - **An id from the sender**, the same on every redelivery; one made on receipt recognises nothing.
/// - **Effect and mark in one transaction.** With a gap between them, a crash in the gap repeats or loses the effect.
/// - **One winner of two workers**: a unique key, an insert-if-absent or a lock. "Look, then write" lets both through.
/// - **Marks that outlive duplicates**: `retention` at least as long as `redelivery_window`, with some to spare.
/// - **A store as durable as the data is dear**: a cache that forgets on restart is fine for statistics, not for payments.
///
/// # Where it fits
///
/// Payments with an idempotency key, orders under an id of their own, transfers with a unique transaction number,
/// anything that must neither be lost nor show twice.
///
/// # Where it does not
///
/// Where loss is harmless (then it is overpaid), and where an effect cannot be made recognisable at all: a mail is sent
/// twice if the crash comes after the server took it. Declare that as an edge case.
///
/// # Example
///
/// ```
/// # struct Order { id: u64 }
/// # struct Transaction;
/// # impl Transaction {
/// #     async fn first_time(&mut self, _: u64) -> Result<bool, Error> { Ok(true) }
/// #     async fn insert_invoice(&mut self, _: &Order) -> Result<(), Error> { Ok(()) }
/// #     async fn commit(self) -> Result<(), Error> { Ok(()) }
/// # }
/// # struct Error;
/// #[delivery::effectively_once(
///     integration = "billing.invoices",
///     source = "kafka:orders.v1",
///     sinks = ["postgres:invoices"],
///     why = "A lost order is lost money, a repeated one is a double charge.",
///     mechanisms = [transactional_dedup, commit_after_process],
///     edge_cases = ["Crash between insert and commit: redelivered, absorbed by the dedup row."],
///     dedup(store = "postgres:processed_messages", key = "message_id", retention = "7d"),
///     redelivery_window = "48h",
///     settle = on_ok
/// )]
/// async fn on_order(mut transaction: Transaction, order: Order) -> Result<(), Error> {
///     if transaction.first_time(order.id).await? {
///         transaction.insert_invoice(&order).await?;
///     }
///     transaction.commit().await
/// }
/// ```
///
/// The keys are listed in the [documentation of the crate](crate#keys).
#[proc_macro_attribute]
pub fn effectively_once(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::semantic(Semantic::EffectivelyOnce, arguments.into(), item.into()).into()
}

/// **Exactly once**: a message is neither lost nor repeated, inside one transactional system.
///
/// Between independent systems nobody can keep this promise, since a slow answer cannot be told from a lost one. It can
/// be kept where the receive position, the effects and the settlement commit **together or not at all**.
///
/// # What it guarantees
///
/// - Within that system, the message is processed once: what a crash interrupts was never there.
///
/// # What it does not
///
/// - Anything outside. A consumer with Kafka transactions that also writes to a database, calls an API or sends a mail
///   does that again after a crash; "we use Kafka" is no exactly once.
/// - Anything with wrong settings: over Kafka it takes a transactional producer, offsets sent to its transaction with the
///   metadata of the group, and readers that skip what was not committed.
/// - Speed: transactions cost throughput and latency, noticeably.
///
/// # Where it fits
///
/// From topic to topic with Kafka transactions; a table that is both queue and result in one database; state under
/// checkpoints in a stream processor. For data dear enough to pay for it.
///
/// # Where it does not
///
/// Where an effect leaves the system, where latency counts, where effects are idempotent anyway: there
/// [`macro@effectively_once`] gives the same result for less. Two-phase commit stretches the promise over several systems,
/// slowly and brittly; a saga gives compensation, not this.
///
/// # Example
///
/// ```
/// # struct Fill;
/// # struct Transaction;
/// # impl Transaction {
/// #     async fn produce(&mut self, _: &Fill) -> Result<(), Error> { Ok(()) }
/// #     async fn send_offsets(&mut self) -> Result<(), Error> { Ok(()) }
/// #     async fn commit(self) -> Result<(), Error> { Ok(()) }
/// # }
/// # struct Error;
/// #[delivery::exactly_once(
///     integration = "exchange.trades",
///     source = "kafka:exchange.fills",
///     sinks = ["kafka:exchange.trades"],
///     why = "Every trade is cleared, and none twice.",
///     mechanisms = [kafka_transactions],
///     edge_cases = ["A second instance with the same transactional id fences the first."],
///     criticality = critical
/// )]
/// async fn on_fill(mut transaction: Transaction, fill: Fill) -> Result<(), Error> {
///     transaction.produce(&fill).await?;
///     transaction.send_offsets().await?;
///     transaction.commit().await
/// }
/// ```
///
/// The keys are listed in the [documentation of the crate](crate#keys).
#[proc_macro_attribute]
pub fn exactly_once(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::semantic(Semantic::ExactlyOnce, arguments.into(), item.into()).into()
}

/// Says what calling a function amounts to, where the linter cannot see it: behind a trait of another crate, a generated
/// client, an in-house wrapper.
///
/// | step | the function |
/// |---|---|
/// | `receive` | gets a message |
/// | `ack` | tells the broker to forget it |
/// | `nack` | tells the broker to deliver it again |
/// | `reject` | tells the broker to drop or dead-letter it |
/// | `effect(idempotent)` | changes something durable; doing it twice leaves what doing it once leaves |
/// | `effect(non_idempotent)` | changes something durable, and doing it twice shows |
/// | `publish(confirmed)` | sends a message and returns once the broker has confirmed it |
/// | `publish(unconfirmed)` | sends a message and returns without knowing |
/// | `dedup_check` | asks whether the message was processed already |
/// | `dedup_mark` | records that it was |
/// | `begin`, `commit`, `rollback` | opens or ends a transaction |
/// | `none` | does nothing of all that: said explicitly, so that the linter need not assume the worst |
///
/// It stands on functions and methods, with a body or without, and is believed: the linter does not look inside.
///
/// ```
/// # struct Payment;
/// # struct Error;
/// trait Provider {
///     /// The provider recognises the payment by its key.
///     #[delivery::step(effect(idempotent))]
///     fn charge(&self, payment: &Payment, key: &str) -> Result<(), Error>;
/// }
/// ```
#[proc_macro_attribute]
pub fn step(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::step(arguments.into(), item.into()).into()
}

/// Silences rules of the linter on a function, an impl block or a module, for a reason and perhaps until a day.
///
/// Rules are named in snake_case. `reason` says why (the linter asks for it); after the day of `until`, the findings are
/// back.
///
/// ```
/// # struct Visit;
/// # struct Error;
/// # async fn increment(_: &Visit) -> Result<(), Error> { Ok(()) }
/// #[delivery::allow(
///     non_idempotent_effect,
///     reason = "A visit that counts twice is within the error of the counter.",
///     until = "2027-06-30"
/// )]
/// async fn on_visit(visit: Visit) -> Result<(), Error> {
///     increment(&visit).await
/// }
/// ```
///
/// For a single statement, write a comment on it or on the line above; there the spelling is kebab-case:
///
/// ```text
/// // delivery: allow(non-idempotent-effect, until 2027-06-30): within the error of the counter
/// ```
///
/// A module in a file of its own (`mod orders;`) takes no attribute macros, a limit of the compiler: there, put the
/// attribute on the functions.
#[proc_macro_attribute]
pub fn allow(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::allow(arguments.into(), item.into()).into()
}
