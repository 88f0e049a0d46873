#[delivery::effectively_once(
    integration = "Billing Invoices",
    source = "kafak:orders.v1",
    sinks = ["postgres", "invoices", "carrier_pigeon:loft", "kafka: invoices"],
    redelivery_window = "48hours",
    lease = "30",
    processing_time = "soon",
    dedup(retention = "30m1h")
)]
fn handler() {}

fn main() {}
