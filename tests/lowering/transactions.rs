//! Transactions: what belongs to them, and how they end.

use expect_test::expect;

use crate::harness::{check, check_each};

#[test]
fn begun_and_committed() {
    check_each(
        r#"async fn record(tx: &mut Transaction<'_, Postgres>, order: &Order) -> Result<()> {
    sqlx::query("UPDATE orders SET paid = $2 WHERE id = $1").bind(&order.id).bind(order.total).execute(&mut **tx).await?;
    Ok(())
}"#,
        r#"let order = decode(&delivery.data)?;
        let mut tx = pool.begin().await?;
        record(&mut tx, &order).await?;
        tx.commit().await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem overwrites
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n6
            n2: begin t0 ok=n3 err=n6
            n3: effect e0 in t0 ok=n4 err=n7
            n4: commit t0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: rollback t0 then=n6
            n8: exit ok
        "#]],
    );
}

#[test]
fn dropped_on_an_early_return() {
    check_each(
        r#"async fn record(tx: &mut Transaction<'_, Postgres>, order: &Order) -> Result<()> {
    sqlx::query("UPDATE orders SET paid = $2 WHERE id = $1").bind(&order.id).bind(order.total).execute(&mut **tx).await?;
    Ok(())
}
async fn process(pool: &PgPool, body: &[u8]) -> Result<bool> {
    let order = decode(body)?;
    let mut tx = pool.begin().await?;
    record(&mut tx, &order).await?;
    if order.total < 0 {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}"#,
        r#"process(&pool, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem overwrites
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed measures # order.total < 0
            n0: receive next=n1 err=n10 end=n10
            n1: branch c0 0=n2 1=n7
            n2: begin t0 ok=n3 err=n7
            n3: effect e0 in t0 ok=n4 err=n9
            n4: branch c1 0=n5 1=n8
            n5: rollback t0 then=n6
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: commit t0 ok=n6 err=n7
            n9: rollback t0 then=n7
            n10: exit ok
        "#]],
    );
}

#[test]
fn committed_in_a_helper() {
    check_each(
        r#"async fn record(tx: &mut Transaction<'_, Postgres>, order: &Order) -> Result<()> {
    sqlx::query("UPDATE orders SET paid = $2 WHERE id = $1").bind(&order.id).bind(order.total).execute(&mut **tx).await?;
    Ok(())
}
async fn finish(tx: Transaction<'_, Postgres>) -> Result<()> {
    tx.commit().await.context("commit")
}"#,
        r#"let order = decode(&delivery.data)?;
        let mut tx = pool.begin().await?;
        record(&mut tx, &order).await?;
        finish(tx).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem overwrites
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n6
            n2: begin t0 ok=n3 err=n6
            n3: effect e0 in t0 ok=n4 err=n7
            n4: commit t0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: rollback t0 then=n6
            n8: exit ok
        "#]],
    );
}

#[test]
fn begun_in_a_helper() {
    check_each(
        r#"async fn record(tx: &mut Transaction<'_, Postgres>, order: &Order) -> Result<()> {
    sqlx::query("UPDATE orders SET paid = $2 WHERE id = $1").bind(&order.id).bind(order.total).execute(&mut **tx).await?;
    Ok(())
}
async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    Ok(pool.begin().await?)
}"#,
        r#"let order = decode(&delivery.data)?;
        let mut tx = begin(&pool).await?;
        record(&mut tx, &order).await?;
        tx.commit().await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem overwrites
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n6
            n2: begin t0 ok=n3 err=n6
            n3: effect e0 in t0 ok=n4 err=n7
            n4: commit t0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: rollback t0 then=n6
            n8: exit ok
        "#]],
    );
}

#[test]
fn rolled_back_explicitly() {
    check_each(
        r#"async fn record(tx: &mut Transaction<'_, Postgres>, order: &Order) -> Result<()> {
    sqlx::query("UPDATE orders SET paid = $2 WHERE id = $1").bind(&order.id).bind(order.total).execute(&mut **tx).await?;
    Ok(())
}"#,
        r#"let order = decode(&delivery.data)?;
        let mut tx = pool.begin().await?;
        if let Err(error) = record(&mut tx, &order).await {
            tracing::warn!(%error, "rolled back");
            tx.rollback().await?;
            continue;
        }
        tx.commit().await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem overwrites
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n9 end=n9
            n1: branch c0 0=n2 1=n6
            n2: begin t0 ok=n3 err=n6
            n3: effect e0 in t0 ok=n4 err=n7
            n4: commit t0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: rollback t0 ok=n8 err=n6
            n8: pass then=n0
            n9: exit ok
        "#]],
    );
}

#[test]
fn a_unit_of_work() {
    check_each(
        r#"async fn record(tx: &mut Transaction<'_, Postgres>, order: &Order) -> Result<()> {
    sqlx::query("UPDATE orders SET paid = $2 WHERE id = $1").bind(&order.id).bind(order.total).execute(&mut **tx).await?;
    Ok(())
}
struct Work<'p> { tx: Transaction<'p, Postgres> }
impl<'p> Work<'p> {
    async fn begin(pool: &'p PgPool) -> Result<Self> { Ok(Self { tx: pool.begin().await? }) }
    async fn record(&mut self, order: &Order) -> Result<()> { record(&mut self.tx, order).await }
    async fn commit(self) -> Result<()> { self.tx.commit().await?; Ok(()) }
}"#,
        r#"let order = decode(&delivery.data)?;
        let mut work = Work::begin(&pool).await?;
        work.record(&order).await?;
        work.commit().await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem overwrites
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n8 end=n8
            n1: branch c0 0=n2 1=n6
            n2: begin t0 ok=n3 err=n6
            n3: effect e0 in t0 ok=n4 err=n7
            n4: commit t0 ok=n5 err=n6
            n5: ack ok=n0 err=n6
            n6: exit err
            n7: rollback t0 then=n6
            n8: exit ok
        "#]],
    );
}

#[test]
fn an_effect_outside() {
    check_each(
        r#"async fn record(tx: &mut Transaction<'_, Postgres>, order: &Order) -> Result<()> {
    sqlx::query("UPDATE orders SET paid = $2 WHERE id = $1").bind(&order.id).bind(order.total).execute(&mut **tx).await?;
    Ok(())
}"#,
        r#"let order = decode(&delivery.data)?;
        let mut tx = pool.begin().await?;
        record(&mut tx, &order).await?;
        pay(&http, order.id.as_bytes()).await?;
        tx.commit().await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem overwrites
            effect e1 http:POST plain http unconfirmed
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n9 end=n9
            n1: branch c0 0=n2 1=n7
            n2: begin t0 ok=n3 err=n7
            n3: effect e0 in t0 ok=n4 err=n8
            n4: effect e1 ok=n5 err=n8
            n5: commit t0 ok=n6 err=n7
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: rollback t0 then=n7
            n9: exit ok
        "#]],
    );
}

#[test]
fn dropped_explicitly() {
    check_each(
        r#"async fn record(tx: &mut Transaction<'_, Postgres>, order: &Order) -> Result<()> {
    sqlx::query("UPDATE orders SET paid = $2 WHERE id = $1").bind(&order.id).bind(order.total).execute(&mut **tx).await?;
    Ok(())
}"#,
        r#"let order = decode(&delivery.data)?;
        let mut tx = pool.begin().await?;
        record(&mut tx, &order).await?;
        if order.total == 0 {
            drop(tx);
        } else {
            tx.commit().await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem overwrites
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed # order.total == 0
            n0: receive next=n1 err=n10 end=n10
            n1: branch c0 0=n2 1=n7
            n2: begin t0 ok=n3 err=n7
            n3: effect e0 in t0 ok=n4 err=n9
            n4: branch c1 0=n5 1=n8
            n5: rollback t0 then=n6
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: commit t0 ok=n6 err=n7
            n9: rollback t0 then=n7
            n10: exit ok
        "#]],
    );
}

#[test]
fn begun_before_the_message_came() {
    check(
        r#"
async fn run(pool: PgPool, mut consumer: Consumer) -> Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS seen (id TEXT)").execute(&mut *tx).await?;
    tx.commit().await?;
    while let Some(Ok(delivery)) = consumer.next().await {
        sqlx::query("DELETE FROM orders WHERE id = $1").bind(&delivery.data).execute(&pool).await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn in_an_option() {
    check_each(
        r#"async fn record(tx: &mut Transaction<'_, Postgres>, order: &Order) -> Result<()> {
    sqlx::query("UPDATE orders SET paid = $2 WHERE id = $1").bind(&order.id).bind(order.total).execute(&mut **tx).await?;
    Ok(())
}"#,
        r#"let order = decode(&delivery.data)?;
        let mut tx = if order.total > 0 { Some(pool.begin().await?) } else { None };
        if let Some(tx) = tx.as_mut() {
            record(tx, &order).await?;
        }
        if let Some(tx) = tx {
            tx.commit().await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem overwrites
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            cond c1 fixed measures # order.total > 0
            n0: receive next=n1 err=n9 end=n9
            n1: branch c0 0=n2 1=n7
            n2: branch c1 0=n3 1=n6
            n3: begin t0 ok=n4 err=n7
            n4: effect e0 in t0 ok=n5 err=n8
            n5: commit t0 ok=n6 err=n7
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: rollback t0 then=n7
            n9: exit ok
        "#]],
    );
}

/// The effect comes first, and a duplicate takes it back.
#[test]
fn a_duplicate_that_rolls_back() {
    check_each(
        r#"async fn count(pool: &PgPool, order: &Order) -> Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query("UPDATE totals SET orders = orders + 1 WHERE kind = 'all'").execute(&mut *tx).await?;
    let marked = sqlx::query("INSERT INTO counted (id) VALUES ($1) ON CONFLICT (id) DO NOTHING").bind(&order.id).execute(&mut *tx).await?;
    if marked.rows_affected() == 0 {
        tx.rollback().await?;
        return Ok(());
    }
    tx.commit().await?;
    Ok(())
}"#,
        r#"let order = decode(&delivery.data)?;
        count(&pool, &order).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:totals plain
            key k0 postgres:counted unique
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n10 end=n10
            n1: branch c0 0=n2 1=n7
            n2: begin t0 ok=n3 err=n7
            n3: effect e0 in t0 ok=n4 err=n9
            n4: mark k0 if-absent in t0 fresh=n5 dup=n8 err=n9
            n5: commit t0 ok=n6 err=n7
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: rollback t0 ok=n6 err=n7
            n9: rollback t0 then=n7
            n10: exit ok
        "#]],
    );
}

/// Rows that are removed and written anew in one transaction: a repetition leaves the same, unless others were removed or nothing was.
#[test]
fn rows_replaced() {
    let replaces = |removed: &str| {
        let body = format!(
            r#"
        let order = decode(&delivery.data)?;
        let mut tx = pool.begin().await?;
        {removed}
        sqlx::query("INSERT INTO lines (order_id, total) VALUES ($1, $2)").bind(&order.id).bind(order.total).execute(&mut *tx).await?;
        tx.commit().await?;
        delivery.ack(BasicAckOptions::default()).await?;
"#
        );
        crate::harness::lowered_each("", &body)
    };
    let all = r#"sqlx::query("DELETE FROM lines WHERE order_id = $1").bind(&order.id).execute(&mut *tx).await?;"#;
    let old = r#"sqlx::query("DELETE FROM lines WHERE made_at < now() - interval '1 day'").execute(&mut *tx).await?;"#;
    let some = r#"if order.total > 0 { sqlx::query("DELETE FROM lines WHERE order_id = $1").bind(&order.id).execute(&mut *tx).await?; }"#;
    let inserts = |text: String| {
        let mut effects = text.lines().filter(|line| line.contains("postgres:lines"));
        effects.next_back().unwrap_or_default().to_owned()
    };
    assert_eq!(inserts(replaces(all)), "effect e1 postgres:lines idem");
    assert_eq!(inserts(replaces(old)), "effect e1 postgres:lines plain");
    assert_eq!(inserts(replaces(some)), "effect e1 postgres:lines plain");
}

/// Whoever was asked before is not asked again by what is recorded: it makes a second worker wait, and not fail.
#[test]
fn a_mark_whose_answer_nobody_wants() {
    check_each(
        r#"async fn seen(tx: &mut Transaction<'_, Postgres>, id: &str) -> sqlx::Result<bool> {
    let row = sqlx::query("SELECT 1 FROM counted WHERE id = $1").bind(id);
    Ok(row.fetch_optional(&mut **tx).await?.is_some())
}"#,
        r#"let order = decode(&delivery.data)?;
        let mut tx = pool.begin().await?;
        if !seen(&mut tx, &order.id).await? {
            sqlx::query("UPDATE totals SET orders = orders + 1 WHERE kind = 'all'").execute(&mut *tx).await?;
            let mark = sqlx::query("INSERT INTO counted (id) VALUES ($1) ON CONFLICT DO NOTHING").bind(&order.id);
            mark.execute(&mut *tx).await?;
        }
        tx.commit().await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:totals plain
            key k0 postgres:counted
            tx t0 postgres
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n10 end=n10
            n1: branch c0 0=n2 1=n8
            n2: begin t0 ok=n3 err=n8
            n3: check k0 in t0 absent=n4 found=n6 err=n9
            n4: effect e0 in t0 ok=n5 err=n9
            n5: mark k0 if-absent in t0 fresh=n6 dup=n6 err=n9
            n6: commit t0 ok=n7 err=n8
            n7: ack ok=n0 err=n8
            n8: exit err
            n9: rollback t0 then=n8
            n10: exit ok
        "#]],
    );
}
