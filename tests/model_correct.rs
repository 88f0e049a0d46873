//! Handlers that are right must stay without a finding: each of these is a pattern that real services use.

use cargo_delivery::flow::Flow;
use cargo_delivery::model::Verdict;
use cargo_delivery::model::testing::flow;
use cargo_delivery::rules::{Diagnosis, Promise, diagnose};
use delivery_grammar::Semantic;

fn check(flow: &Flow, semantic: Semantic) -> Diagnosis {
    diagnose(
        flow,
        Promise {
            declared: true,
            ..Promise::assumed(semantic)
        },
    )
}

/// The handler gives exactly `given`, and keeps every promise that `given` includes, without a finding.
fn gives(text: &str, given: Semantic) {
    let flow = flow(text);
    let diagnosis = check(&flow, given);
    let told: Vec<_> = diagnosis
        .findings
        .iter()
        .map(|cause| (cause.rule.name, cause.primary.start.line, &cause.trace))
        .collect();
    assert!(told.is_empty(), "{told:#?}\n{text}");
    assert_eq!(
        diagnosis.analysis.inferred,
        Some(given),
        "{text}\n{:#?}",
        diagnosis.analysis
    );
    assert_ne!(diagnosis.analysis.verdict, Verdict::Refuted, "{text}");
}

macro_rules! correct {
    ($($name:ident: $given:ident, $text:literal)+) => {
        $(#[test] fn $name() { gives($text, Semantic::$given); })+
    };
}

correct! {
    commit_after_idempotent_upsert: EffectivelyOnce, "
        source kafka log manual
        effect save postgres:rows idem
        again:  receive err=again
                effect save ?
                ack ok=again ?
    "
    queue_ack_after_idempotent_upsert: EffectivelyOnce, "
        source amqp queue manual
        effect save postgres:rows idem
        again:  receive ?
                effect save ?
                ack ok=again ?
    "
    at_least_once_with_an_opaque_call: AtLeastOnce, "
        source amqp queue manual
        effect call crate::notify opaque
        again:  receive ?
                opaque call ?
                ack ok=again ?
    "
    an_ack_before_the_work_that_is_only_sent: BestEffort, "
        source kafka log manual
        effect save postgres:rows idem
        again:  receive ?
                ack up-to unawaited ?
                effect save ok=again err=again
    "
    an_ack_after_the_work_that_is_only_sent: EffectivelyOnce, "
        source kafka log manual
        effect save postgres:rows idem
        again:  receive ?
                effect save ?
                ack up-to unawaited ok=again ?
    "
    an_opaque_call_whose_failure_is_a_value: AtLeastOnce, "
        source amqp queue manual
        effect call crate::notify opaque
        again:  receive ?
                opaque call
                ack ok=again ?
    "
    transactional_dedup_mark_first: EffectivelyOnce, "
        source kafka log manual
        effect add postgres:accounts plain
        key seen postgres:seen unique
        tx t postgres
        again:  receive ?
                begin t ?
                mark seen in t if-absent dup=skip ?
                effect add in t ?
                commit t ok=done ?
        skip:   rollback t
        done:   ack ok=again ?
    "
    transactional_dedup_mark_last: EffectivelyOnce, "
        source amqp queue manual
        effect add postgres:accounts plain
        key seen postgres:seen unique
        tx t postgres
        again:  receive ?
                begin t ?
                check seen in t found=skip ?
                effect add in t ?
                mark seen in t ?
                commit t ok=done ?
        skip:   rollback t
        done:   ack ok=again ?
    "
    select_for_update_before_insert: EffectivelyOnce, "
        source kafka log manual
        effect add postgres:rollups plain
        key seen postgres:rolled_up
        tx t postgres
        again:  receive ?
                begin t ?
                check seen in t locks found=skip ?
                effect add in t ?
                mark seen in t ?
                commit t ok=done ?
        skip:   rollback t
        done:   ack ok=again ?
    "
    advisory_lock: EffectivelyOnce, "
        source amqp queue manual
        effect add postgres:totals plain
        key seen postgres:posted
        tx t postgres locked
        again:  receive ?
                begin t ?
                check seen in t found=skip ?
                effect add in t ?
                mark seen in t ?
        skip:   commit t ?
                ack ok=again ?
    "
    redis_watch: EffectivelyOnce, "
        source amqp queue manual
        effect add redis:quota plain
        key seen redis:calls cache ttl=604800000
        tx t redis serializable
        again:  receive ?
        retry:  begin t ?
                check seen in t found=done ?
                effect add in t ?
                mark seen in t ?
                commit t ok=done err=retry
        done:   ack ok=again ?
    "
    nack_requeue_on_failure: EffectivelyOnce, "
        source amqp queue manual
        effect save postgres:rows idem
        again:  receive ?
                effect save err=bad
                ack ok=again ?
        bad:    nack ok=again ?
    "
    rejected_into_a_dead_letter_queue: EffectivelyOnce, "
        source amqp queue manual dlq
        effect save postgres:rows idem
        again:  receive ?
                effect save err=bad
                ack ok=again ?
        bad:    nack drop ok=again ?
    "
    dead_letter_publish_then_ack: EffectivelyOnce, "
        source kafka log manual
        effect save postgres:rows idem
        effect dead kafka:dead idem publish
        again:  receive ?
                effect save err=bad
        done:   ack ok=again ?
        bad:    effect dead ok=done ?
    "
    dead_letter_also_of_what_cannot_be_read: EffectivelyOnce, "
        source kafka log manual
        effect save postgres:rows idem
        effect dead kafka:dead idem publish
        cond decoded malformed failing=2
        again:  receive ?
                branch decoded 1=bad
                effect save err=bad
        done:   ack ok=again ?
        bad:    effect dead ok=done ?
    "
    failure_record_in_the_same_database: EffectivelyOnce, "
        source amqp queue manual
        effect call http:POST idem http
        effect fail postgres:jobs idem
        again:  receive ?
                effect call err=bad
        done:   ack ok=again ?
        bad:    effect fail ok=done ?
    "
    ack_inside_the_spawned_task: EffectivelyOnce, "
        source amqp queue manual
        effect save postgres:rows idem
        task w per-message
        again:  receive ?
                spawn w child=work then=again
        work:   effect save err=bad
                ack ok=fin err=fin
        bad:    nack ok=fin err=fin
        fin:    end ok
    "
    joined_task: EffectivelyOnce, "
        source kafka log manual
        effect save postgres:rows idem
        task w
        again:  receive ?
                spawn w child=work
                join w ?
                ack ok=again ?
        work:   effect save err=bad
                end ok
        bad:    end err
    "
    for_each_concurrent_on_a_queue: EffectivelyOnce, "
        source amqp queue manual
        effect ship postgres:lines idem
        cond decoded malformed
        task w per-message
        again:  receive err=again
                spawn w child=work then=again
        work:   branch decoded 0=good 1=done
        good:   effect ship err=bad
        done:   ack ok=fin err=fin
        bad:    nack ok=fin err=fin
        fin:    end ok
    "
    store_offset_after_processing: EffectivelyOnce, "
        source kafka log manual
        effect save postgres:rows idem
        again:  receive err=again
                effect save err=stop
                ack ok=again err=stop
        stop:   exit err
    "
    ack_first_no_retry: AtMostOnce, "
        source kafka log manual
        effect post http:POST plain http
        again:  receive ?
                ack ?
                effect post ok=again err=again
    "
    ack_first_posts_to_several_channels: AtMostOnce, "
        source kafka log manual
        effect post http:POST plain http
        cond decoded malformed
        cond more free
        again:  receive ?
                ack ?
                branch decoded 0=loop 1=again
        loop:   branch more 0=body 1=again
        body:   effect post ok=loop err=loop
    "
    compare_and_set: EffectivelyOnce, "
        source kafka log manual
        effect pay postgres:payments idem
        effect state postgres:orders idem
        tx t postgres
        again:  receive ?
                begin t ?
                effect pay in t ?
                effect state in t ?
                commit t ?
                ack ok=again ?
    "
    unique_row_conflict_is_already_done: EffectivelyOnce, "
        source sqs queue manual
        effect open postgres:cases plain
        key case postgres:cases unique
        again:  receive ?
                mark case if-absent with open dup=done ?
        done:   ack ok=again ?
    "
    filtered_messages: EffectivelyOnce, "
        source kafka log manual
        effect save postgres:rows idem
        cond wanted fixed
        again:  receive ?
                branch wanted 0=good 1=done
        good:   effect save ?
        done:   ack ok=again ?
    "
    malformed_messages_are_acked: EffectivelyOnce, "
        source amqp queue manual
        effect save postgres:rows idem
        cond decoded malformed
        again:  receive ?
                branch decoded 0=good 1=bad
        good:   effect save ?
                ack ok=again ?
        bad:    ack ok=again ?
    "
    malformed_messages_are_rejected: EffectivelyOnce, "
        source amqp queue manual
        effect save postgres:rows idem
        cond decoded malformed
        again:  receive ?
                branch decoded 0=good 1=bad
        good:   effect save ?
                ack ok=again ?
        bad:    nack drop ok=again ?
    "
    filtered_messages_wait_for_the_next_commit: EffectivelyOnce, "
        source kafka log manual
        effect save postgres:rows idem
        cond wanted fixed
        again:  receive ?
                branch wanted 0=good 1=again
        good:   effect save ?
                ack ok=again ?
    "
    batch: EffectivelyOnce, "
        source kafka log manual
        effect line postgres:lines idem
        cond more free
        tx t postgres
        again:  receive ?
                begin t ?
        loop:   branch more 0=body 1=save
        body:   effect line in t ok=loop ?
        save:   commit t ?
                ack ok=again ?
    "
    outbox_in_the_transaction: EffectivelyOnce, "
        source kafka log manual
        effect add postgres:accounts plain
        effect row postgres:outbox plain
        key seen postgres:seen unique
        tx t postgres
        again:  receive ?
                begin t ?
                mark seen in t if-absent dup=skip ?
                effect add in t ?
                effect row in t ?
                commit t ok=done ?
        skip:   rollback t
        done:   ack ok=again ?
    "
    outbox_relay: EffectivelyOnce, "
        source postgres queue manual
        effect send kafka:events idem publish
        again:  receive ?
                effect send ?
                ack ok=again ?
    "
    idempotent_row_then_publish_each_time: EffectivelyOnce, "
        source kafka log manual
        effect row postgres:labels idem
        effect send kafka:print idem publish
        again:  receive ?
                effect row ?
                effect send ?
                ack ok=again ?
    "
    kafka_transaction: ExactlyOnce, "
        source kafka log manual
        effect send kafka:out idem publish
        tx t kafka
        again:  receive ?
                begin t ?
                effect send in t ?
                ack in t ?
                commit t ok=again ?
    "
    what_cannot_be_read_needs_no_transaction: ExactlyOnce, "
        source sqlxmq queue manual
        effect add postgres:accounts plain
        key entry postgres:entries unique
        tx t postgres
        cond decoded malformed failing=2
                receive
                branch decoded 0=good 1=skip
        good:   begin t ?
                mark entry in t if-absent dup=done ?
                effect add in t ?
        done:   ack in t ?
                commit t ok=fin ?
        skip:   ack ok=fin ?
        fin:    exit ok
    "
    what_is_done_beside_the_transaction_needs_one: EffectivelyOnce, "
        source sqlxmq queue manual
        effect add postgres:accounts idem
        effect note postgres:unread idem
        tx t postgres
        cond known fixed
                receive
                branch known 0=good 1=skip
        good:   begin t ?
                effect add in t ?
                ack in t ?
                commit t ok=fin ?
        skip:   effect note ?
                ack ok=fin ?
        fin:    exit ok
    "
    position_in_the_sink: ExactlyOnce, "
        source kafka log in-sink
        effect add postgres:totals plain
        tx t postgres
        again:  receive ?
                begin t ?
                effect add in t ?
                commit t ok=again ?
    "
    framework_that_acks_ok: EffectivelyOnce, "
        source sqs queue on-ok
        effect add postgres:usage plain
        key seen postgres:calls unique
        tx t postgres
                receive
                begin t ?
                mark seen in t if-absent dup=done ?
                effect add in t ?
                commit t ok=done ?
        done:   exit ok
    "
    ack_travels_through_the_channel: EffectivelyOnce, "
        source kafka log manual
        again:  receive ?
                handoff carries-ack ok=again ?
    "
    check_spares_idempotent_requests: EffectivelyOnce, "
        source amqp queue manual
        effect post http:POST idem http
        key sent redis:sent cache ttl=86400000
        again:  receive ?
                check sent found=done err=bad
                effect post err=bad
                mark sent err=bad
        done:   ack ok=again ?
        bad:    sleep 3000
                nack ok=again ?
    "
    left_for_the_visibility_timeout: EffectivelyOnce, "
        source sqs queue manual
        effect save postgres:rows idem
        again:  receive ?
                effect save err=again
                ack ok=again ?
    "
    bounded_retry_that_returns_the_error: EffectivelyOnce, "
        source kafka log manual
        effect save postgres:rows idem
        cond left free
        retry r bounded
        again:  receive ?
        try:    effect save retry=r err=more ok=done
        more:   branch left 0=pause 1=give
        pause:  sleep 200 then=try
        give:   exit err
        done:   ack ok=again ?
    "
    seek_back_on_failure: EffectivelyOnce, "
        source kafka log manual
        effect save postgres:rows idem
        again:  receive ?
                effect save err=bad
                ack ok=again ?
        bad:    rewind then=again
    "
    producer_with_an_outbox: AtLeastOnce, "
        source call caller never
        effect order postgres:orders plain
        effect row postgres:outbox plain
        tx t postgres
                begin t ?
                effect order in t ?
                effect row in t ?
                commit t ?
                exit ok
    "
    workers_that_are_spawned_in_a_loop: EffectivelyOnce, "
        source postgres queue manual
        effect save postgres:rows idem
        cond more free
        task w
        start:  branch more 0=spawn 1=fin
        spawn:  spawn w child=work then=start
        work:   receive ?
                effect save err=bad
                ack ok=work err=bad
        bad:    end err
        fin:    exit ok
    "
    relay_that_publishes_ids: EffectivelyOnce, "
        source postgres queue manual dlq
        effect send amqp:orders idem publish
                receive ?
                effect send ?
                ack ?
                exit ok
    "
    relay_that_publishes_none: AtLeastOnce, "
        source postgres queue manual dlq
        effect send amqp:orders unknown publish unproved
                receive ?
                effect send ?
                ack ?
                exit ok
    "
    producer_whose_messages_have_no_id: AtLeastOnce, "
        source call caller never
        effect send kafka:orders unknown publish unproved
                effect send ?
                exit ok
    "
    producer_that_returns_its_errors: EffectivelyOnce, "
        source call caller never
        effect send kafka:orders idem publish
                effect send ?
                exit ok
    "
}
