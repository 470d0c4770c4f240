//! The seam to whatever makes other rows of decoded ones.

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

/// Makes of each row another one or none, whatever rows are beside it.
pub trait Transform: Send + Sync {
    /// Schema of [`Transformed::rows`]: every column nullable.
    fn schema(&self) -> &SchemaRef;

    /// Fails only where the rows as a whole cannot be held in columns; what a single row makes
    /// fail is a value.
    fn apply(&self, rows: &RecordBatch) -> Result<Transformed, ArrowError>;
}

/// Rows that are neither an origin nor failed were left out on purpose.
#[derive(Clone, Debug)]
pub struct Transformed {
    pub rows: RecordBatch,
    /// For each row the one it was made of, ascending.
    pub origins: Vec<u32>,
    /// Ascending.
    pub failed: Vec<FailedRow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRow {
    pub row: u32,
    /// Never a value of the row.
    pub reason: String,
}
