//! What can go wrong between here and the brokers.

use std::time::Duration;

use headgate_model::{Blame, Fault, FaultContext, Retry};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KafkaFault {
    #[error("the brokers refused the client's identity or its rights")]
    Refused { reason: String },
    /// Either side refused the other's certificate, or there was none.
    #[error("no TLS connection to the brokers")]
    Tls { reason: String },
    #[error("librdkafka does not take the configuration")]
    Unconfigurable { reason: String },
    #[error("no such topic or partition: {}", names.join(", "))]
    UnknownTopic { names: Vec<String> },
    #[error("no broker answered within {} s", waited.as_secs_f64())]
    Unreachable { servers: String, waited: Duration, reason: String },
    /// Offsets `[from, to)` are gone, most often by retention.
    #[error("offsets [{from}, {to}) of {topic}-{partition} no longer exist")]
    DataLoss { topic: String, partition: i32, from: i64, to: i64 },
    #[error("position {position} of {topic}-{partition} is past the log's end {end}")]
    PastEnd { topic: String, partition: i32, position: i64, end: i64 },
    /// An election lost records that had been read; others may have their offsets now.
    #[error("the log of {topic}-{partition} was truncated below position {position}")]
    Truncated { topic: String, partition: i32, position: i64 },
    /// `restart`: data loss is allowed, so that a restart reads the new topic from its first record.
    #[error("topic {topic} was deleted and created again: its id was {was} and is {is}")]
    TopicRecreated { topic: String, was: String, is: String, restart: bool },
    #[error("{option} does not fit the partitions there are")]
    OffsetsUnresolved { option: &'static str, details: String },
    #[error("a batch of {topic}-{partition} at offset {offset} cannot be read")]
    Unreadable { topic: String, partition: i32, offset: i64, reason: String },
    #[error("no answer about {what} within {} s", waited.as_secs_f64())]
    Unanswered { what: &'static str, waited: Duration },
    #[error("the client failed at {operation}")]
    Client { operation: &'static str, reason: String },
    #[error("the source is not running")]
    NotRunning,
}

const PROPERTIES: &str =
    "check kafka.security.protocol, kafka.sasl.*, kafka.ssl.* and the ACLs of topics and group";
const CERTIFICATES: &str = "check kafka.security.protocol, kafka.ssl.ca.location, and \
    kafka.ssl.certificate.location with kafka.ssl.key.location where brokers ask for a certificate";

impl Fault for KafkaFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } | Self::Tls { .. } => "KAFKA_AUTH",
            Self::UnknownTopic { .. } => "KAFKA_UNKNOWN_TOPIC",
            Self::Unreachable { .. } => "KAFKA_UNREACHABLE",
            Self::DataLoss { .. } | Self::PastEnd { .. } | Self::Truncated { .. } => {
                "KAFKA_DATA_LOSS"
            }
            Self::TopicRecreated { .. } => "KAFKA_TOPIC_RECREATED",
            Self::OffsetsUnresolved { .. } => "KAFKA_OFFSETS",
            Self::Unreadable { .. } => "KAFKA_UNREADABLE",
            Self::Unanswered { .. } => "KAFKA_UNANSWERED",
            Self::Client { .. } | Self::Unconfigurable { .. } => "KAFKA_CLIENT",
            Self::NotRunning => "KAFKA_NOT_RUNNING",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Refused { .. }
            | Self::Tls { .. }
            | Self::Unconfigurable { .. }
            | Self::UnknownTopic { .. }
            | Self::OffsetsUnresolved { .. }
            | Self::DataLoss { .. }
            | Self::PastEnd { .. }
            | Self::Truncated { .. }
            | Self::TopicRecreated { .. } => Blame::User,
            Self::Unreachable { .. } | Self::Unreadable { .. } | Self::Client { .. } => {
                Blame::External
            }
            Self::Unanswered { .. } | Self::NotRunning => Blame::Internal,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { .. }
            | Self::Unanswered { .. }
            | Self::Client { .. }
            | Self::TopicRecreated { restart: true, .. } => Retry::Later,
            _ => Retry::Never,
        }
    }

    fn context(&self) -> FaultContext {
        let base =
            FaultContext { component: "kafka", operation: "read", ..FaultContext::default() };
        let option = |name: &str| Some(format!("input.options.{name}"));
        let text = |text: &str| Some(text.to_owned());
        match self {
            Self::Refused { reason } => FaultContext {
                operation: "connect",
                actual: Some(reason.clone()),
                details: text(PROPERTIES),
                ..base
            },
            Self::Tls { reason } => FaultContext {
                operation: "connect",
                actual: Some(reason.clone()),
                details: text(CERTIFICATES),
                ..base
            },
            Self::Unconfigurable { reason } => FaultContext {
                operation: "configure the client",
                details: Some(reason.clone()),
                ..base
            },
            Self::UnknownTopic { names } => FaultContext {
                operation: "find topics",
                expected: text("topics and partitions that exist and may be described"),
                actual: Some(names.join(", ")),
                details: text("create them, correct the name, or grant DESCRIBE and READ"),
                ..base
            },
            Self::Unreachable { servers, reason, .. } => FaultContext {
                operation: "connect",
                field: option("kafka.bootstrap.servers"),
                expected: text("a broker that answers"),
                actual: Some(servers.clone()),
                // A listener with TLS closes the connection of a client that speaks plain text.
                details: Some(format!(
                    "{reason}; check the address, and that kafka.security.protocol is the listener's"
                )),
                ..base
            },
            Self::DataLoss { from, to, .. } => FaultContext {
                field: option("failOnDataLoss"),
                expected: Some(format!("offset {from}")),
                actual: Some(format!("the first offset there is: {to}")),
                details: text("failOnDataLoss: false goes on from there and counts the loss"),
                ..base
            },
            Self::PastEnd { position, end, .. } => FaultContext {
                expected: Some(format!("a log that reaches offset {position}")),
                actual: Some(format!("it ends at {end}")),
                details: text(
                    "the topic was created again or truncated; rewind the query to read it anew",
                ),
                ..base
            },
            Self::Truncated { .. } => FaultContext {
                field: option("failOnDataLoss"),
                details: text(
                    "failOnDataLoss: false goes on from the position, without the offsets before it",
                ),
                ..base
            },
            Self::TopicRecreated { was, is, restart, .. } => FaultContext {
                field: option("failOnDataLoss"),
                expected: Some(was.clone()),
                actual: Some(is.clone()),
                details: text(if *restart {
                    "a restart reads the new topic from its first record"
                } else {
                    "failOnDataLoss: false reads the new topic from its first record"
                }),
                ..base
            },
            Self::OffsetsUnresolved { option: name, details } => FaultContext {
                operation: "resolve offsets",
                field: option(name),
                details: Some(details.clone()),
                ..base
            },
            Self::Unreadable { reason, .. } => {
                FaultContext { details: Some(reason.clone()), ..base }
            }
            Self::Client { operation, reason } => {
                FaultContext { operation, details: Some(reason.clone()), ..base }
            }
            Self::Unanswered { .. } | Self::NotRunning => base,
        }
    }
}

/// The fault that an error event of the client means by itself. `None`: librdkafka retries, or the
/// topics have to be asked.
pub(crate) fn of_event(code: RDKafkaErrorCode, reason: &str) -> Option<KafkaFault> {
    use RDKafkaErrorCode as Code;
    match code {
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed => {
            Some(KafkaFault::Refused { reason: reason.to_owned() })
        }
        Code::InconsistentGroupProtocol
        | Code::InvalidGroupId
        | Code::InvalidSessionTimeout
        | Code::FencedInstanceId
        | Code::UnreleasedInstanceId
        | Code::UnsupportedAssignor
        | Code::UnsupportedVersion
        | Code::GroupMaxSizeReached
        | Code::Fatal => {
            Some(KafkaFault::Client { operation: "join the group", reason: reason.to_owned() })
        }
        _ => None,
    }
}

/// With TLS 1.3 a broker refuses a client's certificate only after the handshake, which librdkafka
/// tells as a connection that broke, with OpenSSL's words.
pub(crate) fn is_tls(code: RDKafkaErrorCode, reason: &str) -> bool {
    code == RDKafkaErrorCode::SSL || reason.contains("SSL routines")
}

/// The topic may be gone, or another of the same name.
pub(crate) fn concerns_topics(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::UnknownTopic
            | Code::UnknownPartition
            | Code::UnknownTopicOrPartition
            | Code::UnknownTopicId
    )
}

/// For calls of the client whose failure nothing mends.
pub(crate) fn failed_to(operation: &'static str) -> impl Fn(KafkaError) -> KafkaFault {
    move |error| KafkaFault::Client { operation, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_recreated_topic_that_may_lose_data_is_worth_a_restart() {
        let fault = |restart| KafkaFault::TopicRecreated {
            topic: "t".into(),
            was: "a".into(),
            is: "b".into(),
            restart,
        };
        assert_eq!(fault(true).retry(), Retry::Later);
        assert_eq!(fault(false).retry(), Retry::Never);
    }

    #[test]
    fn what_nothing_but_another_configuration_mends_is_not_retried() {
        let tls = KafkaFault::Tls { reason: String::new() };
        let unconfigurable = KafkaFault::Unconfigurable { reason: String::new() };
        assert_eq!((tls.retry(), unconfigurable.retry()), (Retry::Never, Retry::Never));
    }

    #[test]
    fn a_certificate_refused_after_the_handshake_is_told_from_a_broker_that_is_away() {
        let code = RDKafkaErrorCode::BrokerTransportFailure;
        let alert = "Receive failed: error:0A000412:SSL routines::ssl/tls alert bad certificate";
        assert!(is_tls(code, alert));
        assert!(is_tls(RDKafkaErrorCode::SSL, "SSL handshake failed"));
        assert!(!is_tls(code, "Connect to ipv4#127.0.0.1:1 failed: Connection refused"));
    }

    #[test]
    fn events_that_librdkafka_retries_are_no_faults() {
        for code in [
            RDKafkaErrorCode::BrokerTransportFailure,
            RDKafkaErrorCode::AllBrokersDown,
            RDKafkaErrorCode::Resolve,
            RDKafkaErrorCode::PollExceeded,
        ] {
            assert!(of_event(code, "").is_none(), "{code:?}");
        }
        let refused = of_event(RDKafkaErrorCode::Authentication, "bad password");
        assert_eq!(refused.map(|fault| fault.code()), Some("KAFKA_AUTH"));
    }
}
