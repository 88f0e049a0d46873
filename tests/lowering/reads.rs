//! Reads: they change nothing, and they fail.

use expect_test::expect;

use crate::harness::{check_each, lowered};

const LOOKUP: &str = r#"async fn customer(pool: &PgPool, order: &Order) -> Result<Option<(String,)>> {
    Ok(sqlx::query_as("SELECT name FROM customers WHERE tier = 'gold' LIMIT 1").fetch_optional(pool).await?)
}"#;

#[test]
fn a_read_may_fail() {
    check_each(
        LOOKUP,
        r#"let order = decode(&delivery.data)?;
        customer(&pool, &order).await?;
        pay(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: read postgres:customers ok=n3 err=n5
            n3: effect e0 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: exit ok
        "#]],
    );
}

#[test]
fn a_read_whose_failure_changes_nothing_is_none() {
    check_each(
        LOOKUP,
        r#"let order = decode(&delivery.data)?;
        let _ = customer(&pool, &order).await;
        pay(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n5 end=n5
            n1: branch c0 0=n2 1=n4
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn a_table_that_the_unit_does_not_write_recognises_nothing() {
    check_each(
        LOOKUP,
        r#"let order = decode(&delivery.data)?;
        if customer(&pool, &order).await?.is_some() {
            pay(&http, &delivery.data).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 store # customer(&pool, &order).await?.is_some()
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n6
            n2: read postgres:customers ok=n3 err=n6
            n3: branch c1 0=n4 1=n5
            n4: effect e0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: exit ok
        "#]],
    );
}

#[test]
fn a_table_that_the_unit_writes_may_recognise_a_repetition() {
    check_each(
        LOOKUP,
        r#"let order = decode(&delivery.data)?;
        if customer(&pool, &order).await?.is_some() {
            pay(&http, &delivery.data).await?;
            sqlx::query("UPDATE customers SET tier = 'paid' WHERE id = $1").bind(&order.id).execute(&pool).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST unknown http unconfirmed
            effect e1 postgres:customers idem
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 store # customer(&pool, &order).await?.is_some()
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n7
            n2: read postgres:customers ok=n3 err=n7
            n3: branch c1 0=n4 1=n6
            n4: effect e0 ok=n5 err=n7
            n5: effect e1 ok=n6 err=n7
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: exit ok
        "#]],
    );
}

#[test]
fn a_column_that_the_unit_does_not_write_recognises_nothing() {
    check_each(
        "",
        r#"let order = decode(&delivery.data)?;
        let blocked: bool = sqlx::query_scalar("SELECT blocked FROM customers WHERE id = $1").bind(&order.id).fetch_one(&pool).await?;
        if !blocked {
            pay(&http, &delivery.data).await?;
            sqlx::query("UPDATE customers SET tier = 'paid' WHERE id = $1").bind(&order.id).execute(&pool).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 postgres:customers idem
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 store # what is read
            cond c2 store # blocked
            n0: receive next=n1 err=n9 end=n9
            n1: branch c0 0=n2 1=n6
            n2: read postgres:customers ok=n3 err=n6
            n3: branch c1 0=n4 1=n6
            n4: branch c2 0=n5 1=n7
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: effect e0 ok=n8 err=n6
            n8: effect e1 ok=n5 err=n6
            n9: exit ok
        "#]],
    );
}

#[test]
fn what_is_written_back_with_something_added_is_added_again() {
    check_each(
        "",
        r#"let order = decode(&delivery.data)?;
        let balance: i64 = sqlx::query_scalar("SELECT balance FROM customers WHERE id = $1 FOR UPDATE").bind(&order.id).fetch_one(&pool).await?;
        sqlx::query("UPDATE customers SET balance = $1 WHERE id = $2").bind(balance - order.total).bind(&order.id).execute(&pool).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:customers plain overwrites
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 store # what is read
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n6
            n2: read postgres:customers ok=n3 err=n6
            n3: branch c1 0=n4 1=n6
            n4: effect e0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: exit ok
        "#]],
    );
}

#[test]
fn what_is_written_back_under_a_guard_is_perhaps_not_added_again() {
    check_each(
        "",
        r#"let order = decode(&delivery.data)?;
        let (balance, paid): (i64, bool) = sqlx::query_as("SELECT balance, paid FROM customers WHERE id = $1").bind(&order.id).fetch_one(&pool).await?;
        if !paid {
            sqlx::query("UPDATE customers SET balance = $1, paid = true WHERE id = $2").bind(balance - order.total).bind(&order.id).execute(&pool).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:customers unknown overwrites
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 store # what is read
            cond c2 store # paid
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n6
            n2: read postgres:customers ok=n3 err=n6
            n3: branch c1 0=n4 1=n6
            n4: branch c2 0=n5 1=n7
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: effect e0 ok=n5 err=n6
            n8: exit ok
        "#]],
    );
}

/// A flow of more questions than a reader can hold asks several at once, and does what it did before.
#[test]
fn many_questions_in_a_row_become_few() {
    let checks: String = (0..40)
        .map(|n| {
            format!(
                "if delivery.data.len() == {n} {{ delivery.nack(BasicNackOptions::default()).await?; continue; }}\n"
            )
        })
        .collect();
    let flow = lowered(&format!(
        "async fn run(mut consumer: Consumer, http: Client) -> Result<()> {{
            while let Some(Ok(delivery)) = consumer.next().await {{
                {checks}
                pay(&http, &delivery.data).await?;
                delivery.ack(BasicAckOptions::default()).await?;
            }}
            Ok(())
        }}"
    ));
    let conditions = flow.lines().filter(|line| line.starts_with("cond ")).count();
    assert!(conditions <= 24, "{conditions} conditions are left:\n{flow}");
    assert!(flow.contains("effect e0 http:POST plain"), "{flow}");
    assert!(flow.contains(": ack ok="), "{flow}");
}
