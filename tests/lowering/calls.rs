//! Calls: methods, traits, generics, closures, conversions.

use expect_test::expect;

use crate::harness::{check, check_each, lowered_each};

#[test]
fn a_generic_handler() {
    check_each(
        r#"trait Handler { async fn handle(&self, body: &[u8]) -> Result<()>; }
struct Payments { http: Client }
impl Handler for Payments {
    async fn handle(&self, body: &[u8]) -> Result<()> { pay(&self.http, body).await }
}
async fn consume<H: Handler>(handler: &H, delivery: &Delivery) -> Result<()> {
    handler.handle(&delivery.data).await
}"#,
        r#"let handler = Payments { http: http.clone() };
        consume(&handler, &delivery).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
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
fn a_wrapper_knows_what_it_wraps() {
    check_each(
        r#"struct Payments { http: Client }
struct Mails { http: Client }
struct Logged<T> { inner: T, span: u32 }
trait Log: Sized { fn logged(self) -> Logged<Self> { Logged { inner: self, span: 1 } } }
impl Log for Payments {}
impl Log for Mails {}
impl Logged<Payments> {
    async fn run(self, body: &[u8]) -> Result<()> { pay(&self.inner.http, body).await }
}
impl Logged<Mails> {
    async fn run(self, body: &[u8]) -> Result<()> { mail(&self.inner.http, body).await }
}"#,
        r#"Payments { http: http.clone() }.logged().run(&delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
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
fn a_dyn_handler() {
    check(
        r#"
#[async_trait::async_trait]
trait Handler: Send + Sync { async fn handle(&self, body: &[u8]) -> Result<()>; }
struct Payments { http: Client }
struct Mails { http: Client }
#[async_trait::async_trait]
impl Handler for Payments {
    async fn handle(&self, body: &[u8]) -> Result<()> { pay(&self.http, body).await }
}
#[async_trait::async_trait]
impl Handler for Mails {
    async fn handle(&self, body: &[u8]) -> Result<()> { mail(&self.http, body).await }
}
struct Worker { consumer: Consumer, handler: Arc<dyn Handler> }
impl Worker {
    async fn run(mut self) -> Result<()> {
        while let Some(Ok(delivery)) = self.consumer.next().await {
            self.handler.handle(&delivery.data).await?;
            delivery.ack(BasicAckOptions::default()).await?;
        }
        Ok(())
    }
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            cond c0 fixed # self.handler.handle(&delivery.data)
            n0: receive next=n1 err=n6 end=n6
            n1: branch c0 0=n2 1=n5
            n2: effect e0 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: effect e1 ok=n3 err=n4
            n6: exit ok
        "#]],
    );
}

#[test]
fn a_default_method() {
    check_each(
        r#"trait Handler {
    fn http(&self) -> &Client;
    async fn call(&self, body: &[u8]) -> Result<()>;
    async fn handle(&self, delivery: Delivery) -> Result<()> {
        self.call(&delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;
        Ok(())
    }
}
struct Payments(Client);
impl Handler for Payments {
    fn http(&self) -> &Client { &self.0 }
    async fn call(&self, body: &[u8]) -> Result<()> { pay(self.http(), body).await }
}"#,
        r#"Payments(http.clone()).handle(delivery).await?;"#,
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
fn a_closure_for_each_message() {
    check(
        r#"
async fn consume<F, Fut>(mut consumer: Consumer, handler: F) -> Result<()>
where
    F: Fn(Vec<u8>) -> Fut,
    Fut: std::future::Future<Output = Result<()>>,
{
    while let Some(Ok(delivery)) = consumer.next().await {
        handler(delivery.data.clone()).await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}
async fn start(consumer: Consumer, http: Client) -> Result<()> {
    consume(consumer, move |body| {
        let http = http.clone();
        async move { pay(&http, &body).await }
    })
    .await
}"#,
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
fn a_function_as_an_argument() {
    check_each(
        r#"async fn logged<F, Fut>(what: &str, action: F) -> Result<()>
where
    F: FnOnce() -> Fut,
    Fut: std::future::Future<Output = Result<()>>,
{
    let result = action().await;
    if let Err(error) = &result {
        tracing::error!(%error, what, "failed");
    }
    result
}"#,
        r#"logged("payment", || pay(&http, &delivery.data)).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
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
fn a_message_wrapped_by_from() {
    check_each(
        r#"struct Envelope { body: Vec<u8>, delivery: Delivery }
impl From<Delivery> for Envelope {
    fn from(delivery: Delivery) -> Self { Envelope { body: delivery.data.clone(), delivery } }
}
impl Envelope {
    async fn done(self) -> Result<()> {
        self.delivery.ack(BasicAckOptions::default()).await?;
        Ok(())
    }
    async fn again(self) -> Result<()> {
        self.delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?;
        Ok(())
    }
}"#,
        r#"let envelope = Envelope::from(delivery);
        match pay(&http, &envelope.body).await {
            Ok(()) => envelope.done().await?,
            Err(_) => envelope.again().await?,
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 ok=n2 err=n4
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: nack ok=n0 err=n3
            n5: exit ok
        "#]],
    );
}

#[test]
fn a_message_wrapped_by_into() {
    check_each(
        r#"struct Envelope(Delivery);
impl From<Delivery> for Envelope {
    fn from(delivery: Delivery) -> Self { Envelope(delivery) }
}"#,
        r#"let envelope: Envelope = delivery.into();
        pay(&http, &envelope.0.data).await?;
        envelope.0.ack(BasicAckOptions::default()).await?;"#,
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
fn a_struct_of_services() {
    check(
        r#"
struct Services { http: Client }
impl Services {
    async fn process(&self, body: &[u8]) -> Result<()> {
        self.charge(body).await?;
        self.notify(body).await
    }
    async fn charge(&self, body: &[u8]) -> Result<()> { pay(&self.http, body).await }
    async fn notify(&self, body: &[u8]) -> Result<()> { mail(&self.http, body).await }
}
struct App { services: Arc<Services>, consumer: Consumer }
impl App {
    async fn run(&mut self) -> Result<()> {
        while let Some(Ok(delivery)) = self.consumer.next().await {
            match self.services.process(&delivery.data).await {
                Ok(()) => delivery.ack(BasicAckOptions::default()).await?,
                Err(_) => delivery.nack(BasicNackOptions::default()).await?,
            };
        }
        Ok(())
    }
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 http:PUT idem http unconfirmed
            n0: receive next=n1 err=n6 end=n6
            n1: effect e0 ok=n2 err=n5
            n2: effect e1 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: nack drop ok=n0 err=n4
            n6: exit ok
        "#]],
    );
}

#[test]
fn recursion_ends() {
    check_each(
        r#"async fn countdown(http: &Client, n: u32, body: &[u8]) -> Result<()> {
    if n == 0 { return Ok(()); }
    pay(http, body).await?;
    Box::pin(countdown(http, n - 1, body)).await
}"#,
        r#"countdown(&http, 3, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 countdown(http, n - 1, body) opaque
            n0: receive next=n1 err=n5 end=n5
            n1: effect e0 ok=n2 err=n4
            n2: opaque e1 ok=n3 err=n4
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: exit ok
        "#]],
    );
}

#[test]
fn mutual_recursion_ends() {
    check_each(
        r#"async fn ping(http: &Client, body: &[u8]) -> Result<()> { Box::pin(pong(http, body)).await }
async fn pong(http: &Client, body: &[u8]) -> Result<()> {
    if body.is_empty() { return pay(http, body).await; }
    Box::pin(ping(http, body)).await
}"#,
        r#"ping(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            effect e1 ping(http, body) opaque
            cond c0 fixed # body.is_empty()
            n0: receive next=n1 err=n7 end=n7
            n1: branch c0 0=n2 1=n6
            n2: effect e0 ok=n3 err=n5
            n3: ack ok=n0 err=n4
            n4: exit err
            n5: pass then=n4
            n6: opaque e1 ok=n3 err=n4
            n7: exit ok
        "#]],
    );
}

#[test]
fn an_unknown_function() {
    check_each(
        r#""#,
        r#"billing::charge(&delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 billing::charge(&delivery.data) opaque
            n0: receive next=n1 err=n4 end=n4
            n1: opaque e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn an_unknown_function_that_takes_the_message() {
    check_each(
        r#""#,
        r#"billing::charge(delivery).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 billing::charge(delivery) opaque
            unknown what settles the message goes where it cannot be followed
            unknown neither the consumer's settings nor an acknowledgement can be seen
            n0: receive next=n1 err=n3 end=n3
            n1: opaque e0 ok=n0 err=n2
            n2: exit err
            n3: exit ok
        "#]],
    );
}

#[test]
fn a_macro_by_example() {
    check_each(
        r#"macro_rules! try_or_continue {
    ($e:expr) => { match $e { Ok(value) => value, Err(_) => continue } };
}"#,
        r#"let order = try_or_continue!(decode(&delivery.data));
        pay(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
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
fn mutation_through_a_reference() {
    check_each(
        r#"struct Outcome { failed: bool }
async fn process(http: &Client, body: &[u8], outcome: &mut Outcome) {
    if pay(http, body).await.is_err() {
        outcome.failed = true;
    }
}"#,
        r#"let mut outcome = Outcome { failed: false };
        process(&http, &delivery.data, &mut outcome).await;
        if !outcome.failed {
            delivery.ack(BasicAckOptions::default()).await?;
        }"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n0
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn a_boxed_future() {
    check_each(
        r#"type BoxFuture<'a> = std::pin::Pin<Box<dyn std::future::Future<Output = Result<()>> + Send + 'a>>;
fn work<'a>(http: &'a Client, body: &'a [u8]) -> BoxFuture<'a> {
    Box::pin(async move { pay(http, body).await })
}"#,
        r#"work(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
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
fn an_iterator_chain() {
    check_each(
        r#""#,
        r#"let orders: Vec<Order> = serde_json::from_slice(&delivery.data)?;
        let total: i64 = orders.iter().filter(|order| order.total > 0).map(|order| order.total).sum();
        if total > 0 {
            pay(&http, &delivery.data).await?;
        }
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http unconfirmed
            cond c0 malformed failing=2 # serde_json::from_slice(&delivery.data)
            cond c1 fixed measures # total > 0
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
fn functions_of_the_standard_library_as_values() {
    check_each(
        r#"async fn submit(http: &Client, body: &[u8]) -> reqwest::Result<()> {
            http.post("https://pay.example").body(body.to_vec()).send().await?.error_for_status().map(drop)
        }"#,
        r#"submit(&http, &delivery.data).await?;
        delivery.ack(BasicAckOptions::default()).await?;"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 http:POST plain http
            n0: receive next=n1 err=n4 end=n4
            n1: effect e0 ok=n2 err=n3
            n2: ack ok=n0 err=n3
            n3: exit err
            n4: exit ok
        "#]],
    );
}

#[test]
fn a_trait_for_a_type_under_another_name() {
    check(
        r#"
trait Orders {
    async fn open(&self, id: &str) -> sqlx::Result<()>;
}
impl Orders for PgPool {
    async fn open(&self, id: &str) -> sqlx::Result<()> {
        sqlx::query("INSERT INTO orders (id) VALUES ($1) ON CONFLICT DO NOTHING").bind(id).execute(self).await?;
        Ok(())
    }
}
async fn run(mut consumer: Consumer, pool: sqlx::Pool<Postgres>) -> Result<()> {
    while let Some(delivery) = consumer.next().await {
        let delivery = delivery?;
        let order = decode(&delivery.data)?;
        Orders::open(&pool, &order.id).await?;
        pool.open(&order.id).await?;
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}"#,
        expect![[r#"
            source amqp queue manual ordered
            effect e0 postgres:orders idem
            effect e1 postgres:orders idem
            cond c0 malformed failing=2 # serde_json::from_slice(body)
            n0: receive next=n1 err=n5 end=n6
            n1: branch c0 0=n2 1=n5
            n2: effect e0 ok=n3 err=n5
            n3: effect e1 ok=n4 err=n5
            n4: ack ok=n0 err=n5
            n5: exit err
            n6: exit ok
        "#]],
    );
}

#[test]
fn a_receiver_that_a_constructor_makes() {
    check(
        r#"
struct Worker { consumer: StreamConsumer, http: Client }
impl Worker {
    fn open(http: Client) -> Result<Self> {
        let consumer: StreamConsumer = ClientConfig::new().set("enable.auto.commit", "true").create()?;
        consumer.subscribe(&["orders"])?;
        Ok(Self { consumer, http })
    }
    async fn work(&self) -> Result<()> {
        loop {
            let message = self.consumer.recv().await?;
            pay(&self.http, message.payload().unwrap_or_default()).await?;
        }
    }
}"#,
        expect![[r#"
            source kafka log on-receive # orders
            effect e0 http:POST plain http unconfirmed
            n0: receive next=n1 err=n2
            n1: effect e0 ok=n0 err=n2
            n2: exit err
        "#]],
    );
}

#[test]
fn what_is_unzipped_are_two_lists() {
    check_each(
        "async fn all(http: &Client, body: &[u8]) -> Result<()> {
    let (names, calls): (Vec<_>, Vec<_>) = [1].into_iter().map(|n| (n, pay(http, body))).unzip();
    drop(names);
    for done in join_all(calls).await { done?; }
    Ok(())
}",
        "all(&http, &delivery.data).await?;\n        delivery.ack(BasicAckOptions::default()).await?;",
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
fn a_closure_is_called_by_a_method_that_another_crate_gives_it() {
    let text = lowered_each(
        "use elsewhere::Retry;",
        "(|| delivery.ack(BasicAckOptions::default())).retry(elsewhere::policy()).await?;",
    );
    assert!(text.contains("ack ok="), "{text}");
}
