//! The attributes on real code: it compiles under strict lints, and behaves as if they were not there.

#![deny(missing_docs, rustdoc::all, clippy::all)]

use std::{
    future::Future,
    pin::pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
};

use async_trait::async_trait;
use delivery::{at_least_once, step as delivery_step};

/// Runs a future that never waits for anything.
fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here ever waits"),
    }
}

#[derive(Debug, PartialEq)]
struct Refused;

/// Adds up, unless there is nothing to add.
#[delivery::effectively_once(
    integration = "billing.invoices",
    source = "kafka:orders.v1",
    sinks = ["postgres:invoices", "kafka:invoices.v1"],
    why = "A lost Vec<Order> is lost money; see https://example.com/why_not [or] `ask`.",
    mechanisms = [transactional_dedup, commit_after_process],
    edge_cases = ["Crash between insert and commit: redelivered.", "* [Nobody] <knows>"],
    dedup(store = "postgres:processed_messages", key = "message_id", retention = "7d"),
    redelivery_window = "48h",
    lease = "30s", processing_time = "5s",
    criticality = critical,
    settle = manual,
    metrics = ["invoices_duplicates_total"],
    tested_by = [functions_behave, crate::methods_behave],
    owner = "team-billing", runbook = "https://example.com/runbook",
)]
#[inline]
#[must_use = "the sum is why it was called"]
async fn on_order<T: Into<u64>>(amounts: Vec<T>) -> Result<u64, Refused> {
    if amounts.is_empty() {
        return Err(Refused);
    }
    Ok(amounts.into_iter().map(Into::into).sum())
}

#[delivery::no_guarantee(integration = "edge.samples")]
const fn doubled(sample: u32) -> u32 {
    #![allow(clippy::identity_op)]
    sample * 2 + 0
}

#[test]
fn functions_behave() {
    assert_eq!(run(on_order(vec![1_u32, 2, 3])), Ok(6));
    assert_eq!(run(on_order(Vec::<u32>::new())), Err(Refused));
    const AT_COMPILE_TIME: u32 = doubled(4);
    assert_eq!(AT_COMPILE_TIME, 8);
}

#[derive(Default)]
struct Ledger {
    booked: Mutex<Vec<&'static str>>,
}

#[delivery::allow(dedup_race, reason = "There is one worker.", until = "2999-12-31")]
impl Ledger {
    /// Books an entry.
    #[delivery_step(effect(non_idempotent))]
    fn book(&self, entry: &'static str) {
        self.booked.lock().unwrap().push(entry);
    }

    #[at_least_once(integration = "ledger.entries", mechanisms = [idempotent_effect])]
    pub(crate) async fn on_entry(&self, entry: &'static str) -> usize {
        self.book(entry);
        self.booked.lock().unwrap().len()
    }

    #[delivery::at_most_once(integration = "ledger.owned")]
    fn into_entries(self) -> impl Iterator<Item = &'static str> + use<> {
        self.booked.into_inner().unwrap().into_iter()
    }
}

#[test]
fn methods_behave() {
    let ledger = Ledger::default();
    assert_eq!(run(ledger.on_entry("a")), 1);
    assert_eq!(run(ledger.on_entry("b")), 2);
    assert_eq!(ledger.into_entries().collect::<Vec<_>>(), ["a", "b"]);
}

trait Handler {
    type Message;

    #[delivery::step(none)]
    async fn handle(&self, message: Self::Message) -> Result<(), Refused>;

    #[delivery::step(ack)]
    fn ack(&self) -> bool {
        true
    }
}

impl Handler for Ledger {
    type Message = &'static str;

    #[delivery::exactly_once(integration = "ledger.native-trait")]
    async fn handle(&self, message: &'static str) -> Result<(), Refused> {
        self.book(message);
        Ok(())
    }
}

#[async_trait]
trait DynHandler: Send + Sync {
    #[delivery::step(publish(confirmed))]
    async fn publish(&self, message: &'static str) -> Result<usize, Refused>;
}

#[async_trait]
impl DynHandler for Ledger {
    /// Documented before.
    #[delivery::best_effort(integration = "ledger.boxed-trait")]
    async fn publish(&self, message: &'static str) -> Result<usize, Refused> {
        if message.is_empty() {
            Err(Refused)
        } else {
            Ok(message.len())
        }
    }
}

#[test]
fn trait_impls_behave() {
    let ledger = Ledger::default();
    assert_eq!(run(ledger.handle("a")), Ok(()));
    assert!(ledger.ack());
    assert_eq!(ledger.booked.lock().unwrap().as_slice(), ["a"]);
    let handler: Box<dyn DynHandler> = Box::new(ledger);
    assert_eq!(run(handler.publish("four")), Ok(4));
    assert_eq!(run(handler.publish("")), Err(Refused));
}

/// Handlers that other macros write.
macro_rules! handler {
    ($visibility:vis $name:ident, $id:literal, $criticality:ident, $test:path) => {
        #[delivery::at_least_once(integration = $id, criticality = $criticality, tested_by = [$test])]
        $visibility fn $name() -> &'static str {
            $id
        }
    };
}

macro_rules! passed_on {
    ($item:item) => {
        #[delivery::at_most_once(integration = "passed.on")]
        $item
    };
}

handler!(pub(crate) generated, "generated.handler", tolerable, crate::generated_handlers_behave);
handler!(unadorned, "generated.unadorned", critical, generated_handlers_behave);
passed_on! {
    /// Documented before.
    #[inline]
    fn wrapped() -> u8 { 7 }
}

#[test]
fn generated_handlers_behave() {
    assert_eq!(generated(), "generated.handler");
    assert_eq!(unadorned(), "generated.unadorned");
    assert_eq!(wrapped(), 7);
}

#[delivery::allow(non_idempotent_effect)]
mod silenced {
    #[delivery::allow(commit_before_process, reason = "It is a test.")]
    pub fn answer() -> u8 {
        #[delivery::at_least_once(integration = "nested.handler")]
        fn inner() -> u8 {
            42
        }
        inner()
    }
}

#[test]
fn modules_behave() {
    assert_eq!(silenced::answer(), 42);
}
