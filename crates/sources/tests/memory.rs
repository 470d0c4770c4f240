//! Format `memory` as the engine sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use headgate_model::{
    Fault, Positions, ReadMode, RecordChunk, RecordSource, SourceEvent, StartRequest,
};
use headgate_sources::{MemoryConfig, MemoryLog, MemoryOptions, MemoryRecord, MemorySource};

const NOW: Duration = Duration::from_secs(1_700_000_000);

/// A stream that is gone after the test.
struct Stream(Arc<MemoryLog>);

impl Stream {
    fn open(name: &str, num_partitions: u32) -> Self {
        Self(MemoryLog::open(name, &format!("id of {name}"), num_partitions).unwrap())
    }

    fn push(&self, values: impl IntoIterator<Item = i64>) {
        let records = values.into_iter().map(|value| MemoryRecord {
            value: Some(value.to_string().into_bytes()),
            timestamp_ms: value,
            ..MemoryRecord::default()
        });
        self.0.push(records.collect()).unwrap();
    }

    async fn source(&self, mode: ReadMode) -> MemorySource {
        MemorySource::new(MemoryConfig { log: Arc::clone(&self.0), mode }, NOW)
    }

    /// A source that was assigned its partitions, at the positions of its output.
    async fn started(&self, mode: ReadMode, output: &Positions) -> MemorySource {
        let mut source = self.source(mode).await;
        let request = StartRequest { positions: output.clone(), ..StartRequest::default() };
        source.start(request).await.unwrap();
        source.rebalance().await;
        match source.next().await.unwrap() {
            SourceEvent::Assigned { reply, .. } => reply(output.clone()),
            other => panic!("{other:?}"),
        }
        source
    }

    async fn begun(&self) -> Positions {
        self.source(ReadMode::Continuous).await.starting_positions().await.unwrap()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.close();
    }
}

async fn records(source: &mut MemorySource) -> RecordChunk {
    match source.next().await.unwrap() {
        SourceEvent::Records(chunk) => chunk,
        other => panic!("{other:?}"),
    }
}

async fn is_drained(source: &mut MemorySource) -> bool {
    matches!(source.next().await.unwrap(), SourceEvent::Drained { .. })
}

/// Partition, offset and payload.
fn contents(chunk: &RecordChunk) -> Vec<(i32, i64, &str)> {
    let of = |at: usize| {
        let record = chunk.get(at);
        let number = chunk.partitions[record.partition as usize].partition;
        (number, record.offset, std::str::from_utf8(record.value.unwrap()).unwrap())
    };
    (0..chunk.len()).map(of).collect()
}

/// `chunk` moves them.
fn after(positions: &Positions, chunk: &RecordChunk) -> Positions {
    let mut moved = positions.clone();
    for record in chunk.iter() {
        moved.insert(chunk.partitions[record.partition as usize].clone(), record.offset + 1);
    }
    moved
}

#[tokio::test]
async fn records_take_turns_over_partitions_and_come_as_they_are_pushed() {
    let stream = Stream::open("turns", 2);
    let begun = stream.begun().await;
    assert_eq!(begun.values().copied().collect::<Vec<_>>(), [0, 0]);
    let mut source = stream.started(ReadMode::Continuous, &begun).await;
    assert!(source.next().now_or_never().is_none(), "there is nothing to read");
    stream.push(0..3);
    let chunk = records(&mut source).await;
    assert_eq!(contents(&chunk), [(0, 0, "0"), (0, 1, "2"), (1, 0, "1")]);
    assert_eq!(chunk.get(0).timestamp_ms, Some(0));
    assert!(source.next().now_or_never().is_none());
    let given = MemoryRecord {
        partition: Some(0),
        key: Some(b"k".to_vec()),
        headers: vec![("h".into(), Some(b"x".to_vec())), ("none".into(), None)],
        ..MemoryRecord::default()
    };
    stream.0.push(vec![given]).unwrap();
    let chunk = records(&mut source).await;
    let record = chunk.get(0);
    assert_eq!((record.offset, record.key, record.value), (2, Some(b"k".as_slice()), None));
    let headers: Vec<_> = record.headers().collect();
    assert_eq!(headers, [("h", Some(b"x".as_slice())), ("none", None)]);
}

#[tokio::test]
async fn a_push_wakes_whoever_waits() {
    let stream = Stream::open("wakes", 1);
    let begun = stream.begun().await;
    let mut source = stream.started(ReadMode::Continuous, &begun).await;
    let waiting = tokio::spawn(async move { records(&mut source).await.len() });
    tokio::task::yield_now().await;
    stream.push(0..2);
    assert_eq!(waiting.await.unwrap(), 2);
}

#[tokio::test]
async fn a_restart_goes_on_where_the_output_is() {
    let stream = Stream::open("restart", 1);
    stream.push(0..5);
    let begun = stream.begun().await;
    let mut source = stream.started(ReadMode::Continuous, &begun).await;
    let chunk = records(&mut source).await;
    assert_eq!(source.lag().records, 0);
    let moved = after(&begun, &chunk);
    stream.push(5..7);
    let mut again = stream.started(ReadMode::Continuous, &moved).await;
    assert_eq!(contents(&records(&mut again).await), [(0, 5, "5"), (0, 6, "6")]);
    again.rewind(begun, 1).await.unwrap();
    let all = records(&mut again).await;
    assert_eq!((all.epoch, all.len()), (1, 7));
}

#[tokio::test]
async fn a_read_to_the_end_takes_what_is_there_and_an_ended_stream_ends_any() {
    let stream = Stream::open("ends", 2);
    stream.push(0..3);
    let begun = stream.begun().await;
    let mut source = stream.started(ReadMode::UntilEnd, &begun).await;
    stream.push(3..5);
    assert_eq!(records(&mut source).await.len(), 3);
    assert!(is_drained(&mut source).await);
    let mut source = stream.started(ReadMode::Continuous, &begun).await;
    assert_eq!(records(&mut source).await.len(), 5);
    assert!(source.next().now_or_never().is_none(), "more may come");
    stream.0.end();
    assert!(is_drained(&mut source).await);
    assert!(source.next().now_or_never().is_none(), "told once");
    source.rewind(begun, 1).await.unwrap();
    assert_eq!(records(&mut source).await.len(), 5);
    assert!(is_drained(&mut source).await);
}

#[tokio::test]
async fn a_chunk_is_bounded() {
    let stream = Stream::open("bounded", 1);
    stream.push(0..20_000);
    let large = MemoryRecord { value: Some(vec![b' '; 3 << 20]), ..MemoryRecord::default() };
    stream.0.push(vec![large; 3]).unwrap();
    let mut source = stream.started(ReadMode::UntilEnd, &stream.begun().await).await;
    let mut sizes = Vec::new();
    while let SourceEvent::Records(chunk) = source.next().await.unwrap() {
        sizes.push(chunk.len());
    }
    assert_eq!(sizes, [8192, 8192, 3616 + 2, 1]);
}

#[tokio::test]
async fn an_output_of_another_stream_is_refused() {
    let stream = Stream::open("one", 1);
    let ours = stream.begun().await;
    let other = Stream::open("two", 1).begun().await;
    drop(stream);
    let again = MemoryLog::open("one", "made later", 1).unwrap();
    for (positions, told) in [
        (ours, "an earlier stream of that name"),
        (other, "two"),
        (Positions::new(), "no records at all"),
    ] {
        let config = MemoryConfig { log: Arc::clone(&again), mode: ReadMode::Continuous };
        let request = StartRequest { positions, ..StartRequest::default() };
        let fault = MemorySource::new(config, NOW).start(request).await.unwrap_err();
        assert_eq!(fault.code(), "MEMORY_OTHER_STREAM");
        assert_eq!(fault.context().expected.unwrap(), told);
    }
    again.close();
}

#[test]
fn what_cannot_be_made_or_taken_is_refused() {
    let stream = Stream::open("taken", 2);
    for (name, num_partitions) in [("taken", 1), ("", 1), ("a\n", 1), ("none", 0), ("many", 1001)] {
        let fault = MemoryLog::open(name, "id", num_partitions).unwrap_err();
        assert_eq!(fault.code(), "MEMORY_NOT_TAKEN", "{name}");
    }
    let beyond = MemoryRecord { partition: Some(2), ..MemoryRecord::default() };
    let fault = stream.0.push(vec![MemoryRecord::default(), beyond]).unwrap_err();
    assert_eq!(fault.context().expected.unwrap(), "a partition from 0 to 1");
    stream.0.end();
    assert!(stream.0.push(vec![MemoryRecord::default()]).is_err());
}

#[test]
fn options_name_a_stream_of_this_process() {
    let stream = Stream::open("options", 1);
    let resolved = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        MemoryOptions::from_options(pairs.collect::<BTreeMap<_, _>>(), ReadMode::Continuous)
    };
    assert_eq!(resolved(&[("stream", "options")]).unwrap().log.name(), "options");
    let issues = resolved(&[("stream", "option")]).unwrap_err();
    assert_eq!((issues[0].option.as_str(), issues[0].actual.as_str()), ("stream", "option"));
    assert!(issues[0].expected.contains("options"), "{issues:?}");
    let issues = resolved(&[("steam", "options")]).unwrap_err();
    let options: Vec<&str> = issues.iter().map(|issue| issue.option.as_str()).collect();
    assert_eq!(options, ["steam", "stream"]);
    assert_eq!(issues[0].details.as_deref(), Some("did you mean stream?"));
    drop(stream);
    assert!(resolved(&[("stream", "options")]).is_err());
}
