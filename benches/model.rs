//! How long it takes to judge one unit: the design asks for less than 5 ms for a usual one, 50 ms for one of 200 steps.

use std::hint::black_box;

use cargo_delivery::flow::Flow;
use cargo_delivery::model::testing::flow;
use cargo_delivery::rules::{Promise, diagnose};
use criterion::{Criterion, criterion_group, criterion_main};
use delivery_grammar::Semantic;

/// A usual consumer: decode, transactional dedup, one effect, commit.
const USUAL: &str = "
    source kafka log manual
    effect add postgres:accounts plain
    key seen postgres:seen unique
    cond decoded malformed
    tx t postgres
    again:  receive ?
            branch decoded 0=good 1=done
    good:   begin t ?
            mark seen in t if-absent dup=skip ?
            effect add in t ?
            commit t ok=done ?
    skip:   rollback t
    done:   ack ok=again ?
";

/// A usual fault: the error is logged, the message acked.
const FAULTY: &str = "
    source amqp queue manual
    effect save postgres:rows plain
    cond decoded malformed
    again:  receive ?
            branch decoded 0=good 1=ack
    good:   effect save ok=ack err=ack
    ack:    ack ok=again ?
";

/// Consumers that work on several messages of a log at once.
const CONCURRENT: &str = "
    source kafka log manual
    effect save postgres:rows idem
    effect send kafka:out idem publish
    task w per-message
    again:  receive ?
            spawn w child=work then=again
    work:   effect save err=bad
            effect send err=bad
            ack ok=fin err=bad
    bad:    end err
    fin:    end ok
";

/// `count` effects in a row.
fn long(count: usize, idempotency: &str) -> Flow {
    let mut text = String::from("source kafka log manual\ncond wanted fixed\n");
    for effect in 0..50.min(count) {
        text += &format!("effect e{effect} postgres:t{effect} {idempotency}\n");
    }
    text += "again: receive ?\nbranch wanted 0=good 1=ack\ngood: pass\n";
    for step in 0..count {
        text += &format!("effect e{} ?\n", step % 50);
    }
    flow(&(text + "ack: ack ok=again ?\n"))
}

fn judge(criterion: &mut Criterion) {
    let promise = Promise {
        declared: true,
        ..Promise::assumed(Semantic::EffectivelyOnce)
    };
    for (name, flow) in [
        ("usual", flow(USUAL)),
        ("faulty", flow(FAULTY)),
        ("concurrent", flow(CONCURRENT)),
    ] {
        criterion.bench_function(name, |bencher| bencher.iter(|| diagnose(black_box(&flow), promise)));
    }
    for (name, flow) in [
        ("40 steps", long(40, "idem")),
        ("200 steps", long(200, "idem")),
        ("40 faulty steps", long(40, "plain")),
    ] {
        criterion.bench_function(name, |bencher| bencher.iter(|| diagnose(black_box(&flow), promise)));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(std::time::Duration::from_secs(3));
    targets = judge
}
criterion_main!(benches);
