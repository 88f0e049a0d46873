//! Handlers with a known fault: each must be named, at the step that the rules say, by the adversary that suffices.

use cargo_delivery::model::testing::{flow, line_of};
use cargo_delivery::model::{Tier, replay};
use cargo_delivery::rules::{Promise, diagnose};
use delivery_grammar::{Criticality, Semantic};

/// A finding: rule, label of its line, tier.
type Expected<'a> = (&'a str, &'a str, Option<Tier>);

fn finds(text: &str, promise: Promise, inferred: Semantic, expected: &[Expected<'_>]) {
    let flow = flow(text);
    let diagnosis = diagnose(&flow, promise);
    let mut found: Vec<(&str, u32, Option<Tier>)> = Vec::new();
    for cause in &diagnosis.findings {
        found.push((
            cause.rule.name,
            cause.primary.start.line,
            cause.trace.as_ref().map(|trace| trace.tier),
        ));
    }
    let mut wanted: Vec<_> = expected
        .iter()
        .map(|&(rule, label, tier)| (rule, label.parse().unwrap_or_else(|_| line_of(text, label)), tier))
        .collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(
        found,
        wanted,
        "{text}\n{:#?}",
        diagnosis
            .findings
            .iter()
            .map(|c| (c.rule.name, texts(c)))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        diagnosis.analysis.inferred,
        Some(inferred),
        "{text}\n{:?}",
        diagnosis.analysis
    );
    let first = diagnosis.findings.iter().find_map(|cause| cause.trace.as_ref());
    assert!(
        first.is_none_or(|trace| replay(&flow, trace).is_some()),
        "the first trace is one of the flow as it stands"
    );
}

fn texts(cause: &cargo_delivery::rules::Cause) -> Vec<String> {
    cause
        .trace
        .iter()
        .flat_map(|trace| &trace.steps)
        .map(|step| format!("{:?} {}", step.actor, step.text))
        .collect()
}

fn declared(semantic: Semantic) -> Promise {
    Promise {
        declared: true,
        ..Promise::assumed(semantic)
    }
}

macro_rules! faulty {
    ($($name:ident: $promise:expr => $inferred:ident, [$($expected:expr),*], $text:literal)+) => {
        $(#[test] fn $name() { finds($text, $promise, Semantic::$inferred, &[$($expected),*]); })+
    };
}

const ONCE: Semantic = Semantic::EffectivelyOnce;
const LEAST: Semantic = Semantic::AtLeastOnce;
const MOST: Semantic = Semantic::AtMostOnce;

faulty! {
    commit_before_process: declared(LEAST) => AtMostOnce, [("commit-before-process", "ack", Some(Tier::Outage))], "
        source kafka log manual
        effect save postgres:rows idem
        cond decoded malformed
        again:  receive ?
        ack:    ack ?
                branch decoded 0=good 1=again
        good:   effect save ok=again ?
    "
    commit_before_process_by_a_crash: declared(LEAST) => AtMostOnce, [("commit-before-process", "ack", Some(Tier::Outage))], "
        source amqp queue manual
        effect save postgres:rows plain
        again:  receive ?
        ack:    ack ?
                effect save ok=again ?
    "
    auto_commit: declared(LEAST) => AtMostOnce, [("auto-commit", "2", Some(Tier::Outage))], "
        source amqp queue on-receive
        effect save postgres:rows idem
        again:  receive ?
                effect save ok=again ?
    "
    auto_commit_on_a_log_also_repeats: Promise::assumed(LEAST) => BestEffort,
        [("auto-commit", "2", Some(Tier::Outage)), ("non-idempotent-effect", "save", Some(Tier::Outage))], "
        source kafka log on-receive
        effect save postgres:rows plain
        again:  receive ?
        save:   effect save ok=again ?
    "
    ack_on_error: Promise::assumed(LEAST) => BestEffort,
        [("ack-on-error", "ack", Some(Tier::Outage)), ("non-idempotent-effect", "add", Some(Tier::Outage))], "
        source kafka log manual
        effect add postgres:wallets plain
        again:  receive err=again
        add:    effect add ok=ack err=ack
        ack:    ack ok=again ?
    "
    ack_on_error_of_an_opaque_call: declared(LEAST) => BestEffort, [("ack-on-error", "ack", Some(Tier::Outage))], "
        source amqp queue manual
        effect call crate::run opaque
        again:  receive ?
                opaque call ok=ack err=ack
        ack:    ack ok=again ?
    "
    what_is_sent_after_the_ack_does_not_vouch_for_the_call_before_it: declared(LEAST) => BestEffort,
        [("commit-before-process", "ack", Some(Tier::Outage))], "
        source amqp queue manual
        effect call crate::build opaque
        effect tell amqp:results plain publish
        again:  receive ?
                opaque call ?
        ack:    ack ?
                effect tell ok=again ?
    "
    ack_on_error_before_the_effect: declared(LEAST) => AtMostOnce, [("ack-on-error", "ack", Some(Tier::Outage))], "
        source amqp queue manual
        effect save postgres:rows idem
        tx t postgres
        again:  receive ?
                begin t err=ack
                effect save in t err=ack
                commit t err=ack
        ack:    ack ok=again ?
    "
    dropped_error_in_a_framework: declared(LEAST) => AtMostOnce, [("ack-on-error", "drop", Some(Tier::Outage))], "
        source sqs queue on-ok
        effect save postgres:rows idem
                receive
                effect save ok=fin err=drop
        drop:   pass
        fin:    exit ok
    "
    rejected_and_acked: declared(LEAST) => AtMostOnce,
        [("ack-on-error", "ack", Some(Tier::Outage)), ("reject-drops", "nack", Some(Tier::Outage))], "
        source amqp queue manual
        effect save postgres:rows idem
        cond decoded malformed
        cond why free
        tx t postgres
        again:  receive ?
                branch decoded 0=good 1=ack
        good:   begin t err=bad
                effect save in t err=bad
                commit t ok=done err=bad
        bad:    branch why 0=ack 1=nack
        done:   ack ok=again ?
        ack:    ack ok=again ?
        nack:   nack drop ok=again ?
    "
    detached_processing: declared(LEAST) => AtMostOnce, [("detached-processing", "spawn", Some(Tier::Outage))], "
        source apalis queue on-ok
        effect save postgres:pdfs idem
        task w
                receive
        spawn:  spawn w child=work
                exit ok
        work:   effect save err=bad
                end ok
        bad:    end err
    "
    detached_before_the_ack: declared(LEAST) => AtMostOnce, [("detached-processing", "spawn", Some(Tier::Outage))], "
        source amqp queue manual
        effect save postgres:pdfs idem
        task w
        again:  receive ?
        spawn:  spawn w child=work
                ack ok=again ?
        work:   effect save err=fin
        fin:    end ok
    "
    volatile_handoff: declared(LEAST) => AtMostOnce, [("volatile-handoff", "hand", Some(Tier::Outage))], "
        source kafka log manual
        again:  receive err=again
        hand:   handoff ?
                ack ok=again ?
    "
    retry_gives_up: declared(LEAST) => AtMostOnce, [("retry-gives-up", "3", Some(Tier::Outage))], "
        source nats queue manual
        retry r bounded
        effect save postgres:claims idem
        cond decoded malformed
        cond left free
        again:  receive ?
                branch decoded 0=try 1=ack
        try:    effect save retry=r ok=ack err=more
        more:   branch left 0=try 1=ack
        ack:    ack ok=again ?
    "
    unconfirmed_publish: declared(LEAST) => AtMostOnce, [("unconfirmed-publish", "send", Some(Tier::Outage))], "
        source kafka log manual
        effect ev kafka:out idem publish unconfirmed
        again:  receive ?
        send:   effect ev ?
                ack ok=again ?
    "
    auto_ack_and_unconfirmed: declared(LEAST) => AtMostOnce,
        [("auto-commit", "2", Some(Tier::Outage)), ("unconfirmed-publish", "send", Some(Tier::Outage))], "
        source nats queue on-receive
        effect ev nats:mid idem publish unconfirmed
        cond decoded malformed
        again:  receive ?
                branch decoded 0=send 1=again
        send:   effect ev ok=again ?
    "
    unconfirmed_producer: Promise::assumed(LEAST) => NoGuarantee, [("unconfirmed-publish", "send", Some(Tier::Outage))], "
        source call caller never
        effect ev kafka:out idem publish unconfirmed
        send:   effect ev ok=fin err=fin
        fin:    exit ok
    "
    producer_that_drops_a_failure: Promise::assumed(LEAST) => AtMostOnce, [("unconfirmed-publish", "send", Some(Tier::Outage))], "
        source call caller never
        effect ev kafka:out unknown publish unproved
        send:   effect ev ok=fin err=fin
        fin:    exit ok
    "
    unconfirmed_producer_that_returns_its_errors: Promise::assumed(LEAST) => AtMostOnce, [("unconfirmed-publish", "send", Some(Tier::Outage))], "
        source call caller never
        effect ev amqp:out unknown publish unconfirmed unproved
        send:   effect ev ?
                exit ok
    "
    unconfirmed_producer_whose_client_resends: Promise::assumed(LEAST) => BestEffort, [("unconfirmed-publish", "send", Some(Tier::Outage))], "
        source call caller never
        effect ev kafka:out unknown publish unconfirmed unproved resent
        send:   effect ev ?
                exit ok
    "
    unchecked_response: declared(LEAST) => AtMostOnce, [("unchecked-response", "post", Some(Tier::Outage))], "
        source kafka log manual
        effect call http:POST idem http unconfirmed
        again:  receive ?
        post:   effect call ?
                ack ok=again ?
    "
    dual_write_behind_a_mark: declared(ONCE) => AtMostOnce, [("dual-write", "send", Some(Tier::Outage))], "
        source kafka log manual
        effect add postgres:accounts plain
        effect ev kafka:refunded idem publish
        key seen postgres:refunds unique
        cond decoded malformed
        tx t postgres
        again:  receive ?
                branch decoded 0=good 1=ack
        good:   begin t ?
                mark seen in t if-absent dup=skip ?
                effect add in t ?
                commit t ?
        send:   effect ev ok=ack ?
        skip:   rollback t
        ack:    ack ok=again ?
    "
    dual_write_of_a_producer: declared(LEAST) => AtMostOnce, [("dual-write", "send", Some(Tier::Crash))], "
        source call caller never
        effect row postgres:orders plain
        effect ev kafka:orders idem publish
                effect row ?
        send:   effect ev ?
                exit ok
    "
    out_of_order_commit: declared(LEAST) => AtMostOnce, [("out-of-order-commit", "ack", Some(Tier::Outage))], "
        source kafka log manual
        effect save postgres:rows idem
        task w per-message
        again:  receive ?
                spawn w child=work then=again
        work:   effect save err=bad
        ack:    ack ok=fin err=bad
        bad:    exit err
        fin:    end ok
    "
    dedup_mark_before_effect: declared(ONCE) => AtMostOnce, [("dedup-mark-before-effect", "mark", Some(Tier::Outage))], "
        source nats queue manual
        effect sms http:POST idem http
        key seen redis:sms cache ttl=604800000
        again:  receive ?
        mark:   mark seen if-absent dup=ack err=bad
                effect sms err=bad
        ack:    ack ok=again ?
        bad:    nack ok=again ?
    "
    lossy_transport: declared(LEAST) => AtMostOnce, [("lossy-transport", "again", Some(Tier::Outage))], "
        source nats volatile on-receive
        effect save postgres:trips idem
        again:  receive
                effect save ok=again ?
    "
    skipped_offset: declared(LEAST) => AtMostOnce, [("skipped-offset", "bad", Some(Tier::Outage))], "
        source kafka log manual
        effect save postgres:rows idem
        again:  receive ?
                effect save err=bad
                ack ok=again ?
        bad:    pass then=again
    "
    skipped_delivery_tag: declared(LEAST) => AtMostOnce, [("skipped-offset", "bad", Some(Tier::Outage))], "
        source amqp queue manual
        effect save postgres:rows idem
        cond decoded malformed
        again:  receive ?
                branch decoded 0=good 1=ack
        good:   effect save ok=ack err=bad
        bad:    pass then=again
        ack:    ack up-to ok=again ?
    "
    reject_drops: declared(LEAST) => AtMostOnce, [("reject-drops", "nack", Some(Tier::Outage))], "
        source amqp queue manual no-dlq
        effect save postgres:rows idem
        again:  receive ?
                effect save err=nack
                ack ok=again ?
        nack:   nack drop ok=again ?
    "
    non_idempotent_effect: declared(ONCE) => AtLeastOnce, [("non-idempotent-effect", "add", Some(Tier::Outage))], "
        source kafka log manual
        effect row postgres:wallets plain
        again:  receive ?
        add:    effect row ?
                ack ok=again ?
    "
    missing_idempotency_key_and_a_plain_insert: Promise::assumed(LEAST) => AtLeastOnce,
        [("missing-idempotency-key", "patch", Some(Tier::Outage)), ("non-idempotent-effect", "log", Some(Tier::Outage))], "
        source kafka log manual
        effect call http:PATCH plain http
        effect row postgres:log plain
        again:  receive ?
        patch:  effect call ?
        log:    effect row ?
                ack ok=again ?
    "
    no_ack_at_all: Promise::assumed(LEAST) => AtLeastOnce,
        [("missing-ack", "again", None), ("non-idempotent-effect", "add", Some(Tier::Outage))], "
        source kafka log manual
        effect row file:log plain
        again:  receive ?
        add:    effect row ok=again ?
    "
    effect_outside_of_the_marks_transaction: declared(ONCE) => AtLeastOnce,
        [("non-transactional-dedup", "mark", Some(Tier::Outage))], "
        source amqp queue manual
        effect post postgres:accounts plain
        key seen postgres:booked unique
        tx t postgres
        again:  receive ?
                begin t err=bad
        mark:   mark seen in t if-absent dup=skip err=bad
                effect post err=bad
                commit t ok=ack err=bad
        skip:   rollback t
        ack:    ack ok=again ?
        bad:    sleep 500
                nack ok=again ?
    "
    mark_after_the_effect: declared(ONCE) => AtLeastOnce, [("non-transactional-dedup", "mark", Some(Tier::Outage))], "
        source amqp queue manual
        effect add postgres:accounts plain
        key seen redis:seen cache
        again:  receive ?
                check seen found=ack ?
                effect add ?
        mark:   mark seen ?
        ack:    ack ok=again ?
    "
    dedup_race: declared(ONCE) => AtLeastOnce, [("dedup-race", "check", Some(Tier::Lease))], "
        source amqp queue manual
        effect add postgres:bins plain
        key seen postgres:moves not-unique
        tx t postgres
        task w per-message
        cond decoded malformed
        again:  receive err=again
                spawn w child=work then=again
        work:   branch decoded 0=good 1=ack
        good:   begin t err=bad
        check:  check seen in t locks found=skip err=bad
                effect add in t err=bad
                mark seen in t err=bad
        skip:   commit t err=bad
        ack:    ack ok=fin err=fin
        bad:    nack ok=fin err=fin
        fin:    end ok
    "
    ignored_insert_if_absent: declared(ONCE) => AtLeastOnce, [("dedup-race", "check", Some(Tier::Lease))], "
        source amqp queue manual
        effect add postgres:bins plain
        key seen postgres:moves unique
        tx t postgres
        again:  receive ?
                begin t ?
        check:  check seen in t found=skip ?
                effect add in t ?
                mark seen in t if-absent fresh=skip dup=skip ?
        skip:   commit t ?
                ack ok=again ?
    "
    dedup_ttl_too_short: Promise { redelivery_window_millis: Some(86_400_000), ..declared(ONCE) } => AtLeastOnce,
        [("dedup-ttl-too-short", "4", Some(Tier::Expiry))], "
        source nats queue manual
        effect add postgres:meters plain
        key seen postgres:marks unique ttl=3600000
        tx t postgres
        again:  receive ?
                begin t ?
                mark seen in t if-absent dup=skip ?
                effect add in t ?
                commit t ok=ack ?
        skip:   rollback t
        ack:    ack ok=again ?
    "
    volatile_dedup: declared(ONCE) => AtLeastOnce, [("volatile-dedup", "check", Some(Tier::Outage))], "
        source sqs queue manual
        effect row postgres:comments plain
        key recent memory:recent memory
        again:  receive ?
        check:  check recent found=ack
                effect row err=again
                mark recent
        ack:    ack ok=again ?
    "
    critical_data_in_a_cache: Promise { criticality: Criticality::Critical, ..declared(ONCE) } => AtLeastOnce,
        [("volatile-dedup", "mark", Some(Tier::Expiry))], "
        source amqp queue manual
        effect add redis:quota plain
        key seen redis:calls cache unique
        tx t redis
        again:  receive ?
                begin t ?
        mark:   mark seen in t if-absent dup=skip ?
                effect add in t ?
                commit t ok=ack ?
        skip:   rollback t
        ack:    ack ok=again ?
    "
    unstable_idempotency_key: Promise::assumed(LEAST) => AtLeastOnce, [("unstable-dedup-key", "3", Some(Tier::Outage))], "
        source kafka log manual
        effect pay http:POST plain http unstable
        cond left free
        retry r bounded
        again:  receive ?
        try:    effect pay retry=r ok=ack err=more
        more:   branch left 0=try 1=give
        give:   exit err
        ack:    ack ok=again ?
    "
    fresh_dedup_key: declared(ONCE) => AtLeastOnce, [("unstable-dedup-key", "4", Some(Tier::Outage))], "
        source kafka log manual
        effect add postgres:accounts plain
        key seen postgres:seen unique fresh
        tx t postgres
        again:  receive ?
                begin t ?
                mark seen in t if-absent dup=skip ?
                effect add in t ?
                commit t ok=ack ?
        skip:   rollback t
        ack:    ack ok=again ?
    "
    retry_in_at_most_once: declared(MOST) => BestEffort, [("retry-in-at-most-once", "3", Some(Tier::Outage))], "
        source kafka log manual
        retry r bounded
        effect mail smtp:mail plain mail
        cond left free
        again:  receive ?
                ack ?
        try:    effect mail retry=r ok=again err=more
        more:   branch left 0=try 1=again
    "
    commit_after_process: declared(MOST) => BestEffort, [("commit-after-process", "ack", Some(Tier::Outage))], "
        source amqp queue manual
        effect mail smtp:mail plain mail
        cond decoded malformed
        again:  receive ?
                branch decoded 0=good 1=ack
        good:   effect mail ok=ack err=ack
        ack:    ack ok=again ?
    "
    missing_ack: declared(LEAST) => EffectivelyOnce, [("missing-ack", "skip", None)], "
        source amqp queue manual
        effect save postgres:rows idem
        cond wanted fixed
        again:  receive ?
                branch wanted 0=good 1=skip
        good:   effect save ?
                ack ok=again ?
        skip:   pass then=again
    "
    poison_loop: declared(LEAST) => EffectivelyOnce, [("poison-loop", "nack", None)], "
        source amqp queue manual
        effect save postgres:refunds idem
        cond decoded malformed
        again:  receive ?
                branch decoded 0=good 1=nack
        good:   effect save err=nack
                ack ok=again ?
        nack:   nack ok=again ?
    "
    consumer_stops: Promise::assumed(LEAST) => EffectivelyOnce,
        [("consumer-stops", "fin", None), ("poison-loop", "nack", None)], "
        source amqp queue manual
        unobserved
        effect save redis:unread idem
        cond decoded malformed
        again:  receive err=fin end=fin
                branch decoded 0=good 1=nack
        good:   effect save err=nack
                ack ok=again err=again
        nack:   nack ok=again err=again
        fin:    exit ok
    "
    exactly_once_external_effect: declared(Semantic::ExactlyOnce) => EffectivelyOnce,
        [("exactly-once-external-effect", "row", None)], "
        source kafka log manual
        effect save postgres:rates idem
        effect send kafka:rates idem publish
        tx t kafka
        again:  receive ?
                begin t ?
        row:    effect save ?
                effect send in t ?
                ack in t ?
                commit t ok=again ?
    "
    missing_eos_config: declared(Semantic::ExactlyOnce) => EffectivelyOnce, [("missing-eos-config", "2", None)], "
        source kafka log manual positions=kafka
        effect send kafka:trades idem publish
        tx t kafka
        again:  receive ?
                begin t ?
                effect send in t ?
                commit t ?
                ack ok=again ?
    "
}

#[test]
fn weak_promises_are_not_judged() {
    let text = "
        source udp volatile on-receive
        effect save redis:hits plain
        again:  receive
                effect save ok=again err=again
    ";
    for semantic in [Semantic::NoGuarantee, Semantic::BestEffort] {
        let diagnosis = diagnose(&flow(text), declared(semantic));
        assert!(diagnosis.findings.is_empty());
    }
}

#[test]
fn what_cannot_be_seen_is_neither_verified_nor_refuted() {
    let text = "
        source kafka log manual
        unknown the handler is out of reach
        effect save postgres:rows plain
        again:  receive ?
                ack ?
                effect save ok=again ?
    ";
    let diagnosis = diagnose(&flow(text), declared(ONCE));
    assert!(diagnosis.findings.is_empty());
    assert_eq!(diagnosis.analysis.inferred, None);
    assert_eq!(diagnosis.analysis.verdict, cargo_delivery::model::Verdict::Unknown);
}
