//! A column as rules see it: its slots, which of them hold a value, and whose rows they are.

use arrow_array::{Array, ArrayRef, RecordBatch, cast::AsArray};
use arrow_buffer::NullBuffer;

/// The slots of one field. For fields within a list a slot is an element, and several slots may
/// belong to one row.
pub(crate) struct View<'a> {
    pub array: &'a dyn Array,
    /// Slots that hold a value. `None`: all.
    pub nulls: Option<NullBuffer>,
    /// Slots whose parent is there; the others are nobody's. `None`: all.
    pub present: Option<NullBuffer>,
    /// Row of each slot. `None`: slots are rows.
    pub rows: Option<&'a [u32]>,
}

impl<'a> View<'a> {
    pub fn column(array: &'a ArrayRef) -> Self {
        Self { array, nulls: array.nulls().cloned(), present: None, rows: None }
    }

    /// A field of this struct.
    pub fn child(&self, column: usize) -> View<'_> {
        let array = self.array.as_struct().column(column);
        let nulls = NullBuffer::union(array.nulls(), self.nulls.as_ref());
        View { array, nulls, present: self.nulls.clone(), rows: self.rows }
    }

    /// Slots whose parent is there.
    pub fn num_present(&self) -> usize {
        self.array.len() - self.present.as_ref().map_or(0, NullBuffer::null_count)
    }

    pub fn is_valid(&self, slot: usize) -> bool {
        self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(slot))
    }

    /// Adds the slots that are there and NULL.
    pub fn find_nulls(&self, found: &mut Vec<u32>) {
        let Some(nulls) = self.nulls.as_ref().filter(|nulls| nulls.null_count() > 0) else {
            return;
        };
        let empty = !nulls.inner();
        found.extend(empty.set_indices_u32().filter(|slot| {
            self.present.as_ref().is_none_or(|present| present.is_valid(*slot as usize))
        }));
    }
}

/// The elements of a list column, or the keys or values of a map column, flattened.
pub(crate) struct Elements {
    values: ArrayRef,
    rows: Vec<u32>,
    present: Option<NullBuffer>,
}

impl Elements {
    pub fn of_list(view: &View<'_>) -> Self {
        let list = view.array.as_list::<i32>();
        Self::new(view, list.value_offsets(), list.values())
    }

    /// `part`: 0 of keys, 1 of values.
    pub fn of_map(view: &View<'_>, part: usize) -> Self {
        let map = view.array.as_map();
        Self::new(view, map.value_offsets(), map.entries().column(part))
    }

    fn new(view: &View<'_>, offsets: &[i32], values: &ArrayRef) -> Self {
        let (first, last) = (offsets.first().copied(), offsets.last().copied());
        let (first, last) = (first.unwrap_or(0) as usize, last.unwrap_or(0) as usize);
        let mut rows = Vec::with_capacity(last - first);
        let mut hidden = false;
        for (slot, range) in offsets.windows(2).enumerate() {
            let row = view.rows.map_or(slot as u32, |rows| rows[slot]);
            let end = rows.len() + (range[1] - range[0]) as usize;
            hidden |= end > rows.len() && !view.is_valid(slot);
            rows.resize(end, row);
        }
        // Arrow lets a NULL list span elements; they are nobody's.
        let present = hidden.then(|| {
            let spans = offsets.windows(2).enumerate();
            spans
                .flat_map(|(slot, range)| {
                    std::iter::repeat_n(view.is_valid(slot), (range[1] - range[0]) as usize)
                })
                .collect()
        });
        Self { values: values.slice(first, last - first), rows, present }
    }

    pub fn view(&self) -> View<'_> {
        View {
            array: &self.values,
            nulls: NullBuffer::union(self.values.nulls(), self.present.as_ref()),
            present: self.present.clone(),
            rows: Some(&self.rows),
        }
    }
}

/// The array at a path of column indices through structs, and its slots that hold a value.
pub(crate) fn resolve<'a>(
    rows: &'a RecordBatch,
    path: &[usize],
) -> Option<(&'a ArrayRef, Option<NullBuffer>)> {
    let (first, rest) = path.split_first()?;
    let mut array = rows.columns().get(*first)?;
    let mut nulls = array.nulls().cloned();
    for column in rest {
        array = array.as_struct_opt()?.columns().get(*column)?;
        nulls = NullBuffer::union(array.nulls(), nulls.as_ref());
    }
    Some((array, nulls))
}
