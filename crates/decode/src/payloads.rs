//! What of a chunk is decoded.

use headgate_model::RecordChunk;

use crate::DecodeFault;

/// One payload a record: its value, or its key.
#[derive(Clone, Copy)]
pub struct Payloads<'a> {
    chunk: &'a RecordChunk,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    Value,
    Key,
}

/// Arrow's 32-bit offsets address this many bytes of one column.
pub(crate) const MAX_BYTES: usize = i32::MAX as usize;

impl<'a> Payloads<'a> {
    pub fn values(chunk: &'a RecordChunk) -> Self {
        Self { chunk, part: Part::Value }
    }

    pub fn keys(chunk: &'a RecordChunk) -> Self {
        Self { chunk, part: Part::Key }
    }

    /// The keys of the same records.
    pub(crate) fn of_keys(self) -> Self {
        Self::keys(self.chunk)
    }

    pub fn len(&self) -> usize {
        self.chunk.len()
    }

    pub fn is_empty(&self) -> bool {
        self.chunk.is_empty()
    }

    /// `None` for a tombstone, or a record without a key.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&'a [u8]>> + use<'a> {
        let part = self.part;
        self.chunk.iter().map(move |record| match part {
            Part::Value => record.value,
            Part::Key => record.key,
        })
    }

    /// Bytes of all payloads at most, if one column can hold them.
    pub(crate) fn bytes(&self) -> Result<usize, DecodeFault> {
        match self.chunk.payload_bytes() {
            bytes if bytes <= MAX_BYTES => Ok(bytes),
            bytes => Err(DecodeFault::ChunkTooLarge { bytes }),
        }
    }
}
