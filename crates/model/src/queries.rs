//! The seam to whatever measures a batch by queries over its rows.

use std::pin::Pin;

use arrow_array::RecordBatch;

pub type Answers = Vec<Result<f64, String>>;

/// Queries over the rows of one batch at a time.
pub trait BatchQueries: Send {
    /// The next rows of the open batch.
    fn take<'a>(
        &'a mut self,
        rows: &'a RecordBatch,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

    /// Ends the batch and opens the next: what each query measured, in their order, or why it did
    /// not. A reason never holds values of rows.
    fn finish(&mut self) -> Pin<Box<dyn Future<Output = Answers> + Send + '_>>;

    /// Drops the open batch.
    fn reset(&mut self);
}
