#[delivery::at_least_once(
    integration = "billing.invoices",
    why = "Because.",
    why = "Because of that.",
    dedup(key = "id", key = "message_id")
)]
fn handler() {}

fn main() {}
