//! librdkafka's properties, as `kafka.*` options carry them.

use std::collections::BTreeMap;

use headgate_model::OptionIssue;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;

/// Properties that Headgate sets itself, with what to do instead.
const OWNED: &[(&str, &str)] = &[
    ("group.id", "the group is named after query, incarnation and output"),
    ("auto.offset.reset", "startingOffsets says where to start"),
    ("enable.auto.commit", "positions are committed with the output"),
    ("auto.commit.enable", "positions are committed with the output"),
    ("auto.commit.interval.ms", "positions are committed with the output"),
    ("enable.auto.offset.store", "positions are committed with the output"),
    ("offset.store.method", "positions are committed with the output"),
    ("enable.partition.eof", "always on"),
    ("statistics.interval.ms", "lag and queue sizes need it"),
    ("queued.max.messages.kbytes", "memory.max sizes the queue"),
    ("topic.blacklist", "name the topics or narrow subscribePattern"),
    ("log.queue", "logs go where the query's logs go"),
    ("metadata.broker.list", "use kafka.bootstrap.servers"),
    ("plugin.library.paths", "libraries are not loaded by configuration"),
    ("interceptor.classes", "there are no interceptors"),
    ("key.deserializer", "input.decode says how values are read; keys stay bytes"),
    ("value.deserializer", "input.decode says how values are read"),
];

/// Properties of the Java client that librdkafka knows by another name, or not at all.
const JAVA: &[(&str, &str)] = &[
    ("sasl.jaas.config", "give kafka.sasl.username and kafka.sasl.password"),
    ("sasl.login.callback.handler.class", "give kafka.sasl.oauthbearer.* instead"),
    ("sasl.client.callback.handler.class", "give kafka.sasl.oauthbearer.* instead"),
    ("ssl.truststore.location", "give a PEM file as kafka.ssl.ca.location"),
    ("ssl.truststore.password", "a PEM file as kafka.ssl.ca.location needs none"),
    ("ssl.truststore.type", "a PEM file as kafka.ssl.ca.location needs none"),
    ("ssl.keystore.type", "give a PKCS#12 file as kafka.ssl.keystore.location"),
    ("fetch.max.wait.ms", "librdkafka calls it kafka.fetch.wait.max.ms"),
    ("max.poll.records", "batch.max_rows or maxOffsetsPerTrigger bound a batch"),
    ("receive.buffer.bytes", "librdkafka calls it kafka.socket.receive.buffer.bytes"),
    ("send.buffer.bytes", "librdkafka calls it kafka.socket.send.buffer.bytes"),
    ("request.timeout.ms", "librdkafka calls it kafka.socket.timeout.ms"),
    ("metadata.max.age.ms", "librdkafka calls it kafka.topic.metadata.refresh.interval.ms"),
];

/// Refused with the broker's group protocol, which sets them itself.
const CLASSIC_ONLY: &[&str] = &[
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "partition.assignment.strategy",
    "group.protocol.type",
];

/// Those that users write by hand, for suggestions.
pub(crate) const COMMON: &[&str] = &[
    "kafka.bootstrap.servers",
    "kafka.client.id",
    "kafka.client.rack",
    "kafka.check.crcs",
    "kafka.debug",
    "kafka.fetch.max.bytes",
    "kafka.fetch.min.bytes",
    "kafka.fetch.wait.max.ms",
    "kafka.group.instance.id",
    "kafka.group.protocol",
    "kafka.heartbeat.interval.ms",
    "kafka.isolation.level",
    "kafka.max.partition.fetch.bytes",
    "kafka.max.poll.interval.ms",
    "kafka.partition.assignment.strategy",
    "kafka.queued.min.messages",
    "kafka.sasl.mechanism",
    "kafka.sasl.password",
    "kafka.sasl.username",
    "kafka.security.protocol",
    "kafka.session.timeout.ms",
    "kafka.socket.timeout.ms",
    "kafka.ssl.ca.location",
    "kafka.ssl.ca.pem",
    "kafka.ssl.certificate.location",
    "kafka.ssl.key.location",
    "kafka.ssl.key.password",
    "kafka.ssl.keystore.location",
    "kafka.ssl.keystore.password",
    "kafka.topic.metadata.refresh.interval.ms",
];

/// Values of these never appear in a message.
pub(crate) fn is_secret(property: &str) -> bool {
    ["password", "secret", "pem", "jaas", "token", "sasl.username", "oauthbearer", "assertion"]
        .iter()
        .any(|part| property.contains(part))
}

/// Judges properties (without their `kafka.` prefix) one by one and together; does no I/O.
pub(crate) fn check(properties: &BTreeMap<String, String>) -> Vec<OptionIssue> {
    let mut issues: Vec<_> =
        properties.iter().filter_map(|(name, value)| check_one(name, value)).collect();
    let broker_side = properties
        .get("group.protocol")
        .is_some_and(|protocol| protocol.eq_ignore_ascii_case("consumer"));
    if broker_side {
        let refused = CLASSIC_ONLY.iter().filter(|name| properties.contains_key(**name));
        issues.extend(refused.map(|name| {
            OptionIssue::new(format!("kafka.{name}"), "absent", "given")
                .because("kafka.group.protocol: consumer leaves it to the brokers")
        }));
    }
    issues
}

fn check_one(name: &str, value: &str) -> Option<OptionIssue> {
    let option = format!("kafka.{name}");
    let of = |table: &[(&str, &str)]| {
        table.iter().find(|(known, _)| *known == name).map(|(_, why)| (*why).to_owned())
    };
    if let Some(why) = of(OWNED).or_else(|| of(JAVA)) {
        return Some(OptionIssue::new(option, "absent", "given").because(why));
    }
    match ClientConfig::new().set(name, value).create_native_config() {
        Ok(_) => None,
        Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => {
            let issue =
                OptionIssue::new(option.clone(), "a property of librdkafka", option.clone());
            Some(issue.suggesting(&option, COMMON.iter().copied()))
        }
        Err(KafkaError::ClientConfig(_, why, ..)) if !is_secret(name) => {
            Some(OptionIssue::new(option, "a value that librdkafka takes", value).because(why))
        }
        Err(_) => Some(OptionIssue::new(option, "a value that librdkafka takes", "(not shown)")),
    }
}
