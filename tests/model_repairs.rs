//! Each repair removes the fault that it is for, whatever the adversary.

use cargo_delivery::flow::{EffectId, Flow, KeyId, NodeId, Step, TaskId};
use cargo_delivery::model::testing::flow;
use cargo_delivery::model::{Goal, Program, Scenario, Tier, Violation, explore, repair};

const DAY: u64 = 86_400_000;

/// What can certainly go wrong.
fn broken(flow: &Flow) -> Vec<Violation> {
    let scenario = Scenario {
        window_millis: Some(DAY),
        ..Scenario::default()
    };
    let program = Program::new(flow, scenario).expect("a small flow");
    let found = Tier::ALL
        .into_iter()
        .flat_map(|tier| explore(&program, tier, Goal::All).violations.into_keys());
    found.filter(|violation| violation.is_certain(&program)).collect()
}

fn cures(text: &str, repair: impl Fn(&Flow) -> Flow) {
    let flow = flow(text);
    assert!(!broken(&flow).is_empty(), "nothing to repair:\n{flow}");
    let repaired = repair(&flow);
    assert_eq!(broken(&repaired), [], "{repaired}");
}

fn find(flow: &Flow, is: impl Fn(&Step) -> bool) -> Vec<NodeId> {
    flow.iter()
        .filter(|(_, node)| is(&node.step))
        .map(|(id, _)| id)
        .collect()
}

fn acks(flow: &Flow) -> Vec<NodeId> {
    find(flow, |step| matches!(step, Step::Ack(_)))
}

fn effects(flow: &Flow) -> Vec<NodeId> {
    find(flow, |step| matches!(step, Step::Effect { .. }))
}

const FIRST: EffectId = EffectId(0);

#[test]
fn an_ack_that_moves_behind_the_effect_loses_nothing() {
    let text = "source kafka log manual\n effect save postgres:rows idem\n again: receive ?\n ack ?\n effect save ok=again err=again";
    cures(text, |flow| repair::ack_last(flow, acks(flow)[0]));
}

#[test]
fn settling_at_the_end_replaces_an_automatic_ack() {
    for source in [
        "amqp queue on-receive",
        "kafka log on-receive",
        "nats volatile on-receive",
    ] {
        let text = format!(
            "source {source}\n effect save postgres:rows idem\n again: receive\n effect save ok=again err=again"
        );
        cures(&text, repair::settle_at_end);
    }
}

#[test]
fn a_failure_that_gives_the_message_back_loses_nothing() {
    let text = "source kafka log manual\n effect save postgres:rows idem\n again: receive ?\n effect save ok=ack err=ack\n ack: ack ok=again ?";
    cures(text, |flow| {
        repair::refuse_after_failure(flow, &effects(flow), &acks(flow))
    });
    cures(text, |flow| repair::see(flow, &effects(flow)));
}

#[test]
fn a_retry_that_gives_the_message_back_loses_nothing() {
    let text = "source nats queue manual\n effect save postgres:rows idem\n cond left free\n again: receive ?\n
        try: effect save ok=ack err=more\n more: branch left 0=try 1=ack\n ack: ack ok=again ?";
    cures(text, |flow| {
        repair::refuse_after_failure(flow, &effects(flow), &acks(flow))
    });
}

#[test]
fn a_path_that_seeks_back_skips_nothing() {
    let text = "source kafka log manual\n effect save postgres:rows idem\n again: receive ?\n effect save err=again\n ack ok=again ?";
    cures(text, |flow| repair::leave_after_failure(flow, &effects(flow)));
}

#[test]
fn a_joined_task_is_done_before_the_ack() {
    let text = "source amqp queue manual\n effect save postgres:rows idem\n task w\n again: receive ?\n
        spawn w child=work\n ack ok=again ?\n work: effect save err=fin\n fin: end ok";
    cures(text, |flow| repair::join(flow, TaskId(0)));
}

#[test]
fn an_ack_that_travels_with_the_message_loses_nothing() {
    let text = "source kafka log manual\n again: receive ?\n handoff ?\n ack ok=again ?";
    cures(text, |flow| {
        repair::carry_ack(flow, find(flow, |step| matches!(step, Step::Handoff { .. }))[0])
    });
}

#[test]
fn a_confirmed_publish_is_seen_to_fail() {
    let text = "source kafka log manual\n effect ev kafka:out idem publish unconfirmed\n again: receive ?\n effect ev\n ack ok=again ?";
    cures(text, |flow| repair::confirm(flow, FIRST));
}

#[test]
fn an_outbox_makes_two_writes_one() {
    let text = "source call caller never\n effect row postgres:orders idem\n effect ev kafka:orders idem publish\n effect row ?\n effect ev ?\n exit ok";
    cures(text, |flow| repair::outbox(flow, EffectId(1), effects(flow)[0]));
}

#[test]
fn a_mark_that_commits_with_what_it_guards_skips_nothing() {
    let text = "source amqp queue manual\n effect sms http:POST idem\n key seen redis:seen cache\n again: receive ?\n
        mark seen if-absent dup=ack ?\n effect sms ?\n ack: ack ok=again ?";
    cures(text, |flow| repair::without_guard(flow, KeyId(0)));
}

#[test]
fn a_rejected_message_comes_again() {
    let text = "source amqp queue manual no-dlq\n effect save postgres:rows idem\n again: receive ?\n
        effect save err=nack\n ack ok=again ?\n nack: nack drop ok=again ?";
    cures(text, |flow| {
        repair::requeue(flow, find(flow, |step| matches!(step, Step::Nack { .. }))[0])
    });
}

#[test]
fn an_effect_that_bears_it_is_not_repeated() {
    let text =
        "source kafka log manual\n effect add postgres:rows plain\n again: receive ?\n effect add ?\n ack ok=again ?";
    cures(text, |flow| repair::idempotent(flow, FIRST));
    cures(text, |flow| repair::recorded_with(flow, FIRST));
}

#[test]
fn a_lock_before_the_check_keeps_the_second_worker_out() {
    let text = "source amqp queue manual\n effect add postgres:bins plain\n key seen postgres:moves not-unique\n tx t postgres\n
        again: receive ?\n begin t ?\n check seen in t found=skip ?\n effect add in t ?\n mark seen in t ?\n skip: commit t ?\n ack ok=again ?";
    cures(text, |flow| repair::atomic(flow, KeyId(0)));
}

#[test]
fn marks_that_last_recognise_every_duplicate() {
    let text = "source nats queue manual\n effect add postgres:meters plain\n key seen postgres:marks unique ttl=3600000\n tx t postgres\n
        again: receive ?\n begin t ?\n mark seen in t if-absent dup=skip ?\n effect add in t ?\n commit t ok=ack ?\n skip: rollback t\n ack: ack ok=again ?";
    cures(text, |flow| repair::eternal(flow, &[KeyId(0)]));
}

#[test]
fn keys_made_of_the_message_recognise_it() {
    let text = "source kafka log manual\n effect add postgres:accounts plain\n key seen postgres:seen unique fresh\n tx t postgres\n
        again: receive ?\n begin t ?\n mark seen in t if-absent dup=skip ?\n effect add in t ?\n commit t ok=ack ?\n skip: rollback t\n ack: ack ok=again ?";
    cures(text, |flow| repair::stable(flow, &[KeyId(0)]));
}
