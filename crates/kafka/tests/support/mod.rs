//! A broker with records, and whoever reads them.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::time::Duration;

use headgate_kafka::{EmbeddedBroker, FetchBudget, KafkaConfig, KafkaOptions, KafkaSource};
use headgate_model::{
    BoxFault, PartitionId, Positions, ReadMode, RecordChunk, RecordSource, SourceEvent,
    StartRequest,
};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

pub const BUDGET: FetchBudget = FetchBudget { bytes: 32 << 20 };
/// Long enough for any machine: what is waited for comes, or the test fails.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub struct Produce {
    producer: BaseProducer,
}

impl Produce {
    pub fn to(broker: &EmbeddedBroker) -> Self {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", broker.bootstrap_servers())
            .set("queue.buffering.max.messages", "1000000")
            .set("message.max.bytes", "16000000")
            .set("linger.ms", "5")
            .create()
            .unwrap();
        Self { producer }
    }

    pub fn one(&self, topic: &str, partition: i32, value: Option<&[u8]>) {
        self.send(BaseRecord::<[u8], [u8]>::to(topic).partition(partition), value);
    }

    pub fn with_headers(&self, topic: &str, partition: i32, key: &[u8], value: &[u8]) {
        let headers = OwnedHeaders::new()
            .insert(Header { key: "trace", value: Some("abc") })
            .insert(Header { key: "none", value: None::<&[u8]> });
        let record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition);
        self.send(record.key(key).headers(headers), Some(value));
    }

    fn send(&self, record: BaseRecord<'_, [u8], [u8]>, value: Option<&[u8]>) {
        let mut record = match value {
            Some(value) => record.payload(value),
            None => record,
        };
        while let Err((_, again)) = self.producer.send(record) {
            self.producer.poll(Duration::from_millis(10));
            record = again;
        }
    }

    pub fn range(&self, topic: &str, partition: i32, values: std::ops::Range<u64>) {
        for value in values {
            self.one(topic, partition, Some(format!("{partition}:{value}").as_bytes()));
        }
    }

    pub fn flush(&self) {
        self.producer.flush(PATIENCE).unwrap();
    }
}

pub fn config(broker: &str, mode: ReadMode, options: &[(&str, &str)]) -> KafkaConfig {
    let base = [
        ("kafka.bootstrap.servers", broker),
        // Amid an election librdkafka joins anew on a refresh: never in step with the mock cluster's
        // whole seconds.
        ("kafka.topic.metadata.refresh.interval.ms", "700"),
        // The mock cluster lets every rebalance but a group's first one last for the session
        // time-out, less a second.
        ("kafka.session.timeout.ms", "6000"),
        ("kafka.heartbeat.interval.ms", "500"),
    ];
    let all = base.iter().chain(options);
    let all: BTreeMap<_, _> =
        all.map(|(name, value)| (name.to_string(), value.to_string())).collect();
    KafkaOptions::from_options(all, mode).unwrap()
}

pub fn source(broker: &EmbeddedBroker, mode: ReadMode, options: &[(&str, &str)]) -> KafkaSource {
    KafkaSource::new(config(broker.bootstrap_servers(), mode, options), BUDGET).unwrap()
}

type Value = (i64, Option<Vec<u8>>);

/// What was read, by topic and partition: offsets and values, in order.
#[derive(Default)]
pub struct Read {
    pub records: BTreeMap<(String, i32), Vec<Value>>,
    pub positions: BTreeMap<(String, i32), i64>,
    pub ids: Vec<PartitionId>,
    pub drained: bool,
    pub lost: i64,
    pub chunks: usize,
}

impl Read {
    pub fn take(&mut self, chunk: &RecordChunk) {
        self.chunks += 1;
        assert!(chunk.polled_at_us > 0);
        for record in chunk.iter() {
            let id = &chunk.partitions[record.partition as usize];
            let key = (id.topic.to_string(), id.partition);
            let value = record.value.map(<[u8]>::to_vec);
            self.records.entry(key.clone()).or_default().push((record.offset, value));
            self.positions.insert(key, record.offset + 1);
        }
        for advance in &chunk.advances {
            let id = &chunk.partitions[advance.partition as usize];
            self.positions.insert((id.topic.to_string(), id.partition), advance.end);
            self.lost += advance.lost;
        }
    }

    pub fn len(&self) -> usize {
        self.records.values().map(Vec::len).sum()
    }

    /// Offsets of a partition, which have to be without gap or repetition.
    pub fn range(&self, topic: &str, partition: i32) -> std::ops::Range<i64> {
        let Some(records) = self.records.get(&(topic.to_owned(), partition)) else { return 0..0 };
        let first = records[0].0;
        for (at, (offset, _)) in records.iter().enumerate() {
            assert_eq!(*offset, first + at as i64, "{topic}-{partition}");
        }
        first..first + records.len() as i64
    }
}

pub async fn start(source: &mut KafkaSource, group: &str) -> Result<(), BoxFault> {
    source.start(StartRequest { group: group.to_owned(), ..StartRequest::default() }).await
}

pub async fn next(source: &mut KafkaSource) -> Result<SourceEvent, BoxFault> {
    tokio::time::timeout(PATIENCE, source.next()).await.expect("no event in time")
}

/// Reads until there are `wanted` records, or the source is drained.
pub async fn read(source: &mut KafkaSource, positions: &Positions, wanted: usize) -> Read {
    let mut read = Read::default();
    while !read.drained && read.len() < wanted {
        match next(source).await.unwrap() {
            SourceEvent::Records(chunk) => read.take(&chunk),
            SourceEvent::Assigned { partitions, reply } => {
                read.ids.extend(partitions);
                reply(positions.clone());
            }
            SourceEvent::Revoked { done, .. } => done(),
            SourceEvent::Drained { .. } => read.drained = true,
        }
    }
    read
}
