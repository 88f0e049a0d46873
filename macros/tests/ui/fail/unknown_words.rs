#[delivery::effectively_once(
    integration = "billing.invoices",
    soruce = "kafka:orders.v1",
    mechanisms = [transactional_dedup, outbox, commit_after_proccess],
    criticality = severe,
    settle = onok,
    dedup(stor = "redis:seen", ttl = "7d")
)]
fn handler() {}

fn main() {}
