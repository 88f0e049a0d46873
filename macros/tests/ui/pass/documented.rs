//! The section comes after the author's words, and counts as documentation.
#![deny(missing_docs)]

/// Written by the author.
#[delivery::at_least_once(integration = "a", why = "x")]
pub fn documented() {}

#[delivery::at_least_once(integration = "b")]
pub fn documented_by_the_attribute() {}

fn main() {}
