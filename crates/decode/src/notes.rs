//! What is noted while a record is parsed, and forgotten if the record turns out bad.

use headgate_model::{FieldViolation, UNKNOWN_FIELD};

/// Objects and arrays within each other, the record's own object counted; one more is a dead
/// letter.
pub const MAX_DEPTH: u32 = 128;

#[derive(Default)]
pub(crate) struct RowNotes {
    row: u32,
    /// Objects and arrays around the value in hand.
    pub(crate) depth: u32,
    /// The row has a field that the schema does not name.
    pub(crate) unknown: bool,
    /// For text with escapes.
    pub(crate) scratch: Vec<u8>,
    fields: Vec<FieldViolation>,
    /// Length of `fields` before the row in hand.
    kept: usize,
}

impl RowNotes {
    pub(crate) fn begin(&mut self, row: u32) {
        self.row = row;
        self.depth = 0;
        self.unknown = false;
        self.kept = self.fields.len();
    }

    /// The row in hand.
    pub(crate) fn row(&self) -> usize {
        self.row as usize
    }

    /// Misfits noted so far, of all rows.
    #[inline(always)]
    pub(crate) fn num_misfits(&self) -> usize {
        self.fields.len()
    }

    /// Forgets what of the row in hand was noted behind the first `len` misfits.
    pub(crate) fn forget_from(&mut self, len: usize) {
        self.fields.truncate(len.max(self.kept));
    }

    /// One level deeper, if that is not deeper than any payload may be.
    #[inline(always)]
    pub(crate) fn enter(&mut self) -> bool {
        let enters = self.depth < MAX_DEPTH;
        self.depth += u32::from(enters);
        enters
    }

    #[inline(always)]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    #[cold]
    pub(crate) fn misfit(&mut self, field: u32) {
        self.fields.push(FieldViolation { row: self.row, field });
    }

    #[inline]
    pub(crate) fn keep(&mut self, reject_unknown: bool) {
        if reject_unknown && self.unknown {
            self.misfit(UNKNOWN_FIELD);
        }
        if self.fields.len() - self.kept > 1 {
            self.sort_row();
        }
    }

    #[cold]
    fn sort_row(&mut self) {
        let mut row = self.fields.split_off(self.kept);
        row.sort_unstable();
        row.dedup();
        self.fields.append(&mut row);
    }

    pub(crate) fn forget(&mut self) {
        self.fields.truncate(self.kept);
    }

    pub(crate) fn take(&mut self) -> Vec<FieldViolation> {
        self.kept = 0;
        std::mem::take(&mut self.fields)
    }
}
