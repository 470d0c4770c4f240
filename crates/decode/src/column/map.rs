//! Columns of maps.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, MapArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, FieldRef, Fields};

use super::bitmap::Validity;
use super::{Learned, Node, TextColumn};

/// Up to here every key is compared with every other.
const MAX_COMPARED: usize = 8;

/// Entries are pushed key first, then closed by [`MapColumn::commit`].
pub(crate) struct MapColumn {
    entries: FieldRef,
    pub(crate) keys: TextColumn,
    pub(crate) value: Box<Node>,
    offsets: Vec<i32>,
    validity: Validity,
    entries_by_row: Learned,
}

impl MapColumn {
    pub(super) fn new(entries: FieldRef, value: Node) -> Self {
        Self {
            entries,
            keys: TextColumn::default(),
            value: Box::new(value),
            offsets: vec![0],
            validity: Validity::default(),
            entries_by_row: Learned::default(),
        }
    }

    pub(super) fn reserve(&mut self, rows: usize, max_bytes: usize) {
        self.offsets.reserve(rows);
        // Quotes, a colon, a value and a separator at least.
        let entries = self.entries_by_row.expect(rows, max_bytes / 5);
        self.keys.reserve(entries, max_bytes);
        self.value.reserve(entries, max_bytes);
    }

    /// Closes a map whose keys all have a value. False, and NULL, if a key is there twice.
    pub(crate) fn commit(&mut self) -> bool {
        let is_map = !self.repeats_a_key();
        if is_map {
            self.offsets.push(self.keys.len() as i32);
            self.validity.push(true);
        } else {
            self.push_null();
        }
        is_map
    }

    /// Drops the entries of an open map.
    pub(crate) fn push_null(&mut self) {
        let end = self.committed();
        self.keys.truncate(end);
        self.value.truncate(end);
        self.offsets.push(end as i32);
        self.validity.push(false);
    }

    /// Maps pushed so far.
    pub(crate) fn len(&self) -> usize {
        self.validity.len()
    }

    fn committed(&self) -> usize {
        self.offsets.last().map_or(0, |&end| end as usize)
    }

    fn repeats_a_key(&self) -> bool {
        let open = self.committed()..self.keys.len();
        let keys = open.clone().map(|entry| self.keys.get(entry));
        if open.len() > MAX_COMPARED {
            let mut seen = HashSet::with_capacity(open.len());
            return !keys.into_iter().all(|key| seen.insert(key));
        }
        keys.enumerate().any(|(at, key)| {
            (open.start..open.start + at).any(|before| self.keys.get(before) == key)
        })
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.validity.truncate(rows);
        let end = self.committed();
        self.keys.truncate(end);
        self.value.truncate(end);
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.entries_by_row.learn(self.validity.len(), self.keys.len());
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
        let parts = vec![self.keys.finish()?, self.value.finish()?];
        let fields = match self.entries.data_type() {
            DataType::Struct(fields) => fields.clone(),
            _ => Fields::empty(),
        };
        let entries = StructArray::try_new(fields, parts, None)?;
        let nulls = self.validity.finish();
        let map = MapArray::try_new(Arc::clone(&self.entries), offsets, entries, nulls, false)?;
        Ok(Arc::new(map))
    }
}
