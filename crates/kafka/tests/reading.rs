//! What is read, from where, until where.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use headgate_kafka::{EmbeddedBroker, FetchBudget, KafkaSource};
use headgate_model::{Positions, ReadMode, RecordSource, SourceEvent};
use support::{Produce, config, next, read, source, start};

fn filled(partitions: i32, each: u64) -> EmbeddedBroker {
    let broker = EmbeddedBroker::start(&[("t", partitions)]).unwrap();
    let produce = Produce::to(&broker);
    for partition in 0..partitions {
        produce.range("t", partition, 0..each);
    }
    produce.flush();
    broker
}

#[tokio::test]
async fn everything_is_read_from_the_earliest_offsets_on() {
    let broker = filled(3, 20_000);
    let mut source = source(
        &broker,
        ReadMode::Continuous,
        &[("subscribe", "t"), ("startingOffsets", "earliest")],
    );
    let positions = source.starting_positions().await.unwrap();
    assert_eq!(positions.len(), 3);
    assert!(positions.iter().all(|(id, offset)| *offset == 0 && id.topic_id.len() == 22));
    start(&mut source, "everything").await.unwrap();
    let read = read(&mut source, &positions, 60_000).await;
    for partition in 0..3 {
        assert_eq!(read.range("t", partition), 0..20_000);
        let records = &read.records[&("t".to_owned(), partition)];
        assert_eq!(records[777].1.as_deref(), Some(format!("{partition}:777").as_bytes()));
    }
    assert_eq!(read.ids.len(), 3);
    assert!(read.ids.iter().all(|id| positions.contains_key(id)));
    source.confirm().await.unwrap();
    source.close().await;
}

#[tokio::test]
async fn from_the_latest_offsets_only_later_records_are_read() {
    let broker = filled(2, 100);
    let mut source = source(&broker, ReadMode::Continuous, &[("subscribe", "t")]);
    let positions = source.starting_positions().await.unwrap();
    assert!(positions.values().all(|offset| *offset == 100));
    let produce = Produce::to(&broker);
    produce.range("t", 1, 100..150);
    produce.flush();
    start(&mut source, "latest").await.unwrap();
    let read = read(&mut source, &positions, 50).await;
    assert_eq!((read.range("t", 0), read.range("t", 1)), (0..0, 100..150));
    source.close().await;
}

#[tokio::test]
async fn exact_offsets_start_each_partition_where_they_say() {
    let broker = filled(3, 100);
    let exact = r#"{"t":{"0":40,"1":-2,"2":-1}}"#;
    let mut source =
        source(&broker, ReadMode::UntilEnd, &[("subscribe", "t"), ("startingOffsets", exact)]);
    let positions = source.starting_positions().await.unwrap();
    assert_eq!(positions.values().copied().collect::<Vec<_>>(), [40, 0, 100]);
    start(&mut source, "exact").await.unwrap();
    let read = read(&mut source, &positions, usize::MAX).await;
    let ranges = [0, 1, 2].map(|partition| read.range("t", partition));
    assert_eq!(ranges, [40..100, 0..100, 0..0]);
    source.close().await;
}

#[tokio::test]
async fn exact_offsets_have_to_name_every_partition() {
    let broker = filled(2, 1);
    for exact in [r#"{"t":{"0":0}}"#, r#"{"t":{"0":0,"1":0,"2":0}}"#] {
        let mut source = source(
            &broker,
            ReadMode::Continuous,
            &[("subscribe", "t"), ("startingOffsets", exact)],
        );
        let fault = source.starting_positions().await.unwrap_err();
        assert_eq!(fault.code(), "KAFKA_OFFSETS");
        assert_eq!(fault.context().field.as_deref(), Some("input.options.startingOffsets"));
    }
}

#[tokio::test]
async fn a_timestamp_after_every_record_is_refused_or_means_the_end() {
    // The mock cluster finds no record for any timestamp.
    let broker = filled(1, 10);
    let options = [("subscribe", "t"), ("startingTimestamp", "5000000000000")];
    let fault =
        source(&broker, ReadMode::Continuous, &options).starting_positions().await.unwrap_err();
    assert_eq!(fault.code(), "KAFKA_OFFSETS");
    let lenient = [options[0], options[1], ("startingOffsetsByTimestampStrategy", "latest")];
    let found = source(&broker, ReadMode::Continuous, &lenient).starting_positions().await.unwrap();
    assert_eq!(found.values().copied().collect::<Vec<_>>(), [10]);
}

#[tokio::test]
async fn assigned_partitions_are_read_and_no_others() {
    let broker = filled(3, 50);
    let options = [("assign", r#"{"t":[0,2]}"#), ("startingOffsets", "earliest")];
    let mut source = source(&broker, ReadMode::UntilEnd, &options);
    let positions = source.starting_positions().await.unwrap();
    assert_eq!(positions.len(), 2);
    start(&mut source, "assigned").await.unwrap();
    let read = read(&mut source, &positions, usize::MAX).await;
    let ranges = [0, 1, 2].map(|partition| read.range("t", partition));
    assert_eq!(ranges, [0..50, 0..0, 0..50]);
    source.close().await;
}

#[tokio::test]
async fn a_pattern_reads_the_topics_that_match_wholly() {
    let broker =
        EmbeddedBroker::start(&[("orders-eu", 1), ("orders-us", 1), ("orders", 1)]).unwrap();
    let produce = Produce::to(&broker);
    for topic in ["orders-eu", "orders-us", "orders"] {
        produce.range(topic, 0, 0..10);
    }
    produce.flush();
    let options = [("subscribePattern", "orders-[a-z]+"), ("startingOffsets", "earliest")];
    let mut source = source(&broker, ReadMode::UntilEnd, &options);
    let positions = source.starting_positions().await.unwrap();
    start(&mut source, "pattern").await.unwrap();
    let read = read(&mut source, &positions, usize::MAX).await;
    assert_eq!(read.range("orders-eu", 0), 0..10);
    assert_eq!(read.range("orders-us", 0), 0..10);
    assert_eq!(read.len(), 20);
    source.close().await;
}

#[tokio::test]
async fn keys_headers_tombstones_and_empty_payloads_come_as_they_are() {
    let broker = EmbeddedBroker::start(&[("t", 1)]).unwrap();
    let produce = Produce::to(&broker);
    produce.with_headers("t", 0, b"k", b"v");
    produce.one("t", 0, None);
    produce.one("t", 0, Some(b""));
    produce.flush();
    for (include, expected) in [("true", 2), ("false", 0)] {
        let options = [("assign", r#"{"t":[0]}"#), ("includeHeaders", include)];
        let mut source = source(&broker, ReadMode::Continuous, &options);
        start(&mut source, "headers").await.unwrap();
        let mut seen = Vec::new();
        while seen.len() < 3 {
            match next(&mut source).await.unwrap() {
                SourceEvent::Assigned { reply, .. } => reply(Positions::new()),
                SourceEvent::Records(chunk) => {
                    for record in chunk.iter() {
                        if record.offset == 0 {
                            assert_eq!(
                                (record.key, record.value),
                                (Some(&b"k"[..]), Some(&b"v"[..]))
                            );
                            let headers: Vec<_> = record.headers().collect();
                            let all = [("trace", Some(&b"abc"[..])), ("none", None)];
                            assert_eq!(headers, all[..expected]);
                            assert!(record.timestamp_ms.unwrap() > 1_700_000_000_000);
                        }
                        seen.push(record.value.map(<[u8]>::to_vec));
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(seen, [Some(b"v".to_vec()), None, Some(Vec::new())]);
        source.close().await;
    }
}

#[tokio::test]
async fn reading_until_the_end_stops_at_the_offsets_of_the_start() {
    let broker = filled(2, 1_000);
    let options = [("subscribe", "t"), ("startingOffsets", "earliest")];
    let mut source = source(&broker, ReadMode::UntilEnd, &options);
    let positions = source.starting_positions().await.unwrap();
    start(&mut source, "until-end").await.unwrap();
    let produce = Produce::to(&broker);
    produce.range("t", 0, 1_000..1_500);
    produce.flush();
    let read = read(&mut source, &positions, usize::MAX).await;
    assert_eq!((read.range("t", 0), read.range("t", 1)), (0..1_000, 0..1_000));
    assert!(read.drained);
    source.close().await;
}

#[tokio::test]
async fn ending_offsets_are_exclusive_and_may_lie_beyond_the_end() {
    let broker = filled(2, 100);
    let ending = r#"{"t":{"0":30,"1":5000}}"#;
    let options = [("subscribe", "t"), ("startingOffsets", "earliest"), ("endingOffsets", ending)];
    let mut source = source(&broker, ReadMode::UntilEnd, &options);
    let positions = source.starting_positions().await.unwrap();
    start(&mut source, "ending").await.unwrap();
    let read = read(&mut source, &positions, usize::MAX).await;
    assert_eq!((read.range("t", 0), read.range("t", 1)), (0..30, 0..100));
    source.close().await;
}

#[tokio::test]
async fn an_empty_topic_is_drained_at_once_and_a_partition_without_position_starts_at_its_first_record()
 {
    let broker = EmbeddedBroker::start(&[("empty", 2)]).unwrap();
    let mut empty = source(&broker, ReadMode::UntilEnd, &[("subscribe", "empty")]);
    start(&mut empty, "empty").await.unwrap();
    let nothing = read(&mut empty, &Positions::new(), usize::MAX).await;
    assert!(nothing.drained && nothing.len() == 0);
    empty.close().await;

    let broker = filled(1, 10);
    let mut fresh = source(&broker, ReadMode::UntilEnd, &[("subscribe", "t")]);
    start(&mut fresh, "fresh").await.unwrap();
    assert_eq!(read(&mut fresh, &Positions::new(), usize::MAX).await.range("t", 0), 0..10);
    fresh.close().await;
}

#[tokio::test]
async fn a_record_larger_than_every_share_of_the_budget_passes() {
    let broker = EmbeddedBroker::start(&[("t", 1)]).unwrap();
    let produce = Produce::to(&broker);
    let large = vec![b'x'; 4 << 20];
    produce.one("t", 0, Some(&large));
    produce.one("t", 0, Some(b"small"));
    produce.flush();
    let config = config(broker.bootstrap_servers(), ReadMode::UntilEnd, &[("subscribe", "t")]);
    let mut source = KafkaSource::new(config, FetchBudget { bytes: 1 << 20 }).unwrap();
    start(&mut source, "large").await.unwrap();
    let read = read(&mut source, &Positions::new(), usize::MAX).await;
    let records = &read.records[&("t".to_owned(), 0)];
    assert_eq!(records[0].1.as_deref().map(<[u8]>::len), Some(large.len()));
    assert_eq!(records[1].1.as_deref(), Some(&b"small"[..]));
    source.close().await;
}
