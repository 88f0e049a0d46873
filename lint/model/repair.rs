//! Repairs: what a flow would look like without a fault.
//!
//! Each takes a flow and gives a changed copy; none changes what the code means apart from its fault. A rule is believed only if its
//! repair makes the execution impossible that it explains, and so its help text is a fix that was proved in the model. Paths are
//! split where necessary: the copy of a step that is reached after a failure can be changed without touching the step that is
//! reached when all goes well.

mod edit;
mod guard;
mod settle;

pub use edit::is_fallible;
pub use guard::{
    atomic, confirm, durable, eternal, idempotent, outbox, recorded_with, recorded_with_mark, see, stable,
    without_guard,
};
pub use settle::{
    ack_first, ack_last, carry_ack, join, leave_after_failure, refuse_after_failure, requeue, settle_at_end, unclaimed,
    without_retry,
};
