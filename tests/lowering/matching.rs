//! `match`, `if let`, `let else` and what decides them.

use expect_test::expect;

use crate::harness::check_each;

#[test]
fn match_on_a_message_enum() {
    check_each(
        r#""#,
        r#"let order = decode(&delivery.data)?;
        match order.kind {
            Kind::New => pay(&http, &delivery.data).await?,
            Kind::Paid => mail(&http, &delivery.data).await?,
            Kind::Cancelled => {}
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # order.kind
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n5
            n2: branch c1 0=n3 1=n6 2=n4
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: effect e1 ok=n4 err=n5
            n7: exit ok
        "#]],
    );
}

#[test]
fn guards() {
    check_each(
        r#""#,
        r#"match decode(&delivery.data) {
            Ok(order) if order.total > 100 => pay(&http, &delivery.data).await?,
            Ok(order) if order.total > 0 => mail(&http, &delivery.data).await?,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "not an order"),
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed measures # order.total > 100
            cond c2 fixed measures # order.total > 0
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n4
            n2: branch c1 0=n3 1=n6
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: branch c2 0=n7 1=n4
            n7: effect e1 ok=n4 err=n5
            n8: exit ok
        "#]],
    );
}

#[test]
fn if_let_chain() {
    check_each(
        r#""#,
        r#"if let Ok(order) = decode(&delivery.data)
            && let Kind::New = order.kind
            && order.total > 0
        {
            pay(&http, &delivery.data).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # order.kind
            cond c2 fixed measures # order.total > 0
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n5
            n2: branch c1 0=n3 1=n5 2=n5
            n3: branch c2 0=n4 1=n5
            n4: effect e0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: exit ok
        "#]],
    );
}

#[test]
fn matches_macro() {
    check_each(
        r#""#,
        r#"let order = decode(&delivery.data)?;
        if matches!(order.kind, Kind::New | Kind::Paid) {
            pay(&http, &delivery.data).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # order.kind
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: branch c1 0=n3 1=n3 2=n4
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: exit ok
        "#]],
    );
}

#[test]
fn one_condition_asked_twice() {
    check_each(
        r#""#,
        r#"let order = decode(&delivery.data)?;
        let large = order.total > 100;
        if large {
            pay(&http, &delivery.data).await?;
        }
        if large {
            mail(&http, &delivery.data).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # large
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n6
            n2: branch c1 0=n3 1=n5
            n3: effect e0 ok=n4 err=n6
            n4: effect e1 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: exit ok
        "#]],
    );
}

#[test]
fn if_else_as_a_value() {
    check_each(
        r#""#,
        r#"let order = decode(&delivery.data)?;
        let result = if order.total > 100 { pay(&http, &delivery.data).await } else { mail(&http, &delivery.data).await };
        result?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed measures # order.total > 100
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n5
            n2: branch c1 0=n3 1=n6
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: effect e1 ok=n4 err=n5
            n7: exit ok
        "#]],
    );
}

#[test]
fn nested_let_else() {
    check_each(
        r#""#,
        r#"let Some(kind) = delivery.properties.kind().as_ref() else {
            delivery.reject(BasicRejectOptions::default()).await?;
            continue;
        };
        let Ok(order) = decode(&delivery.data) else {
            delivery.reject(BasicRejectOptions::default()).await?;
            continue;
        };
        pay(&http, order.id.as_bytes()).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed # delivery.properties.kind().as_ref()
            cond c1 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n10 end=n10
            n1: branch c0 0=n2 1=n8
            n2: branch c1 0=n3 1=n6
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: nack drop ok=n7 err=n5
            n7: pass then=n0
            n8: nack drop ok=n9 err=n5
            n9: pass then=n0
            n10: exit ok
        "#]],
    );
}

#[test]
fn match_on_a_tuple() {
    check_each(
        r#""#,
        r#"let order = decode(&delivery.data)?;
        match (order.kind, order.total) {
            (Kind::New, 0) => {}
            (Kind::New, _) => pay(&http, &delivery.data).await?,
            _ => mail(&http, &delivery.data).await?,
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # (order.kind, order.total)
            cond c2 fixed # (order.kind, order.total)
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n4
            n2: branch c1 0=n3 1=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: branch c2 0=n6 1=n7
            n6: effect e0 ok=n3 err=n4
            n7: effect e1 ok=n3 err=n4
            n8: exit ok
        "#]],
    );
}

#[test]
fn match_on_a_string() {
    check_each(
        r#""#,
        r#"match delivery.routing_key.as_str() {
            "orders.new" => pay(&http, &delivery.data).await?,
            "orders.paid" => mail(&http, &delivery.data).await?,
            other => tracing::warn!(other, "unknown key"),
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            cond c0 fixed # delivery.routing_key.as_str()
            cond c1 fixed # delivery.routing_key.as_str()
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n5
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: branch c1 0=n6 1=n3
            n6: effect e1 ok=n3 err=n4
            n7: exit ok
        "#]],
    );
}

#[test]
fn a_binding_at_the_end_takes_the_rest() {
    check_each(
        r#""#,
        r#"match pay(&http, &delivery.data).await {
            Ok(()) => { delivery.ack(BasicAckOptions::default()).await?; }
            result @ Err(_) => return result,
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: pass then=n3
            n5: exit ok
        "#]],
    );
}

#[test]
fn a_flag_set_in_branches() {
    check_each(
        r#""#,
        r#"let mut requeue = false;
        match decode(&delivery.data) {
            Ok(_) => {
                if pay(&http, &delivery.data).await.is_err() {
                    requeue = true;
                }
            }
            Err(_) => {}
        }
        if requeue {
            delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?;
        } else {
            delivery.ack(BasicAckOptions::default()).await?;
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n3
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: nack ok=n0 err=n4
            n6: exit ok
        "#]],
    );
}

#[test]
fn option_map_or() {
    check_each(
        r#""#,
        r#"let order = decode(&delivery.data).ok();
        let large = order.as_ref().map_or(false, |order| order.total > 100);
        if large {
            pay(&http, &delivery.data).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # large
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n4
            n2: branch c1 0=n3 1=n4
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: exit ok
        "#]],
    );
}

#[test]
fn bool_then() {
    check_each(
        r#""#,
        r#"let order = decode(&delivery.data)?;
        let payment = (order.total > 0).then(|| order.id.clone());
        if let Some(id) = payment {
            pay(&http, id.as_bytes()).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # (order.total > 0).then(|| order.id.clone())
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: branch c1 0=n3 1=n4
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: exit ok
        "#]],
    );
}

#[test]
fn nested_enum_payloads() {
    check_each(
        r#"enum Event { Order(Order), Ping }
enum Envelope { V1(Event), V2 { event: Event } }
fn open(body: &[u8]) -> Result<Envelope> { Ok(serde_json::from_slice(body)?) }"#,
        r#"match open(&delivery.data)? {
            Envelope::V1(Event::Ping) | Envelope::V2 { event: Event::Ping } => {}
            Envelope::V1(Event::Order(order)) => pay(&http, order.id.as_bytes()).await?,
            Envelope::V2 { event: Event::Order(order) } => mail(&http, order.id.as_bytes()).await?,
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # open(&delivery.data)?
            cond c2 fixed # open(&delivery.data)?
            n0: receive next=n1 err=n9 end=n9
            n1: branch c0 0=n2 1=n6
            n2: branch c1 0=n3 1=n7
            n3: branch c2 0=n4 1=n5
            n4: effect e0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: branch c2 0=n8 1=n5
            n8: effect e1 ok=n5 err=n6
            n9: exit ok
        "#]],
    );
}
