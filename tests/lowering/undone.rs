//! Work that is not seen, or never begun.

use crate::harness::{check, check_each};
use expect_test::expect;

#[test]
fn nothing_is_done() {
    check_each(
        "",
        r#"let bytes = delivery.data.len();
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            unknown nothing is seen that is done with a message
            n0: receive next=n1 err=n3 end=n3
            n1: ack ok=n0 err=n2
            n2: exit err
            n3: exit ok
        "#]],
    );
}

#[test]
fn what_is_never_begun() {
    check_each(
        "",
        r#"
        let _ = pay(&http, &delivery.data);
        http.put("https://mail.example").body(delivery.data.clone());
        let _paid = pay(&http, &delivery.data);
        pay(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;
        "#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST idem http undone unconfirmed
            effect e1 http:PUT idem http undone unconfirmed
            effect e2 http:POST idem http undone unconfirmed
            effect e3 http:POST plain http unconfirmed
            n0: receive next=n1 err=n7 end=n7
            n1: effect e0 ok=n2
            n2: effect e1 ok=n3
            n3: effect e2 ok=n4
            n4: effect e3 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: exit ok
        "#]],
    );
}

#[test]
fn what_may_have_begun_or_begins_later() {
    check_each(
        r#"
#[tokio::main]
async fn at_once(http: Client, body: Vec<u8>) { http.put("https://mail.example").body(body).send().await.unwrap(); }
struct Log;
impl Log { async fn remember(&self, http: &Client, body: &[u8]) { pay(http, body).await.unwrap(); } }
fn log() -> impl Sized { Log }
        "#,
        r#"
        at_once(http.clone(), delivery.data.clone());
        other::log().remember(&http, &delivery.data);
        let later = pay(&http, &delivery.data);
        let _ = &later;
        later.await?;
        let shown = pay(&http, &delivery.data);
        show!(shown);
        delivery.ack(BasicAckOptions::default()).await?;
        "#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn what_is_logged_stands_in_for_the_work() {
    check_each(
        "",
        r#"println!("{} bytes", delivery.data.len());
        delivery.ack(BasicAckOptions::default()).await?;
        tracing::info!(?delivery, "done");"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 println!("{} bytes", delivery.data.len()) opaque
            stands-in println!("{} bytes", delivery.data.len())
            n0: receive next=n1 err=n4 end=n4
            n1: opaque e0 ok=n2
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn what_is_collected_stands_in_for_the_work_and_is_lost_with_the_process() {
    check(
        r#"async fn fill(consumer: &mut Consumer, batch: &mut Vec<Vec<u8>>) -> Result<()> {
            while let Some(Ok(delivery)) = consumer.next().await {
                delivery.ack(BasicAckOptions::default()).await?;
                tracing::debug!(?delivery, "taken");
                batch.push(delivery.data);
            }
            Ok(())
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            stands-in batch.push(delivery.data)
            n0: receive next=n1 err=n4 end=n4
            n1: ack ok=n2 err=n3
            n2: handoff ok=n0
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn a_macro_of_the_workspace_may_settle_what_it_gets() {
    check_each(
        r#"macro_rules! settle { ($message:expr) => { $message.ack(BasicAckOptions::default()).await }; }"#,
        r#"pay(&http, &delivery.data).await?;
        settle!(delivery)?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # settle!(delivery)
            unknown neither the consumer's settings nor an acknowledgement can be seen
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: branch c0 0=n0 1=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}
