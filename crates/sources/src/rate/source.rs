//! Hands records over as they become due.

use std::future::pending;
use std::time::Duration;

use headgate_model::{
    BoxFault, ChunkBuilder, Lag, PartitionId, Positions, ReadMode, RecordChunk, RecordSource,
    SourceEvent, StartRequest,
};

use super::RateConfig;
use super::stream::RateStream;
use crate::assignment::{Assigned, Assignment, offsets};
use crate::clock::Clock;

/// Records of a chunk, at most: some hundred KiB.
const CHUNK_RECORDS: usize = 8192;
/// Room for the payload of a record.
const RECORD_BYTES: usize = 64;
/// Between two chunks, at least, unless records are overdue: at high rates they come a hundred times
/// a second, not a thousand.
const PAUSE: Duration = Duration::from_millis(10);

/// Makes records up, all partitions for one worker. It has nothing to lose: a record is made when it is
/// asked for, and the same whenever that is.
#[derive(Debug)]
pub struct RateSource {
    config: RateConfig,
    clock: Clock,
    reading: Option<Reading>,
}

#[derive(Debug)]
struct Reading {
    stream: RateStream,
    assignment: Assignment,
    partitions: Vec<PartitionId>,
    /// Next offset of each partition.
    next: Vec<i64>,
    /// Values below it are read, and then it is over.
    end: Option<i64>,
    drained: bool,
    epoch: u64,
}

impl RateSource {
    /// `now`: since 1970.
    pub fn new(config: RateConfig, now: Duration) -> Self {
        Self { config, clock: Clock::set(now), reading: None }
    }
}

impl Reading {
    fn new(stream: RateStream, end: Option<i64>) -> Self {
        let partitions = stream.partitions();
        let next = vec![0; partitions.len()];
        let assignment = Assignment::ToTell;
        Self { stream, assignment, partitions, next, end, drained: false, epoch: 0 }
    }

    fn go_to(&mut self, positions: &Positions) {
        self.next = offsets(&self.partitions, positions);
    }

    /// Values below it are to be read now.
    fn due(&self, now_ms: i64) -> i64 {
        let due = self.stream.due(now_ms);
        self.end.map_or(due, |end| end.min(due))
    }

    fn poll(&mut self, clock: Clock) -> Option<SourceEvent> {
        let now_us = clock.now_us();
        let due = self.due(now_us / 1000);
        if let Some(chunk) = self.chunk(due, now_us) {
            return Some(SourceEvent::Records(chunk));
        }
        let is_over = self.end.is_some() && !self.drained;
        self.drained |= is_over;
        is_over.then_some(SourceEvent::Drained { epoch: self.epoch, elsewhere: Vec::new() })
    }

    /// Records of all partitions, as many of each.
    fn chunk(&mut self, due: i64, now_us: i64) -> Option<RecordChunk> {
        let waiting = self.waiting(due);
        if waiting == 0 {
            return None;
        }
        let room = CHUNK_RECORDS.min(usize::try_from(waiting).unwrap_or(CHUNK_RECORDS));
        let mut builder = ChunkBuilder::with_capacity(room, room * RECORD_BYTES);
        let share = (CHUNK_RECORDS / self.partitions.len()).max(1) as i64;
        let Self { stream, partitions, next, .. } = self;
        for (at, (id, next)) in partitions.iter().zip(next).enumerate() {
            let end = stream.end(at, due).min(next.saturating_add(share));
            for offset in *next..end {
                let value = stream.value(at, offset);
                let (timestamp, payload) = (stream.timestamp_ms(value), stream.payload(value));
                let index = builder.partition(id);
                builder.push(index, offset, Some(timestamp), Some(payload.as_bytes()), None, []);
            }
            *next = end.max(*next);
        }
        Some(builder.finish(self.epoch, now_us))
    }

    /// Records that are due and were not handed over.
    fn waiting(&self, due: i64) -> u64 {
        let of = |(at, next): (usize, &i64)| (self.stream.end(at, due) - next).max(0) as u64;
        self.next.iter().enumerate().map(of).sum()
    }

    /// The smallest value that was not handed over.
    fn next_value(&self) -> i64 {
        let values = self.next.iter().enumerate().map(|(at, next)| self.stream.value(at, *next));
        values.min().unwrap_or(i64::MAX)
    }

    async fn wait(&self, clock: Clock) {
        if self.drained {
            return pending().await;
        }
        let in_ms = self.stream.timestamp_ms(self.next_value()).saturating_sub(clock.now_ms());
        let rest = Duration::from_millis(u64::try_from(in_ms).unwrap_or(0));
        tokio::time::sleep(rest.max(PAUSE)).await;
    }

    fn lag(&self, now_ms: i64) -> Lag {
        let records = self.waiting(self.due(now_ms));
        let age =
            if records > 0 { now_ms - self.stream.timestamp_ms(self.next_value()) } else { 0 };
        Lag { records, time: Duration::from_millis(u64::try_from(age).unwrap_or(0)) }
    }
}

impl RecordSource for RateSource {
    async fn starting_positions(&mut self) -> Result<Positions, BoxFault> {
        let stream = RateStream::starting_at(self.clock.now_ms(), &self.config);
        Ok(stream.partitions().into_iter().map(|id| (id, 0)).collect())
    }

    async fn start(&mut self, request: StartRequest) -> Result<(), BoxFault> {
        let StartRequest { group: _, positions } = request;
        let stream = RateStream::in_output(&positions, &self.config)?;
        let end = match self.config.mode {
            ReadMode::Continuous => None,
            ReadMode::UntilEnd => Some(stream.due(self.clock.now_ms())),
        };
        self.reading = Some(Reading::new(stream, end));
        Ok(())
    }

    async fn next(&mut self) -> Result<SourceEvent, BoxFault> {
        let clock = self.clock;
        let Some(reading) = &mut self.reading else { return pending().await };
        loop {
            match reading.assignment.advance(&reading.partitions).await {
                Assigned::Tell(event) => return Ok(event),
                Assigned::Begin(positions) => reading.go_to(&positions),
                Assigned::Done => match reading.poll(clock) {
                    Some(event) => return Ok(event),
                    None => reading.wait(clock).await,
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
            reading.go_to(&positions);
        }
        Ok(())
    }

    fn committed(&mut self, _: &Positions) {}

    fn lag(&self) -> Lag {
        let now_ms = self.clock.now_ms();
        self.reading.as_ref().map(|reading| reading.lag(now_ms)).unwrap_or_default()
    }

    fn queued_bytes(&self) -> u64 {
        0
    }

    async fn close(self) {}
}
