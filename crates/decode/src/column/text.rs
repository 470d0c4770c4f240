//! Columns of text, and of bytes.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::ArrowError;

use crate::payloads::MAX_BYTES;

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

    /// Closes a value; its bytes are whole UTF-8, unless this is a column of bytes.
    #[inline(always)]
    pub(crate) fn commit(&mut self) {
        // An offset that is none is found by `offsets`, before Arrow sees it.
        self.offsets.push(self.values.len() as i32);
        self.validity.push(true);
    }

    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.values.extend_from_slice(text);
        self.commit();
    }

    /// Closes a value if it `fits`, else drops what was appended of it: NULL. Says which.
    #[inline]
    pub(crate) fn close(&mut self, fits: bool) -> bool {
        if fits {
            self.commit()
        } else {
            self.push_null()
        }
        fits
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
        let (offsets, values) = self.parts()?;
        Ok(Arc::new(StringArray::try_new(offsets, values, self.validity.finish())?))
    }

    /// As [`TextColumn::finish`], of values that need not be UTF-8.
    pub(crate) fn finish_binary(&mut self) -> Result<ArrayRef, ArrowError> {
        let (offsets, values) = self.parts()?;
        Ok(Arc::new(BinaryArray::try_new(offsets, values, self.validity.finish())?))
    }

    /// Refuses more bytes than offsets can address: a chunk has fewer, but JSON and base64 of them
    /// may be longer.
    fn parts(&mut self) -> Result<(OffsetBuffer<i32>, Buffer), ArrowError> {
        self.bytes_by_row.learn(self.validity.len(), self.values.len());
        let values = Buffer::from_vec(std::mem::take(&mut self.values));
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        if values.len() > MAX_BYTES {
            return Err(ArrowError::OffsetOverflowError(values.len()));
        }
        Ok((OffsetBuffer::new(offsets.into()), values))
    }
}
