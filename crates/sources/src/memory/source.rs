//! Hands records over as they are pushed.

use std::future::pending;
use std::time::Duration;

use headgate_model::{
    BoxFault, ChunkBuilder, Lag, Positions, ReadMode, RecordChunk, RecordSource, SourceEvent,
    StartRequest,
};
use tokio::sync::watch;

use super::log::Kept;
use super::{MemoryConfig, MemoryLog, MemoryRecord};
use crate::assignment::{Assigned, Assignment, offsets};
use crate::clock::Clock;

/// Records of a chunk, at most.
const CHUNK_RECORDS: usize = 8192;
/// Bytes of a chunk that end it.
const CHUNK_BYTES: usize = 4 << 20;

/// Reads a stream of this process, all partitions for one worker.
#[derive(Debug)]
pub struct MemorySource {
    config: MemoryConfig,
    clock: Clock,
    reading: Option<Reading>,
}

#[derive(Debug)]
struct Reading {
    assignment: Assignment,
    changes: watch::Receiver<()>,
    /// Next offset of each partition.
    next: Vec<i64>,
    /// Where each partition ends, and then it is over.
    ends: Option<Vec<i64>>,
    drained: bool,
    epoch: u64,
}

impl MemorySource {
    /// `now`: since 1970.
    pub fn new(config: MemoryConfig, now: Duration) -> Self {
        Self { config, clock: Clock::set(now), reading: None }
    }
}

impl Reading {
    fn poll(&mut self, log: &MemoryLog, clock: Clock) -> Option<SourceEvent> {
        let _ = self.changes.borrow_and_update();
        let kept = log.kept();
        if let Some(chunk) = self.chunk(log, &kept, clock.now_us()) {
            return Some(SourceEvent::Records(chunk));
        }
        let is_over = self.ends.is_some() || kept.is_ended;
        let is_news = is_over && !self.drained;
        self.drained |= is_over;
        is_news.then_some(SourceEvent::Drained { epoch: self.epoch, elsewhere: Vec::new() })
    }

    /// Records of all partitions, as many of each while there are.
    fn chunk(&mut self, log: &MemoryLog, kept: &Kept, now_us: i64) -> Option<RecordChunk> {
        let mut builder = ChunkBuilder::default();
        let share = (CHUNK_RECORDS / self.next.len()).max(1);
        for (at, (id, records)) in log.partitions().iter().zip(&kept.records).enumerate() {
            let end = self.ends.as_ref().map_or(records.len() as i64, |ends| ends[at]);
            let next = &mut self.next[at];
            let waiting = records.get(*next as usize..end as usize).unwrap_or_default();
            for record in waiting.iter().take(share) {
                if builder.payload_bytes() >= CHUNK_BYTES {
                    break;
                }
                let index = builder.partition(id);
                push(&mut builder, index, *next, record);
                *next += 1;
            }
        }
        (!builder.is_empty()).then(|| builder.finish(self.epoch, now_us))
    }

    fn lag(&self, log: &MemoryLog, now_ms: i64) -> Lag {
        let kept = log.kept();
        let waiting = kept.records.iter().zip(&self.next);
        let waiting = waiting.map(|(records, next)| records.get(*next as usize..));
        let (mut count, mut oldest) = (0, now_ms);
        for records in waiting.flatten() {
            count += records.len() as u64;
            oldest = records.first().map_or(oldest, |record| oldest.min(record.timestamp_ms));
        }
        let age = u64::try_from(now_ms.saturating_sub(oldest)).unwrap_or(0);
        Lag { records: count, time: Duration::from_millis(age) }
    }
}

fn push(builder: &mut ChunkBuilder, index: u32, offset: i64, record: &MemoryRecord) {
    let MemoryRecord { partition: _, timestamp_ms, key, value, headers } = record;
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
    builder.push(index, offset, Some(*timestamp_ms), value.as_deref(), key.as_deref(), headers);
}

impl RecordSource for MemorySource {
    async fn starting_positions(&mut self) -> Result<Positions, BoxFault> {
        Ok(self.config.log.partitions().iter().map(|id| (id.clone(), 0)).collect())
    }

    async fn start(&mut self, request: StartRequest) -> Result<(), BoxFault> {
        let MemoryConfig { log, mode } = &self.config;
        log.require_in(&request.positions)?;
        let ends = match mode {
            ReadMode::Continuous => None,
            ReadMode::UntilEnd => Some(log.kept().ends()),
        };
        self.reading = Some(Reading {
            assignment: Assignment::ToTell,
            changes: log.changes(),
            next: vec![0; log.partitions().len()],
            ends,
            drained: false,
            epoch: 0,
        });
        Ok(())
    }

    async fn next(&mut self) -> Result<SourceEvent, BoxFault> {
        let (log, clock) = (&self.config.log, self.clock);
        let Some(reading) = &mut self.reading else { return pending().await };
        loop {
            match reading.assignment.advance(log.partitions()).await {
                Assigned::Tell(event) => return Ok(event),
                Assigned::Begin(positions) => reading.next = offsets(log.partitions(), &positions),
                Assigned::Done => match reading.poll(log, clock) {
                    Some(event) => return Ok(event),
                    // The log outlives its readers.
                    None => drop(reading.changes.changed().await),
                },
            }
        }
    }

    async fn rebalance(&self) {
        Assignment::rebalance(self.reading.as_ref().map(|reading| &reading.assignment)).await;
    }

    async fn confirm(&mut self) -> Result<(), BoxFault> {
        Ok(())
    }

    async fn rewind(&mut self, positions: Positions, epoch: u64) -> Result<(), BoxFault> {
        if let Some(reading) = &mut self.reading {
            reading.epoch = epoch;
            reading.drained = false;
            reading.next = offsets(self.config.log.partitions(), &positions);
        }
        Ok(())
    }

    fn committed(&mut self, _: &Positions) {}

    fn lag(&self) -> Lag {
        let now_ms = self.clock.now_ms();
        let of = |reading: &Reading| reading.lag(&self.config.log, now_ms);
        self.reading.as_ref().map(of).unwrap_or_default()
    }

    fn queued_bytes(&self) -> u64 {
        0
    }

    async fn close(self) {}
}
