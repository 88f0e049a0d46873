//! Sources that are large, deep or odd: lowering stays fast, and says that it does not know rather than guess.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::harness::lowered;

/// Lowers a receive loop with this body, and how long that took.
fn timed(items: &str, body: &str) -> (String, Duration) {
    let source = format!(
        "{items}
async fn run(mut consumer: Consumer, http: Client, pool: PgPool) -> Result<()> {{
    while let Some(Ok(delivery)) = consumer.next().await {{
        {body}
        delivery.ack(BasicAckOptions::default()).await?;
    }}
    Ok(())
}}"
    );
    let start = Instant::now();
    (lowered(&source), start.elapsed())
}

/// A debug build on a busy machine; a release build takes a hundredth of it.
const ENOUGH: Duration = Duration::from_secs(20);

fn repeated(times: usize, one: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for i in 0..times {
        writeln!(text, "{}", one(i)).expect("a string takes everything");
    }
    text
}

#[test]
fn a_huge_match() {
    let variants = repeated(200, |i| format!("V{i},"));
    let arms = repeated(200, |i| {
        let call = if i % 2 == 0 { "pay" } else { "mail" };
        format!("Event::V{i} => {call}(&http, &delivery.data).await?,")
    });
    let items = format!("#[derive(Deserialize)] enum Event {{ {variants} }}");
    let body = format!("let event: Event = serde_json::from_slice(&delivery.data)?; match event {{ {arms} }}");
    let (flow, took) = timed(&items, &body);
    assert!(took < ENOUGH, "{took:?}");
    assert_eq!(flow.matches(": effect ").count(), 200, "{flow}");
    assert!(!flow.contains("unknown "), "{flow}");
}

#[test]
fn many_kinds_of_failure_stay_failures() {
    let kinds = repeated(40, |i| format!("V{i},"));
    let parts = repeated(40, |i| {
        format!("let _part{i} = part{i}(&delivery.data).map_err(|_| Failure::V{i})?;")
    });
    let items = format!("#[derive(Debug)] enum Failure {{ {kinds} }}");
    let (flow, _) = timed(&items, &parts);
    assert!(flow.contains("exit err"), "{flow}");
    assert_eq!(flow.matches("exit ok").count(), 1, "{flow}");
}

#[test]
fn a_match_on_many_strings() {
    let arms = repeated(200, |i| format!("\"event.{i}\" => pay(&http, &delivery.data).await?,"));
    let body = format!("match delivery.routing_key.as_str() {{ {arms} _ => {{}} }}");
    let (flow, took) = timed("", &body);
    assert!(took < ENOUGH, "{took:?}");
    assert_eq!(flow.matches(": effect ").count(), 200, "{flow}");
}

#[test]
fn thousands_of_statements() {
    let body = repeated(3_000, |i| format!("let x{i} = delivery.data.len() + {i};"));
    let (flow, took) = timed("", &format!("{body} pay(&http, &delivery.data).await?;"));
    assert!(took < ENOUGH, "{took:?}");
    assert!(flow.contains("effect e0 http:POST"), "{flow}");
}

#[test]
fn hundreds_of_effects() {
    let body = repeated(400, |_| "pay(&http, &delivery.data).await?;".to_owned());
    let (flow, took) = timed("", &body);
    assert!(took < ENOUGH, "{took:?}");
    assert_eq!(flow.matches(": effect ").count(), 400);
}

#[test]
fn many_conditions_that_are_remembered() {
    let flags = repeated(30, |i| format!("let f{i} = delivery.data.len() > {i};"));
    let uses = repeated(30, |i| format!("if f{i} {{ pay(&http, &delivery.data).await.ok(); }}"));
    let again = repeated(30, |i| format!("if f{i} {{ mail(&http, &delivery.data).await.ok(); }}"));
    let (flow, took) = timed("", &format!("{flags} {uses} {again}"));
    assert!(took < ENOUGH, "{took:?}");
    assert!(flow.contains(": ack "), "{flow}");
}

#[test]
fn deep_nesting() {
    let open = repeated(150, |i| format!("if delivery.data.len() > {i} {{"));
    let close = "}".repeat(150);
    let (flow, took) = timed("", &format!("{open} pay(&http, &delivery.data).await?; {close}"));
    assert!(took < ENOUGH, "{took:?}");
    assert!(flow.contains("receive"), "{flow}");
    assert!(flow.contains("http:POST") || flow.contains("unknown "), "{flow}");
}

#[test]
fn deep_calls() {
    let items = repeated(60, |i| {
        format!(
            "async fn f{i}(http: &Client, body: &[u8]) -> Result<()> {{ f{}(http, body).await }}",
            i + 1
        )
    });
    let items = format!("{items} async fn f60(http: &Client, body: &[u8]) -> Result<()> {{ pay(http, body).await }}");
    let (flow, took) = timed(&items, "f0(&http, &delivery.data).await?;");
    assert!(took < ENOUGH, "{took:?}");
    assert!(
        flow.contains("http:POST") || flow.contains("opaque") || flow.contains("unknown "),
        "{flow}"
    );
}

#[test]
fn calls_that_multiply() {
    let items = repeated(12, |i| {
        let next = i + 1;
        format!(
            "async fn f{i}(http: &Client, b: &[u8]) -> Result<()> {{ f{next}(http, b).await?; f{next}(http, b).await }}"
        )
    });
    let items = format!("{items} async fn f12(http: &Client, b: &[u8]) -> Result<()> {{ pay(http, b).await }}");
    let (flow, took) = timed(&items, "f0(&http, &delivery.data).await?;");
    assert!(took < ENOUGH, "{took:?}");
    assert!(flow.contains("unknown "), "4096 calls are too many");
}

#[test]
fn nested_loops() {
    let open = repeated(8, |i| format!("let mut n{i} = 0; while n{i} < 10 {{ n{i} += 1;"));
    let close = "}".repeat(8);
    let (flow, took) = timed("", &format!("{open} pay(&http, &delivery.data).await.ok(); {close}"));
    assert!(took < ENOUGH, "{took:?}");
    assert!(flow.contains("http:POST") || flow.contains("unknown "), "{flow}");
}

#[test]
fn a_state_machine_in_a_loop() {
    let states = repeated(20, |i| format!("S{i},"));
    let arms = repeated(20, |i| {
        let next = (i + 1) % 20;
        format!(
            "State::S{i} => if pay(&http, &delivery.data).await.is_ok() {{ state = State::S{next} }} else {{ break }},"
        )
    });
    let items = format!("enum State {{ {states} }}");
    let (flow, took) = timed(
        &items,
        &format!("let mut state = State::S0; loop {{ match state {{ {arms} }} }}"),
    );
    assert!(took < ENOUGH, "{took:?}");
    assert!(flow.contains("http:POST") || flow.contains("unknown "), "{flow}");
}
