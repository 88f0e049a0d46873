use delivery::{best_effort, no_guarantee as fire_and_forget};

#[delivery::at_least_once(integration = "a")]
#[delivery::at_most_once(integration = "a")]
fn both_by_path() {}

#[delivery::at_least_once(integration = "b")]
/// Documented in between.
#[::delivery::effectively_once(integration = "b")]
#[inline]
#[delivery::exactly_once(integration = "b")]
fn three() {}

#[best_effort(integration = "c")]
#[fire_and_forget(integration = "c")]
fn imported_and_renamed() {}

#[delivery::at_least_once(integration = "d")]
#[delivery::at_least_once(integration = "d")]
fn twice_the_same() {}

fn main() {}
