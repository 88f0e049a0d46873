const WHY: &str = "A constant has no value yet when attributes are read.";

#[delivery::at_least_once(
    integration = 5,
    source = kafka,
    sinks = "postgres:invoices",
    why = WHY,
    mechanisms = ["dead_letter", dead-letter],
    edge_cases = ["text", 5],
    dedup = "postgres:seen",
    lease = 30,
    criticality = "critical",
    settle = true,
    metrics = concat!("a", "b"),
    tested_by = ["tests::redelivered"],
    owner
)]
fn handler() {}

fn main() {}
