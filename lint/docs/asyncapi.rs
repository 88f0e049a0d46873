//! The documentation as an AsyncAPI 3.0 document: what is received and sent where, with `x-delivery-*` extensions for what is promised
//! about it and what was found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::unit::Unit;
use super::{Page, Site, json};
use crate::report::Direction;

#[derive(Serialize)]
struct Document<'a> {
    asyncapi: &'static str,
    info: Info<'a>,
    channels: BTreeMap<String, Channel<'a>>,
    operations: BTreeMap<String, Operation<'a>>,
}

#[derive(Serialize)]
struct Info<'a> {
    title: &'a str,
    /// Of the document; services are not versioned here.
    version: &'static str,
    description: &'a str,
}

#[derive(Serialize)]
struct Channel<'a> {
    /// `null`: not known from the code.
    address: Option<&'a str>,
    #[serde(rename = "x-delivery-transport")]
    transport: &'a str,
}

#[derive(Serialize)]
struct Reference {
    #[serde(rename = "$ref")]
    to: String,
}

/// The page of an integration.
#[derive(Serialize, Clone)]
struct Docs {
    url: String,
}

#[derive(Serialize)]
struct Operation<'a> {
    action: &'static str,
    channel: Reference,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(rename = "externalDocs", skip_serializing_if = "Option::is_none")]
    docs: Option<Docs>,
    #[serde(rename = "x-delivery-declared")]
    declared: Option<&'static str>,
    #[serde(rename = "x-delivery-inferred")]
    inferred: Option<&'static str>,
    #[serde(rename = "x-delivery-verdict")]
    verdict: &'static str,
    #[serde(rename = "x-delivery-mechanisms")]
    mechanisms: Vec<&'static str>,
    #[serde(rename = "x-delivery-sinks")]
    sinks: Vec<&'a str>,
    #[serde(rename = "x-delivery-owner", skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
}

/// The transports of messages: other sinks are stores, and no channels.
const TRANSPORTS: &[&str] = &[
    "kafka",
    "amqp",
    "rabbitmq_stream",
    "sqs",
    "sns",
    "kinesis",
    "eventbridge",
    "nats",
    "jetstream",
    "pubsub",
    "cloudtasks",
    "servicebus",
    "eventhubs",
    "mqtt",
    "pulsar",
    "fluvio",
    "iggy",
    "nsq",
    "stomp",
    "zeromq",
    "zenoh",
];

/// The document.
pub(super) fn pages(site: &Site<'_>) -> Vec<Page> {
    let mut document = Document {
        asyncapi: "3.0.0",
        info: Info {
            title: site.title,
            version: "1.0.0",
            description: &site.t.lead,
        },
        channels: BTreeMap::new(),
        operations: BTreeMap::new(),
    };
    for unit in site.units {
        let docs = site.base_url.map(|url| Docs {
            url: url.page(&unit.slug),
        });
        document.add(unit, docs.as_ref());
    }
    vec![Page::new("asyncapi.json", json::written(&document))]
}

impl<'a> Document<'a> {
    fn add(&mut self, unit: &'a Unit<'a>, docs: Option<&Docs>) {
        if unit.integration.direction == Direction::Consume {
            let channel = self.channel(&unit.source);
            self.operations
                .insert(unit.slug.clone(), operation(unit, "receive", channel, docs));
        }
        let sent = unit.sinks.iter().filter(|sink| is_channel(&sink.text));
        for sink in sent {
            let channel = self.channel(&sink.text);
            self.operations.insert(
                format!("{}.send.{channel}", unit.slug),
                operation(unit, "send", channel, docs),
            );
        }
    }

    /// The key under which an address is a channel.
    fn channel(&mut self, address: &'a str) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                '-'
            }
        };
        let key: String = address.chars().map(plain).collect();
        let (transport, name) = address.split_once(':').unwrap_or((address, "?"));
        let address = Some(name).filter(|name| *name != "?");
        self.channels
            .entry(key.clone())
            .or_insert(Channel { address, transport });
        key
    }
}

fn is_channel(address: &str) -> bool {
    address
        .split(':')
        .next()
        .is_some_and(|transport| TRANSPORTS.contains(&transport))
}

fn operation<'a>(unit: &'a Unit<'a>, action: &'static str, channel: String, docs: Option<&Docs>) -> Operation<'a> {
    let declared = unit.declaration();
    Operation {
        action,
        channel: Reference {
            to: format!("#/channels/{channel}"),
        },
        title: &unit.integration.id,
        description: declared.and_then(|declared| declared.why.as_deref()),
        docs: docs.cloned(),
        declared: declared.map(|declared| declared.semantic.as_str()),
        inferred: unit.integration.inferred.map(|semantic| semantic.as_str()),
        verdict: unit.verdict().as_str(),
        mechanisms: declared.map_or_else(Vec::new, |declared| {
            declared.mechanisms.iter().map(|mechanism| mechanism.as_str()).collect()
        }),
        sinks: unit.sinks.iter().map(|sink| sink.text.as_str()).collect(),
        owner: declared.and_then(|declared| declared.owner.as_deref()),
    }
}
