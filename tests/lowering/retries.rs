//! Retries by hand and by crate.

use expect_test::expect;

use crate::harness::check_each;

#[test]
fn attempt_counter_with_break() {
    check_each(
        r#""#,
        r#"let mut attempts = 0;
        loop {
            match pay(&http, &delivery.data).await {
                Ok(()) => break,
                Err(error) if attempts >= 3 => return Err(error),
                Err(_) => {
                    attempts += 1;
                    sleep(Duration::from_millis(200)).await;
                }
            }
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free measures # attempts >= 3
            retry r0 bounded
            n0: receive next=n1 err=n7 end=n7
            n1: effect e0 retry=r0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: branch c0 retry=r0 0=n5 1=n6
            n5: pass retry=r0 then=n3
            n6: sleep 200 retry=r0 then=n1
            n7: exit ok
        "#]],
    );
}

#[test]
fn until_it_works() {
    check_each(
        r#""#,
        r#"while let Err(error) = pay(&http, &delivery.data).await {
            tracing::warn!(%error, "again");
            sleep(Duration::from_secs(1)).await;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            retry r0 unbounded
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 retry=r0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: sleep 1000 retry=r0 then=n1
            n5: exit ok
        "#]],
    );
}

#[test]
fn loop_until_ok() {
    check_each(
        r#""#,
        r#"loop {
            if pay(&http, &delivery.data).await.is_ok() {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            retry r0 unbounded
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 retry=r0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: sleep 1000 retry=r0 then=n1
            n5: exit ok
        "#]],
    );
}

#[test]
fn for_attempt_in_a_range() {
    check_each(
        r#""#,
        r#"let mut done = false;
        for attempt in 0..3 {
            if pay(&http, &delivery.data).await.is_ok() {
                done = true;
                break;
            }
            sleep(Duration::from_millis(100 * attempt)).await;
        }
        if !done {
            tracing::error!("giving up");
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free # 0..3
            retry r0 bounded
            n0: receive next=n1 err=n6 end=n6
            n1: effect e0 retry=r0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: sleep retry=r0 then=n5
            n5: branch c0 retry=r0 0=n1 1=n2
            n6: exit ok
        "#]],
    );
}

#[test]
fn while_attempts_are_left() {
    check_each(
        r#"const MAX_ATTEMPTS: u32 = 5;"#,
        r#"let mut attempts = 0;
        let mut sent = false;
        while !sent && attempts < MAX_ATTEMPTS {
            attempts += 1;
            sent = pay(&http, &delivery.data).await.is_ok();
        }
        if sent {
            delivery.ack(BasicAckOptions::default()).await?;
        } else {
            delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?;
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free measures # attempts < MAX_ATTEMPTS
            retry r0 bounded
            n0: receive next=n1 err=n6 end=n6
            n1: effect e0 retry=r0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: branch c0 retry=r0 0=n1 1=n5
            n5: nack ok=n0 err=n3
            n6: exit ok
        "#]],
    );
}

#[test]
fn a_retry_helper_with_a_closure() {
    check_each(
        r#"async fn retry<F, Fut>(times: u32, mut action: F) -> Result<()>
where
    F: FnMut() -> Fut,
    Fut: std::future::Future<Output = Result<()>>,
{
    let mut attempt = 0;
    loop {
        match action().await {
            Ok(()) => return Ok(()),
            Err(error) => {
                attempt += 1;
                if attempt >= times {
                    return Err(error);
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}"#,
        r#"retry(3, || async { pay(&http, &delivery.data).await }).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free measures # attempt >= times
            retry r0 bounded
            n0: receive next=n1 err=n7 end=n7
            n1: effect e0 retry=r0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: branch c0 retry=r0 0=n5 1=n6
            n5: pass retry=r0 then=n3
            n6: sleep 50 retry=r0 then=n1
            n7: exit ok
        "#]],
    );
}

#[test]
fn two_steps_in_one_retry() {
    check_each(
        r#"async fn both(http: &Client, body: &[u8]) -> Result<()> {
    pay(http, body).await?;
    mail(http, body).await
}"#,
        r#"while both(&http, &delivery.data).await.is_err() {
            sleep(Duration::from_secs(1)).await;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            retry r0 unbounded
            n0: receive next=n1 err=n6 end=n6
            n1: effect e0 retry=r0 ok=n2 err=n5
            n2: effect e1 retry=r0 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: sleep 1000 retry=r0 then=n1
            n6: exit ok
        "#]],
    );
}

#[test]
fn a_loop_over_items_is_no_retry() {
    check_each(
        r#""#,
        r#"let orders: Vec<Order> = serde_json::from_slice(&delivery.data)?;
        for order in orders {
            if let Err(error) = pay(&http, order.id.as_bytes()).await {
                tracing::warn!(%error, "skipped");
            }
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(&delivery.data)
            cond c1 fixed # orders
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: branch c1 0=n3 1=n4
            n3: effect e0 ok=n4 err=n4
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: exit ok
        "#]],
    );
}

#[test]
fn repeating_a_number_of_times_is_no_retry() {
    check_each(
        r#""#,
        r#"for _ in 0..2 {
            pay(&http, &delivery.data).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 free # 0..2
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 ok=n2 err=n4
            n2: branch c0 0=n1 1=n3
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn retrying_the_ack() {
    check_each(
        r#""#,
        r#"pay(&http, &delivery.data).await?;
        while delivery.ack(BasicAckOptions::default()).await.is_err() {
            sleep(Duration::from_secs(1)).await;
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            retry r0 unbounded
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 ok=n2 err=n4
            n2: ack retry=r0 ok=n0 err=n3
            n3: sleep 1000 retry=r0 then=n2
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn permanent_failures_are_not_retried() {
    check_each(
        r#"enum Failure { Temporary, Permanent }
async fn call(http: &Client, body: &[u8]) -> Result<(), Failure> {
    match http.post("https://pay.example").body(body.to_vec()).send().await {
        Ok(_) => Ok(()),
        Err(error) if error.is_timeout() => Err(Failure::Temporary),
        Err(_) => Err(Failure::Permanent),
    }
}"#,
        r#"loop {
            match call(&http, &delivery.data).await {
                Ok(()) => break,
                Err(Failure::Temporary) => sleep(Duration::from_secs(1)).await,
                Err(Failure::Permanent) => {
                    delivery.reject(BasicRejectOptions::default()).await?;
                    break;
                }
            }
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 fixed # error.is_timeout()
            retry r0 bounded
            n0: receive next=n1 err=n7 end=n7
            n1: effect e0 retry=r0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: branch c0 retry=r0 0=n5 1=n6
            n5: sleep 1000 retry=r0 then=n1
            n6: nack drop retry=r0 ok=n2 err=n3
            n7: exit ok
        "#]],
    );
}
