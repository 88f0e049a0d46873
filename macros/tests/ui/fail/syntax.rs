#[delivery::at_least_once(integration = "a" why = "The comma before me is missing.")]
fn missing_comma() {}

#[delivery::at_least_once(integration = "a", why = , owner = "me")]
fn missing_value() {}

#[delivery::at_least_once("billing.invoices")]
fn missing_key() {}

#[delivery::at_least_once(integration = "a", , why: "A colon.")]
fn wrong_punctuation() {}

fn main() {}
