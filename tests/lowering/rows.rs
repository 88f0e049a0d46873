//! Tables as queues: taking rows, claiming them, and what becomes of them.

use expect_test::expect;

use crate::harness::check;

#[test]
fn claimed_for_good() {
    check(
        r#"async fn run(pool: PgPool, http: Client) -> Result<()> {
    loop {
        let next: Option<(i64, String)> = sqlx::query_as(
            "UPDATE jobs SET status = 'running' WHERE id = (SELECT id FROM jobs WHERE status = 'queued' LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, body",
        ).fetch_optional(&pool).await?;
        let Some((id, body)) = next else { continue };
        match http.put("https://jobs.example").body(body).send().await {
            Ok(_) => sqlx::query("UPDATE jobs SET status = 'done' WHERE id = $1").bind(id).execute(&pool).await?,
            Err(_) => sqlx::query("UPDATE jobs SET status = $2 WHERE id = $1").bind(id).bind("queued").execute(&pool).await?,
        };
    }
}"#,
        expect![[r#"
            source postgres queue manual dlq # jobs
            effect e0 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n4 end=n0
            n1: claim ok=n2
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: nack ok=n0 err=n4
        "#]],
    );
}

#[test]
fn claimed_in_a_transaction_of_its_own() {
    check(
        r#"async fn run(pool: PgPool, http: Client) -> Result<()> {
    loop {
        let mut tx = pool.begin().await?;
        let next: Option<(i64, String)> = sqlx::query_as("SELECT id, body FROM jobs WHERE locked_by IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED")
            .fetch_optional(&mut *tx).await?;
        let Some((id, body)) = next else { continue };
        sqlx::query("UPDATE jobs SET locked_by = 'me', locked_at = now() WHERE id = $1").bind(id).execute(&mut *tx).await?;
        tx.commit().await?;
        http.put("https://jobs.example").body(body).send().await?;
        sqlx::query("UPDATE jobs SET attempts = attempts + 1 WHERE id = $1").bind(id).execute(&pool).await?;
        sqlx::query("DELETE FROM jobs WHERE id = $1").bind(id).execute(&pool).await?;
    }
}"#,
        expect![[r#"
            source postgres queue manual dlq # jobs
            effect e0 http:PUT idem http unconfirmed
            effect e1 postgres:jobs idem
            tx t0 postgres
            n0: receive next=n1 err=n7 end=n0
            n1: begin t0 ok=n2
            n2: claim in t0 ok=n3 err=n8
            n3: commit t0 ok=n4 err=n7
            n4: effect e0 ok=n5 err=n7
            n5: effect e1 ok=n6 err=n7
            n6: ack ok=n0 err=n7
            n7: exit err
            n8: rollback t0 then=n7
        "#]],
    );
}

#[test]
fn taken_back_by_a_sweeper() {
    check(
        r#"const NEXT: &str = "UPDATE jobs SET status = 'running', started_at = now() WHERE id = (SELECT id FROM jobs WHERE status = 'queued' LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, body";
const SWEEP: &str = "UPDATE jobs SET status = 'queued' WHERE status = 'running' AND started_at < now() - interval '5 minutes'";
async fn sweep(pool: PgPool) -> Result<()> {
    sqlx::query(SWEEP).execute(&pool).await?;
    Ok(())
}
async fn run(pool: PgPool, http: Client) -> Result<()> {
    loop {
        let next: Option<(i64, String)> = sqlx::query_as(NEXT).fetch_optional(&pool).await?;
        let Some((id, body)) = next else { continue };
        http.put("https://jobs.example").body(body).send().await?;
        sqlx::query("UPDATE jobs SET status = 'done' WHERE id = $1").bind(id).execute(&pool).await?;
    }
}"#,
        expect![[r#"
            source postgres queue manual dlq # jobs
            effect e0 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n3 end=n0
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
        "#]],
    );
}
