//! The few numbers that are taken from librdkafka's statistics.

use std::collections::HashMap;

use serde::Deserialize;

/// As of the last `statistics.interval.ms`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Stats {
    /// Bytes in the fetch queue that all partitions share.
    pub queued_bytes: u64,
    /// Brokers that the client could connect to.
    pub brokers: usize,
    pub partitions: Vec<PartitionStats>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct PartitionStats {
    pub topic: String,
    pub partition: i32,
    /// The first offset there is, if known.
    pub low: Option<i64>,
    /// The end of what may be read, if known.
    pub high: Option<i64>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    brokers: HashMap<String, RawBroker>,
    #[serde(default)]
    topics: HashMap<String, RawTopic>,
}

#[derive(Deserialize)]
struct RawBroker {
    /// `configured`, `learned`, or `internal` and `logical`, which have no address of their own.
    source: String,
}

#[derive(Deserialize)]
struct RawTopic {
    #[serde(default)]
    partitions: HashMap<String, RawPartition>,
}

#[derive(Deserialize)]
#[serde(default)]
struct RawPartition {
    partition: i32,
    lo_offset: i64,
    hi_offset: i64,
    ls_offset: i64,
    fetchq_size: u64,
}

impl Default for RawPartition {
    fn default() -> Self {
        Self { partition: -1, lo_offset: -1, hi_offset: -1, ls_offset: -1, fetchq_size: 0 }
    }
}

impl Stats {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let raw: Raw = serde_json::from_slice(json)?;
        let has_address = |broker: &&RawBroker| matches!(&*broker.source, "configured" | "learned");
        let brokers = raw.brokers.values().filter(has_address).count();
        let mut stats = Self { brokers, ..Self::default() };
        let known = |offset: i64| (offset >= 0).then_some(offset);
        for (topic, of_topic) in raw.topics {
            for one in of_topic.partitions.into_values().filter(|one| one.partition >= 0) {
                // Forwarded to one queue, every partition reports the whole of it.
                stats.queued_bytes = stats.queued_bytes.max(one.fetchq_size);
                stats.partitions.push(PartitionStats {
                    topic: topic.clone(),
                    partition: one.partition,
                    low: known(one.lo_offset),
                    high: known(one.ls_offset).or(known(one.hi_offset)),
                });
            }
        }
        Ok(stats)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_the_last_stable_offset_where_there_is_one() {
        let json = br#"{"name":"x","brokers":{"a:1/1":{"name":"a:1/1","source":"learned"},
            "GroupCoordinator":{"source":"logical"},":0/internal":{"source":"internal"}},"topics":{"t":{"topic":"t","partitions":{
            "0":{"partition":0,"lo_offset":3,"hi_offset":9,"ls_offset":7,"fetchq_size":10,"x":1},
            "-1":{"partition":-1,"fetchq_size":99}}}}}"#;
        let stats = Stats::parse(json).unwrap();
        let expected =
            PartitionStats { topic: "t".to_owned(), partition: 0, low: Some(3), high: Some(7) };
        assert_eq!(stats, Stats { queued_bytes: 10, brokers: 1, partitions: vec![expected] });
        assert_eq!(Stats::parse(b"{}").unwrap(), Stats::default());
    }
}
