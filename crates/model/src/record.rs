//! Records as a source hands them over: payload bytes in one arena, coordinates beside them.

use crate::PartitionId;

/// A position that moved without a record: control records at a partition's end, or a range that
/// the source no longer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    /// Index into [`RecordChunk::partitions`].
    pub partition: u32,
    /// The position after it, exclusive.
    pub end: i64,
    /// Offsets in front of `end` that are gone for good (retention), counted in the ledger.
    pub lost: i64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    offset: i64,
    timestamp_ms: i64,
    start: u32,
    value_len: u32,
    key_len: u32,
    headers_len: u32,
    partition: u32,
}

const ABSENT: u32 = u32::MAX;
const NO_TIMESTAMP: i64 = i64::MIN;

/// Records polled together: the unit of memory. Bounded in rows and bytes by the source.
#[derive(Clone, Debug, Default)]
pub struct RecordChunk {
    /// Chunks of an older epoch than the engine's were polled before a rewind, and are discarded.
    pub epoch: u64,
    /// Microseconds since 1970 at which the chunk was polled; `_ingested_at` of its rows.
    pub polled_at_us: i64,
    pub partitions: Vec<PartitionId>,
    /// Applied after the records.
    pub advances: Vec<Advance>,
    entries: Vec<Entry>,
    arena: Vec<u8>,
}

/// One record, borrowed from its chunk.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    /// Index into [`RecordChunk::partitions`].
    pub partition: u32,
    pub offset: i64,
    /// Milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
    /// `None` is a tombstone; an empty payload is `Some(&[])`.
    pub value: Option<&'a [u8]>,
    pub key: Option<&'a [u8]>,
    headers: &'a [u8],
}

impl<'a> RecordRef<'a> {
    /// Headers in their order; names may repeat. Empty unless the source includes headers.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, Option<&'a [u8]>)> + use<'a> {
        let mut rest = self.headers;
        std::iter::from_fn(move || {
            let name_len = take_u32(&mut rest)? as usize;
            let (name, tail) = rest.split_at_checked(name_len)?;
            rest = tail;
            let value_len = take_u32(&mut rest)?;
            let value = if value_len == ABSENT {
                None
            } else {
                let (value, tail) = rest.split_at_checked(value_len as usize)?;
                rest = tail;
                Some(value)
            };
            Some((std::str::from_utf8(name).unwrap_or(""), value))
        })
    }

    pub fn has_headers(&self) -> bool {
        !self.headers.is_empty()
    }
}

fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (head, tail) = bytes.split_first_chunk::<4>()?;
    *bytes = tail;
    Some(u32::from_le_bytes(*head))
}

impl RecordChunk {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without records; it may still carry advances.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes held: payloads, keys, headers and coordinates.
    pub fn bytes(&self) -> usize {
        self.arena.capacity() + self.entries.capacity() * size_of::<Entry>()
    }

    /// Bytes of payloads, keys and headers.
    pub fn payload_bytes(&self) -> usize {
        self.arena.len()
    }

    /// The record at `index`, counted from 0; panics beyond [`RecordChunk::len`], as slices do.
    pub fn get(&self, index: usize) -> RecordRef<'_> {
        let entry = &self.entries[index];
        let mut at = entry.start as usize;
        let mut cut = |len: u32| {
            (len != ABSENT).then(|| {
                let bytes = &self.arena[at..at + len as usize];
                at += len as usize;
                bytes
            })
        };
        RecordRef {
            partition: entry.partition,
            offset: entry.offset,
            timestamp_ms: (entry.timestamp_ms != NO_TIMESTAMP).then_some(entry.timestamp_ms),
            value: cut(entry.value_len),
            key: cut(entry.key_len),
            headers: cut(entry.headers_len).unwrap_or_default(),
        }
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = RecordRef<'_>> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Splits off everything from record `at` on; advances go with the second half.
    pub fn split_off(&mut self, at: usize) -> Self {
        let mut rest = self.entries.split_off(at);
        let base = rest.first().map_or(self.arena.len(), |entry| entry.start as usize);
        let arena = self.arena.split_off(base);
        for entry in &mut rest {
            entry.start -= base as u32;
        }
        Self {
            epoch: self.epoch,
            polled_at_us: self.polled_at_us,
            partitions: self.partitions.clone(),
            advances: std::mem::take(&mut self.advances),
            entries: rest,
            arena,
        }
    }

    /// Divides into what goes on and what stays behind. `from` has, for each of
    /// [`partitions`](Self::partitions), the index of the first record that stays, if any does: so do
    /// all records of the partition behind it, and its advances.
    pub fn hold_back(self, from: &[Option<u32>]) -> (Self, Self) {
        let (mut on, mut back) = (Part::of(&self), Part::of(&self));
        for (entry, index) in self.entries.iter().zip(0..) {
            let stays = from[entry.partition as usize].is_some_and(|first| index >= first);
            if stays { back.take(&self, entry) } else { on.take(&self, entry) }
        }
        for advance in &self.advances {
            let stays = from[advance.partition as usize].is_some();
            let part = if stays { &mut back } else { &mut on };
            let partition = part.partition(&self, advance.partition);
            part.chunk.advances.push(Advance { partition, ..*advance });
        }
        (on.chunk, back.chunk)
    }

    /// Without the records and advances of `partitions`.
    #[must_use]
    pub fn without(self, partitions: &[PartitionId]) -> Self {
        let gone = |id| partitions.contains(id).then_some(0);
        let from: Vec<_> = self.partitions.iter().map(gone).collect();
        self.hold_back(&from).0
    }
}

/// What goes to one side of a division; it names only the partitions that it has something of.
struct Part {
    chunk: RecordChunk,
    /// Where each partition of the whole is among its own.
    places: Vec<Option<u32>>,
}

impl Part {
    fn of(whole: &RecordChunk) -> Self {
        let RecordChunk { epoch, polled_at_us, .. } = *whole;
        let chunk = RecordChunk { epoch, polled_at_us, ..RecordChunk::default() };
        Self { chunk, places: vec![None; whole.partitions.len()] }
    }

    fn partition(&mut self, whole: &RecordChunk, index: u32) -> u32 {
        *self.places[index as usize].get_or_insert_with(|| {
            self.chunk.partitions.push(whole.partitions[index as usize].clone());
            self.chunk.partitions.len() as u32 - 1
        })
    }

    fn take(&mut self, whole: &RecordChunk, entry: &Entry) {
        let partition = self.partition(whole, entry.partition);
        let lens = [entry.value_len, entry.key_len, entry.headers_len];
        let len: u32 = lens.into_iter().filter(|len| *len != ABSENT).sum();
        let start = self.chunk.arena.len() as u32;
        let bytes = entry.start as usize..(entry.start + len) as usize;
        self.chunk.arena.extend_from_slice(&whole.arena[bytes]);
        self.chunk.entries.push(Entry { start, partition, ..*entry });
    }
}

/// Fills a [`RecordChunk`], one record at a time.
#[derive(Debug, Default)]
pub struct ChunkBuilder {
    chunk: RecordChunk,
}

impl ChunkBuilder {
    /// Space for `records` and `bytes` is taken at once, so that pushing does not allocate.
    pub fn with_capacity(records: usize, bytes: usize) -> Self {
        let chunk = RecordChunk {
            entries: Vec::with_capacity(records),
            arena: Vec::with_capacity(bytes),
            ..RecordChunk::default()
        };
        Self { chunk }
    }

    pub fn len(&self) -> usize {
        self.chunk.len()
    }

    pub fn is_empty(&self) -> bool {
        self.chunk.is_empty() && self.chunk.advances.is_empty()
    }

    pub fn payload_bytes(&self) -> usize {
        self.chunk.arena.len()
    }

    /// Index of `id` in the chunk, added when new.
    pub fn partition(&mut self, id: &PartitionId) -> u32 {
        let found = self.chunk.partitions.iter().position(|known| known == id);
        let index = found.unwrap_or_else(|| {
            self.chunk.partitions.push(id.clone());
            self.chunk.partitions.len() - 1
        });
        index as u32
    }

    /// Appends a record. A chunk holds less than 4 GiB: sources close it far earlier.
    pub fn push<'h>(
        &mut self,
        partition: u32,
        offset: i64,
        timestamp_ms: Option<i64>,
        value: Option<&[u8]>,
        key: Option<&[u8]>,
        headers: impl IntoIterator<Item = (&'h str, Option<&'h [u8]>)>,
    ) {
        let arena = &mut self.chunk.arena;
        let start = arena.len() as u32;
        let mut put = |bytes: Option<&[u8]>| {
            bytes.map_or(ABSENT, |bytes| {
                arena.extend_from_slice(bytes);
                bytes.len() as u32
            })
        };
        let (value_len, key_len) = (put(value), put(key));
        let headers_start = arena.len();
        for (name, value) in headers {
            arena.extend_from_slice(&(name.len() as u32).to_le_bytes());
            arena.extend_from_slice(name.as_bytes());
            let len = value.map_or(ABSENT, |value| value.len() as u32);
            arena.extend_from_slice(&len.to_le_bytes());
            arena.extend_from_slice(value.unwrap_or_default());
        }
        let headers_len = (arena.len() - headers_start) as u32;
        let timestamp_ms = timestamp_ms.unwrap_or(NO_TIMESTAMP);
        let entry =
            Entry { offset, timestamp_ms, start, value_len, key_len, headers_len, partition };
        self.chunk.entries.push(entry);
    }

    pub fn advance(&mut self, advance: Advance) {
        self.chunk.advances.push(advance);
    }

    pub fn finish(self, epoch: u64, polled_at_us: i64) -> RecordChunk {
        RecordChunk { epoch, polled_at_us, ..self.chunk }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk() -> RecordChunk {
        let mut builder = ChunkBuilder::with_capacity(4, 64);
        let p = builder.partition(&PartitionId::new("t", "-", 0));
        builder.push(
            p,
            7,
            Some(1),
            Some(b"one"),
            Some(b"k"),
            [("a", Some(&b"x"[..])), ("b", None)],
        );
        builder.push(p, 8, None, None, None, []);
        builder.push(p, 10, Some(3), Some(b""), None, []);
        builder.advance(Advance { partition: p, end: 12, lost: 0 });
        builder.finish(1, 99)
    }

    #[test]
    fn records_come_back_as_pushed() {
        let chunk = chunk();
        let first = chunk.get(0);
        assert_eq!((first.value, first.key), (Some(&b"one"[..]), Some(&b"k"[..])));
        let headers: Vec<_> = first.headers().collect();
        assert_eq!(headers, vec![("a", Some(&b"x"[..])), ("b", None)]);
        let tombstone = chunk.get(1);
        assert_eq!((tombstone.value, tombstone.timestamp_ms), (None, None));
        assert_eq!(chunk.get(2).value, Some(&b""[..]));
    }

    #[test]
    fn a_split_keeps_every_record_and_moves_the_advances() {
        let mut head = chunk();
        let tail = head.split_off(1);
        assert_eq!((head.len(), tail.len()), (1, 2));
        assert_eq!(head.get(0).value, Some(&b"one"[..]));
        assert_eq!(tail.get(1).offset, 10);
        assert!(head.advances.is_empty());
        assert_eq!(tail.advances.len(), 1);
        let mut rest = tail;
        let none = rest.split_off(2);
        assert!(none.is_empty() && none.advances.len() == 1);
    }

    #[test]
    fn what_is_held_back_of_a_partition_is_all_from_a_record_on() {
        let mut builder = ChunkBuilder::default();
        let [p, q] = [0, 1].map(|number| builder.partition(&PartitionId::new("t", "-", number)));
        for (partition, offset, value) in [(p, 0, "a"), (q, 0, "b"), (p, 1, "c"), (q, 1, "d")] {
            let header = [("h", Some(value.as_bytes()))];
            builder.push(partition, offset, None, Some(value.as_bytes()), None, header);
        }
        builder.advance(Advance { partition: p, end: 5, lost: 0 });
        builder.advance(Advance { partition: q, end: 7, lost: 0 });
        let chunk = builder.finish(3, 99);
        let values = |chunk: &RecordChunk| -> Vec<(u32, i64, Vec<u8>)> {
            let of = |record: RecordRef<'_>| {
                assert_eq!(record.headers().next(), Some(("h", record.value)));
                let partition = chunk.partitions[record.partition as usize].partition;
                (partition as u32, record.offset, record.value.unwrap_or_default().to_vec())
            };
            chunk.iter().map(of).collect()
        };
        let (on, back) = chunk.clone().hold_back(&[Some(2), None]);
        assert_eq!(values(&on), [(0, 0, b"a".into()), (1, 0, b"b".into()), (1, 1, b"d".into())]);
        assert_eq!(values(&back), [(0, 1, b"c".into())]);
        assert_eq!((on.advances[0].end, back.advances[0].end), (7, 5));
        assert_eq!((back.epoch, back.polled_at_us), (3, 99));
        let rest = chunk.without(&[PartitionId::new("t", "-", 0)]);
        assert_eq!(values(&rest), [(1, 0, b"b".into()), (1, 1, b"d".into())]);
        assert_eq!((rest.partitions.len(), rest.advances.len()), (1, 1));
    }
}
