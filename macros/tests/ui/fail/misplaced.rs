#[delivery::at_least_once(integration = "a")]
pub struct Order;

#[delivery::at_least_once(integration = "a")]
impl Order {}

#[delivery::exactly_once(integration = "a")]
mod orders {}

pub trait Handler {
    #[delivery::at_least_once(integration = "a")]
    fn handle(&self);
}

#[delivery::step(ack)]
const ACK: u8 = 1;

#[delivery::allow(dedup_race)]
enum Event {}

impl Order {
    #[delivery::best_effort(integration = "a")]
    const IN_AN_IMPL: u8 = 1;
}

fn main() {}
