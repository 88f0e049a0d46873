//! Every client that the catalog is for has handlers that are understood because of it: in a package of the fixtures that depends on the
//! client (so that CI compiles them against it), one that keeps its promise and one that does not, and of both something else is said
//! once the catalog forgets the client.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;

use cargo_delivery::analysis;
use cargo_delivery::catalog::Catalog;
use cargo_delivery::config::Config;
use cargo_delivery::report::{Integration, Verdict};
use cargo_delivery::source::Sources;
use cargo_delivery::workspace::Workspace;

/// A client, and what the catalog has to forget for it to be unknown.
struct Client {
    package: &'static str,
    /// What a handler's code or its file mentions, if the handler has to do with the client.
    name: &'static str,
    /// Of what is no package of its own: the beginnings of its entries' paths.
    entries: &'static [&'static str],
    /// What it hands out is this package's: its handlers are those that mention it themselves.
    wraps: Option<&'static str>,
    /// What an unknown call gives is made of what it is given, and so is a key that is right: whoever uses the client rightly is right
    /// whether the client is known or not.
    makes_keys: bool,
}

/// A package with a file of its own.
const fn client(package: &'static str, name: &'static str) -> Client {
    Client {
        package,
        name,
        entries: &[],
        wraps: None,
        makes_keys: false,
    }
}

/// A part of a package, or of `std`.
const fn part(package: &'static str, name: &'static str, entries: &'static [&'static str]) -> Client {
    Client {
        entries,
        ..client(package, name)
    }
}

/// A package whose values are another one's.
const fn wrapper(package: &'static str, name: &'static str, of: &'static str) -> Client {
    Client {
        wraps: Some(of),
        ..client(package, name)
    }
}

/// A package that keys are made with.
const fn key_maker(package: &'static str, name: &'static str) -> Client {
    Client {
        makes_keys: true,
        ..client(package, name)
    }
}

const CLIENTS: &[Client] = &[
    // Kafka and other logs.
    client("rdkafka", "rdkafka"),
    client("rskafka", "rskafka"),
    client("kafka", "kafka"),
    client("samsa", "samsa"),
    client("fluvio", "fluvio"),
    client("pulsar", "pulsar"),
    // AMQP.
    client("lapin", "lapin"),
    wrapper("deadpool-lapin", "deadpool_lapin", "lapin"),
    client("amqprs", "amqprs"),
    // NATS.
    part(
        "async-nats",
        "async_nats",
        &["async_nats::Client", "async_nats::Subscriber"],
    ),
    part("async-nats", "jetstream", &["async_nats::jetstream::"]),
    part("async-nats", "kv::", &["async_nats::jetstream::kv::"]),
    // Clouds.
    client("aws-sdk-sqs", "aws_sdk_sqs"),
    client("aws-sdk-sns", "aws_sdk_sns"),
    client("aws-sdk-kinesis", "aws_sdk_kinesis"),
    client("aws-sdk-eventbridge", "aws_sdk_eventbridge"),
    client("aws-sdk-dynamodb", "aws_sdk_dynamodb"),
    client("aws-sdk-s3", "aws_sdk_s3"),
    client("aws_lambda_events", "aws_lambda_events"),
    wrapper("lambda_runtime", "LambdaEvent", "aws_lambda_events"),
    client("google-cloud-pubsub", "google_cloud_pubsub"),
    client("gcloud-pubsub", "gcloud_pubsub"),
    client("azservicebus", "azservicebus"),
    // Redis.
    client("redis", "redis"),
    client("fred", "fred"),
    wrapper("deadpool-redis", "deadpool_redis", "redis"),
    wrapper("bb8-redis", "bb8", "redis"),
    // MQTT, and what keeps nothing.
    client("rumqttc", "rumqttc"),
    client("paho-mqtt", "paho_mqtt"),
    client("zeromq", "zeromq"),
    client("zmq", "zmq"),
    part("std", "UdpSocket", &["std::net::UdpSocket"]),
    part("tokio", "UdpSocket", &["tokio::net::UdpSocket"]),
    client("cadence", "cadence"),
    client("statsd", "statsd"),
    // Jobs.
    client("apalis", "apalis"),
    client("sqlxmq", "sqlxmq"),
    client("fang", "fang"),
    client("graphile_worker", "graphile_worker"),
    client("backie", "backie"),
    client("omniqueue", "omniqueue"),
    // Databases.
    client("sqlx", "sqlx"),
    client("diesel", "diesel"),
    client("diesel-async", "diesel_async"),
    client("sea-orm", "sea_orm"),
    client("tokio-postgres", "tokio_postgres"),
    client("deadpool-postgres", "deadpool_postgres"),
    client("rusqlite", "rusqlite"),
    client("mongodb", "mongodb"),
    client("scylla", "scylla"),
    client("mysql_async", "mysql_async"),
    // Requests and mail.
    client("reqwest", "reqwest"),
    client("reqwest-middleware", "reqwest_middleware"),
    client("reqwest-retry", "reqwest_retry"),
    client("ureq", "ureq"),
    client("hyper", "Incoming"),
    client("hyper-util", "hyper_util"),
    client("tonic", "tonic"),
    client("async-stripe", "stripe"),
    client("async-stripe-webhook", "stripe_webhook"),
    client("lettre", "lettre"),
    // Handlers of requests.
    client("axum", "axum"),
    client("actix-web", "actix_web"),
    // Trying again.
    client("backon", "backon"),
    client("backoff", "backoff"),
    client("tokio-retry", "tokio_retry"),
    part("tower", "tower", &["tower::ServiceBuilder::retry", "tower::retry::"]),
    // Tasks, and queues in memory.
    part("tokio", "spawn", &["tokio::{spawn", "tokio::task::"]),
    part("tokio", "mpsc", &["tokio::sync::mpsc::"]),
    part("std", "thread", &["std::thread::"]),
    part("std", "mpsc", &["std::sync::mpsc::"]),
    client("futures", "futures"),
    client("rayon", "rayon"),
    client("crossbeam-channel", "crossbeam_channel"),
    client("flume", "flume"),
    // What is remembered in memory.
    client("moka", "moka"),
    client("dashmap", "dashmap"),
    client("lru", "lru"),
    part("std", "collections", &["std::collections::"]),
    // What keys are made of.
    key_maker("uuid", "Uuid::"),
    key_maker("ulid", "Ulid::"),
    key_maker("rand", "StdRng"),
    key_maker("chrono", "NaiveDate"),
    key_maker("time", "OffsetDateTime"),
    // Monitoring.
    client("metrics", "metrics"),
    client("prometheus", "prometheus"),
    client("opentelemetry", "opentelemetry"),
];

/// What is said of an integration.
struct Said {
    verdict: Verdict,
    /// Its function's code.
    code: String,
    /// All of it, and its findings.
    told: String,
}

/// A file of the fixtures.
struct Fixture {
    /// The manifest of the workspace, that of its package, and its text, each with its path.
    files: [(String, String); 3],
    dependencies: toml::Table,
    said: OnceCell<BTreeMap<String, Said>>,
}

impl Fixture {
    fn text(&self) -> &str {
        &self.files[2].1
    }

    /// What is said of each of its integrations, by id, if this is all that is known of clients.
    fn judged(&self, catalog: &Catalog) -> BTreeMap<String, Said> {
        let files = self.files.each_ref().map(|(path, text)| (path.as_str(), text.as_str()));
        let workspace = Workspace::in_memory(&files);
        let sources = Sources::parse(&workspace, false);
        let report = analysis::run(&workspace, &sources, catalog, &Config::default());
        let declared = report.integrations.iter().filter(|unit| unit.declared.is_some());
        let of = |unit: &Integration| {
            let about = report
                .findings
                .iter()
                .filter(|finding| finding.integration.as_ref() == Some(&unit.id));
            Said {
                verdict: unit.verdict,
                code: sources.file(unit.home.file).text_at(unit.home).to_owned(),
                told: format!("{unit:?}{:?}", about.collect::<Vec<_>>()),
            }
        };
        declared.map(|unit| (unit.id.to_string(), of(unit))).collect()
    }
}

impl Client {
    /// The catalog as it would be without the client.
    fn forgotten(&self, files: &BTreeMap<String, String>) -> Catalog {
        let is = |file: &str, package: &str| file.strip_suffix(".yaml") == Some(package);
        let whole = self.entries.is_empty();
        let mut kept: Vec<(&str, String)> = Vec::new();
        for (file, text) in files.iter().filter(|(file, _)| !file.contains('@')) {
            let own = is(file, self.package);
            if own && whole || self.wraps.is_some_and(|wrapped| is(file, wrapped)) {
                continue;
            }
            let text = if own { without(text, self.entries) } else { text.clone() };
            kept.push((file, text));
        }
        let kept: Vec<_> = kept.iter().map(|(name, text)| (*name, text.as_str())).collect();
        // References to what is missing are errors, and left out.
        Catalog::of(&kept).0
    }

    /// What is missing: the package among the dependencies, a handler that is right because of it, one that is wrong.
    fn missing(&self, fixtures: &[Fixture], files: &BTreeMap<String, String>) -> Vec<String> {
        let depends = |fixture: &&Fixture| self.package == "std" || fixture.dependencies.contains_key(self.package);
        let mut candidates = fixtures.iter().filter(depends).peekable();
        if candidates.peek().is_none() {
            return vec![format!("{}: no package of the fixtures depends on it", self.package)];
        }
        let forgotten = self.forgotten(files);
        let mut open = vec![Verdict::Verified, Verdict::Refuted];
        for fixture in candidates.filter(|fixture| fixture.text().contains(self.name)) {
            if open.is_empty() {
                break;
            }
            let without = fixture.judged(&forgotten);
            for (id, said) in fixture.said.get_or_init(|| fixture.judged(Catalog::embedded())) {
                let mentions = said.code.contains(self.name);
                let changes = without.get(id).is_none_or(|other| other.told != said.told);
                let depends = match said.verdict {
                    Verdict::Verified if self.makes_keys => mentions,
                    _ => changes && (mentions || self.wraps.is_none()),
                };
                if depends {
                    open.retain(|wanted| *wanted != said.verdict);
                }
            }
        }
        let none = |verdict| {
            format!(
                "{} ({}): no handler is {verdict:?} because of it",
                self.package, self.name
            )
        };
        open.into_iter().map(none).collect()
    }
}

/// A file of the catalog without the entries whose paths begin so.
fn without(text: &str, entries: &[&str]) -> String {
    let mut kept = String::new();
    let mut gone = false;
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("  - path: ") {
            gone = entries.iter().any(|entry| path.starts_with(entry));
        } else if !line.starts_with("    ") && !line.is_empty() {
            gone = false;
        }
        if !gone {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of the packages that CI compiles.
fn fixtures(root: &Path) -> Vec<Fixture> {
    let workspace = read(&root.join("Cargo.toml"));
    let mut all = Vec::new();
    for package in ["aws", "brokers", "jobs", "kafka", "rabbitmq", "stores", "web"] {
        let folder = root.join(package);
        let manifest = read(&folder.join("Cargo.toml"));
        let table: toml::Table = manifest.parse().expect("a manifest");
        for entry in walkdir::WalkDir::new(folder.join("src")).sort_by_file_name() {
            let path = entry.expect("an entry of the folder").into_path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let files = [
                ("Cargo.toml".to_owned(), workspace.clone()),
                (format!("{package}/Cargo.toml"), manifest.clone()),
                (format!("{package}/src/lib.rs"), read(&path)),
            ];
            all.push(Fixture {
                files,
                dependencies: table["dependencies"].as_table().expect("dependencies").clone(),
                said: OnceCell::new(),
            });
        }
    }
    all
}

#[test]
fn every_client_has_a_handler_that_is_verified_and_one_that_is_refuted_because_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    if !root.join("Cargo.toml").is_file() {
        eprintln!("skipped: there are no fixtures here");
        return;
    }
    let files = super::on_disk();
    let fixtures = fixtures(&root);
    let missing = |client: &Client| client.missing(&fixtures, &files);
    let missing: Vec<String> = CLIENTS.iter().flat_map(missing).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
