//! Where the records of the chunk in hand went.

use arrow_array::RecordBatch;
use headgate_model::{DeadLetterKind, FieldViolation};

use crate::{DeadRecord, Decoded, RowRecords, Tombstones};

/// Fills everything of [`Decoded`] but the columns.
#[derive(Default)]
pub(crate) struct RecordLog {
    rows: u32,
    /// Empty while every record so far became the row of its own index.
    records: Vec<u32>,
    dead: Vec<DeadRecord>,
    skipped: Vec<u32>,
}

impl RecordLog {
    /// Rows so far, and so the index of the next.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    #[inline]
    pub(crate) fn row(&mut self, record: u32) {
        if record != self.rows || !self.records.is_empty() {
            self.row_behind_a_gap(record);
        }
        self.rows += 1;
    }

    fn row_behind_a_gap(&mut self, record: u32) {
        if self.records.is_empty() {
            self.records.extend(0..self.rows);
        }
        self.records.push(record);
    }

    #[cold]
    pub(crate) fn dead(&mut self, record: u32, kind: DeadLetterKind, message: String) {
        self.dead.push(DeadRecord { record, kind, message });
    }

    /// True when the tombstone is to become a row of NULLs, which is then counted.
    pub(crate) fn tombstone(&mut self, record: u32, tombstones: Tombstones) -> bool {
        match tombstones {
            Tombstones::Skip => self.skipped.push(record),
            Tombstones::Reject => {
                self.dead(record, DeadLetterKind::SchemaViolation, "tombstone".to_owned());
            }
            Tombstones::Keep => self.row(record),
        }
        tombstones == Tombstones::Keep
    }

    pub(crate) fn finish(self, rows: RecordBatch, fields: Vec<FieldViolation>) -> Decoded {
        let Self { rows: len, records, dead, skipped } = self;
        let records =
            if records.is_empty() { RowRecords::All(len) } else { RowRecords::Some(records) };
        Decoded { rows, records, fields, dead, skipped }
    }
}
