//! Random flows: handlers of a few steps, put together from what real ones are made of, right and wrong.

use proptest::prelude::*;

const HEAD: &str = "
    effect plain postgres:accounts plain
    effect one postgres:one plain
    effect two postgres:two plain
    effect three postgres:three plain
    effect four postgres:four plain
    effect more postgres:more idem
    effect idem postgres:rows idem
    effect call http:POST plain http
    effect send kafka:out idem publish
    effect lost kafka:lost idem publish unconfirmed
    effect dead kafka:dead idem publish
    key seen postgres:seen unique
    key loose postgres:loose not-unique
    key cached redis:cached cache
    tx t postgres
    cond decoded malformed
    cond wanted fixed
    cond free free
    task w
    task each per-message
";

/// What a path may do for a message. `@` stands for where its failures lead.
const STEPS: &[&str] = &[
    "effect idem err=@",
    "effect plain err=@",
    "effect call err=@",
    "effect send err=@",
    "effect lost err=@",
    "effect more",
    "begin t err=@\neffect one in t err=@\ncommit t err=@",
    "begin t err=@\nmark seen in t if-absent dup=ack err=@\neffect two in t err=@\ncommit t err=@",
    "begin t err=@\nmark seen in t if-absent dup=ack err=@\neffect three err=@\ncommit t err=@",
    "begin t err=@\ncheck loose in t found=ack err=@\neffect four in t err=@\nmark loose in t err=@\ncommit t err=@",
    "mark cached if-absent dup=ack err=@",
    "mark cached err=@",
    "branch wanted 0=next 1=ack\nnext: pass",
    "branch decoded 0=good 1=ack\ngood: pass",
    "ack err=@",
];

/// What becomes of a failure.
const FAILURES: &[&str] = &[
    "exit err",
    "nack ok=again err=again",
    "nack drop ok=again err=again",
    "pass then=again",
    "pass then=ack",
    "effect dead ok=ack err=stop",
];

const SOURCES: &[&str] = &[
    "source kafka log manual",
    "source amqp queue manual no-dlq",
    "source amqp queue on-receive",
    "source sqs queue manual dlq",
];

/// A handler, as text.
pub fn flows() -> impl Strategy<Value = String> {
    let steps = proptest::sample::subsequence(STEPS, 1..4).prop_shuffle();
    (
        proptest::sample::select(SOURCES),
        steps,
        proptest::sample::select(FAILURES),
        any::<bool>(),
    )
        .prop_map(build)
}

fn build((source, steps, failure, spawned): (&str, Vec<&str>, &str, bool)) -> String {
    let body = steps.join("\n").replace('@', "bad");
    if spawned {
        format!(
            "{source}\n{HEAD}\nagain: receive err=again\nspawn w child=work\njoin w err=bad\nack: ack ok=again err=stop\n\
             bad: {failure}\nstop: exit err\nwork: pass\n{}\nfin: end ok\nfail: end err\n",
            body.replace("bad", "fail")
                .replace("=ack", "=fin")
                .replace("ack err=fail", "pass")
        )
    } else {
        format!(
            "{source}\n{HEAD}\nagain: receive err=again\n{body}\nack: ack ok=again err=stop\nbad: {failure}\nstop: exit err\n"
        )
    }
}
