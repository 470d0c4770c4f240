//! The seam to functions that find the rows which break a rule, whoever runs them.

use std::pin::Pin;

use arrow_array::RecordBatch;

/// Indices of rows, in any order; or why they are not known, which never holds values of rows.
pub type FoundRows = Result<Vec<u32>, String>;

/// Functions over the rows of one batch at a time.
pub trait RowFunctions: Send {
    /// What each function finds in the next rows of the open batch, in their order. Answers within
    /// a deadline, whatever the functions do.
    fn find<'a>(
        &'a mut self,
        rows: &'a RecordBatch,
    ) -> Pin<Box<dyn Future<Output = Vec<FoundRows>> + Send + 'a>>;

    /// What comes next is of another batch.
    fn reset(&mut self);
}
