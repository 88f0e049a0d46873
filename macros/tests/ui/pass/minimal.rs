//! The id is all that the compiler asks for.

#[delivery::no_guarantee(integration = "a")]
fn no_guarantee() {}

#[delivery::best_effort(integration = "a")]
fn best_effort() {}

#[delivery::at_most_once(integration = "a")]
fn at_most_once() {}

#[delivery::at_least_once(integration = "a")]
fn at_least_once() {}

#[delivery::effectively_once(integration = "a")]
fn effectively_once() {}

#[delivery::exactly_once(integration = "a")]
fn exactly_once() {}

fn main() {
    no_guarantee();
    best_effort();
    at_most_once();
    at_least_once();
    effectively_once();
    exactly_once();
}
