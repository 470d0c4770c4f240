//! The chunk that records are being copied into.

use std::time::{Duration, Instant};

use headgate_model::{Advance, ChunkBuilder, RecordChunk};

use crate::fetch_queue::{MAX_BATCH, Message};
use crate::gauges::now;
use crate::held::{Held, HeldPartition};

/// Records at which a chunk is closed.
const MAX_RECORDS: usize = 8192;
/// A chunk waits for more records no longer than that.
const MAX_AGE: Duration = Duration::from_millis(25);
const FIRST_CAPACITY: (usize, usize) = (64, 16 << 10);

pub(crate) struct OpenChunk {
    builder: ChunkBuilder,
    max_bytes: usize,
    include_headers: bool,
    /// Distinguishes chunks, from 1.
    serial: u64,
    opened: Option<Instant>,
    newest_ms: i64,
    /// Records and payload bytes of the last chunk: the next is likely to need as much.
    last: (usize, usize),
}

/// A closed chunk, and the newest timestamp in it.
pub(crate) struct ClosedChunk {
    pub chunk: RecordChunk,
    pub newest_ms: Option<i64>,
}

impl OpenChunk {
    pub(crate) fn new(max_bytes: usize, include_headers: bool) -> Self {
        let (records, bytes) = FIRST_CAPACITY;
        Self {
            builder: ChunkBuilder::with_capacity(records, bytes.min(max_bytes)),
            max_bytes,
            include_headers,
            serial: 1,
            opened: None,
            newest_ms: i64::MIN,
            last: FIRST_CAPACITY,
        }
    }

    pub(crate) fn push(&mut self, partition: &mut HeldPartition, message: Message<'_>) {
        if partition.chunk != self.serial {
            partition.chunk = self.serial;
            partition.index = self.builder.partition(&partition.id);
        }
        let (index, offset) = (partition.index, message.offset());
        let timestamp = message.timestamp_ms();
        let (value, key) = (message.value(), message.key());
        match self.include_headers {
            true => {
                self.builder.push(index, offset, timestamp, value, key, message.headers());
            }
            false => self.builder.push(index, offset, timestamp, value, key, []),
        }
        self.newest_ms = self.newest_ms.max(timestamp.unwrap_or(i64::MIN));
        self.touch();
    }

    /// Something waits to go out with this chunk.
    pub(crate) fn touch(&mut self) {
        if self.opened.is_none() {
            self.opened = Some(Instant::now());
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.builder.len() >= MAX_RECORDS || self.builder.payload_bytes() >= self.max_bytes
    }

    /// How long it may stay open; `None` when there is nothing in it.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.opened.map(|opened| MAX_AGE.saturating_sub(opened.elapsed()))
    }

    /// Records to ask for, so that a batch about fills the chunk and no more.
    pub(crate) fn wanted(&self) -> usize {
        let (records, bytes) = match self.builder.len() {
            0 => self.last,
            len => (len, self.builder.payload_bytes()),
        };
        let each = (bytes / records.max(1)).max(1);
        let room = self.max_bytes.saturating_sub(self.builder.payload_bytes()) / each;
        room.min(MAX_RECORDS - self.builder.len().min(MAX_RECORDS)).clamp(1, MAX_BATCH)
    }

    /// `None` when there is nothing in it.
    pub(crate) fn close(&mut self, held: &mut Held, epoch: u64) -> Option<ClosedChunk> {
        self.opened.take()?;
        let mut builder = self.renew();
        for partition in held.iter_mut() {
            if let Some(moved) = partition.advance.take() {
                let index = builder.partition(&partition.id);
                builder.advance(Advance { partition: index, end: moved.end, lost: moved.lost });
            }
        }
        let newest_ms = std::mem::replace(&mut self.newest_ms, i64::MIN);
        let chunk = builder.finish(epoch, now().as_micros() as i64);
        Some(ClosedChunk { chunk, newest_ms: (newest_ms > 0).then_some(newest_ms) })
    }

    pub(crate) fn discard(&mut self) {
        self.opened = None;
        self.newest_ms = i64::MIN;
        self.renew();
    }

    /// Puts an empty builder in place, as large as the last chunk was, within the bounds.
    fn renew(&mut self) -> ChunkBuilder {
        let used = (self.builder.len(), self.builder.payload_bytes());
        if used.0 > 0 {
            self.last = used;
        }
        let records = (self.last.0 * 5 / 4).min(MAX_RECORDS + MAX_BATCH);
        let bytes = (self.last.1 * 5 / 4).min(self.max_bytes * 5 / 4);
        self.serial += 1;
        std::mem::replace(&mut self.builder, ChunkBuilder::with_capacity(records, bytes))
    }
}
