//! Runs a [`Flow`](crate::flow::Flow) against a broker, stores and a second worker, and looks for executions that break a promise.
//!
//! An explicit-state breadth-first search over exact states: what it finds is the shortest execution, what it does not find does not
//! exist within its [`Bounds`]. Correctness is equivalence to the fault-free run of the same message: a message is *lost* if it is
//! settled for good and an effect of its fault-free run is missing, an effect is *repeated* if it was applied more often than there.
//! Faults are added tier by tier ([`Tier`]), so that a refutation names the simplest adversary that suffices.
//!
//! The module knows no Rust syntax, no text of a source file and no rule; words are made late, by [`narrate`].

mod advance;
mod analysis;
mod bounds;
mod broker;
mod crash_table;
mod explore;
mod fault_table;
mod faults;
mod focus;
mod judge;
mod narrate;
mod program;
mod reduce;
mod reference;
pub mod repair;
mod replay;
mod state;
mod step;
mod store;
mod tasks;
pub mod testing;
mod trace;
mod work;

pub use analysis::{Analysis, BROKER_DURABLE, Stats, Verdict, analyse, analyse_program, is_one_transaction};
pub use bounds::{Bounds, Faults, Tier};
pub use crash_table::{CrashOutcome, CrashPoint};
pub use explore::{Exploration, Goal, explore};
pub use fault_table::FaultPoint;
pub use focus::{explore_all, explore_each, explore_first};
pub use judge::{Property, Violation};
pub use narrate::narrate;
pub use program::{Program, Scenario};
pub use replay::{replay, replay_states};
pub use state::{Place, State};
pub use trace::{Actor, Event, Trace, TraceStep};
pub use work::Work;
