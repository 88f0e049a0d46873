//! Attributes may depend on a configuration, and stand among others.

#[cfg_attr(all(), delivery::at_least_once(integration = "a"))]
#[cfg_attr(any(), delivery::at_most_once(integration = "a"))]
#[allow(unused)]
#[delivery::allow(dedup_race)]
#[inline]
fn handler() {}

/// Has a section of that name already, written by hand.
///
/// # Delivery semantics
///
/// See below.
#[delivery::at_least_once(integration = "b")]
fn with_own_section() {}

fn main() {
    handler();
    with_own_section();
}
