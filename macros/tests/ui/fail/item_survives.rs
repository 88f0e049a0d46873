// A wrong attribute is one error: what calls the function still finds it.
#[delivery::at_least_once(integraton = "a")]
fn handler() -> u8 {
    1
}

fn main() {
    let _: u8 = handler();
}
