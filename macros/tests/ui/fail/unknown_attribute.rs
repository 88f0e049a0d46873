#[delivery::at_lest_once(integration = "a")]
fn handler() {}

fn main() {}
