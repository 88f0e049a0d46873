//! The transports and sinks that an address may name.

use crate::{Invalid, suggest::closest, vocabulary::vocabulary};

vocabulary! {
    /// What carries a message, or what an effect goes to.
    ///
    /// The list is closed, so that a misspelt transport is found; [`Custom`](Self::Custom) is for what it lacks.
    Transport, "" {
        Kafka = "kafka": "Apache Kafka and what speaks its protocol.",
        Amqp = "amqp": "AMQP 0-9-1 queues and exchanges, as of RabbitMQ.",
        RabbitmqStream = "rabbitmq_stream": "RabbitMQ streams.",
        Sqs = "sqs": "Amazon SQS.",
        Sns = "sns": "Amazon SNS.",
        Kinesis = "kinesis": "Amazon Kinesis.",
        Eventbridge = "eventbridge": "Amazon EventBridge.",
        Lambda = "lambda": "AWS Lambda.",
        Nats = "nats": "Core NATS, which keeps nothing.",
        Jetstream = "jetstream": "NATS JetStream.",
        Redis = "redis": "Redis and its kin: keys, lists, streams, pub/sub.",
        Pubsub = "pubsub": "Google Cloud Pub/Sub.",
        Cloudtasks = "cloudtasks": "Google Cloud Tasks.",
        Servicebus = "servicebus": "Azure Service Bus.",
        Eventhubs = "eventhubs": "Azure Event Hubs.",
        Mqtt = "mqtt": "MQTT.",
        Pulsar = "pulsar": "Apache Pulsar.",
        Fluvio = "fluvio": "Fluvio.",
        Iggy = "iggy": "Apache Iggy.",
        Nsq = "nsq": "NSQ.",
        Stomp = "stomp": "STOMP, as of ActiveMQ.",
        Zeromq = "zeromq": "ZeroMQ sockets.",
        Zenoh = "zenoh": "Eclipse Zenoh.",
        Apalis = "apalis": "Jobs of apalis.",
        Sqlxmq = "sqlxmq": "Jobs of sqlxmq.",
        Pgmq = "pgmq": "Queues of the Postgres extension pgmq.",
        Faktory = "faktory": "Jobs of Faktory.",
        Sidekiq = "sidekiq": "Jobs of Sidekiq.",
        Temporal = "temporal": "Workflows and activities of Temporal.",
        Postgres = "postgres": "PostgreSQL tables and channels.",
        Mysql = "mysql": "MySQL and MariaDB.",
        Sqlite = "sqlite": "SQLite.",
        Mssql = "mssql": "Microsoft SQL Server.",
        Oracle = "oracle": "Oracle Database.",
        Mongodb = "mongodb": "MongoDB collections and change streams.",
        Dynamodb = "dynamodb": "Amazon DynamoDB tables and streams.",
        Cassandra = "cassandra": "Apache Cassandra and ScyllaDB.",
        Clickhouse = "clickhouse": "ClickHouse.",
        Elasticsearch = "elasticsearch": "Elasticsearch.",
        Opensearch = "opensearch": "OpenSearch.",
        Firestore = "firestore": "Google Firestore.",
        Surrealdb = "surrealdb": "SurrealDB tables and live queries.",
        Influxdb = "influxdb": "InfluxDB.",
        Bigquery = "bigquery": "Google BigQuery.",
        Snowflake = "snowflake": "Snowflake.",
        Etcd = "etcd": "etcd keys and watches.",
        Rocksdb = "rocksdb": "RocksDB and other embedded key-value stores.",
        Memcached = "memcached": "Memcached.",
        Memory = "memory": "The memory of the process: a channel, a map; gone with it.",
        S3 = "s3": "Amazon S3 and what speaks its protocol.",
        Gcs = "gcs": "Google Cloud Storage.",
        Azureblob = "azureblob": "Azure Blob Storage.",
        File = "file": "Files of the machine.",
        Http = "http": "HTTP requests, webhooks included.",
        Grpc = "grpc": "gRPC calls.",
        Graphql = "graphql": "GraphQL mutations and subscriptions.",
        Websocket = "websocket": "WebSocket messages.",
        Sse = "sse": "Server-sent events.",
        Tcp = "tcp": "A TCP connection.",
        Udp = "udp": "UDP datagrams.",
        Unix = "unix": "A Unix socket.",
        Smtp = "smtp": "Mail.",
        Sms = "sms": "Text messages.",
        Push = "push": "Push notifications to phones and browsers.",
        Schedule = "schedule": "A timer or a cron entry.",
        Custom = "custom": "Anything that this list lacks.",
    }
}

/// Other names under which people know a transport. An address is the same whichever name was written.
const ALIASES: &[(&str, Transport)] = &[
    ("redpanda", Transport::Kafka),
    ("amqps", Transport::Amqp),
    ("rabbit", Transport::Amqp),
    ("rabbitmq", Transport::Amqp),
    ("lapin", Transport::Amqp),
    ("valkey", Transport::Redis),
    ("keydb", Transport::Redis),
    ("dragonfly", Transport::Redis),
    ("gcp_pubsub", Transport::Pubsub),
    ("azure_service_bus", Transport::Servicebus),
    ("azure_event_hubs", Transport::Eventhubs),
    ("activemq", Transport::Stomp),
    ("zmq", Transport::Zeromq),
    ("cron", Transport::Schedule),
    ("timer", Transport::Schedule),
    ("postgresql", Transport::Postgres),
    ("pg", Transport::Postgres),
    ("cockroachdb", Transport::Postgres),
    ("timescaledb", Transport::Postgres),
    ("mariadb", Transport::Mysql),
    ("sqlserver", Transport::Mssql),
    ("mongo", Transport::Mongodb),
    ("scylla", Transport::Cassandra),
    ("scylladb", Transport::Cassandra),
    ("elastic", Transport::Elasticsearch),
    ("surreal", Transport::Surrealdb),
    ("minio", Transport::S3),
    ("azure_blob", Transport::Azureblob),
    ("sled", Transport::Rocksdb),
    ("redb", Transport::Rocksdb),
    ("channel", Transport::Memory),
    ("fs", Transport::File),
    ("https", Transport::Http),
    ("webhook", Transport::Http),
    ("ws", Transport::Websocket),
    ("wss", Transport::Websocket),
    ("mail", Transport::Smtp),
    ("email", Transport::Smtp),
];

impl Transport {
    /// The transport of this name or alias (`rabbitmq` is `amqp`), in any letter case.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('-', "_");
        let alias = ALIASES
            .iter()
            .find(|(alias, _)| *alias == name)
            .map(|(_, transport)| *transport);
        alias.or_else(|| Self::ALL.iter().copied().find(|transport| transport.as_str() == name))
    }

    /// The list is too long to be printed; what helps is the closest word, or the way around the list.
    fn unknown(word: &str) -> Invalid {
        let aliases = ALIASES.iter().map(|(alias, _)| *alias);
        let names: Vec<&str> = Self::WORDS.iter().copied().chain(aliases).collect();
        Invalid::new(match closest(word, &names) {
            Some(meant) => format!("unknown transport `{word}`; did you mean `{meant}`?"),
            None => format!(
                "unknown transport `{word}`; it is something like `kafka`, `amqp`, `postgres` or `http`, and `custom` \
                 where nothing fits"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_no_second_name_of_another_word() {
        for (alias, transport) in ALIASES {
            assert!(!Transport::WORDS.contains(alias), "{alias}");
            assert_eq!(Transport::named(alias), Some(*transport));
        }
    }

    #[test]
    fn names_are_found_in_any_spelling() {
        assert_eq!(Transport::named("RabbitMQ"), Some(Transport::Amqp));
        assert_eq!(Transport::named("rabbitmq-stream"), Some(Transport::RabbitmqStream));
        assert_eq!(Transport::named("carrier_pigeon"), None);
    }

    #[test]
    fn an_unknown_one_is_answered_with_advice() {
        let error = "kafak".parse::<Transport>().unwrap_err();
        assert_eq!(error.message(), "unknown transport `kafak`; did you mean `kafka`?");
        let error = "carrier_pigeon".parse::<Transport>().unwrap_err();
        assert!(error.message().ends_with("and `custom` where nothing fits"));
    }
}
