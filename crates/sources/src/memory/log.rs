//! The records of a stream, and the streams of this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headgate_model::{PartitionId, Positions};
use tokio::sync::watch;

use super::MemoryFault;

/// As many as of format `rate`: the first commit names every one.
const MAX_PARTITIONS: u32 = 1000;

#[derive(Clone, Debug, Default)]
pub struct MemoryRecord {
    /// One after the other takes its turn where none is given.
    pub partition: Option<u32>,
    /// Since 1970.
    pub timestamp_ms: i64,
    pub key: Option<Vec<u8>>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// A stream of records, which stay until it is closed. Positions count from 0.
#[derive(Debug)]
pub struct MemoryLog {
    name: String,
    partitions: Vec<PartitionId>,
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// By partition.
    pub records: Vec<Vec<MemoryRecord>>,
    pub is_ended: bool,
    /// Whose turn it is.
    turn: usize,
}

impl Kept {
    /// Where each partition ends, exclusive.
    pub fn ends(&self) -> Vec<i64> {
        self.records.iter().map(|records| records.len() as i64).collect()
    }
}

static LOGS: Mutex<BTreeMap<String, Arc<MemoryLog>>> = Mutex::new(BTreeMap::new());

fn logs() -> MutexGuard<'static, BTreeMap<String, Arc<MemoryLog>>> {
    LOGS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryLog {
    /// `id`: of no other stream, whenever and wherever. It stands in the outputs, so that these go on
    /// with this stream and no other.
    pub fn open(name: &str, id: &str, num_partitions: u32) -> Result<Arc<Self>, MemoryFault> {
        let refused = |expected: String| MemoryFault::NotMade { stream: name.to_owned(), expected };
        if !(1..=MAX_PARTITIONS).contains(&num_partitions) {
            return Err(refused(format!("from 1 to {MAX_PARTITIONS} partitions")));
        }
        if name.is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
            return Err(refused("a name of 1 to 200 printable characters".to_owned()));
        }
        let mut logs = logs();
        if logs.contains_key(name) {
            return Err(refused("a name that no other stream of this process has".to_owned()));
        }
        let numbers = 0..num_partitions as i32;
        let partitions: Vec<PartitionId> =
            numbers.map(|number| PartitionId::new(name, id, number)).collect();
        let records = vec![Vec::new(); partitions.len()];
        let log = Arc::new(Self {
            name: name.to_owned(),
            partitions,
            kept: Mutex::new(Kept { records, ..Kept::default() }),
            changed: watch::Sender::new(()),
        });
        logs.insert(name.to_owned(), Arc::clone(&log));
        Ok(log)
    }

    pub fn named(name: &str) -> Option<Arc<Self>> {
        logs().get(name).cloned()
    }

    /// Of all streams of this process.
    pub fn names() -> Vec<String> {
        logs().keys().cloned().collect()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// All of them, or none.
    pub fn push(&self, records: Vec<MemoryRecord>) -> Result<(), MemoryFault> {
        let refused = |expected: String, actual: String| MemoryFault::NotTaken {
            stream: self.name.clone(),
            expected,
            actual,
        };
        let mut kept = self.kept();
        if kept.is_ended {
            return Err(refused(
                "a stream that goes on".to_owned(),
                "one that has ended".to_owned(),
            ));
        }
        let count = self.partitions.len();
        let given = records.iter().filter_map(|record| record.partition);
        if let Some(wrong) = given.into_iter().find(|number| *number as usize >= count) {
            let expected = format!("a partition from 0 to {}", count - 1);
            return Err(refused(expected, wrong.to_string()));
        }
        for record in records {
            let at = record.partition.map_or(kept.turn, |number| number as usize);
            if record.partition.is_none() {
                kept.turn = (kept.turn + 1) % count;
            }
            kept.records[at].push(record);
        }
        drop(kept);
        self.changed.send_replace(());
        Ok(())
    }

    /// Nothing more comes: queries end once they have read it all.
    pub fn end(&self) {
        self.kept().is_ended = true;
        self.changed.send_replace(());
    }

    /// Ends it, and no query can start with it any more. Its records go with the last that reads it.
    pub fn close(&self) {
        self.end();
        let mut logs = logs();
        let is_this = |known: &Arc<Self>| std::ptr::eq(known.as_ref(), self);
        if logs.get(&self.name).is_some_and(is_this) {
            logs.remove(&self.name);
        }
    }

    pub(crate) fn partitions(&self) -> &[PartitionId] {
        &self.partitions
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// An output with these positions was begun with this stream.
    pub(crate) fn require_in(&self, positions: &Positions) -> Result<(), MemoryFault> {
        if self.partitions.iter().all(|id| positions.contains_key(id)) {
            return Ok(());
        }
        let begun: Vec<&str> = positions.keys().map(|id| id.topic.as_ref()).collect();
        let output = match begun.first() {
            Some(topic) if *topic == self.name => "an earlier stream of that name".to_owned(),
            Some(topic) => (*topic).to_owned(),
            None => "no records at all".to_owned(),
        };
        Err(MemoryFault::OtherStream { stream: self.name.clone(), output })
    }
}
