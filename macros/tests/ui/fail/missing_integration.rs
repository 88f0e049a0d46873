#[delivery::at_least_once]
fn nothing_at_all() {}

#[delivery::at_least_once()]
fn nothing_in_parentheses() {}

#[delivery::at_least_once(why = "It matters.")]
fn no_integration() {}

fn main() {}
