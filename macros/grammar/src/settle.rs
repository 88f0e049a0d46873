//! When a message counts as settled where the handler does not settle it itself.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// Who tells the broker what became of a message, and when.
    ///
    /// Needed for frameworks that settle on the handler's behalf; the code of the handler does not show it.
    #[derive(Default)]
    Settle, "way to settle" {
        #[default]
        Manual = "manual": "The handler acknowledges by itself.",
        OnOk = "on_ok": "The framework acknowledges when the handler returns `Ok`, and redelivers on `Err`.",
        OnReturn = "on_return": "The framework acknowledges when the handler returns, whatever it returns.",
        OnReceive = "on_receive": "The message is acknowledged before the handler is called.",
    }
}
