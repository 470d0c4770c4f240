//! What a decoder makes of a chunk.

use arrow_array::RecordBatch;
use headgate_model::{DeadLetterKind, FieldViolation};

/// `rows + dead + skipped` is every record of the chunk, each once.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Payload columns, all nullable; one row a decoded record, in the order of the records.
    pub rows: RecordBatch,
    pub records: RowRecords,
    /// Sorted by row, then field; no pair twice.
    pub fields: Vec<FieldViolation>,
    /// In the order of the records.
    pub dead: Vec<DeadRecord>,
    /// Indices of tombstones that the options skip, ascending.
    pub skipped: Vec<u32>,
}

/// A payload that could not become a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadRecord {
    /// Index in the chunk.
    pub record: u32,
    pub kind: DeadLetterKind,
    /// The reason and the byte of the payload, counted from 0; never a payload value.
    pub message: String,
}

/// Which record of the chunk each row came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowRecords {
    /// Row and record have the same index, for this many rows.
    All(u32),
    /// Record index of each row, ascending.
    Some(Vec<u32>),
}

impl RowRecords {
    /// Record index of `row`; `None` beyond the last row.
    pub fn get(&self, row: u32) -> Option<u32> {
        match self {
            Self::All(len) => (row < *len).then_some(row),
            Self::Some(records) => records.get(row as usize).copied(),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::All(len) => *len as usize,
            Self::Some(records) => records.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
