//! The seam to whatever an output holds already.

use std::pin::Pin;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::BoxFault;

/// Takes in the next rows.
pub type TakeRows<'a> = dyn FnMut(&RecordBatch) -> Result<(), BoxFault> + Send + 'a;

/// The rows of an output, whoever wrote them.
pub trait OutputRows: Send + Sync {
    /// All that readers of the newest version see, with the columns of `schema`; those that it lacks
    /// are NULL.
    fn read<'a>(
        &'a self,
        schema: SchemaRef,
        take: &'a mut TakeRows<'_>,
    ) -> Pin<Box<dyn Future<Output = Result<(), BoxFault>> + Send + 'a>>;
}
