#[delivery::allow]
fn which() {}

#[delivery::allow(reason = "All of it.")]
fn which_again() {}

#[delivery::allow(dedup-race, "commit_before_process")]
fn spelling() {}

#[delivery::allow(dedup_race, resaon = "One worker.", until = "next week")]
fn misspelt() {}

#[delivery::allow(dedup_race, dedup_race, until = "2027-02-30", reason = 5)]
mod repeated {}

fn main() {}
