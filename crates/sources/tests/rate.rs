//! Format `rate` as the engine sees it, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use headgate_model::{
    OptionIssue, PartitionId, Positions, ReadMode, RecordChunk, RecordSource, SourceEvent,
    StartRequest,
};
use headgate_sources::{RateConfig, RateOptions, RateSource};

/// 2023-11-14T22:13:20Z.
const NOW: Duration = Duration::from_secs(1_700_000_000);

fn options(options: &[(&str, &str)]) -> Result<RateConfig, Vec<OptionIssue>> {
    let pairs = options.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    RateOptions::from_options(pairs.collect::<BTreeMap<_, _>>(), ReadMode::Continuous)
}

fn config(rows_per_second: u32, num_partitions: u32, mode: ReadMode) -> RateConfig {
    RateConfig { rows_per_second, num_partitions, mode }
}

/// A source that was assigned its partitions, at the positions of its output.
async fn started(config: RateConfig, now: Duration, output: &Positions) -> RateSource {
    let mut source = RateSource::new(config, now);
    let request = StartRequest { positions: output.clone(), ..StartRequest::default() };
    source.start(request).await.unwrap();
    source.rebalance().await;
    match source.next().await.unwrap() {
        SourceEvent::Assigned { partitions, reply } => {
            assert_eq!(partitions.len(), config.num_partitions as usize);
            reply(output.clone());
        }
        other => panic!("{other:?}"),
    }
    source
}

async fn begun(config: RateConfig) -> Positions {
    RateSource::new(config, NOW).starting_positions().await.unwrap()
}

async fn records(source: &mut RateSource) -> RecordChunk {
    match source.next().await.unwrap() {
        SourceEvent::Records(chunk) => chunk,
        other => panic!("{other:?}"),
    }
}

/// Partition, offset and payload.
fn contents(chunk: &RecordChunk) -> Vec<(i32, i64, String)> {
    let of = |record: headgate_model::RecordRef<'_>| {
        let id = &chunk.partitions[record.partition as usize];
        let payload = String::from_utf8(record.value.unwrap().to_vec()).unwrap();
        (id.partition, record.offset, payload)
    };
    chunk.iter().map(of).collect()
}

async fn read_until(source: &mut RateSource, number: usize) -> Vec<(i32, i64, String)> {
    let mut all = Vec::new();
    while all.len() < number {
        all.extend(contents(&records(source).await));
    }
    all
}

async fn comes(event: impl Future) -> bool {
    tokio::time::timeout(Duration::from_secs(3600), event).await.is_ok()
}

#[test]
fn options_have_the_names_of_spark_and_bounds() {
    let defaults = options(&[]).unwrap();
    assert_eq!((defaults.rows_per_second, defaults.num_partitions), (1, 1));
    let given = options(&[("rowsPerSecond", "6"), ("numPartitions", "3")]).unwrap();
    assert_eq!((given.rows_per_second, given.num_partitions), (6, 3));
    for (name, value) in [
        ("rowsPerSecond", "0"),
        ("rowsPerSecond", "1.5"),
        ("rowsPerSecond", "-1"),
        ("rowsPerSecond", "1000000000"),
        ("numPartitions", "none"),
        ("numPartitions", "1001"),
    ] {
        let issues = options(&[(name, value)]).unwrap_err();
        assert_eq!(issues.len(), 1, "{name} {value}");
        assert_eq!((issues[0].option.as_str(), issues[0].actual.as_str()), (name, value));
    }
}

#[test]
fn options_that_it_does_not_have_are_all_named() {
    let given = [("rowPerSecond", "6"), ("rampUpTime", "5s"), ("subscribe", "t")];
    let issues = options(&given).unwrap_err();
    let named: Vec<_> =
        issues.iter().map(|issue| (issue.option.as_str(), issue.details.as_deref())).collect();
    let expected = [
        ("rampUpTime", Some("the rate is the same from the first row on")),
        ("rowPerSecond", Some("did you mean rowsPerSecond?")),
        ("subscribe", None),
    ];
    assert_eq!(named, expected);
}

#[tokio::test(start_paused = true)]
async fn records_come_when_they_are_due() {
    let config = config(6, 1, ReadMode::Continuous);
    let mut source = started(config, NOW, &begun(config).await).await;
    let began = tokio::time::Instant::now();
    let read = read_until(&mut source, 13).await;
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert_eq!(read[0], (0, 0, r#"{"timestamp":"2023-11-14T22:13:20.000Z","value":0}"#.into()));
    assert_eq!(read[1], (0, 1, r#"{"timestamp":"2023-11-14T22:13:20.166Z","value":1}"#.into()));
    assert_eq!(read[12], (0, 12, r#"{"timestamp":"2023-11-14T22:13:22.000Z","value":12}"#.into()));
}

#[tokio::test(start_paused = true)]
async fn coordinates_say_when_a_record_was_due_and_when_it_was_read() {
    let config = config(1, 1, ReadMode::Continuous);
    let later = NOW + Duration::from_secs(9);
    let mut source = started(config, later, &begun(config).await).await;
    let lag = source.lag();
    assert_eq!((lag.records, lag.time), (10, Duration::from_secs(9)));
    let chunk = records(&mut source).await;
    assert_eq!((chunk.len(), chunk.polled_at_us), (10, later.as_micros() as i64));
    let last = chunk.get(9);
    assert_eq!((last.timestamp_ms, last.key), (Some(later.as_millis() as i64), None));
    assert_eq!(source.lag().records, 0);
}

/// What a killed process had read and not committed is read again, with the same bytes.
#[tokio::test(start_paused = true)]
async fn a_restart_reads_the_same_bytes_from_where_the_output_stands() {
    let config = config(7, 3, ReadMode::Continuous);
    let mut output = begun(config).await;
    let mut source = started(config, NOW, &output).await;
    let first = read_until(&mut source, 100).await;
    drop(source);
    output.values_mut().for_each(|position| *position = 5);
    let mut again = started(config, NOW + Duration::from_secs(86_400), &output).await;
    let second = read_until(&mut again, 100).await;
    let kept = |all: Vec<(i32, i64, String)>| -> BTreeMap<(i32, i64), String> {
        all.into_iter().map(|(id, offset, payload)| ((id, offset), payload)).collect()
    };
    let (first, second) = (kept(first), kept(second));
    assert!(second.keys().all(|(_, offset)| *offset >= 5));
    for (place, payload) in first.iter().filter(|((_, offset), _)| *offset >= 5) {
        assert_eq!(second.get(place), Some(payload));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_to_the_end_takes_what_is_due_at_its_start() {
    let config = config(6, 2, ReadMode::UntilEnd);
    let mut source = started(config, NOW + Duration::from_secs(10), &begun(config).await).await;
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(read_until(&mut source, 61).await.len(), 61);
    let drained = source.next().await.unwrap();
    assert!(matches!(drained, SourceEvent::Drained { epoch: 0, .. }));
    assert!(!comes(source.next()).await, "told once");
}

#[tokio::test(start_paused = true)]
async fn a_rewind_reads_again_under_its_epoch_up_to_the_same_end() {
    let config = config(6, 1, ReadMode::UntilEnd);
    let output = begun(config).await;
    let mut source = started(config, NOW + Duration::from_secs(1), &output).await;
    assert_eq!(records(&mut source).await.len(), 7);
    assert!(matches!(source.next().await.unwrap(), SourceEvent::Drained { .. }));
    let positions = output.keys().map(|id| (id.clone(), 4)).collect();
    source.rewind(positions, 3).await.unwrap();
    let chunk = records(&mut source).await;
    assert_eq!((chunk.epoch, contents(&chunk)[0].1, chunk.len()), (3, 4, 3));
    assert!(matches!(source.next().await.unwrap(), SourceEvent::Drained { epoch: 3, .. }));
}

#[tokio::test(start_paused = true)]
async fn it_holds_still_until_it_knows_where_the_output_stands() {
    let config = config(6, 1, ReadMode::Continuous);
    let output = begun(config).await;
    let mut source = RateSource::new(config, NOW);
    let request = StartRequest { positions: output.clone(), ..StartRequest::default() };
    source.start(request).await.unwrap();
    let SourceEvent::Assigned { reply, .. } = source.next().await.unwrap() else { panic!() };
    assert!(!comes(source.next()).await);
    assert!(!comes(source.rebalance()).await);
    reply(output);
    assert!(comes(source.next()).await);
}

#[tokio::test(start_paused = true)]
async fn what_is_overdue_comes_in_chunks_of_bounded_size() {
    let config = config(1_000_000, 4, ReadMode::UntilEnd);
    let mut source = started(config, NOW + Duration::from_millis(99), &begun(config).await).await;
    let mut left = 100_000;
    while left > 0 {
        let chunk = records(&mut source).await;
        assert!(!chunk.is_empty() && chunk.bytes() < 2 << 20, "{}", chunk.bytes());
        left -= chunk.len();
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_makes_it_wait() {
    let config = config(10, 1, ReadMode::Continuous);
    let mut output = begun(config).await;
    output.values_mut().for_each(|position| *position = 600);
    let mut source = started(config, NOW, &output).await;
    let began = tokio::time::Instant::now();
    assert_eq!(contents(&records(&mut source).await)[0].1, 600);
    assert_eq!(began.elapsed(), Duration::from_secs(60));
}

#[tokio::test]
async fn an_output_that_was_begun_otherwise_is_refused_with_both_options() {
    let positions = begun(config(6, 1, ReadMode::Continuous)).await;
    let topic = Positions::from([(PartitionId::new("pings", "-", 0), 5)]);
    for (positions, expected) in
        [(positions, "rowsPerSecond 6, numPartitions 1"), (topic, "no records of format rate")]
    {
        let mut source = RateSource::new(config(12, 1, ReadMode::Continuous), NOW);
        let request = StartRequest { positions, ..StartRequest::default() };
        let fault = source.start(request).await.unwrap_err();
        let context = fault.context();
        assert_eq!(fault.code(), "RATE_OTHER_STREAM");
        assert_eq!(context.expected.as_deref(), Some(expected));
        assert_eq!(context.actual.as_deref(), Some("rowsPerSecond 12, numPartitions 1"));
    }
}
