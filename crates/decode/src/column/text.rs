//! Columns of text.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::ArrowError;

use super::Learned;
use super::bitmap::Validity;

/// Text is appended to `values`, then closed by [`TextColumn::commit`]; what was appended and not
/// committed is dropped by the next NULL or truncation.
pub(crate) struct TextColumn {
    values: Vec<u8>,
    offsets: Vec<i32>,
    validity: Validity,
    bytes_by_row: Learned,
}

impl Default for TextColumn {
    fn default() -> Self {
        let bytes_by_row = Learned::default();
        Self { values: Vec::new(), offsets: vec![0], validity: Validity::default(), bytes_by_row }
    }
}

impl TextColumn {
    pub(crate) fn reserve(&mut self, rows: usize, max_bytes: usize) {
        self.offsets.reserve(rows);
        self.values.reserve(self.bytes_by_row.expect(rows, max_bytes));
    }

    /// Where the value in hand is appended.
    #[inline(always)]
    pub(crate) fn values(&mut self) -> &mut Vec<u8> {
        &mut self.values
    }

    /// Closes a value; its bytes are whole UTF-8.
    #[inline(always)]
    pub(crate) fn commit(&mut self) {
        // A chunk above `MAX_CHUNK_BYTES` is refused, and decoding never lengthens text.
        self.offsets.push(self.values.len() as i32);
        self.validity.push(true);
    }

    pub(crate) fn push(&mut self, text: &[u8]) {
        self.values.extend_from_slice(text);
        self.commit();
    }

    pub(crate) fn push_null(&mut self) {
        let end = self.committed();
        self.values.truncate(end);
        self.offsets.push(end as i32);
        self.validity.push(false);
    }

    /// Values pushed so far.
    pub(crate) fn len(&self) -> usize {
        self.validity.len()
    }

    pub(crate) fn get(&self, row: usize) -> &[u8] {
        &self.values[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// Bytes of all committed values.
    pub(crate) fn committed(&self) -> usize {
        self.offsets.last().map_or(0, |&end| end as usize)
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.validity.truncate(rows);
        let end = self.committed();
        self.values.truncate(end);
    }

    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.bytes_by_row.learn(self.validity.len(), self.values.len());
        let values = Buffer::from_vec(std::mem::take(&mut self.values));
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let offsets = OffsetBuffer::new(offsets.into());
        Ok(Arc::new(StringArray::try_new(offsets, values, self.validity.finish())?))
    }
}
