//! What the brokers hold.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::bell::{Bell, lock};
use super::{ReadUntil, SourceControl, VecSource};
use crate::{Advance, ChunkBuilder, PartitionId, Positions};

/// When every chunk was polled: 2023-11-14T22:13:20Z.
pub const POLLED_AT_US: i64 = 1_700_000_000_000_000;

/// A record to be. From a text: a value without key, headers and timestamp.
#[derive(Clone, Debug, Default)]
pub struct VecRecord {
    pub timestamp_ms: Option<i64>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    pub key: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl From<&str> for VecRecord {
    fn from(value: &str) -> Self {
        Self { value: Some(value.into()), ..Self::default() }
    }
}

impl From<String> for VecRecord {
    fn from(value: String) -> Self {
        Self::from(value.as_str())
    }
}

#[derive(Debug, Default)]
struct Partition {
    /// First offset that retention has left, inclusive.
    low: i64,
    /// Next offset to be given, exclusive end of all there is.
    high: i64,
    records: BTreeMap<i64, VecRecord>,
}

/// Partitions and their records, shared by all sources made from it.
#[derive(Clone, Debug, Default)]
pub struct VecLog {
    partitions: Arc<Mutex<BTreeMap<PartitionId, Partition>>>,
    pub(super) bell: Bell,
}

impl VecLog {
    pub fn new(partitions: impl IntoIterator<Item = PartitionId>) -> Self {
        let log = Self::default();
        log.edit(|all| all.extend(partitions.into_iter().map(|id| (id, Partition::default()))));
        log
    }

    /// Adds a record, to a new partition too, and returns its offset.
    pub fn append(&self, id: &PartitionId, record: impl Into<VecRecord>) -> i64 {
        self.edit(|all| {
            let partition = all.entry(id.clone()).or_default();
            let offset = partition.high;
            partition.records.insert(offset, record.into());
            partition.high += 1;
            offset
        })
    }

    /// Offsets that never held a record for readers, as control records do.
    pub fn skip(&self, id: &PartitionId, offsets: i64) {
        self.edit(|all| all.entry(id.clone()).or_default().high += offsets);
    }

    /// Retention takes everything below `low`.
    pub fn expire(&self, id: &PartitionId, low: i64) {
        self.edit(|all| {
            let partition = all.entry(id.clone()).or_default();
            partition.low = low.min(partition.high);
            partition.records = partition.records.split_off(&partition.low);
        });
    }

    /// A consumer of this log and the hand that directs it. It holds nothing until assigned.
    pub fn source(&self, until: ReadUntil) -> (VecSource, SourceControl) {
        VecSource::new(self, until)
    }

    pub fn partitions(&self) -> Vec<PartitionId> {
        lock(&self.partitions).keys().cloned().collect()
    }

    /// Coordinates of all records, by topic, partition and offset.
    pub fn coordinates(&self) -> Vec<(String, i32, i64)> {
        let all = lock(&self.partitions);
        let of = |(id, partition): (&PartitionId, &Partition)| {
            let (topic, number) = (id.topic.to_string(), id.partition);
            let offsets: Vec<i64> = partition.records.keys().copied().collect();
            offsets.into_iter().map(move |offset| (topic.clone(), number, offset))
        };
        all.iter().flat_map(of).collect()
    }

    pub(super) fn lows(&self) -> Positions {
        lock(&self.partitions).iter().map(|(id, part)| (id.clone(), part.low)).collect()
    }

    pub(super) fn highs(&self) -> Positions {
        lock(&self.partitions).iter().map(|(id, part)| (id.clone(), part.high)).collect()
    }

    /// Up to `limit` records of the partitions in `next`, in turns; moves `next`. A position below
    /// retention is a chunk of its own.
    pub(super) fn poll(
        &self,
        next: &mut BTreeMap<PartitionId, Option<i64>>,
        ends: Option<&Positions>,
        limit: usize,
    ) -> ChunkBuilder {
        let all = lock(&self.partitions);
        let mut builder = ChunkBuilder::default();
        let mut held: Vec<_> = next
            .iter_mut()
            .filter_map(|(id, next)| {
                let partition = all.get(id)?;
                let end = ends.map_or(Some(partition.high), |ends| ends.get(id).copied())?;
                Some((id, next, partition, end))
            })
            .collect();
        for (id, next, partition, _) in &mut held {
            let at = next.unwrap_or(partition.low);
            if at < partition.low {
                let index = builder.partition(id);
                let (end, lost) = (partition.low, partition.low - at);
                builder.advance(Advance { partition: index, end, lost });
                **next = Some(end);
            }
        }
        if !builder.is_empty() {
            return builder;
        }
        let mut exhausted = false;
        while !exhausted && builder.len() < limit {
            exhausted = true;
            for (id, next, partition, end) in &mut held {
                let at = next.unwrap_or(partition.low);
                if builder.len() == limit || at >= *end {
                    continue;
                }
                let index = builder.partition(id);
                let Some((offset, record)) = partition.records.range(at..*end).next() else {
                    builder.advance(Advance { partition: index, end: *end, lost: 0 });
                    **next = Some(*end);
                    continue;
                };
                let headers = record.headers.iter();
                let headers = headers.map(|(name, value)| (name.as_str(), value.as_deref()));
                let (value, key) = (record.value.as_deref(), record.key.as_deref());
                builder.push(index, *offset, record.timestamp_ms, value, key, headers);
                **next = Some(offset + 1);
                exhausted = false;
            }
        }
        builder
    }

    fn edit<T>(&self, edit: impl FnOnce(&mut BTreeMap<PartitionId, Partition>) -> T) -> T {
        let edited = edit(&mut lock(&self.partitions));
        self.bell.ring();
        edited
    }
}
