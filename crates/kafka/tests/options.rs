//! What the options mean, and what is said of wrong ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::time::Duration;

use headgate_kafka::{
    EndingOffsets, KafkaConfig, KafkaOptions, OffsetChoice, StartingOffsets, TopicSelection,
    UnmatchedTimestamp,
};
use headgate_model::{OptionIssue, ReadMode};

const BASE: &[(&str, &str)] = &[("kafka.bootstrap.servers", "b:9092"), ("subscribe", "gps")];

fn resolve(mode: ReadMode, options: &[(&str, &str)]) -> Result<KafkaConfig, Vec<OptionIssue>> {
    let pairs = options.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    KafkaOptions::from_options(pairs.collect::<BTreeMap<_, _>>(), mode)
}

fn with(extra: &[(&str, &str)]) -> Result<KafkaConfig, Vec<OptionIssue>> {
    resolve(ReadMode::Continuous, &[BASE, extra].concat())
}

#[test]
fn defaults_are_those_of_spark() {
    let config = with(&[]).unwrap();
    assert_eq!(config.bootstrap_servers(), "b:9092");
    assert!(matches!(&config.topics, TopicSelection::Subscribe(names) if names == &["gps"]));
    assert_eq!(config.starting, StartingOffsets::Latest);
    assert_eq!(config.unmatched_timestamp, UnmatchedTimestamp::Error);
    assert_eq!(config.ending, EndingOffsets::Latest);
    assert!(config.fail_on_data_loss && config.include_headers);
    assert_eq!((config.max_offsets_per_trigger, config.min_offsets_per_trigger), (None, None));
    assert_eq!(config.max_trigger_delay, Duration::from_secs(900));
}

#[test]
fn every_option_is_read() {
    let config = with(&[
        ("startingOffsets", r#"{"gps":{"0":12,"1":-2,"2":-1}}"#),
        ("failOnDataLoss", "FALSE"),
        ("includeHeaders", "false"),
        ("maxOffsetsPerTrigger", "1000"),
        ("minOffsetsPerTrigger", "10"),
        ("maxTriggerDelay", "90s"),
        ("kafka.isolation.level", "read_uncommitted"),
    ])
    .unwrap();
    let StartingOffsets::Exact(by) = &config.starting else { panic!("{:?}", config.starting) };
    let offsets: Vec<_> = by["gps"].values().copied().collect();
    assert_eq!(offsets, [OffsetChoice::At(12), OffsetChoice::Earliest, OffsetChoice::Latest]);
    assert!(!config.fail_on_data_loss && !config.include_headers);
    assert_eq!(config.max_offsets_per_trigger, Some(1000));
    assert_eq!(config.min_offsets_per_trigger, Some(10));
    assert_eq!(config.max_trigger_delay, Duration::from_secs(90));
    let timed = with(&[("startingTimestamp", "1767225600000")]).unwrap();
    assert_eq!(timed.starting, StartingOffsets::Timestamp(1_767_225_600_000));
    let ending = [BASE, &[("endingOffsets", r#"{"gps":{"0":5}}"#)]].concat();
    assert!(matches!(
        resolve(ReadMode::UntilEnd, &ending).unwrap().ending,
        EndingOffsets::Exact(_)
    ));
}

/// Options, the one at fault, and what is expected of it.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

#[test]
fn every_wrong_option_is_named() {
    let cases: &[Case] = &[
        (&[("startingOffset", "earliest")], "startingOffset", "startingOffsets"),
        (&[("failondataloss", "true")], "failondataloss", "failOnDataLoss"),
        (&[("minPartitions", "4")], "minPartitions", "tasks"),
        (&[("kafka.group.id", "mine")], "kafka.group.id", "group is named"),
        (&[("kafka.enable.auto.commit", "true")], "kafka.enable.auto.commit", "positions"),
        (&[("kafka.auto.offset.reset", "earliest")], "kafka.auto.offset.reset", "startingOffsets"),
        (&[("kafka.key.deserializer", "x")], "kafka.key.deserializer", "input.decode"),
        (&[("kafka.sasl.jaas.config", "x")], "kafka.sasl.jaas.config", "kafka.sasl.username"),
        (&[("kafka.sasl.pasword", "x")], "kafka.sasl.pasword", "kafka.sasl.password"),
        (&[("kafka.security.protocol", "TLS")], "kafka.security.protocol", "TLS"),
        (&[("subscribePattern", "g.*")], "subscribe", "subscribe and subscribePattern"),
        (&[("startingOffsets", "first")], "startingOffsets", "first"),
        (&[("startingOffsets", r#"{"other":{"0":1}}"#)], "startingOffsets", "other"),
        (
            &[("startingOffsets", "latest"), ("startingTimestamp", "1")],
            "startingTimestamp",
            "startingTimestamp and startingOffsets",
        ),
        (
            &[("startingOffsetsByTimestampStrategy", "skip")],
            "startingOffsetsByTimestampStrategy",
            "skip",
        ),
        (&[("endingOffsets", "latest")], "endingOffsets", "available_now"),
        (&[("includeHeaders", "yes")], "includeHeaders", "yes"),
        (&[("maxOffsetsPerTrigger", "0")], "maxOffsetsPerTrigger", "0"),
        (
            &[("maxOffsetsPerTrigger", "5"), ("minOffsetsPerTrigger", "6")],
            "minOffsetsPerTrigger",
            "at most 5",
        ),
        (&[("maxTriggerDelay", "soon")], "maxTriggerDelay", "soon"),
        (
            &[("kafka.group.protocol", "consumer"), ("kafka.session.timeout.ms", "9000")],
            "kafka.session.timeout.ms",
            "brokers",
        ),
    ];
    for (extra, option, says) in cases {
        let issues = with(extra).expect_err(option);
        assert_eq!(issues.len(), 1, "{issues:?}");
        let issue = &issues[0];
        assert_eq!(issue.option, *option);
        let details = issue.details.as_deref().unwrap_or_default();
        let text = format!("{} / {} / {details}", issue.expected, issue.actual);
        assert!(text.contains(says), "{option}: {text}");
    }
}

#[test]
fn all_issues_come_at_once() {
    let issues =
        resolve(ReadMode::Continuous, &[("assign", "[]"), ("includeHeaders", "1"), ("x", "y")]);
    let names: Vec<_> = issues.unwrap_err().into_iter().map(|issue| issue.option).collect();
    assert_eq!(names, ["assign", "includeHeaders", "kafka.bootstrap.servers", "x"]);
}

#[test]
fn a_pattern_needs_one_reading_in_all_dialects() {
    let pattern = |text| {
        let options = [("kafka.bootstrap.servers", "b:9092"), ("subscribePattern", text)];
        resolve(ReadMode::Continuous, &options)
    };
    assert!(pattern("gps-.*").is_ok());
    assert_eq!(pattern(r"gps-\d+").unwrap_err()[0].option, "subscribePattern");
}

#[test]
fn secrets_are_shown_nowhere() {
    let secret = "hunter2";
    let config = with(&[("kafka.sasl.password", secret), ("kafka.sasl.username", secret)]).unwrap();
    assert!(!format!("{config:?}").contains(secret));
    let issues = with(&[("kafka.sasl.oauthbearer.method", secret)]).unwrap_err();
    assert!(!format!("{issues:?}").contains(secret), "{issues:?}");
}
