//! Where a message comes from or an effect goes to: `kafka:orders.v1`.

use std::{fmt, str::FromStr};

use crate::{Invalid, Transport};

/// A transport and a place in it: a topic, a queue, a table, an endpoint.
///
/// Equal addresses are the same place, whichever alias of the transport was written: that is how a producer and its
/// consumer are brought together.
///
/// ```
/// # use delivery_grammar::{Address, Transport};
/// let address: Address = "rabbitmq:orders".parse().unwrap();
/// assert_eq!(address, Address::new(Transport::Amqp, "orders"));
/// assert_eq!(address.to_string(), "amqp:orders");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// What carries the message.
    pub transport: Transport,
    /// The place in it.
    pub address: String,
}

impl Address {
    /// This place of this transport.
    pub fn new(transport: Transport, address: impl Into<String>) -> Self {
        Self {
            transport,
            address: address.into(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.address)
    }
}

impl FromStr for Address {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let Some((name, place)) = text.split_once(':') else {
            return Err(without_colon(text));
        };
        let transport = Transport::named(name).map_or_else(|| name.parse(), Ok)?;
        // `https://api.example.com/charges` is `http:api.example.com/charges`.
        let place = place.strip_prefix("//").unwrap_or(place);
        check_place(text, place)?;
        Ok(Self::new(transport, place))
    }
}

fn without_colon(text: &str) -> Invalid {
    match Transport::named(text) {
        Some(transport) => Invalid::new(format!(
            "`{text}` names a transport but no place in it; write `{transport}:` and the topic, queue, table or endpoint"
        )),
        None => Invalid::new(format!(
            "`{text}` names no transport; write `transport:address`, for example `kafka:orders.v1`"
        )),
    }
}

fn check_place(text: &str, place: &str) -> Result<(), Invalid> {
    if place.is_empty() {
        return Err(Invalid::new(format!(
            "`{text}` names no place: the topic, queue, table or endpoint is missing"
        )));
    }
    if place.trim() != place || place.chars().any(char::is_control) {
        return Err(Invalid::new(format!("`{}` has stray white space", text.escape_debug())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<Address>().unwrap_err().to_string()
    }

    #[test]
    fn is_a_transport_and_a_place() {
        let address: Address = "kafka:orders.v1".parse().unwrap();
        assert_eq!(address, Address::new(Transport::Kafka, "orders.v1"));
        assert_eq!(address.to_string(), "kafka:orders.v1");
    }

    #[test]
    fn keeps_all_after_the_first_colon() {
        let address: Address = "sqs:arn:aws:sqs:eu-central-1:1:orders".parse().unwrap();
        assert_eq!(address.address, "arn:aws:sqs:eu-central-1:1:orders");
        let address: Address = "http:POST /v1/charges".parse().unwrap();
        assert_eq!(address.address, "POST /v1/charges");
    }

    #[test]
    fn reads_an_url_too() {
        let address: Address = "https://api.example.com/charges".parse().unwrap();
        assert_eq!(address, Address::new(Transport::Http, "api.example.com/charges"));
    }

    #[test]
    fn says_what_is_missing() {
        assert!(error("orders.v1").contains("names no transport"));
        assert!(error("kafka").contains("names a transport but no place"));
        assert!(error("kafka:").contains("names no place"));
        assert!(error("kafka: orders").contains("stray white space"));
        assert_eq!(
            error("postgers:orders"),
            "unknown transport `postgers`; did you mean `postgres`?"
        );
    }
}
