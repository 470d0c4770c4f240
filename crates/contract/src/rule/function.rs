//! What a function of somebody else's found.

use arrow_array::RecordBatch;
use arrow_buffer::NullBuffer;
use headgate_model::FoundRows;

use crate::plan::Function;
use crate::view::resolve;

/// Each row once, ascending. Rows that there are not are no answer.
pub(crate) fn checked(found: FoundRows, num_rows: usize) -> FoundRows {
    let mut rows = found?;
    rows.sort_unstable();
    rows.dedup();
    match rows.last() {
        Some(last) if *last as usize >= num_rows => {
            Err("it answered a row that there is not".into())
        }
        _ => Ok(rows),
    }
}

impl Function {
    /// Rows whose objects around the column are there. `None`: all.
    pub fn present(&self, rows: &RecordBatch) -> Option<NullBuffer> {
        let (_, parent) = self.columns.first()?.indices.split_last()?;
        resolve(rows, parent)?.1.filter(|nulls| nulls.null_count() > 0)
    }
}
