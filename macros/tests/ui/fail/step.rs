#[delivery::step]
fn which() {}

#[delivery::step(akc)]
fn misspelt() {}

#[delivery::step(effect)]
fn undecided() {}

#[delivery::step(effect(idempotnet))]
fn misspelt_kind() {}

#[delivery::step(ack(now))]
fn too_much() {}

#[delivery::step(effect = idempotent)]
fn equals() {}

#[delivery::step(begin, commit)]
fn two_steps() {}

#[delivery::step(begin)]
#[delivery::step(commit)]
fn two_attributes() {}

fn main() {}
