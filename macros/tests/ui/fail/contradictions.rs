#[delivery::effectively_once(
    integration = "billing.invoices",
    dedup(store = "redis:seen", retention = "1h"),
    redelivery_window = "48h"
)]
fn forgets_too_early() {}

#[delivery::at_least_once(integration = "video.encoding", lease = "20s", processing_time = "30s")]
fn works_too_long() {}

#[delivery::at_least_once(
    integration = "video.encoding",
    lease = "20s",
    processing_time = "30s",
    mechanisms = [lease_extension]
)]
fn works_long_and_says_so() {}

fn main() {}
